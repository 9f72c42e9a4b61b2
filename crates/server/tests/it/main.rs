//! The server against clients that mean harm, or know no better.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod hostile;
