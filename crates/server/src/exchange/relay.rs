//! Locations of the relay protocol: `push_*` and `nchan_*`.

use std::sync::Arc;

use outpour_core::answer::{Answer, Header};
use outpour_core::channels::{Channels, Draft, Entry, Refusal, RelayRules, RelayStart};
use outpour_core::now::Now;
use outpour_core::relay::{self, Action, IdStyle, InfoFormat, MessageId, RelayAnswer, RelayStream};
use outpour_core::request::{Method, Request, Version};
use outpour_core::settings::{Relay, RelayDialect, RelayTransport};
use outpour_core::transport::{Framing, Rendering, StreamFormat, content_type};
use outpour_core::variables::{Environment, Expression, State, Subject};

use super::{Exchange, Plan};

impl Exchange {
    /// What the request asks a relay location for.
    pub(crate) fn relay_action(&self, relay: &Relay) -> Action {
        relay::action(relay, &self.request)
    }

    /// The channels that the request names; `publishes`: for a message of its own.
    pub(crate) fn relay_entries(
        &self,
        relay: &Relay,
        publishes: bool,
        environment: &Environment,
    ) -> Vec<Entry> {
        let scope = self.scope(environment, self.started, None);
        let ids = if publishes { &relay.publisher_ids } else { &relay.subscriber_ids };
        let values: Vec<_> = ids.iter().map(|id| id.evaluate(&scope)).collect();
        relay::channel_ids(
            values.iter().map(|value| &**value),
            relay.split_delimiter.as_deref(),
            &relay.group.evaluate(&scope),
            relay.max_channel_id_length,
        )
    }

    /// Whether the request is a publisher's.
    pub(crate) fn relay_publishes(&self) -> bool {
        let relay = self.settings.push.relay.as_ref();
        relay.is_some_and(|relay| match self.relay_action(relay) {
            Action::Publish | Action::Inform | Action::Delete | Action::PublishFrames => true,
            Action::Subscribe(_) | Action::Options | Action::Nothing => false,
        })
    }

    /// Whether the application says what is published.
    pub(crate) fn relay_asks_to_publish(&self, action: Action) -> bool {
        self.settings.hooks.as_ref().is_some_and(|hooks| hooks.publish.is_some())
            && action == Action::Publish
    }

    /// What a hook tells of whoever sent the request; `None` if nothing is asked about it.
    pub(super) fn relay_subject(&self, environment: &Environment) -> Option<Subject> {
        let relay = self.settings.push.relay.as_ref()?;
        match self.relay_action(relay) {
            Action::Options | Action::Nothing => None,
            Action::Publish | Action::Inform | Action::Delete => {
                Some(self.publisher_subject("http", environment))
            }
            Action::PublishFrames => Some(self.publisher_subject("websocket", environment)),
            Action::Subscribe(transport) => {
                Some(self.subscriber_subject(transport.word(), environment))
            }
        }
    }

    /// What the channel of events is told about one of this request's, and that channel.
    pub(crate) fn relay_event(
        &self,
        relay: &Relay,
        event: &'static str,
        environment: &Environment,
    ) -> Option<(Entry, Draft)> {
        let (channel, text) = relay.events.as_ref()?;
        let entries = self.entries(environment);
        let group = self.plain(&relay.group, environment);
        let own = |entry: &Entry| -> Vec<u8> {
            let id = entry.id.strip_prefix(&*group).filter(|_| !group.is_empty());
            id.and_then(|id| id.strip_prefix(b"/")).unwrap_or(&entry.id).to_vec()
        };
        let channels = entries.iter().map(own).collect::<Vec<_>>().join(&b' ').into();
        let subject = Subject { channels, event, ..Subject::default() };
        let state = State { subject: Some(Arc::new(subject)), ..self.state.clone() };
        let scope = self.scope(environment, self.started, None);
        let scope = scope.with(&state);
        let id = [b"meta/", &*channel.evaluate(&scope)].concat();
        let text = text.evaluate(&scope).into_owned();
        let draft = Draft { text: text.into(), ..relay_draft(relay) };
        Some((Entry { id: id.into(), backtrack: 0 }, draft))
    }

    /// What comes before the body, and before the channels are looked at.
    pub(crate) fn relay_plan(&self, relay: &Relay, environment: &Environment) -> Plan {
        let action = self.relay_action(relay);
        if self.is_foreign(relay, environment) {
            return Plan::Answer(Answer::new(403));
        }
        if let Some(answer) = relay.without_channel(action) {
            return Plan::Answer(answer);
        }
        if self.entries(environment).is_empty() {
            return Plan::Answer(Relay::without_id());
        }
        if action == Action::Publish { Plan::Body } else { Plan::Serve }
    }

    /// Whether a page of another origin asks than `nchan_access_control_allow_origin` has.
    fn is_foreign(&self, relay: &Relay, environment: &Environment) -> bool {
        let (Some(allowed), Some(origin)) = (&relay.allow_origin, self.request.header("origin"))
        else {
            return false;
        };
        let allowed = self.plain(allowed, environment);
        !allowed.split(|byte| *byte == b' ').any(|word| word == b"*" || word == origin)
    }

    /// A value as it is: nothing of the relay protocol is percent-decoded.
    fn plain(&self, expression: &Expression, environment: &Environment) -> Vec<u8> {
        expression.evaluate(&self.scope(environment, self.started, None)).into_owned()
    }

    /// Nchan's headers for pages of other origins; only they send an `Origin`.
    pub(crate) fn relay_cors(&self, relay: &Relay, answer: &Answer) -> Vec<Header> {
        let Some(origin) = self.request.header("origin") else { return Vec::new() };
        if relay.dialect != RelayDialect::Nchan {
            return Vec::new();
        }
        let mut headers: Vec<Header> = Vec::new();
        let mut add = |name: &'static str, value: &[u8]| {
            headers.push((name.into(), value.to_vec().into()));
        };
        if self.request.method == Method::Options && answer.status == 200 {
            add(
                "Access-Control-Allow-Headers",
                b"If-None-Match, If-Modified-Since, Content-Type, Cache-Control, X-EventSource-Event",
            );
            add("Access-Control-Allow-Methods", relay.methods().as_bytes());
        } else if answer.status == 200 && !relay.transports.is_empty() {
            let names = format!("Last-Modified, {}, Content-Type", relay.etag_header);
            add("Access-Control-Expose-Headers", names.as_bytes());
        }
        if relay.allow_credentials {
            add("Access-Control-Allow-Credentials", b"true");
        }
        add("Access-Control-Allow-Origin", origin);
        headers
    }

    /// The answer to POST and PUT.
    pub(crate) fn relay_published(
        &self,
        relay: &Relay,
        body: Vec<u8>,
        channels: &mut Channels,
        environment: &Environment,
        now: Now,
    ) -> Answer {
        let entries = self.entries(environment);
        let queue = relay.dialect == RelayDialect::Queue;
        let draft = Draft {
            text: body.into(),
            content_type: self.request.header("content-type").map(Into::into),
            event_type: match relay.dialect {
                RelayDialect::Nchan => self.request.header("x-eventsource-event").map(Into::into),
                RelayDialect::Module | RelayDialect::Queue => None,
            },
            ..relay_draft(relay)
        };
        let kept = draft.store && !(queue && self.request.method == Method::Put);
        match channels.relay_publish(entries, &Draft { store: kept, ..draft }, queue, now) {
            Err(refusal) => relay_refused(refusal),
            Ok(0) if queue && self.request.method == Method::Put => Answer::new(200),
            Ok(subscribers) => {
                let status = if subscribers > 0 { 201 } else { 202 };
                if queue {
                    return Answer::new(status);
                }
                // The subscribers that there were before the message, and the messages that there
                // are with it.
                let info = channels.relay_information(entries, now).unwrap_or_default();
                let info = outpour_core::channels::RelayInfo { subscribers, ..info };
                Answer { status, ..self.informed(relay, &info) }
            }
        }
    }

    /// The answer to GET and DELETE of a publisher.
    pub(crate) fn relay_asked(
        &self,
        relay: &Relay,
        delete: bool,
        channels: &mut Channels,
        environment: &Environment,
        now: Now,
    ) -> Answer {
        let entries = self.entries(environment);
        let found = match delete {
            true => channels.relay_delete(entries, None, now),
            false => Ok(channels.relay_information(entries, now)),
        };
        match found {
            Err(refusal) => relay_refused(refusal),
            Ok(None) => Answer::new(404),
            Ok(Some(_)) if delete && relay.dialect == RelayDialect::Queue => Answer::new(200),
            Ok(Some(info)) => self.informed(relay, &info),
        }
    }

    /// Publishes what a WebSocket has said; what a client is told that only publishes.
    pub(crate) fn relay_said(
        &self,
        relay: &Relay,
        draft: Draft,
        channels: &mut Channels,
        environment: &Environment,
        now: Now,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let entries = self.relay_entries(relay, true, environment);
        let draft =
            Draft { store: relay.store_messages, retention: Some(relay.retention), ..draft };
        let subscribers = channels.relay_publish(&entries, &draft, false, now)?;
        if self.relay_action(relay) != Action::PublishFrames {
            return Ok(None);
        }
        let info = channels.relay_information(&entries, now).unwrap_or_default();
        let format = InfoFormat::from_accept(self.request.header("accept"));
        let info = outpour_core::channels::RelayInfo { subscribers, ..info };
        Ok(Some(relay::information(&info, relay.dialect, format)))
    }

    fn informed(&self, relay: &Relay, info: &outpour_core::channels::RelayInfo) -> Answer {
        let format = InfoFormat::from_accept(self.request.header("accept"));
        let content_type = match relay.dialect {
            RelayDialect::Queue => b"text/plain",
            RelayDialect::Module | RelayDialect::Nchan => format.content_type(),
        };
        let text = relay::information(info, relay.dialect, format);
        Answer::new(200).body(content_type.to_vec(), text)
    }

    pub(crate) fn relay_rules(&self, relay: &Relay) -> RelayRules {
        RelayRules {
            authorized_channels_only: relay.authorized_channels_only,
            max_channel_subscribers: relay.max_channel_subscribers,
            concurrency: relay.concurrency,
            retention: relay.retention,
            consumes: relay.dialect == RelayDialect::Queue,
        }
    }

    /// Where a subscriber begins.
    pub(crate) fn relay_start(&self, relay: &Relay, environment: &Environment) -> RelayStart {
        use outpour_core::settings::FirstMessage;
        let behind = |id: MessageId| RelayStart::Behind { time: id.time, order: id.order };
        let time = self.request.header("if-modified-since");
        let tag = self.request.header("if-none-match");
        match relay.dialect {
            RelayDialect::Queue => RelayStart::First(FirstMessage::Oldest),
            RelayDialect::Module
                if relay.ignore_queue_on_no_cache && is_no_cache(&self.request) =>
            {
                RelayStart::First(FirstMessage::Newest)
            }
            RelayDialect::Module => behind(MessageId::from_validators(time, tag)),
            RelayDialect::Nchan => {
                let given = relay.last_message_id.iter().map(|id| self.plain(id, environment));
                let given = given.into_iter().find(|id| !id.is_empty());
                let whole = tag.filter(|_| relay.compound_etag).and_then(MessageId::parse);
                match given.as_deref().and_then(MessageId::parse).or(whole) {
                    Some(id) => behind(id),
                    None if time.is_some() || tag.is_some() => {
                        behind(MessageId::from_validators(time, tag))
                    }
                    None => RelayStart::First(relay.first_message),
                }
            }
        }
    }

    fn id_style(&self, relay: &Relay, environment: &Environment) -> IdStyle {
        IdStyle {
            several: self.entries(environment).len() > 1,
            header: relay.etag_header.clone(),
            compound: relay.compound_etag,
        }
    }

    /// How a poll is answered.
    pub(crate) fn relay_answer(&self, relay: &Relay, environment: &Environment) -> RelayAnswer {
        RelayAnswer {
            dialect: relay.dialect,
            ids: self.id_style(relay, environment),
            default_type: self.settings.default_type.clone(),
        }
    }

    /// The format of a stream over HTTP, with its content type.
    pub(crate) fn relay_stream(
        &self,
        relay: &Relay,
        transport: RelayTransport,
        environment: &Environment,
    ) -> (StreamFormat, Vec<u8>) {
        use outpour_core::settings::SubscriberMode;
        let ids = self.id_style(relay, environment);
        let default_type = self.settings.default_type.clone();
        let mut media = default_type.to_vec();
        let stream = match transport {
            RelayTransport::EventSource => {
                media = content_type(SubscriberMode::EventSource, &default_type).to_vec();
                RelayStream::EventSource { ids, ping: relay.event_source_ping.clone() }
            }
            RelayTransport::Multipart => {
                let boundary = relay::boundary(environment.seed);
                media = [b"multipart/mixed; boundary=", &*boundary].concat();
                RelayStream::Multipart { ids, boundary, default_type }
            }
            RelayTransport::RawStream => {
                RelayStream::Plain { separator: relay.raw_stream_separator.clone() }
            }
            RelayTransport::Chunked
            | RelayTransport::LongPoll
            | RelayTransport::IntervalPoll
            | RelayTransport::WebSocket => RelayStream::Plain { separator: Box::from([]) },
        };
        let chunks =
            self.settings.chunked_transfer_encoding && self.request.version == Version::Http11;
        let format = StreamFormat {
            rendering: Arc::new(Rendering::relay(stream)),
            framing: if chunks { Framing::Chunked } else { Framing::Raw },
            padding: None,
            gzip: None,
            deflate: None,
        };
        (format, media)
    }

    /// The messages of a WebSocket: as they are, or with `ws+meta.nchan` with their ids.
    pub(crate) fn websocket_rendering(&self, environment: &Environment) -> Arc<Rendering> {
        let Some(relay) = &self.settings.push.relay else {
            return Arc::clone(&self.settings.push.rendering);
        };
        let meta = self.wants_meta().then(|| self.id_style(relay, environment));
        Arc::new(Rendering::relay(RelayStream::Frames { meta }))
    }

    /// Whether the client asks for Nchan's WebSocket protocol.
    pub(crate) fn wants_meta(&self) -> bool {
        let nchan = self.settings.push.relay.as_ref();
        nchan.is_some_and(|relay| relay.dialect == RelayDialect::Nchan)
            && self.request.header_values("sec-websocket-protocol").any(|value| {
                value.split(|byte| *byte == b',').any(|word| word.trim_ascii() == META_PROTOCOL)
            })
    }
}

/// The WebSocket protocol that has ids and content types before the texts.
pub(crate) const META_PROTOCOL: &[u8] = b"ws+meta.nchan";

/// What all messages of a location have in common.
fn relay_draft(relay: &Relay) -> Draft {
    Draft { store: relay.store_messages, retention: Some(relay.retention), ..Draft::default() }
}

fn relay_refused(refusal: Refusal) -> Answer {
    Answer { close: refusal == Refusal::OutOfMemory, ..Answer::page(refusal.status()) }
}

/// `Cache-Control: no-cache`, or `Pragma: no-cache` where there is no `Cache-Control`.
fn is_no_cache(request: &Request) -> bool {
    let value = request.header("cache-control").or_else(|| request.header("pragma"));
    value.is_some_and(|value| {
        value
            .split(|byte| *byte == b',')
            .any(|word| word.trim_ascii().eq_ignore_ascii_case(b"no-cache"))
    })
}
