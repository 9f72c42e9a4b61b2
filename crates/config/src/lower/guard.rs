//! Who may get in: the draft with its defaults.

use std::sync::Arc;

use outpour_core::settings::{
    AuthRequest, BasicAuth, Guard, JwtAuth, KeyRequest, Level, LimitConn, LimitPolicy, LimitReq,
    LimitZone, Limits, RealIp, Satisfy,
};

use crate::draft::{GuardDraft, LimitDraft, PolicyDraft};

use super::Lowering;

impl Lowering<'_> {
    /// The checks of a block; none if it asks for nothing.
    pub(super) fn guard(&mut self, draft: &GuardDraft) -> Option<Arc<Guard>> {
        let realm = draft.realm.clone().flatten();
        let basic = realm.zip(draft.user_file.clone()).map(|(realm, file)| BasicAuth {
            realm,
            file,
            directory: self.directory.clone(),
        });
        let guard = Guard {
            rules: draft.rules.clone().unwrap_or_default(),
            limits: self.limits(draft),
            origins: draft.origins.clone().unwrap_or_default(),
            satisfy: draft.satisfy.unwrap_or(Satisfy::All),
            basic,
            jwt: self.jwt(draft),
            request: request(draft),
            channels: draft.channels.clone(),
        };
        let asks = guard.basic.is_some() || guard.jwt.is_some() || guard.request.is_some();
        let limits = guard.limits.is_some() || !guard.origins.is_empty();
        let idle = guard.rules.is_empty() && !asks && !limits && guard.channels.is_none();
        (!idle).then(|| Arc::new(guard))
    }

    fn limits(&mut self, draft: &GuardDraft) -> Option<Limits> {
        let requests = self.zoned(true, draft.limit_req.as_deref(), |limit, zone| LimitReq {
            zone,
            burst: limit.most,
            at_once: limit.at_once,
        });
        let connections = self.zoned(false, draft.limit_conn.as_deref(), |limit, zone| LimitConn {
            zone,
            most: limit.most,
        });
        (!requests.is_empty() || !connections.is_empty()).then(|| Limits {
            requests,
            request_policy: policy(&draft.limit_req_policy),
            connections,
            connection_policy: policy(&draft.limit_conn_policy),
        })
    }

    /// The limits with their zones, wherever in the file these are declared.
    fn zoned<T>(
        &mut self,
        rated: bool,
        drafts: Option<&[LimitDraft]>,
        limit: impl Fn(&LimitDraft, Arc<LimitZone>) -> T,
    ) -> Vec<T> {
        let mut limits = Vec::new();
        for draft in drafts.unwrap_or_default() {
            match self.zones.get(&(rated, draft.zone.clone())) {
                Some(zone) => limits.push(limit(draft, Arc::clone(zone))),
                None => {
                    let message = format!("zero size shared memory zone \"{}\"", draft.zone);
                    self.report.emerg(draft.at, message);
                }
            }
        }
        limits
    }

    fn jwt(&self, draft: &GuardDraft) -> Option<JwtAuth> {
        let (realm, token) = draft.jwt.clone().flatten()?;
        Some(JwtAuth {
            realm,
            token,
            key_files: draft.jwt_key_files.clone().unwrap_or_default(),
            key_request: key_request(draft),
            leeway: draft.jwt_leeway.unwrap_or_default().as_secs(),
            require: draft.jwt_require.clone().unwrap_or_default(),
        })
    }
}

/// What proxies say is looked at only where one of them is trusted.
pub(super) fn real_ip(draft: &GuardDraft) -> Option<Arc<RealIp>> {
    let from = draft.real_ip_from.clone().filter(|from| !from.is_empty())?;
    let header = draft.real_ip_header.clone().unwrap_or_else(|| "x-real-ip".into());
    let recursive = draft.real_ip_recursive.unwrap_or(false);
    Some(Arc::new(RealIp { from, header, recursive }))
}

fn policy(draft: &PolicyDraft) -> LimitPolicy {
    LimitPolicy {
        status: draft.status.unwrap_or(503),
        level: draft.level.unwrap_or(Level::Error),
        dry_run: draft.dry_run.unwrap_or(false),
    }
}

fn request(draft: &GuardDraft) -> Option<AuthRequest> {
    let (path, args) = split(draft.request.as_ref()?.as_deref()?);
    let sets = draft.request_set.clone().unwrap_or_default();
    Some(AuthRequest { path, args, sets })
}

fn key_request(draft: &GuardDraft) -> Option<KeyRequest> {
    let (path, args) = split(draft.jwt_key_request.as_deref()?);
    Some(KeyRequest { path, args, cache: draft.jwt_key_cache.unwrap_or_default() })
}

/// A path and its query.
fn split(uri: &[u8]) -> (Box<[u8]>, Box<[u8]>) {
    match uri.iter().position(|byte| *byte == b'?') {
        Some(mark) => (uri[..mark].into(), uri[mark + 1..].into()),
        None => (uri.into(), Box::default()),
    }
}
