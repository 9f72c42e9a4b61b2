//! What the checks of access remember between requests: password files, verdicts about passwords.

mod users;
mod verdicts;

pub(crate) use users::UserFiles;
pub(crate) use verdicts::Verdicts;

/// What all workers remember together.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) users: UserFiles,
    pub(crate) verdicts: Verdicts,
}
