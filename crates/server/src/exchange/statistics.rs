//! `push_stream_channels_statistics`.

use outpour_core::answer::Answer;
use outpour_core::channels::{Channels, ReportContext, ReportFormat};
use outpour_core::request::Method;
use outpour_core::variables::Environment;

use super::Exchange;

/// What identifies the build in answers about statistics.
const TAG: &str = env!("CARGO_PKG_VERSION");

impl Exchange {
    /// The answer of a statistics location.
    pub(crate) fn statistics(
        &self,
        channels: &Channels,
        context: &ReportContext<'_>,
        environment: &Environment,
    ) -> Answer {
        if self.request.method != Method::Get {
            return Answer::new(405).uncached().with("Allow", &b"GET"[..]);
        }
        let entries = self.entries(environment);
        let format = ReportFormat::from_accept(self.request.header("accept"));
        let answer = match channels.statistics(entries, format, context) {
            Err(refusal) => Answer::refusal(refusal.status(), refusal.explain()),
            Ok(None) => Answer::new(404).uncached(),
            Ok(Some(text)) => {
                Answer::new(200).body(format.content_type().as_bytes(), text).uncached()
            }
        };
        answer
            .with("X-Nginx-PushStream-Tag", TAG.as_bytes())
            .with("X-Nginx-PushStream-Commit", &b"outpour"[..])
    }
}
