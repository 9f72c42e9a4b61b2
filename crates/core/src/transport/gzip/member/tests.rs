use std::io::Read as _;

use flate2::read::GzDecoder;
use flate2::{Decompress, FlushDecompress};
use proptest::prelude::*;

use super::*;

fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = GzDecoder::new(bytes);
    let mut out = Vec::new();
    decoder.read_to_end(&mut out).unwrap();
    out
}

fn check(input: &[&[u8]], level: u32) {
    let pieces = parts(input, level);
    assert_eq!(decode(&pieces.concat()), input.concat());
    let mut inflater = Decompress::new(false);
    let mut seen = Vec::with_capacity(input.concat().len() + 64);
    let mut expected = Vec::new();
    let filled = input.iter().filter(|part| !part.is_empty());
    for (index, (part, piece)) in filled.zip(&pieces).enumerate() {
        let deflated = if index == 0 { &piece[HEAD.len()..] } else { piece };
        inflater.decompress_vec(deflated, &mut seen, FlushDecompress::Sync).unwrap();
        expected.extend_from_slice(part);
        assert_eq!(seen, expected, "readable when its piece has arrived");
    }
}

#[test]
fn parts_are_readable_one_by_one() {
    check(&[], 1);
    check(&[b""], 1);
    check(&[b"one"], 1);
    check(&[b"one", b"", b"two", b"one"], 6);
    check(&[&[b'x'; 300_000], &[b'y'; 70_000]], 9);
}

#[test]
fn bodies_are_whole_members() {
    for text in [&b""[..], b"hello", &[b'z'; 100_000]] {
        assert_eq!(decode(&body(text, 1)), text);
    }
    assert!(body(&[b'z'; 100_000], 1).len() < 1_000);
}

#[test]
fn answers_say_that_they_are_compressed() {
    let mut zipped = Answer::new(200).body(&b"text/html"[..], &b"hello"[..]);
    answer(&mut zipped, 1);
    assert_eq!(zipped.header("Content-Encoding"), Some(&b"gzip"[..]));
    let Body::Bytes(bytes) = zipped.body else { panic!("the body stays in one piece") };
    assert_eq!(decode(&bytes), b"hello");
    let mut empty = Answer::new(304);
    answer(&mut empty, 1);
    assert_eq!(empty, Answer::new(304));
}

/// Two bytes drawn evenly do not compress: room for the output has to grow.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..600),
        (any::<u8>(), 0usize..40_000).prop_map(|(byte, len)| vec![byte; len]),
        any::<u64>().prop_map(|seed| noise(seed, 20_000)),
    ]
}

fn noise(mut state: u64, len: usize) -> Vec<u8> {
    let step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(step).take(len).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_row_of_frames_is_one_member(
        frames in proptest::collection::vec(texts(), 1..5),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
        level in 1u32..10,
    ) {
        let shared: Vec<(Vec<u8>, Checksum)> = frames
            .iter()
            .map(|text| {
                let mut bytes = Vec::new();
                let sum = frame(level, std::iter::once(&text[..]), |b| bytes.extend_from_slice(b));
                (bytes, sum)
            })
            .collect();
        let mut stream = HEAD.to_vec();
        let mut tail = GzipTail::default();
        let mut expected = Vec::new();
        for index in order {
            let (bytes, sum) = index.get(&shared);
            stream.extend_from_slice(bytes);
            tail.add(*sum);
            expected.extend_from_slice(index.get::<Vec<u8>>(&frames));
        }
        stream.extend_from_slice(&end(tail));
        prop_assert_eq!(decode(&stream), expected);
    }
}
