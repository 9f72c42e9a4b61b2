//! The wires as pure machines: bytes in, requests and frames out, and back.

pub mod chunked;
pub mod escape;
pub mod http1;
pub mod http2;
pub mod http_date;
pub mod percent;
pub mod websocket;
