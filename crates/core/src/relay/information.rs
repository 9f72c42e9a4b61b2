//! What a publisher is told about its channel, in four formats.

use crate::channels::RelayInfo;
use crate::settings::RelayDialect;

/// How the information is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Plain,
    Json,
    Yaml,
    Xml,
}

/// Format of the information, with the piece of `Accept` that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoFormat<'a> {
    syntax: Syntax,
    content_type: &'a [u8],
}

const SUBTYPES: [(&[u8], Syntax); 5] = [
    (b"json", Syntax::Json),
    (b"yaml", Syntax::Yaml),
    (b"xml", Syntax::Xml),
    (b"x-json", Syntax::Json),
    (b"x-yaml", Syntax::Yaml),
];

impl<'a> InfoFormat<'a> {
    /// The format that the value of `Accept` asks for: the earliest place where `text/` or
    /// `application/` is followed by a subtype that is known; plain text only behind `text/`.
    /// Without one it is plain text. Linear in the length of the value.
    #[must_use]
    pub fn from_accept(accept: Option<&'a [u8]>) -> Self {
        let value = accept.unwrap_or_default();
        memchr::memchr_iter(b'/', value)
            .find_map(|slash| Self::at(value, slash))
            .unwrap_or(InfoFormat { syntax: Syntax::Plain, content_type: b"text/plain" })
    }

    fn at(value: &'a [u8], slash: usize) -> Option<Self> {
        let (before, behind) = (&value[..slash], &value[slash + 1..]);
        let text = before.ends_with(b"text");
        let start = match text {
            true => slash - 4,
            false if before.ends_with(b"application") => slash - 11,
            false => return None,
        };
        let plain = text.then_some((&b"plain"[..], Syntax::Plain));
        let mut known = plain.into_iter().chain(SUBTYPES);
        let (subtype, syntax) = known.find(|(subtype, _)| behind.starts_with(subtype))?;
        Some(Self { syntax, content_type: &value[start..slash + 1 + subtype.len()] })
    }

    /// The value of `Content-Type`: what matched in the request.
    #[must_use]
    pub fn content_type(self) -> &'a [u8] {
        self.content_type
    }
}

/// The text of the information.
#[must_use]
pub fn information(info: &RelayInfo, dialect: RelayDialect, format: InfoFormat<'_>) -> Vec<u8> {
    let (messages, subscribers) = (info.messages, info.subscribers);
    let requested = info.requested.map_or_else(|| "-1".to_owned(), |seconds| seconds.to_string());
    let newest =
        info.newest.map_or_else(|| "0:0".to_owned(), |(time, order)| format!("{time}:{order}"));
    let text = match (dialect, format.syntax) {
        (RelayDialect::Queue, _) => {
            let requested = if info.requested.is_some() { &*requested } else { "never" };
            format!("queued: {messages}\r\nrequested: {requested}\r\n")
        }
        (RelayDialect::Module, Syntax::Plain) => format!(
            "queued messages: {messages}\r\nlast requested: {requested} sec. ago (-1=never)\r\n\
             active subscribers: {subscribers}"
        ),
        (RelayDialect::Module, Syntax::Json) => format!(
            "{{\"messages\": {messages}, \"requested\": {requested}, \"subscribers\": {subscribers} }}"
        ),
        // The colon that is missing in older releases is there in the last one, with an empty line.
        (RelayDialect::Module, Syntax::Yaml) => format!(
            "---\r\nmessages: {messages}\r\nrequested: {requested}\r\n\
             subscribers: {subscribers}\r\n\r\n"
        ),
        (RelayDialect::Module, Syntax::Xml) => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\r\n<channel>\r\n  \
             <messages>{messages}</messages>\r\n  <requested>{requested}</requested>\r\n  \
             <subscribers>{subscribers}</subscribers>\r\n</channel>"
        ),
        (RelayDialect::Nchan, Syntax::Plain) => format!(
            "queued messages: {messages}\r\nlast requested: {requested} sec. ago\r\n\
             active subscribers: {subscribers}\r\nlast message id: {newest}"
        ),
        (RelayDialect::Nchan, Syntax::Json) => format!(
            "{{\"messages\": {messages}, \"requested\": {requested}, \"subscribers\": {subscribers}, \
             \"last_message_id\": \"{newest}\" }}"
        ),
        (RelayDialect::Nchan, Syntax::Yaml) => format!(
            "---\r\nmessages: {messages}\r\nrequested: {requested}\r\n\
             subscribers: {subscribers}\r\nlast_message_id: \"{newest}\"\r\n\r\n"
        ),
        (RelayDialect::Nchan, Syntax::Xml) => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\r\n<channel>\r\n  \
             <messages>{messages}</messages>\r\n  <requested>{requested}</requested>\r\n  \
             <subscribers>{subscribers}</subscribers>\r\n  \
             <last_message_id>{newest}</last_message_id>\r\n</channel>"
        ),
    };
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(accept: &str, expected: &str) {
        let format = InfoFormat::from_accept(Some(accept.as_bytes()));
        assert_eq!(String::from_utf8_lossy(format.content_type()), expected, "{accept:?}");
    }

    #[test]
    fn accept_chooses_the_format() {
        accepts("text/json", "text/json");
        accepts("text/x-json", "text/x-json");
        accepts("application/x-yaml", "application/x-yaml");
        accepts("text/html, application/xml;q=0.9, text/plain", "application/xml");
        accepts("application/plain, text/yaml", "text/yaml");
        accepts("image/xml, text/yamlish", "text/yaml");
        for other in ["", "*/*", "application/plain", "text/", "json", "TEXT/JSON"] {
            accepts(other, "text/plain");
        }
        assert_eq!(InfoFormat::from_accept(None).content_type(), b"text/plain");
    }

    const NEVER: RelayInfo =
        RelayInfo { messages: 1, requested: None, subscribers: 0, newest: None };
    const ASKED: RelayInfo =
        RelayInfo { messages: 2, requested: Some(3), subscribers: 4, newest: Some((5, 6)) };

    fn check(dialect: RelayDialect, accept: &str, info: &RelayInfo, expected: &str) {
        let format = InfoFormat::from_accept(Some(accept.as_bytes()));
        let found = information(info, dialect, format);
        assert_eq!(String::from_utf8(found).unwrap(), expected);
    }

    #[test]
    fn the_module_tells_three_numbers() {
        let check = |accept, info, expected| check(RelayDialect::Module, accept, info, expected);
        check(
            "",
            &NEVER,
            "queued messages: 1\r\nlast requested: -1 sec. ago (-1=never)\r\nactive subscribers: 0",
        );
        check("text/json", &ASKED, "{\"messages\": 2, \"requested\": 3, \"subscribers\": 4 }");
        check("text/yaml", &ASKED, "---\r\nmessages: 2\r\nrequested: 3\r\nsubscribers: 4\r\n\r\n");
        check(
            "text/xml",
            &NEVER,
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\r\n<channel>\r\n  <messages>1</messages>\r\n  \
             <requested>-1</requested>\r\n  <subscribers>0</subscribers>\r\n</channel>",
        );
    }

    #[test]
    fn nchan_tells_the_last_id_too() {
        let check = |accept, info, expected| check(RelayDialect::Nchan, accept, info, expected);
        check(
            "",
            &NEVER,
            "queued messages: 1\r\nlast requested: -1 sec. ago\r\nactive subscribers: 0\r\n\
             last message id: 0:0",
        );
        check(
            "application/json",
            &ASKED,
            "{\"messages\": 2, \"requested\": 3, \"subscribers\": 4, \"last_message_id\": \"5:6\" }",
        );
        check(
            "text/yaml",
            &ASKED,
            "---\r\nmessages: 2\r\nrequested: 3\r\nsubscribers: 4\r\nlast_message_id: \"5:6\"\r\n\r\n",
        );
        check(
            "text/xml",
            &ASKED,
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\r\n<channel>\r\n  <messages>2</messages>\r\n  \
             <requested>3</requested>\r\n  <subscribers>4</subscribers>\r\n  \
             <last_message_id>5:6</last_message_id>\r\n</channel>",
        );
    }

    #[test]
    fn the_first_fork_has_two_lines() {
        check(RelayDialect::Queue, "text/json", &NEVER, "queued: 1\r\nrequested: never\r\n");
        check(RelayDialect::Queue, "", &ASKED, "queued: 2\r\nrequested: 3\r\n");
    }
}
