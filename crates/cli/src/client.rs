//! A small HTTP/1.1 client, enough to publish and to subscribe.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use outpour_server::os_error;

use crate::url::Url;

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Bound of a line of the answer's head or of a chunk's size: more is no sensible server.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Bound of the answer's number of headers.
const HEADERS_MAX: usize = 200;

/// An answer whose head has been read.
pub(crate) struct Response<R> {
    /// The status code.
    pub(crate) status: u16,
    /// What the status line says behind the code.
    pub(crate) reason: String,
    /// The push servers' own words on a refusal: `X-Nginx-PushStream-Explain`.
    pub(crate) explanation: Option<String>,
    /// The body, not read yet.
    pub(crate) body: Body<R>,
}

/// The answer of a server.
pub(crate) type Answer = Response<BufReader<TcpStream>>;

/// How the end of a body is found.
#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Chunked,
    Length(u64),
    Close,
}

/// The body of an answer, piece by piece.
pub(crate) struct Body<R> {
    reader: R,
    framing: Framing,
}

/// Sends one request, on a connection of its own, and reads the head of the answer.
///
/// `patience` bounds each wait for bytes; `None` waits for ever, as a subscriber does.
///
/// # Errors
/// Sentences on what failed: looking the host up, connecting, sending, or an answer that is none.
pub(crate) fn request(
    url: &Url,
    method: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
    patience: Option<Duration>,
) -> Result<Answer> {
    let mut stream = connect(&url.authority)?;
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    let mut head = format!("{method} {} HTTP/1.1\r\nHost: {}\r\n", url.target, url.host);
    head.push_str(concat!("User-Agent: outpour/", env!("CARGO_PKG_VERSION"), "\r\n"));
    head.push_str("Accept: */*\r\n");
    for (name, value) in headers {
        ensure!(!value.contains(['\r', '\n']), "outpour: a header cannot contain a line break");
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body.unwrap_or_default());
    let lost = |error: io::Error| {
        anyhow!("outpour: {} does not answer ({})", url.authority, os_error::describe(&error))
    };
    // A refusal may arrive, and the connection close, before a long body is out.
    let sent = stream.write_all(&bytes);
    Response::read(BufReader::new(stream)).map_err(|error| match (sent, error.downcast()) {
        (Err(error), _) | (Ok(()), Ok(error)) => lost(error),
        (Ok(()), Err(error)) => error.context(format!("outpour: {}", url.authority)),
    })
}

fn connect(authority: &str) -> Result<TcpStream> {
    let addresses = authority
        .to_socket_addrs()
        .with_context(|| format!("outpour: {authority} cannot be found"))?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    let text = last.map_or_else(|| "it has no address".into(), |error| os_error::describe(&error));
    bail!("outpour: cannot connect to {authority} ({text})")
}

impl<R: BufRead> Response<R> {
    /// Reads status line and headers; interim answers (1xx) are skipped.
    fn read(mut reader: R) -> Result<Self> {
        loop {
            let (status, reason) = status_line(&line(&mut reader)?)?;
            let mut response = Self {
                status,
                reason,
                explanation: None,
                body: Body { reader, framing: Framing::Close },
            };
            response.read_headers()?;
            if !(100..200).contains(&status) || status == 101 {
                return Ok(response);
            }
            reader = response.body.reader;
        }
    }

    fn read_headers(&mut self) -> Result<()> {
        for _ in 0..HEADERS_MAX {
            let line = line(&mut self.body.reader)?;
            if line.is_empty() {
                return Ok(());
            }
            let Some((name, value)) = line.split_once(':') else {
                bail!("the answer has a header without a colon: {line:?}");
            };
            self.header(name.trim(), value.trim())?;
        }
        bail!("the answer has more than {HEADERS_MAX} headers")
    }

    fn header(&mut self, name: &str, value: &str) -> Result<()> {
        if name.eq_ignore_ascii_case("transfer-encoding") {
            ensure!(value.eq_ignore_ascii_case("chunked"), "the answer is encoded as {value:?}");
            self.body.framing = Framing::Chunked;
        } else if name.eq_ignore_ascii_case("content-length") {
            let length = value.parse().map_err(|_| anyhow!("the answer's length is {value:?}"))?;
            if self.body.framing != Framing::Chunked {
                self.body.framing = Framing::Length(length);
            }
        } else if name.eq_ignore_ascii_case("x-nginx-pushstream-explain") {
            self.explanation = Some(value.to_owned());
        }
        Ok(())
    }

    /// Whether the request was granted.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Status and explanation for people: `403 Forbidden: Subscriber could not create channels.`
    pub(crate) fn describe(&self) -> String {
        let explanation = self.explanation.as_ref().map(|text| format!(": {text}"));
        format!("{} {}{}", self.status, self.reason, explanation.unwrap_or_default())
    }
}

impl<R: BufRead> Body<R> {
    /// The next piece as the server sent it: a chunk, or what has arrived. `None` at the end.
    ///
    /// # Errors
    /// The connection broke, or what came is no chunk.
    pub(crate) fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        match self.framing {
            Framing::Chunked => self.chunk(),
            Framing::Length(0) => Ok(None),
            Framing::Length(left) => {
                let piece = self.arrived(usize::try_from(left).unwrap_or(usize::MAX))?;
                ensure!(!piece.is_empty(), "the answer ended too early");
                self.framing = Framing::Length(left - piece.len() as u64);
                Ok(Some(piece))
            }
            Framing::Close => Ok(Some(self.arrived(usize::MAX)?).filter(|piece| !piece.is_empty())),
        }
    }

    /// Everything that is left.
    ///
    /// # Errors
    /// As [`Body::piece`].
    pub(crate) fn rest(&mut self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = self.piece()? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    fn arrived(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let available = self.reader.fill_buf()?;
        let piece = available[..available.len().min(most)].to_vec();
        self.reader.consume(piece.len());
        Ok(piece)
    }

    fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let size = line(&mut self.reader)?;
        let digits = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(digits, 16)
            .map_err(|_| anyhow!("the answer has a chunk of size {digits:?}"))?;
        if size == 0 {
            while !line(&mut self.reader)?.is_empty() {}
            self.framing = Framing::Length(0);
            return Ok(None);
        }
        let mut chunk = Vec::new();
        let read = self.reader.by_ref().take(size).read_to_end(&mut chunk)?;
        ensure!(read as u64 == size, "the answer ended inside a chunk");
        ensure!(line(&mut self.reader)?.is_empty(), "the answer has a chunk longer than its size");
        Ok(Some(chunk))
    }
}

/// One line without its end.
fn line(reader: &mut impl BufRead) -> Result<String> {
    let mut bytes = Vec::new();
    reader.take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
    ensure!(bytes.pop() == Some(b'\n'), "the answer ended too early");
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn status_line(line: &str) -> Result<(u16, String)> {
    let mut words = line.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| word.parse().ok());
    match status.filter(|_| version.starts_with("HTTP/1.")) {
        Some(status) => Ok((status, words.next().unwrap_or_default().to_owned())),
        None => bail!("the answer is not HTTP: it begins with {line:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, pieces: &[&str]) {
        let mut response = Response::read(answer.as_bytes()).unwrap();
        for piece in pieces {
            assert_eq!(response.body.piece().unwrap().as_deref(), Some(piece.as_bytes()));
        }
        assert_eq!(response.body.piece().unwrap(), None);
    }

    fn refused(answer: &str) {
        let read = Response::read(answer.as_bytes());
        assert!(read.and_then(|mut response| response.body.rest()).is_err(), "{answer:?}");
    }

    #[test]
    fn bodies_end_where_they_end() {
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n",
            &["hello", "!"],
        );
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more", &["hello"]);
        check("HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n", &[]);
        check("HTTP/1.0 200 OK\n\nall of it", &["all of it"]);
        check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", &["x"]);
    }

    #[test]
    fn broken_answers_are_refused() {
        refused("");
        refused("SSH-2.0-OpenSSH\r\n");
        refused("HTTP/1.1 200 OK\r\n");
        refused("HTTP/1.1 200 OK\r\nno colon\r\n\r\n");
        refused("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n");
        refused("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
        refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n");
        refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n");
        refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell");
        refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhell\r\n0\r\n\r\n");
        refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx");
    }

    #[test]
    fn refusals_explain_themselves() {
        let answer = "HTTP/1.1 403 Forbidden\r\nX-Nginx-PushStream-Explain: No.\r\n\r\n";
        let response = Response::read(answer.as_bytes()).unwrap();
        assert_eq!(response.describe(), "403 Forbidden: No.");
    }
}
