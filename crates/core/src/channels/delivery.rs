//! A delivery: what workers have to send on.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{ChannelKey, WorkerId};
use crate::message::Message;

/// What workers have to send to their subscribers of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A published message.
    Message {
        /// Where it was published.
        channel: ChannelKey,
        /// The message, to be compared with the position of each subscription.
        message: Arc<Message>,
        /// When it was published, as [`crate::now::Now::micros`].
        published: u64,
        /// Workers with at least one subscription, never none.
        workers: SmallVec<[WorkerId; 4]>,
    },
    /// The channel was deleted: its subscriptions are gone here already.
    Deleted {
        /// The channel that was.
        channel: ChannelKey,
        /// The special message that tells it.
        message: Arc<Message>,
        /// Workers that had at least one subscription, never none.
        workers: SmallVec<[WorkerId; 4]>,
    },
}

impl Delivery {
    /// The workers that it is for, each once, never none.
    #[must_use]
    pub fn workers(&self) -> &[WorkerId] {
        match self {
            Self::Message { workers, .. } | Self::Deleted { workers, .. } => workers,
        }
    }

    /// Takes the workers out, for whoever hands the delivery to each of them.
    pub fn take_workers(&mut self) -> SmallVec<[WorkerId; 4]> {
        match self {
            Self::Message { workers, .. } | Self::Deleted { workers, .. } => {
                std::mem::take(workers)
            }
        }
    }

    /// What is to be sent.
    #[must_use]
    pub fn message(&self) -> &Arc<Message> {
        match self {
            Self::Message { message, .. } | Self::Deleted { message, .. } => message,
        }
    }
}
