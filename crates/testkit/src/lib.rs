//! Raw clients and a process starter for tests.
//!
//! Nothing here knows anything of outpour's own crates: bytes go out as they were written, bytes
//! come back as they arrived, and every read has a deadline. Threads, no async.

#![forbid(unsafe_code)]

mod binary;
mod body;
mod connection;
mod frame;
mod head;
mod ports;
mod request;
mod server;
mod template;

pub use binary::binary;
pub use body::{Body, Framing};
pub use connection::{Closed, Connection, Deadline};
pub use frame::{Frame, Opcode};
pub use head::Head;
pub use ports::free_port;
pub use request::Request;
pub use server::{Output, ServerProcess, run};
pub use template::Template;
