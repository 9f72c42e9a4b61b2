//! Requests that are handed on, without sockets: to whom, under which address and with which
//! headers, what is made of the answer, and what is remembered of the servers that were asked.

mod account;
mod answer;
mod balancer;
mod request;
mod rewrite;
mod target;

pub use account::{Account, Attempt};
pub use answer::{Orders, answer, kept_on_redirect, orders};
pub use balancer::{Balancer, PeerEnd, Selection};
pub use request::{Asked, ExtraHeaders, Payload, request_head};
pub use target::{Address, safe, target};
