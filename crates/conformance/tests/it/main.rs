//! The conformance suite as tests.

mod cases;
mod configuration;
mod licences;
mod tidy;
