//! Transports: messages as bytes for a socket.

mod date;
mod event_source;
pub mod gzip;
mod lines;
mod parts;
mod rendering;
mod template;
pub mod websocket;

pub use parts::Parts;
pub use rendering::Rendering;
pub use template::Template;
