//! Starts the real binary, as a person or a service manager does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bench;
mod command_line;
mod configuration;
mod embed;
mod explain;
mod process;
mod process_life;
mod vanished;
