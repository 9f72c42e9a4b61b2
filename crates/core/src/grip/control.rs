//! Control messages: what an application says about a WebSocket, not to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::content::MessageKind;
use super::filters::Filters;
use super::keep_alive::KeepAlive;

/// A text with `c:` in front, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// `subscribe`
    Subscribe {
        /// `channel`
        channel: Box<[u8]>,
        /// `filters`
        filters: Filters,
        /// `prev-id`
        last_id: Option<Box<str>>,
    },
    /// `unsubscribe`
    Unsubscribe(
        /// `channel`
        Box<[u8]>,
    ),
    /// `detach`: the application is asked no more.
    Detach,
    /// `set-meta`
    SetMeta(
        /// `name`
        Box<str>,
        /// `value`; empty takes it away.
        Box<str>,
    ),
    /// `keep-alive`
    KeepAlive(
        /// What is sent; `None`: nothing any more.
        Option<(KeepAlive, MessageKind)>,
    ),
}

impl Control {
    /// Reads a control message; `None` if it is none, or of a type that is not known.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(text).ok()?;
        let field = |name: &str| value.get(name).and_then(Value::as_str);
        let channel =
            || field("channel").filter(|name| !name.is_empty()).map(|n| n.as_bytes().into());
        match field("type")? {
            "subscribe" => {
                let mut filters = Filters::default();
                for name in value.get("filters").and_then(Value::as_array).into_iter().flatten() {
                    filters.add(name.as_str()?);
                }
                let last_id = field("prev-id").map(Box::from);
                Some(Self::Subscribe { channel: channel()?, filters, last_id })
            }
            "unsubscribe" => Some(Self::Unsubscribe(channel()?)),
            "detach" => Some(Self::Detach),
            "set-meta" => Some(Self::SetMeta(
                field("name")?.into(),
                field("value").unwrap_or_default().into(),
            )),
            "keep-alive" => keep_alive(&value),
            _ => None,
        }
    }
}

fn keep_alive(value: &Value) -> Option<Control> {
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    let data = match (field("content"), field("content-bin")) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(coded)) => STANDARD.decode(coded).ok()?,
        (None, None) => return Some(Control::KeepAlive(None)),
    };
    let kind = match field("message-type") {
        None if field("content").is_some() => MessageKind::Text,
        None | Some("binary") => MessageKind::Binary,
        Some("text") => MessageKind::Text,
        Some("ping") => MessageKind::Ping,
        Some("pong") => MessageKind::Pong,
        Some(_) => return None,
    };
    let timeout = value.get("timeout").and_then(Value::as_u64);
    let keep_alive = KeepAlive::new(data, timeout, field("mode"))?;
    Some(Control::KeepAlive(Some((keep_alive, kind))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: impl Into<Option<Control>>) {
        assert_eq!(Control::parse(text.as_bytes()), expected.into(), "{text}");
    }

    #[test]
    fn types_are_told_apart() {
        let filters = Filters { skip_self: true, ..Filters::default() };
        let subscribe = |filters, last_id: Option<&str>| Control::Subscribe {
            channel: (*b"a").into(),
            filters,
            last_id: last_id.map(Box::from),
        };
        check(
            r#"{"type": "subscribe", "channel": "a"}"#,
            Some(subscribe(Filters::default(), None)),
        );
        check(
            r#"{"type":"subscribe","channel":"a","filters":["skip-self","new"],"prev-id":"7"}"#,
            Some(subscribe(filters, Some("7"))),
        );
        check(
            r#"{"type":"unsubscribe","channel":"a"}"#,
            Some(Control::Unsubscribe((*b"a").into())),
        );
        check(r#"{"type":"detach"}"#, Some(Control::Detach));
        check(r#"{"type":"set-meta","name":"user","value":"u"}"#, {
            Some(Control::SetMeta("user".into(), "u".into()))
        });
        let data = KeepAlive { data: (*b"hi").into(), timeout: 20, interval: true };
        check(
            r#"{"type":"keep-alive","content-bin":"aGk=","message-type":"ping","timeout":20,"mode":"interval"}"#,
            Some(Control::KeepAlive(Some((data, MessageKind::Ping)))),
        );
        check(r#"{"type":"keep-alive"}"#, Some(Control::KeepAlive(None)));
    }

    #[test]
    fn what_is_none_is_left_out() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","channel":""}"#,
            r#"{"type":"subscribe","channel":"a","filters":[1]}"#,
            r#"{"type":"send-delayed"}"#,
            r#"{"type":"keep-alive","content":"x","mode":"never"}"#,
        ] {
            check(text, None);
        }
    }
}
