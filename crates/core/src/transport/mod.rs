//! Transports: messages as bytes for a socket.

mod rendering;

pub use rendering::Rendering;
