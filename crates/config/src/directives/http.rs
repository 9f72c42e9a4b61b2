//! Limits, time-outs, headers and compression of `http`, `server` and `location`.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::settings::{AddHeader, Expires, GzipDisable, GzipProxied};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::{Node, Word};
use crate::values;

use super::table::{Args, Contexts, Directive, row};

const HSL: Contexts = Contexts::HSL;
const HSLI: Contexts = Contexts::HSLI;
const HS: Contexts = Contexts(Contexts::HTTP.0 | Contexts::SERVER.0);

pub(crate) const ROWS: &[Directive] = &[
    row(
        "server",
        Contexts::HTTP,
        Args::block(0, 0, ""),
        "none",
        "A server: its addresses, names and locations.",
        |l, b, n| {
            let mut server = Block::new(Contexts::SERVER, "server".into(), n.name.span);
            l.walk(n.block.as_deref().unwrap_or_default(), &mut server);
            l.scattered.inherit(&server.store);
            b.blocks.push(server);
        },
    )
    .repeats(),
    row(
        "client_header_timeout",
        HS,
        Args::TIME,
        "60s",
        "How long a client may take for the head of a request.",
        |l, b, n| b.limits.client_header_timeout = l.milliseconds(n),
    ),
    row(
        "client_header_buffer_size",
        HS,
        Args::SIZE,
        "1k",
        "Buffer for the head of an ordinary request.",
        |l, b, n| b.limits.client_header_buffer_size = l.size(n),
    ),
    row(
        "large_client_header_buffers",
        HS,
        Args::new(2, 2, "number size"),
        "4 8k",
        "Buffers for long heads; a line longer than one of them is refused.",
        large_client_header_buffers,
    ),
    row(
        "ignore_invalid_headers",
        HS,
        Args::FLAG,
        "on",
        "Whether headers with invalid names are ignored instead of refused.",
        |l, b, n| b.limits.ignore_invalid_headers = l.flag(n),
    ),
    row(
        "underscores_in_headers",
        HS,
        Args::FLAG,
        "off",
        "Whether names of headers may contain underscores.",
        |l, b, n| b.limits.underscores_in_headers = l.flag(n),
    ),
    row(
        "merge_slashes",
        HS,
        Args::FLAG,
        "on",
        "Whether adjacent slashes of a path count as one.",
        |l, b, n| b.limits.merge_slashes = l.flag(n),
    ),
    row(
        "client_max_body_size",
        HSL,
        Args::SIZE,
        "1m",
        "Longest body of a request; 0 is no limit.",
        |l, b, n| b.core.client_max_body_size = l.offset(n),
    ),
    row(
        "client_body_timeout",
        HSL,
        Args::TIME,
        "60s",
        "How long a client may pause while it sends a body.",
        |l, b, n| b.core.client_body_timeout = l.milliseconds(n),
    ),
    row(
        "send_timeout",
        HSL,
        Args::TIME,
        "60s",
        "How long a client may refuse to take bytes before it is disconnected.",
        |l, b, n| b.core.send_timeout = l.milliseconds(n),
    ),
    row(
        "keepalive_timeout",
        HSL,
        Args::new(1, 2, "time [time of the header]"),
        "75s",
        "How long an idle connection is kept; 0 keeps none.",
        keepalive_timeout,
    ),
    row(
        "keepalive_requests",
        HSL,
        Args::NUMBER,
        "1000",
        "How many requests one connection may carry.",
        |l, b, n| b.core.keepalive_requests = l.number(n),
    ),
    row(
        "lingering_timeout",
        HSL,
        Args::TIME,
        "5s",
        "How long a refused client may go on sending.",
        |l, b, n| b.core.lingering_timeout = l.milliseconds(n),
    ),
    row(
        "reset_timedout_connection",
        HSL,
        Args::FLAG,
        "off",
        "Whether connections that time out are reset instead of closed.",
        |l, b, n| b.core.reset_timedout_connection = l.flag(n),
    ),
    row(
        "server_tokens",
        HSL,
        Args::new(1, 1, "on | off | build"),
        "on",
        "Whether the Server header names the version.",
        |l, b, n| b.core.server_tokens = l.one_of(n, &["on", "off", "build"]).map(|v| v != "off"),
    ),
    row(
        "tcp_nodelay",
        HSL,
        Args::FLAG,
        "on",
        "Whether small packets are sent at once.",
        |l, b, n| b.core.tcp_nodelay = l.flag(n),
    ),
    row(
        "chunked_transfer_encoding",
        HSL,
        Args::FLAG,
        "on",
        "Whether answers of unknown length are sent in chunks.",
        |l, b, n| b.core.chunked_transfer_encoding = l.flag(n),
    ),
    row(
        "add_header",
        HSLI,
        Args::new(2, 3, "name value [always]"),
        "none",
        "Adds a header to answers; with always to all of them.",
        add_header,
    )
    .repeats(),
    row(
        "expires",
        HSLI,
        Args::new(1, 2, "[modified] time | epoch | max | off"),
        "off",
        "Expires and Cache-Control of answers that do not bring their own.",
        expires,
    ),
    row("gzip", HSLI, Args::FLAG, "off", "Whether answers are compressed.", |l, b, n| {
        b.core.gzip.on = l.flag(n)
    }),
    row(
        "gzip_types",
        HSL,
        Args::new(1, usize::MAX, "type ..."),
        "text/html",
        "Content types that are compressed besides text/html; * is all.",
        gzip_types,
    )
    .repeats(),
    row(
        "gzip_min_length",
        HSL,
        Args::SIZE,
        "20",
        "Shortest answer that is compressed, where its length is known.",
        |l, b, n| b.core.gzip.min_length = l.size(n),
    ),
    row(
        "gzip_comp_level",
        HSL,
        Args::new(1, 1, "1..9"),
        "1",
        "How hard the compression tries.",
        gzip_comp_level,
    ),
    row(
        "gzip_http_version",
        HSL,
        Args::new(1, 1, "1.0 | 1.1"),
        "1.1",
        "The oldest HTTP version that gets compressed answers.",
        |l, b, n| b.core.gzip.http10 = l.one_of(n, &["1.0", "1.1"]).map(|v| v == "1.0"),
    ),
    row(
        "gzip_vary",
        HSL,
        Args::FLAG,
        "off",
        "Whether answers that may be compressed say Vary: Accept-Encoding.",
        |l, b, n| b.core.gzip.vary = l.flag(n),
    ),
    row(
        "gzip_proxied",
        HSL,
        Args::new(1, usize::MAX, "off | any | expired | ..."),
        "off",
        "Whether requests of proxies get compressed answers.",
        gzip_proxied,
    ),
    row(
        "gzip_disable",
        HSL,
        Args::new(1, usize::MAX, "regex | msie6 ..."),
        "none",
        "Clients whose User-Agent matches get nothing compressed.",
        gzip_disable,
    ),
    row(
        "charset",
        HSLI,
        Args::new(1, 1, "name | off"),
        "off",
        "Character set that is added to the content type of texts.",
        charset,
    ),
    row(
        "charset_types",
        HSL,
        Args::new(1, usize::MAX, "type ..."),
        "text/html text/xml text/plain application/javascript ...",
        "Content types to which charset is added.",
        |_, b, n| b.core.charset_types = Some(words(n, b"text/html")),
    ),
];

fn words(n: &Node, always: &[u8]) -> Vec<Box<[u8]>> {
    let given = n.args.iter().map(|word| word.value.to_ascii_lowercase());
    let mut words: Vec<Box<[u8]>> = vec![always.into()];
    words.extend(given.filter(|word| word != always).map(Vec::into_boxed_slice));
    words
}

fn large_client_header_buffers(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [count, size] = n.args.as_slice() else { return };
    let count = values::number(&count.value).and_then(|count| usize::try_from(count).ok());
    let size = values::size(&size.value).and_then(|size| usize::try_from(size).ok());
    match (count, size) {
        (Some(count @ 1..), Some(size @ 1..)) => {
            b.limits.large_client_header_buffers = Some((count, size));
        }
        _ => {
            let message = "\"large_client_header_buffers\" directive invalid value";
            l.report.emerg(n.span(), message);
        }
    }
}

fn keepalive_timeout(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(timeout) = l.milliseconds(n) else { return };
    let header = match n.args.get(1) {
        None => None,
        Some(word) => match values::seconds(&word.value) {
            Some(seconds) => Some(seconds).filter(|seconds| *seconds > Duration::ZERO),
            None => {
                let message = "\"keepalive_timeout\" directive invalid value";
                return l.report.emerg(word.span, message);
            }
        },
    };
    b.core.keepalive_timeout = Some((timeout, header));
}

fn add_header(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [name, value, rest @ ..] = n.args.as_slice() else { return };
    let always = match rest {
        [] => false,
        [word] if word.is("always") => true,
        [word, ..] => return l.invalid_parameter(n, word, &["always"]),
    };
    let valid = |c: u8| c.is_ascii_graphic() && c != b':';
    if name.value.is_empty() || !name.value.iter().all(|c| valid(*c)) {
        return l.report.emerg(name.span, format!("invalid header name \"{}\"", name.text()));
    }
    let Some(value) = l.expression(value) else { return };
    let header = AddHeader { name: name.text().into(), value, always };
    b.core.add_headers.get_or_insert_default().push(header);
}

fn expires(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let (word, modified) = match n.args.as_slice() {
        [word] => (word, false),
        [modified, word] if modified.is("modified") => (word, true),
        [word, ..] => return l.report.emerg(word.span, "invalid value"),
        [] => return,
    };
    if word.value.contains(&b'$') {
        b.core.expires = l.expression(word).map(Expires::Dynamic);
        return;
    }
    match Expires::parse(&word.value) {
        Ok(Expires::After(seconds)) if modified => {
            b.core.expires = Some(Expires::AfterModified(seconds));
        }
        Ok(expires) => b.core.expires = Some(expires),
        Err(message) => l.report.emerg(word.span, message),
    }
}

fn gzip_types(_: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut types = b.core.gzip.types.take().unwrap_or_default();
    for word in words(n, b"text/html") {
        if !types.contains(&word) {
            types.push(word);
        }
    }
    b.core.gzip.types = Some(types);
}

fn gzip_comp_level(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    match l.number(n) {
        Some(level @ 1..=9) => b.core.gzip.level = u32::try_from(level).ok(),
        Some(_) => l.report.emerg(n.span(), "value must be between 1 and 9"),
        None => {}
    }
}

fn gzip_proxied(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let (mut words, mut off) = (GzipProxied::default(), false);
    for word in &n.args {
        let field = match word.value.as_slice() {
            b"off" => &mut off,
            b"any" => &mut words.any,
            b"auth" => &mut words.auth,
            b"expired" => &mut words.expired,
            b"no-cache" => &mut words.no_cache,
            b"no-store" => &mut words.no_store,
            b"private" => &mut words.private,
            b"no_last_modified" => &mut words.no_last_modified,
            b"no_etag" => &mut words.no_etag,
            _ => return invalid_value(l, word),
        };
        *field = true;
    }
    b.core.gzip.proxied = Some((!off).then_some(words));
}

fn gzip_disable(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut disable = GzipDisable::default();
    for word in &n.args {
        if word.is("msie6") {
            disable.msie6 = true;
        } else if let Some(pattern) = l.pattern(&word.value, true, word.span) {
            disable.patterns.push(pattern);
        }
    }
    b.core.gzip.disable = Some(Arc::new(disable));
}

fn invalid_value(l: &mut Lowering<'_>, word: &Word) {
    l.report.emerg(word.span, format!("invalid value \"{}\"", word.text()));
}

fn charset(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if word.value.contains(&b'$') {
        return l.not_implemented(word.span, "a variable in \"charset\"");
    }
    b.core.charset = Some((!word.is("off")).then(|| word.value.as_slice().into()));
}
