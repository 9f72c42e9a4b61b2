//! `ssl_*`: certificates, sessions and clients' certificates of encrypted connections.

use std::path::PathBuf;

use outpour_core::settings::VerifyClient;

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::{Node, Word};
use crate::values;

use super::table::{Args, Contexts, Directive, row};

const HS: Contexts = Contexts(Contexts::HTTP.0 | Contexts::SERVER.0);

/// What a session of a cache is reckoned to take where a file says their number (`builtin:1000`).
const SESSION_BYTES: u64 = 256;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "ssl_certificate",
        HS,
        Args::PATH,
        "none",
        "PEM file with the server's certificate and those between it and the authority; again \
         for another kind of key. Read at the start and at every reload.",
        |l, b, n| {
            certificate_file(l, n, |path| b.tls.certificates.get_or_insert_default().push(path))
        },
    )
    .repeats(),
    row(
        "ssl_certificate_key",
        HS,
        Args::PATH,
        "none",
        "PEM file with the private key of the certificate of the same rank.",
        |l, b, n| certificate_file(l, n, |path| b.tls.keys.get_or_insert_default().push(path)),
    )
    .repeats(),
    row(
        "ssl_password_file",
        HS,
        Args::PATH,
        "none",
        "File with the passwords of encrypted keys (PKCS #8), one a line, tried in turn. Read \
         whenever the keys are.",
        |l, b, n| certificate_file(l, n, |path| b.tls.password_file = Some(path)),
    ),
    row(
        "ssl_protocols",
        HS,
        Args::new(1, usize::MAX, "[TLSv1.2] [TLSv1.3]"),
        "TLSv1.2 TLSv1.3",
        "Versions of the protocol; older ones are not offered.",
        |l, b, n| b.tls.protocols = Some(versions(l, n)),
    ),
    row(
        "ssl_session_cache",
        HS,
        Args::new(1, 2, "off | none | [builtin[:sessions]] [shared:name:size]"),
        "none",
        "Memory for sessions that clients without tickets may resume; each server has its own.",
        session_cache,
    ),
    row(
        "ssl_session_timeout",
        HS,
        Args::TIME,
        "5m",
        "How long a session may be resumed.",
        |l, b, n| b.tls.session_timeout = l.seconds(n),
    ),
    row(
        "ssl_session_tickets",
        HS,
        Args::FLAG,
        "on",
        "Whether clients get tickets with which they resume a session.",
        |l, b, n| b.tls.session_tickets = l.flag(n),
    ),
    row(
        "ssl_ciphers",
        HS,
        Args::new(1, 1, "ciphers"),
        "the safe ones",
        "Accepted without effect: all cipher suites offered are safe.",
        |l, _, n| own_choice(l, n, "cipher suites"),
    )
    .inert(),
    row(
        "ssl_prefer_server_ciphers",
        HS,
        Args::FLAG,
        "on",
        "Accepted without effect: the server's order of the safe cipher suites counts.",
        |l, _, n| {
            if l.flag(n).is_some() {
                own_choice(l, n, "cipher suites and their order");
            }
        },
    )
    .inert(),
    row(
        "ssl_ecdh_curve",
        HS,
        Args::new(1, 1, "curves"),
        "X25519, P-256, P-384",
        "Accepted without effect: all curves offered are safe.",
        |l, _, n| own_choice(l, n, "curves"),
    )
    .inert(),
    row(
        "ssl_dhparam",
        HS,
        Args::PATH,
        "none",
        "Accepted without effect: keys are agreed on elliptic curves only.",
        |l, _, n| own_choice(l, n, "groups for the key exchange"),
    )
    .inert(),
    row(
        "ssl_client_certificate",
        HS,
        Args::PATH,
        "none",
        "PEM file with the authorities of clients' certificates; clients are told their names.",
        |l, b, n| certificate_file(l, n, |path| b.tls.client_certificate = Some(path)),
    ),
    row(
        "ssl_trusted_certificate",
        HS,
        Args::PATH,
        "none",
        "PEM file with further authorities of clients' certificates.",
        |l, b, n| certificate_file(l, n, |path| b.tls.trusted_certificate = Some(path)),
    ),
    row(
        "ssl_crl",
        HS,
        Args::PATH,
        "none",
        "PEM file with the revocation lists of all authorities in a client's chain; an outdated \
         list lets nobody in. Read at the start and at every reload.",
        |l, b, n| certificate_file(l, n, |path| b.tls.crl = Some(path)),
    ),
    row(
        "ssl_verify_client",
        HS,
        Args::new(1, 1, "on | off | optional"),
        "off",
        "Whether clients must, or may, show a certificate; without a good one: 400.",
        verify_client,
    ),
    row(
        "ssl_verify_depth",
        HS,
        Args::NUMBER,
        "1",
        "Most certificates between a client's and the authority's.",
        |l, b, n| b.tls.verify_depth = l.number(n),
    ),
    row(
        "ssl_reject_handshake",
        HS,
        Args::FLAG,
        "off",
        "Whether handshakes that name this server, or none where it is the default, are refused.",
        |l, b, n| b.tls.reject_handshake = l.flag(n),
    ),
];

/// A file of certificates or of a key, for `keep`.
pub(super) fn certificate_file(l: &mut Lowering<'_>, n: &Node, keep: impl FnOnce(PathBuf)) {
    let Some(word) = n.args.first() else { return };
    let elsewhere = ["data:", "engine:", "store:"];
    if let Some(form) = elsewhere.iter().find(|form| word.value.starts_with(form.as_bytes())) {
        return l.not_implemented(word.span, &format!("\"{form}\" of \"{}\"", n.name.text()));
    }
    if word.value.contains(&b'$') {
        let what = format!("a variable in the \"{}\" directive", n.name.text());
        return l.not_implemented(word.span, &what);
    }
    keep(l.beside_file(&word.value));
}

pub(super) fn own_choice(l: &mut Lowering<'_>, n: &Node, what: &str) {
    let name = n.name.text();
    if l.first_time(&name) {
        let text = format!(
            "\"{name}\" is ignored: outpour makes its own choice of {what}, all of them safe"
        );
        l.report.notice(n.name.span, text);
    }
}

/// TLSv1.2 and TLSv1.3.
pub(super) fn versions(l: &mut Lowering<'_>, n: &Node) -> (bool, bool) {
    let (mut tls12, mut tls13, mut known) = (false, false, true);
    for word in &n.args {
        match word.value.as_slice() {
            b"TLSv1.2" => tls12 = true,
            b"TLSv1.3" => tls13 = true,
            b"SSLv2" | b"SSLv3" | b"TLSv1" | b"TLSv1.1" => {
                let text = format!("{} is not offered: it is not safe any more", word.text());
                l.report.notice(word.span, text);
            }
            _ => {
                known = false;
                invalid_value(l, word, Some("accepted values: TLSv1.2, TLSv1.3"));
            }
        }
    }
    if known && !tls12 && !tls13 {
        l.report.emerg(n.span(), "no protocol that is offered: TLSv1.2, TLSv1.3");
    }
    (tls12, tls13)
}

fn invalid_value(l: &mut Lowering<'_>, word: &Word, help: Option<&str>) {
    let message = format!("invalid value \"{}\"", word.text());
    l.report.emerg_help(word.span, message, help.map(ToOwned::to_owned));
}

fn session_cache(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut bytes = None;
    for word in &n.args {
        match cache(&word.value) {
            Some(Some(more)) => bytes = Some(bytes.unwrap_or(0).max(more)),
            Some(None) => {}
            None => {
                let message = format!("invalid session cache \"{}\"", word.text());
                let help = "for example: shared:SSL:10m".to_owned();
                l.report.emerg_help(word.span, message, help);
            }
        }
    }
    b.tls.session_cache = Some(bytes);
}

/// The bytes that a form asks for; `Some(None)` for no cache.
fn cache(text: &[u8]) -> Option<Option<u64>> {
    match text {
        b"off" | b"none" => return Some(None),
        b"builtin" => return Some(Some(20_480 * SESSION_BYTES)),
        _ => {}
    }
    if let Some(sessions) = text.strip_prefix(b"builtin:") {
        return values::number(sessions).map(|count| Some(count.saturating_mul(SESSION_BYTES)));
    }
    let (name, size) = {
        let rest = text.strip_prefix(b"shared:")?;
        let colon = rest.iter().position(|b| *b == b':')?;
        (&rest[..colon], &rest[colon + 1..])
    };
    // nginx wants at least eight pages.
    values::size(size).filter(|size| !name.is_empty() && *size >= 8 * 4096).map(Some)
}

fn verify_client(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    b.tls.verify_client = match word.value.as_slice() {
        b"on" => Some(VerifyClient::On),
        b"off" => Some(VerifyClient::Off),
        b"optional" => Some(VerifyClient::Optional),
        b"optional_no_ca" => {
            return l.not_implemented(word.span, "\"optional_no_ca\" of \"ssl_verify_client\"");
        }
        _ => return invalid_value(l, word, Some("accepted values: on, off, optional")),
    };
}
