//! The server from the outside: hostile clients, large files, and clients that speak TLS.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod authority;
mod client;
mod crowds;
mod dashboard;
mod files;
mod fixture;
mod frames;
mod grip;
mod hooks;
mod hostile;
mod http2;
mod http2_floods;
mod http2_proxy;
mod proxy;
mod tls;
mod tls_clients;
mod tls_tools;
mod upstream;
