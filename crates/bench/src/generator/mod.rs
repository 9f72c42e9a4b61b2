//! The load generator: one loop on one thread, cheaper than what it measures.
//!
//! | file | what |
//! |---|---|
//! | `link` | a connection's bytes, plain or encrypted |
//! | `encryption` | TLS between a link and its socket |
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
