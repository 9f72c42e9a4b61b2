//! Why an upstream's answer is refused.

/// What is wrong with an upstream's answer. Nobody can tell what follows on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What the log says, in the manner of nginx: `upstream sent ...`.
    pub reason: &'static str,
}

impl Defect {
    pub(super) const fn new(reason: &'static str) -> Self {
        Self { reason }
    }
}
