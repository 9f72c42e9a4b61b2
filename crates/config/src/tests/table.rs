//! The table of directives holds together.

use std::collections::HashSet;

use crate::directives::{DIFFERENCES, families, find, foreign_lists, inner_rows, rows};
use crate::reference;

/// Every text by which directives are tested, the built-in file among them.
const TESTS: [&str; 13] = [
    include_str!("access.rs"),
    include_str!("messages.rs"),
    include_str!("settings.rs"),
    include_str!("files.rs"),
    include_str!("static_files.rs"),
    include_str!("proxy.rs"),
    include_str!("real_ip.rs"),
    include_str!("relay.rs"),
    include_str!("http2.rs"),
    include_str!("example.conf"),
    include_str!("how_to.conf"),
    include_str!("old_syntax.conf"),
    include_str!("../builtin.conf"),
];

#[test]
fn rows_are_complete() {
    let mut known = HashSet::new();
    for row in rows() {
        assert!(known.insert(row.name), "{} has two rows", row.name);
    }
    for row in rows().chain(inner_rows()) {
        assert!(row.doc.ends_with('.') && row.doc.len() > 10, "{} has no sentence", row.name);
        assert!(!row.default.is_empty() && !row.contexts.names().is_empty(), "{}", row.name);
        assert!(row.args.max == 0 || !row.args.shape.is_empty(), "{}", row.name);
    }
    let (inert, refused) = foreign_lists();
    for name in inert.iter().chain(&refused) {
        assert!(known.insert(name), "{name} has two rows");
        assert!(matches!(find(name.as_bytes()), Some(Err(_))), "{name}");
    }
}

#[test]
fn every_family_has_a_reason() {
    let (inert, refused) = families();
    for family in inert.iter().chain(refused) {
        assert!(family.why.len() > 10 && !family.why.ends_with('.'), "{}", family.names);
        assert!(!family.instead.ends_with('.'), "{}", family.names);
    }
    assert!(refused.iter().all(|family| !family.instead.is_empty()));
}

#[test]
fn differences_are_listed_deviations() {
    let list = include_str!("../../../../conformance/deviations.toml");
    for entry in DIFFERENCES {
        let id = format!("id = \"{}\"\n", entry.deviation);
        assert!(list.contains(&id), "{}", entry.deviation);
        assert!(matches!(find(entry.directive.as_bytes()), Some(Ok(_))), "{}", entry.directive);
    }
}

#[test]
fn every_row_is_tested() {
    let words = |text: &'static str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect::<HashSet<_>>()
    };
    let tested: HashSet<&str> = TESTS.into_iter().flat_map(words).collect();
    let missing: Vec<&str> = rows()
        .chain(inner_rows())
        .map(|row| row.name)
        .filter(|name| !tested.contains(name))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn reference_names_every_row() {
    let text = reference();
    for row in rows() {
        assert!(text.contains(&format!("\n### {}\n", row.name)), "{}", row.name);
    }
}
