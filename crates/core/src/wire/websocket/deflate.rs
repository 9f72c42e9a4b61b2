//! permessage-deflate (RFC 7692), always without context take-over: each message stands for
//! itself, so that all subscribers can share its bytes.

use std::cell::Cell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::code;
use crate::request::Request;

/// What ends a flushed deflate block, and is left out on the wire.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Bytes that are inflated at a time.
const PORTION: usize = 16 * 1024;

/// zlib's own choice between time and size.
const LEVEL: u32 = 6;

/// The value of `Sec-WebSocket-Extensions` that accepts the first offer of the client that can be
/// met; `None` if there is none.
///
/// Both sides begin each message anew, whether the client asked for that or not (RFC 7692 7.1.1
/// allows it). The window is always the whole one of 32 KiB: an offer that wants a smaller one of
/// the server is declined, as one with anything unknown is.
#[must_use]
pub fn accept_deflate(request: &Request) -> Option<Vec<u8>> {
    let values = request.header_values("sec-websocket-extensions");
    values.flat_map(|value| cut(value, b',')).find_map(accept_offer)
}

fn accept_offer(offer: &[u8]) -> Option<Vec<u8>> {
    let mut parameters = cut(offer, b';');
    if !parameters.next()?.trim_ascii().eq_ignore_ascii_case(b"permessage-deflate") {
        return None;
    }
    let mut answer =
        b"permessage-deflate; server_no_context_takeover; client_no_context_takeover".to_vec();
    let mut seen: Vec<&[u8]> = Vec::new();
    for parameter in parameters {
        let (name, value) = name_and_value(parameter);
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        match (name, value) {
            (
                b"server_no_context_takeover"
                | b"client_no_context_takeover"
                | b"client_max_window_bits",
                None,
            ) => {}
            (b"client_max_window_bits", Some(bits)) if window_bits(bits).is_some() => {}
            (b"server_max_window_bits", Some(bits)) if window_bits(bits) == Some(15) => {
                answer.extend_from_slice(b"; server_max_window_bits=15");
            }
            _ => return None,
        }
    }
    Some(answer)
}

/// The parts of a list. Nothing that an acceptable offer holds contains a separator, in quotes or
/// not.
fn cut(list: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    list.split(move |byte| *byte == separator)
}

fn name_and_value(parameter: &[u8]) -> (&[u8], Option<&[u8]>) {
    let Some(equals) = memchr::memchr(b'=', parameter) else {
        return (parameter.trim_ascii(), None);
    };
    let value = parameter[equals + 1..].trim_ascii();
    let bare = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    (parameter[..equals].trim_ascii(), Some(bare.unwrap_or(value)))
}

/// 8 to 15, without leading zeros.
fn window_bits(text: &[u8]) -> Option<u8> {
    match text {
        [digit @ b'8'..=b'9'] => Some(digit - b'0'),
        [b'1', digit @ b'0'..=b'5'] => Some(10 + digit - b'0'),
        _ => None,
    }
}

thread_local! {
    /// Tables of a quarter of a megabyte: to make them costs more than to compress most messages.
    static COMPRESS: Cell<Option<Compress>> = const { Cell::new(None) };
}

/// A message's payload, compressed for the wire.
#[must_use]
pub fn deflate(payload: &[u8]) -> Vec<u8> {
    let kept = COMPRESS.take();
    let mut compress = kept.unwrap_or_else(|| Compress::new(Compression::new(LEVEL), false));
    let out = deflate_by(&mut compress, payload);
    compress.reset();
    COMPRESS.set(Some(compress));
    out
}

fn deflate_by(compress: &mut Compress, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() / 2 + 64);
    loop {
        let taken = usize::try_from(compress.total_in()).unwrap_or(payload.len());
        compress
            .compress_vec(&payload[taken.min(payload.len())..], &mut out, FlushCompress::Sync)
            .expect("raw deflate without a dictionary takes any bytes");
        let all_in = compress.total_in() == payload.len() as u64;
        // Room left over means that nothing is held back.
        if all_in && out.len() < out.capacity() {
            break;
        }
        out.reserve(out.len() / 2 + 64);
    }
    if out.ends_with(&TAIL) {
        out.truncate(out.len() - TAIL.len());
    }
    out
}

/// Inflates a message's payload and hands what comes out to `take`, portion by portion: whatever is
/// in it, no more than a portion is made before `take` can end it.
///
/// # Errors
///
/// The close code that `take` gives, or 1007 if the payload is no deflate stream.
pub(super) fn inflate(
    payload: &[u8],
    mut take: impl FnMut(&[u8]) -> Result<(), u16>,
) -> Result<(), u16> {
    let mut inflater =
        Inflater { inflate: Decompress::new(false), portion: vec![0; PORTION].into() };
    inflater.feed(payload, &mut take)?;
    inflater.feed(&TAIL, &mut take)
}

struct Inflater {
    inflate: Decompress,
    portion: Box<[u8]>,
}

impl Inflater {
    fn feed(
        &mut self,
        data: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), u16>,
    ) -> Result<(), u16> {
        let mut rest = data;
        loop {
            let (status, taken, made) = self.step(rest).ok_or(code::INVALID_DATA)?;
            rest = &rest[taken..];
            take(&self.portion[..made])?;
            // A client may end a message by a last block, and more may follow it (RFC 7692
            // 7.2.3.4).
            if status == Status::StreamEnd {
                self.inflate.reset(false);
            } else if (taken, made) == (0, 0) && !rest.is_empty() {
                return Err(code::INVALID_DATA);
            }
            if rest.is_empty() && made < self.portion.len() {
                return Ok(());
            }
        }
    }

    /// Fills the portion: how many bytes were read for it, and how many it has.
    fn step(&mut self, data: &[u8]) -> Option<(Status, usize, usize)> {
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let flush = FlushDecompress::None;
        let status = self.inflate.decompress(data, &mut self.portion, flush).ok()?;
        let taken = usize::try_from(self.inflate.total_in() - read).ok()?;
        let made = usize::try_from(self.inflate.total_out() - written).ok()?;
        (taken <= data.len() && made <= self.portion.len()).then_some((status, taken, made))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::ServerSettings;
    use crate::wire::http1::{Parsed, parse_head};

    /// What is answered to these values of `Sec-WebSocket-Extensions`, behind its constant part.
    fn check(offers: &[&str], expected: Option<&str>) {
        let mut head = "GET / HTTP/1.1\r\nHost: a\r\n".to_owned();
        offers.iter().for_each(|offer| head += &format!("Sec-WebSocket-Extensions: {offer}\r\n"));
        head += "\r\n";
        let Ok(Parsed::Complete { request, .. }) =
            parse_head(head.as_bytes(), &ServerSettings::default())
        else {
            panic!("not a request: {head}");
        };
        let begin = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        let expected = expected.map(|rest| format!("{begin}{rest}"));
        let found = accept_deflate(&request).map(|value| String::from_utf8(value).unwrap());
        assert_eq!(found, expected, "{offers:?}");
    }

    #[test]
    fn offers_that_can_be_met() {
        check(&["permessage-deflate"], Some(""));
        check(&["PerMessage-Deflate ; client_max_window_bits"], Some(""));
        check(&["permessage-deflate;client_max_window_bits=9"], Some(""));
        check(
            &["permessage-deflate; server_no_context_takeover; client_no_context_takeover"],
            Some(""),
        );
        let bits = Some("; server_max_window_bits=15");
        check(&["permessage-deflate; server_max_window_bits=15"], bits);
        check(&["permessage-deflate; server_max_window_bits = \"15\""], bits);
        check(&["x-webkit-deflate-frame, permessage-deflate"], Some(""));
        check(&["x-other", "permessage-deflate"], Some(""));
        check(
            &[
                "permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
            ],
            Some(""),
        );
    }

    #[test]
    fn offers_that_are_declined() {
        check(&[], None);
        check(&[""], None);
        check(&["permessage-bzip2"], None);
        for parameter in [
            "server_max_window_bits=10",
            "server_max_window_bits",
            "server_max_window_bits=16",
            "server_max_window_bits=015",
            "client_max_window_bits=7",
            "client_max_window_bits=08",
            "client_max_window_bits=",
            "server_no_context_takeover=1",
            "client_no_context_takeover; client_no_context_takeover",
            "unknown",
            "",
        ] {
            check(&[&format!("permessage-deflate; {parameter}")], None);
        }
    }

    fn inflated(data: &[u8], limit: usize) -> Result<Vec<u8>, u16> {
        let mut out = Vec::new();
        inflate(data, |part| {
            out.extend_from_slice(part);
            if out.len() > limit { Err(code::TOO_BIG) } else { Ok(()) }
        })?;
        Ok(out)
    }

    fn check_inflated(data: &[u8], expected: Result<&[u8], u16>) {
        assert_eq!(inflated(data, 100_000), expected.map(<[u8]>::to_vec), "{data:x?}");
    }

    /// RFC 7692, 7.2.3.
    #[test]
    fn the_examples_of_the_rfc() {
        check_inflated(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], Ok(b"Hello"));
        let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        check_inflated(&stored, Ok(b"Hello"));
        check_inflated(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], Ok(b"Hello"));
        let two_blocks =
            [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
        check_inflated(&two_blocks, Ok(b"Hello"));
        check_inflated(&[0x00], Ok(b""));
        assert_eq!(deflate(b"Hello"), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    }

    #[test]
    fn what_is_no_stream_is_refused() {
        check_inflated(&[0xff, 0xff, 0xff], Err(1007));
        check_inflated(&[0x01, 0x05, 0x00, 0x00, 0x00], Err(1007));
    }

    #[test]
    fn a_bomb_goes_off_within_its_limit() {
        let bomb = deflate(&vec![0; 50_000_000]);
        assert!(bomb.len() < 60_000);
        assert_eq!(inflated(&bomb, 1_000_000), Err(1009));
    }

    proptest! {
        #[test]
        fn what_is_deflated_comes_back(
            payload in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..5_000),
                prop::collection::vec(b'a'..b'd', 0..5_000),
            ]
        ) {
            prop_assert_eq!(inflated(&deflate(&payload), payload.len()), Ok(payload));
        }

        #[test]
        fn any_bytes_end(data: Vec<u8>) {
            let _ = inflated(&data, 10_000);
        }
    }
}
