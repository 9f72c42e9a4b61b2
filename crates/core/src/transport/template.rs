//! The message template: literal bytes and tokens.

use crate::message::Message;
use crate::wire::http_date;

/// A message template, compiled once.
///
/// Tokens are those of nginx-push-stream-module, in any letter case; what looks like a token but
/// is none stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Template {
    pieces: Box<[Piece]>,
    /// Bytes of all literals, and how often the text is put in: the bulk of what a rendering takes.
    literal_bytes: usize,
    text_count: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Piece {
    Literal(Box<[u8]>),
    Token(Token),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Token {
    Id,
    EventId,
    EventType,
    Channel,
    Text,
    Size,
    Tag,
    Time,
}

const TOKENS: [(&[u8], Token); 8] = [
    (b"~id~", Token::Id),
    (b"~event-id~", Token::EventId),
    (b"~event-type~", Token::EventType),
    (b"~channel~", Token::Channel),
    (b"~text~", Token::Text),
    (b"~size~", Token::Size),
    (b"~tag~", Token::Tag),
    (b"~time~", Token::Time),
];

/// More than all tokens but the text and the channel's name usually take.
const TOKENS_BYTES: usize = 64;

impl Template {
    /// Cuts `source` into literals and tokens, from left to right.
    #[must_use]
    pub fn compile(source: &[u8]) -> Self {
        let mut pieces = Vec::new();
        let mut literal = 0;
        let mut at = 0;
        while let Some(tilde) = memchr::memchr(b'~', &source[at..]).map(|found| at + found) {
            let Some((name, token)) = token_at(&source[tilde..]) else {
                at = tilde + 1;
                continue;
            };
            push_literal(&mut pieces, &source[literal..tilde]);
            pieces.push(Piece::Token(token));
            at = tilde + name.len();
            literal = at;
        }
        push_literal(&mut pieces, &source[literal..]);
        Self::of(pieces)
    }

    fn of(pieces: Vec<Piece>) -> Self {
        let literal_bytes = pieces.iter().map(|piece| piece.literal().len()).sum();
        let text_count = pieces.iter().filter(|piece| **piece == TEXT).count();
        Self { pieces: pieces.into(), literal_bytes, text_count }
    }

    /// Appends the filled template to `out`, with `text` in place of the message's own: a line of
    /// it for event source. `~size~` is the number of bytes of `text`.
    ///
    /// One pass over the template: tokens in a text, a channel's name or an event id stay as they
    /// are. Linear in the template and what is put in.
    pub fn render(&self, message: &Message, text: &[u8], out: &mut Vec<u8>) {
        out.reserve(self.literal_bytes + self.text_count * text.len() + TOKENS_BYTES);
        for piece in &self.pieces {
            match piece {
                Piece::Literal(bytes) => out.extend_from_slice(bytes),
                Piece::Token(token) => token.append(message, text, out),
            }
        }
    }

    /// Whether the template is `~text~` and nothing else, so that any bytes pass unchanged.
    #[must_use]
    pub fn is_text_alone(&self) -> bool {
        *self.pieces == [TEXT]
    }
}

const TEXT: Piece = Piece::Token(Token::Text);

impl Piece {
    fn literal(&self) -> &[u8] {
        match self {
            Self::Literal(bytes) => bytes,
            Self::Token(_) => &[],
        }
    }
}

impl Token {
    fn append(self, message: &Message, text: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Id => append_number(message.id, out),
            Self::EventId => out.extend_from_slice(message.event_id.as_deref().unwrap_or_default()),
            Self::EventType => {
                out.extend_from_slice(message.event_type.as_deref().unwrap_or_default());
            }
            Self::Channel => out.extend_from_slice(&message.channel),
            Self::Text => out.extend_from_slice(text),
            Self::Size => append_number(text.len(), out),
            Self::Tag => append_number(message.tag, out),
            Self::Time => http_date::write(message.time, out),
        }
    }
}

fn append_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// The token that `rest` begins with.
fn token_at(rest: &[u8]) -> Option<(&'static [u8], Token)> {
    TOKENS.into_iter().find(|(name, _)| {
        rest.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
    })
}

fn push_literal(pieces: &mut Vec<Piece>, bytes: &[u8]) {
    if !bytes.is_empty() {
        pieces.push(Piece::Literal(bytes.into()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::now::epoch;

    fn message(text: &[u8]) -> Message {
        Message {
            id: 7,
            time: epoch().unix,
            tag: 3,
            channel: Arc::from(*b"ch~id~"),
            text: text.into(),
            event_id: Some(Box::from(*b"e~tag~")),
            event_type: Some(Box::from(*b"kind")),
            content_type: None,
            order: 0,
            binary: false,
            content: None,
        }
    }

    fn render(template: &[u8], message: &Message) -> Vec<u8> {
        let mut out = Vec::new();
        Template::compile(template).render(message, &message.text, &mut out);
        out
    }

    fn check(template: &str, expected: &str) {
        let out = render(template.as_bytes(), &message(b"t~size~t"));
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn every_token_is_filled() {
        check("~id~", "7");
        check("~event-id~", "e~tag~");
        check("~event-type~", "kind");
        check("~channel~", "ch~id~");
        check("~text~", "t~size~t");
        check("~size~", "8");
        check("~tag~", "3");
        check("~time~", "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn letter_case_is_ignored_and_tokens_repeat() {
        check("<~ID~|~Text~|~tExT~>", "<7|t~size~t|t~size~t>");
    }

    #[test]
    fn what_is_no_token_stays() {
        check("", "");
        check("~", "~");
        check("~~id~~", "~7~");
        check("~id~id~", "7id~");
        check("~ident~ ~id ~ ~events~", "~ident~ ~id ~ ~events~");
        check("~te~text~", "~tet~size~t");
        check("~id", "~id");
    }

    #[test]
    fn a_special_message_has_no_event_id() {
        let ping = Message::ping(b" ");
        let out = render(b"~id~:~event-id~:~event-type~:~channel~:~text~:~tag~:~time~", &ping);
        assert_eq!(out, b"-1:::: :0:Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn text_alone_is_seen_in_any_case() {
        for (template, expected) in
            [("~text~", true), ("~TEXT~", true), ("~text~ ", false), ("~text~~text~", false)]
        {
            assert_eq!(Template::compile(template.as_bytes()).is_text_alone(), expected);
        }
    }

    #[test]
    fn a_megabyte_of_tokens_is_copied_not_expanded() {
        let text = b"~text~~id~~size~".repeat(65_536);
        let out = render(b"<~text~>", &message(&text));
        assert_eq!(out.len(), text.len() + 2);
        assert_eq!(&out[1..=text.len()], &text[..]);
    }

    proptest! {
        #[test]
        fn equals_replacing_one_by_one(
            words in proptest::collection::vec("[0-9<>{}\" ]{0,5}|~text~|~id~|~tag~|~size~", 0..12),
            text in "[a-z0-9 ]{0,40}",
        ) {
            let template = words.concat();
            let naive = template
                .replace("~text~", &text)
                .replace("~id~", "7")
                .replace("~tag~", "3")
                .replace("~size~", &text.len().to_string());
            prop_assert_eq!(render(template.as_bytes(), &message(text.as_bytes())), naive.as_bytes());
        }

        #[test]
        fn any_template_and_text_pass(template: Vec<u8>, text: Vec<u8>) {
            let out = render(&template, &message(&text));
            if !template.contains(&b'~') {
                prop_assert_eq!(out, template);
            }
        }
    }
}
