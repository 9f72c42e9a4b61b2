use anyhow::{Context as _, Result, bail};

use crate::connection::{Connection, Deadline};
use crate::head::Head;

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// A number of bytes.
    Length(usize),
    /// Chunks.
    Chunked,
    /// The end of the connection.
    Close,
}

/// A body that is being read.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    /// How it is framed.
    pub framing: Framing,
    ended: bool,
}

impl Body {
    /// The body that follows `head`.
    ///
    /// # Errors
    /// When the length is not a number or is given in two ways.
    pub fn of(head: &Head) -> Result<Self> {
        let chunked = head.header("Transfer-Encoding").is_some_and(|v| v == "chunked");
        let length = head.header("Content-Length");
        let framing = match (head.status, chunked, length) {
            (100..200 | 204 | 304, ..) => Framing::None,
            (_, true, Some(_)) => bail!("both Content-Length and Transfer-Encoding in the answer"),
            (_, true, None) => Framing::Chunked,
            (_, false, Some(length)) => Framing::Length(length.parse().context("Content-Length")?),
            (_, false, None) => Framing::Close,
        };
        Ok(Self { framing, ended: matches!(framing, Framing::None | Framing::Length(0)) })
    }

    /// Whether everything has been read.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// The next chunk; `None` is the terminating one, trailer and all.
    ///
    /// # Errors
    /// When the body is not chunked, broken, over, or does not come in time.
    pub fn chunk(&mut self, from: &mut Connection, deadline: Deadline) -> Result<Option<Vec<u8>>> {
        if self.framing != Framing::Chunked || self.ended {
            bail!("expected a chunk, the body is {:?}, ended: {}", self.framing, self.ended);
        }
        let line = from.take_until(b"\r\n", deadline)?;
        let digits = String::from_utf8_lossy(&line[..line.len() - 2]).into_owned();
        let size = usize::from_str_radix(&digits, 16)
            .with_context(|| format!("not a chunk size: {digits:?}"))?;
        let mut chunk = from.take_exactly(size + 2, deadline)?;
        if !chunk.ends_with(b"\r\n") {
            bail!("no CR LF behind a chunk of {size} bytes: \"{}\"", chunk.escape_ascii());
        }
        chunk.truncate(size);
        self.ended = size == 0;
        Ok((!self.ended).then_some(chunk))
    }

    /// All that is left, to the end.
    ///
    /// # Errors
    /// When it does not end in time or is broken.
    pub fn rest(&mut self, from: &mut Connection, deadline: Deadline) -> Result<Vec<u8>> {
        let mut rest = Vec::new();
        match self.framing {
            _ if self.ended => {}
            Framing::None => {}
            Framing::Length(length) => rest = from.take_exactly(length, deadline)?,
            Framing::Close => rest = from.take_to_end(deadline)?,
            Framing::Chunked => {
                while let Some(chunk) = self.chunk(from, deadline)? {
                    rest.extend_from_slice(&chunk);
                }
            }
        }
        self.ended = true;
        Ok(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    fn check(answer: &'static str, chunks: &[&str], rest: &str) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || listener.accept().unwrap().0.write_all(answer.as_bytes()).unwrap());
        let mut connection = Connection::open(address).unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        let head = Head::read(&mut connection, deadline).unwrap();
        let mut body = Body::of(&head).unwrap();
        for chunk in chunks {
            let got = body.chunk(&mut connection, deadline).unwrap();
            assert_eq!(got.as_deref(), Some(chunk.as_bytes()));
        }
        assert_eq!(body.rest(&mut connection, deadline).unwrap(), rest.as_bytes());
        assert!(body.is_ended());
    }

    #[test]
    fn reads_each_framing() {
        check("HTTP/1.1 304 N\r\nContent-Length: 0\r\n\r\n", &[], "");
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", &[], "ab");
        check("HTTP/1.1 200 OK\r\n\r\nabc", &[], "abc");
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                       1\r\nm\r\n2\r\nm1\r\na\r\n0123456789\r\n0\r\n\r\n";
        check(chunked, &["m", "m1"], "0123456789");
    }
}
