//! The configuration language: nginx syntax to typed, total settings.
//!
//! A text becomes tokens, these a tree that keeps the place of every word, and the tree becomes
//! [`Settings`] through one table of directives. All mistakes of a configuration are found in one
//! run; each has its place, nginx's sentence and, where there is one, the nearest correct word.
#![forbid(unsafe_code)]

mod audit;
mod diagnostic;
mod directives;
mod draft;
mod load;
mod lower;
mod names;
mod nearest;
mod pcre;
mod proxy_url;
mod reference;
mod report;
mod source;
mod syntax;
mod values;

#[cfg(test)]
mod tests;

pub use audit::{BlockOrigin, Finding, Said, StepOrigin, Treatment};
pub use diagnostic::{Diagnostic, Place};
pub use load::{Inspection, Loaded, Options, dump, inspect, load, load_text};
pub use outpour_core::settings::Settings;
pub use reference::{Known, known, reference, relay_reference};

/// The text of the built-in configuration.
pub const BUILTIN: &str = include_str!("builtin.conf");
