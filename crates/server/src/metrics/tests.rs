use super::exposition::Exposition;
use super::reference;
use super::table::{FAMILIES, Kind};

/// `UPDATE=1 cargo test -p outpour-server metrics` writes the page anew.
#[test]
fn the_page_about_metrics_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(page == reference(), "docs/metrics.md is out of date: run with UPDATE=1");
}

#[test]
fn names_follow_the_conventions() {
    let mut names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
    for family in FAMILIES {
        let name = family.name;
        assert!(name.starts_with("outpour_") || name.starts_with("process_"), "{name}");
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        assert!(name.bytes().all(plain), "{name}");
        assert!(!name.ends_with("_total") && !name.ends_with("_info"), "{name}");
        if let Some(unit) = family.unit {
            assert!(name.ends_with(&format!("_{unit}")), "{name}");
        }
        assert!(family.kind != Kind::Histogram || family.unit == Some("seconds"), "{name}");
        assert!(family.help.ends_with('.') && !family.help.contains(['\\', '\n']), "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FAMILIES.len());
}

#[test]
fn the_client_chooses_the_format() {
    let check = |accept: Option<&str>, expected| {
        assert_eq!(Exposition::from_accept(accept.map(str::as_bytes)), expected, "{accept:?}");
    };
    check(None, Exposition::Plain);
    check(Some("*/*"), Exposition::Plain);
    check(Some("text/plain;version=0.0.4"), Exposition::Plain);
    check(Some("application/openmetrics-text; version=1.0.0"), Exposition::OpenMetrics);
    check(
        Some(
            "application/openmetrics-text;version=1.0.0;q=0.6,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        ),
        Exposition::OpenMetrics,
    );
    check(Some("application/openmetrics-text;q=0.1, text/plain;q=0.9"), Exposition::Plain);
    check(Some("application/openmetrics-text;q=0"), Exposition::Plain);
    check(Some("application/openmetrics-text;q=x"), Exposition::Plain);
}
