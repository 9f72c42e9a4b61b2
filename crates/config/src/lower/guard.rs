//! Who may get in: the draft with its defaults.

use std::sync::Arc;

use outpour_core::settings::{BasicAuth, Guard, Satisfy};

use crate::draft::GuardDraft;

use super::Lowering;

impl Lowering<'_> {
    /// The checks of a block; none if it asks for nothing.
    pub(super) fn guard(&self, draft: &GuardDraft) -> Option<Arc<Guard>> {
        let realm = draft.realm.clone().flatten();
        let basic = realm.zip(draft.user_file.clone()).map(|(realm, file)| BasicAuth {
            realm,
            file,
            directory: self.directory.clone(),
        });
        let guard = Guard {
            rules: draft.rules.clone().unwrap_or_default(),
            satisfy: draft.satisfy.unwrap_or(Satisfy::All),
            basic,
        };
        let idle = guard.rules.is_empty() && guard.basic.is_none();
        (!idle).then(|| Arc::new(guard))
    }
}
