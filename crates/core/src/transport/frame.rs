//! Bytes that many sockets get.

use crate::transport::gzip::Checksum;

/// Bytes ready for the sockets of all subscribers of a format.
///
/// Grows by appending: an opening and some messages may stand in one frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// What is written.
    pub bytes: Vec<u8>,
    /// Sum over what was compressed into the bytes; empty for formats without gzip.
    pub plain: Checksum,
}

impl Frame {
    /// The same bytes followed by those of `next`.
    pub fn append(&mut self, next: &Self) {
        self.bytes.extend_from_slice(&next.bytes);
        self.plain = self.plain.then(next.plain);
    }
}
