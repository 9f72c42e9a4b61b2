//! A file on its way to a socket, a piece at a time.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::ops::Range;
use std::os::fd::AsFd;

use flate2::Compression;
use flate2::write::GzEncoder;
use outpour_core::wire::chunked;
use rustix::buffer::spare_capacity;
use rustix::fs::sendfile;
use rustix::io::{Errno, pread};

use crate::access::Ticket;

/// Most bytes that are read, or sent by the kernel, at once.
const PIECE_MAX: usize = 128 * 1024;

/// What is sent next.
#[derive(Debug)]
pub(super) enum Segment {
    /// These bytes.
    Bytes(Vec<u8>),
    /// This part of the file.
    File(Range<u64>),
}

/// What remains to be sent of a file. At most one piece of it is in memory.
#[derive(Debug)]
pub(crate) struct FileBody {
    file: File,
    segments: VecDeque<Segment>,
    zip: Option<Zip>,
    /// Places in the zones of `limit_conn` that are taken until it is sent.
    tickets: Vec<Ticket>,
}

/// A file that is compressed as it is read.
#[derive(Debug)]
struct Zip {
    encoder: GzEncoder<Vec<u8>>,
    chunked: bool,
}

impl FileBody {
    pub(super) fn new(file: File, segments: impl Into<VecDeque<Segment>>) -> Self {
        Self { file, segments: segments.into(), zip: None, tickets: Vec::new() }
    }

    /// Keeps these places taken.
    pub(crate) fn hold(&mut self, tickets: Vec<Ticket>) {
        self.tickets = tickets;
    }

    /// How many bytes there are, before any compression.
    pub(crate) fn length(&self) -> u64 {
        let length = |segment: &Segment| match segment {
            Segment::Bytes(bytes) => bytes.len() as u64,
            Segment::File(range) => range.end - range.start,
        };
        self.segments.iter().map(length).sum()
    }

    /// Compresses from here on; in chunks, or up to the connection's end.
    pub(crate) fn compress(&mut self, level: u32, chunked: bool) {
        let encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        self.zip = Some(Zip { encoder, chunked });
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read, or has become shorter than it was: the connection has to end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let piece = self.plain()?;
            let Some(zip) = &mut self.zip else { return Ok(piece) };
            let bytes = match piece {
                Some(piece) => zip.add(&piece)?,
                None => return self.zip.take().map(Zip::finish).transpose(),
            };
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    /// Lets the kernel send a part of the file as it is; how many bytes `socket` took. `None` where
    /// something else comes next, or the file's system cannot do that: [`FileBody::next`] has it.
    ///
    /// # Errors
    /// The socket takes no more for now, or the connection has to end.
    pub(crate) fn send(&mut self, socket: impl AsFd) -> io::Result<Option<usize>> {
        let range = match self.segments.front_mut() {
            Some(Segment::File(range)) if self.zip.is_none() && !range.is_empty() => range,
            Some(Segment::File(_) | Segment::Bytes(_)) | None => return Ok(None),
        };
        let wanted = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let mut start = range.start;
        match sendfile(socket, &self.file, Some(&mut start), wanted.min(PIECE_MAX)) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(sent) => {
                range.start = start;
                Ok(Some(sent))
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn plain(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(segment) = self.segments.pop_front() else { return Ok(None) };
        let range = match segment {
            Segment::Bytes(bytes) => return Ok(Some(bytes)),
            Segment::File(range) if range.is_empty() => return self.plain(),
            Segment::File(range) => range,
        };
        let wanted = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let piece = read(&self.file, range.start, wanted.min(PIECE_MAX))?;
        if piece.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let start = range.start + piece.len() as u64;
        if start < range.end {
            self.segments.push_front(Segment::File(start..range.end));
        }
        Ok(Some(piece))
    }
}

impl Zip {
    fn add(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        self.encoder.write_all(piece)?;
        let bytes = std::mem::take(self.encoder.get_mut());
        Ok(if self.chunked && !bytes.is_empty() { chunk(&bytes) } else { bytes })
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        let bytes = self.encoder.finish()?;
        if !self.chunked {
            return Ok(bytes);
        }
        let mut bytes = chunk(&bytes);
        bytes.extend_from_slice(chunked::LAST);
        Ok(bytes)
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    chunked::chunk(bytes, &mut out);
    out
}

/// Up to `length` bytes from `start`; fewer where the file ends.
pub(super) fn read(file: &File, start: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let offset = start + bytes.len() as u64;
        match pread(file, spare_capacity(&mut bytes), offset) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn all(mut body: FileBody) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(piece) = body.next().unwrap() {
            assert!(!piece.is_empty() && piece.len() <= 2 * PIECE_MAX);
            out.extend_from_slice(&piece);
        }
        out
    }

    #[test]
    fn segments_come_in_order() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let segments = [
            Segment::Bytes(b"head".to_vec()),
            Segment::File(0..0),
            Segment::File(1..299_999),
            Segment::Bytes(b"tail".to_vec()),
        ];
        let body = FileBody::new(file(&bytes), segments);
        assert_eq!(body.length(), 300_006);
        assert_eq!(all(body), [b"head", &bytes[1..299_999], b"tail"].concat());
    }

    #[test]
    fn parts_of_the_file_are_sent_as_they_are() {
        let (near, mut far) = std::os::unix::net::UnixStream::pair().unwrap();
        let head = Segment::Bytes(b"head".to_vec());
        let segments = [Segment::File(1..4), Segment::File(4..4), head, Segment::File(0..9)];
        let mut body = FileBody::new(file(b"abcdefgh"), segments);
        assert_eq!(body.send(&near).unwrap(), Some(3));
        let mut taken = [0; 3];
        far.read_exact(&mut taken).unwrap();
        assert_eq!(&taken, b"bcd");
        assert_eq!(body.send(&near).unwrap(), None);
        assert_eq!(body.next().unwrap().unwrap(), b"head");
        assert_eq!(body.send(&near).unwrap(), Some(8));
        assert!(body.send(&near).is_err(), "it has become shorter");
        body.compress(1, false);
        assert_eq!(body.send(&near).unwrap(), None);
    }

    #[test]
    fn compressed_on_the_way() {
        let bytes = b"outpour ".repeat(50_000);
        let mut body = FileBody::new(file(&bytes), [Segment::File(0..bytes.len() as u64)]);
        body.compress(1, false);
        let mut found = Vec::new();
        flate2::read::GzDecoder::new(&*all(body)).read_to_end(&mut found).unwrap();
        assert_eq!(found, bytes);
    }

    #[test]
    fn a_file_that_shrinks_ends_in_an_error() {
        let mut body = FileBody::new(file(b"abc"), [Segment::File(0..5)]);
        assert_eq!(body.next().unwrap().unwrap(), b"abc");
        assert!(body.next().is_err());
    }
}
