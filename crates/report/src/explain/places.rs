//! Where things stand in the configuration.

use outpour_config::{BlockOrigin, Said};
use outpour_core::settings::Location;

use super::watcher;

/// The blocks around a request, outermost first.
#[derive(Clone)]
pub(crate) struct Chain<'a>(Vec<&'a BlockOrigin>);

impl<'a> Chain<'a> {
    pub(crate) fn new(http: &'a BlockOrigin, server: usize) -> Self {
        Self([Some(http), http.blocks.get(server)].into_iter().flatten().collect())
    }

    /// The chain down to `wanted`, one of `locations`, which are those of this chain's server.
    pub(crate) fn at_location(&self, locations: &[Location], wanted: &Location) -> Self {
        let mut chain = self.clone();
        for index in way(locations, wanted).unwrap_or_default() {
            chain.0.extend(chain.innermost().blocks.get(index));
        }
        chain
    }

    /// The chain down to the `if` at the end of a way through the script of its innermost block.
    pub(crate) fn at_if(mut self, way: &[usize]) -> Self {
        let script = &self.innermost().script;
        let found = watcher::step(script, way).and_then(|step| step.block.as_ref());
        self.0.extend(found);
        self
    }

    pub(crate) fn innermost(&self) -> &'a BlockOrigin {
        self.0.last().expect("a chain begins with the http block")
    }

    /// Whether a directive that nothing inherits counts here: an `if` has all of its location but
    /// the `try_files`.
    pub(crate) fn owns(&self, block: &BlockOrigin, directive: &str) -> bool {
        let shared = |around: &&&BlockOrigin| around.context != "if" || directive == "try_files";
        let owner = self.0.iter().rev().find(shared);
        owner.is_some_and(|owner| std::ptr::eq(*owner, block))
    }

    /// What the innermost block that has any of `names` says by them.
    pub(crate) fn said(&self, names: &[&str]) -> Vec<(&'a BlockOrigin, &'a Said)> {
        for block in self.0.iter().rev() {
            let mine = block.said.iter().filter(|said| names.contains(&said.directive));
            let found: Vec<_> = mine.map(|said| (*block, said)).collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }
}

/// The indices that lead to a location.
fn way(locations: &[Location], wanted: &Location) -> Option<Vec<usize>> {
    locations.iter().enumerate().find_map(|(index, location)| {
        if std::ptr::eq(location, wanted) {
            return Some(vec![index]);
        }
        let inner = way(&location.locations, wanted)?;
        Some([vec![index], inner].concat())
    })
}
