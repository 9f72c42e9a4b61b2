//! The only home of sockets, worker threads and the clock.
//!
//! Workers share nothing but the channels: each is one thread with its own event loop, its own
//! listeners and its own table of subscribers.
#![forbid(unsafe_code)]

mod access;
pub mod application;
mod clock;
mod connection;
mod counters;
mod dashboard;
mod exchange;
mod helpers;
mod http2;
mod life;
mod listener;
pub mod logs;
mod mailbox;
mod metrics;
mod names;
pub mod os_error;
mod pages;
mod process;
mod running;
mod server;
mod shared;
mod tls;
mod upstream;
mod worker;

pub use counters::Counters;
pub use metrics::reference as metrics_reference;
pub use server::{
    Handle, Server, StartError, address_text, check_certificates, memory_budget, worker_count,
};
pub use tls::TlsError;
