//! What a member sends its requests over and reads its answers from.

use std::io;

use super::{
    http2::Stream,
    link::{Input, Link},
};

/// A connection, or as good as one.
#[derive(Debug)]
pub(super) enum Line {
    /// A connection of its own, with HTTP/1.1.
    Own(Link),
    /// A stream of an HTTP/2 connection that others share.
    Shared(Box<Stream>),
}

impl Line {
    /// Writes what can be written now of a request, which is HTTP/1.1 for either.
    ///
    /// # Errors
    /// If the connection is refused or broken.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Own(link) => link.write(bytes),
            Self::Shared(stream) => stream.write(bytes),
        }
    }

    /// Reads what there is, as [`Link::read`]; a shared one closes behind each answer.
    #[inline]
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Input {
        match self {
            Self::Own(link) => link.read(buffer),
            Self::Shared(stream) => stream.read(buffer),
        }
    }
}
