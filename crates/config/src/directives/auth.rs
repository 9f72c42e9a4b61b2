//! `auth_basic`, `satisfy`: who somebody is.

use outpour_core::settings::Satisfy;

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
];
