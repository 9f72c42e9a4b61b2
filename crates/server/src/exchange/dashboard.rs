//! `push_stream_dashboard`: what a request to it wants.

use outpour_core::answer::Answer;
use outpour_core::channels::{Channels, Draft, Entry, whole_id};
use outpour_core::now::Now;
use outpour_core::request::Method;
use outpour_core::settings::DashboardMode;
use outpour_core::wire::percent;
use serde_json::json;

use super::Exchange;
use super::publisher::refused;

/// What a request to the dashboard wants.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is matched as soon as it is made")]
pub(crate) enum Wish {
    /// An answer that is made already: the page, or a refusal.
    Answer(Answer),
    /// The feed of samples.
    Overview,
    /// A channel's stored messages and those to come.
    Tail(Vec<Entry>),
    /// A channel in numbers.
    Information(Vec<Entry>),
    /// A message for a channel.
    Publish(Vec<Entry>),
    /// A channel's end.
    Delete(Vec<Entry>),
}

impl Exchange {
    /// What the request wants; `page` is what it gets if it asks for nothing else.
    pub(crate) fn wish(&self, mode: DashboardMode, page: impl FnOnce() -> Answer) -> Wish {
        let channel = || whole_id(&percent::decode(self.request.arg(b"id").unwrap_or_default()));
        match (self.request.method, self.request.arg(b"feed"), mode) {
            (Method::Get, Some(b"overview"), _) => Wish::Overview,
            (Method::Get, Some(b"channel"), _) => Wish::Tail(channel()),
            (Method::Get, Some(b"info"), _) => Wish::Information(channel()),
            (Method::Get, Some(_), _) => Wish::Answer(Answer::page(404)),
            (Method::Get | Method::Head, _, _) => Wish::Answer(page()),
            (Method::Post | Method::Delete, _, DashboardMode::Admin) if !self.comes_from_us() => {
                let explain = "Only the dashboard's own page may do this.";
                Wish::Answer(Answer::refusal(403, explain))
            }
            (Method::Post, _, DashboardMode::Admin) => Wish::Publish(channel()),
            (Method::Delete, _, DashboardMode::Admin) => Wish::Delete(channel()),
            (_, _, DashboardMode::Admin) => not_allowed(b"GET, HEAD, POST, DELETE"),
            (_, _, DashboardMode::ReadOnly) => not_allowed(b"GET, HEAD"),
        }
    }

    /// Whether the request comes from the dashboard's own page, or from no page at all.
    ///
    /// Pages of others can send requests that carry the password of whoever reads them, but not this
    /// header: their browser asks first, and is never allowed to. Where the browser tells who asks,
    /// that has to fit as well.
    fn comes_from_us(&self) -> bool {
        let request = &self.request;
        let same_origin = match (request.header("sec-fetch-site"), request.header("origin")) {
            (Some(site), _) => site == b"same-origin",
            (None, Some(origin)) => {
                let host = request.header("host").unwrap_or_default();
                let authority = origin.splitn(2, |byte| *byte == b':').nth(1);
                authority.and_then(|rest| rest.strip_prefix(b"//")) == Some(host)
            }
            (None, None) => true,
        };
        same_origin && request.header("x-outpour-dashboard").is_some()
    }
}

fn not_allowed(methods: &'static [u8]) -> Wish {
    Wish::Answer(Answer::page(405).uncached().with("Allow", methods))
}

/// The channel in numbers; 404 if there is none.
pub(crate) fn information(channels: &Channels, entries: &[Entry]) -> Answer {
    if let Err(refusal) = channels.check(entries) {
        return refused(&refusal);
    }
    let Some(standing) = entries.first().and_then(|entry| channels.standing(&entry.id)) else {
        return Answer::new(404).uncached();
    };
    let text = json!({
        "subscribers": standing.subscribers,
        "published": standing.published,
        "stored": standing.stored,
    });
    Answer::new(200).body(&b"application/json"[..], text.to_string().into_bytes()).uncached()
}

/// Publishes `text`, stored like any other message.
pub(crate) fn publish(
    channels: &mut Channels,
    entries: &[Entry],
    text: Vec<u8>,
    now: Now,
) -> Answer {
    if text.is_empty() {
        return Answer::refusal(400, "Empty post requests are not allowed.");
    }
    let draft = Draft { text: text.into(), store: true, ..Draft::default() };
    match channels.publish(entries, draft, now) {
        Ok(()) => Answer::new(200).uncached(),
        Err(refusal) => refused(&refusal),
    }
}

/// Deletes the channel; 404 if there is none.
pub(crate) fn delete(channels: &mut Channels, entries: &[Entry], now: Now) -> Answer {
    match channels.delete(entries, None, now) {
        Ok(found) => Answer::new(if found { 200 } else { 404 }).uncached(),
        Err(refusal) => refused(&refusal),
    }
}
