//! Whole configurations: what is said about them, and what they come down to.

mod access;
mod audit;
mod files;
mod http2;
mod messages;
mod properties;
mod proxy;
mod real_ip;
mod reference;
mod relay;
mod settings;
mod static_files;
mod table;

use crate::{BUILTIN, Loaded, load_text};

/// The one-line forms of everything said about a text.
fn lines(text: &str) -> Vec<String> {
    load_text(text.as_bytes()).diagnostics.iter().map(crate::Diagnostic::one_line).collect()
}

/// Loads a text that must be without errors.
fn loaded(text: &str) -> Loaded {
    let loaded = load_text(text.as_bytes());
    assert!(loaded.settings.is_some(), "{:#?}", lines(text));
    loaded
}

#[test]
fn built_in_configuration_is_clean() {
    assert_eq!(lines(BUILTIN), Vec::<String>::new());
    assert!(load_text(BUILTIN.as_bytes()).settings.is_some());
}
