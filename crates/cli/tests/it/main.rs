//! Starts the real binary, as a person or a service manager does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod command_line;
#[allow(dead_code, reason = "servers are started by the tests of configuration and process life")]
mod process;
