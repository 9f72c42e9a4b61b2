//! `$limit_req_status` and `$limit_conn_status`.

/// What a limit has said about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// It goes on at once.
    Passed,
    /// It waits for its turn.
    Delayed,
    /// It is refused.
    Rejected,
    /// It would wait, but for `limit_req_dry_run`.
    DelayedDryRun,
    /// It would be refused, but for the dry run.
    RejectedDryRun,
}

impl Limited {
    /// The value of the variable.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Delayed => "DELAYED",
            Self::Rejected => "REJECTED",
            Self::DelayedDryRun => "DELAYED_DRY_RUN",
            Self::RejectedDryRun => "REJECTED_DRY_RUN",
        }
    }
}
