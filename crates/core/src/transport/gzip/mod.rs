//! gzip: one compressed frame for all subscribers of a format, and whole answers.
//!
//! Each frame is deflated on its own and ends at a byte boundary, so any row of frames is one valid
//! deflate stream; behind a gzip head it is a gzip member whose end wants only the sum and length
//! of what went before ([`GzipTail`]).

mod checksum;
mod deflate;
mod member;
mod negotiation;

pub use checksum::{Checksum, GzipTail};
pub(super) use member::{HEAD, end, frame};
pub use member::{answer, body, parts};
pub use negotiation::{Told, acceptable, accepted, eligible, level};
