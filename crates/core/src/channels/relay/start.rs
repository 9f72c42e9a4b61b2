//! Where a relay subscriber begins to read.

use crate::channels::history::History;
use crate::settings::FirstMessage;

/// Where a relay subscriber begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayStart {
    /// Behind the message of that second and order: of the channel, or for subscribers of several
    /// channels of the server.
    Behind {
        /// Seconds since 1970.
        time: u64,
        /// Order within it, from 0.
        order: u64,
    },
    /// It has got nothing yet.
    First(FirstMessage),
}

impl RelayStart {
    /// Index of the first message in `history`. `several`: orders are the server's.
    pub(super) fn index(self, history: &History, several: bool) -> usize {
        let length = history.length();
        match self {
            Self::Behind { time, order } if several => history.behind_tag(time, order),
            Self::Behind { time, order } => history.behind_order(time, order),
            Self::First(FirstMessage::Oldest) => 0,
            Self::First(FirstMessage::Newest) => length,
            Self::First(FirstMessage::Nth(number)) => {
                let back = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
                match number {
                    ..0 => length.saturating_sub(back),
                    0 => length,
                    1.. => (back - 1).min(length),
                }
            }
        }
    }
}
