//! The Ruby side of outpour's embedding interface: a Rack server.
//!
//! ```text
//!  outpour's worker threads              Ruby's threads, one at a time under Ruby's lock
//!  request, frame, end ──▶ Turn ──▶ Queue ──▶ Native#work ──▶ app.call, on_open, on_message, ...
//!  socket ◀────────── outbox, reply ◀──────── Client#write, the answer of call
//! ```
//!
//! The worker threads know nothing of Ruby. What crosses is a [`outpour_server::application::Turn`]
//! or the number of an object ([`roots`]); no Ruby object is ever in memory that they can reach.

mod answer;
mod application;
mod authority;
mod body;
mod bridge;
mod callbacks;
mod environment;
mod failure;
mod gvl;
mod names;
mod native;
mod peer;
mod queue;
mod roots;
mod stream;
mod subscriptions;
mod text;

use magnus::{Error, Object, RModule, Ruby, function};

#[magnus::init(name = "outpour")]
fn init(ruby: &Ruby) -> Result<(), Error> {
    roots::prepare(ruby);
    names::prepare(ruby);
    environment::prepare(ruby);
    let outpour: RModule = ruby.define_module("Outpour")?;
    outpour.define_singleton_method("strict_write=", function!(text::set_strict, 1))?;
    native::define(ruby, outpour)?;
    peer::define(ruby, outpour)?;
    stream::define(ruby, outpour)
}
