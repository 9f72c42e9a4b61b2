//! What keeps a stream or a WebSocket alive.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::header::{parameter, split};

/// `Grip-Keep-Alive`, or a control message `keep-alive`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// What is sent.
    pub data: Box<[u8]>,
    /// After so many seconds; at least 1.
    pub timeout: u64,
    /// Every so many seconds (`mode=interval`), not only when nothing else was sent for so long.
    pub interval: bool,
}

/// Seconds, where none are given.
const TIMEOUT: u64 = 55;

impl KeepAlive {
    pub(super) fn new(data: Vec<u8>, timeout: Option<u64>, mode: Option<&str>) -> Option<Self> {
        let interval = match mode {
            None | Some("idle") => false,
            Some("interval") => true,
            Some(_) => return None,
        };
        let timeout = timeout.unwrap_or(TIMEOUT).max(1);
        Some(Self { data: data.into(), timeout, interval })
    }

    /// Reads the value of the header; `None` if it is none.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (data, parameters) = value.split_at(end);
        let (mut format, mut timeout, mut mode) = ("raw".to_owned(), None, None);
        for piece in split(parameters, b';') {
            let (name, value) = parameter(piece)?;
            match name.as_str() {
                "format" => format = value,
                "timeout" => timeout = Some(value.parse().ok()?),
                "mode" => mode = Some(value),
                _ => {}
            }
        }
        let data = data.trim_ascii();
        let data = match format.as_str() {
            "raw" => data.to_vec(),
            "cstring" => cstring(data)?,
            "base64" => STANDARD.decode(data).ok()?,
            _ => return None,
        };
        Self::new(data, timeout, mode.as_deref())
    }
}

/// Bytes with `\n`, `\r`, `\\` and `\xHH` in them.
fn cstring(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b'\\' => b'\\',
            b'x' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<(&str, u64, bool)>) {
        let found = KeepAlive::parse(value.as_bytes());
        let expected = expected.map(|(data, timeout, interval)| KeepAlive {
            data: data.as_bytes().into(),
            timeout,
            interval,
        });
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn data_comes_in_three_ways() {
        check("\\n; format=cstring; timeout=20", Some(("\n", 20, false)));
        check("a\\\\b\\x41\\r; format=cstring", Some(("a\\bA\r", 55, false)));
        check("a\\n; mode=interval", Some(("a\\n", 55, true)));
        check("aGk=; format=base64; timeout=0", Some(("hi", 1, false)));
        check("", Some(("", 55, false)));
    }

    #[test]
    fn what_is_broken_is_refused() {
        for value in [
            "\\q; format=cstring",
            "\\; format=cstring",
            "\\x4; format=cstring",
            "!; format=base64",
            "a; format=x",
            "a; timeout=x",
            "a; mode=never",
        ] {
            check(value, None);
        }
    }
}
