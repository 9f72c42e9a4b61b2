//! A server within another program.

mod builder;
mod error;
mod server;

pub use builder::Builder;
pub use error::Error;
pub use server::{Handle, Server};
