//! Heads: no prefix of a request is one, nothing accepted was refused before, ranges stand in the
//! head, an accepted head without the bytes behind it is the same request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::request::Request;
use outpour_core::settings::ServerSettings;
use outpour_core::wire::http1::{Parsed, parse_head};

fn parse(bytes: &[u8], limits: &ServerSettings) -> Result<Option<(Request, usize)>, u16> {
    match parse_head(bytes, limits) {
        Ok(Parsed::Partial) => Ok(None),
        Ok(Parsed::Complete { request, consumed }) => Ok(Some((request, consumed))),
        Err(rejection) => Err(rejection.status),
    }
}

fn check_request(request: &Request) {
    assert!(request.path.first() == Some(&b'/') || request.path == b"*");
    assert!(!request.path.contains(&0));
    assert!(!request.path.split(|b| *b == b'/').any(|segment| segment == b".."));
    assert!(!request.method_text().is_empty());
    assert!(!request.target().contains(&b' '));
    assert!(!request.args().contains(&b'#'));
    for (name, value) in &request.headers {
        assert!(!request.bytes[name.clone()].is_empty());
        assert!(!request.bytes[value.clone()].iter().any(|b| matches!(b, b'\r' | b'\n' | 0)));
    }
    let count = |name: &[u8]| {
        let names = request.headers.iter().map(|(n, _)| &request.bytes[n.clone()]);
        names.filter(|n| n.eq_ignore_ascii_case(name)).count()
    };
    assert!(count(b"host") <= 1);
    assert!(count(b"content-length") + count(b"transfer-encoding") <= 1);
}

fuzz_target!(|input: &[u8]| {
    let Some((flags, bytes)) = input.split_first() else { return };
    let limits = ServerSettings {
        client_header_buffer_size: 64,
        large_client_header_buffers: (2, 256),
        ignore_invalid_headers: flags & 1 == 0,
        underscores_in_headers: flags & 2 != 0,
        merge_slashes: flags & 4 == 0,
        ..ServerSettings::default()
    };
    let whole = parse(bytes, &limits);
    let end = match &whole {
        Ok(Some((_, consumed))) => *consumed,
        Ok(None) | Err(_) => bytes.len(),
    };
    for len in 0..end {
        let part = parse(&bytes[..len], &limits);
        assert!(!matches!(part, Ok(Some(_))), "complete at {len}");
        assert!(part.is_ok() || whole.is_err(), "refused at {len}");
    }
    if let Ok(Some((request, consumed))) = whole {
        check_request(&request);
        let (again, all) = parse(&bytes[..consumed], &limits).unwrap().unwrap();
        assert_eq!((all, again.headers, again.path), (consumed, request.headers, request.path));
    }
});
