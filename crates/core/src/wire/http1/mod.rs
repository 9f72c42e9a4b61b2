//! HTTP/1: request heads and bodies read, answers written; answers of upstreams read.

mod body;
mod encode;
mod fields;
mod head;
mod host;
mod lines;
mod rejection;
mod request_line;
pub mod response;
mod uri;

pub use body::{BodyReader, BodyStep};
pub(crate) use encode::harmless;
pub use encode::{CONTINUE, Context, encode, must_close};
pub use head::{Parsed, parse_head};
pub use rejection::Rejection;
pub use uri::inside_path;
