//! A client that speaks TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::authority::Authority;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A configuration that trusts `authority`, with a certificate of the client or without.
pub(crate) fn config(authority: &Authority, identity: Option<Identity>) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots());
    Arc::new(match identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    })
}

/// A connection.
pub(crate) struct Client {
    pub(crate) stream: StreamOwned<ClientConnection, TcpStream>,
    /// What was read and not asked for yet.
    pub(crate) read: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(
        address: SocketAddr,
        name: &str,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(tls, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { stream, read: Vec::new() })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    pub(crate) fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n").as_bytes());
    }

    /// Reads until `text` has come; everything up to its end.
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        let mut buffer = [0; 16 * 1024];
        let mut from = 0;
        loop {
            if let Some(at) = find(&self.read[from..], text.as_bytes()) {
                let at = from + at;
                let rest = self.read.split_off(at + text.len());
                let found = std::mem::replace(&mut self.read, rest);
                return String::from_utf8_lossy(&found).into_owned();
            }
            from = self.read.len().saturating_sub(text.len());
            let taken = self.stream.read(&mut buffer).unwrap();
            assert!(taken > 0, "ended: {}", String::from_utf8_lossy(&self.read));
            self.read.extend_from_slice(&buffer[..taken]);
        }
    }

    /// Reads to the end, which must be announced by a close_notify.
    pub(crate) fn read_to_end(&mut self) -> String {
        let mut rest = std::mem::take(&mut self.read);
        self.stream.read_to_end(&mut rest).unwrap();
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// The common name in the server's certificate, as bytes in it tell.
    pub(crate) fn shows(&self, name: &str) -> bool {
        let chain = self.stream.conn.peer_certificates().unwrap();
        find(&chain[0], name.as_bytes()).is_some()
    }
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, text)
}
