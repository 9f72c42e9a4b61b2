//! What pages must not do: reach out, or run what their policy does not know.

use super::*;

fn check(page: &Page) {
    for place in ["version", "icon", "logo", "style", "script", "mode"] {
        assert!(!page.text.contains(&format!("{{{{{place}}}}}")), "{place} was not filled in");
    }
    for (tag, directive) in [("script", "script-src"), ("style", "style-src")] {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        assert_eq!(page.text.matches(&format!("<{tag}")).count(), 1, "one {tag}");
        assert_eq!(page.text.matches(&close).count(), 1, "{tag} ends where it is meant to");
        let inline = page.text.split_once(&open).and_then(|(_, rest)| rest.split_once(&close));
        let (inline, _) = inline.unwrap();
        assert!(page.policy.contains(&format!("{directive} {}", hash(inline))), "{}", page.policy);
    }
    for outside in ["src=\"http", "href=\"http", "@import", " style=\"", " onclick="] {
        assert!(!page.text.contains(outside), "{outside}");
    }
    let style = page.text.split("</style>").next().unwrap();
    assert!(!style.contains("url("), "a style that loads something");
}

#[test]
fn pages_stand_for_themselves() {
    check(&PLAYGROUND);
    check(dashboard(DashboardMode::ReadOnly));
    check(dashboard(DashboardMode::Admin));
}

#[test]
fn hashes_are_those_of_browsers() {
    assert_eq!(hash("alert('hi')"), "'sha256-XTqNqFSUlZHAW7f/OGNYSOEzxKhjdAAGMXoid2VEbJk='");
}
