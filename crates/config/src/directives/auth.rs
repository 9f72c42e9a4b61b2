//! `satisfy`, `auth_basic`, `auth_request`, `auth_jwt`: who somebody is.

use outpour_core::settings::{ChannelsClaim, JwtRequirement, Satisfy};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

use super::rewrite::is_fixed;
use super::table::{Args, Contexts, Directive, row};

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "satisfy",
        HSL,
        Args::new(1, 1, "all | any"),
        "all",
        "Whether all checks of access have to let a request in, or one of them.",
        |l, b, n| {
            b.guard.satisfy = match l.one_of(n, &["all", "any"]) {
                Some("any") => Some(Satisfy::Any),
                Some(_) => Some(Satisfy::All),
                None => None,
            };
        },
    ),
    row(
        "auth_basic",
        HSL,
        Args::new(1, 1, "realm | off"),
        "off",
        "Asks for a name and a password of auth_basic_user_file; answers 401 without.",
        |l, b, n| {
            let Some(word) = n.args.first() else { return };
            b.guard.realm = match word.is("off") {
                true => Some(None),
                false => l.expression(word).map(Some),
            };
        },
    ),
    row(
        "auth_basic_user_file",
        HSL,
        Args::PATH,
        "none",
        "The names and passwords, as htpasswd writes them; read again when it changes.",
        |l, b, n| b.guard.user_file = l.value(n),
    ),
    row(
        "auth_request",
        HSL,
        Args::new(1, 1, "path | off"),
        "off",
        "Asks another location whether a request may pass: 2xx lets it in, 401 and 403 refuse it.",
        |_, b, n| {
            b.guard.request =
                n.args.first().map(|word| (!word.is("off")).then(|| word.value.as_slice().into()));
        },
    ),
    row(
        "auth_request_set",
        HSL,
        Args::new(2, 2, "$variable value"),
        "none",
        "Sets a variable from the answer of auth_request, such as $sent_http_x_user.",
        auth_request_set,
    )
    .repeats(),
    row(
        "auth_jwt",
        HSL,
        Args::new(1, 2, "realm [token=$variable] | off"),
        "off",
        "Asks for a signed JSON web token, in Authorization: Bearer or in the variable.",
        auth_jwt,
    ),
    row(
        "auth_jwt_key_file",
        HSL,
        Args::PATH,
        "none",
        "Keys of auth_jwt: a JSON web key set, or a secret; read again when it changes.",
        |l, b, n| {
            let Some(word) = n.args.first() else { return };
            let path = l.beside_file(&word.value);
            b.guard.jwt_key_files.get_or_insert_default().push(path);
        },
    )
    .repeats(),
    row(
        "auth_jwt_key_request",
        HSL,
        Args::PATH,
        "none",
        "Another location that gives out the keys of auth_jwt, as a JSON web key set of 256 KiB at most.",
        key_request,
    ),
    row(
        "auth_jwt_key_cache",
        HSL,
        Args::TIME,
        "0",
        "How long the keys of auth_jwt_key_request are kept; 0: each request asks for them.",
        |l, b, n| b.guard.jwt_key_cache = l.seconds(n),
    ),
    row(
        "auth_jwt_leeway",
        HSL,
        Args::TIME,
        "0s",
        "How far clocks may differ when the times of a token are looked at.",
        |l, b, n| b.guard.jwt_leeway = l.seconds(n),
    ),
    row(
        "auth_jwt_require",
        HSL,
        Args::new(1, usize::MAX, "value ... [error=401 | 403]"),
        "none",
        "Values that may not be empty or 0 when the token has been verified.",
        auth_jwt_require,
    )
    .repeats(),
    row(
        "auth_jwt_claim_set",
        Contexts::HTTP,
        Args::new(2, usize::MAX, "$variable name ..."),
        "none",
        "A variable for a claim, or for one inside other claims.",
        |l, _, n| {
            if let Some(word) = n.args.first() {
                l.variable_name(word);
            }
        },
    )
    .repeats(),
    row(
        "push_stream_authorized_channels_claim",
        HSL,
        Args::new(1, 2, "[subscribe=claim] [publish=claim]"),
        "none",
        "Claims of the token that name the channels which may be used, prefix* among them.",
        channels_claim,
    ),
    row(
        "push_stream_websocket_allowed_origins",
        HSL,
        Args::new(1, usize::MAX, "origin ..."),
        "none",
        "Pages that may open WebSockets, such as https://example.org or https://*.example.org; others \
         are answered 403, clients that name no page are let in.",
        |_, b, n| {
            let origins = n.args.iter().map(|word| word.text().to_ascii_lowercase().into());
            b.guard.origins = Some(origins.collect());
        },
    ),
];

fn auth_request_set(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [name, value] = n.args.as_slice() else { return };
    let Some(variable) = l.variable_name(name) else { return };
    if is_fixed(&variable) {
        return l.report.emerg(name.span, format!("the duplicate \"{variable}\" variable"));
    }
    if let Some(value) = l.expression(value) {
        let slot = l.names.slot(&variable);
        b.guard.request_set.get_or_insert_default().push((slot, value));
    }
}

fn auth_jwt(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let (realm, token) = match n.args.as_slice() {
        [word] if word.is("off") => return b.guard.jwt = Some(None),
        [realm] => (realm, None),
        [realm, word] => match word.value.strip_prefix(b"token=") {
            Some(token) => (realm, l.expression_of(token, word.span)),
            None => return l.invalid_parameter(n, word, &["token="]),
        },
        _ => return,
    };
    b.guard.jwt = l.expression(realm).map(|realm| Some((realm, token)));
}

fn key_request(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if !word.value.starts_with(b"/") {
        let help = "the path of a location of this server, such as /_jwks".to_owned();
        return l.report.emerg_help(word.span, format!("invalid URI \"{}\"", word.text()), help);
    }
    b.guard.jwt_key_request = Some(word.value.as_slice().into());
}

fn auth_jwt_require(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut required = JwtRequirement { values: Vec::new(), status: 401 };
    for word in &n.args {
        match word.value.strip_prefix(b"error=") {
            Some(b"401") => required.status = 401,
            Some(b"403") => required.status = 403,
            Some(_) => return l.invalid_parameter(n, word, &["error=401", "error=403"]),
            None => required.values.extend(l.expression(word)),
        }
    }
    b.guard.jwt_require.get_or_insert_default().push(required);
}

fn channels_claim(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut claims = ChannelsClaim::default();
    for word in &n.args {
        let text = word.text();
        match text.split_once('=') {
            Some(("subscribe", name)) if !name.is_empty() => claims.subscribe = name.into(),
            Some(("publish", name)) if !name.is_empty() => claims.publish = name.into(),
            _ => return l.invalid_parameter(n, word, &["subscribe=", "publish="]),
        }
    }
    b.guard.channels = Some(claims);
}
