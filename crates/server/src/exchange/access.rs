//! The checks of a location before it serves anything.

use std::sync::Arc;

use outpour_core::access::jwt::Keys;
use outpour_core::access::{Cost, Credentials, believe_proxy, cost, decide, verify};
use outpour_core::answer::Answer;
use outpour_core::settings::{Access, BasicAuth, Guard, Level, Role, Satisfy, SubscriberMode};

use super::inside::Step;
use super::route::Verdict;
use super::{Exchange, Finding, Means, Note, Wait};

/// What one check says.
pub(super) enum Check {
    /// It does not apply.
    Nothing,
    /// The request may pass.
    Pass,
    /// It may not: 401 or 403.
    Refuse(u16),
    /// It could not be found out, which ends the request whatever the others say.
    Fail(u16),
    /// It is being found out.
    Wait(Wait),
}

/// What was found out so far about a request; forgotten when it is redirected inside the server.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Whether the password is right.
    password: Option<bool>,
    /// What `auth_jwt_key_request` has brought.
    pub(super) keys: Option<Arc<Keys>>,
    /// `auth_request` lets the request pass.
    pub(super) requested: bool,
    /// The authorize hook does.
    pub(super) authorized: bool,
    /// The helpers have too much to do, or took too long.
    pub(super) failed: Option<u16>,
}

impl Exchange {
    /// What the request waited for is there: [`Exchange::settle`] goes on with it.
    pub(crate) fn learn(&mut self, finding: Finding) {
        let findings = self.findings.get_or_insert_default();
        match finding {
            Finding::Password(verdict) => findings.password = Some(verdict),
            Finding::Fetched | Finding::Named | Finding::Paused => {}
            Finding::Failed => findings.failed = Some(500),
            Finding::Busy | Finding::TimedOut => findings.failed = Some(503),
        }
    }

    /// Checks the request, from the beginning: what was found out before is not asked for again.
    pub(super) fn access(&mut self, means: &Means<'_>) -> Step {
        self.believe_proxy();
        if self.inside.is_subrequest() {
            return Step::Content;
        }
        let guard = self.settings.guard.clone();
        let guarded = guard.and_then(|guard| self.guarded(&guard, means));
        guarded.or_else(|| self.authorized(means)).unwrap_or(Step::Content)
    }

    /// The location's own checks; `None` if the request may pass.
    fn guarded(&mut self, guard: &Guard, means: &Means<'_>) -> Option<Step> {
        let limited = guard.limits.as_ref().and_then(|limits| self.limited(limits, means));
        if let Some(step) = limited.or_else(|| self.ask_all(guard, means)) {
            return Some(step);
        }
        if !self.by_origin(&guard.origins) {
            self.tell(Level::Error, "the page may not open WebSockets here".to_owned());
            let refusal = Answer::refusal(403, "The page may not open WebSockets here.");
            return Some(Step::answer(refusal));
        }
        guard.channels.as_ref().and_then(|claims| self.by_channels(claims, means))
    }

    /// Goes through the checks under `satisfy`; `None` if the request may pass.
    fn ask_all(&mut self, guard: &Guard, means: &Means<'_>) -> Option<Step> {
        let checks = [Self::by_address, Self::by_password, Self::by_token, Self::by_request];
        let mut refused = None;
        for check in checks {
            match check(self, guard, means) {
                Check::Nothing => {}
                Check::Pass if guard.satisfy == Satisfy::Any => {
                    (self.challenge, self.explain) = (None, None);
                    return None;
                }
                Check::Pass => {}
                Check::Refuse(status) if guard.satisfy == Satisfy::Any => {
                    refused = refused.filter(|earlier| *earlier == 401).or(Some(status));
                }
                Check::Refuse(status) => return Some(self.refuse(status)),
                Check::Fail(status) => return Some(self.turn_away(status)),
                Check::Wait(wait) => return Some(Step::Wait(wait)),
            }
        }
        refused.map(|status| self.refuse(status))
    }

    fn refuse(&mut self, status: u16) -> Step {
        if status == 403 {
            self.tell(Level::Error, "access forbidden by rule".to_owned());
        }
        self.turn_away(status)
    }

    /// The request is not served, with this status.
    pub(super) fn turn_away(&mut self, status: u16) -> Step {
        self.verdict = Verdict::Refused(status);
        Step::error(status)
    }

    /// `push_stream_websocket_allowed_origins`: whether the page that opens a WebSocket may. Only
    /// browsers tell, and only they have to be kept from serving other people's pages.
    fn by_origin(&self, allowed: &[Box<str>]) -> bool {
        let websocket = match self.settings.push.role {
            Role::Subscriber(mode) => mode == SubscriberMode::WebSocket,
            Role::Relay(_) => self.request.header("upgrade").is_some(),
            Role::Publisher(_)
            | Role::Statistics
            | Role::Service(_)
            | Role::Application
            | Role::None => false,
        };
        if allowed.is_empty() || !websocket {
            return true;
        }
        let Some(origin) = self.request.header("origin") else { return true };
        let origin = origin.to_ascii_lowercase();
        allowed.iter().any(|allowed| match allowed.split_once('*') {
            None => allowed.as_bytes() == origin,
            Some((before, behind)) => {
                origin.len() >= before.len() + behind.len()
                    && origin.starts_with(before.as_bytes())
                    && origin.ends_with(behind.as_bytes())
            }
        })
    }

    /// `set_real_ip_from`, once for a request: by its server before any script, else by the
    /// location that serves it.
    pub(super) fn believe_proxy(&mut self) {
        believe_proxy(self.settings.real_ip.as_deref(), &self.request, &mut self.peer);
    }

    /// `allow` and `deny`
    fn by_address(&mut self, guard: &Guard, _: &Means<'_>) -> Check {
        let peer = self.peer.remote.map(|remote| remote.ip());
        match decide(&guard.rules, peer) {
            None => Check::Nothing,
            Some(Access::Allow) => Check::Pass,
            Some(Access::Deny) => Check::Refuse(403),
        }
    }

    /// `auth_basic`
    fn by_password(&mut self, guard: &Guard, means: &Means<'_>) -> Check {
        let Some(basic) = &guard.basic else { return Check::Nothing };
        let scope = self.scope(means.environment, self.started, None);
        let realm = basic.realm.evaluate(&scope).into_owned();
        if realm == b"off" {
            return Check::Nothing;
        }
        let credentials = self.request.header("authorization").and_then(Credentials::parse);
        let Some(credentials) = credentials else {
            let text = "no user/password was provided for basic authentication";
            self.tell(Level::Info, text.to_owned());
            return self.challenge_basic(&realm);
        };
        match self.password(basic, &credentials, means) {
            Check::Refuse(401) => self.challenge_basic(&realm),
            other @ (Check::Nothing
            | Check::Pass
            | Check::Refuse(_)
            | Check::Fail(_)
            | Check::Wait(_)) => other,
        }
    }

    fn challenge_basic(&mut self, realm: &[u8]) -> Check {
        self.challenge = Some([b"Basic realm=\"", realm, b"\""].concat().into());
        Check::Refuse(401)
    }

    /// Looks the password up, verifies it or has it verified.
    fn password(&self, basic: &BasicAuth, credentials: &Credentials, means: &Means<'_>) -> Check {
        let path = self.password_file(basic, means);
        let users = match means.access.users.get(&path, means.now.tick) {
            Ok(users) => users,
            Err(error) => {
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                let level = if missing { Level::Error } else { Level::Crit };
                let (path, why) = (path.display(), crate::os_error::describe(&error));
                self.tell(level, format!("open() \"{path}\" failed ({why})"));
                return if missing { Check::Refuse(403) } else { Check::Fail(500) };
            }
        };
        let user = String::from_utf8_lossy(&credentials.user);
        let Some(hash) = users.hash(&credentials.user) else {
            let path = path.display();
            self.tell(Level::Error, format!("user \"{user}\" was not found in \"{path}\""));
            return Check::Refuse(401);
        };
        if cost(hash) == Cost::Large {
            return self.slow_password(hash, credentials, means);
        }
        match verify(hash, &credentials.password) {
            Ok(verdict) => self.judge(&user, verdict),
            Err(error) => {
                self.tell(Level::Crit, format!("user \"{user}\": {error}"));
                Check::Fail(500)
            }
        }
    }

    /// A password whose hash takes long: known, being found out, or to be found out.
    fn slow_password(&self, hash: &[u8], credentials: &Credentials, means: &Means<'_>) -> Check {
        let user = String::from_utf8_lossy(&credentials.user);
        let found = self.findings.as_deref();
        if let Some(status) = found.and_then(|found| found.failed) {
            self.tell(Level::Error, format!("user \"{user}\": the password was not verified"));
            return Check::Fail(status);
        }
        let password = &credentials.password;
        let known = || means.access.verdicts.find(hash, password);
        match found.and_then(|found| found.password).or_else(known) {
            Some(verdict) => self.judge(&user, verdict),
            None => Check::Wait(Wait::Password { hash: hash.into(), password: password.clone() }),
        }
    }

    fn judge(&self, user: &str, verdict: bool) -> Check {
        if verdict {
            return Check::Pass;
        }
        self.tell(Level::Error, format!("user \"{user}\": password mismatch"));
        Check::Refuse(401)
    }

    fn password_file(&self, basic: &BasicAuth, means: &Means<'_>) -> std::path::PathBuf {
        use std::os::unix::ffi::OsStrExt;
        let scope = self.scope(means.environment, self.started, None);
        let name = basic.file.evaluate(&scope);
        basic.directory.join(std::ffi::OsStr::from_bytes(&name))
    }

    /// Remembers a line for the error log.
    pub(super) fn tell(&self, level: Level, text: String) {
        self.notes.borrow_mut().push(Note { level, text });
    }
}

/// Verifies a password and remembers the verdict: a helper's job.
pub(crate) fn verify_password(
    access: &crate::access::Memory,
    hash: &[u8],
    password: &[u8],
) -> Finding {
    if let Some(verdict) = access.verdicts.find(hash, password) {
        return Finding::Password(verdict);
    }
    match verify(hash, password) {
        Ok(verdict) => {
            access.verdicts.remember(hash, password, verdict);
            Finding::Password(verdict)
        }
        Err(_) => Finding::Failed,
    }
}
