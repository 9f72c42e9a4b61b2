//! What outpour decides, as pure functions of bytes, settings and time.
//!
//! Nothing here opens a socket, reads a clock, starts a thread or awaits: time, ids and randomness
//! are arguments, bytes go in and bytes come out. The crate around it (`outpour-server`) only moves
//! bytes and time.
#![forbid(unsafe_code)]

pub mod access;
pub mod answer;
pub mod channels;
pub mod civil;
pub mod files;
pub mod grip;
pub mod hub;
pub mod message;
pub mod now;
pub mod relay;
pub mod request;
pub mod router;
pub mod settings;
pub mod timers;
pub mod transport;
pub mod upstream;
pub mod variables;
pub mod wire;
