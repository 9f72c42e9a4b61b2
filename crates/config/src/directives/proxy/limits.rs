//! Times, sizes, and when another peer is tried.

use outpour_core::settings::NextUpstream;

use crate::directives::table::{Args, Contexts, Directive, row};
use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;
use crate::values;

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "proxy_connect_timeout",
        HSL,
        Args::TIME,
        "60s",
        "How long connecting to an upstream may take.",
        |l, b, n| b.proxy.connect_timeout = l.milliseconds(n),
    ),
    row(
        "proxy_send_timeout",
        HSL,
        Args::TIME,
        "60s",
        "How long an upstream may refuse to take bytes.",
        |l, b, n| b.proxy.send_timeout = l.milliseconds(n),
    ),
    row(
        "proxy_read_timeout",
        HSL,
        Args::TIME,
        "60s",
        "How long an upstream may be silent; for streams and WebSocket longer than their pings.",
        |l, b, n| b.proxy.read_timeout = l.milliseconds(n),
    ),
    row(
        "proxy_buffer_size",
        HSL,
        Args::SIZE,
        "4k",
        "Longest head of an answer; a longer one is answered 502.",
        buffer_size,
    ),
    row(
        "proxy_buffers",
        HSL,
        Args::new(2, 2, "number size"),
        "8 4k",
        "How much of an answer's body is read ahead of its client: the product.",
        buffers,
    ),
    row(
        "proxy_next_upstream",
        HSL,
        Args::new(
            1,
            usize::MAX,
            "error | timeout | invalid_header | http_500 | http_502 | http_503 | http_504 | \
             http_403 | http_404 | http_429 | non_idempotent | off ...",
        ),
        "error timeout",
        "When a request is handed to the next peer.",
        next_upstream,
    ),
    row(
        "proxy_next_upstream_tries",
        HSL,
        Args::NUMBER,
        "0",
        "Most peers that are tried; 0 is all of them.",
        |l, b, n| {
            b.proxy.next_tries = l.number(n).map(|tries| u32::try_from(tries).unwrap_or(u32::MAX));
        },
    ),
    row(
        "proxy_next_upstream_timeout",
        HSL,
        Args::TIME,
        "0",
        "How long after the first peer another may be tried; 0 is no limit.",
        |l, b, n| b.proxy.next_time = l.milliseconds(n),
    ),
    row(
        "proxy_ignore_client_abort",
        HSL,
        Args::FLAG,
        "off",
        "Whether an upstream may finish although the client has left.",
        |l, b, n| b.proxy.ignore_client_abort = l.flag(n),
    ),
];

fn buffer_size(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    match l.size(n) {
        Some(0) => l.report.emerg(n.span(), "\"proxy_buffer_size\" directive invalid value"),
        size => b.proxy.buffer_size = size,
    }
}

fn buffers(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [count, size] = n.args.as_slice() else { return };
    let count = values::number(&count.value).and_then(|count| usize::try_from(count).ok());
    let size = values::size(&size.value).and_then(|size| usize::try_from(size).ok());
    match (count, size) {
        (Some(1), Some(1..)) => {
            l.report.emerg(n.span(), "there must be at least 2 \"proxy_buffers\"");
        }
        (Some(count @ 2..), Some(size @ 1..)) => {
            b.proxy.buffers = Some(count.saturating_mul(size));
        }
        _ => l.report.emerg(n.span(), "\"proxy_buffers\" directive invalid value"),
    }
}

fn next_upstream(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    const STATUSES: [&str; 7] =
        ["http_500", "http_502", "http_503", "http_504", "http_403", "http_404", "http_429"];
    let mut next = NextUpstream { error: false, timeout: false, ..NextUpstream::default() };
    let mut off = false;
    for word in &n.args {
        let text = word.text();
        match text.as_str() {
            "error" => next.error = true,
            "timeout" => next.timeout = true,
            "invalid_header" => next.invalid_header = true,
            "non_idempotent" => next.non_idempotent = true,
            // It was about a cache, of which there is none.
            "updating" => {}
            "off" => off = true,
            status if STATUSES.contains(&status) => {
                next.statuses.extend(status.trim_start_matches("http_").parse::<u16>());
            }
            _ => {
                let help = "accepted values: error, timeout, invalid_header, http_500, http_502, \
                            http_503, http_504, http_403, http_404, http_429, non_idempotent, off";
                let message = format!("invalid value \"{text}\"");
                return l.report.emerg_help(word.span, message, help.to_owned());
            }
        }
    }
    if off {
        next = NextUpstream { error: false, timeout: false, ..NextUpstream::default() };
    }
    b.proxy.next = Some(next);
}
