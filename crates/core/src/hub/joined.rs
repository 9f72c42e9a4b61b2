//! Frames joined into one piece, so that a socket gets them in one write.

use super::format::Frame;
use crate::transport::gzip::Checksum;

/// Most bytes that are joined into one piece for a subscriber that is several messages behind.
const BYTES_MAX: usize = 256 * 1024;

/// Frames on their way into one piece.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    bytes: Vec<u8>,
    plain: Checksum,
    ends: Vec<u32>,
    published: u64,
}

impl Joiner {
    /// Whether `frame` should wait for the next piece.
    pub(super) fn is_full_for(&self, frame: &Frame) -> bool {
        !self.bytes.is_empty() && self.bytes.len() + frame.bytes.len() > BYTES_MAX
    }

    pub(super) fn push(&mut self, frame: &Frame) {
        if self.bytes.is_empty() {
            self.published = frame.published;
        }
        self.bytes.extend_from_slice(&frame.bytes);
        self.plain = self.plain.then(frame.plain);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// The frames as one, and nothing left behind.
    pub(super) fn finish(&mut self) -> Frame {
        let ends = (self.ends.len() > 1).then(|| self.ends.as_slice().into());
        let (bytes, published) = (self.bytes.as_slice().into(), self.published);
        let frame = Frame { bytes, plain: self.plain, ends, published };
        self.bytes.clear();
        self.ends.clear();
        self.plain = Checksum::default();
        frame
    }
}
