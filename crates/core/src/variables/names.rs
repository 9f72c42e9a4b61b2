//! Names of variables.

use super::Variable;

impl Variable {
    /// The built-in variable called `name` (without `$`), parameters and captures included.
    ///
    /// `None` if the server has no such variable: it may be one of `set`, `map` or a named capture.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let _ = name;
        None
    }
}
