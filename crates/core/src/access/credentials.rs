//! Name and password of `Authorization: Basic`.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Name and password that a client sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Never empty.
    pub user: Vec<u8>,
    /// Whatever stands behind the first colon.
    pub password: Vec<u8>,
}

impl Credentials {
    /// Takes an `Authorization` header apart; `None` where nginx finds it malformed.
    #[must_use]
    pub fn parse(header: &[u8]) -> Option<Self> {
        const BASE64: GeneralPurpose = GeneralPurpose::new(
            &STANDARD,
            GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true),
        );
        let (scheme, encoded) = header.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return None;
        }
        let mut user = BASE64.decode(encoded.trim_ascii()).ok()?;
        let colon = user.iter().position(|b| *b == b':')?;
        let password = user.split_off(colon + 1);
        user.truncate(colon);
        (!user.is_empty()).then_some(Self { user, password })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: Option<(&str, &str)>) {
        let found = Credentials::parse(header.as_bytes()).map(|c| (c.user, c.password));
        let expected = expected.map(|(u, p)| (u.as_bytes().to_vec(), p.as_bytes().to_vec()));
        assert_eq!(found, expected, "{header}");
    }

    #[test]
    fn name_and_password() {
        check("Basic am9lOnNlY3JldA==", Some(("joe", "secret")));
        check("basic am9lOnNlY3JldA", Some(("joe", "secret")));
        check("Basic   am9lOmE6Yg==", Some(("joe", "a:b")));
        check("Basic am9lOg==", Some(("joe", "")));
    }

    #[test]
    fn anything_else_is_nobody() {
        for header in ["", "Basic", "Basic ", "Bearer am9lOg==", "Basic OnNlY3JldA==", "Basic am9l"]
        {
            check(header, None);
        }
        check("Basic %%%", None);
    }

    #[test]
    fn the_password_is_not_shown() {
        let credentials = Credentials::parse(b"Basic am9lOnNlY3JldA==").unwrap();
        assert!(!format!("{credentials:?}").contains("115, 101, 99"));
    }
}
