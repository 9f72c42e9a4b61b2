//! Answers of upstreams: no prefix of a head is one, nothing accepted was refused before, ranges
//! stand in the head, and a body reads the same however it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::wire::http1::response::{
    Expected, ParsedResponse, Response, ResponseReader, parse_response,
};

fn check_response(response: &Response) {
    assert!(response.status == 101 || response.status >= 200);
    for (name, value) in response.headers() {
        assert!(!name.is_empty());
        assert!(!name.iter().chain(value).any(|b| matches!(b, b'\r' | b'\n' | 0)));
    }
    let count = |name: &[u8]| {
        response.headers().filter(|(n, _)| n.eq_ignore_ascii_case(name)).count()
    };
    assert!(count(b"content-length") + count(b"transfer-encoding") <= 1);
}

fn read(mut reader: ResponseReader, bytes: &[u8], step: usize) -> Option<(Vec<u8>, usize)> {
    let (mut data, mut at) = (Vec::new(), 0);
    for part in bytes.chunks(step) {
        let mut used = 0;
        while used < part.len() && !reader.is_done() {
            let (taken, piece) = reader.piece(&part[used..]).ok()?;
            assert!(taken > 0);
            used += taken;
            data.extend_from_slice(piece);
        }
        at += used;
    }
    Some((data, at))
}

fuzz_target!(|input: &[u8]| {
    let Some((flags, bytes)) = input.split_first() else { return };
    let expected =
        Expected { head_max: 512, head_only: flags & 1 != 0, upgrade: flags & 2 != 0 };
    let whole = parse_response(bytes, expected);
    let end = match &whole {
        Ok(ParsedResponse::Complete { consumed, .. } | ParsedResponse::Interim(consumed)) => {
            *consumed
        }
        Ok(ParsedResponse::Partial) | Err(_) => bytes.len(),
    };
    for len in 0..end {
        match parse_response(&bytes[..len], expected) {
            Ok(ParsedResponse::Partial) => {}
            Ok(_) => panic!("complete at {len}"),
            Err(_) => assert!(whole.is_err(), "refused at {len}"),
        }
    }
    if let Ok(ParsedResponse::Complete { response, consumed }) = whole {
        check_response(&response);
        let reader = ResponseReader::new(response.body);
        let step = usize::from(flags >> 2) + 1;
        let body = &bytes[consumed..];
        assert_eq!(read(reader.clone(), body, step), read(reader, body, usize::MAX));
    }
});
