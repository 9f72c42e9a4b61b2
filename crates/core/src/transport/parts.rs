//! Output that keeps its seams.

use smallvec::SmallVec;

/// Bytes cut into the pieces that are sent as one chunk each.
///
/// There are no empty parts: an empty chunk would end the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    bytes: Vec<u8>,
    ends: SmallVec<[usize; 4]>,
}

impl Parts {
    /// Adds a part; nothing if it is empty.
    pub fn push(&mut self, part: &[u8]) {
        self.write(|out| out.extend_from_slice(part));
    }

    /// Adds what `fill` appends as one part, and returns its length in bytes. `fill` only appends.
    pub fn write(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.bytes.len();
        fill(&mut self.bytes);
        let len = self.bytes.len() - start;
        if len > 0 {
            self.ends.push(self.bytes.len());
        }
        len
    }

    /// The parts in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied()).map(|(start, end)| &self.bytes[start..end])
    }

    /// Each part in a buffer of its own, as [`Body::Parts`](crate::answer::Body::Parts) wants them.
    #[must_use]
    pub fn into_vecs(self) -> Vec<Vec<u8>> {
        self.iter().map(<[u8]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pushed: &[&[u8]], expected: &[&[u8]]) {
        let mut parts = Parts::default();
        for part in pushed {
            parts.push(part);
        }
        assert_eq!(parts.iter().collect::<Vec<_>>(), expected);
        assert_eq!(parts.into_vecs(), expected);
    }

    #[test]
    fn parts_keep_their_seams() {
        check(&[], &[]);
        check(&[b""], &[]);
        check(&[b"a", b"", b"bc"], &[b"a", b"bc"]);
    }
}
