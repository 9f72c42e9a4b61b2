//! The `http2*` directives of a server.

/// HTTP/2, as a server speaks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http2 {
    /// `http2`; default off.
    pub on: bool,
    /// `http2_max_concurrent_streams`; default 128: requests that one connection may have at a time.
    pub max_concurrent_streams: u32,
    /// `http2_chunk_size`; default 8k: largest piece of an answer's body in one frame.
    pub chunk_size: usize,
    /// `http2_body_preread_size`; default 64k: bytes of a body that a client may send ahead.
    pub body_preread_size: u32,
}

impl Default for Http2 {
    fn default() -> Self {
        Self {
            on: false,
            max_concurrent_streams: 128,
            chunk_size: 8 * 1024,
            body_preread_size: 64 * 1024,
        }
    }
}
