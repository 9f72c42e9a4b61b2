//! `auth_jwt_key_request`: another location of the server gives out the keys.

use std::sync::Arc;

use outpour_core::access::jwt::Keys;
use outpour_core::answer::Body;
use outpour_core::settings::{KeyRequest, Level};

use super::access::Check;
use super::{Exchange, Means, Settled, Wait};

/// Longest key set that is read.
const KEYS_MAX: usize = 256 << 10;

impl Exchange {
    /// The keys: known, brought just now, or to be asked for.
    ///
    /// Once they are known the request holds on to them, so that what is fetched later belongs to
    /// a later check.
    pub(super) fn requested(
        &mut self,
        asked: &KeyRequest,
        means: &Means<'_>,
    ) -> Result<Arc<Keys>, Check> {
        if let Some(keys) = self.findings.as_ref().and_then(|found| found.keys.clone()) {
            return Ok(keys);
        }
        let kept = means.access.requested.find(&self.settings.origin, asked, means.now.tick);
        let keys = match (self.fetched.take(), kept) {
            (Some(fetched), _) => self.understand(asked, fetched.status, &fetched.body, means)?,
            (None, Some(keys)) => keys,
            (None, None) => self.ask_for_keys(asked, means)?,
        };
        self.findings.get_or_insert_default().keys = Some(Arc::clone(&keys));
        Ok(keys)
    }

    fn ask_for_keys(&mut self, asked: &KeyRequest, means: &Means<'_>) -> Result<Arc<Keys>, Check> {
        let mut inner = self.inner(&asked.path, &asked.args);
        inner.verdict = inner.enter(means.environment);
        let settled = inner.settle(means);
        self.notes.borrow_mut().append(&mut inner.notes.borrow_mut());
        match settled {
            Settled::Role if inner.settings.proxy.is_some() => {
                let body = Vec::new();
                Err(Check::Wait(Wait::Answer {
                    inner: Box::new(inner),
                    body,
                    body_max: KEYS_MAX,
                    extra: None,
                }))
            }
            Settled::Answer(answer) if inner.file.is_none() => {
                let body = match &answer.body {
                    Body::Bytes(bytes) => bytes.as_ref(),
                    Body::Empty
                    | Body::Parts(_)
                    | Body::Stream
                    | Body::Announced(_)
                    | Body::Upgrade => &[],
                };
                self.understand(asked, answer.status, body, means)
            }
            Settled::Answer(_) | Settled::Role | Settled::Wait(_) => {
                Err(self
                    .no_keys(asked, "it has no answer of its own; use auth_jwt_key_file for files"))
            }
        }
    }

    /// Only a whole key set will do: what else an application says is not a secret.
    fn understand(
        &self,
        asked: &KeyRequest,
        status: u16,
        body: &[u8],
        means: &Means<'_>,
    ) -> Result<Arc<Keys>, Check> {
        if status != 200 {
            return Err(self.no_keys(asked, &format!("unexpected status: {status}")));
        }
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(self.no_keys(asked, "the answer is no JSON web key set"));
        }
        match Keys::parse(body) {
            Ok(keys) => {
                let keys = Arc::new(keys);
                let (who, now) = (&self.settings.origin, means.now.tick);
                means.access.requested.keep(who, asked, &keys, now);
                Ok(keys)
            }
            Err(error) => Err(self.no_keys(asked, &error.to_string())),
        }
    }

    fn no_keys(&self, asked: &KeyRequest, why: &str) -> Check {
        let path = String::from_utf8_lossy(&asked.path);
        self.tell(Level::Error, format!("JWT key request \"{path}\": {why}"));
        Check::Fail(500)
    }
}
