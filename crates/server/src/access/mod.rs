//! What the checks of access remember between requests: files of passwords and keys, verdicts about
//! passwords.

mod requested;
mod verdicts;
mod watched;
mod zones;

use outpour_core::access::jwt::{Keys, KeysError};
use outpour_core::access::{CountZone, RateZone, Users};

pub(crate) use requested::RequestedKeys;
pub(crate) use verdicts::Verdicts;
pub(crate) use watched::Watched;
pub(crate) use zones::{RateZones, Ticket, Zones, lock};

/// What all workers remember together.
#[derive(Debug)]
pub(crate) struct Memory {
    /// `auth_basic_user_file`s.
    pub(crate) users: Watched<Users>,
    /// `auth_jwt_key_file`s.
    pub(crate) keys: Watched<Result<Keys, KeysError>>,
    /// What `auth_jwt_key_request`s have brought.
    pub(crate) requested: RequestedKeys,
    pub(crate) verdicts: Verdicts,
    /// `limit_req_zone`s.
    pub(crate) rates: RateZones,
    /// `limit_conn_zone`s.
    pub(crate) counts: Zones<CountZone>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            users: Watched::new(Users::parse),
            keys: Watched::new(Keys::parse),
            requested: RequestedKeys::default(),
            verdicts: Verdicts::default(),
            rates: Zones::new(RateZone::new),
            counts: Zones::new(CountZone::new),
        }
    }
}
