//! Requests that are handed on, without sockets: what is remembered of the servers that were asked.

mod account;
mod balancer;

pub use account::{Account, Attempt};
pub use balancer::{Balancer, PeerEnd, Selection};
