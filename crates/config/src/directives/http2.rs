//! `http2*`.

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

use super::table::{Args, Contexts, Directive, row};

const HS: Contexts = Contexts(Contexts::HTTP.0 | Contexts::SERVER.0);
const HSL: Contexts = Contexts::HSL;

/// Largest piece of a body in one frame, as in nginx.
const CHUNK_MAX: usize = 16 * 1024;

/// Largest window of flow control.
const WINDOW_MAX: usize = 0x7fff_ffff;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "http2",
        HS,
        Args::FLAG,
        "off",
        "Whether HTTP/2 is spoken: chosen in the TLS handshake, or at once on plain connections.",
        |l, b, n| b.http2.on = l.flag(n),
    ),
    row(
        "http2_max_concurrent_streams",
        HS,
        Args::NUMBER,
        "128",
        "Requests, subscribers among them, that one connection may have at a time.",
        |l, b, n| b.http2.max_concurrent_streams = l.number(n),
    ),
    row(
        "http2_chunk_size",
        HSL,
        Args::SIZE,
        "8k",
        "Largest piece of an answer's body in one frame; at most 16k. The server's counts.",
        |l, b, n| b.http2.chunk_size = l.size(n).map(|size| size.clamp(1, CHUNK_MAX)),
    ),
    row(
        "http2_body_preread_size",
        HS,
        Args::SIZE,
        "64k",
        "Bytes of a body that a client may send before the server takes them.",
        body_preread_size,
    ),
];

fn body_preread_size(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(size) = l.size(n) else { return };
    if size > WINDOW_MAX {
        let text = format!("the maximum body preread buffer size is {WINDOW_MAX}");
        return l.report.emerg(n.span(), text);
    }
    b.http2.body_preread_size = Some(size);
}
