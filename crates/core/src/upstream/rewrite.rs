//! `proxy_redirect`, `proxy_cookie_domain`, `proxy_cookie_path` and `proxy_cookie_flags`.

use crate::settings::{
    CookieFlags, CookieName, ProxyAnswer, ProxyRewrite, ProxyRewriteFrom, SameSite,
};
use crate::variables::Scope;

/// `Location` of an answer, as the first rule that fits changes it.
pub(super) fn location(answer: &ProxyAnswer, value: &[u8], scope: &Scope<'_>) -> Option<Vec<u8>> {
    answer.redirects.iter().find_map(|rule| begin_replaced(rule, value, scope))
}

/// `Refresh` of an answer: what stands behind its `url=`.
pub(super) fn refresh(answer: &ProxyAnswer, value: &[u8], scope: &Scope<'_>) -> Option<Vec<u8>> {
    let at = value.windows(4).position(|part| part.eq_ignore_ascii_case(b"url="))? + 4;
    let url = location(answer, &value[at..], scope)?;
    Some([&value[..at], &url].concat())
}

/// `Set-Cookie` of an answer with other domain, path and flags.
pub(super) fn cookie(answer: &ProxyAnswer, value: &[u8], scope: &Scope<'_>) -> Option<Vec<u8>> {
    let untouched = answer.cookie_domains.is_empty()
        && answer.cookie_paths.is_empty()
        && answer.cookie_flags.is_empty();
    if untouched {
        return None;
    }
    let mut parts: Vec<Vec<u8>> =
        value.split(|b| *b == b';').map(|part| part.trim_ascii().to_vec()).collect();
    for part in parts.iter_mut().skip(1) {
        let Some(equals) = part.iter().position(|b| *b == b'=') else { continue };
        let (name, text) = (part[..equals].trim_ascii_end(), part[equals + 1..].trim_ascii_start());
        let changed = if name.eq_ignore_ascii_case(b"domain") {
            answer.cookie_domains.iter().find_map(|rule| domain_replaced(rule, text, scope))
        } else if name.eq_ignore_ascii_case(b"path") {
            answer.cookie_paths.iter().find_map(|rule| begin_replaced(rule, text, scope))
        } else {
            None
        };
        if let Some(changed) = changed {
            *part = [&part[..=equals], &changed].concat();
        }
    }
    flag(answer, &mut parts, scope);
    Some(parts.join(&b"; "[..]))
}

/// A beginning replaced, or the whole where an expression matches.
fn begin_replaced(rule: &ProxyRewrite, value: &[u8], scope: &Scope<'_>) -> Option<Vec<u8>> {
    match &rule.from {
        ProxyRewriteFrom::Text(from) => {
            let rest = value.strip_prefix(&*from.evaluate(scope))?;
            Some([&*rule.to.evaluate(scope), rest].concat())
        }
        ProxyRewriteFrom::Regex(pattern) => {
            let mut state = scope.state.clone();
            let matches = pattern.capture(value, &mut state);
            matches.then(|| rule.to.evaluate(&scope.with(&state)).into_owned())
        }
    }
}

fn domain_replaced(rule: &ProxyRewrite, value: &[u8], scope: &Scope<'_>) -> Option<Vec<u8>> {
    match &rule.from {
        ProxyRewriteFrom::Text(from) => {
            // A dot in front stays where it is.
            let (dot, bare) = value.split_at(usize::from(value.starts_with(b".")));
            let fits = bare.eq_ignore_ascii_case(&from.evaluate(scope));
            fits.then(|| [dot, &rule.to.evaluate(scope)].concat())
        }
        ProxyRewriteFrom::Regex(_) => begin_replaced(rule, value, scope),
    }
}

/// Gives the cookie the flags of the first rule for its name.
fn flag(answer: &ProxyAnswer, parts: &mut Vec<Vec<u8>>, scope: &Scope<'_>) {
    let pair = parts.first().map(Vec::as_slice).unwrap_or_default();
    let name = pair.split(|b| *b == b'=').next().unwrap_or_default().trim_ascii();
    let Some(rule) = answer.cookie_flags.iter().find(|rule| concerns(rule, name, scope)) else {
        return;
    };
    if let Some(wanted) = rule.secure {
        set(parts, b"secure", wanted.then_some(b"Secure"));
    }
    if let Some(wanted) = rule.httponly {
        set(parts, b"httponly", wanted.then_some(b"HttpOnly"));
    }
    match rule.samesite {
        None => {}
        Some(SameSite::Off) => set(parts, b"samesite", None),
        Some(SameSite::Strict) => set(parts, b"samesite", Some(b"SameSite=Strict")),
        Some(SameSite::Lax) => set(parts, b"samesite", Some(b"SameSite=Lax")),
        Some(SameSite::None) => set(parts, b"samesite", Some(b"SameSite=None")),
    }
}

fn concerns(rule: &CookieFlags, name: &[u8], scope: &Scope<'_>) -> bool {
    match &rule.cookie {
        CookieName::Text(text) => text.evaluate(scope).eq_ignore_ascii_case(name),
        CookieName::Regex(pattern) => pattern.regex.is_match(name),
    }
}

/// Takes the attribute `name` away and puts `attribute` in its place, if there is one.
fn set(parts: &mut Vec<Vec<u8>>, name: &[u8], attribute: Option<&[u8]>) {
    let mut first = true;
    parts.retain(|part| {
        let own = part.split(|b| *b == b'=').next().unwrap_or_default().trim_ascii();
        std::mem::take(&mut first) || !own.eq_ignore_ascii_case(name)
    });
    parts.extend(attribute.map(<[u8]>::to_vec));
}
