//! The directive reference, generated from the table.

use std::fmt::Write as _;

use crate::directives::{Contexts, Directive, Family, Kind, families, inner_rows, rows};

/// A directive that may stand in a location.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// Its default, as the reference has it.
    pub default: &'static str,
}

/// All directives that say something about the requests of a location, in the order of the
/// reference: no blocks, no statements of scripts, no names of old releases.
pub fn known() -> impl Iterator<Item = Known> {
    const STATEMENTS: [&str; 4] = ["set", "return", "break", "rewrite"];
    let mine = rows().filter(|row| {
        row.contexts.has(Contexts::LOCATION)
            && !row.args.block
            && matches!(row.kind, Kind::Honoured)
            && !STATEMENTS.contains(&row.name)
    });
    mine.map(|row| Known { name: row.name, default: row.default })
}

/// The chapters of the reference, as they follow each other there, and the directive with which each
/// begins in the table. What is new in the table joins the chapter in which it stands.
const CHAPTERS: [(&str, &str); 15] = [
    ("Push", "push_stream_publisher"),
    ("Hooks", "push_stream_authorize_request"),
    ("Other roles of a location", "push_stream_metrics"),
    ("The process", "worker_processes"),
    ("Servers and connections", "server"),
    ("Locations and files", "location"),
    ("Variables and rewriting", "map"),
    ("Who may get in", "set_real_ip_from"),
    ("Upstreams and proxying", "upstream"),
    ("TLS", "ssl_certificate"),
    ("HTTP/2 connections", "http2"),
    ("Logs", "error_log"),
    ("NginxHttpPushModule", "push_publisher"),
    ("Nchan", "nchan_publisher"),
    ("Names of old releases", "push_stream_publisher_admin"),
];

/// The reference of all directives as Markdown: an index, then for each its name, arguments, default,
/// contexts and what it does; then nginx's directives that are accepted without effect and those that
/// are refused, with the reasons.
#[must_use]
pub fn reference() -> String {
    let chapters = chapters();
    let mut out = String::from("# Directives\n");
    chapters.iter().for_each(|(title, rows)| index(&mut out, title, rows));
    out.push_str("\n[Inside upstream](#inside-upstream), [accepted without effect](#accepted-without-effect), ");
    out.push_str("[not implemented](#not-implemented).\n\n");
    out.push_str("This page is generated from the table of directives in the code.\n");
    for (title, rows) in &chapters {
        let _ = write!(out, "\n## {title}\n");
        rows.iter().for_each(|row| entry(&mut out, row));
    }
    out.push_str("\n## Inside upstream\n");
    inner_rows().for_each(|row| entry(&mut out, row));
    let (inert, refused) = families();
    out.push_str("\n## Accepted without effect\n\n");
    out.push_str("They tune something that does not exist here; nothing is lost.\n");
    list(&mut out, inert);
    out.push_str("\n## Not implemented\n\n");
    out.push_str(
        "They change who gets in or what is served: the server does not start with them.\n",
    );
    list(&mut out, refused);
    out
}

/// Each chapter with its rows.
fn chapters() -> Vec<(&'static str, Vec<&'static Directive>)> {
    let mut chapters: Vec<_> = CHAPTERS.iter().map(|(title, _)| (*title, Vec::new())).collect();
    let mut current = 0;
    for row in rows() {
        let begins = CHAPTERS.iter().position(|(_, first)| *first == row.name);
        current = begins.unwrap_or(current);
        chapters[current].1.push(row);
    }
    chapters
}

/// The page about the directives of the older push module and of Nchan as Markdown: each with how it
/// is treated.
#[must_use]
pub fn relay_reference() -> String {
    let mut out = String::from(
        "# push_* and nchan_* directives\n\n\
         What becomes of the directives of NginxHttpPushModule and Nchan ([guide](push-dialect.md)).\n\n\
         This page is generated from the table of directives in the code.\n\n\
         | Directive | | |\n|---|---|---|\n",
    );
    let is_relay = |name: &str| {
        (name.starts_with("push_") && !name.starts_with("push_stream_"))
            || name.starts_with("nchan_")
    };
    for row in rows().filter(|row| is_relay(row.name)) {
        let treated = if matches!(row.kind, Kind::Inert) { "ignored" } else { "honoured" };
        let why = row.doc.trim_start_matches("Accepted without effect: ");
        let why = why.replace('|', "\\|");
        let _ = writeln!(out, "| [`{0}`](directives.md#{0}) | {treated} | {why} |", row.name);
    }
    let (inert, refused) = families();
    for (families, treated) in [(inert, "ignored"), (refused, "refused")] {
        for family in families {
            for name in family.names.split_whitespace().filter(|name| is_relay(name)) {
                let _ = write!(out, "| `{name}` | {treated} | {}.", family.why);
                let _ = match family.instead {
                    "" => writeln!(out, " |"),
                    instead => writeln!(out, " Instead: {instead}. |"),
                };
            }
        }
    }
    out
}

fn index(out: &mut String, title: &str, rows: &[&Directive]) {
    // A name a line, so that a new one changes no other line.
    let names: Vec<String> = rows.iter().map(|row| format!("[`{0}`](#{0})", row.name)).collect();
    let _ = write!(out, "\n**{title}**:\n{}\n", names.join(",\n"));
}

fn entry(out: &mut String, row: &Directive) {
    let _ = write!(out, "\n### {}\n\n", row.name);
    if let Kind::Old(now) = row.kind {
        let _ = writeln!(out, "Name of an old release. Today: {now}.\n");
    }
    let end = if row.args.block { " { ... }" } else { ";" };
    let gap = if row.args.shape.is_empty() { "" } else { " " };
    let _ = writeln!(out, "{}\n", row.doc);
    let _ = writeln!(out, "- Syntax: `{}{gap}{}{end}`", row.name, row.args.shape);
    let _ = writeln!(out, "- Default: {}", row.default);
    let _ = writeln!(out, "- Context: {}", row.contexts.names());
}

/// Each family with its reason.
fn list(out: &mut String, families: &[Family]) {
    for family in families {
        let names: Vec<String> =
            family.names.split_whitespace().map(|name| format!("`{name}`")).collect();
        let module = match family.module {
            "" => String::new(),
            module => format!(" ({module})"),
        };
        let _ = write!(out, "\n- {}{module}: {}.", names.join(", "), family.why);
        let _ = match family.instead {
            "" => writeln!(out),
            instead => writeln!(out, " Instead: {instead}."),
        };
    }
}
