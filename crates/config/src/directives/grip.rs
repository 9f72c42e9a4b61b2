//! GRIP: what an application behind `proxy_pass` may have held for it.

use outpour_core::grip::decode_key;
use outpour_core::settings::{Role, Service};

use crate::draft::{Block, GripKey, GripMode};
use crate::lower::Lowering;
use crate::syntax::Node;

use super::push_stream::set_role;
use super::table::{Args, Contexts, Directive, row};

pub(crate) const ROWS: &[Directive] = &[
    row(
        "push_stream_grip",
        Contexts::HSLI,
        Args::new(1, 1, "on | http | off"),
        "off",
        "The application behind proxy_pass may have connections held by GRIP (Grip-Hold and its \
         like in its answers); on: WebSockets come to it as HTTP requests, http: they are handed on.",
        |l, b, n| {
            b.proxy.grip = match l.one_of(n, &["on", "http", "off"]) {
                Some("on") => Some(GripMode::On),
                Some("http") => Some(GripMode::Http),
                Some(_) => Some(GripMode::Off),
                None => None,
            };
        },
    ),
    row(
        "push_stream_grip_key",
        Contexts::HSL,
        Args::new(1, 2, "key | base64:key [iss=name]"),
        "none",
        "The secret with which requests to an application are signed (Grip-Sig), and who signs.",
        key,
    ),
    row(
        "push_stream_grip_publisher",
        Contexts::LOCATION,
        Args::NONE,
        "none",
        "The location takes items in GRIP's format, as libraries POST them to /publish/.",
        |l, b, n| set_role(l, b, n, Role::Service(Service::GripPublisher)),
    )
    .repeats(),
];

fn key(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    let issuer = match n.args.get(1) {
        None => None,
        Some(word) => match word.text().strip_prefix("iss=") {
            Some(issuer) if !issuer.is_empty() => Some(issuer.into()),
            _ => return l.invalid_parameter(n, word, &["iss="]),
        },
    };
    match decode_key(&word.value) {
        Some(key) => b.proxy.grip_key = Some(GripKey { key: key.into(), issuer }),
        None => {
            let help = "a secret as it is, or base64: and the secret in base64".to_owned();
            l.report.emerg_help(word.span, "invalid key".to_owned(), help);
        }
    }
}
