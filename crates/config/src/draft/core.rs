//! nginx's own directives of `http`, `server` and `location`.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::settings::{
    AccessLog, AddHeader, ErrorLog, Expires, GzipDisable, GzipProxied, OpenLogFiles, Types,
};

use super::inherit;

/// Limits that hold while a request's head is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct LimitsDraft {
    pub(crate) client_header_timeout: Option<Duration>,
    pub(crate) client_header_buffer_size: Option<usize>,
    pub(crate) large_client_header_buffers: Option<(usize, usize)>,
    pub(crate) ignore_invalid_headers: Option<bool>,
    pub(crate) underscores_in_headers: Option<bool>,
    pub(crate) merge_slashes: Option<bool>,
}

impl LimitsDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer;
            client_header_timeout client_header_buffer_size large_client_header_buffers
            ignore_invalid_headers underscores_in_headers merge_slashes);
    }
}

/// `gzip` and its directives.
#[derive(Clone, Debug, Default)]
pub(crate) struct GzipDraft {
    pub(crate) on: Option<bool>,
    pub(crate) types: Option<Vec<Box<[u8]>>>,
    pub(crate) min_length: Option<usize>,
    pub(crate) level: Option<u32>,
    pub(crate) http10: Option<bool>,
    pub(crate) vary: Option<bool>,
    /// `Some(None)` for `off`.
    pub(crate) proxied: Option<Option<GzipProxied>>,
    pub(crate) disable: Option<Arc<GzipDisable>>,
}

/// Lists are inherited as a whole, or not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct CoreDraft {
    pub(crate) add_headers: Option<Vec<AddHeader>>,
    pub(crate) expires: Option<Expires>,
    pub(crate) default_type: Option<Box<[u8]>>,
    pub(crate) types: Option<Arc<Types>>,
    /// `charset`; `Some(None)` for `off`.
    pub(crate) charset: Option<Option<Box<[u8]>>>,
    pub(crate) charset_types: Option<Vec<Box<[u8]>>>,
    pub(crate) gzip: GzipDraft,
    pub(crate) client_max_body_size: Option<u64>,
    pub(crate) client_body_timeout: Option<Duration>,
    pub(crate) send_timeout: Option<Duration>,
    pub(crate) keepalive_timeout: Option<(Duration, Option<Duration>)>,
    pub(crate) keepalive_requests: Option<u64>,
    pub(crate) lingering_timeout: Option<Duration>,
    pub(crate) reset_timedout_connection: Option<bool>,
    pub(crate) server_tokens: Option<bool>,
    pub(crate) tcp_nodelay: Option<bool>,
    pub(crate) chunked_transfer_encoding: Option<bool>,
    pub(crate) access_log: Option<Vec<AccessLog>>,
    /// `None` in it stands for `off`.
    pub(crate) open_log_file_cache: Option<Option<OpenLogFiles>>,
    pub(crate) error_log: Option<Vec<ErrorLog>>,
}

impl CoreDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer;
            add_headers expires default_type types charset charset_types
            client_max_body_size client_body_timeout send_timeout keepalive_timeout
            keepalive_requests lingering_timeout reset_timedout_connection server_tokens
            tcp_nodelay chunked_transfer_encoding access_log open_log_file_cache error_log);
        inherit!(self.gzip, outer.gzip; on types min_length level http10 vary proxied disable);
    }
}
