//! Hooks: what an application is asked and told about subscribers and messages.

use std::borrow::Cow;
use std::sync::Arc;

use outpour_core::answer::{Answer, Body};
use outpour_core::request::Method;
use outpour_core::settings::{Level, Role, SubscriberMode};
use outpour_core::transport;
use outpour_core::upstream;
use outpour_core::variables::{Environment, Expression, Subject};
use outpour_core::wire::http1::inside_path;
use outpour_core::wire::http1::response::{Expected, ParsedResponse, parse_response};

use super::inside::{Step, split_args};
use super::{Exchange, Means, Settled, Wait};
use crate::upstream::Fetched;

/// Bytes of the application's refusal that a subscriber gets.
const REFUSAL_MAX: usize = 64 << 10;

/// Which hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    /// `push_stream_authorize_request`
    Authorize,
    /// `push_stream_subscribe_request`
    Subscribe,
    /// `push_stream_unsubscribe_request`
    Unsubscribe,
    /// `push_stream_publisher_upstream_request`
    Publish,
}

impl Hook {
    /// What the log calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize request",
            Self::Subscribe => "subscribe request",
            Self::Unsubscribe => "unsubscribe request",
            Self::Publish => "publisher upstream request",
        }
    }
}

/// How a hook's request goes on.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is matched as soon as it is made")]
pub(crate) enum Asked {
    /// The location has answered by itself.
    Answered(Answer),
    /// Its upstream is to be asked.
    Upstream(Box<Exchange>),
    /// It has no answer; the log knows why.
    Nobody,
}

impl Exchange {
    /// The address that a hook asks, if the location has it.
    fn hook(&self, hook: Hook) -> Option<&Expression> {
        let hooks = self.settings.hooks.as_deref()?;
        match hook {
            Hook::Authorize => hooks.authorize.as_ref(),
            Hook::Subscribe => hooks.subscribe.as_ref(),
            Hook::Unsubscribe => hooks.unsubscribe.as_ref(),
            Hook::Publish => hooks.publish.as_ref(),
        }
    }

    /// Makes the request of a hook: GET, of [`Hook::Publish`] POST. `None` if the location has none.
    pub(crate) fn ask(&self, hook: Hook, subject: Subject, means: &Means<'_>) -> Option<Asked> {
        let address = self.hook(hook)?.evaluate(&self.scope(means.environment, self.started, None));
        let (path, args) = split_args(&address);
        let Some(path) = inside_path(path) else {
            self.tell_of(hook, "its address is none");
            return Some(Asked::Nobody);
        };
        let args =
            if hook == Hook::Publish && args.is_empty() { self.request.args() } else { args };
        let mut inner = self.inner(&path, args);
        if hook == Hook::Publish {
            inner.request.become_post();
        }
        inner.state.subject = Some(Arc::new(subject));
        inner.state.upstream = None;
        inner.verdict = inner.enter(means.environment);
        let settled = inner.settle(means);
        self.notes.borrow_mut().append(&mut inner.notes.borrow_mut());
        Some(match settled {
            Settled::Answer(answer) if inner.file.is_none() => Asked::Answered(*answer),
            Settled::Role if inner.settings.proxy.is_some() => Asked::Upstream(Box::new(inner)),
            Settled::Answer(_) | Settled::Role | Settled::Wait(_) => {
                let path = String::from_utf8_lossy(&path);
                self.tell_of(hook, &format!("\"{path}\" has no answer of its own"));
                Asked::Nobody
            }
        })
    }

    /// What a hook tells of a subscriber of this location.
    pub(crate) fn subscriber_subject(&self, word: &'static str, env: &Environment) -> Subject {
        Subject { channels: self.channel_names(env), subscriber: word, publisher: "", event: "" }
    }

    /// What a hook tells of a publisher of this location.
    pub(crate) fn publisher_subject(&self, word: &'static str, env: &Environment) -> Subject {
        Subject { channels: self.channel_names(env), subscriber: "", publisher: word, event: "" }
    }

    fn channel_names(&self, environment: &Environment) -> Box<[u8]> {
        let names: Vec<&[u8]> = self.entries(environment).iter().map(|entry| &*entry.id).collect();
        names.join(&b'/').into()
    }

    /// The authorize hook; `None` if the request may pass.
    pub(super) fn authorized(&mut self, means: &Means<'_>) -> Option<Step> {
        self.hook(Hook::Authorize)?;
        let environment = means.environment;
        let subject = match self.settings.push.role {
            // Browsers ask what they may do without saying who they are.
            _ if self.request.method == Method::Options => return None,
            Role::Subscriber(mode) => {
                self.subscriber_subject(self.transport_word(mode), environment)
            }
            Role::Publisher(_) => self.publisher_subject("http", environment),
            Role::Relay(_) => self.relay_subject(environment)?,
            Role::Statistics | Role::Service(_) | Role::Application | Role::None => return None,
        };
        if self.findings.as_ref().is_some_and(|found| found.authorized) {
            return None;
        }
        if let Some(fetched) = self.fetched.take() {
            return self.ruled(fetched.answer(environment), fetched.status);
        }
        match self.ask(Hook::Authorize, subject, means)? {
            Asked::Answered(answer) => {
                let status = answer.status;
                self.ruled(Some(answer), status)
            }
            Asked::Upstream(inner) => {
                let body = Vec::new();
                Some(Step::Wait(Wait::Answer { inner, body, body_max: REFUSAL_MAX, extra: None }))
            }
            Asked::Nobody => Some(self.turn_away(500)),
        }
    }

    /// What an answer to the authorize hook means; without one, `status` says why.
    fn ruled(&mut self, answer: Option<Answer>, status: u16) -> Option<Step> {
        let publisher = match self.settings.push.role {
            Role::Publisher(_) => true,
            Role::Relay(_) => self.relay_publishes(),
            Role::Subscriber(_)
            | Role::Statistics
            | Role::Service(_)
            | Role::Application
            | Role::None => false,
        };
        match answer {
            None => {
                self.tell_of(Hook::Authorize, "there is no answer");
                Some(self.turn_away(status))
            }
            Some(answer) if (200..300).contains(&answer.status) => {
                self.findings.get_or_insert_default().authorized = true;
                None
            }
            Some(_) if publisher => Some(Step::answer(Answer::new(403).uncached())),
            Some(answer) => Some(Step::answer(answer)),
        }
    }

    /// The transport that the client gets, in the words of `$nchan_subscriber_type`.
    fn transport_word(&self, location: SubscriberMode) -> &'static str {
        match transport::mode(location, self.request.header("x-nginx-pushstream-mode")) {
            SubscriberMode::Streaming => "http-raw-stream",
            SubscriberMode::Polling => "intervalpoll",
            SubscriberMode::LongPolling => "longpoll",
            SubscriberMode::EventSource => "eventsource",
            SubscriberMode::WebSocket => "websocket",
        }
    }

    /// Remembers for the log what is wrong with a hook of this location.
    pub(crate) fn tell_of(&self, hook: Hook, what: &str) {
        let (name, location) = (hook.name(), &self.settings.name);
        self.tell(Level::Error, format!("{name} of location \"{location}\": {what}"));
    }

    /// The answer that a request of the server's own has brought; `None` if there was none.
    pub(crate) fn fetched_answer(&mut self, environment: &Environment) -> Option<Answer> {
        self.fetched.take().and_then(|fetched| fetched.answer(environment))
    }
}

impl Fetched {
    /// The upstream's answer as a client would get it; `None` if there was none.
    pub(crate) fn answer(&self, environment: &Environment) -> Option<Answer> {
        let account = self.exchange.state.upstream.as_deref()?;
        let expected = Expected { head_max: usize::MAX, head_only: false, upgrade: false };
        let Ok(ParsedResponse::Complete { response, .. }) = parse_response(&account.head, expected)
        else {
            return None;
        };
        if response.status != self.status {
            // Of an earlier attempt.
            return None;
        }
        let proxy = self.exchange.settings.proxy.as_ref()?;
        let scope = self.exchange.scope(environment, self.exchange.started, None);
        let mut answer = upstream::answer(&proxy.answer, &response, &scope);
        answer.body = match self.status {
            204 | 304 => Body::Upgrade,
            _ => Body::Bytes(Cow::Owned(self.body.clone())),
        };
        Some(answer)
    }
}
