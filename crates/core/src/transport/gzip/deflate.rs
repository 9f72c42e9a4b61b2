//! Raw deflate in pieces that can be read as soon as they arrive.

use flate2::{Compress, Compression, FlushCompress};

/// A compressor for the parts of one frame or one answer.
///
/// What it makes refers to nothing before its own first part, so that it may follow anything.
pub(super) struct Deflater(Compress);

/// The empty block that ends a deflate stream.
pub(super) const FINAL_BLOCK: [u8; 2] = [0x03, 0x00];

impl Deflater {
    /// `level` is 1 to 9; others are taken as the nearest of these.
    pub(super) fn new(level: u32) -> Self {
        Self(Compress::new(Compression::new(level.clamp(1, 9)), false))
    }

    /// Appends `part` compressed, up to a byte boundary.
    pub(super) fn append(&mut self, part: &[u8], out: &mut Vec<u8>) {
        let mut rest = part;
        loop {
            out.reserve(rest.len() / 2 + 64);
            let before = self.0.total_in();
            self.0
                .compress_vec(rest, out, FlushCompress::Sync)
                .expect("raw deflate without a dictionary takes any bytes");
            let taken = usize::try_from(self.0.total_in() - before).unwrap_or(rest.len());
            rest = &rest[taken.min(rest.len())..];
            // Room left over means that nothing is held back.
            if rest.is_empty() && out.len() < out.capacity() {
                return;
            }
        }
    }
}
