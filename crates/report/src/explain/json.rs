//! The explanation for programs: the form is described in `docs/explain.md`.

use super::Explanation;

impl Explanation {
    /// One JSON object.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
