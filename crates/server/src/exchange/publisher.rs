//! `push_stream_publisher`: GET, POST, PUT, DELETE, OPTIONS.

use outpour_core::answer::Answer;
use outpour_core::channels::{Channels, Draft, Refusal, ReportContext, ReportFormat};
use outpour_core::request::Method;
use outpour_core::settings::PublisherMode;
use outpour_core::transport::cors;
use outpour_core::variables::Environment;

use super::{Exchange, Plan};
use crate::shared::ChannelsGuard;

/// What a publisher asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publication {
    /// POST and PUT.
    Publish,
    /// DELETE.
    Delete,
    /// GET.
    Information,
}

impl Exchange {
    /// What the method asks for; `None` if the location does not take it.
    fn publication(&self, mode: PublisherMode) -> Option<Publication> {
        match (self.request.method, mode) {
            (Method::Get, _) => Some(Publication::Information),
            (Method::Post | Method::Put, _) => Some(Publication::Publish),
            (Method::Delete, PublisherMode::Admin) => Some(Publication::Delete),
            (Method::Delete | Method::Head | Method::Options | Method::Other, _) => None,
        }
    }

    /// Whether the application says what is published.
    pub(crate) fn asks_to_publish(&self, mode: PublisherMode) -> bool {
        self.settings.hooks.as_ref().is_some_and(|hooks| hooks.publish.is_some())
            && self.publication(mode) == Some(Publication::Publish)
    }

    /// The checks that come before the body; channels come into being here. A publication whose
    /// body is `there` is checked when it is published, unless the application is asked before.
    pub(crate) fn publisher_plan<'s>(
        &self,
        mode: PublisherMode,
        there: bool,
        channels: impl FnOnce() -> ChannelsGuard<'s>,
        environment: &Environment,
    ) -> Plan {
        if self.request.method == Method::Options {
            return Plan::Answer(Answer::new(200).uncached());
        }
        let Some(publication) = self.publication(mode) else {
            let allow = cors::publisher_methods(mode).as_bytes();
            return Plan::Answer(Answer::new(405).uncached().with("Allow", allow));
        };
        if there && publication == Publication::Publish && !self.asks_to_publish(mode) {
            return Plan::Body;
        }
        let entries = self.entries(environment);
        let checked = match publication {
            Publication::Publish => channels().prepare(entries, self.started),
            Publication::Delete => channels().check_delete(entries),
            Publication::Information => channels().check(entries),
        };
        match (checked, publication) {
            (Err(refusal), _) => Plan::Answer(refused(&refusal)),
            (Ok(()), Publication::Information) => Plan::Serve,
            (Ok(()), Publication::Publish | Publication::Delete) => Plan::Body,
        }
    }

    /// The answer to a publisher's request whose body is `body`.
    pub(crate) fn publisher_answer(
        &self,
        mode: PublisherMode,
        body: Vec<u8>,
        channels: &mut Channels,
        context: &ReportContext<'_>,
        environment: &Environment,
    ) -> Answer {
        match self.publication(mode) {
            Some(Publication::Publish) => self.publish(body, channels, context, environment),
            Some(Publication::Delete) => self.delete(&body, channels, environment),
            Some(Publication::Information) | None => {
                self.information(channels, context, environment)
            }
        }
    }

    fn publish(
        &self,
        body: Vec<u8>,
        channels: &mut Channels,
        context: &ReportContext<'_>,
        environment: &Environment,
    ) -> Answer {
        let push = &self.settings.push;
        let mut publication = match channels.publication(self.entries(environment), context.now) {
            Ok(publication) => publication,
            Err(refusal) => return refused(&refusal),
        };
        if body.is_empty() {
            return Answer::refusal(400, "Empty post requests are not allowed.");
        }
        let draft = Draft {
            text: body.into(),
            event_id: self.request.header("event-id").map(Into::into),
            event_type: self.request.header("event-type").map(Into::into),
            store: push.store_messages,
            ..Draft::default()
        };
        if publication.append(draft).is_err() {
            return Answer { close: true, ..Answer::page(500) };
        }
        if !push.channel_info_on_publish {
            return Answer::new(200).uncached();
        }
        let format = self.report_format();
        informed(format, publication.information(format, context))
    }

    fn report_format(&self) -> ReportFormat {
        ReportFormat::from_accept(self.request.header("accept"))
    }

    fn delete(&self, body: &[u8], channels: &mut Channels, environment: &Environment) -> Answer {
        let entries = self.entries(environment);
        let text = (!body.is_empty()).then_some(body);
        match channels.delete(entries, text, self.started) {
            Err(refusal) => refused(&refusal),
            Ok(true) => Answer::refusal(200, "Channel deleted."),
            Ok(false) => Answer::new(404).uncached(),
        }
    }

    fn information(
        &self,
        channels: &Channels,
        context: &ReportContext<'_>,
        environment: &Environment,
    ) -> Answer {
        let entries = self.entries(environment);
        let format = self.report_format();
        match channels.information(entries, format, context) {
            None => Answer::new(404).uncached(),
            Some(text) => informed(format, text),
        }
    }
}

fn informed(format: ReportFormat, text: Vec<u8>) -> Answer {
    Answer::new(200).body(format.content_type().as_bytes(), text).uncached()
}

/// The answer to a request that the channel store refuses; out of memory has no explanation.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    if matches!(refusal, Refusal::OutOfMemory) {
        return Answer::new(500).uncached();
    }
    Answer::refusal(refusal.status(), refusal.explain())
}
