//! Subscriptions of the application's clients.

use std::sync::Arc;

use hashbrown::HashMap;
use outpour_core::channels::{ChannelKey, Delivery, Pattern};
use outpour_core::hub::{Format, Outlet, SubscriberKey};
use outpour_core::message::Message;
use outpour_core::settings::SubscriberMode;
use outpour_core::transport::{Frame, Framing, Rendering, StreamFormat};

use super::super::Worker;
use crate::application::{InboxEvent, Interest, Joining, Link, Listener, Wire};
use crate::connection::{ConnectionKey, Held, HeldPlace};

/// Who hears messages that do not go through the hub: those of callbacks and of patterns.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    by_channel: HashMap<ChannelKey, Vec<Ear>, foldhash::fast::RandomState>,
    by_pattern: Vec<(Pattern, Ear)>,
}

/// One of them.
#[derive(Clone, Debug)]
struct Ear {
    key: ConnectionKey,
    /// `None`: the message is written to the client.
    listener: Option<Listener>,
    /// Number of the delivery behind which it listens.
    after: u64,
}

impl Listeners {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_channel.is_empty() && self.by_pattern.is_empty()
    }

    /// Who hears a message of the channel.
    fn of(&self, channel: ChannelKey, name: &[u8]) -> Vec<Ear> {
        let mut ears = self.by_channel.get(&channel).cloned().unwrap_or_default();
        let fitting = self.by_pattern.iter().filter(|(pattern, _)| pattern.matches(name));
        ears.extend(fitting.map(|(_, ear)| ear.clone()));
        ears
    }

    fn remove(&mut self, key: ConnectionKey, channel: ChannelKey) {
        if let Some(ears) = self.by_channel.get_mut(&channel) {
            ears.retain(|ear| ear.key != key);
            if ears.is_empty() {
                self.by_channel.remove(&channel);
            }
        }
    }

    fn remove_pattern(&mut self, key: ConnectionKey, pattern: &Pattern) {
        self.by_pattern.retain(|(known, ear)| ear.key != key || known != pattern);
    }
}

impl Worker {
    /// A client has subscribed.
    pub(super) fn join_client(&mut self, key: ConnectionKey, joining: Joining) {
        let Joining { name, listener, interest } = joining;
        let Some(upgraded) = self.upgraded(key) else {
            return self.forget_interest(interest);
        };
        let link = Arc::clone(&upgraded.link);
        let place = match interest {
            Interest::Pattern(pattern) => {
                let ear = Ear { key, listener, after: self.delivered };
                self.listeners.by_pattern.push((pattern.clone(), ear));
                HeldPlace::Pattern(pattern)
            }
            Interest::Channel(registered, cursor) => {
                let Some(channel) = registered.channels.first().copied() else { return };
                let backlog: Vec<_> = registered.backlog.messages().cloned().collect();
                match listener {
                    Some(listener) => {
                        let ear = Ear { key, listener: Some(listener.clone()), after: cursor };
                        self.listeners.by_channel.entry(channel).or_default().push(ear);
                        for message in backlog {
                            self.tell_handler(
                                &link,
                                InboxEvent::Published(listener.clone(), message),
                            );
                        }
                        HeldPlace::Listener(channel)
                    }
                    None => HeldPlace::Hub(self.join_hub(key, &link, channel, cursor, &backlog)),
                }
            }
        };
        match self.upgraded(key) {
            Some(upgraded) => upgraded.held.push(Held { name, place }),
            // Its backlog was too much for it.
            None => self.let_go(key, Held { name, place }),
        }
    }

    /// The old messages go out at once, the others as those of every subscriber.
    fn join_hub(
        &mut self,
        key: ConnectionKey,
        link: &Link,
        channel: ChannelKey,
        cursor: u64,
        backlog: &[Arc<Message>],
    ) -> SubscriberKey {
        let format = format(&link.wire);
        // What was written before goes before.
        self.flush_outbox(key);
        let mut frame = Frame::default();
        backlog.iter().for_each(|message| format.message(message, &mut frame));
        self.answers.extend_from_slice(&frame.bytes);
        let (outlet, now) = (Outlet(key.slot), self.now.tick);
        let format = Arc::new(Format::Stream(format));
        let subscriber = self.hub.subscribe(outlet, format, &[channel], cursor, now);
        if self.connection(key).is_some() {
            self.flush_answers(key);
        } else {
            self.answers.clear();
        }
        subscriber
    }

    /// Whoever subscribed has gone meanwhile.
    fn forget_interest(&mut self, interest: Interest) {
        match interest {
            Interest::Channel(registered, _) => {
                self.departed.push(registered.channels.into_iter().collect());
            }
            Interest::Pattern(pattern) => {
                self.shared.channels(self.id).unwatch(self.id, &pattern);
            }
        }
    }

    /// A client ends a subscription.
    pub(super) fn leave_client(&mut self, key: ConnectionKey, name: &[u8]) {
        let Some(upgraded) = self.upgraded(key) else { return };
        let Some(place) = upgraded.held.iter().position(|held| *held.name == *name) else { return };
        let held = upgraded.held.swap_remove(place);
        self.let_go(key, held);
    }

    /// A subscription ends.
    pub(super) fn let_go(&mut self, key: ConnectionKey, held: Held) {
        match held.place {
            HeldPlace::Hub(subscriber) => self.departed.push(self.hub.unsubscribe(subscriber)),
            HeldPlace::Listener(channel) => {
                self.listeners.remove(key, channel);
                self.departed.push(std::iter::once(channel).collect());
            }
            HeldPlace::Pattern(pattern) => {
                self.listeners.remove_pattern(key, &pattern);
                self.shared.channels(self.id).unwatch(self.id, &pattern);
            }
        }
    }

    /// Channels of the connection were deleted: their subscriptions are gone.
    pub(in super::super) fn forget_ended(&mut self, key: ConnectionKey) {
        let Self { hub, connections, .. } = self;
        let Some(connection) = connections.get_mut(key.slot as usize) else { return };
        let crate::connection::State::Application(served) = &mut connection.state else { return };
        if let crate::connection::Served::Upgraded(upgraded) = &mut **served {
            upgraded.held.retain(
                |held| !matches!(held.place, HeldPlace::Hub(place) if !hub.contains(place)),
            );
        }
    }

    /// Tells those who hear messages by callbacks or patterns.
    pub(in super::super) fn hear(&mut self, delivery: &Delivery) {
        let (Delivery::Message { channel, message, .. }
        | Delivery::Deleted { channel, message, .. }) = delivery;
        for Ear { key, listener, after } in self.listeners.of(*channel, &message.channel) {
            if after >= self.delivered {
                continue;
            }
            let Some(upgraded) = self.upgraded(key) else { continue };
            let link = Arc::clone(&upgraded.link);
            match listener {
                Some(listener) => {
                    let event = InboxEvent::Published(listener, Arc::clone(message));
                    self.tell_handler(&link, event);
                }
                None => link.write_published(message),
            }
        }
    }
}

/// How a channel's messages go straight to a client.
fn format(wire: &Wire) -> StreamFormat {
    match wire {
        Wire::WebSocket { deflate } => {
            let rendering = Rendering::compile(SubscriberMode::WebSocket, b"", b"~text~", b"");
            StreamFormat::websocket(Arc::new(rendering), *deflate)
        }
        Wire::Sse { chunked, event_name } => {
            let rendering = Rendering::compile(SubscriberMode::EventSource, b"", b"~text~", b"")
                .with_event_type(event_name.as_bytes());
            let framing = if *chunked { Framing::Chunked } else { Framing::Raw };
            let rendering = Arc::new(rendering);
            StreamFormat { rendering, framing, padding: None, gzip: None, deflate: None }
        }
    }
}
