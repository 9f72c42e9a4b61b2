//! HTTP/2: one socket, many requests.
//!
//! A [`Session`] is what the connection of a socket does; the h2 crate runs in it without a
//! runtime, over a [`Wire`] in memory. Each request is a connection of the worker whose stream, a
//! [`Http2Stream`], reads the body and takes the answer. What h2 would wake a task for rings a bell.

mod bells;
mod response;
mod session;
mod stream;
mod wire;

pub(crate) use bells::Bells;
pub(crate) use session::{Progress, Session};
pub(crate) use stream::{Framing, Http2Stream};

use wire::Wire;
