//! Tokens and key sets: no bytes panic, and none is accepted without a key that signed it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::access::jwt::{Keys, Token};

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (keys, token) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(keys) = Keys::parse(keys) else { return };
    assert!(Token::verify(token, &[]).is_err());
    if let Ok(token) = Token::verify(token, &[&keys]) {
        let _ = token.check_time(0, 0);
        let _ = token.allows("a", b"b");
    }
});
