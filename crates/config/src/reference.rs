//! The directive reference, generated from the table.

use std::fmt::Write as _;

use crate::directives::{Kind, foreign_lists, rows};

/// The reference of all directives as Markdown: name, arguments, default, contexts and what each
/// does, then the names that are accepted without effect and those that are refused.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from("# Directives\n");
    for row in rows() {
        let _ = write!(out, "\n## {}\n\n", row.name);
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
    let (inert, refused) = foreign_lists();
    let _ = write!(out, "\n# Accepted without effect\n\n{}\n", inert.join(", "));
    let _ = write!(out, "\n# Not implemented\n\n{}\n", refused.join(", "));
    out
}
