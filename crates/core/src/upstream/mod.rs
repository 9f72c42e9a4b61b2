//! Requests that are handed on, without sockets: what is remembered of the servers that were asked.

mod account;

pub use account::{Account, Attempt};
