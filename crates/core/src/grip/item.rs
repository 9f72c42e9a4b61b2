//! Items: what is published.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::content::{Content, MessageContent, MessageKind, ResponseContent, StreamContent};
use super::filters::Filters;
use super::subscriptions::Meta;

/// Something to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `channel`
    pub channel: Box<[u8]>,
    /// Everything else.
    pub content: Content,
}

/// What is wrong with a publication. `Display` is the sentence for its publisher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ItemError(String);

type Object = Map<String, Value>;

/// Headers of an answer.
pub(super) type Headers = Vec<(Box<str>, Box<[u8]>)>;

/// A content, and whether it was in base64.
type Coded = (Box<[u8]>, bool);

/// The items of a publication, a JSON object `{"items": [...]}`.
///
/// # Errors
/// The first thing that is wrong: nothing of it is published then.
pub fn parse_items(body: &[u8]) -> Result<Vec<Item>, ItemError> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|_| ItemError("Body is not valid JSON.".to_owned()))?;
    let items = value.get("items").and_then(Value::as_array);
    let items = items.ok_or_else(|| ItemError("Body has no array \"items\".".to_owned()))?;
    let read = |(at, item): (usize, &Value)| {
        read_item(item).map_err(|what| ItemError(format!("Item {at}: {what}.")))
    };
    items.iter().enumerate().map(read).collect()
}

fn read_item(value: &Value) -> Result<Item, &'static str> {
    let item = value.as_object().ok_or("it is no object")?;
    let channel =
        text(item, "channel")?.filter(|name| !name.is_empty()).ok_or("it has no channel")?;
    // Some libraries put the formats into the item itself.
    let formats = match item.get("formats") {
        None => item,
        Some(formats) => formats.as_object().ok_or("\"formats\" is no object")?,
    };
    let format = |name: &str| match formats.get(name) {
        None => Ok(None),
        Some(format) => format.as_object().map(Some).ok_or("a format is no object"),
    };
    let content = Content {
        id: text(item, "id")?.map(Box::from),
        meta: meta(item)?,
        response: format("http-response")?.map(response).transpose()?,
        stream: format("http-stream")?.map(stream).transpose()?,
        message: format("ws-message")?.map(message).transpose()?,
    };
    if content.response.is_none() && content.stream.is_none() && content.message.is_none() {
        return Err("it has no format of http-response, http-stream, ws-message");
    }
    Ok(Item { channel: channel.as_bytes().into(), content })
}

fn text<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, &'static str> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err("a name or an id is no text")
        }
    }
}

fn meta(item: &Object) -> Result<Meta, &'static str> {
    let Some(value) = item.get("meta").filter(|value| !value.is_null()) else {
        return Ok(Meta::default());
    };
    let pairs = value.as_object().ok_or("\"meta\" is no object")?.iter();
    let pairs = pairs.map(|(name, value)| {
        let value = value.as_str().ok_or("a value of \"meta\" is no text")?;
        Ok((name.as_str().into(), value.into()))
    });
    pairs.collect::<Result<_, _>>().map(Meta)
}

/// The bytes under a name, or under the name with `-bin`, in base64; whether it was that.
fn bytes(object: &Object, name: &str) -> Result<Option<Coded>, &'static str> {
    if let Some(coded) = text(object, &format!("{name}-bin"))? {
        let bytes = STANDARD.decode(coded).map_err(|_| "a content is not base64")?;
        return Ok(Some((bytes.into(), true)));
    }
    Ok(text(object, name)?.map(|text| (text.as_bytes().into(), false)))
}

fn filters(object: &Object) -> Result<Filters, &'static str> {
    let mut filters = Filters::default();
    let names = object.get("content-filters").filter(|value| !value.is_null());
    let Some(names) = names else { return Ok(filters) };
    for name in names.as_array().ok_or("\"content-filters\" is no array")? {
        if !name.as_str().is_some_and(|name| filters.add(name)) {
            return Err("a content filter is not known");
        }
    }
    Ok(filters)
}

fn action(object: &Object) -> Result<&str, &'static str> {
    Ok(text(object, "action")?.unwrap_or("send"))
}

/// The `code` of a response or of a close frame.
fn code(object: &Object, valid: impl Fn(u16) -> bool) -> Result<Option<u16>, &'static str> {
    let Some(value) = object.get("code").filter(|value| !value.is_null()) else { return Ok(None) };
    let code = value.as_u64().and_then(|code| u16::try_from(code).ok()).filter(|code| valid(*code));
    code.map(Some).ok_or("the code is none")
}

fn response(format: &Object) -> Result<ResponseContent, &'static str> {
    match action(format)? {
        "hint" => return Ok(ResponseContent::Hint),
        "send" => {}
        _ => return Err("the action is not known"),
    }
    let headers = match format.get("headers").filter(|value| !value.is_null()) {
        None => Vec::new(),
        Some(value) => headers(value).ok_or("the headers are none")?,
    };
    Ok(ResponseContent::Send {
        status: code(format, |code| (200..=999).contains(&code))?.unwrap_or(200),
        headers,
        body: bytes(format, "body")?.map(|(body, _)| body).unwrap_or_default(),
        filters: filters(format)?,
    })
}

/// Headers as an object or as a list of pairs.
pub(super) fn headers(value: &Value) -> Option<Headers> {
    let pair = |name: &str, value: &str| {
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        let good = !name.is_empty() && name.bytes().all(token);
        good.then(|| (name.into(), value.as_bytes().into()))
    };
    match value {
        Value::Object(object) => {
            object.iter().map(|(name, value)| pair(name, value.as_str()?)).collect()
        }
        Value::Array(list) => {
            let pairs = list.iter().map(|one| match one.as_array()?.as_slice() {
                [name, value] => pair(name.as_str()?, value.as_str()?),
                _ => None,
            });
            pairs.collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn stream(format: &Object) -> Result<StreamContent, &'static str> {
    match action(format)? {
        "hint" => return Ok(StreamContent::Hint),
        "close" => return Ok(StreamContent::Close),
        "send" => {}
        _ => return Err("the action is not known"),
    }
    let (content, _) = bytes(format, "content")?.ok_or("the stream has no content")?;
    Ok(StreamContent::Send { content, filters: filters(format)? })
}

fn message(format: &Object) -> Result<MessageContent, &'static str> {
    match action(format)? {
        "refresh" => return Ok(MessageContent::Refresh),
        "close" => {
            let reason = text(format, "reason")?.unwrap_or_default().into();
            let code =
                code(format, |code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999))?;
            return Ok(MessageContent::Close { code, reason });
        }
        "send" => {}
        _ => return Err("the action is not known"),
    }
    let (content, coded) = bytes(format, "content")?.unwrap_or_default();
    let kind = match text(format, "type")? {
        None if coded => MessageKind::Binary,
        None | Some("text") => MessageKind::Text,
        Some("binary") => MessageKind::Binary,
        Some("ping") => MessageKind::Ping,
        Some("pong") => MessageKind::Pong,
        Some(_) => return Err("the type of the message is not known"),
    };
    if kind == MessageKind::Text && str::from_utf8(&content).is_err() {
        return Err("the text of the message is not UTF-8");
    }
    Ok(MessageContent::Send { kind, content, filters: filters(format)? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(item: &str) -> Result<Item, String> {
        let items = parse_items(format!("{{\"items\": [{item}]}}").as_bytes());
        items.map(|mut items| items.remove(0)).map_err(|error| error.to_string())
    }

    #[test]
    fn formats_stand_in_the_item_or_below() {
        let below =
            one(r#"{"channel": "a", "formats": {"http-stream": {"content": "x"}}}"#).unwrap();
        let flat = one(r#"{"channel": "a", "http-stream": {"content-bin": "eA=="}}"#).unwrap();
        assert_eq!(below, flat);
        assert_eq!(&*below.channel, b"a");
        assert_eq!(below.content.text(), Some((&b"x"[..], false)));
    }

    #[test]
    fn everything_of_an_item_is_read() {
        let item = one(r#"{"channel": "a", "id": "2", "prev-id": "1", "meta": {"sender": "s"},
                "http-response": {"code": 404, "headers": [["X-A", "1"], ["X-A", "2"]], "body": "no"},
                "http-stream": {"content": "%I", "content-filters": ["build-id"]},
                "ws-message": {"content": "m", "type": "ping"}}"#);
        let content = item.unwrap().content;
        assert_eq!(content.id.as_deref(), Some("2"));
        assert_eq!(content.meta.get("sender"), Some("s"));
        let headers = vec![("X-A".into(), (*b"1").into()), ("X-A".into(), (*b"2").into())];
        let (body, filters) = ((*b"no").into(), Filters::default());
        let response = ResponseContent::Send { status: 404, headers, body, filters };
        assert_eq!(content.response, Some(response));
        let filters = Filters { build_id: true, ..Filters::default() };
        assert_eq!(content.stream, Some(StreamContent::Send { content: (*b"%I").into(), filters }));
        let (kind, content_of, filters) = (MessageKind::Ping, (*b"m").into(), Filters::default());
        let message = MessageContent::Send { kind, content: content_of, filters };
        assert_eq!(content.message, Some(message));
    }

    #[test]
    fn actions_carry_no_text() {
        let item = one(
            r#"{"channel": "a", "http-response": {"action": "hint"}, "http-stream": {"action": "close"},
                "ws-message": {"action": "close", "code": 4000, "reason": "bye"}}"#,
        );
        let content = item.unwrap().content;
        assert_eq!(content.text(), None);
        assert_eq!(content.stream, Some(StreamContent::Close));
        let (code, reason) = (Some(4000), "bye".into());
        assert_eq!(content.message, Some(MessageContent::Close { code, reason }));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |item: &str, expected: &str| {
            assert_eq!(one(item), Err(format!("Item 0: {expected}.")), "{item}");
        };
        check("1", "it is no object");
        check(r#"{"http-stream": {"content": "x"}}"#, "it has no channel");
        check(r#"{"channel": 1}"#, "a name or an id is no text");
        check(r#"{"channel": "a"}"#, "it has no format of http-response, http-stream, ws-message");
        check(r#"{"channel": "a", "formats": []}"#, "\"formats\" is no object");
        check(r#"{"channel": "a", "http-stream": {}}"#, "the stream has no content");
        check(
            r#"{"channel": "a", "http-stream": {"content-bin": "!"}}"#,
            "a content is not base64",
        );
        check(r#"{"channel": "a", "http-stream": {"action": "x"}}"#, "the action is not known");
        check(r#"{"channel": "a", "http-response": {"code": 99}}"#, "the code is none");
        check(
            r#"{"channel": "a", "http-response": {"headers": {"a b": "x"}}}"#,
            "the headers are none",
        );
        check(
            r#"{"channel": "a", "ws-message": {"type": "x"}}"#,
            "the type of the message is not known",
        );
        check(
            r#"{"channel": "a", "ws-message": {"action": "close", "code": 1005}}"#,
            "the code is none",
        );
        check(
            r#"{"channel": "a", "http-stream": {"content": "x", "content-filters": ["new"]}}"#,
            "a content filter is not known",
        );
        let whole = |body: &str| parse_items(body.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(whole("{"), Err("Body is not valid JSON.".to_owned()));
        assert_eq!(whole("{\"items\": {}}"), Err("Body has no array \"items\".".to_owned()));
        assert_eq!(whole("{\"items\": []}"), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_decided(body: Vec<u8>, text in "[{}\\[\\]\":,a-z0-9-]{0,80}") {
            let _ = parse_items(&body);
            let _ = parse_items(format!("{{\"items\": [{text}]}}").as_bytes());
        }
    }
}
