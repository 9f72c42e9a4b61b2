//! A connection with what is known of the answer on it.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use outpour_testkit::{Body, Connection, Framing, Head};

use crate::text::shown;

/// The most bytes that are unpacked from gzip.
const UNPACKED_MAX: usize = 1 << 24;

/// A connection with what is known of the answer on it.
pub(crate) struct Line {
    /// The socket.
    pub(crate) connection: Connection,
    /// When the last request was sent.
    pub(crate) asked: Instant,
    answer: Option<Answer>,
}

struct Answer {
    head: Head,
    body: Body,
    inflate: Option<Box<flate2::Decompress>>,
}

impl Line {
    /// Opens a connection.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let connection = Connection::open(address)?;
        Ok(Self { connection, asked: Instant::now(), answer: None })
    }

    /// Whether another request can be sent: the answer before is complete and does not close.
    pub(crate) fn takes_a_request(&self) -> bool {
        let closing = |answer: &Answer| {
            answer.head.header("Connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
        };
        let busy = |answer: &Answer| closing(answer) || !answer.body.is_ended();
        !self.connection.is_closed() && !self.answer.as_ref().is_some_and(busy)
    }

    pub(crate) fn read_head(&mut self, deadline: Instant, gzip: bool) -> Result<Head> {
        let head = Head::read(&mut self.connection, deadline)?;
        let body = Body::of(&head)?;
        let inflate = gzip.then(|| Box::new(flate2::Decompress::new_gzip(15)));
        self.answer = Some(Answer { head: head.clone(), body, inflate });
        Ok(head)
    }

    pub(crate) fn shown_head(&self) -> String {
        self.answer.as_ref().map_or_else(String::new, |answer| shown(&answer.head.raw))
    }

    pub(crate) fn read_body(&mut self, deadline: Instant) -> Result<Vec<u8>> {
        let answer = self.answer.as_mut().context("no answer has been read")?;
        let body = answer.body.rest(&mut self.connection, deadline)?;
        answer.unpack(body)
    }

    /// Takes a body with a length, which nobody looks at, so that the connection can be used again.
    pub(crate) fn skip_short_body(&mut self, deadline: Instant) -> Result<()> {
        let answer = self.answer.as_mut().context("no answer has been read")?;
        if matches!(answer.body.framing, Framing::Length(_)) {
            answer.body.rest(&mut self.connection, deadline)?;
        }
        Ok(())
    }

    pub(crate) fn chunk(&mut self, deadline: Instant) -> Result<Option<Vec<u8>>> {
        let answer = self.answer.as_mut().context("no answer has been read")?;
        let chunk = answer.body.chunk(&mut self.connection, deadline)?;
        chunk.map(|chunk| answer.unpack(chunk)).transpose()
    }
}

impl Answer {
    fn unpack(&mut self, packed: Vec<u8>) -> Result<Vec<u8>> {
        let Some(inflate) = &mut self.inflate else { return Ok(packed) };
        let mut unpacked = Vec::with_capacity(packed.len() * 4 + 4096);
        let mut read = 0;
        while read < packed.len() {
            let before = inflate.total_in();
            let status = inflate.decompress_vec(
                &packed[read..],
                &mut unpacked,
                flate2::FlushDecompress::Sync,
            )?;
            read += usize::try_from(inflate.total_in() - before)?;
            if status == flate2::Status::StreamEnd {
                break;
            }
            ensure!(unpacked.len() < UNPACKED_MAX, "gzip data unpacks to too much");
            unpacked.reserve(65536);
        }
        Ok(unpacked)
    }
}
