//! One request and what it comes to: routing, then the answer of its role.

mod access;
pub(crate) mod dashboard;
mod files;
mod grip;
mod hooks;
mod inside;
mod keys;
mod limits;
mod proxy;
mod publisher;
mod redirect;
mod relay;
mod route;
mod service;
mod statistics;
mod subrequest;
mod subscriber;
mod token;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use outpour_core::answer::{Answer, Header};
use outpour_core::channels::{Entry, parse_path, whole_id};
use outpour_core::now::Now;
use outpour_core::request::{Peer, Request};
use outpour_core::router;
use outpour_core::settings::{
    Expires, Http, Level, LocationSettings, Resolver, Role, SubscriberMode,
};
use outpour_core::transport::cors;
use outpour_core::variables::{Environment, Expression, Outcome, Scope, State};

use crate::access::{Memory, Ticket};
use crate::helpers::Reply;
use crate::names::{Addresses, Names};
use crate::running::Running;
use crate::upstream::Fetched;

pub(crate) use access::{Findings, verify_password};
pub(crate) use dashboard::Wish;
pub(crate) use files::FileBody;
pub(crate) use grip::Extra;
pub(crate) use hooks::{Asked, Hook};
pub(crate) use inside::Inside;
pub(crate) use proxy::Load;
pub(crate) use relay::META_PROTOCOL;
pub(crate) use route::Verdict;
pub(crate) use subscriber::subscriber_refused;

/// A request with the settings that serve it.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Request,
    pub(crate) peer: Peer,
    pub(crate) running: Arc<Running>,
    /// Index of the server that was chosen.
    pub(crate) server: usize,
    pub(crate) settings: Arc<LocationSettings>,
    pub(crate) state: State,
    pub(crate) started: Now,
    pub(crate) verdict: Verdict,
    /// Evaluated when they are asked for first: a publication needs them three times.
    pub(crate) entries: OnceCell<Vec<Entry>>,
    /// What became of the request inside the server.
    pub(crate) inside: Inside,
    /// What was found out about it so far.
    pub(crate) findings: Option<Box<Findings>>,
    /// `WWW-Authenticate` of the answer.
    pub(crate) challenge: Option<Box<[u8]>>,
    /// `X-Nginx-PushStream-Explain` of a refusal.
    pub(crate) explain: Option<Box<[u8]>>,
    /// Its places in the zones of `limit_conn`.
    pub(crate) tickets: Vec<Ticket>,
    /// A file that is the body of the answer, or its rest.
    pub(crate) file: Option<FileBody>,
    /// Addresses of the upstream that `proxy_pass` names with variables.
    pub(crate) addresses: Option<Addresses>,
    /// What the last request that was made for this one has brought.
    pub(crate) fetched: Option<Box<Fetched>>,
    /// Headers of an upstream's answer that redirected the request inside the server.
    pub(crate) kept: Vec<Header>,
    /// Lines for the error log that nobody has written yet.
    pub(crate) notes: RefCell<Vec<Note>>,
}

/// A line for the error log.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) level: Level,
    pub(crate) text: String,
}

/// What a request may ask while it is being settled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Means<'a> {
    pub(crate) environment: &'a Environment,
    /// What the checks of access remember.
    pub(crate) access: &'a Memory,
    /// Names of upstreams.
    pub(crate) names: &'a Names<Reply>,
    pub(crate) now: Now,
}

/// How far a request came.
#[derive(Debug)]
pub(crate) enum Settled {
    /// To the push role of its location.
    Role,
    /// To its answer.
    Answer(Box<Answer>),
    /// To something that has to be found out first.
    Wait(Wait),
}

/// What a request waits for.
#[derive(Debug)]
pub(crate) enum Wait {
    /// What the upstream of another location answers: `auth_request`, `auth_jwt_key_request`, hooks.
    Answer {
        /// The request that asks.
        inner: Box<Exchange>,
        /// Its body.
        body: Vec<u8>,
        /// Bytes of the body that are of interest.
        body_max: usize,
        /// What is added to it.
        extra: Option<Extra>,
    },
    /// Its turn, so long.
    Pause(std::time::Duration),
    /// Whether a password is the one of a hash that takes long.
    Password {
        /// What the password file says.
        hash: Box<[u8]>,
        /// What the client says.
        password: Vec<u8>,
    },
    /// The addresses of an upstream's name.
    Name {
        /// The name, lower case.
        host: Box<str>,
        /// Who is asked.
        resolver: Arc<Resolver>,
    },
}

/// What a request has waited for, found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Whether the password is right.
    Password(bool),
    /// What an upstream answered: [`Exchange::fetched`] has it.
    Fetched,
    /// The time has passed.
    Paused,
    /// The addresses of a name, which are known now.
    Named,
    /// It could not be found out.
    Failed,
    /// Too many are waiting.
    Busy,
    /// It took too long.
    TimedOut,
}

/// What a role needs before it can answer.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is matched as soon as it is made")]
pub(crate) enum Plan {
    /// Nothing: here is the answer.
    Answer(Answer),
    /// Its body, because it publishes or deletes.
    Body,
    /// Nothing more: its role serves it (a body, if there is one, is of no interest).
    Serve,
}

impl Exchange {
    /// The `http` block that the request was routed by.
    pub(crate) fn http(&self) -> &Http {
        self.running.http().expect("a request was routed, so there is an http block")
    }

    /// What variables may ask about.
    pub(crate) fn scope<'a>(
        &'a self,
        environment: &'a Environment,
        now: Now,
        outcome: Option<&'a Outcome>,
    ) -> Scope<'a> {
        let http = self.http();
        Scope {
            request: &self.request,
            peer: &self.peer,
            server_name: http.servers.get(self.server).map_or(&[], |s| &s.name),
            maps: &http.maps,
            state: &self.state,
            files: &self.settings.files,
            environment,
            now,
            outcome,
        }
    }

    /// The value of an expression for this request, percent-decoded as the module does with all of
    /// its directives that take variables.
    pub(crate) fn decoded(&self, expression: &Expression, environment: &Environment) -> Vec<u8> {
        let scope = self.scope(environment, self.started, None);
        match expression.evaluate(&scope) {
            Cow::Borrowed(text) => outpour_core::wire::percent::decode(text).into_owned(),
            Cow::Owned(text) => outpour_core::wire::percent::decode(&text).into_owned(),
        }
    }

    /// The channels that the request names.
    pub(crate) fn entries(&self, environment: &Environment) -> &[Entry] {
        self.entries.get_or_init(|| {
            let push = &self.settings.push;
            if let Some(relay) = &push.relay {
                let publishes = self.relay_publishes();
                return self.relay_entries(relay, publishes, environment);
            }
            let value = push.channels_path.evaluate(&self.scope(environment, self.started, None));
            if push.whole_channel_id { whole_id(&value) } else { parse_path(&value) }
        })
    }

    /// The CORS headers of the location, if it has allowed origins.
    pub(crate) fn cors(&self, environment: &Environment) -> Vec<Header> {
        let push = &self.settings.push;
        let methods = match push.role {
            Role::Publisher(mode) => cors::publisher_methods(mode),
            Role::Subscriber(SubscriberMode::WebSocket)
            | Role::Relay(_)
            | Role::Statistics
            | Role::Service(_)
            | Role::Application
            | Role::None => {
                return Vec::new();
            }
            Role::Subscriber(
                SubscriberMode::Streaming
                | SubscriberMode::Polling
                | SubscriberMode::LongPolling
                | SubscriberMode::EventSource,
            ) => cors::SUBSCRIBER_METHODS,
        };
        let Some(origins) = &push.allowed_origins else { return Vec::new() };
        let origins = self.decoded(origins, environment);
        if origins.is_empty() { Vec::new() } else { cors::headers(&origins, methods).into() }
    }

    /// `add_header` and `expires` for an answer with this status and these headers.
    pub(crate) fn extra_headers(&self, environment: &Environment, answer: &Answer) -> Vec<Header> {
        let settings = &self.settings;
        let none = settings.add_headers.is_empty() && settings.expires == Expires::Off;
        if none && self.kept.is_empty() {
            return Vec::new();
        }
        let scope = self.scope(environment, self.started, None);
        let mut headers = self.kept_headers(answer);
        headers.extend(router::extra_headers(&self.settings, &scope, answer));
        headers
    }

    /// The content type of streaming and polling answers: the old directive's, or nginx's choice.
    pub(crate) fn content_type(&self) -> &[u8] {
        match &self.settings.push.content_type {
            Some(text) => text,
            None => router::content_type(&self.settings, &self.request.path),
        }
    }

    /// Whether the connection can be used again after this request, as far as the request and its
    /// location are concerned.
    pub(crate) fn keeps_alive(&self) -> bool {
        let publisher = matches!(self.settings.push.role, Role::Publisher(_));
        self.request.keep_alive
            && !self.settings.keepalive_timeout.is_zero()
            && self.peer.requests < self.settings.keepalive_requests
            && !(publisher && self.settings.push.close_publishers)
    }
}

/// The value of `Server`.
pub(crate) fn server_header(settings: &LocationSettings) -> &'static str {
    if settings.server_tokens { concat!("outpour/", env!("CARGO_PKG_VERSION")) } else { "outpour" }
}
