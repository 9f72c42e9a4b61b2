//! Answers in a row that differ in nothing but their bodies.

use std::borrow::Cow;
use std::time::Duration;

use smallvec::SmallVec;

use super::encode::{self, Context, Framing, must_close};
use crate::answer::{Answer, Header};

/// Writes answers as [`encode()`](super::encode()) does, and remembers the head of the latest one: where publications
/// are answered one after the other, their heads differ in `Content-Length` at most.
///
/// Only heads of constants are remembered, and only those that announce a length.
#[derive(Debug, Default)]
pub struct Encoder {
    latest: Option<Box<Latest>>,
}

type Constant = (&'static str, &'static [u8]);

/// A head, and what it was made of.
#[derive(Debug)]
struct Latest {
    status: u16,
    headers: SmallVec<[Constant; 4]>,
    closes: bool,
    keepalive_header: Option<Duration>,
    server: Box<str>,
    date: Box<[u8]>,
    before_length: Box<[u8]>,
    behind_length: Box<[u8]>,
}

impl Encoder {
    /// Appends the head of `answer` to `out`, and its body as far as the answer contains it.
    pub fn encode(&mut self, answer: &Answer, context: &Context<'_>, out: &mut Vec<u8>) {
        let framing = encode::framing(answer, context.version);
        let latest = match (framing, &mut self.latest) {
            (Framing::Length(_), Some(latest)) if latest.suits(answer, context) => &**latest,
            (Framing::Length(_), latest) => match Latest::of(answer, context, framing) {
                Some(new) => &**latest.insert(Box::new(new)),
                None => return encode::encode(answer, context, out),
            },
            _ => return encode::encode(answer, context, out),
        };
        out.extend_from_slice(&latest.before_length);
        if let Framing::Length(length) = framing {
            out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        }
        out.extend_from_slice(&latest.behind_length);
        if !context.head_only {
            encode::body(&answer.body, framing, out);
        }
    }
}

impl Latest {
    /// The head of `answer` for later; `None` if that is not worth it.
    fn of(answer: &Answer, context: &Context<'_>, framing: Framing) -> Option<Self> {
        let headers = answer.headers.iter().map(constant).collect::<Option<_>>()?;
        let mut head = Vec::new();
        let digits = encode::head(answer, context, framing, &mut head)?;
        Some(Self {
            status: answer.status,
            headers,
            closes: must_close(answer, context),
            keepalive_header: context.keepalive_header,
            server: context.server.into(),
            date: context.date.into(),
            before_length: head[..digits.start].into(),
            behind_length: head[digits.end..].into(),
        })
    }

    /// Whether `answer` has this head but for the length.
    fn suits(&self, answer: &Answer, context: &Context<'_>) -> bool {
        self.status == answer.status
            && self.headers.len() == answer.headers.len()
            && self.headers.iter().zip(&answer.headers).all(|(kept, header)| is(header, *kept))
            && self.closes == must_close(answer, context)
            && self.keepalive_header == context.keepalive_header
            && *self.date == *context.date
            && *self.server == *context.server
    }
}

fn constant(header: &Header) -> Option<Constant> {
    match header {
        (Cow::Borrowed(name), Cow::Borrowed(value)) => Some((name, value)),
        _ => None,
    }
}

/// Whether the header is this very constant, not another one of the same content.
fn is(header: &Header, (name, value): Constant) -> bool {
    constant(header).is_some_and(|(n, v)| std::ptr::eq(n, name) && std::ptr::eq(v, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Body;
    use crate::request::Version;

    const CONTEXT: Context<'static> = Context {
        version: Version::Http11,
        keep_alive: true,
        keepalive_header: None,
        head_only: false,
        date: b"Sun, 06 Nov 1994 08:49:37 GMT",
        server: "outpour",
    };

    /// Every answer comes out as without memory, whatever came before it.
    fn check(answers: &[(Answer, Context<'_>)]) {
        for first in answers {
            for second in answers {
                let mut encoder = Encoder::default();
                for (answer, context) in [first, second, second] {
                    let (mut found, mut expected) = (b"earlier".to_vec(), b"earlier".to_vec());
                    encoder.encode(answer, context, &mut found);
                    encode::encode(answer, context, &mut expected);
                    assert_eq!(found, expected, "{answer:?} {context:?}");
                }
            }
        }
    }

    #[test]
    fn memory_changes_nothing() {
        let page = |text: &'static [u8]| Answer::new(200).body(&b"text/plain"[..], text);
        let plain = page(b"a");
        let later = Context { date: b"Sun, 06 Nov 1994 08:49:38 GMT", ..CONTEXT };
        check(&[
            (plain.clone(), CONTEXT),
            (page(b"another one"), CONTEXT),
            (page(b"a").uncached(), CONTEXT),
            (page(b"a").with("X", b"y".to_vec()), CONTEXT),
            (Answer { status: 404, ..plain.clone() }, CONTEXT),
            (Answer { close: true, ..plain.clone() }, CONTEXT),
            (Answer { body: Body::Empty, ..plain.clone() }, CONTEXT),
            (Answer { body: Body::Stream, ..plain.clone() }, CONTEXT),
            (Answer { body: Body::Announced(7), ..plain.clone() }, CONTEXT),
            (Answer::new(101), CONTEXT),
            (Answer::new(304), CONTEXT),
            (plain.clone(), later),
            (plain.clone(), Context { server: "other", ..CONTEXT }),
            (plain.clone(), Context { keep_alive: false, ..CONTEXT }),
            (plain.clone(), Context { head_only: true, ..CONTEXT }),
            (plain.clone(), Context { version: Version::Http10, ..CONTEXT }),
            (plain, Context { keepalive_header: Some(Duration::from_secs(5)), ..CONTEXT }),
        ]);
    }

    #[test]
    fn alike_heads_are_made_once() {
        let mut encoder = Encoder::default();
        let mut head_of = |text: &'static [u8]| {
            let answer = Answer::new(200).body(&b"text/plain"[..], text).uncached();
            encoder.encode(&answer, &CONTEXT, &mut Vec::new());
            encoder.latest.as_ref().map(|latest| latest.before_length.as_ptr())
        };
        assert_eq!(head_of(b"a"), head_of(b"bcd"));
    }
}
