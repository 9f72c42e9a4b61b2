//! Answers of upstreams, read: the head, and how the body goes on.
//!
//! What two readers could understand differently is refused rather than guessed, because a second
//! answer may hide behind the first one: both lengths, two lengths, unknown codings, lines without
//! CR LF, folded headers, control characters.

mod body;
mod defect;
mod head;
#[cfg(test)]
mod tests;

pub use body::{ResponseBody, ResponseReader};
pub use defect::Defect;
pub use head::{Expected, ParsedResponse, Response, parse_response};
