//! The body of an upstream's answer.

use super::Defect;
use crate::request::BodyLength;
use crate::wire::http1::BodyReader;

/// How the body of an upstream's answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseBody {
    /// There is none, whatever the headers say: an answer to `HEAD`, 204, 304.
    None,
    /// After so many bytes.
    Known(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// Reads the body of an upstream's answer as it arrives, however the bytes are cut.
#[derive(Clone, Debug)]
pub enum ResponseReader {
    /// The body tells its end.
    Framed(BodyReader),
    /// The end of the connection is the end of the body.
    UntilClose,
}

impl ResponseReader {
    /// A reader for `body`.
    #[must_use]
    pub fn new(body: ResponseBody) -> Self {
        let length = match body {
            ResponseBody::None => BodyLength::None,
            ResponseBody::Known(length) => BodyLength::Known(length),
            ResponseBody::Chunked => BodyLength::Chunked,
            ResponseBody::UntilClose => return Self::UntilClose,
        };
        Self::Framed(BodyReader::discarding(length))
    }

    /// Whether the body is complete; one that ends with the connection never says so.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self {
            Self::Framed(reader) => reader.is_done(),
            Self::UntilClose => false,
        }
    }

    /// Whether the end of the connection completes the body.
    #[must_use]
    pub fn may_end(&self) -> bool {
        self.is_done() || matches!(self, Self::UntilClose)
    }

    /// The first run of data in `input`, and how many bytes were used up with it; no data if all
    /// of them were used up without any, or the body is done.
    ///
    /// # Errors
    ///
    /// Chunks that are none. The reader must not be used afterwards.
    pub fn piece<'a>(&mut self, input: &'a [u8]) -> Result<(usize, &'a [u8]), Defect> {
        match self {
            Self::UntilClose => Ok((input.len(), input)),
            Self::Framed(reader) => reader
                .piece(input)
                .map_err(|_| Defect::new("upstream sent invalid chunked response")),
        }
    }
}
