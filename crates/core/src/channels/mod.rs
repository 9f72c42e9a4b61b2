//! The channels: what exists, what is stored, who wants it, and what is told about it.
//!
//! One [`Channels`] value serves all workers, behind a lock of the caller's. Every operation takes
//! the time as an argument, decides at once, and leaves what has to go out in
//! [`Channels::deliveries`], which the caller drains under the same lock.
//!
//! Rules and literal texts are those of nginx-push-stream-module 0.6.0 without its defects.

mod agenda;
mod budget;
mod channel;
mod delete;
mod delivery;
mod draft;
mod event;
mod figures;
mod grip;
mod happenings;
mod history;
mod interest;
pub mod path;
mod pattern;
mod publish;
mod refusal;
mod relay;
pub mod report;
mod since;
mod stamp;
mod statistics;
mod store;
mod subscribe;
mod survey;
mod sweep;
mod table;
#[cfg(test)]
mod tests;
mod trash;

pub use delivery::Delivery;
pub use draft::{Draft, Retention};
pub use figures::{Figures, Tally};
pub use happenings::Happening;
pub use path::{Entry, parse_path, whole_id};
pub use pattern::Pattern;
pub use publish::Publication;
pub use refusal::Refusal;
pub use relay::{Concurrency, RelayInfo, RelayRules, RelayStart};
pub use report::{ReportContext, ReportFormat};
pub use since::Since;
pub use stamp::Stamp;
pub use store::Channels;
pub use subscribe::{Backlog, SubscribeRules, Subscribed, Waited};
pub use survey::{Ranking, Standing, Survey};

/// Number of a worker, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u16);

/// Names one life of a channel: never used again, ascending in order of creation.
///
/// A channel that was deleted or collected and is created anew has the same id and another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelKey(pub u64);
