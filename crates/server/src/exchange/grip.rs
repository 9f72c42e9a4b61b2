//! Requests as an application behind GRIP gets them.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use outpour_core::grip::{EVENTS_TYPE, FEATURES, sign};
use outpour_core::settings::Grip;
use outpour_core::upstream::ExtraHeaders;
use outpour_core::variables::{Environment, Variable};

use super::{Exchange, Verdict};

/// What is added to a request on its way to an upstream, and what of it is not sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    /// Another target than the request's.
    pub(crate) target: Option<Vec<u8>>,
    /// Headers.
    pub(crate) headers: ExtraHeaders,
}

impl Extra {
    /// What every request to an application behind GRIP has.
    ///
    /// Libraries take a request for one that was handed on if it has a signature, whatever that is:
    /// without a key it is one that nobody can make, or verify.
    pub(crate) fn of(grip: &Grip, environment: &Environment, unix: u64) -> Self {
        let mut extra = Self::default();
        let seed = environment.seed.to_le_bytes();
        let key = grip.key.as_deref().unwrap_or(&seed);
        extra.add("Grip-Sig", sign(&grip.issuer, key, unix).into_bytes());
        extra.add("Grip-Feature", FEATURES.as_bytes().to_vec());
        extra
    }

    /// The same for events of a WebSocket.
    pub(crate) fn of_events(grip: &Grip, environment: &Environment, unix: u64, id: &[u8]) -> Self {
        let mut extra = Self::of(grip, environment, unix);
        extra.headers.events = true;
        extra.add("Accept", EVENTS_TYPE.as_bytes().to_vec());
        extra.add("Content-Type", EVENTS_TYPE.as_bytes().to_vec());
        extra.add("Connection-Id", id.to_vec());
        extra.add("Sec-WebSocket-Extensions", b"grip".to_vec());
        extra
    }

    pub(crate) fn add(&mut self, name: impl Into<Cow<'static, str>>, value: Vec<u8>) {
        self.headers.lines.push((name.into(), value));
    }

    /// `Grip-Last`
    pub(crate) fn add_last<'a>(&mut self, last: impl Iterator<Item = (&'a [u8], &'a str)>) {
        let items: Vec<Vec<u8>> =
            last.map(|(channel, id)| [channel, b"; last-id=", id.as_bytes()].concat()).collect();
        if !items.is_empty() {
            self.add("Grip-Last", items.join(&b", "[..]));
        }
    }
}

impl Exchange {
    /// The same request once more, for the upstream of the same location.
    pub(crate) fn again(&self) -> Box<Self> {
        let mut state = self.state.clone();
        state.upstream = None;
        Box::new(Self {
            request: self.request.clone(),
            peer: self.peer.clone(),
            running: Arc::clone(&self.running),
            server: self.server,
            settings: Arc::clone(&self.settings),
            state,
            started: self.started,
            verdict: Verdict::Serve,
            entries: OnceCell::new(),
            inside: self.inside,
            findings: None,
            challenge: None,
            explain: None,
            tickets: Vec::new(),
            addresses: self.addresses.clone(),
            fetched: None,
            kept: Vec::new(),
            file: None,
            notes: RefCell::default(),
        })
    }

    /// A name for the connection that nobody else has.
    pub(crate) fn connection_id(&self, environment: &Environment) -> Box<[u8]> {
        let scope = self.scope(environment, self.started, None);
        let id = Variable::parse("request_id").and_then(|variable| scope.lookup(&variable));
        id.unwrap_or_default().into_owned().into()
    }
}
