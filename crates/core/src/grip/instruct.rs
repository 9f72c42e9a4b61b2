//! Instructs: what an application says about its answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::filters::Filters;
use super::header::{parameter, split, unquoted};
use super::item::headers;
use super::keep_alive::KeepAlive;
use super::subscriptions::{Meta, Subscription};

/// The content type of an answer that is an instruct.
pub const INSTRUCT_TYPE: &str = "application/grip-instruct";

/// How long a response is held, in seconds, and the least of it.
const TIMEOUT: (u64, u64) = (55, 5);

/// Seconds until a link is followed.
const LINK_TIMEOUT: u64 = 120;

/// How a connection is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldMode {
    /// `response`: the answer waits for a message, or for its time.
    Response,
    /// `stream`: the answer goes out and its body goes on.
    Stream,
}

/// `Grip-Link`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where.
    pub uri: Box<str>,
    /// `timeout`, seconds.
    pub timeout: u64,
}

/// What an answer of type [`INSTRUCT_TYPE`] says instead of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replacement {
    /// `code`
    pub status: Option<u16>,
    /// `headers`
    pub headers: Vec<(Box<str>, Box<[u8]>)>,
    /// `body`, `body-bin`
    pub body: Vec<u8>,
}

/// What an application says about its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instruct {
    /// `Grip-Hold`
    pub hold: Option<HoldMode>,
    /// `Grip-Channel`
    pub channels: Vec<Subscription>,
    /// `Grip-Timeout`, seconds; 0: not given.
    timeout: u64,
    /// `Grip-Keep-Alive`
    pub keep_alive: Option<KeepAlive>,
    /// `Grip-Status`
    pub status: Option<u16>,
    /// `Grip-Link` with `rel=next`.
    pub next: Option<Link>,
    /// `Grip-Link` with `rel=gone`.
    pub gone: Option<Link>,
    /// `Grip-Set-Meta`
    pub meta: Meta,
    /// `Grip-Expose-Headers`, lower case: no others reach the client.
    pub exposed: Option<Vec<String>>,
}

/// What is wrong with an instruct: a clause for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InstructError(&'static str);

impl InstructError {
    /// The clause.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.0
    }
}

/// Whether headers of an answer, names in any letter case, are an instruct.
pub fn is_instructed<'a>(headers: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> bool {
    let mut headers = headers;
    headers.any(|(name, value)| {
        let grip = name.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case(b"grip-"));
        grip || (name.eq_ignore_ascii_case(b"content-type") && is_instruct_type(value))
    })
}

fn is_instruct_type(value: &[u8]) -> bool {
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    value[..end].trim_ascii().eq_ignore_ascii_case(INSTRUCT_TYPE.as_bytes())
}

impl Instruct {
    /// How long a response is held, seconds.
    #[must_use]
    pub fn timeout(&self) -> u64 {
        if self.timeout == 0 { TIMEOUT.0 } else { self.timeout.max(TIMEOUT.1) }
    }

    /// Reads an instruct from the headers of an answer and, if that is of type [`INSTRUCT_TYPE`],
    /// from its body, which then holds the answer, too.
    ///
    /// # Errors
    /// The first value that is none.
    pub fn parse<'a>(
        answer: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        body: &[u8],
    ) -> Result<(Self, Option<Replacement>), InstructError> {
        let mut instruct = Self::default();
        let mut typed = false;
        for (name, value) in answer {
            let name = name.to_ascii_lowercase();
            typed |= name == b"content-type" && is_instruct_type(value);
            instruct.header(&name, value)?;
        }
        let replacement = if typed { Some(instruct.body(body)?) } else { None };
        instruct.check()?;
        Ok((instruct, replacement))
    }

    fn check(&self) -> Result<(), InstructError> {
        let guarded = self.channels.iter().any(|channel| channel.last_id.is_some());
        match self.hold {
            Some(_) if self.channels.is_empty() => Err(InstructError("a hold has no channel")),
            Some(HoldMode::Stream) if guarded && self.next.is_none() => {
                Err(InstructError("a stream with prev-id has no next link"))
            }
            Some(HoldMode::Stream | HoldMode::Response) | None => Ok(()),
        }
    }

    fn header(&mut self, name: &[u8], value: &[u8]) -> Result<(), InstructError> {
        match name {
            b"grip-hold" => {
                self.hold = Some(mode(value).ok_or(InstructError("Grip-Hold is none"))?)
            }
            b"grip-channel" => {
                let wrong = InstructError("Grip-Channel is none");
                for piece in split(value, b',') {
                    self.channels.push(channel(piece).ok_or(wrong)?);
                }
            }
            b"grip-timeout" => {
                self.timeout = number(value).ok_or(InstructError("Grip-Timeout is none"))?;
            }
            b"grip-keep-alive" => {
                let keep_alive = KeepAlive::parse(value);
                self.keep_alive = Some(keep_alive.ok_or(InstructError("Grip-Keep-Alive is none"))?);
            }
            b"grip-status" => {
                let code = value.split(|b| *b == b' ').next().and_then(number);
                let code = code.and_then(|code| u16::try_from(code).ok());
                let code = code.filter(|code| (200..=999).contains(code));
                self.status = Some(code.ok_or(InstructError("Grip-Status is none"))?);
            }
            b"grip-link" => {
                for piece in split(value, b',') {
                    self.link(piece).ok_or(InstructError("Grip-Link is none"))?;
                }
            }
            b"grip-set-meta" => {
                for piece in split(value, b',') {
                    let (name, value) =
                        pair(piece).ok_or(InstructError("Grip-Set-Meta is none"))?;
                    self.meta.set(&name, &value);
                }
            }
            b"grip-expose-headers" => {
                let names = split(value, b',').into_iter().filter_map(|n| str::from_utf8(n).ok());
                let names = names.map(str::to_ascii_lowercase);
                self.exposed.get_or_insert_default().extend(names);
            }
            _ => {}
        }
        Ok(())
    }

    fn link(&mut self, piece: &[u8]) -> Option<()> {
        let mut parts = split(piece, b';').into_iter();
        let uri = parts.next()?.strip_prefix(b"<")?.strip_suffix(b">")?;
        let uri = str::from_utf8(uri).ok().filter(|uri| !uri.is_empty())?;
        let (mut relation, mut timeout) = (None, LINK_TIMEOUT);
        for part in parts {
            let (name, value) = parameter(part)?;
            match name.as_str() {
                "rel" => relation = Some(value),
                "timeout" => timeout = value.parse::<u64>().ok()?.max(1),
                _ => {}
            }
        }
        let link = Link { uri: uri.into(), timeout };
        match relation.as_deref() {
            Some("next") => self.next = Some(link),
            Some("gone") => self.gone = Some(link),
            _ => {}
        }
        Some(())
    }

    fn body(&mut self, body: &[u8]) -> Result<Replacement, InstructError> {
        let wrong = InstructError("the body is no instruct");
        let value: Value = serde_json::from_slice(body).map_err(|_| wrong)?;
        if !value.is_object() {
            return Err(wrong);
        }
        if let Some(hold) = value.get("hold").filter(|hold| !hold.is_null()) {
            self.hold_object(hold).ok_or(InstructError("the hold is none"))?;
        }
        match value.get("response").filter(|response| !response.is_null()) {
            None => Ok(Replacement::default()),
            Some(response) => replacement(response).ok_or(InstructError("the response is none")),
        }
    }

    fn hold_object(&mut self, hold: &Value) -> Option<()> {
        let hold = hold.as_object()?;
        self.hold = Some(match hold.get("mode") {
            None => HoldMode::Response,
            Some(word) => mode(word.as_str()?.as_bytes())?,
        });
        for one in hold.get("channels").map_or(Some(&Vec::new()), Value::as_array)? {
            let mut filters = Filters::default();
            for name in one.get("filters").map_or(Some(&Vec::new()), Value::as_array)? {
                filters.add(name.as_str()?).then_some(())?;
            }
            let channel = one.get("name")?.as_str().filter(|name| !name.is_empty())?;
            let last_id = one.get("prev-id").and_then(Value::as_str).map(Box::from);
            self.channels.push(Subscription {
                channel: channel.as_bytes().into(),
                last_id,
                filters,
            });
        }
        if let Some(timeout) = hold.get("timeout") {
            self.timeout = timeout.as_u64()?;
        }
        if let Some(keep_alive) = hold.get("keep-alive").filter(|value| !value.is_null()) {
            let field = |name: &str| keep_alive.get(name).and_then(Value::as_str);
            let data = match (field("content"), field("content-bin")) {
                (Some(text), _) => text.as_bytes().to_vec(),
                (None, Some(coded)) => STANDARD.decode(coded).ok()?,
                (None, None) => return None,
            };
            let timeout = keep_alive.get("timeout").and_then(Value::as_u64);
            self.keep_alive = Some(KeepAlive::new(data, timeout, field("mode"))?);
        }
        for (name, value) in hold.get("meta").and_then(Value::as_object).into_iter().flatten() {
            self.meta.set(name, value.as_str()?);
        }
        Some(())
    }
}

fn mode(word: &[u8]) -> Option<HoldMode> {
    match word.trim_ascii() {
        b"response" => Some(HoldMode::Response),
        b"stream" => Some(HoldMode::Stream),
        _ => None,
    }
}

fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

/// `NAME; prev-id=ID; filter=F`
fn channel(piece: &[u8]) -> Option<Subscription> {
    let mut parts = split(piece, b';').into_iter();
    let name = unquoted(parts.next()?)?;
    let (mut last_id, mut filters) = (None, Filters::default());
    for part in parts {
        let (name, value) = parameter(part)?;
        match name.as_str() {
            "prev-id" => last_id = Some(value.into()),
            "filter" => filters.add(&value).then_some(())?,
            _ => {}
        }
    }
    Some(Subscription { channel: name.into_bytes().into(), last_id, filters })
}

/// `KEY="VALUE"`, the key as it is.
fn pair(piece: &[u8]) -> Option<(String, String)> {
    let equals = memchr::memchr(b'=', piece)?;
    let key = str::from_utf8(piece[..equals].trim_ascii()).ok().filter(|key| !key.is_empty())?;
    Some((key.to_owned(), unquoted(piece[equals + 1..].trim_ascii())?))
}

fn replacement(response: &Value) -> Option<Replacement> {
    let response = response.as_object()?;
    let field = |name: &str| response.get(name).filter(|value| !value.is_null());
    let status = match field("code") {
        None => None,
        Some(code) => {
            let code = u16::try_from(code.as_u64()?).ok()?;
            Some(code).filter(|code| (200..=999).contains(code)).map(Some)?
        }
    };
    let headers = field("headers").map_or_else(|| Some(Vec::new()), headers)?;
    let body = match (field("body"), field("body-bin")) {
        (_, Some(coded)) => STANDARD.decode(coded.as_str()?).ok()?,
        (Some(text), None) => text.as_str()?.as_bytes().to_vec(),
        (None, None) => Vec::new(),
    };
    Some(Replacement { status, headers, body })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(Instruct, Option<Replacement>), String> {
        let headers = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        Instruct::parse(headers, body.as_bytes()).map_err(|error| error.to_string())
    }

    fn subscription(name: &str, last_id: Option<&str>, filters: Filters) -> Subscription {
        let last_id = last_id.map(Box::from);
        Subscription { channel: name.as_bytes().into(), last_id, filters }
    }

    #[test]
    fn headers_say_what_to_do() {
        let (instruct, replaced) = parse(
            &[
                ("Grip-Hold", "stream"),
                ("grip-channel", "a; prev-id=1; filter=build-id, \"b,c\"; filter=skip-users"),
                ("Grip-Channel", "d"),
                ("Grip-Keep-Alive", "event: keep-alive\\ndata:\\n\\n; format=cstring; timeout=20"),
                ("Grip-Link", "</n?a=1,2>; rel=next, </g>; rel=gone; timeout=0"),
                ("Grip-Set-Meta", "user=\"u\\\"v\", Id_format=\"%(a)s,x\""),
                ("Grip-Status", "304 Not Modified"),
                ("Grip-Expose-Headers", "X-A, x-b"),
                ("Content-Type", "text/plain"),
            ],
            "",
        )
        .unwrap();
        assert_eq!(replaced, None);
        let filters = |name: &str| {
            let mut filters = Filters::default();
            assert!(filters.add(name));
            filters
        };
        assert_eq!(instruct.hold, Some(HoldMode::Stream));
        assert_eq!(
            instruct.channels,
            [
                subscription("a", Some("1"), filters("build-id")),
                subscription("b,c", None, filters("skip-users")),
                subscription("d", None, Filters::default()),
            ]
        );
        let data = &*instruct.keep_alive.as_ref().unwrap().data;
        assert_eq!(data, b"event: keep-alive\ndata:\n\n");
        assert_eq!(instruct.next, Some(Link { uri: "/n?a=1,2".into(), timeout: 120 }));
        assert_eq!(instruct.gone, Some(Link { uri: "/g".into(), timeout: 1 }));
        assert_eq!(instruct.meta.get("user"), Some("u\"v"));
        assert_eq!(instruct.meta.get("Id_format"), Some("%(a)s,x"));
        assert_eq!((instruct.status, instruct.timeout()), (Some(304), 55));
        assert_eq!(instruct.exposed, Some(vec!["x-a".to_owned(), "x-b".to_owned()]));
    }

    #[test]
    fn a_body_may_say_it_all() {
        let typed = [("Content-Type", "application/grip-instruct; charset=x")];
        let (instruct, replaced) = parse(
            &typed,
            r#"{"hold": {"mode": "stream", "channels": [{"name": "a", "filters": ["skip-self"]}],
                "timeout": 2, "keep-alive": {"content-bin": "aGk=", "timeout": 9}, "meta": {"user": "u"}},
                "response": {"code": 201, "headers": {"X-A": "1"}, "body-bin": "aGk="}}"#,
        )
        .unwrap();
        let filters = Filters { skip_self: true, ..Filters::default() };
        assert_eq!(instruct.channels, [subscription("a", None, filters)]);
        assert_eq!((instruct.timeout(), instruct.meta.get("user")), (5, Some("u")));
        assert_eq!(instruct.keep_alive.unwrap().timeout, 9);
        let headers = vec![("X-A".into(), (*b"1").into())];
        let expected = Replacement { status: Some(201), headers, body: b"hi".to_vec() };
        assert_eq!(replaced, Some(expected));
        let (instruct, _) = parse(&typed, r#"{"hold": {"channels": [{"name": "a"}]}}"#).unwrap();
        assert_eq!(instruct.hold, Some(HoldMode::Response));
        assert_eq!(parse(&typed, "{}").unwrap().0, Instruct::default());
    }

    #[test]
    fn mistakes_are_named() {
        let check = |name: &str, value: &str, expected: &str| {
            assert_eq!(parse(&[(name, value)], "{"), Err(expected.to_owned()), "{name}: {value}");
        };
        check("Grip-Hold", "wait", "Grip-Hold is none");
        check("Grip-Hold", "response", "a hold has no channel");
        check("Grip-Channel", "a; filter=new", "Grip-Channel is none");
        check("Grip-Channel", "\"a", "Grip-Channel is none");
        check("Grip-Timeout", "soon", "Grip-Timeout is none");
        check("Grip-Status", "99", "Grip-Status is none");
        check("Grip-Link", "/n; rel=next", "Grip-Link is none");
        check("Grip-Set-Meta", "=x", "Grip-Set-Meta is none");
        check("Grip-Keep-Alive", "x; format=y", "Grip-Keep-Alive is none");
        check("Content-Type", "application/grip-instruct", "the body is no instruct");
        let guarded = [("Grip-Hold", "stream"), ("Grip-Channel", "a; prev-id=1")];
        assert_eq!(parse(&guarded, ""), Err("a stream with prev-id has no next link".to_owned()));
    }

    #[test]
    fn other_answers_pass() {
        let told = |name: &str, value: &str| {
            is_instructed([(name.as_bytes(), value.as_bytes())].into_iter())
        };
        assert!(told("GRIP-Hold", "x") && told("content-type", "Application/Grip-Instruct"));
        assert!(!told("X-Grip-Hold", "x") && !told("Content-Type", "text/plain"));
        assert!(!told("grip", "x"));
    }

    proptest! {
        #[test]
        fn any_headers_and_bodies_are_decided(
            values: Vec<Vec<u8>>,
            body in "[{}\\[\\]\":,a-z0-9-]{0,80}",
            raw: Vec<u8>,
        ) {
            let names: [&[u8]; 8] = [
                b"grip-channel", b"grip-link", b"grip-keep-alive", b"grip-set-meta",
                b"grip-status", b"grip-timeout", b"grip-hold", b"grip-expose-headers",
            ];
            let headers = names.into_iter().cycle().zip(values.iter().map(Vec::as_slice));
            let _ = Instruct::parse(headers, &raw);
            let typed = [(&b"content-type"[..], INSTRUCT_TYPE.as_bytes())];
            let _ = Instruct::parse(typed.into_iter(), body.as_bytes());
            let _ = Instruct::parse(typed.into_iter(), &raw);
        }
    }
}
