//! Configurations: any text is read without panic, settings are there if nothing forbids them,
//! and every diagnostic can be told and stands in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_config::load_text;

fuzz_target!(|text: &[u8]| {
    // `include` opens files: what is on this machine is no part of the input.
    if text.windows(7).any(|word| word == b"include") {
        return;
    }
    let loaded = load_text(text);
    let fatal = loaded.diagnostics.iter().any(|diagnostic| diagnostic.fatal);
    assert_eq!(loaded.failed(), fatal);
    for diagnostic in &loaded.diagnostics {
        assert!(diagnostic.one_line().starts_with("nginx: ["));
        assert!(!diagnostic.render(false).is_empty());
        if let Some(place) = &diagnostic.place {
            assert!(place.line >= 1 && place.column >= 1);
            assert!(place.span.start <= place.span.end && place.span.end <= text.len());
        }
    }
});
