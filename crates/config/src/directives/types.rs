//! `types` and `default_type`.

use std::sync::Arc;

use outpour_core::settings::Types;

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

use super::table::{Args, Contexts, Directive, row};

pub(crate) const ROWS: &[Directive] = &[
    row(
        "types",
        Contexts::HSL,
        Args::block(0, 0, ""),
        "html, gif, jpg",
        "Content types by extension of the path.",
        types,
    )
    .repeats(),
    row(
        "default_type",
        Contexts::HSL,
        Args::new(1, 1, "type"),
        "text/plain",
        "Content type of everything else, subscribers' answers among it.",
        |l, b, n| b.core.default_type = l.text(n),
    ),
];

fn types(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut types = b.core.types.take().map_or_else(Types::default, Arc::unwrap_or_clone);
    for entry in n.block.iter().flatten() {
        if entry.block.is_some() {
            l.report.emerg(entry.span(), "unexpected \"{\"");
            continue;
        }
        let content_type: Box<[u8]> = entry.name.value.as_slice().into();
        for word in &entry.args {
            let extension: Box<[u8]> = word.value.to_ascii_lowercase().into();
            let before = types.by_extension.insert(extension, content_type.clone());
            if let Some(before) = before.filter(|before| *before != content_type) {
                let (extension, name) = (word.text(), entry.name.text());
                let before = String::from_utf8_lossy(&before).into_owned();
                l.report.warn(
                    word.span,
                    format!(
                        "duplicate extension \"{extension}\", content type: \"{name}\", previous \
                     content type: \"{before}\""
                    ),
                );
            }
        }
    }
    b.core.types = Some(Arc::new(types));
}
