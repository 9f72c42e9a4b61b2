//! `docs/directives.md` is what the directive table says.

use crate::{reference, relay_reference};

/// `UPDATE=1 cargo test -p outpour-config reference` writes the page anew.
#[test]
fn the_page_about_directives_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/directives.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(page == reference(), "docs/directives.md is out of date: run with UPDATE=1");
}

#[test]
fn the_page_about_relay_directives_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/push-directives.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, relay_reference()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(page == relay_reference(), "docs/push-directives.md is out of date: run with UPDATE=1");
}

#[test]
fn every_chapter_has_directives() {
    assert!(!reference().contains("**:\n\n"), "a chapter begins with no directive of the table");
}
