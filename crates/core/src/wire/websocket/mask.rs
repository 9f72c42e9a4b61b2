//! Masks of client frames.

/// Takes the mask off `data`, whose first byte is byte `offset` of the payload.
pub(super) fn unmask(data: &mut [u8], mask: [u8; 4], offset: usize) {
    let mut mask = mask;
    mask.rotate_left(offset % 4);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = data.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    tail.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_offset_and_length(data: Vec<u8>, mask: [u8; 4], offset in 0..100_usize) {
            let plain: Vec<u8> = data
                .iter()
                .enumerate()
                .map(|(at, byte)| byte ^ mask[(offset + at) % 4])
                .collect();
            let mut data = data;
            unmask(&mut data, mask, offset);
            prop_assert_eq!(data, plain);
        }
    }
}
