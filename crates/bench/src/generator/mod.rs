//! The load generator: one loop on one thread, cheaper than what it measures.
//!
//! | file | what |
//! |---|---|
//! | `link` | a connection's bytes, plain or encrypted |
//! | `encryption` | TLS between a link and its socket |
//! | `http2` | HTTP/2 connections, whose streams are connections to a member |
//! | `line` | what a member has: a link of its own, or a stream |
//! | `member` | a connection that waits: its phases, its answers |
//! | `crowd` | all of them: one poll, one read buffer, the books |
//! | `gather` | opening them, at a rate |
//! | `clients` | connections that ask instead of waiting: files, proxied answers |
//! | `publisher` | a connection that publishes |
//! | `silences` | how long each of the crowd heard nothing |
//! | `press` | all of those, and when the next message is due |

mod clients;
mod crowd;
mod encryption;
mod gather;
mod http2;
mod line;
mod link;
mod member;
mod press;
mod publisher;
mod silences;

pub(crate) use self::{
    clients::{Clients, Question},
    crowd::{Crowd, Tally},
    gather::gather,
    press::{Press, Until},
};
