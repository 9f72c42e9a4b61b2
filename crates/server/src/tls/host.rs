//! A server with its certificates, ready for handshakes.

use std::collections::HashMap;
use std::sync::Arc;

use outpour_core::settings::{Http, Tls, VerifyClient};
use rustls::crypto::{CryptoProvider, ring};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::certificates::Certificates;
use super::client::{ClientVerdict, Verifier};
use super::error::TlsError;
use super::sessions;

/// What may be spoken inside, the best first.
const PROTOCOLS: [&[u8]; 4] = [HTTP2, b"http/1.1", b"http/1.0", b"http/0.9"];

/// The first of them, where it is not switched off.
pub(crate) const HTTP2: &[u8] = b"h2";

/// A server with its certificates.
#[derive(Debug)]
pub(crate) struct Host {
    /// What handshakes go by, without HTTP/2.
    config: Arc<ServerConfig>,
    /// The same with it.
    http2: Arc<ServerConfig>,
    /// What it was made from.
    pub(crate) settings: Arc<Tls>,
    verifier: Option<Arc<Verifier>>,
}

/// Reads the certificates of all servers; by index of the server, `None` for those that have none.
/// Servers with the same settings share one host.
///
/// # Errors
/// The first file that cannot be used.
pub(crate) fn hosts(http: &Http) -> Result<Vec<Option<Arc<Host>>>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut known: HashMap<&Tls, Arc<Host>> = HashMap::new();
    let mut hosts = Vec::with_capacity(http.servers.len());
    for server in &http.servers {
        if server.tls.certificates.is_empty() {
            hosts.push(None);
            continue;
        }
        let host = match known.get(&*server.tls) {
            Some(host) => Arc::clone(host),
            None => Arc::new(Host::load(&server.tls, &provider)?),
        };
        known.entry(&server.tls).or_insert_with(|| Arc::clone(&host));
        hosts.push(Some(host));
    }
    Ok(hosts)
}

impl Host {
    fn load(settings: &Arc<Tls>, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let setup = |error: rustls::Error| TlsError::Setup(error.to_string());
        let versions: Vec<&SupportedProtocolVersion> =
            [(settings.tls13, &TLS13), (settings.tls12, &TLS12)]
                .into_iter()
                .filter_map(|(on, version)| on.then_some(version))
                .collect();
        let certificates = Arc::new(Certificates::load(&settings.certificates, provider)?);
        let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(&versions)
            .map_err(setup)?;
        let verifier = match settings.verify_client {
            VerifyClient::Off => None,
            VerifyClient::On | VerifyClient::Optional => {
                Some(Arc::new(Verifier::load(settings, provider)?))
            }
        };
        let builder = match &verifier {
            Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier) as Arc<_>),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(certificates);
        config.ignore_client_order = true;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        sessions::set_up(&mut config, settings)?;
        let http2 = Arc::new(config.clone());
        config.alpn_protocols.retain(|protocol| protocol != HTTP2);
        Ok(Self { config: Arc::new(config), http2, settings: Arc::clone(settings), verifier })
    }

    /// What a handshake goes by.
    pub(crate) fn config(&self, http2: bool) -> &Arc<ServerConfig> {
        if http2 { &self.http2 } else { &self.config }
    }

    /// What the certificate is worth that the client has shown.
    pub(crate) fn verdict(&self, tls: &ServerConnection) -> ClientVerdict {
        let verdict = |verifier: &Arc<Verifier>| verifier.verdict(tls.peer_certificates());
        self.verifier.as_ref().map_or(ClientVerdict::None, verdict)
    }
}
