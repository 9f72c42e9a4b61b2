//! Requests of the generator, and the places in them that change.

use memchr::memmem;

use crate::stamp::{STAMP_BYTES, Stamp};

/// Digits of a channel's index in its name.
pub(crate) const INDEX_DIGITS: usize = 7;

/// What a path template has where the channel's name belongs.
pub(crate) const CHANNEL: &str = "{channel}";

/// Names the channels of one run: a prefix that other runs do not have, then the index.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    /// Names of this process and moment.
    pub(crate) fn new() -> Self {
        let moment = std::time::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_micros());
        let run = (moment ^ u128::from(std::process::id()) << 20) & 0xffff_ffff;
        Self { prefix: format!("bench-{run:08x}-") }
    }

    /// The name of a channel; all names have the same length.
    pub(crate) fn of(&self, index: u32) -> String {
        format!("{}{index:0INDEX_DIGITS$}", self.prefix)
    }

    /// The name of the channel that is used before measuring.
    pub(crate) fn warm_up(&self) -> String {
        format!("{}warm-up", self.prefix)
    }
}

/// A publication whose channel and stamp are filled in before each sending.
#[derive(Debug, Clone)]
pub(crate) struct Publication {
    bytes: Vec<u8>,
    /// Where the digits of channels lie.
    channels: Vec<usize>,
    stamp_at: usize,
}

impl Publication {
    /// Builds the request `POST target` with `before`, a text of `size` bytes and `after` as body.
    ///
    /// `{channel}` in target and body stands for the channel's name.
    pub(crate) fn new(
        (host, target): (&str, &str),
        names: &Names,
        (before, after): (&str, &str),
        size: usize,
    ) -> Self {
        let name = names.of(0);
        let fill = |text: &str| text.replace(CHANNEL, &name);
        let (before, after) = (fill(before), fill(after));
        let length = before.len() + size + after.len();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{before}",
            fill(target)
        );
        let mut bytes = head.into_bytes();
        let stamp_at = bytes.len();
        bytes.resize(stamp_at + size, b'x');
        bytes.extend_from_slice(after.as_bytes());
        let digits = name.len() - INDEX_DIGITS;
        let channels = memmem::find_iter(&bytes, name.as_bytes()).map(|at| at + digits).collect();
        Self { bytes, channels, stamp_at }
    }

    /// The request with `stamp`, for the channel that the stamp names.
    pub(crate) fn stamped(&mut self, stamp: Stamp) -> &[u8] {
        stamp.write(self.bytes.get_mut(self.stamp_at..).unwrap_or_default());
        for &at in &self.channels {
            let digits = self.bytes.get_mut(at..at + INDEX_DIGITS).unwrap_or_default();
            write_digits(stamp.channel, digits);
        }
        &self.bytes
    }

    /// The request behind its first `sent` bytes.
    pub(crate) fn rest(&self, sent: usize) -> &[u8] {
        self.bytes.get(sent..).unwrap_or_default()
    }
}

/// Writes a number with leading zeros.
fn write_digits(mut number: u32, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

/// A GET request for `target` with further header lines.
pub(crate) fn get(host: &str, target: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").into_bytes()
}

/// The smallest body that has room for a stamp and the given frame.
pub(crate) fn text_bytes(size: u32) -> usize {
    usize::try_from(size).unwrap_or(STAMP_BYTES).max(STAMP_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publications_are_filled_in() {
        let names = Names { prefix: "p-".to_owned() };
        let frame = (r#"{"c":"{channel}","t":""#, r#""}"#);
        let mut publication = Publication::new(("h:1", "/pub?id={channel}"), &names, frame, 41);
        let stamp = Stamp { sent: 1, sequence: 2, channel: 1_234_567, origin: 0 };
        let text = String::from_utf8(publication.stamped(stamp).to_vec()).unwrap();
        let head = "POST /pub?id=p-1234567 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 65\r\n\r\n";
        let body = text.strip_prefix(head).unwrap();
        let body = body.strip_prefix(r#"{"c":"p-1234567","t":""#).unwrap();
        assert_eq!(body.len(), 41 + 2);
        assert_eq!(Stamp::read(body.as_bytes()), Some(stamp));
        assert_eq!(publication.rest(text.len() - 2), b"\"}");
    }

    #[test]
    fn names_have_one_length() {
        let names = Names { prefix: "p-".to_owned() };
        assert_eq!([names.of(0), names.of(1_000_000)], ["p-0000000", "p-1000000"]);
    }
}
