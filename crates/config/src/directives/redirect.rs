//! Redirections inside the server and out of it: `try_files`, `error_page`, `internal`.

use outpour_core::settings::{Candidate, ErrorPage, Fallback, PageStatus, TryFiles};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::source::Span;
use crate::syntax::{Node, Word};
use crate::values;

use super::table::{Args, Contexts, Directive, row};

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "try_files",
        Contexts(Contexts::SERVER.0 | Contexts::LOCATION.0),
        Args::new(2, usize::MAX, "file ... path | @name | =code"),
        "none",
        "Serves the first file (with slash: directory) that exists, else what the last argument says.",
        try_files,
    ),
    row(
        "error_page",
        Contexts::HSLI,
        Args::new(2, usize::MAX, "code ... [= | =code] path | @name | URL"),
        "none",
        "What is answered in the place of the server's page for these codes. Answers of a push \
         role, which have no page, stay as they are.",
        error_page,
    )
    .repeats(),
    row(
        "recursive_error_pages",
        HSL,
        Args::FLAG,
        "off",
        "Whether error pages apply to the answers of error pages.",
        |l, b, n| b.files.recursive_error_pages = l.flag(n),
    ),
    row(
        "internal",
        Contexts::LOCATION,
        Args::NONE,
        "none",
        "Only requests redirected inside the server reach the location.",
        |_, b, _| b.files.internal = Some(true),
    ),
    row(
        "absolute_redirect",
        HSL,
        Args::FLAG,
        "on",
        "Whether redirects name scheme, host and port.",
        |l, b, n| b.files.absolute_redirect = l.flag(n),
    ),
    row(
        "port_in_redirect",
        HSL,
        Args::FLAG,
        "on",
        "Whether redirects name a port other than the default one.",
        |l, b, n| b.files.port_in_redirect = l.flag(n),
    ),
    row(
        "server_name_in_redirect",
        HSL,
        Args::FLAG,
        "off",
        "Whether redirects name the server's first name instead of the requested host.",
        |l, b, n| b.files.server_name_in_redirect = l.flag(n),
    ),
];

fn try_files(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some((last, names)) = n.args.split_last() else { return };
    let mut candidates = Vec::with_capacity(names.len());
    for word in names {
        let (text, directory) = match word.value.strip_suffix(b"/") {
            Some(text) => (text, true),
            None => (word.value.as_slice(), false),
        };
        let Some(name) = l.expression_of(text, word.span) else { return };
        candidates.push(Candidate { name, directory });
    }
    let fallback = match last.value.strip_prefix(b"=") {
        None => match l.expression(last) {
            Some(uri) => Fallback::Uri(uri),
            None => return,
        },
        Some(code) => match values::number(code).and_then(|code| u16::try_from(code).ok()) {
            Some(code @ 0..=999) => Fallback::Status(code),
            Some(_) | None => {
                let message = format!("invalid code \"{}\"", String::from_utf8_lossy(code));
                return l.report.emerg(last.span, message);
            }
        },
    };
    b.files.try_files = Some(TryFiles { candidates, fallback });
}

fn error_page(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some((target, codes)) = n.args.split_last() else { return };
    let (codes, status) = match codes.split_last() {
        Some((word, codes)) if word.value.first() == Some(&b'=') => {
            let Some(status) = page_status(l, word) else { return };
            (codes, status)
        }
        _ => (codes, PageStatus::Kept),
    };
    if codes.is_empty() {
        return l.report.emerg(n.span(), "invalid number of arguments in \"error_page\" directive");
    }
    let Some(page) = l.expression(target) else { return };
    for word in codes {
        let Some(code) = code(l, word, &word.value) else { return };
        let page = ErrorPage { code, status, target: page.clone() };
        b.files.error_pages.get_or_insert_default().push(page);
    }
}

fn page_status(l: &mut Lowering<'_>, word: &Word) -> Option<PageStatus> {
    match &word.value[1..] {
        [] => Some(PageStatus::Own),
        text => match values::number(text).and_then(|code| u16::try_from(code).ok()) {
            Some(code) => Some(PageStatus::Changed(code)),
            None => {
                l.report.emerg(word.span, format!("invalid value \"{}\"", word.text()));
                None
            }
        },
    }
}

fn code(l: &mut Lowering<'_>, word: &Word, text: &[u8]) -> Option<u16> {
    let at: Span = word.span;
    match values::number(text).and_then(|code| u16::try_from(code).ok()) {
        Some(499) => {
            l.report.emerg(at, format!("invalid value \"{}\"", word.text()));
            None
        }
        Some(code @ 300..=599) => Some(code),
        Some(_) => {
            l.report.emerg(at, format!("value \"{}\" must be between 300 and 599", word.text()));
            None
        }
        None => {
            l.report.emerg(at, format!("invalid value \"{}\"", word.text()));
            None
        }
    }
}
