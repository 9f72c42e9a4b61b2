//! Static files: where they lie, which one is sent, and how.

use outpour_core::settings::{GzipStatic, IfModifiedSince, Matcher, RootKind, Symlinks};

use crate::draft::{Block, SymlinksDraft};
use crate::lower::Lowering;
use crate::syntax::Node;

use super::table::{Args, Contexts, Directive, row};

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "root",
        Contexts::HSLI,
        Args::PATH,
        "html",
        "Directory of the files; the path of the request is appended.",
        root,
    ),
    row(
        "alias",
        Contexts::LOCATION,
        Args::PATH,
        "none",
        "Directory that takes the place of the location's path; with a regular expression, the file.",
        alias,
    ),
    row(
        "index",
        HSL,
        Args::new(1, usize::MAX, "file ..."),
        "index.html",
        "Files that are looked for when a directory is asked for; the last may be a path.",
        index,
    )
    .repeats(),
    row(
        "autoindex",
        HSL,
        Args::FLAG,
        "off",
        "Whether directories without index are listed.",
        |l, b, n| b.files.autoindex = l.flag(n),
    ),
    row(
        "autoindex_exact_size",
        HSL,
        Args::FLAG,
        "on",
        "Whether listings show sizes in bytes instead of rounded ones.",
        |l, b, n| b.files.autoindex_exact_size = l.flag(n),
    ),
    row(
        "autoindex_format",
        HSL,
        Args::new(1, 1, "html | json"),
        "html",
        "How directories are listed.",
        autoindex_format,
    ),
    row(
        "autoindex_localtime",
        HSL,
        Args::FLAG,
        "off",
        "Whether listings show local time instead of UTC.",
        |l, b, n| b.files.autoindex_localtime = l.flag(n),
    ),
    row("etag", HSL, Args::FLAG, "on", "Whether files get an entity tag.", |l, b, n| {
        b.files.etag = l.flag(n);
    }),
    row(
        "if_modified_since",
        HSL,
        Args::new(1, 1, "off | exact | before"),
        "exact",
        "How If-Modified-Since is compared with the time of a file.",
        |l, b, n| {
            b.files.if_modified_since =
                l.one_of(n, &["off", "exact", "before"]).map(|word| match word {
                    "off" => IfModifiedSince::Off,
                    "before" => IfModifiedSince::Before,
                    _ => IfModifiedSince::Exact,
                });
        },
    ),
    row(
        "max_ranges",
        HSL,
        Args::NUMBER,
        "no limit",
        "How many byte ranges a request may ask for; 0: ranges are passed over.",
        |l, b, n| b.files.max_ranges = l.number(n),
    ),
    row(
        "gzip_static",
        HSL,
        Args::new(1, 1, "on | off | always"),
        "off",
        "Whether FILE.gz is sent in the place of FILE.",
        |l, b, n| {
            b.files.gzip_static = l.one_of(n, &["on", "off", "always"]).map(|word| match word {
                "on" => GzipStatic::On,
                "always" => GzipStatic::Always,
                _ => GzipStatic::Off,
            });
        },
    ),
    row(
        "log_not_found",
        HSL,
        Args::FLAG,
        "on",
        "Whether missing files are told in the error log.",
        |l, b, n| b.files.log_not_found = l.flag(n),
    ),
    row(
        "disable_symlinks",
        HSL,
        Args::new(1, 2, "off | on | if_not_owner [from=part]"),
        "off",
        "Whether files behind symbolic links are refused, or those of another owner.",
        disable_symlinks,
    ),
];

fn root(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if b.seen.contains("alias") {
        let message = "\"root\" directive is duplicate, \"alias\" directive was specified earlier";
        return l.report.emerg(n.name.span, message);
    }
    if has_root_variable(&word.value) {
        let message =
            format!("the variable \"{}\" cannot be used in the \"root\" directive", word.text());
        return l.report.emerg(word.span, message);
    }
    let text = word.value.strip_suffix(b"/").unwrap_or(&word.value);
    b.files.root = l.expression_of(text, word.span).map(|path| (path, RootKind::Root));
}

fn alias(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if b.seen.contains("root") {
        let message = "\"alias\" directive is duplicate, \"root\" directive was specified earlier";
        return l.report.emerg(n.name.span, message);
    }
    if has_root_variable(&word.value) {
        let message =
            format!("the variable \"{}\" cannot be used in the \"alias\" directive", word.text());
        return l.report.emerg(word.span, message);
    }
    let kind = match &b.matcher {
        Some(Matcher::Named(_)) => {
            let message = "the \"alias\" directive cannot be used inside the named location";
            return l.report.emerg(n.name.span, message);
        }
        Some(Matcher::Regex(_)) => RootKind::Whole,
        Some(Matcher::Exact(_) | Matcher::Prefix { .. }) | None => RootKind::Alias(b.pattern.len()),
    };
    b.files.root = l.expression(word).map(|path| (path, kind));
}

/// Variables that depend on the root itself.
fn has_root_variable(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).replace(['{', '}'], "");
    ["$document_root", "$realpath_root", "$request_filename"].iter().any(|name| text.contains(name))
}

fn index(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    for (at, word) in n.args.iter().enumerate() {
        if word.value.first() == Some(&b'/') && at + 1 != n.args.len() {
            let text = "only the last index in \"index\" directive should be absolute";
            l.report.warn(word.span, text);
        }
        if word.value.is_empty() {
            let message = format!("index \"{}\" in \"index\" directive is invalid", word.text());
            return l.report.emerg(word.span, message);
        }
        let Some(name) = l.expression(word) else { return };
        b.files.index.get_or_insert_default().push(name);
    }
}

fn autoindex_format(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if word.is("xml") || word.is("jsonp") {
        let what = format!("\"autoindex_format {}\"", word.text());
        return l.not_implemented(word.span, &what);
    }
    b.files.autoindex_json = l.one_of(n, &["html", "json"]).map(|word| word == "json");
}

fn disable_symlinks(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut draft = SymlinksDraft { mode: Symlinks::Follow, from: None };
    let mut moded = false;
    for word in &n.args {
        let mode = match word.value.as_slice() {
            b"off" => Symlinks::Follow,
            b"on" => Symlinks::Refuse,
            b"if_not_owner" => Symlinks::RefuseForeign,
            text => match text.strip_prefix(b"from=") {
                Some(from) if !from.is_empty() => {
                    let Some(from) = l.expression_of(from, word.span) else { return };
                    draft.from = Some(from);
                    continue;
                }
                _ => return l.invalid_parameter(n, word, &["off", "on", "if_not_owner", "from="]),
            },
        };
        draft.mode = mode;
        moded = true;
    }
    if !moded {
        let message =
            "\"disable_symlinks\" must have \"off\", \"on\" or \"if_not_owner\" parameter";
        return l.report.emerg(n.span(), message);
    }
    if draft.mode == Symlinks::Follow && draft.from.is_some() {
        let message = "duplicate parameters \"off\" and \"from\"";
        return l.report.emerg(n.span(), message);
    }
    b.files.symlinks = Some(draft);
}
