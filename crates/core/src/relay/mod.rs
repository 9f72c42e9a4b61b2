//! The relay protocol: what requests to `push_*` and `nchan_*` locations mean, and the bytes of
//! their answers.
//!
//! It is the protocol of the older push module, which Nchan goes on with: one message per answer,
//! told apart by `Last-Modified` and `Etag`, with statuses that say whether anybody listened.
//! Channels are those of all other locations.

mod action;
mod answer;
mod information;
mod message_id;
mod names;
mod stream;

pub use action::{Action, action};
pub use answer::{RelayAnswer, publisher_methods, subscriber_methods};
pub use information::{InfoFormat, information};
pub use message_id::{IdStyle, MessageId};
pub use names::channel_ids;
pub use stream::{RelayStream, boundary};
