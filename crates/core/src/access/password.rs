//! Passwords against what a password file says about them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha_crypt::password_hash::PasswordVerifier as _;
use sha_crypt::{PasswordHashRef, ShaCrypt};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;

use super::md5_crypt::md5_crypt;

/// How long a verification takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// A microsecond or so: it is done where it is needed.
    Small,
    /// A millisecond to a second, on purpose: never on an event loop.
    Large,
}

/// A hash of which nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password's hash is of an unknown kind or malformed")]
pub struct PasswordError;

/// How long a verification against `hash` takes.
#[must_use]
pub fn cost(hash: &[u8]) -> Cost {
    if hash.starts_with(b"$") { Cost::Large } else { Cost::Small }
}

/// Whether `password` is the one that `hash` was made of.
///
/// Known are `{PLAIN}text`, `{SHA}`, `{SSHA}`, `$apr1$`, `$1$`, bcrypt (`$2a$`, `$2b$`, `$2y$`) and
/// SHA-crypt (`$5$`, `$6$`). Text without any such mark is DES-crypt for nginx, which nobody should
/// use any more: it is refused. The time that it takes does not tell where two values differ.
///
/// # Errors
/// A hash of another kind, or a malformed one.
pub fn verify(hash: &[u8], password: &[u8]) -> Result<bool, PasswordError> {
    let text = || std::str::from_utf8(hash).map_err(|_| PasswordError);
    if let Some(plain) = hash.strip_prefix(b"{PLAIN}") {
        return Ok(equal(plain, password));
    }
    if let Some(encoded) = hash.strip_prefix(b"{SHA}") {
        let digest = STANDARD.decode(encoded).map_err(|_| PasswordError)?;
        return Ok(equal(&digest, &Sha1::digest(password)));
    }
    if let Some(encoded) = hash.strip_prefix(b"{SSHA}") {
        let both = STANDARD.decode(encoded).map_err(|_| PasswordError)?;
        let (digest, salt) = both.split_at_checked(20).ok_or(PasswordError)?;
        let found = Sha1::new().chain_update(password).chain_update(salt).finalize();
        return Ok(equal(digest, &found));
    }
    for magic in [&b"$apr1$"[..], b"$1$"] {
        if let Some(rest) = hash.strip_prefix(magic) {
            let end = rest.iter().position(|byte| *byte == b'$').ok_or(PasswordError)?;
            return Ok(equal(&md5_crypt(password, magic, &rest[..end]), &rest[end + 1..]));
        }
    }
    if hash.starts_with(b"$2") {
        return bcrypt::verify(password, text()?).map_err(|_| PasswordError);
    }
    if hash.starts_with(b"$5$") || hash.starts_with(b"$6$") {
        return sha_crypt(text()?, password);
    }
    Err(PasswordError)
}

fn sha_crypt(hash: &str, password: &[u8]) -> Result<bool, PasswordError> {
    use sha_crypt::password_hash::Error;
    let hash = PasswordHashRef::new(hash).map_err(|_| PasswordError)?;
    match ShaCrypt::default().verify_password(password, hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(PasswordError),
    }
}

/// Whether two values are equal; the time that it takes depends on their lengths only.
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hash: &str, password: &str, expected: impl Into<Option<bool>>) {
        let found = verify(hash.as_bytes(), password.as_bytes()).ok();
        assert_eq!(found, expected.into(), "{hash} {password}");
    }

    /// Hashes that `htpasswd` and `openssl passwd` made of `secret`.
    const MADE: [&str; 9] = [
        "{PLAIN}secret",
        "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "{SSHA}Wcm1xEisNjqp921ALcHfuQ7avFdzYWx0MTIzNA==",
        "$apr1$qMfn9d8o$GqJFY/7i4pv8tsd0xWZfq.",
        "$1$i.LGkdwl$T1dQlRAFhepAjixxo1nz10",
        "$2y$05$Z1zvbsh9OyNIvUcF2iXWhelx2MdOozK7y6l2Fp/Qi5RETQ6hIg286",
        "$5$UORfOtIF.iQDlllA$xxLFttJ2zrHSN.AU1nF3oxPPb0HAJF./wAhY046GqX9",
        "$6$07VfErw0ILa2lL4l$dG2./EgNkPpsew3i3BxHlSrmthUAPEP/ASiUkSUMdxutqvOqhY08zSizR7X5FtO2yVwukgS5dkurqhm5Wxcsy1",
        "$5$rounds=1000$abcdefgh$XIppta5rT8zJUu4vAOKQXrwq9uY4Ijlz6VjyOmkx5i4",
    ];

    #[test]
    fn hashes_of_the_usual_tools() {
        for hash in MADE {
            check(hash, "secret", true);
            check(hash, "Secret", false);
            check(hash, "", false);
        }
    }

    #[test]
    fn other_hashes_are_errors() {
        for hash in
            ["", "rl.3StKT.4T8M", "{MD5}x", "{SHA}%", "{SSHA}AAAA", "$apr1$salt", "$2y$05$x"]
        {
            check(hash, "secret", None);
        }
        for hash in ["$6$", "$6$salt", "$5$rounds=5000$salt", "$7$x$y", "$5$\u{e9}$x"] {
            check(hash, "secret", None);
        }
    }

    #[test]
    fn only_hashes_with_a_mark_of_crypt_take_long() {
        assert_eq!(MADE.iter().filter(|hash| cost(hash.as_bytes()) == Cost::Large).count(), 6);
    }
}
