//! CRC-32 sums that join without the bytes.

/// The reflected polynomial of gzip's CRC-32.
const POLYNOMIAL: u32 = 0xedb8_8320;
/// The polynomial 1.
const ONE: u32 = 1 << 31;
/// The polynomial x^8: one byte further.
const BYTE: u32 = 1 << 23;

/// CRC-32 and length of some bytes, in a form that joins with another by one multiplication.
///
/// Shared frames carry it, so that each subscriber of a compressed stream pays a few dozen
/// nanoseconds per frame for the sum at its stream's end, whatever the frame's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum {
    crc: u32,
    /// Modulo 2^32, as gzip counts.
    len: u32,
    /// x^(8 * len) modulo the polynomial: moves a sum past these bytes.
    shift: u32,
}

/// What the end of a gzip member says: all that a subscriber's compressed stream has to remember.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GzipTail {
    crc: u32,
    len: u32,
}

impl Default for Checksum {
    fn default() -> Self {
        Self { crc: 0, len: 0, shift: ONE }
    }
}

impl Checksum {
    /// The sum over `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "gzip counts modulo 2^32")]
        let len = bytes.len() as u32;
        Self { crc: crc32fast::hash(bytes), len, shift: power(BYTE, bytes.len()) }
    }

    /// The sum over these bytes followed by those of `next`.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self {
            crc: shifted(self.crc, next.shift) ^ next.crc,
            len: self.len.wrapping_add(next.len),
            shift: shifted(self.shift, next.shift),
        }
    }
}

impl GzipTail {
    /// Counts in what was sent next.
    pub fn add(&mut self, sent: Checksum) {
        self.crc = shifted(self.crc, sent.shift) ^ sent.crc;
        self.len = self.len.wrapping_add(sent.len);
    }

    /// CRC-32 and length, each with its lowest byte first.
    pub(super) fn trailer(self) -> [u8; 8] {
        (u64::from(self.len) << 32 | u64::from(self.crc)).to_le_bytes()
    }
}

/// A sum moved past bytes. Past none, which is every frame that is not compressed, that is free.
fn shifted(sum: u32, shift: u32) -> u32 {
    if shift == ONE { sum } else { multiply(shift, sum) }
}

/// The product of two polynomials modulo [`POLYNOMIAL`], bits reflected.
fn multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    for bit in (0..32).rev() {
        if a >> bit & 1 == 1 {
            product ^= b;
        }
        b = if b & 1 == 1 { b >> 1 ^ POLYNOMIAL } else { b >> 1 };
    }
    product
}

fn power(mut base: u32, mut exponent: usize) -> u32 {
    let mut product = ONE;
    while exponent > 0 {
        if exponent & 1 == 1 {
            product = multiply(base, product);
        }
        base = multiply(base, base);
        exponent >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_join_as_bytes_do(pieces: Vec<Vec<u8>>) {
            let whole = Checksum::of(&pieces.concat());
            let sums = pieces.iter().map(|piece| Checksum::of(piece));
            prop_assert_eq!(sums.clone().fold(Checksum::default(), Checksum::then), whole);
            let mut tail = GzipTail::default();
            sums.for_each(|sum| tail.add(sum));
            prop_assert_eq!(tail, GzipTail { crc: whole.crc, len: whole.len });
        }
    }

    #[test]
    fn an_empty_sum_changes_nothing() {
        let sum = Checksum::of(b"text");
        assert_eq!(sum.then(Checksum::default()), sum);
        assert_eq!(Checksum::default().then(sum), sum);
        assert_eq!(Checksum::of(b""), Checksum::default());
    }

    #[test]
    fn trailers_are_little_endian() {
        let mut tail = GzipTail::default();
        tail.add(Checksum::of(b"123456789"));
        assert_eq!(tail.trailer(), [0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0]);
    }
}
