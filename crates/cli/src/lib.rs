//! A push server as a library: WebSocket and EventSource for an application of yours, beside
//! everything that the command `outpour` serves from its configuration.
//!
//! ```
//! use std::sync::Arc;
//!
//! use outpour::{Client, Incoming, PushHandler, Reply, Request, Response, Server};
//!
//! struct Echo;
//!
//! impl PushHandler for Echo {
//!     fn on_message(&self, client: &Client, message: Incoming<'_>) {
//!         client.write(message);
//!     }
//! }
//!
//! fn application(request: &Request) -> Reply {
//!     match request.upgrade() {
//!         Some(_) => Reply::upgrade(Arc::new(Echo)).into(),
//!         None => Response::text("hello\n").into(),
//!     }
//! }
//!
//! # fn main() -> Result<(), outpour::Error> {
//! let server = Server::builder().listen("127.0.0.1:0").application(application).start()?;
//! println!("listening on {:?}", server.addresses());
//! server.shutdown();
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! An [`Application`] answers requests with a [`Reply`]: a [`Response`], or, where
//! [`Request::upgrade`] says that it can be, an upgrade with a [`PushHandler`]. The handler hears of
//! the connection from then on: [`on_open`](PushHandler::on_open), then
//! [`on_message`](PushHandler::on_message) and [`on_drained`](PushHandler::on_drained), then
//! [`on_close`](PushHandler::on_close) exactly once. For one connection callbacks never overlap. What
//! it writes by the [`Client`], from any thread, reaches WebSockets and EventSources alike.
//!
//! Callbacks run on the worker threads and must not block. What takes long is answered later
//! ([`Request::defer`]), or all callbacks run elsewhere: see [`Executor`].
//!
//! # Features
//!
//! `cli` (default): the command `outpour`. A library that only embeds the server turns it off:
//! `outpour = { version = "0.1", default-features = false }`.
#![forbid(unsafe_code)]

mod embed;

pub use embed::{Builder, Error, Handle, Server};
pub use outpour_server::application::{
    Accept, Application, Body, BodyReader, BodyWriter, Client, CloseReason, Event, Executor,
    Headers, Incoming, Outgoing, Publication, Published, PushHandler, Refused, Reply, Request,
    Responder, Response, Start, Subscription, Turn, Upgrade,
};
