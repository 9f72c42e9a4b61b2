//! Dates: any text is safe to read, and what was read is written as a date that reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::wire::http_date::{format, parse};

fuzz_target!(|text: &[u8]| {
    if let Some(unix) = parse(text) {
        assert_eq!(parse(&format(unix)), Some(unix));
    }
});
