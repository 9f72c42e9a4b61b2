//! Who may get in: what can be decided at once, without files, time or threads.

mod credentials;
mod htpasswd;
pub mod jwt;
mod md5_crypt;
mod password;
mod rules;

pub use credentials::Credentials;
pub use htpasswd::Users;
pub use password::{Cost, PasswordError, cost, verify};
pub use rules::decide;
