//! Certificates of clients.
//!
//! As in nginx a bad certificate does not break the handshake: its owner learns what is wrong from
//! an answer, 400. So the handshake only asks for a proof of the key, and the chain is looked at
//! when it is over.

use std::path::PathBuf;
use std::sync::Arc;

use outpour_core::settings::Tls;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use super::error::TlsError;
use super::pem;

/// What a client's certificate is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientVerdict {
    /// None was asked for, or none was shown.
    None,
    /// It leads to one of the authorities.
    Good,
    /// It does not; why.
    Bad(Box<str>),
}

/// Asks clients for a certificate.
#[derive(Debug)]
pub(super) struct Verifier {
    strict: Arc<dyn ClientCertVerifier>,
    depth: usize,
}

impl Verifier {
    /// Reads the authorities.
    pub(super) fn load(settings: &Tls, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let mut told = RootCertStore::empty();
        add(&mut told, settings.client_certificate.as_ref())?;
        let hints = told.subjects();
        let mut roots = told;
        add(&mut roots, settings.trusted_certificate.as_ref())?;
        let mut builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        if let Some(path) = &settings.crl {
            builder = builder.with_crls(pem::revocations(path)?).enforce_revocation_expiration();
        }
        let strict = builder
            .allow_unauthenticated()
            .clear_root_hint_subjects()
            .add_root_hint_subjects(hints)
            .build()
            .map_err(|error| match (error, &settings.crl) {
                (VerifierBuilderError::InvalidCrl(error), Some(path)) => {
                    TlsError::Revocations { path: path.clone(), reason: format!("{error:?}") }
                }
                (error, _) => TlsError::Setup(error.to_string()),
            })?;
        Ok(Self { strict, depth: settings.verify_depth })
    }

    /// What the chain that a client has shown is worth; its own certificate comes first.
    pub(super) fn verdict(&self, chain: Option<&[CertificateDer<'_>]>) -> ClientVerdict {
        let Some((own, rest)) = chain.and_then(<[_]>::split_first) else {
            return ClientVerdict::None;
        };
        let between = &rest[..rest.len().min(self.depth)];
        match self.strict.verify_client_cert(own, between, UnixTime::now()) {
            Ok(_) => ClientVerdict::Good,
            Err(Error::InvalidCertificate(error)) => ClientVerdict::Bad(spelling(&error)),
            Err(error) => ClientVerdict::Bad(error.to_string().into()),
        }
    }
}

/// OpenSSL's words for what is wrong with a certificate, for which applications look in
/// `$ssl_client_verify`; where it has none, rustls'.
fn spelling(error: &CertificateError) -> Box<str> {
    use CertificateError as E;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is said as rustls says it")]
    match error {
        E::Expired | E::ExpiredContext { .. } => "certificate has expired".into(),
        E::NotValidYet | E::NotValidYetContext { .. } => "certificate is not yet valid".into(),
        E::Revoked => "certificate revoked".into(),
        E::UnknownIssuer => "unable to get local issuer certificate".into(),
        E::UnknownRevocationStatus => "unable to get certificate CRL".into(),
        E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => {
            "CRL has expired".into()
        }
        other => other.to_string().into(),
    }
}

fn add(roots: &mut RootCertStore, path: Option<&PathBuf>) -> Result<(), TlsError> {
    let Some(path) = path else { return Ok(()) };
    for certificate in pem::authorities(path)? {
        roots.add(certificate).map_err(|error| TlsError::Authorities {
            path: path.clone(),
            reason: error.to_string(),
        })?;
    }
    Ok(())
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.strict.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}
