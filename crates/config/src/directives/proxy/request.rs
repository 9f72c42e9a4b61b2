//! The request as an upstream gets it.

use outpour_core::settings::{ProxyHeader, ProxyVersion};

use crate::directives::table::{Args, Contexts, Directive, row};
use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "proxy_set_header",
        HSL,
        Args::new(2, 2, "name value"),
        "Host $proxy_host; Connection close",
        "A header of the request to the upstream, in the place of the client's; an empty value \
         takes it away. A level that has any has none of the levels around it.",
        set_header,
    )
    .repeats(),
    row(
        "proxy_http_version",
        HSL,
        Args::new(1, 1, "1.0 | 1.1"),
        "1.0",
        "HTTP version of requests to upstreams; WebSocket and keepalive want 1.1.",
        |l, b, n| {
            b.proxy.version = l.one_of(n, &["1.0", "1.1"]).map(|version| match version {
                "1.0" => ProxyVersion::Http10,
                _ => ProxyVersion::Http11,
            });
        },
    ),
    row(
        "proxy_method",
        HSL,
        Args::VALUE,
        "the client's",
        "Method of requests to upstreams.",
        |l, b, n| b.proxy.method = l.value(n),
    ),
    row(
        "proxy_pass_request_headers",
        HSL,
        Args::FLAG,
        "on",
        "Whether the client's headers go to the upstream.",
        |l, b, n| b.proxy.pass_request_headers = l.flag(n),
    ),
    row(
        "proxy_pass_request_body",
        HSL,
        Args::FLAG,
        "on",
        "Whether the client's body goes to the upstream.",
        |l, b, n| b.proxy.pass_request_body = l.flag(n),
    ),
    row(
        "proxy_set_body",
        HSL,
        Args::VALUE,
        "the client's",
        "Body of requests to upstreams.",
        |l, b, n| b.proxy.set_body = l.value(n),
    ),
    row(
        "proxy_request_buffering",
        HSL,
        Args::FLAG,
        "on",
        "Whether an upstream is asked only when the client's body is there as a whole.",
        |l, b, n| b.proxy.request_buffering = l.flag(n),
    ),
    row(
        "proxy_bind",
        HSL,
        Args::new(1, 2, "address | off"),
        "the system's choice",
        "Local address of connections to upstreams.",
        bind,
    ),
    row(
        "proxy_socket_keepalive",
        HSL,
        Args::FLAG,
        "off",
        "Whether the system looks after silent connections to upstreams (SO_KEEPALIVE).",
        |l, b, n| b.proxy.socket_keepalive = l.flag(n),
    ),
];

fn set_header(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [name, value] = n.args.as_slice() else { return };
    let valid = |c: u8| c.is_ascii_graphic() && c != b':';
    if name.value.is_empty() || !name.value.iter().all(|c| valid(*c)) {
        return l.report.emerg(name.span, format!("invalid header name \"{}\"", name.text()));
    }
    let Some(value) = l.expression(value) else { return };
    let header = ProxyHeader { name: name.text().into(), value };
    b.proxy.set_headers.get_or_insert_default().push(header);
}

fn bind(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let (word, rest) = match n.args.as_slice() {
        [word] if word.is("off") => return b.proxy.bind = Some(None),
        [word, rest @ ..] => (word, rest.first()),
        [] => return,
    };
    match rest {
        None => {}
        Some(rest) if rest.is("transparent") => {
            return l.not_implemented(rest.span, "\"transparent\" of \"proxy_bind\"");
        }
        Some(rest) => return l.invalid_parameter(n, rest, &["transparent"]),
    }
    let text = word.text();
    let literal = !word.value.contains(&b'$');
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address =
        || bare.parse::<std::net::IpAddr>().is_ok() || text.parse::<std::net::SocketAddr>().is_ok();
    if literal && !address() {
        return l.report.emerg(word.span, format!("invalid address \"{text}\""));
    }
    b.proxy.bind = l.expression(word).map(Some);
}
