//! Key sets, and signatures against them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{hmac, signature};
use serde_json::{Map, Value};

use super::{KeysError, TokenError};

/// What verifies a signature. A key is good for the algorithms of its kind alone: a public key is
/// never taken for a secret, whatever a token's header says.
#[derive(Clone)]
enum Material {
    Secret(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Clone)]
struct Key {
    /// `kid`
    id: Option<Box<str>>,
    /// `alg`: the only algorithm that it may be used with.
    algorithm: Option<Box<str>>,
    material: Material,
}

/// The keys of one file.
#[derive(Clone, Default)]
pub struct Keys {
    keys: Vec<Key>,
}

impl Keys {
    /// Reads a JSON web key set, a single JSON web key, or else the bytes of a secret for HS256 and
    /// its like, white space around them left out.
    ///
    /// Keys of other kinds than `oct`, `RSA`, `EC` (P-256, P-384) and `OKP` (Ed25519), or for other
    /// uses than signatures, are passed over.
    ///
    /// # Errors
    /// A text without any key that could be used.
    pub fn parse(text: &[u8]) -> Result<Self, KeysError> {
        let text = text.trim_ascii();
        if text.starts_with(b"-----BEGIN") {
            return Err(KeysError::Pem);
        }
        if !text.starts_with(b"{") {
            let material = Material::Secret(text.to_vec());
            let key = Key { id: None, algorithm: None, material };
            return if text.is_empty() {
                Err(KeysError::Empty)
            } else {
                Ok(Self { keys: vec![key] })
            };
        }
        let set: Map<String, Value> =
            serde_json::from_slice(text).map_err(|_| KeysError::Malformed)?;
        let keys: Vec<Key> = match set.get("keys").and_then(Value::as_array) {
            Some(keys) => keys.iter().filter_map(Value::as_object).filter_map(key).collect(),
            None => key(&set).into_iter().collect(),
        };
        if keys.is_empty() { Err(KeysError::Empty) } else { Ok(Self { keys }) }
    }

    /// Verifies a signature with the keys that `algorithm` and `id` allow.
    pub(super) fn verify(
        &self,
        algorithm: &str,
        id: Option<&str>,
        message: &[u8],
        mark: &[u8],
    ) -> Result<(), TokenError> {
        let mut error = TokenError::Algorithm;
        for key in &self.keys {
            let other_id = id.is_some() && key.id.is_some() && key.id.as_deref() != id;
            let other_use = key.algorithm.as_deref().is_some_and(|only| only != algorithm);
            if other_id || other_use {
                continue;
            }
            match fits(&key.material, algorithm, message, mark) {
                Some(true) => return Ok(()),
                Some(false) => error = TokenError::Signature,
                None => {}
            }
        }
        Err(error)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("len", &self.keys.len()).finish()
    }
}

/// Whether the signature fits; `None` if the key is not for this algorithm.
fn fits(material: &Material, algorithm: &str, message: &[u8], mark: &[u8]) -> Option<bool> {
    match material {
        Material::Secret(secret) => {
            let digest = match algorithm {
                "HS256" => hmac::HMAC_SHA256,
                "HS384" => hmac::HMAC_SHA384,
                "HS512" => hmac::HMAC_SHA512,
                _ => return None,
            };
            Some(hmac::verify(&hmac::Key::new(digest, secret), message, mark).is_ok())
        }
        Material::Rsa { n, e } => {
            let parameters = match algorithm {
                "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
                _ => return None,
            };
            let key = signature::RsaPublicKeyComponents { n, e };
            Some(key.verify(parameters, message, mark).is_ok())
        }
        Material::P256(point) if algorithm == "ES256" => {
            Some(public(&signature::ECDSA_P256_SHA256_FIXED, point, message, mark))
        }
        Material::P384(point) if algorithm == "ES384" => {
            Some(public(&signature::ECDSA_P384_SHA384_FIXED, point, message, mark))
        }
        Material::Ed25519(point) if algorithm == "EdDSA" => {
            Some(public(&signature::ED25519, point, message, mark))
        }
        Material::P256(_) | Material::P384(_) | Material::Ed25519(_) => None,
    }
}

fn public(
    algorithm: &'static dyn signature::VerificationAlgorithm,
    point: &[u8],
    message: &[u8],
    mark: &[u8],
) -> bool {
    signature::UnparsedPublicKey::new(algorithm, point).verify(message, mark).is_ok()
}

fn key(value: &Map<String, Value>) -> Option<Key> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let point = || Some([&[4][..], &bytes("x")?, &bytes("y")?].concat());
    let material = match (text("kty")?, text("crv")) {
        ("oct", _) => Material::Secret(bytes("k").filter(|secret| !secret.is_empty())?),
        ("RSA", _) => Material::Rsa { n: bytes("n")?, e: bytes("e")? },
        ("EC", Some("P-256")) => Material::P256(point()?),
        ("EC", Some("P-384")) => Material::P384(point()?),
        ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x")?),
        _ => return None,
    };
    Some(Key { id: text("kid").map(Into::into), algorithm: text("alg").map(Into::into), material })
}
