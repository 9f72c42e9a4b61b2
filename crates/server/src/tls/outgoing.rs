//! TLS with upstreams: what the `proxy_ssl_*` directives come down to.

use std::collections::HashMap;
use std::sync::Arc;

use outpour_core::settings::ProxyTls;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::error::TlsError;
use super::pem;

/// What handshakes with upstreams go by, made once for each set of `proxy_ssl_*`.
#[derive(Debug, Default)]
pub(crate) struct ClientConfigs {
    by_settings: HashMap<Arc<ProxyTls>, Arc<ClientConfig>>,
}

impl ClientConfigs {
    /// The configuration for `settings`; certificates are read when they are wanted first.
    ///
    /// # Errors
    /// A certificate or key that cannot be used.
    pub(crate) fn of(&mut self, settings: &Arc<ProxyTls>) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(config) = self.by_settings.get(settings) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(config(settings)?);
        self.by_settings.insert(Arc::clone(settings), Arc::clone(&config));
        Ok(config)
    }

    /// Forgets all of them: certificates are read again after a reload.
    pub(crate) fn clear(&mut self) {
        self.by_settings.clear();
    }
}

/// Reads the certificates of `settings`.
pub(super) fn config(settings: &ProxyTls) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut versions = Vec::new();
    versions.extend(settings.tls12.then_some(&rustls::version::TLS12));
    versions.extend(settings.tls13.then_some(&rustls::version::TLS13));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .map_err(setup)?;
    let builder = match settings.verify {
        true => builder.with_root_certificates(roots(settings)?),
        false => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate { provider })),
    };
    let mut config = match &settings.certificate {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let (chain, key) = (pem::chain(&own.chain)?, pem::key(own)?);
            builder.with_client_auth_cert(chain, key).map_err(setup)?
        }
    };
    config.enable_sni = settings.server_name;
    if !settings.session_reuse {
        config.resumption = rustls::client::Resumption::disabled();
    }
    Ok(config)
}

fn roots(settings: &ProxyTls) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &settings.trusted_certificate {
        for certificate in pem::authorities(path)? {
            roots.add(certificate).map_err(setup)?;
        }
    }
    Ok(roots)
}

/// Takes any certificate, as nginx does unless `proxy_ssl_verify` is on.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn setup(error: rustls::Error) -> TlsError {
    TlsError::Setup(error.to_string())
}
