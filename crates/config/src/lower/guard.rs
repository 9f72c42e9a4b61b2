//! Who may get in: the draft with its defaults.

use std::sync::Arc;

use outpour_core::settings::{AuthRequest, BasicAuth, Guard, JwtAuth, Satisfy};

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
            jwt: self.jwt(draft),
            request: request(draft),
            channels: draft.channels.clone(),
        };
        let asks = guard.basic.is_some() || guard.jwt.is_some() || guard.request.is_some();
        let idle = guard.rules.is_empty() && !asks && guard.channels.is_none();
        (!idle).then(|| Arc::new(guard))
    }

    fn jwt(&self, draft: &GuardDraft) -> Option<JwtAuth> {
        let (realm, token) = draft.jwt.clone().flatten()?;
        Some(JwtAuth {
            realm,
            token,
            key_files: draft.jwt_key_files.clone().unwrap_or_default(),
            leeway: draft.jwt_leeway.unwrap_or_default().as_secs(),
            require: draft.jwt_require.clone().unwrap_or_default(),
        })
    }
}

fn request(draft: &GuardDraft) -> Option<AuthRequest> {
    let uri = draft.request.clone().flatten()?;
    let (path, args) = match uri.iter().position(|byte| *byte == b'?') {
        Some(mark) => (&uri[..mark], &uri[mark + 1..]),
        None => (&uri[..], &[][..]),
    };
    let sets = draft.request_set.clone().unwrap_or_default();
    Some(AuthRequest { path: path.into(), args: args.into(), sets })
}
