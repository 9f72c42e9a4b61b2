//! Percent-decoding: never longer than the text, nothing changes without `%`, and the text with
//! every byte encoded comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::wire::percent::decode;

fuzz_target!(|text: &[u8]| {
    let decoded = decode(text);
    assert!(decoded.len() <= text.len());
    assert!(text.contains(&b'%') || decoded == text);
    let encoded: String = text.iter().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(decode(encoded.as_bytes()), text);
});
