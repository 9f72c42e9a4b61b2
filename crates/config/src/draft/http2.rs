//! The `http2*` directives.

use super::inherit;

#[derive(Clone, Debug, Default)]
pub(crate) struct Http2Draft {
    pub(crate) on: Option<bool>,
    pub(crate) max_concurrent_streams: Option<u64>,
    pub(crate) chunk_size: Option<usize>,
    pub(crate) body_preread_size: Option<usize>,
}

impl Http2Draft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer; on max_concurrent_streams chunk_size body_preread_size);
    }
}
