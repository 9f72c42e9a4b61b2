//! Files of certificates and keys.

use std::fs;
use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::{TlsError, unreadable};

/// All certificates of a file; at least one.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates(path).map_err(|reason| TlsError::Certificate { path: path.into(), reason })
}

/// All authorities of a file; at least one.
pub(super) fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates(path).map_err(|reason| TlsError::Authorities { path: path.into(), reason })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    const NO_START: &str = "PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no \
                            start line:Expecting: TRUSTED CERTIFICATE)";
    let text = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(NO_START.into()),
        Err(error) => Err(format!("PEM_read_bio_X509() failed ({error})")),
    }
}

/// The private key of a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let refused = |reason| TlsError::Key { path: path.into(), reason };
    let text = fs::read(path).map_err(|error| refused(unreadable(path, &error)))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let encrypted = memchr::memmem::find(&text, b"ENCRYPTED").is_some();
        refused(if encrypted {
            "PEM_read_bio_PrivateKey() failed (the key is encrypted: outpour needs it without a \
             password)"
                .into()
        } else {
            let unsupported = "SSL: error:1E08010C:DECODER routines::unsupported";
            format!("PEM_read_bio_PrivateKey() failed ({unsupported}: {error})")
        })
    })
}
