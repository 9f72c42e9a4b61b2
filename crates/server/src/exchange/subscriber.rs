//! What a subscriber asks for: control values, rules, formats.

use std::borrow::Cow;
use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::channels::{Backlog, Refusal, Since, SubscribeRules};
use outpour_core::request::Version;
use outpour_core::transport::{
    AnswerFormat, Framing, PaddingSizes, StreamFormat, Validators, gzip,
};
use outpour_core::variables::{Environment, Expression};
use outpour_core::wire::{http_date, percent};

use super::Exchange;

impl Exchange {
    /// Where the subscriber left off.
    pub(crate) fn since(&self, environment: &Environment) -> Since {
        let push = &self.settings.push;
        let time = self.control(
            push.last_received_message_time.as_ref(),
            "if-modified-since",
            environment,
        );
        let tag =
            self.control(push.last_received_message_tag.as_ref(), "if-none-match", environment);
        let event_id = self.control(push.last_event_id.as_ref(), "last-event-id", environment);
        let time = time.and_then(|text| date(&text));
        Since::parse(time, tag.as_deref(), event_id.as_deref())
    }

    /// A directive's value, else the header that it stands for.
    fn control(
        &self,
        directive: Option<&Expression>,
        header: &str,
        environment: &Environment,
    ) -> Option<Cow<'_, [u8]>> {
        match directive {
            Some(expression) => Some(Cow::Owned(self.decoded(expression, environment))),
            None => self.request.header(header).map(Cow::Borrowed),
        }
    }

    pub(crate) fn rules(&self) -> SubscribeRules {
        let push = &self.settings.push;
        SubscribeRules {
            authorized_channels_only: push.authorized_channels_only,
            wildcard_channel_max_qtd: push.wildcard_channel_max_qtd,
            allow_connections_to_events_channel: push.allow_connections_to_events_channel,
        }
    }

    /// The format of a streaming or event source answer.
    pub(crate) fn stream_format(
        &self,
        environment: &Environment,
        content_type: &[u8],
    ) -> StreamFormat {
        let settings = &self.settings;
        let chunks = settings.chunked_transfer_encoding && self.request.version == Version::Http11;
        StreamFormat {
            rendering: Arc::clone(&settings.push.rendering),
            framing: if chunks { Framing::Chunked } else { Framing::Raw },
            padding: self.padding(environment),
            gzip: gzip::level(
                &settings.gzip,
                &self.request,
                200,
                content_type,
                None,
                gzip::Told::NOTHING,
            ),
            deflate: None,
        }
    }

    fn padding(&self, environment: &Environment) -> Option<PaddingSizes> {
        let push = &self.settings.push;
        if push.padding_by_user_agent.is_empty() {
            return None;
        }
        let client = self.control(push.user_agent.as_ref(), "user-agent", environment);
        let client = client.unwrap_or_default();
        PaddingSizes::choose(&push.padding_by_user_agent, push.padding_max, &client)
    }

    /// How polling and long-polling requests are answered.
    pub(crate) fn answer_format(&self) -> AnswerFormat {
        let callback = self.request.arg(b"callback").map(percent::decode);
        let rendering = Arc::clone(&self.settings.push.rendering);
        AnswerFormat::new(rendering, self.content_type(), callback.as_deref())
    }

    /// The answer to a polling request, and to a long-polling one that need not wait.
    pub(crate) fn polled(&self, backlog: &Backlog, since: &Since) -> Answer {
        let format = self.answer_format();
        match backlog.newest() {
            None => format.nothing_new(Validators { last_modified: since.time, etag: since.tag }),
            Some(newest) => {
                let validators =
                    Validators { last_modified: Some(newest.time), etag: Some(newest.tag) };
                format.messages(backlog.messages().map(AsRef::as_ref), validators)
            }
        }
    }
}

/// The second that a date names. Its blanks may be pluses, as forms and `URLSearchParams` write them
/// into addresses; no date has a plus of its own.
fn date(text: &[u8]) -> Option<u64> {
    if !text.contains(&b'+') {
        return http_date::parse(text);
    }
    let blanks: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    http_date::parse(&blanks)
}

/// The answer to a subscriber that the channel store refuses; out of memory is explained by an
/// empty text, as the module does it.
pub(crate) fn subscriber_refused(refusal: Refusal) -> Answer {
    Answer::refusal(refusal.status(), refusal.explain())
}
