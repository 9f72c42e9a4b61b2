//! `outpour check` and `outpour explain`: what a configuration says, directive by directive, and
//! about one request. Nothing is served, and no file is read but those of the configuration.
#![forbid(unsafe_code)]

mod check;
mod explain;
mod style;

pub use check::{Check, Verdict};
pub use explain::{Explanation, FileKind, Look, Question, Surroundings, explain, look};
pub use style::Style;
