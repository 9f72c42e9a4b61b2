//! Transports: messages as bytes for a socket.
//!
//! A location's templates become a [`Rendering`] once, when the configuration is read. Subscribers
//! that get the same bytes have equal [formats](crate::hub::Format), so that a message is rendered once for all of
//! them: into a [`Frame`] for those that stay (streaming, event source, WebSocket), into an
//! [`Answer`](crate::answer::Answer) for those that ask again (polling, long-polling, JSONP).
//!
//! The module of nginx writes a header template, each message, each `id:` and `event:` line, each
//! padding and the footer template on its own, which shows as one chunk each; [`Parts`] keeps
//! these seams.

mod answer_format;
pub mod cors;
mod event_source;
mod frame;
pub mod gzip;
mod jsonp;
mod lines;
mod mode;
mod padding;
mod parts;
mod rendering;
mod stream_format;
mod template;
mod validators;

pub use answer_format::AnswerFormat;
pub use event_source::event_data;
pub use frame::Frame;
pub use mode::{EVENT_STREAM, content_type, mode};
pub use padding::PaddingSizes;
pub use parts::Parts;
pub use rendering::Rendering;
pub use stream_format::{Framing, StreamFormat};
pub use template::Template;
pub use validators::Validators;
