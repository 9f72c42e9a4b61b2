//! Links of a stream: where more of its body comes from.

use outpour_core::answer::Body;
use outpour_core::grip::{HoldMode, MessageKind, Subscriptions};
use outpour_core::settings::Level;
use outpour_core::upstream::safe;

use super::super::Worker;
use super::answer::{INSTRUCT_MAX, read_instruct};
use super::as_get;
use crate::connection::{ConnectionKey, Hold, OnHold};
use crate::exchange::Extra;
use crate::upstream::Fetched;

/// How long until an application that has no page is asked again.
const RETRY: std::time::Duration = std::time::Duration::from_secs(5);

impl Worker {
    /// Asks the application for what comes next in a stream.
    pub(super) fn follow_link(&mut self, key: ConnectionKey) {
        let errand = self.next_errand();
        let (shared, unix) = (std::sync::Arc::clone(&self.shared), self.now.unix);
        let Some(held) = self.held(key) else { return };
        let grip = held.settings.proxy.as_ref().and_then(|proxy| proxy.grip.clone());
        let Hold::Stream(stream) = &mut held.hold else { return };
        if held.errand.is_some() {
            return;
        }
        let target = stream.next.as_ref().and_then(|(link, _)| target(&link.uri));
        let (Some(grip), Some(target)) = (grip, target) else {
            return self.end_stream(key);
        };
        held.errand = Some(errand);
        let mut extra = Extra::of(&grip, &shared.environment, unix);
        let list = held.subscriptions.list.iter();
        extra.add_last(list.filter_map(|one| Some((&*one.channel, one.last_id.as_deref()?))));
        extra.target = Some(target);
        let inner = as_get(held.exchange.again());
        self.fetch(inner, &[], Some(extra), key, errand, INSTRUCT_MAX + 1);
    }

    /// The next page is here, or is not.
    pub(in super::super) fn page_fetched(&mut self, key: ConnectionKey, fetched: &Fetched) {
        let environment = self.shared.environment.clone();
        let now = self.now;
        let page = read_instruct(&fetched.exchange, &fetched.body, true, &environment, now);
        let Some(held) = self.held(key) else { return };
        held.errand = None;
        let page = match page {
            Ok(page) if (200..300).contains(&page.answer.status) => page,
            Ok(page) => {
                let what = format!("unexpected status of the next link: {}", page.answer.status);
                return self.page_failed(key, &what);
            }
            Err(what) => return self.page_failed(key, what),
        };
        if let Body::Bytes(bytes) = &page.answer.body {
            self.send_body_piece(key, bytes);
        }
        let instruct = page.instruct;
        let next = self.link_due(instruct.next.clone());
        self.drain_hold(key);
        let Some(held) = self.held(key) else { return };
        let Hold::Stream(stream) = &mut held.hold else { return };
        (stream.next, stream.paged) = (next, instruct.hold.is_none());
        if instruct.gone.is_some() {
            stream.gone.clone_from(&instruct.gone);
        }
        match instruct.hold {
            None if stream.next.is_none() => return self.end_stream(key),
            None => return self.follow_link(key),
            Some(HoldMode::Response | HoldMode::Stream) => {}
        }
        if instruct.keep_alive.is_some() {
            held.keep_alive = instruct.keep_alive.map(|alive| (alive, MessageKind::Text));
        }
        let meta = instruct.meta;
        self.subscribe_anew(key, Subscriptions { list: instruct.channels, meta });
    }

    /// The application has no next page: it is asked again soon, or the stream ends.
    fn page_failed(&mut self, key: ConnectionKey, what: &str) {
        self.put_off_link(key);
        let Some(held) = self.held(key) else { return };
        let Hold::Stream(stream) = &held.hold else { return };
        let paged = stream.paged;
        if let Some(held) = self.connections.get(key.slot as usize).and_then(|c| c.held()) {
            self.tell_of_application(&held.exchange, Level::Error, what);
        }
        match paged {
            true => self.close(key, crate::connection::Ending::Done),
            false => self.file_deadline(key),
        }
    }

    /// The link is followed a little later.
    fn put_off_link(&mut self, key: ConnectionKey) {
        let retry = self.now.tick.after(RETRY);
        if let Some(OnHold { hold: Hold::Stream(stream), .. }) = self.held(key)
            && let Some((_, due)) = &mut stream.next
        {
            *due = retry;
        }
    }

    /// Puts other subscriptions in the place of a stream's.
    fn subscribe_anew(&mut self, key: ConnectionKey, wanted: Subscriptions) {
        let Some(held) = self.held(key) else { return };
        let same = held.subscriptions.list.len() == wanted.list.len()
            && held
                .subscriptions
                .list
                .iter()
                .zip(&wanted.list)
                .all(|(a, b)| a.channel == b.channel);
        if !same {
            let (subscriber, before) = (held.subscriber, std::mem::take(&mut held.keys));
            let joined = self.join_all(&wanted.list);
            let mut channels = self.shared.channels(self.id);
            // The old subscriptions with their connection, which the new ones have brought anew.
            if joined.is_ok() {
                channels.unsubscribe(self.id, &before, self.now);
            }
            drop(channels);
            let Ok(keys) = joined else {
                if let Some(held) = self.held(key) {
                    held.keys = before;
                }
                return self.end_stream(key);
            };
            for channel in &before {
                self.hub.part(subscriber, *channel);
            }
            let cursor = self.delivered;
            for channel in &keys {
                self.hub.join(subscriber, *channel, cursor);
            }
            if let Some(held) = self.held(key) {
                held.keys = keys;
            }
        }
        let Some(held) = self.held(key) else { return };
        let moved = held.subscriptions.list != wanted.list;
        held.subscriptions = wanted;
        let (wanted, keys) = (held.subscriptions.list.clone(), held.keys.clone());
        if !self.outdated(&wanted, &keys).is_empty() {
            if moved {
                return self.follow_link(key);
            }
            // The application has not caught up: it is asked again, but not at once.
            self.put_off_link(key);
        }
        self.file_deadline(key);
    }
}

/// The target of a link: a path, or what follows the host of a whole address.
pub(super) fn target(uri: &str) -> Option<Vec<u8>> {
    if uri.starts_with('/') {
        return Some(safe(uri.as_bytes().to_vec()));
    }
    let (_, rest) = uri.split_once("://")?;
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    Some(safe(path.as_bytes().to_vec()))
}
