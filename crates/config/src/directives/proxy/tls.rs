//! `proxy_ssl_*`.

use crate::directives::table::{Args, Contexts, Directive, row};
use crate::directives::tls::{certificate_file, own_choice, versions};

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "proxy_ssl_name",
        HSL,
        Args::VALUE,
        "$proxy_host",
        "The name that an upstream's certificate must have, and that the handshake tells it.",
        |l, b, n| b.proxy.tls.name = l.value(n),
    ),
    row(
        "proxy_ssl_server_name",
        HSL,
        Args::FLAG,
        "off",
        "Whether the handshake tells an upstream the name (SNI).",
        |l, b, n| b.proxy.tls.server_name = l.flag(n),
    ),
    row(
        "proxy_ssl_verify",
        HSL,
        Args::FLAG,
        "off",
        "Whether an upstream's certificate must be good; otherwise any is.",
        |l, b, n| b.proxy.tls.verify = l.flag(n),
    ),
    row(
        "proxy_ssl_verify_depth",
        HSL,
        Args::NUMBER,
        "1",
        "Most certificates between an upstream's and the authority's.",
        |l, b, n| {
            let depth = l.number(n).map(|depth| usize::try_from(depth).unwrap_or(usize::MAX));
            b.proxy.tls.verify_depth = depth;
        },
    ),
    row(
        "proxy_ssl_trusted_certificate",
        HSL,
        Args::PATH,
        "none",
        "PEM file with the authorities of upstreams' certificates.",
        |l, b, n| certificate_file(l, n, |path| b.proxy.tls.trusted_certificate = Some(path)),
    ),
    row(
        "proxy_ssl_certificate",
        HSL,
        Args::PATH,
        "none",
        "PEM file with a certificate that is shown to upstreams.",
        |l, b, n| certificate_file(l, n, |path| b.proxy.tls.certificate = Some(path)),
    ),
    row(
        "proxy_ssl_certificate_key",
        HSL,
        Args::PATH,
        "none",
        "PEM file with its private key.",
        |l, b, n| certificate_file(l, n, |path| b.proxy.tls.certificate_key = Some(path)),
    ),
    row(
        "proxy_ssl_password_file",
        HSL,
        Args::PATH,
        "none",
        "File with the passwords of an encrypted key (PKCS #8), one a line, tried in turn.",
        |l, b, n| certificate_file(l, n, |path| b.proxy.tls.password_file = Some(path)),
    ),
    row(
        "proxy_ssl_protocols",
        HSL,
        Args::new(1, usize::MAX, "[TLSv1.2] [TLSv1.3]"),
        "TLSv1.2 TLSv1.3",
        "Versions of TLS that are offered to upstreams.",
        |l, b, n| b.proxy.tls.protocols = Some(versions(l, n)),
    ),
    row(
        "proxy_ssl_session_reuse",
        HSL,
        Args::FLAG,
        "on",
        "Whether sessions with upstreams are resumed.",
        |l, b, n| b.proxy.tls.session_reuse = l.flag(n),
    ),
    row(
        "proxy_ssl_ciphers",
        HSL,
        Args::new(1, 1, "ciphers"),
        "the safe ones",
        "Accepted without effect: all cipher suites offered are safe.",
        |l, _, n| own_choice(l, n, "cipher suites"),
    ),
];
