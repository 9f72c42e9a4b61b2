//! The application port: requests and connections, handed to code that is linked in.
//!
//! An [`Application`] answers requests. One that [`Request::upgrade`] says something of may be
//! accepted with a [`PushHandler`], which hears of the connection from then on and writes to it by
//! its [`Client`]: WebSocket and EventSource alike.
//!
//! ```text
//!  worker thread                                     where callbacks run
//!  request ──▶ Call ───────▶ Executor (or here) ──▶ Application::call ──▶ Reply ─┐
//!     ▲◀───────────────────────── mailbox of the worker ◀──────────────────────────┘
//!  frames, ends ──▶ inbox of the connection ──▶ Turn ──▶ PushHandler::on_...
//!  socket ◀── outbox of the connection ◀── Client::write, close, from any thread
//! ```
//!
//! Each connection has one inbox. What is in it is handled by one [`Turn`] at a time, so that the
//! callbacks of a connection never overlap and keep their order, wherever they run. Without an
//! [`Executor`] they run on the connection's worker thread and must not block.

mod body;
mod callbacks;
mod client;
mod executor;
mod inbox;
mod link;
mod outbox;
mod outgoing;
mod port;
mod publication;
mod reply;
mod request;
mod responder;
mod subscription;
mod wire;

pub use body::{Body, BodyReader, BodyWriter};
pub use callbacks::{Application, CloseReason, Incoming, PushHandler};
pub use client::Client;
pub use executor::{Executor, Turn};
pub use outgoing::{Event, Outgoing};
pub use port::Port;
pub use publication::{Publication, Refused};
pub use reply::{Accept, Headers, Reply, Response};
pub use request::{Request, Upgrade};
pub use responder::Responder;
pub use subscription::{Published, Start, Subscription};

pub(crate) use body::Piece;
pub(crate) use executor::call;
pub(crate) use inbox::Event as InboxEvent;
pub(crate) use link::Link;
pub(crate) use outbox::Taken;
pub(crate) use publication::publish;
pub(crate) use responder::{Address, Post, has_touched, settle_here, take_touched};
pub(crate) use subscription::{Interest, Joining, Listener};
pub(crate) use wire::Wire;
