//! The certificates of one server, one for each kind of key.

use std::sync::Arc;

use outpour_core::settings::Certificate;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::error::TlsError;
use super::pem;

/// The certificates of one server.
#[derive(Debug)]
pub(super) struct Certificates(Vec<Arc<CertifiedKey>>);

impl Certificates {
    /// Reads the pairs and checks that each key belongs to its certificate.
    pub(super) fn load(pairs: &[Certificate], provider: &CryptoProvider) -> Result<Self, TlsError> {
        let load = |pair: &Certificate| {
            let chain = pem::chain(&pair.chain)?;
            let key = pem::key(pair)?;
            let loaded = CertifiedKey::from_der(chain, key, provider);
            loaded.map(Arc::new).map_err(|error| {
                if let Error::InconsistentKeys(InconsistentKeys::KeyMismatch) = error {
                    TlsError::Mismatch { path: pair.key.clone() }
                } else if let Error::InvalidCertificate(error) = error {
                    let reason = format!("PEM_read_bio_X509_AUX() failed ({error})");
                    TlsError::Certificate { path: pair.chain.clone(), reason }
                } else {
                    TlsError::Key { path: pair.key.clone(), reason: error.to_string() }
                }
            })
        };
        pairs.iter().map(load).collect::<Result<_, _>>().map(Self)
    }
}

impl ResolvesServerCert for Certificates {
    /// The first whose key the client can check; else the first.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let schemes = hello.signature_schemes();
        let fits = |pair: &&Arc<CertifiedKey>| pair.key.choose_scheme(schemes).is_some();
        self.0.iter().find(fits).or(self.0.first()).cloned()
    }
}
