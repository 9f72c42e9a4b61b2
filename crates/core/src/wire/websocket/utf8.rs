//! UTF-8 checked as it arrives.

use simdutf8::compat::from_utf8;

/// A check of a text that comes in parts, which may end within a character.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character whose rest has not come.
    begun: [u8; 4],
    len: usize,
}

impl Utf8 {
    /// Checks the next part; `false` as soon as a byte cannot belong to any character.
    pub(super) fn feed(&mut self, mut part: &[u8]) -> bool {
        while let (1.., Some((&byte, rest))) = (self.len, part.split_first()) {
            if !self.push(byte) {
                return false;
            }
            part = rest;
        }
        match from_utf8(part) {
            Ok(_) => true,
            Err(error) if error.error_len().is_some() => false,
            Err(error) => part[error.valid_up_to()..].iter().all(|byte| self.push(*byte)),
        }
    }

    /// Whether the text does not end within a character.
    pub(super) fn is_whole(&self) -> bool {
        self.len == 0
    }

    /// The next byte of the character that has begun, or the first of a new one.
    fn push(&mut self, byte: u8) -> bool {
        // No fifth byte comes here: four bytes are a character or an error.
        self.begun[self.len & 3] = byte;
        self.len += 1;
        match std::str::from_utf8(&self.begun[..self.len.min(4)]) {
            Ok(_) => self.len = 0,
            Err(error) if error.error_len().is_some() => return false,
            Err(_) => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds the parts; the index of the part that was refused, or whether the text is whole.
    fn check(parts: &[&[u8]], expected: Result<bool, usize>) {
        let mut utf8 = Utf8::default();
        let refused = parts.iter().position(|part| !utf8.feed(part));
        assert_eq!(refused.map_or(Ok(utf8.is_whole()), Err), expected, "{parts:x?}");
    }

    #[test]
    fn characters_may_be_cut() {
        check(&[], Ok(true));
        check(&[b"abc", b"", b"d"], Ok(true));
        check(&[b"\xe2", b"\x82", b"\xac"], Ok(true));
        check(&[b"\xf0\x9f", b"", b"\x98\x80"], Ok(true));
        check(&[b"a\xc3", b"\xa9b\xc3", b"\xa9"], Ok(true));
        check(&[b"\xe2\x82"], Ok(false));
        check(&[b"\xf4\x8f\xbf", b"\xbf"], Ok(true));
    }

    #[test]
    fn the_first_impossible_byte_is_refused() {
        check(&[b"a", b"\x80"], Err(1));
        check(&[b"\xc0"], Err(0));
        check(&[b"\xc3", b"a"], Err(1));
        check(&[b"\xe0", b"\x80"], Err(1));
        check(&[b"\xed", b"\xa0"], Err(1));
        check(&[b"\xf4", b"\x90"], Err(1));
        check(&[b"\xf5"], Err(0));
        check(&[b"\xe2\x82", b"\xc3"], Err(1));
        check(&[b"\xff"], Err(0));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(text: String, noise: Vec<u8>, cut in 1..9_usize) {
            for bytes in [text.as_bytes(), &noise, &[text.as_bytes(), &noise].concat()] {
                let mut utf8 = Utf8::default();
                let good = bytes.chunks(cut).all(|part| utf8.feed(part)) && utf8.is_whole();
                prop_assert_eq!(good, std::str::from_utf8(bytes).is_ok());
            }
        }
    }
}
