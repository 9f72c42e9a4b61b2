//! What is wrong with certificates and keys, in nginx's words.

use std::io;
use std::path::{Path, PathBuf};

use crate::os_error;

/// A certificate, a key or a list of authorities that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate file that cannot be read, or is none.
    #[error("cannot load certificate \"{}\": {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, as OpenSSL says it.
        reason: String,
    },
    /// A key file that cannot be read, or is none.
    #[error("cannot load certificate key \"{}\": {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, as OpenSSL says it.
        reason: String,
    },
    /// A key that belongs to another certificate.
    #[error(
        "SSL_CTX_use_PrivateKey(\"{}\") failed (SSL: error:05800074:x509 certificate \
         routines::key values mismatch)",
        path.display()
    )]
    Mismatch {
        /// The key's file.
        path: PathBuf,
    },
    /// Authorities that cannot be read.
    #[error("SSL_CTX_load_verify_locations(\"{}\") failed ({reason})", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Passwords of keys that cannot be read.
    #[error("open() \"{}\" failed ({reason})", path.display())]
    Passwords {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Revocation lists that cannot be read.
    #[error("X509_LOOKUP_load_file(\"{}\") failed ({reason})", path.display())]
    Revocations {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Anything else that rustls objects to.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// A file that could not be opened, as OpenSSL says it.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> String {
    let text = os_error::describe(error);
    let text = text.split_once(": ").map_or(&*text, |(_, text)| text);
    let number = error.raw_os_error().unwrap_or(0);
    let missing = error.kind() == io::ErrorKind::NotFound;
    let rest = if missing {
        "error:10000080:BIO routines::no such file"
    } else {
        "error:10080002:BIO routines::system lib"
    };
    let path = path.display();
    format!(
        "BIO_new_file() failed (SSL: error:{:08X}:system library::{text}:calling fopen({path}, r) \
         {rest})",
        0x8000_0000_u32 | number.unsigned_abs()
    )
}
