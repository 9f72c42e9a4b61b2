//! What came of the cases.

use std::fmt;

use crate::case::Case;

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not; why.
    Failed(String),
    /// It was not played; why.
    Skipped(String),
}

/// What came of all cases, in the suite's order.
#[derive(Debug)]
pub struct Report<'a> {
    /// Cases with their outcomes.
    pub outcomes: Vec<(&'a Case, Outcome)>,
}

impl Report<'_> {
    /// Whether no case failed.
    pub fn is_good(&self) -> bool {
        !self.outcomes.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed(_)))
    }

    fn count(&self, wanted: fn(&Outcome) -> bool) -> usize {
        self.outcomes.iter().filter(|(_, outcome)| wanted(outcome)).count()
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (case, outcome) in &self.outcomes {
            if let Outcome::Failed(why) = outcome {
                writeln!(f, "FAILED {} (reference {}): {why}", case.title(), case.section)?;
            }
        }
        let passed = self.count(|outcome| matches!(outcome, Outcome::Passed));
        let failed = self.count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let skipped = self.count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}
