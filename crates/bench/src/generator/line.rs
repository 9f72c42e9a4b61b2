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

    /// Makes sure that another line to the same server may fare better than this one has.
    ///
    /// # Errors
    /// If the server does not speak HTTP/2.
    pub(super) fn check(&self) -> io::Result<()> {
        match self {
            Self::Own(_) => Ok(()),
            Self::Shared(stream) => match stream.hopelessness() {
                None => Ok(()),
                Some(why) => Err(io::Error::other(format!("HTTP/2: {why}"))),
            },
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
