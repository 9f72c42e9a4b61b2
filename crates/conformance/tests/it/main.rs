//! The conformance suite as tests.

mod cases;
mod configuration;
mod licences;
mod slow_subscribers;
mod tidy;
mod websocket_deflate;
