//! Static files as far as they can be decided without a disk: names, conditions, ranges, listings.

mod condition;
pub mod listing;
mod path;
mod range;

pub use condition::{Precondition, Validators, etag};
pub use path::{is_safe, map};
pub use range::{Ranges, boundary_head, boundary_tail, if_range_holds};
