//! The only home of sockets, worker threads and the clock.
//!
//! Workers share nothing but the channels: each is one thread with its own event loop, its own
//! listeners and its own table of subscribers.
#![forbid(unsafe_code)]

pub mod logs;
mod server;

pub use server::{Handle, Server, StartError};
