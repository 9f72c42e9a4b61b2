//! `proxy_pass`, and how names are found.

use std::net::SocketAddr;

use outpour_core::settings::Matcher;

use crate::directives::table::{Args, Contexts, Directive, row};
use crate::draft::{Block, PassDraft, PassTo, ServersDraft};
use crate::lower::Lowering;
use crate::proxy_url::{Authority, INVALID_PREFIX, Url, resolve};
use crate::syntax::{Node, Word};
use crate::values;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "proxy_pass",
        Contexts(Contexts::LOCATION.0 | Contexts::LOCATION_IF.0),
        Args::new(1, 1, "URL"),
        "none",
        "Hands requests on to a server or an upstream: http:// or https:// with a host, or \
         http://unix:PATH:. A path behind it takes the place of the location's prefix.",
        proxy_pass,
    ),
    row(
        "resolver",
        Contexts::HSL,
        Args::new(1, usize::MAX, "address ... [valid=time] [ipv4=on|off] [ipv6=on|off]"),
        "the system's",
        "Name servers that are asked for names which are known only when a request comes.",
        resolver,
    ),
    row(
        "resolver_timeout",
        Contexts::HSL,
        Args::TIME,
        "30s",
        "How long a request waits for a name.",
        |l, b, n| b.proxy.resolver.timeout = l.milliseconds(n),
    ),
];

fn proxy_pass(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    let to = if word.value.contains(&b'$') {
        match l.expression(word) {
            Some(url) => PassTo::Variable(url),
            None => return,
        }
    } else {
        match fixed(l, b, word) {
            Some(to) => to,
            None => return,
        }
    };
    // As in nginx, of several handlers of a location the last one counts.
    b.push.role = None;
    b.proxy.pass = Some(PassDraft { to, at: n.span() });
}

fn fixed(l: &mut Lowering<'_>, b: &Block, word: &Word) -> Option<PassTo> {
    let url = match Url::parse(&word.value) {
        Ok(url) => url,
        Err(INVALID_PREFIX) => {
            let help = format!("for example: http://{}", word.text());
            l.report.emerg_help(word.span, INVALID_PREFIX, help);
            return None;
        }
        Err(reason) => {
            let text = without_scheme(&word.text());
            l.report.emerg(word.span, format!("{reason} in upstream \"{text}\""));
            return None;
        }
    };
    let prefix = match &b.matcher {
        Some(Matcher::Exact(path) | Matcher::Prefix { path, .. }) => Some(path.clone()),
        Some(Matcher::Regex(_) | Matcher::Named(_)) | None => None,
    };
    if prefix.is_none() && !url.path.is_empty() && (b.matcher.is_some() || is_condition(b)) {
        let text = "\"proxy_pass\" cannot have URI part in location given by regular expression, \
                    or inside named location, or inside \"if\" statement, or inside \
                    \"limit_except\" block";
        l.report.emerg(word.span, text);
        return None;
    }
    Some(PassTo::Fixed { url, prefix: prefix.unwrap_or_default() })
}

fn is_condition(b: &Block) -> bool {
    b.context == Contexts::LOCATION_IF
}

fn without_scheme(text: &str) -> String {
    text.split_once("://").map_or(text, |(_, rest)| rest).to_owned()
}

fn resolver(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let mut servers = ServersDraft { addresses: Vec::new(), valid: None, ipv4: true, ipv6: true };
    for word in &n.args {
        let text = word.value.as_slice();
        if let Some(time) = text.strip_prefix(b"valid=") {
            servers.valid = values::seconds(time);
            if servers.valid.is_none() {
                return invalid(l, word);
            }
        } else if let Some(flag) = text.strip_prefix(b"ipv4=") {
            let Some(flag) = on_off(flag) else { return invalid(l, word) };
            servers.ipv4 = flag;
        } else if let Some(flag) = text.strip_prefix(b"ipv6=") {
            let Some(flag) = on_off(flag) else { return invalid(l, word) };
            servers.ipv6 = flag;
        } else if text.starts_with(b"status_zone=") {
            l.not_implemented(word.span, "\"status_zone=\" of \"resolver\"");
        } else {
            match name_server(text) {
                Ok(mut found) => servers.addresses.append(&mut found),
                Err(reason) => {
                    let message = format!("{reason} in resolver \"{}\"", word.text());
                    return l.report.emerg(word.span, message);
                }
            }
        }
    }
    if servers.addresses.is_empty() {
        return l.report.emerg(n.span(), "no name servers defined");
    }
    if !servers.ipv4 && !servers.ipv6 {
        return l.report.emerg(n.span(), "\"ipv4\" and \"ipv6\" cannot both be \"off\"");
    }
    b.proxy.resolver.servers = Some(servers);
}

fn invalid(l: &mut Lowering<'_>, word: &Word) {
    l.report.emerg(word.span, format!("invalid parameter: {}", word.text()));
}

fn on_off(text: &[u8]) -> Option<bool> {
    match text {
        b"on" => Some(true),
        b"off" => Some(false),
        _ => None,
    }
}

fn name_server(text: &[u8]) -> Result<Vec<SocketAddr>, &'static str> {
    match Authority::parse(text)? {
        (Authority::Host { host, port }, []) => resolve(&host, port.unwrap_or(53)),
        (Authority::Host { .. } | Authority::Unix(_), _) => Err("invalid host"),
    }
}
