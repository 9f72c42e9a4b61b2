//! JSON web tokens: the keys that may have signed them, and what they say.

mod keys;
mod token;

use thiserror::Error;

pub use keys::Keys;
pub use token::Token;

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It has not three parts of base64url, or no JSON objects in them.
    #[error("the token is malformed")]
    Malformed,
    /// `none`, or one that no key here is for.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// Its header asks for something that is not understood (`crit`).
    #[error("the token asks for an extension that is not known")]
    Critical,
    /// No key that it may be signed with fits.
    #[error("the token's signature is not valid")]
    Signature,
    /// `exp` lies behind.
    #[error("the token has expired")]
    Expired,
    /// `nbf` lies ahead.
    #[error("the token is not valid yet")]
    Early,
}

/// Why a key file is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeysError {
    /// No JSON web key set, and no secret either.
    #[error("it is neither a JSON web key set nor a secret")]
    Malformed,
    /// Not one key of a kind that is known.
    #[error("it holds no key that can be used")]
    Empty,
    /// A key in PEM form, which must never be taken for a secret.
    #[error("keys in PEM form are not read: write them as a JSON web key set")]
    Pem,
}
