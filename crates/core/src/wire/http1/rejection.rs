//! Why a request is refused before anything was decided about it.

/// A request that is refused for its bytes. The connection cannot be used any more: where the next
/// request would begin is unknown or doubtful.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The status of the answer: 400, 405, 413, 414, 431, 501 or 505.
    pub status: u16,
    /// What the log says, in the manner of nginx: `client sent ...`.
    pub reason: &'static str,
}

impl Rejection {
    /// The request contradicts HTTP.
    pub(in crate::wire) const fn bad(reason: &'static str) -> Self {
        Self { status: 400, reason }
    }

    pub(in crate::wire) const fn with(status: u16, reason: &'static str) -> Self {
        Self { status, reason }
    }
}
