//! What is kept beside the settings for those who ask: each directive and how it was treated, and
//! which directive stands in which block.
//!
//! A server that starts keeps none of it; see [`crate::inspect`].

mod finding;
mod ledger;
mod origin;

pub use finding::{Finding, Treatment};
pub use origin::{BlockOrigin, Said, StepOrigin};

pub(crate) use finding::findings;
pub(crate) use ledger::{Base, Entry, Ledger};
pub(crate) use origin::{Told, origin};
