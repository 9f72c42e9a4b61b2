use anyhow::{Context as _, Result, bail};

use crate::connection::{Connection, Deadline};

/// The head of an HTTP answer, in the order and spelling in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// `HTTP/1.1`.
    pub version: String,
    /// `200`.
    pub status: u16,
    /// `OK`; empty when the line has none.
    pub reason: String,
    /// Names as sent, values without the blanks around them.
    pub headers: Vec<(String, String)>,
    /// The head as it came, the empty line included.
    pub raw: Vec<u8>,
}

impl Head {
    /// Reads one head.
    ///
    /// # Errors
    /// When it does not come before the deadline, or is none.
    pub fn read(connection: &mut Connection, deadline: Deadline) -> Result<Self> {
        let raw = connection.take_until(b"\r\n\r\n", deadline)?;
        Self::parse(raw)
    }

    /// Reads a head out of its bytes.
    ///
    /// # Errors
    /// When these are not the bytes of an answer.
    pub fn parse(raw: Vec<u8>) -> Result<Self> {
        let text = String::from_utf8_lossy(&raw).into_owned();
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut words = first.splitn(3, ' ');
        let version = words.next().unwrap_or_default().to_owned();
        if !version.starts_with("HTTP/") {
            bail!("not a status line: {first:?}");
        }
        let status = words.next().unwrap_or_default();
        let status = status.parse().with_context(|| format!("not a status line: {first:?}"))?;
        let reason = words.next().unwrap_or_default().to_owned();
        let headers = lines.map(header).collect::<Result<_>>()?;
        Ok(Self { version, status, reason, headers, raw })
    }

    /// The value of a header, the first one when there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        let same = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().find(same).map(|(_, value)| value.as_str())
    }

    /// All values of a header.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| value.as_str())
    }
}

fn header(line: &str) -> Result<(String, String)> {
    let (name, value) =
        line.split_once(':').with_context(|| format!("not a header line: {line:?}"))?;
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_head() {
        let head = Head::parse(b"HTTP/1.1 304 Not Modified\r\nEtag: W/1\r\nA:\r\n\r\n".to_vec());
        let head = head.unwrap();
        assert_eq!((head.status, head.reason.as_str()), (304, "Not Modified"));
        assert_eq!(head.header("etag"), Some("W/1"));
        assert_eq!(head.header("A"), Some(""));
        assert_eq!(head.header("b"), None);
    }

    #[test]
    fn refuses_what_is_none() {
        assert!(Head::parse(b"4\r\nHEAD\r\n\r\n".to_vec()).is_err());
        assert!(Head::parse(b"HTTP/1.1 x y\r\n\r\n".to_vec()).is_err());
    }
}
