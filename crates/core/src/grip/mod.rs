//! GRIP: an application behind `proxy_pass` answers with an instruction, and the server holds the
//! connection for it; WebSockets come to it as HTTP requests; items are published by `POST /publish/`.
//!
//! The names are those of GRIP's documents: an *instruct* is what the application says about an
//! answer, a *hold* what the server makes of it, an *item* what is published, in *formats*.

mod content;
mod control;
mod events;
mod filters;
mod header;
mod instruct;
mod item;
mod keep_alive;
mod signature;
mod subscriptions;

pub use content::{Content, MessageContent, MessageKind, ResponseContent, StreamContent};
pub use control::Control;
pub use events::{EVENTS_TYPE, Event, EventKind, EventsError, decode, encode};
pub use filters::Filters;
pub use instruct::{
    HoldMode, INSTRUCT_TYPE, Instruct, InstructError, Link, Replacement, is_instructed,
};
pub use item::{Item, ItemError, parse_items};
pub use keep_alive::KeepAlive;
pub use signature::{decode_key, sign};
pub use subscriptions::{Meta, Subscription, Subscriptions};

/// `Grip-Feature`: what of GRIP there is.
pub const FEATURES: &str = "status, link:next, link:gone, filter:skip-self, filter:skip-users, \
                            filter:require-sub, filter:build-id, filter:var-subst";
