//! HTTP/2 without its frames: header lists that become requests, and our own heads taken apart.
//!
//! Everything behind the frames serves HTTP/2 as it serves HTTP/1: a header list becomes a
//! [`crate::request::Request`], and an answer, which [`super::http1::encode`] writes for
//! [`crate::request::Version::Http2`] without chunks, becomes a status and headers again.

mod budget;
mod head;
mod request;

pub use budget::Budget;
pub use head::{Head, split_head};
pub use request::{HeaderList, Rejected, request};

/// What a client says first.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
