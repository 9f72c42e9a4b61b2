//! A gzip member: a whole body, or a row of frames between a head and an end.

use crate::answer::{Answer, Body};
use crate::transport::gzip::deflate::{Deflater, FINAL_BLOCK};
use crate::transport::gzip::{Checksum, GzipTail};

/// Deflate, no name, no time, made on Unix, as nginx writes it.
pub(in crate::transport) const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

/// Compresses `parts` one by one and hands each to `emit`, then returns the sum over all.
pub(in crate::transport) fn frame<'a>(
    level: u32,
    parts: impl Iterator<Item = &'a [u8]>,
    mut emit: impl FnMut(&[u8]),
) -> Checksum {
    let mut deflater = None;
    let mut sum = Checksum::default();
    let mut buffer = Vec::new();
    for part in parts {
        buffer.clear();
        deflater.get_or_insert_with(|| Deflater::new(level)).append(part, &mut buffer);
        sum = sum.then(Checksum::of(part));
        emit(&buffer);
    }
    sum
}

/// The bytes that end a member: the last block, CRC-32 and length.
pub(in crate::transport) fn end(tail: GzipTail) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..2].copy_from_slice(&FINAL_BLOCK);
    bytes[2..].copy_from_slice(&tail.trailer());
    bytes
}

/// `bytes` as one gzip member. `level` is 1 to 9.
#[must_use]
pub fn body(bytes: &[u8], level: u32) -> Vec<u8> {
    parts(&[bytes], level).concat()
}

/// `parts` as one gzip member, cut so that each part can be read when its piece arrives. The end
/// of the member stands in the last piece.
#[must_use]
pub fn parts(parts: &[impl AsRef<[u8]>], level: u32) -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = Vec::with_capacity(parts.len().max(1));
    let texts = parts.iter().map(AsRef::as_ref).filter(|part| !part.is_empty());
    let sum = frame(level, texts, |piece| pieces.push(piece.to_vec()));
    if pieces.is_empty() {
        pieces.push(Vec::new());
    }
    if let Some(first) = pieces.first_mut() {
        first.splice(..0, HEAD);
    }
    let mut tail = GzipTail::default();
    tail.add(sum);
    if let Some(last) = pieces.last_mut() {
        last.extend_from_slice(&end(tail));
    }
    pieces
}

/// Compresses the answer's body; leaves the answer alone if there is nothing to compress or the
/// body follows later.
pub fn answer(answer: &mut Answer, level: u32) {
    answer.body = match &answer.body {
        Body::Bytes(bytes) => Body::Bytes(body(bytes, level).into()),
        Body::Parts(list) => Body::Parts(parts(list, level)),
        Body::Empty | Body::Announced(_) | Body::Stream | Body::Upgrade => return,
    };
    answer.add("Content-Encoding", &b"gzip"[..]);
}

#[cfg(test)]
mod tests;
