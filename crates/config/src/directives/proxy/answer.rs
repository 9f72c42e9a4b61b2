//! The answer as the client gets it.

use outpour_core::settings::{
    CookieFlags, CookieName, IgnoredHeaders, ProxyRewrite, ProxyRewriteFrom, SameSite,
};

use crate::directives::table::{Args, Contexts, Directive, row};
use crate::draft::{Block, PassTo, RedirectDraft};
use crate::lower::Lowering;
use crate::syntax::{Node, Word};

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "proxy_buffering",
        HSL,
        Args::FLAG,
        "on",
        "Whether an answer is read ahead of its client, as far as proxy_buffers go.",
        |l, b, n| b.proxy.buffering = l.flag(n),
    ),
    row(
        "proxy_hide_header",
        HSL,
        Args::new(1, 1, "name"),
        "none",
        "A header of the upstream's answer that is not sent on, besides Date, Server, X-Pad and \
         X-Accel-*.",
        |_, b, n| header_name(n, b.proxy.hide_headers.get_or_insert_default()),
    )
    .repeats(),
    row(
        "proxy_pass_header",
        HSL,
        Args::new(1, 1, "name"),
        "none",
        "A header of the upstream's answer that is sent on although it would not be.",
        |_, b, n| header_name(n, b.proxy.pass_headers.get_or_insert_default()),
    )
    .repeats(),
    row(
        "proxy_ignore_headers",
        HSL,
        Args::new(1, usize::MAX, "name ..."),
        "none",
        "Headers of the upstream's answer that tell the server nothing: X-Accel-Redirect, \
         X-Accel-Buffering and so on.",
        ignore_headers,
    ),
    row(
        "proxy_intercept_errors",
        HSL,
        Args::FLAG,
        "off",
        "Whether error_page applies to upstreams' answers of 300 and more.",
        |l, b, n| b.proxy.intercept_errors = l.flag(n),
    ),
    row(
        "proxy_redirect",
        HSL,
        Args::new(1, 2, "default | off | redirect replacement"),
        "default",
        "What becomes of Location and Refresh; by default the address of proxy_pass becomes the \
         location.",
        redirect,
    )
    .repeats(),
    row(
        "proxy_cookie_domain",
        HSL,
        Args::new(1, 2, "off | domain replacement"),
        "off",
        "Changes the domain of the upstream's cookies.",
        |l, b, n| {
            let strip = |text: &[u8]| text.strip_prefix(b".").unwrap_or(text).to_vec();
            rewrite(l, n, true, strip, &mut b.proxy.cookie_domains);
        },
    )
    .repeats(),
    row(
        "proxy_cookie_path",
        HSL,
        Args::new(1, 2, "off | path replacement"),
        "off",
        "Changes the path of the upstream's cookies.",
        |l, b, n| rewrite(l, n, false, <[u8]>::to_vec, &mut b.proxy.cookie_paths),
    )
    .repeats(),
    row(
        "proxy_cookie_flags",
        HSL,
        Args::new(1, 4, "off | cookie [flag ...]"),
        "off",
        "Sets or takes away Secure, HttpOnly and SameSite of the upstream's cookies.",
        cookie_flags,
    )
    .repeats(),
];

fn header_name(n: &Node, names: &mut Vec<Box<[u8]>>) {
    names.extend(n.args.first().map(|word| word.value.to_ascii_lowercase().into()));
}

fn ignore_headers(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut ignored = IgnoredHeaders::default();
    for word in &n.args {
        match word.text().as_str() {
            "X-Accel-Redirect" => ignored.redirect = true,
            "X-Accel-Buffering" => ignored.buffering = true,
            "X-Accel-Charset" => ignored.charset = true,
            "X-Accel-Limit-Rate" => ignored.limit_rate = true,
            // They would only tell a cache something.
            "X-Accel-Expires" | "Expires" | "Cache-Control" | "Set-Cookie" | "Vary" => {}
            name => {
                let help = "accepted values: X-Accel-Redirect, X-Accel-Expires, \
                            X-Accel-Limit-Rate, X-Accel-Buffering, X-Accel-Charset, Expires, \
                            Cache-Control, Set-Cookie, Vary";
                let message = format!("invalid value \"{name}\"");
                return l.report.emerg_help(word.span, message, help.to_owned());
            }
        }
    }
    b.proxy.ignore_headers = Some(ignored);
}

fn redirect(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let redirects = |b: &mut Block, draft| b.proxy.redirects.get_or_insert_default().push(draft);
    match n.args.as_slice() {
        [word] if word.is("off") => b.proxy.redirect_off = Some(true),
        [word] if word.is("false") => {
            let text = "invalid parameter \"false\", use \"off\" instead";
            l.report.warn(word.span, text);
            b.proxy.redirect_off = Some(true);
        }
        [word] if word.is("default") => match &b.proxy.pass {
            Some(pass) if matches!(pass.to, PassTo::Variable(_)) => {
                let text = "\"proxy_redirect default\" cannot be used with \"proxy_pass\" \
                            directive with variables";
                l.report.emerg(word.span, text);
            }
            Some(_) => redirects(b, RedirectDraft::Default),
            None => {
                let text = "\"proxy_redirect default\" should be placed after the \"proxy_pass\" \
                            directive";
                l.report.emerg(word.span, text);
            }
        },
        [word] => l.invalid_parameter(n, word, &["off", "default"]),
        [from, to] => {
            if let Some(rule) = rule(l, from, to, true, <[u8]>::to_vec) {
                redirects(b, RedirectDraft::Rule(rule));
            }
        }
        _ => {}
    }
    // Rules of this level end an `off` around it.
    if b.proxy.redirects.is_some() && b.proxy.redirect_off.is_none() {
        b.proxy.redirect_off = Some(false);
    }
}

/// `off`, or a rule; `text` prepares what a rule without expression looks for.
fn rewrite(
    l: &mut Lowering<'_>,
    n: &Node,
    always_caseless: bool,
    text: impl Fn(&[u8]) -> Vec<u8>,
    rules: &mut Option<Vec<ProxyRewrite>>,
) {
    match n.args.as_slice() {
        [word] if word.is("off") => *rules = Some(Vec::new()),
        [word] => l.invalid_parameter(n, word, &["off"]),
        [from, to] => {
            rules.get_or_insert_default().extend(rule(l, from, to, !always_caseless, text));
        }
        _ => {}
    }
}

/// A rule: a text, or an expression behind `~` or `~*`. Where `cased` is false expressions never
/// heed letter case.
fn rule(
    l: &mut Lowering<'_>,
    from: &Word,
    to: &Word,
    cased: bool,
    text: impl Fn(&[u8]) -> Vec<u8>,
) -> Option<ProxyRewrite> {
    let from = match from.value.as_slice() {
        [b'~', b'*', pattern @ ..] => ProxyRewriteFrom::Regex(l.pattern(pattern, true, from.span)?),
        [b'~', pattern @ ..] => ProxyRewriteFrom::Regex(l.pattern(pattern, !cased, from.span)?),
        plain => ProxyRewriteFrom::Text(l.expression_of(&text(plain), from.span)?),
    };
    let to = l.expression(to)?;
    Some(ProxyRewrite { from, to })
}

fn cookie_flags(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some((name, words)) = n.args.split_first() else { return };
    if words.is_empty() {
        if name.is("off") {
            b.proxy.cookie_flags = Some(Vec::new());
        } else {
            l.invalid_parameter(n, name, &["off"]);
        }
        return;
    }
    let cookie = match name.value.as_slice() {
        [b'~', b'*', pattern @ ..] | [b'~', pattern @ ..] => {
            l.pattern(pattern, true, name.span).map(CookieName::Regex)
        }
        _ => l.expression(name).map(CookieName::Text),
    };
    let Some(cookie) = cookie else { return };
    let mut flags = CookieFlags { cookie, secure: None, httponly: None, samesite: None };
    for word in words {
        if word.value.contains(&b'$') {
            return l.not_implemented(word.span, "a variable in \"proxy_cookie_flags\"");
        }
        match word.text().as_str() {
            "secure" => flags.secure = Some(true),
            "nosecure" => flags.secure = Some(false),
            "httponly" => flags.httponly = Some(true),
            "nohttponly" => flags.httponly = Some(false),
            "samesite=strict" => flags.samesite = Some(SameSite::Strict),
            "samesite=lax" => flags.samesite = Some(SameSite::Lax),
            "samesite=none" => flags.samesite = Some(SameSite::None),
            "nosamesite" => flags.samesite = Some(SameSite::Off),
            _ => {
                let known = [
                    "secure",
                    "nosecure",
                    "httponly",
                    "nohttponly",
                    "samesite=strict",
                    "samesite=lax",
                    "samesite=none",
                    "nosamesite",
                ];
                return l.invalid_parameter(n, word, &known);
            }
        }
    }
    b.proxy.cookie_flags.get_or_insert_default().push(flags);
}
