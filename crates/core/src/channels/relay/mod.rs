//! The channels as the relay protocol sees them (`push_*`, `nchan_*`): its own limits, one message
//! at a time, and rounds of requests that wait.

mod publish;
mod round;
mod start;
mod subscribe;

pub use publish::RelayInfo;
pub use start::RelayStart;

use super::Retention;

/// What happens when a request comes to a channel on which another one waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Concurrency {
    /// Both wait.
    #[default]
    Broadcast,
    /// The new one is refused.
    First,
    /// The new one takes the place of those that wait.
    Last,
}

/// What a location of the relay protocol lets its subscribers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayRules {
    /// `push_authorized_channels_only`: only publishers make channels.
    pub authorized_channels_only: bool,
    /// `push_max_channel_subscribers`; `None`: no limit.
    pub max_channel_subscribers: Option<u64>,
    /// `push_subscriber_concurrency`.
    pub concurrency: Concurrency,
    /// What is kept, and how long.
    pub retention: Retention,
    /// Whether a message leaves the history with its first reader: `push_listener`.
    pub consumes: bool,
}
