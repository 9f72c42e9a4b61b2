//! A request's way inside the server: content, redirections, error pages.

use outpour_core::answer::{Answer, Header, reason};
use outpour_core::request::Method;
use outpour_core::settings::{ErrorPage, Level, PageStatus, Role};
use outpour_core::variables::Environment;

use super::files::FileBody;
use super::route::Verdict;
use super::{Exchange, Means, Note, Settled, Wait};

/// Redirections inside the server that one request may go through, as in nginx.
const CHANGES_MAX: u8 = 10;

/// What became of a request inside the server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inside {
    /// It was redirected or rewritten: `internal` locations take it.
    pub(crate) internal: bool,
    /// There is a compressed form of the file: `gzip_vary` tells.
    pub(crate) varies: bool,
    /// Its address is no more the one that it came with.
    pub(crate) readdressed: bool,
    /// How often.
    changes: u8,
    /// The status of the answer, whatever the content says: that of an error page.
    pub(crate) status: Option<u16>,
    /// It asks on behalf of another request, which is the one that is checked.
    subrequest: bool,
    /// `limit_req` has had its say.
    rated: bool,
    /// `limit_conn` has.
    counted: bool,
    /// An error page is being served: there is none for its own errors.
    paged: bool,
}

impl Inside {
    /// A request that asks on behalf of another one.
    pub(super) fn subrequest() -> Self {
        Self { internal: true, readdressed: true, subrequest: true, ..Self::default() }
    }

    /// Whether `limit_req` has not had its say: it has from here on.
    pub(super) fn take_rated(&mut self) -> bool {
        !std::mem::replace(&mut self.rated, true)
    }

    /// The same for `limit_conn`.
    pub(super) fn take_counted(&mut self) -> bool {
        !std::mem::replace(&mut self.counted, true)
    }

    pub(super) fn is_subrequest(self) -> bool {
        self.subrequest
    }

    /// Counts a redirection; false if there were too many.
    pub(crate) fn may_change(&mut self) -> bool {
        self.changes = self.changes.saturating_add(1);
        self.changes <= CHANGES_MAX
    }
}

/// What comes next for a request.
///
/// Large things are boxed: most requests pass several steps to their push role, and need none.
#[derive(Debug)]
pub(super) enum Step {
    /// The checks of access.
    Access,
    /// What the location serves.
    Content,
    /// Something has to be found out first.
    Wait(Wait),
    /// Its push role serves it.
    Role,
    /// This answer, whose status an error page changes.
    Answer(Box<Answer>),
    /// The same with a file as its body.
    File(Box<Answer>, Box<FileBody>),
    /// The error page of a status, with these headers if it is the server's own.
    Error(u16, Vec<Header>),
    /// A redirection inside the server.
    Inside { path: Vec<u8>, args: Vec<u8> },
    /// To a named location.
    Named(Vec<u8>),
}

impl Step {
    pub(super) fn answer(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }

    pub(super) fn error(status: u16) -> Self {
        Self::Error(status, Vec::new())
    }

    pub(super) fn redirect(status: u16, place: Vec<u8>) -> Self {
        Self::error(status).with("Location", place)
    }

    pub(super) fn with(mut self, name: &'static str, value: Vec<u8>) -> Self {
        if let Self::Error(_, headers) = &mut self {
            headers.push((name.into(), value.into()));
        }
        self
    }
}

impl Exchange {
    /// Follows the request through the server.
    ///
    /// After [`Settled::Wait`] it is called again, with what was found out: it goes on where it
    /// stopped, in the location where that was.
    pub(crate) fn settle(&mut self, means: &Means<'_>) -> Settled {
        let environment = means.environment;
        let mut step = self.step();
        loop {
            step = match step {
                Step::Access => self.access(means),
                Step::Content => self.serve(means),
                Step::Wait(wait) => return Settled::Wait(wait),
                Step::Role => return Settled::Role,
                Step::Answer(answer) => return self.settled(*answer),
                Step::File(answer, file) => {
                    self.file = Some(*file);
                    return self.settled(*answer);
                }
                Step::Error(status, headers) => match self.error_page(status, environment) {
                    Some(step) => step,
                    None => return self.settled(page(status, headers)),
                },
                Step::Inside { path, args } => self.redirected(path, &args, environment),
                Step::Named(name) => self.named(&name, environment),
            };
        }
    }

    /// Whether `error_page` has something for `status`.
    pub(crate) fn has_error_page(&self, status: u16) -> bool {
        let pages = &self.settings.files.error_pages;
        !self.inside.paged && pages.iter().any(|page| page.code == status)
    }

    /// `X-Accel-Redirect`: the request goes on under another address, or in a named location. What
    /// comes of it is found out by [`Exchange::settle`].
    pub(crate) fn accelerate(&mut self, to: &[u8], environment: &Environment) {
        if let Some(name) = to.strip_prefix(b"@") {
            self.named(name, environment);
            return;
        }
        let (path, args) = split_args(to);
        let Some(path) = outpour_core::wire::http1::inside_path(path) else {
            let text = format!("unsafe URI \"{}\" was detected", String::from_utf8_lossy(to));
            self.notes.borrow_mut().push(Note { level: Level::Error, text });
            self.verdict = Verdict::NotFound;
            return;
        };
        if self.request.method != Method::Head {
            self.request.method = Method::Get;
        }
        self.redirected(path, args, environment);
    }

    fn settled(&mut self, mut answer: Answer) -> Settled {
        if let Some(challenge) = self.challenge.take() {
            answer = answer.with("WWW-Authenticate", challenge.into_vec());
        }
        if let Some(explain) = self.explain.take() {
            answer = answer.with("X-Nginx-PushStream-Explain", explain.into_vec());
        }
        Settled::Answer(Box::new(answer))
    }

    /// What routing found comes to.
    fn step(&self) -> Step {
        match &self.verdict {
            Verdict::Serve => Step::Access,
            Verdict::NotFound => Step::error(404),
            Verdict::Refused(status) => Step::error(*status),
            Verdict::Failed => Step::error(500),
            Verdict::Return { status, text } => self.returned(*status, text.as_deref()),
        }
    }

    /// What the location has for a request that may pass.
    fn serve(&mut self, means: &Means<'_>) -> Step {
        let environment = means.environment;
        if let Some(step) = self.try_files(environment) {
            return step;
        }
        if let Some(proxy) = self.settings.proxy.clone() {
            return self.proxied(&proxy, means);
        }
        match self.settings.push.role {
            Role::None => self.content(environment),
            Role::Publisher(_)
            | Role::Subscriber(_)
            | Role::Relay(_)
            | Role::Statistics
            | Role::Service(_)
            | Role::Application => Step::Role,
        }
    }

    /// The answer of `return`: a redirect, a text, or the page of the status.
    fn returned(&self, status: u16, text: Option<&[u8]>) -> Step {
        let changed = self.inside.status.unwrap_or(status);
        match (status, text) {
            (444, _) => Step::answer(Answer { close: true, ..Answer::new(444) }),
            (301 | 302 | 303 | 307 | 308, Some(place)) => {
                Step::redirect(status, self.absolute(place))
            }
            (204 | 304, _) => Step::answer(Answer::new(status)),
            (_, None) if status >= 300 => Step::error(status),
            (_, text) => {
                let body = text.unwrap_or_default().to_vec();
                Step::answer(Answer::new(changed).body(self.content_type().to_vec(), body))
            }
        }
    }

    /// What `error_page` says about `status`, if anything.
    fn error_page(&mut self, status: u16, environment: &Environment) -> Option<Step> {
        let settings = std::sync::Arc::clone(&self.settings);
        let files = &settings.files;
        let page = files.error_pages.iter().find(|page| page.code == status)?;
        if self.inside.paged || self.inside.changes > CHANGES_MAX {
            return None;
        }
        self.inside.paged = !files.recursive_error_pages;
        self.inside.status = match page.status {
            PageStatus::Kept => Some(status),
            PageStatus::Own => None,
            PageStatus::Changed(status) => Some(status),
        };
        Some(self.page_target(page, environment))
    }

    fn page_target(&mut self, page: &ErrorPage, environment: &Environment) -> Step {
        let scope = self.scope(environment, self.started, None);
        let target = page.target.evaluate(&scope).into_owned();
        match target.split_first() {
            Some((b'/', _)) => {
                if self.request.method != Method::Head {
                    self.request.method = Method::Get;
                }
                let (path, args) = split_args(&target);
                Step::Inside { path: path.to_vec(), args: args.to_vec() }
            }
            Some((b'@', name)) => Step::Named(name.to_vec()),
            _ => {
                let status = match page.status {
                    PageStatus::Changed(status @ (301 | 302 | 303 | 307 | 308)) => status,
                    PageStatus::Changed(_) | PageStatus::Kept | PageStatus::Own => 302,
                };
                Step::answer(Answer::page(status).with("Location", target))
            }
        }
    }

    fn redirected(&mut self, path: Vec<u8>, args: &[u8], environment: &Environment) -> Step {
        if !self.inside.may_change() {
            self.verdict = self.cycle("rewrite or internal redirection cycle while redirected to");
            return Step::error(500);
        }
        self.inside.internal = true;
        self.state.rewrite.alias_with_uri = false;
        self.state.rewrite.broken = false;
        self.request.rewrite(Some(path), Some(args));
        self.inside.readdressed = true;
        self.findings = None;
        self.verdict = self.enter(environment);
        self.step()
    }

    fn named(&mut self, name: &[u8], environment: &Environment) -> Step {
        if !self.inside.may_change() {
            self.verdict = self.cycle("rewrite or internal redirection cycle while redirected to");
            return Step::error(500);
        }
        self.inside.internal = true;
        self.findings = None;
        self.verdict = self.enter_named(name, environment);
        self.step()
    }
}

/// The server's own page, or what stands for it.
fn page(status: u16, headers: Vec<Header>) -> Answer {
    let mut answer = match status {
        300.. if !reason(status).is_empty() => Answer::page(status),
        _ => Answer::new(status),
    };
    answer.headers.extend(headers);
    answer.close = matches!(status, 400 | 413 | 414 | 500 | 501);
    answer
}

/// A path and the query behind its `?`.
pub(super) fn split_args(uri: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'?', uri) {
        Some(mark) => (&uri[..mark], &uri[mark + 1..]),
        None => (uri, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_at_the_first_mark() {
        let check = |uri: &str, expected: (&str, &str)| {
            let (path, args) = split_args(uri.as_bytes());
            assert_eq!((path, args), (expected.0.as_bytes(), expected.1.as_bytes()));
        };
        check("/a", ("/a", ""));
        check("/a?b?c", ("/a", "b?c"));
    }

    #[test]
    fn redirections_are_bounded() {
        let mut inside = Inside::default();
        assert!((0..10).all(|_| inside.may_change()));
        assert!(!inside.may_change());
    }
}
