//! `Grip-Sig`: who hands the request on.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::json;

/// Seconds for which a signature holds.
const LIFE: u64 = 3600;

/// A key as it is written in a configuration: as it is, or behind `base64:`. `None` for an empty one
/// and for what is not base64.
#[must_use]
pub fn decode_key(text: &[u8]) -> Option<Vec<u8>> {
    let key = match text.strip_prefix(b"base64:") {
        Some(coded) => STANDARD.decode(coded).ok()?,
        None => text.to_vec(),
    };
    (!key.is_empty()).then_some(key)
}

/// The JSON web token that says who hands a request on: HS256 with the shared `key`, valid for an
/// hour from `unix`.
#[must_use]
pub fn sign(issuer: &str, key: &[u8], unix: u64) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({"typ": "JWT", "alg": "HS256"}));
    let claims = part(json!({"iss": issuer, "exp": unix.saturating_add(LIFE)}));
    let text = format!("{head}.{claims}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::jwt::{Keys, Token};

    #[test]
    fn keys_may_be_coded() {
        assert_eq!(decode_key(b"changeme").as_deref(), Some(&b"changeme"[..]));
        assert_eq!(decode_key(b"base64:aGk=").as_deref(), Some(&b"hi"[..]));
        assert_eq!(decode_key(b"base64:!"), None);
        assert_eq!(decode_key(b""), None);
    }

    #[test]
    fn signatures_are_tokens_for_an_hour() {
        let text = sign("outpour", b"changeme", 1_000);
        let verify = |key: &[u8]| {
            let keys = Keys::parse(key).unwrap();
            Token::verify(text.as_bytes(), &[&keys])
        };
        let token = verify(b"changeme").unwrap();
        assert_eq!(token.claim(&["iss".into()]).as_deref(), Some(&b"outpour"[..]));
        assert!(token.check_time(4_599, 0).is_ok() && token.check_time(4_600, 0).is_err());
        assert!(verify(b"changeyou").is_err());
    }
}
