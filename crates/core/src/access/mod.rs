//! Who may get in: what can be decided at once, without files, time or threads.

mod count;
mod credentials;
mod forwarded;
mod generations;
mod htpasswd;
pub mod jwt;
mod md5_crypt;
mod password;
mod rate;
mod rules;
pub(crate) mod secure_link;

pub use count::CountZone;
pub use credentials::Credentials;
pub use forwarded::believe_proxy;
pub use generations::Generations;
pub use htpasswd::Users;
pub use password::{Cost, PasswordError, cost, verify};
pub use rate::{RateZone, pause};
pub use rules::decide;
