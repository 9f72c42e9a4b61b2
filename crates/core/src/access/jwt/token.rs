//! A token whose signature was verified.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Keys, TokenError};

/// Longest token that is looked at, bytes.
const BYTES_MAX: usize = 16 * 1024;

/// Header and claims of a token that one of the keys has signed.
#[derive(Clone, Debug)]
pub struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Token {
    /// Verifies a token in compact form.
    ///
    /// # Errors
    /// Anything but a token that one of `keys` has signed, with an algorithm of that key's kind.
    pub fn verify(text: &[u8], keys: &[&Keys]) -> Result<Self, TokenError> {
        let text = std::str::from_utf8(text).map_err(|_| TokenError::Malformed)?;
        let (message, mark) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (head, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if text.len() > BYTES_MAX || claims.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header = object(head)?;
        let mark = URL_SAFE_NO_PAD.decode(mark).map_err(|_| TokenError::Malformed)?;
        if header.contains_key("crit") {
            return Err(TokenError::Critical);
        }
        let algorithm = header.get("alg").and_then(Value::as_str).ok_or(TokenError::Malformed)?;
        let id = header.get("kid").and_then(Value::as_str);
        let mut verdict = Err(TokenError::Algorithm);
        for keys in keys {
            match keys.verify(algorithm, id, message.as_bytes(), &mark) {
                Ok(()) => return Ok(Self { claims: object(claims)?, header }),
                Err(TokenError::Algorithm) => {}
                Err(error) => verdict = Err(error),
            }
        }
        verdict
    }

    /// Whether it is valid at `now` (seconds since 1970): not before `nbf`, and before `exp`, each
    /// where it is given, with `leeway` seconds for clocks that differ.
    ///
    /// # Errors
    /// A token out of its time, or with a time that is no number.
    pub fn check_time(&self, now: u64, leeway: u64) -> Result<(), TokenError> {
        let time = |name: &str| match self.claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(TokenError::Malformed),
        };
        #[expect(clippy::cast_precision_loss, reason = "seconds are exact for millions of years")]
        let (now, leeway) = (now as f64, leeway as f64);
        if time("exp")?.is_some_and(|end| now >= end + leeway) {
            return Err(TokenError::Expired);
        }
        if time("nbf")?.is_some_and(|begin| now + leeway < begin) {
            return Err(TokenError::Early);
        }
        Ok(())
    }

    /// `$jwt_claim_NAME`: a claim, or one inside others. A list is joined by commas, an object is
    /// its JSON.
    #[must_use]
    pub fn claim(&self, path: &[Box<str>]) -> Option<Cow<'_, [u8]>> {
        let (first, rest) = path.split_first()?;
        let mut value = self.claims.get(&**first)?;
        for name in rest {
            value = value.get(&**name)?;
        }
        shown(value)
    }

    /// `$jwt_header_NAME`
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        shown(self.header.get(name)?)
    }

    /// Whether the claim `name` allows the channel `id`.
    ///
    /// The claim is a list of channels, or a text with blanks between them. `name*` allows all that
    /// begin so and `*` all; `ALL`, which stands for every channel at once, is only allowed by
    /// itself and by `*`. Without the claim nothing is allowed.
    #[must_use]
    pub fn allows(&self, name: &str, id: &[u8]) -> bool {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some("") => true,
            Some(prefix) => id != b"ALL" && id.starts_with(prefix.as_bytes()),
            None => pattern.as_bytes() == id,
        };
        match self.claims.get(name) {
            Some(Value::String(text)) => text.split_ascii_whitespace().any(fits),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(fits),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                false
            }
        }
    }
}

fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

fn shown(value: &Value) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text.as_bytes())),
        Value::Array(list) => {
            let parts: Vec<_> = list.iter().filter_map(shown).collect();
            Some(Cow::Owned(parts.join(&b',')))
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Some(Cow::Owned(value.to_string().into_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::hmac;

    use super::*;

    const SECRET: &[u8] = b"a secret of thirty-two bytes ...";

    fn part(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn signed(header: &str, claims: &str) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let mark = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mark))
    }

    fn keys(text: &str) -> Keys {
        Keys::parse(text.as_bytes()).unwrap()
    }

    fn secret() -> Keys {
        keys(std::str::from_utf8(SECRET).unwrap())
    }

    fn check(token: &str, expected: Option<TokenError>) {
        assert_eq!(Token::verify(token.as_bytes(), &[&secret()]).err(), expected, "{token}");
    }

    const HS256: &str = r#"{"alg":"HS256"}"#;

    #[test]
    fn only_signed_tokens_are_accepted() {
        let good = signed(HS256, r#"{"sub":"joe"}"#);
        check(&good, None);
        // Three letters less are whole bytes less; one or two would be no base64.
        check(&good[..good.len() - 3], Some(TokenError::Signature));
        check(&good[..good.len() - 2], Some(TokenError::Malformed));
        let other = signed(HS256, r#"{"sub":"ann"}"#);
        let mixed =
            format!("{}{}", &other[..other.rfind('.').unwrap()], &good[good.rfind('.').unwrap()..]);
        check(&mixed, Some(TokenError::Signature));
        check("", Some(TokenError::Malformed));
        check("a.b", Some(TokenError::Malformed));
        check("a.b.c.d", Some(TokenError::Malformed));
        check(&signed("[]", "{}"), Some(TokenError::Malformed));
        check(&signed(HS256, "[]"), Some(TokenError::Malformed));
        check(
            &format!("{}.{}.", part(r#"{"alg":"none"}"#), part("{}")),
            Some(TokenError::Algorithm),
        );
        check(&signed(r#"{"alg":"HS512"}"#, "{}"), Some(TokenError::Signature));
        check(&signed(r#"{"alg":"HS256","crit":["x"]}"#, "{}"), Some(TokenError::Critical));
    }

    #[test]
    fn a_public_key_is_no_secret() {
        // What a key of another kind is made of must not verify what was signed with its bytes.
        let n = URL_SAFE_NO_PAD.encode(SECRET);
        let rsa = keys(&format!(r#"{{"keys":[{{"kty":"RSA","n":"{n}","e":"AQAB"}}]}}"#));
        let token = signed(HS256, "{}");
        assert_eq!(Token::verify(token.as_bytes(), &[&rsa]).err(), Some(TokenError::Algorithm));
        let oct = keys(&format!(r#"{{"keys":[{{"kty":"oct","k":"{n}","alg":"HS512"}}]}}"#));
        assert_eq!(Token::verify(token.as_bytes(), &[&oct]).err(), Some(TokenError::Algorithm));
    }

    #[test]
    fn key_ids_choose() {
        let n = URL_SAFE_NO_PAD.encode(SECRET);
        let set = keys(&format!(
            r#"{{"keys":[{{"kty":"oct","kid":"a","k":"YWJj"}},{{"kty":"oct","kid":"b","k":"{n}"}}]}}"#
        ));
        let with = |header: &str| Token::verify(signed(header, "{}").as_bytes(), &[&set]).err();
        assert_eq!(with(r#"{"alg":"HS256","kid":"b"}"#), None);
        assert_eq!(with(r#"{"alg":"HS256"}"#), None);
        assert_eq!(with(r#"{"alg":"HS256","kid":"a"}"#), Some(TokenError::Signature));
        assert_eq!(with(r#"{"alg":"HS256","kid":"c"}"#), Some(TokenError::Algorithm));
    }

    fn token(claims: &str) -> Token {
        Token::verify(signed(HS256, claims).as_bytes(), &[&secret()]).unwrap()
    }

    #[test]
    fn times() {
        let check = |claims: &str, now, leeway, expected| {
            assert_eq!(token(claims).check_time(now, leeway).err(), expected, "{claims} {now}");
        };
        check("{}", 0, 0, None);
        check(r#"{"exp":100}"#, 99, 0, None);
        check(r#"{"exp":100}"#, 100, 0, Some(TokenError::Expired));
        check(r#"{"exp":100}"#, 104, 5, None);
        check(r#"{"exp":100.5}"#, 100, 0, None);
        check(r#"{"nbf":100}"#, 99, 0, Some(TokenError::Early));
        check(r#"{"nbf":100}"#, 99, 1, None);
        check(r#"{"exp":"100"}"#, 1, 0, Some(TokenError::Malformed));
    }

    #[test]
    fn claims_are_shown() {
        let token = token(r#"{"sub":"joe","n":7,"list":["a","b"],"in":{"x":true},"no":null}"#);
        let check = |path: &[&str], expected: Option<&str>| {
            let path: Vec<Box<str>> = path.iter().map(|name| (*name).into()).collect();
            let found = token.claim(&path);
            assert_eq!(found.as_deref().map(String::from_utf8_lossy).as_deref(), expected);
        };
        check(&["sub"], Some("joe"));
        check(&["n"], Some("7"));
        check(&["list"], Some("a,b"));
        check(&["in"], Some(r#"{"x":true}"#));
        check(&["in", "x"], Some("true"));
        check(&["no"], None);
        check(&["none"], None);
        assert_eq!(token.header("alg").as_deref(), Some(&b"HS256"[..]));
    }

    #[test]
    fn claims_name_channels() {
        let token = token(r#"{"list":["news","room_*"],"text":"a b","all":["*"],"as":["A*"]}"#);
        let check = |claim, id: &str, expected| {
            assert_eq!(token.allows(claim, id.as_bytes()), expected, "{claim} {id}");
        };
        check("list", "news", true);
        check("list", "news2", false);
        check("list", "room_1", true);
        check("list", "room", false);
        check("text", "b", true);
        check("text", "a b", false);
        check("all", "ALL", true);
        check("as", "ALL", false);
        check("as", "Ab", true);
        check("none", "news", false);
    }

    #[test]
    fn key_files() {
        let check = |text: &str, expected| {
            assert_eq!(Keys::parse(text.as_bytes()).err(), expected, "{text}");
        };
        use super::super::KeysError;
        check("secret\n", None);
        check(" \n", Some(KeysError::Empty));
        check("-----BEGIN PUBLIC KEY-----\n", Some(KeysError::Pem));
        check("{", Some(KeysError::Malformed));
        check("{}", Some(KeysError::Empty));
        check(r#"{"keys":[{"kty":"oct","k":"YQ","use":"enc"}]}"#, Some(KeysError::Empty));
        check(r#"{"kty":"OKP","crv":"Ed25519","x":"YQ"}"#, None);
    }
}
