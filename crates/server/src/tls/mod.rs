//! Certificates, keys and handshakes: what the `ssl_*` and `proxy_ssl_*` directives come down
//! to.

mod certificates;
mod client;
mod encryption;
mod error;
mod gate;
mod host;
mod outgoing;
mod pem;
mod sessions;
mod subject;

pub(crate) use client::ClientVerdict;
pub(crate) use encryption::encryption;
pub use error::TlsError;
pub(crate) use gate::Gate;
pub(crate) use host::{HTTP2, Host, hosts};
pub(crate) use outgoing::ClientConfigs;
