//! `push_stream_grip_publisher`: `POST /publish/`.

use outpour_core::answer::Answer;
use outpour_core::channels::{Draft, Entry, Refusal};
use outpour_core::grip::{Item, parse_items};
use outpour_core::request::Method;

use super::super::Worker;
use crate::connection::ConnectionKey;
use crate::exchange::Exchange;

const PLAIN: &[u8] = b"text/plain";
const JSON: &[u8] = b"application/json";

impl Worker {
    /// Publishes the items of a request.
    pub(in super::super) fn publish_items(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        body: &[u8],
    ) {
        let answer = self.items_answer(&exchange, body);
        self.respond(key, exchange, answer);
    }

    fn items_answer(&self, exchange: &Exchange, body: &[u8]) -> Answer {
        if exchange.request.method != Method::Post {
            return Answer::page(405).with("Allow", &b"POST"[..]);
        }
        let Some(json) = wants_json(exchange.request.header("accept")) else {
            return Answer::page(406);
        };
        let items = match parse_items(body) {
            Ok(items) => items,
            Err(error) => return Answer::new(400).body(PLAIN, format!("{error}\n").into_bytes()),
        };
        for item in items {
            if let Err(refusal) = self.publish_item(exchange, item) {
                self.log_refusal(exchange, refusal.explain().as_bytes());
                return Answer::refusal(refusal.status(), refusal.explain());
            }
        }
        match json {
            true => Answer::new(200).body(JSON, &b"{\"message\":\"Published\"}\n"[..]),
            false => Answer::new(200).body(PLAIN, &b"Published\n"[..]),
        }
    }

    fn publish_item(&self, exchange: &Exchange, item: Item) -> Result<(), Refusal> {
        let Item { channel, content } = item;
        let id = content.id.clone();
        let mut channels = self.shared.channels(self.id);
        if id.as_ref().is_some_and(|id| !channels.note_item(&channel, id)) {
            return Ok(());
        }
        let text = content.text();
        let draft = Draft {
            text: text.map(|(text, _)| text.into()).unwrap_or_default(),
            binary: text.is_some_and(|(_, binary)| binary),
            event_id: id.as_ref().map(|id| id.as_bytes().into()),
            store: exchange.settings.push.store_messages && text.is_some(),
            content: Some(Box::new(content)),
            ..Draft::default()
        };
        let entry = [Entry { id: channel.clone(), backtrack: 0 }];
        channels.publish(&entry, draft, self.now)?;
        if let Some(id) = id {
            // The channel may have come into being just now.
            channels.note_item(&channel, &id);
        }
        Ok(())
    }
}

/// Whether the publisher wants its answer as JSON; `None`: it wants what there is not.
fn wants_json(accept: Option<&[u8]>) -> Option<bool> {
    let Some(accept) = accept else { return Some(false) };
    let accept = accept.to_ascii_lowercase();
    let names = |kind: &[u8]| memchr::memmem::find(&accept, kind).is_some();
    match () {
        () if names(b"application/json") => Some(true),
        () if names(b"text/plain") || names(b"*/*") || names(b"text/*") => Some(false),
        () if names(b"application/*") => Some(true),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_chosen_by_accept() {
        assert_eq!(wants_json(None), Some(false));
        assert_eq!(wants_json(Some(b"*/*")), Some(false));
        assert_eq!(wants_json(Some(b"text/html, Application/JSON;q=0.1")), Some(true));
        assert_eq!(wants_json(Some(b"image/png")), None);
    }
}
