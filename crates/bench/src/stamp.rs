//! The stamp at the start of every message: when it was sent, and which one it is.
//!
//! A mark that stands nowhere else, then five numbers of eight letters each, so that a stamp is
//! found and read by scanning, however the server frames, chunks or joins messages.

use memchr::memchr;

/// The first byte of a stamp; it stands in no head, frame or date.
const MARK: u8 = b'^';

/// Bytes of a stamp, and with that of the smallest message.
pub(crate) const STAMP_BYTES: usize = 1 + 5 * LETTERS;

/// Letters of a 32-bit number, four bits each.
const LETTERS: usize = 8;

/// The letter of zero; those of 1 to 15 follow it. All are text in JSON, HTML and UTF-8.
const ZERO: u8 = b'`';

/// What a message tells about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Nanoseconds of the generator's clock when it was sent.
    pub sent: u64,
    /// Its number among the messages of the same channel and origin, from 0.
    pub sequence: u32,
    /// The index of its channel.
    pub channel: u32,
    /// Which of the channel's publishers sent it.
    pub origin: u32,
}

impl Stamp {
    /// Writes the stamp over the first [`STAMP_BYTES`] of `text`; a shorter text is left alone.
    pub(crate) fn write(self, text: &mut [u8]) {
        let Some((mark, letters)) = text.split_first_mut() else { return };
        let words = [
            u32::try_from(self.sent >> 32).unwrap_or(u32::MAX),
            u32::try_from(self.sent & u64::from(u32::MAX)).unwrap_or(u32::MAX),
            self.sequence,
            self.channel,
            self.origin,
        ];
        if letters.len() < words.len() * LETTERS {
            return;
        }
        *mark = MARK;
        for (word, letters) in words.into_iter().zip(letters.chunks_exact_mut(LETTERS)) {
            letters.copy_from_slice(&encode(word));
        }
    }

    /// Reads a stamp at the start of `bytes`; `None` if they are no stamp or too few.
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let letters: &[u8; STAMP_BYTES] = bytes.first_chunk()?;
        if letters.first() != Some(&MARK) {
            return None;
        }
        let word = |index: usize| decode(*letters.get(1 + index * LETTERS..)?.first_chunk()?);
        Some(Self {
            sent: u64::from(word(0)?) << 32 | u64::from(word(1)?),
            sequence: word(2)?,
            channel: word(3)?,
            origin: word(4)?,
        })
    }
}

/// The letters of a number, the highest four bits first.
fn encode(number: u32) -> [u8; LETTERS] {
    let mut letters = [ZERO; LETTERS];
    for (index, letter) in letters.iter_mut().rev().enumerate() {
        let nibble = number >> (4 * index) & 15;
        *letter += u8::try_from(nibble).unwrap_or(0);
    }
    letters
}

/// The number of eight letters, all at once; `None` if one of them is none.
#[inline]
fn decode(letters: [u8; LETTERS]) -> Option<u32> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let word = u64::from_be_bytes(letters);
    if word & HIGH != u64::from_ne_bytes([ZERO; LETTERS]) {
        return None;
    }
    let nibbles = word & !HIGH;
    let bytes = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let halves = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    u32::try_from((halves | halves >> 16) & u64::from(u32::MAX)).ok()
}

/// What a scan of some bytes came upon last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing is cut off.
    None,
    /// A stamp begins here, and its end is not there yet.
    At(usize),
}

/// Calls `found` with each stamp in `bytes`, in their order.
///
/// Garbled stamps are passed over: their message counts as lost. Between stamps at least
/// `text_bytes` belong to the message and are not looked at.
#[inline]
pub(crate) fn scan(bytes: &[u8], text_bytes: usize, mut found: impl FnMut(Stamp)) -> Rest {
    let mut from = 0;
    while let Some(rest) = bytes.get(from..)
        && let Some(mark) = memchr(MARK, rest)
    {
        let at = from + mark;
        let candidate = bytes.get(at..).unwrap_or_default();
        if candidate.len() < STAMP_BYTES {
            return Rest::At(at);
        }
        from = match Stamp::read(candidate) {
            Some(stamp) => {
                found(stamp);
                at + text_bytes.max(STAMP_BYTES)
            }
            None => at + 1,
        };
    }
    Rest::None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(stamp: Stamp, length: usize) -> Vec<u8> {
        let mut text = vec![b'x'; length];
        stamp.write(&mut text);
        text
    }

    fn stamp(sequence: u32) -> Stamp {
        Stamp { sent: 1 << 40 | 5, sequence, channel: 7, origin: 3 }
    }

    /// Scans and compares the sequences found, and where a cut stamp begins.
    fn check(bytes: &[u8], sequences: &[u32], rest: Rest) {
        let mut found = Vec::new();
        let scanned = scan(bytes, 50, |stamp| found.push(stamp.sequence));
        assert_eq!((found.as_slice(), scanned), (sequences, rest), "{}", bytes.escape_ascii());
    }

    #[test]
    fn scans() {
        let (one, two) = (text(stamp(1), 50), text(stamp(2), 50));
        check(b"", &[], Rest::None);
        check(&one, &[1], Rest::None);
        check(&[one.clone(), two.clone()].concat(), &[1, 2], Rest::None);
        let framed = [b"HTTP/1.1 200 OK\r\n\r\n32\r\n", &*one, b"\r\n32\r\n", &two[..20]].concat();
        check(&framed, &[1], Rest::At(framed.len() - 20));
        check(&[b"^^^", &*one].concat(), &[1], Rest::None);
        check(&[b'^'; 45], &[], Rest::At(5));
        let mut garbled = one;
        garbled[9] = b'z';
        check(&garbled, &[], Rest::None);
    }

    #[test]
    fn a_short_text_stays() {
        assert_eq!(text(stamp(1), STAMP_BYTES - 1), [b'x'; STAMP_BYTES - 1]);
        assert!(text(stamp(1), 0).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(sent: u64, sequence: u32, channel: u32, origin: u32) {
            let stamp = Stamp { sent, sequence, channel, origin };
            prop_assert_eq!(Stamp::read(&text(stamp, 60)), Some(stamp));
        }

        #[test]
        fn anything_is_scanned(bytes: Vec<u8>) {
            scan(&bytes, 50, |_| {});
        }
    }
}
