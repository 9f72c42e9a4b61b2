//! Password files and what they say: no text panics, and a name finds nothing that holds a colon.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::access::{Cost, Credentials, Users, cost, verify};

fuzz_target!(|data: &[u8]| {
    let _ = Credentials::parse(data);
    let users = Users::parse(data);
    for line in data.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let user = line.split(|byte| *byte == b':').next().unwrap_or_default();
        if let Some(hash) = users.hash(user) {
            assert!(!hash.contains(&b':'));
            if cost(hash) == Cost::Small || hash.starts_with(b"$apr1$") {
                let _ = verify(hash, b"secret");
            }
        }
    }
});
