//! `secure_link`: addresses that carry a signature, and how long they hold.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::{Digest as _, Md5};
use ring::hmac;

use super::password::equal;
use crate::settings::{HmacLink, SecureLink};
use crate::variables::Scope;

/// `$secure_link`: `1` for a link that is signed and still holds, `0` for one whose time is over,
/// `None` for any other. Under `secure_link_secret` it is the part of the path that is signed.
pub(crate) fn secure_link(link: &SecureLink, scope: &Scope<'_>) -> Option<Vec<u8>> {
    if let Some(secret) = &link.secret {
        return by_secret(scope.path(), secret);
    }
    let value = link.link.as_ref()?.evaluate(scope);
    let (mark, expires) = split(&value);
    let expires = match expires {
        Some(text) => Some(number(text).filter(|expires| *expires > 0)?),
        None => None,
    };
    let mark = URL_SAFE_NO_PAD.decode(mark.trim_ascii_end()).ok();
    let mark = mark.filter(|mark| mark.len() == 16)?;
    let signed = link.md5.as_ref()?.evaluate(scope);
    if !equal(&mark, &Md5::digest(&*signed)) {
        return None;
    }
    Some(holds(expires.is_none_or(|expires| expires >= scope.now.unix)))
}

/// `$secure_link_expires`: what stands behind the comma.
pub(crate) fn expires(link: &SecureLink, scope: &Scope<'_>) -> Option<Vec<u8>> {
    let value = link.link.as_ref()?.evaluate(scope);
    split(&value).1.map(<[u8]>::to_vec)
}

/// `$secure_link_hmac`: as [`secure_link`], with an HMAC over the message. The value of
/// `secure_link_hmac` is `signature[,time of signing[,seconds it holds]]`.
pub(crate) fn secure_link_hmac(link: &HmacLink, scope: &Scope<'_>) -> Option<Vec<u8>> {
    let value = link.link.evaluate(scope);
    let mut parts = value.splitn(3, |byte| *byte == b',');
    let mark = URL_SAFE_NO_PAD.decode(parts.next()?.trim_ascii_end()).ok()?;
    let signed_at = parts.next().map(|text| number(text).ok_or(())).transpose().ok()?;
    let lasts = parts.next().map(|text| number(text).ok_or(())).transpose().ok()?;
    let key = hmac::Key::new(digest(link), &link.secret.evaluate(scope));
    hmac::verify(&key, &link.message.evaluate(scope), &mark).ok()?;
    let now = scope.now.unix;
    let fresh = match (signed_at, lasts) {
        (Some(at), Some(seconds)) => seconds == 0 || now <= at.saturating_add(seconds),
        (Some(_) | None, None) | (None, Some(_)) => true,
    };
    Some(holds(fresh))
}

/// `$secure_link_hmac_expires`: how many seconds the link holds.
pub(crate) fn hmac_expires(link: &HmacLink, scope: &Scope<'_>) -> Option<Vec<u8>> {
    link.link.evaluate(scope).splitn(3, |byte| *byte == b',').nth(2).map(<[u8]>::to_vec)
}

/// `$secure_link_hmac_token`: the signature of the message, for links that this server makes.
pub(crate) fn hmac_token(link: &HmacLink, scope: &Scope<'_>) -> Vec<u8> {
    let key = hmac::Key::new(digest(link), &link.secret.evaluate(scope));
    let mark = hmac::sign(&key, &link.message.evaluate(scope));
    URL_SAFE_NO_PAD.encode(mark).into_bytes()
}

fn digest(link: &HmacLink) -> hmac::Algorithm {
    match link.bits {
        512 => hmac::HMAC_SHA512,
        384 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA256,
    }
}

fn holds(fresh: bool) -> Vec<u8> {
    if fresh { b"1".to_vec() } else { b"0".to_vec() }
}

/// The signature and what stands behind the first comma.
fn split(value: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b',', value) {
        Some(comma) => (&value[..comma], Some(&value[comma + 1..])),
        None => (value, None),
    }
}

fn number(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

/// `/prefix/HASH/link`, where HASH is the MD5 of link and secret in hexadecimal digits.
fn by_secret(path: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let mut parts = path.strip_prefix(b"/")?.splitn(3, |byte| *byte == b'/');
    let (_, mark, link) = (parts.next()?, parts.next()?, parts.next()?);
    let digest = Md5::new().chain_update(link).chain_update(secret).finalize();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let good = !link.is_empty() && equal(digits.as_bytes(), &mark.to_ascii_lowercase());
    good.then(|| link.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::now::epoch;
    use crate::variables::tests::Fixture;
    use crate::variables::{Expression, Variable};

    fn variable(name: &str) -> Expression {
        Expression::variable(Variable::parse(name).unwrap())
    }

    fn md5(link: &str, expected: Option<&str>) {
        let fixture = Fixture::new(&format!("GET /s/a?l={link} HTTP/1.1\n\n"));
        let signed = Expression::literal(*b"2147483647/s/a secret");
        let settings = SecureLink {
            link: Some(variable("arg_l")),
            md5: Some(signed),
            ..SecureLink::default()
        };
        let found = secure_link(&settings, &fixture.scope());
        assert_eq!(found.as_deref().map(String::from_utf8_lossy).as_deref(), expected, "{link}");
    }

    #[test]
    fn links_signed_with_md5() {
        // printf '2147483647/s/a secret' | openssl md5 -binary | base64 | tr +/ -_ | tr -d =
        let mark = "75tj6nq7-OJ-QTwR2Y6jIQ";
        md5(mark, Some("1"));
        md5(&format!("{mark},4102444800"), Some("1"));
        md5(&format!("{mark},{}", epoch().unix - 1), Some("0"));
        md5(&format!("{mark},0"), None);
        md5(&format!("{mark},x"), None);
        md5(&format!("x{}", &mark[1..]), None);
        md5("", None);
        md5("%", None);
    }

    #[test]
    fn links_signed_with_a_secret_behind_them() {
        // printf 'linksecret' | openssl md5 -hex
        let mark = "5e814704a28d9bc1914ff19fa0c4a00a";
        let check = |path: &str, expected: Option<&str>| {
            let found = by_secret(path.as_bytes(), b"secret");
            assert_eq!(
                found.as_deref().map(String::from_utf8_lossy).as_deref(),
                expected,
                "{path}"
            );
        };
        check(&format!("/p/{mark}/link"), Some("link"));
        check(&format!("/p/{mark}/other"), None);
        check(&format!("/p/{mark}/"), None);
        check("/p/link", None);
        check("/", None);
    }

    fn hmac(link: &str, expected: Option<&str>) {
        let fixture = Fixture::new(&format!("GET /s/a?l={link} HTTP/1.1\n\n"));
        let settings = HmacLink {
            link: variable("arg_l"),
            message: Expression::literal(*b"/s/a"),
            secret: Expression::literal(*b"secret"),
            bits: 256,
        };
        let found = secure_link_hmac(&settings, &fixture.scope());
        assert_eq!(found.as_deref().map(String::from_utf8_lossy).as_deref(), expected, "{link}");
        assert_eq!(
            hmac_token(&settings, &fixture.scope()),
            b"jkgKhYE3REot0b-gBEuRgNVR5uBKr9HMbgr0HmRKHZM"
        );
    }

    #[test]
    fn links_signed_with_an_hmac() {
        // printf '/s/a' | openssl dgst -sha256 -hmac secret -binary | base64 | tr +/ -_ | tr -d =
        let (mark, now) = ("jkgKhYE3REot0b-gBEuRgNVR5uBKr9HMbgr0HmRKHZM", epoch().unix);
        hmac(mark, Some("1"));
        hmac(&format!("{mark},{now},60"), Some("1"));
        hmac(&format!("{mark},{},60", now - 61), Some("0"));
        hmac(&format!("{mark},x,60"), None);
        hmac("YWJj", None);
        hmac("", None);
    }
}
