//! Conformance cases as data: raw bytes in, raw bytes out, against a URL.
//!
//! The cases are the TOML files below `/conformance/cases`; `/conformance/README.md` describes their
//! language. [`Suite`] reads them, [`Runner`] plays them against servers that it starts itself (one
//! per configuration) or against one address. Nothing here knows anything of outpour's own crates.

#![forbid(unsafe_code)]

pub mod case;
pub mod checks;
pub mod configuration;
pub mod deviations;
mod expect;
mod line;
mod notation;
pub mod paths;
pub mod pattern;
mod player;
mod report;
mod runner;
mod step;
pub mod suite;
mod text;
mod variants;

pub use case::Case;
pub use report::{Outcome, Report};
pub use runner::{Runner, Target};
pub use step::Step;
pub use suite::Suite;
