//! `auth_request`: another location of the server is asked whether a request may pass.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::request::{BodyLength, Request};
use outpour_core::settings::{AuthRequest, Guard, Level};
use outpour_core::variables::{Environment, Outcome, Variable};

use super::access::Check;
use super::{Exchange, Inside, Means, Settled, Verdict, Wait};
use crate::upstream::Fetched;

impl Exchange {
    /// `auth_request`
    pub(super) fn by_request(&mut self, guard: &Guard, means: &Means<'_>) -> Check {
        let Some(asked) = &guard.request else { return Check::Nothing };
        if self.findings.as_ref().is_some_and(|found| found.requested) {
            return Check::Pass;
        }
        if let Some(fetched) = self.fetched.take() {
            return self.fetched(asked, &fetched, means.environment);
        }
        let mut inner = self.inner(&asked.path, &asked.args);
        inner.verdict = inner.enter(means.environment);
        let settled = inner.settle(means);
        self.notes.borrow_mut().append(&mut inner.notes.borrow_mut());
        match settled {
            Settled::Answer(answer) => self.asked(asked, &inner, *answer, means.environment),
            Settled::Role if inner.settings.proxy.is_some() => {
                let body = Vec::new();
                Check::Wait(Wait::Answer { inner: Box::new(inner), body, body_max: 0, extra: None })
            }
            Settled::Role | Settled::Wait(_) => {
                let path = String::from_utf8_lossy(&asked.path);
                self.tell(
                    Level::Error,
                    format!("auth request \"{path}\" has no answer of its own"),
                );
                Check::Fail(500)
            }
        }
    }

    /// The request that asks: GET, with the headers of this one and without its body.
    pub(super) fn inner(&self, path: &[u8], args: &[u8]) -> Self {
        let mut request =
            Request { body: BodyLength::None, expects_continue: false, ..self.request.clone() };
        request.become_get();
        request.rewrite(Some(path.to_vec()), Some(args));
        Self {
            request,
            peer: self.peer.clone(),
            running: Arc::clone(&self.running),
            server: self.server,
            settings: Arc::clone(&self.settings),
            state: self.state.clone(),
            started: self.started,
            verdict: Verdict::Serve,
            entries: OnceCell::new(),
            inside: Inside::subrequest(),
            findings: None,
            challenge: None,
            explain: None,
            tickets: Vec::new(),
            addresses: None,
            fetched: None,
            kept: Vec::new(),
            file: None,
            notes: RefCell::default(),
        }
    }

    /// What an upstream's answer means for this request.
    fn fetched(
        &mut self,
        asked: &AuthRequest,
        fetched: &Fetched,
        environment: &Environment,
    ) -> Check {
        let inner = &fetched.exchange;
        let scope = inner.scope(environment, self.started, None);
        let mut answer = Answer::new(fetched.status);
        for (name, variable) in [
            ("WWW-Authenticate", "upstream_http_www_authenticate"),
            ("X-Nginx-PushStream-Explain", "upstream_http_x_nginx_pushstream_explain"),
        ] {
            let value = Variable::parse(variable).and_then(|variable| scope.lookup(&variable));
            if let Some(value) = value {
                answer = answer.with(name, value.into_owned());
            }
        }
        let mut outcome = outcome(&answer);
        if let Some(account) = &inner.state.upstream {
            outcome.head.clone_from(&account.head);
        }
        self.judged(asked, inner, &answer, &outcome, environment)
    }

    /// What the answer of a location means for this request.
    fn asked(
        &mut self,
        asked: &AuthRequest,
        inner: &Self,
        mut answer: Answer,
        environment: &Environment,
    ) -> Check {
        answer.headers.extend(inner.extra_headers(environment, &answer));
        let outcome = outcome(&answer);
        self.judged(asked, inner, &answer, &outcome, environment)
    }

    fn judged(
        &mut self,
        asked: &AuthRequest,
        inner: &Self,
        answer: &Answer,
        outcome: &Outcome,
        environment: &Environment,
    ) -> Check {
        for (slot, value) in &asked.sets {
            let value = value.evaluate(&inner.scope(environment, self.started, Some(outcome)));
            self.state.sets[*slot] = Some(value.into_owned().into());
        }
        match answer.status {
            200..300 => {
                self.findings.get_or_insert_default().requested = true;
                Check::Pass
            }
            status @ (401 | 403) => {
                self.challenge = answer.header("www-authenticate").map(Into::into);
                self.explain = answer.header("x-nginx-pushstream-explain").map(Into::into);
                Check::Refuse(status)
            }
            status => {
                self.tell(Level::Error, format!("auth request unexpected status: {status}"));
                Check::Fail(500)
            }
        }
    }
}

/// The answer as `$status` and `$sent_http_NAME` see it.
fn outcome(answer: &Answer) -> Outcome {
    let mut head = format!("HTTP/1.1 {}\r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    head.extend_from_slice(b"\r\n");
    Outcome {
        status: answer.status,
        bytes_sent: 0,
        body_bytes_sent: 0,
        request_length: 0,
        request_millis: 0,
        complete: true,
        head,
    }
}
