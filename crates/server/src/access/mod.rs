//! What the checks of access remember between requests: files of passwords and keys, verdicts about
//! passwords.

mod verdicts;
mod watched;

use outpour_core::access::Users;
use outpour_core::access::jwt::{Keys, KeysError};

pub(crate) use verdicts::Verdicts;
pub(crate) use watched::Watched;

/// What all workers remember together.
#[derive(Debug)]
pub(crate) struct Memory {
    /// `auth_basic_user_file`s.
    pub(crate) users: Watched<Users>,
    /// `auth_jwt_key_file`s.
    pub(crate) keys: Watched<Result<Keys, KeysError>>,
    pub(crate) verdicts: Verdicts,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            users: Watched::new(Users::parse),
            keys: Watched::new(Keys::parse),
            verdicts: Verdicts::default(),
        }
    }
}
