//! The `ssl_*` directives.

use std::path::PathBuf;
use std::time::Duration;

use outpour_core::settings::VerifyClient;

use super::inherit;

#[derive(Clone, Debug, Default)]
pub(crate) struct TlsDraft {
    pub(crate) certificates: Option<Vec<PathBuf>>,
    pub(crate) keys: Option<Vec<PathBuf>>,
    /// TLSv1.2 and TLSv1.3.
    pub(crate) protocols: Option<(bool, bool)>,
    /// Bytes; `Some(None)` for no cache.
    pub(crate) session_cache: Option<Option<u64>>,
    pub(crate) session_timeout: Option<Duration>,
    pub(crate) session_tickets: Option<bool>,
    pub(crate) verify_client: Option<VerifyClient>,
    pub(crate) client_certificate: Option<PathBuf>,
    pub(crate) trusted_certificate: Option<PathBuf>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) crl: Option<PathBuf>,
    pub(crate) verify_depth: Option<u64>,
    pub(crate) reject_handshake: Option<bool>,
}

impl TlsDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer;
            certificates keys protocols session_cache session_timeout session_tickets
            verify_client client_certificate trusted_certificate password_file crl verify_depth
            reject_handshake);
    }
}
