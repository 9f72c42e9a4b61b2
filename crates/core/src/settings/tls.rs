//! The `ssl_*` directives of a server: paths and choices; nobody has looked into the files yet.

use std::path::PathBuf;
use std::time::Duration;

/// What a server's `ssl_*` directives say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tls {
    /// `ssl_certificate` and `ssl_certificate_key`, pair by pair: usually one, more for several
    /// kinds of keys. None: the default server's certificate is shown.
    pub certificates: Vec<Certificate>,
    /// `ssl_protocols` names TLSv1.2; default yes.
    pub tls12: bool,
    /// `ssl_protocols` names TLSv1.3; default yes.
    pub tls13: bool,
    /// `ssl_session_cache`: bytes for sessions that the server remembers; default none.
    pub session_cache: Option<u64>,
    /// `ssl_session_timeout`: how long a session can be resumed; default 5 minutes.
    pub session_timeout: Duration,
    /// `ssl_session_tickets`: whether sessions are kept by the client; default on.
    pub session_tickets: bool,
    /// `ssl_verify_client`; default off.
    pub verify_client: VerifyClient,
    /// `ssl_client_certificate`: authorities whose names are told to the client.
    pub client_certificate: Option<PathBuf>,
    /// `ssl_trusted_certificate`: further authorities for certificates of clients.
    pub trusted_certificate: Option<PathBuf>,
    /// `ssl_crl`: lists of revoked certificates, for clients' chains.
    pub crl: Option<PathBuf>,
    /// `ssl_verify_depth`: certificates between a client's and the authority's; default 1.
    pub verify_depth: usize,
    /// `ssl_reject_handshake`: nobody gets in who names this server; default off.
    pub reject_handshake: bool,
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// PEM: the server's certificate, then those between it and the authority.
    pub chain: PathBuf,
    /// PEM: the private key, in the clear or encrypted (PKCS #8).
    pub key: PathBuf,
    /// `ssl_password_file`: passwords that are tried in turn where the key is encrypted.
    pub passwords: Option<PathBuf>,
}

/// `ssl_verify_client`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerifyClient {
    /// Nobody is asked for a certificate.
    Off,
    /// Without a good certificate every request is answered 400.
    On,
    /// Without a certificate requests are served, with a bad one they are answered 400.
    Optional,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificates: Vec::new(),
            tls12: true,
            tls13: true,
            session_cache: None,
            session_timeout: Duration::from_secs(300),
            session_tickets: true,
            verify_client: VerifyClient::Off,
            client_certificate: None,
            trusted_certificate: None,
            crl: None,
            verify_depth: 1,
            reject_handshake: false,
        }
    }
}
