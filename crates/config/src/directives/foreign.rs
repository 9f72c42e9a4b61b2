//! nginx's directives that have no row: accepted without effect, or not implemented.
//!
//! The lists stand in `foreign/inert.rs` and `foreign/refused.rs`; a name leaves them when it gets
//! a row.

mod inert;
mod refused;

use std::collections::HashMap;
use std::sync::LazyLock;

use inert::INERT;
use refused::REFUSED;

/// Directives that are treated alike, for one reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// The module, if it is none of nginx's own.
    pub(crate) module: &'static str,
    /// Why they have no effect, or none yet: a clause without a full stop.
    pub(crate) why: &'static str,
    /// What to do instead; empty if nothing has to be done, or can be.
    pub(crate) instead: &'static str,
    /// Names between white space; `name_*` stands for all with that beginning.
    pub(crate) names: &'static str,
}

/// How a directive of nginx without a row is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// Tunes something that does not exist here: accepted, said once.
    Inert(&'static Family),
    /// Changes who gets in or what is served, and is not implemented: stops the start.
    Refused(&'static Family),
}

impl Family {
    /// What to do instead, for a diagnostic.
    pub(crate) fn help(&self) -> String {
        match self.instead {
            "" => self.sentence(),
            instead => format!("{}; instead: {instead}", self.sentence()),
        }
    }

    /// Why, with the module's name.
    pub(crate) fn sentence(&self) -> String {
        match self.module {
            "" => self.why.to_owned(),
            module => format!("{module}: {}", self.why),
        }
    }

    fn words(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.names.split_whitespace()
    }

    /// The names without those that stand for many.
    fn single(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.words().filter(|word| !word.ends_with('*'))
    }

    /// Whether the name begins as one of those that stand for many.
    fn covers(&self, name: &str) -> bool {
        let mut beginnings = self.words().filter_map(|word| word.strip_suffix('*'));
        beginnings.any(|beginning| name.starts_with(beginning))
    }
}

static BY_NAME: LazyLock<HashMap<&'static str, Foreign>> = LazyLock::new(|| {
    let named = |family: &'static Family, foreign| family.single().map(move |name| (name, foreign));
    let inert = INERT.iter().flat_map(|family| named(family, Foreign::Inert(family)));
    let refused = REFUSED.iter().flat_map(|family| named(family, Foreign::Refused(family)));
    inert.chain(refused).collect()
});

/// How `name` is treated; `None` if nginx does not know it either.
pub(crate) fn foreign(name: &str) -> Option<Foreign> {
    let covering = || REFUSED.iter().find(|family| family.covers(name)).map(Foreign::Refused);
    BY_NAME.get(name).copied().or_else(covering)
}

/// Names for "did you mean".
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    INERT.iter().chain(REFUSED).flat_map(Family::single)
}

/// The families that are accepted without effect, and those that are refused.
pub(crate) fn families() -> (&'static [Family], &'static [Family]) {
    (INERT, REFUSED)
}

/// The names that are accepted without effect, and those that are refused, both sorted.
#[cfg(test)]
pub(crate) fn lists() -> (Vec<&'static str>, Vec<&'static str>) {
    let sorted = |list: &'static [Family]| {
        let mut names: Vec<&str> = list.iter().flat_map(Family::single).collect();
        names.sort_unstable();
        names
    };
    (sorted(INERT), sorted(REFUSED))
}
