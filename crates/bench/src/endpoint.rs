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
    /// Requests that share a connection, where HTTP/2 is spoken.
    pub streams: Option<usize>,
    encryption: Option<Encryption>,
}

/// How TLS is spoken.
#[derive(Debug, Clone)]
struct Encryption {
    /// With HTTP/1.1 inside.
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Endpoint {
    /// Without TLS.
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self { address, streams: None, encryption: None }
    }

    /// With TLS, for a server that is called `host`.
    ///
    /// Any certificate is taken, and every connection makes a whole handshake: no session is
    /// resumed.
    ///
    /// # Errors
    /// If `host` is neither a name nor an address.
    pub(crate) fn encrypted(address: SocketAddr, host: &str) -> Result<Self> {
        let name = ServerName::try_from(host.to_owned())
            .with_context(|| format!("{host} is no name of a server"))?;
        let (http1, http2) = (config(b"http/1.1")?, config(b"h2")?);
        Ok(Self { address, streams: None, encryption: Some(Encryption { http1, http2, name }) })
    }

    /// Whether TLS is spoken.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.encryption.is_some()
    }

    /// The TLS of one more connection with HTTP/1.1 in it; `None` where it is not spoken.
    ///
    /// # Errors
    /// If rustls refuses its own settings.
    pub(crate) fn session(&self) -> Result<Option<ClientConnection>> {
        self.encryption.as_ref().map(|encryption| encryption.session(&encryption.http1)).transpose()
    }

    /// The same with HTTP/2 in it.
    ///
    /// # Errors
    /// If rustls refuses its own settings.
    pub(crate) fn http2_session(&self) -> Result<Option<ClientConnection>> {
        self.encryption.as_ref().map(|encryption| encryption.session(&encryption.http2)).transpose()
    }
}

impl Encryption {
    /// One more connection.
    fn session(&self, config: &Arc<ClientConfig>) -> Result<ClientConnection> {
        let mut session = ClientConnection::new(Arc::clone(config), self.name.clone())?;
        session.set_buffer_limit(Some(UNSENT_BYTES_MAX));
        Ok(session)
    }
}

/// The settings of a client that offers `protocol` by ALPN.
fn config(protocol: &[u8]) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
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
