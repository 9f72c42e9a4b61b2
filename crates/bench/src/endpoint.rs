//! An address to connect to, and whether TLS is spoken there.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// Bytes that a TLS connection takes before the socket has taken those before them.
const UNSENT_BYTES_MAX: usize = 64 * 1024;

/// Where connections go.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The address.
    pub address: SocketAddr,
    encryption: Option<Encryption>,
}

/// How TLS is spoken.
#[derive(Debug, Clone)]
struct Encryption {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Endpoint {
    /// Without TLS.
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self { address, encryption: None }
    }

    /// With TLS, for a server that is called `host`; `protocols` are those offered by ALPN.
    ///
    /// Any certificate is taken, and every connection makes a whole handshake: no session is
    /// resumed.
    ///
    /// # Errors
    /// If `host` is neither a name nor an address.
    pub(crate) fn encrypted(address: SocketAddr, host: &str, protocols: &[&[u8]]) -> Result<Self> {
        let name = ServerName::try_from(host.to_owned())
            .with_context(|| format!("{host} is no name of a server"))?;
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Self { address, encryption: Some(Encryption { config: Arc::new(config), name }) })
    }

    /// The TLS of one more connection; `None` where it is not spoken.
    ///
    /// # Errors
    /// If rustls refuses its own settings.
    pub(crate) fn session(&self) -> Result<Option<ClientConnection>> {
        let Some(Encryption { config, name }) = &self.encryption else { return Ok(None) };
        let mut session = ClientConnection::new(Arc::clone(config), name.clone())?;
        session.set_buffer_limit(Some(UNSENT_BYTES_MAX));
        Ok(Some(session))
    }
}

/// Takes the certificate of any server, unread: a load generator has to be cheaper than what it
/// measures, and has no secrets.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
