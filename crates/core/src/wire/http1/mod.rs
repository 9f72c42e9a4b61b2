//! HTTP/1: request heads and bodies read, answers written; answers of upstreams read.

mod body;
mod encode;
mod encoder;
pub(in crate::wire) mod fields;
mod head;
mod host;
pub(in crate::wire) mod lines;
mod rejection;
pub(in crate::wire) mod request_line;
pub mod response;
pub(in crate::wire) mod uri;

pub use body::{BodyReader, BodyStep};
pub(crate) use encode::harmless;
pub use encode::{CONTINUE, Context, encode, must_close};
pub use encoder::Encoder;
pub use head::{Parsed, parse_head};
pub use rejection::Rejection;
pub use uri::inside_path;
