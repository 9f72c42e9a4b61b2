//! Who may get into a location.

use std::path::PathBuf;

use super::AccessRule;
use crate::variables::Expression;

/// `satisfy`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Satisfy {
    /// Every check has to let the request in.
    All,
    /// One is enough.
    Any,
}

/// `auth_basic` with its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicAuth {
    /// `auth_basic`; a value of `off` asks for nothing.
    pub realm: Expression,
    /// `auth_basic_user_file`
    pub file: Expression,
    /// What a relative name refers to: the directory of the configuration file.
    pub directory: PathBuf,
}

/// All checks that a location makes before it serves anything. Locations without any have none.
#[derive(Clone, Debug)]
pub struct Guard {
    /// `allow` and `deny`, in order.
    pub rules: Vec<AccessRule>,
    /// `satisfy`; default all.
    pub satisfy: Satisfy,
    /// `auth_basic`; default off.
    pub basic: Option<BasicAuth>,
}
