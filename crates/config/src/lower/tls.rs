//! TLS: whether what the directives say holds together.

use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use outpour_core::settings::{Certificate, Level, Listen, Tls, VerifyClient};

use crate::draft::{Block, TlsDraft};

use super::Lowering;

impl Lowering<'_> {
    /// A path of a certificate or key: relative ones refer to the configuration file's directory.
    pub(crate) fn beside_file(&self, name: &[u8]) -> PathBuf {
        self.directory.join(std::ffi::OsStr::from_bytes(name))
    }

    /// Behind an address with `ssl` there has to be a certificate.
    pub(super) fn check_tls(&mut self, listen: &Listen, servers: &[Block]) {
        if !listen.tls {
            return;
        }
        let default = &servers[listen.default_server];
        if default.tls.certificates.is_some() {
            return;
        }
        let rejects = |server: &Block| server.tls.reject_handshake == Some(true);
        // Where the default server lets nobody in, every other needs a certificate of its own.
        let bare = |server: &Block| server.tls.certificates.is_none() && !rejects(server);
        let wanting = match rejects(default) {
            true => listen.servers.iter().map(|index| &servers[*index]).find(|s| bare(s)),
            false => Some(default),
        };
        if let Some(server) = wanting {
            let text = "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive";
            self.report.emerg(server.at, text);
        }
    }

    pub(super) fn tls(&mut self, draft: &TlsDraft) -> Tls {
        let default = Tls::default();
        let (tls12, tls13) = draft.protocols.unwrap_or((default.tls12, default.tls13));
        let tls = Tls {
            certificates: self.certificates(draft),
            tls12,
            tls13,
            session_cache: draft.session_cache.unwrap_or(default.session_cache),
            session_timeout: draft.session_timeout.unwrap_or(default.session_timeout),
            session_tickets: draft.session_tickets.unwrap_or(default.session_tickets),
            verify_client: draft.verify_client.unwrap_or(default.verify_client),
            client_certificate: draft.client_certificate.clone(),
            trusted_certificate: draft.trusted_certificate.clone(),
            crl: draft.crl.clone(),
            verify_depth: draft
                .verify_depth
                .map_or(default.verify_depth, |depth| usize::try_from(depth).unwrap_or(usize::MAX)),
            reject_handshake: draft.reject_handshake.unwrap_or(default.reject_handshake),
        };
        let authorities = tls.client_certificate.is_some() || tls.trusted_certificate.is_some();
        let used = !tls.certificates.is_empty() || tls.reject_handshake;
        if used && tls.verify_client != VerifyClient::Off && !authorities {
            self.emerg_unplaced("no ssl_client_certificate for ssl_verify_client".into());
        }
        tls
    }

    /// The pairs; each certificate needs a key.
    fn certificates(&mut self, draft: &TlsDraft) -> Vec<Certificate> {
        let chains = draft.certificates.as_deref().unwrap_or_default();
        let keys = draft.keys.as_deref().unwrap_or_default();
        if let Some(last) = chains.last().filter(|_| keys.len() < chains.len()) {
            let name = last.display();
            self.emerg_unplaced(format!(
                "no \"ssl_certificate_key\" is defined for certificate \"{name}\""
            ));
        }
        let pairs = chains.iter().zip(keys);
        let passwords = &draft.password_file;
        pairs
            .map(|(chain, key)| Certificate {
                chain: chain.clone(),
                key: key.clone(),
                passwords: passwords.clone(),
            })
            .collect()
    }

    /// What nginx refuses without naming a place.
    fn emerg_unplaced(&mut self, message: String) {
        self.report.say(Level::Emerg, None, message, None);
    }
}
