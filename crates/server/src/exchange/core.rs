//! Answers that no push role gives: `return`, refusals, and paths that nothing serves.

use outpour_core::answer::Answer;
use outpour_core::settings::Role;

use super::{Exchange, Plan, Verdict};

impl Exchange {
    /// The answer that routing alone decided, if it did.
    pub(super) fn routed_answer(&self) -> Option<Answer> {
        match &self.verdict {
            Verdict::Serve if self.settings.push.role == Role::None => Some(Answer::page(404)),
            Verdict::Serve => None,
            Verdict::NotFound => Some(Answer::page(404)),
            Verdict::Forbidden => Some(Answer::page(403)),
            Verdict::Return { status, text } => Some(self.returned(*status, text.as_deref())),
        }
    }

    /// The answer of `return`: a redirect, a text, or the page of the status.
    fn returned(&self, status: u16, text: Option<&[u8]>) -> Answer {
        match (status, text) {
            (444, _) => Answer { close: true, ..Answer::new(444) },
            (301 | 302 | 303 | 307 | 308, Some(place)) => {
                Answer::page(status).with("Location", self.absolute(place))
            }
            (204 | 304, _) => Answer::new(status),
            (_, Some(text)) => {
                Answer::new(status).body(self.content_type().to_vec(), text.to_vec())
            }
            (200, None) => Answer::new(200).body(self.content_type().to_vec(), Vec::new()),
            (_, None) => Answer::page(status),
        }
    }

    /// A redirect's address: a path gets scheme, host and port in front, as nginx does by default.
    fn absolute(&self, place: &[u8]) -> Vec<u8> {
        if !place.starts_with(b"/") {
            return place.to_vec();
        }
        let mut whole =
            if self.peer.tls.is_some() { b"https://".to_vec() } else { b"http://".to_vec() };
        let name = &self.http().servers[self.server].name;
        whole.extend_from_slice(if self.request.host.is_empty() {
            name
        } else {
            &self.request.host
        });
        let port = self.peer.local.map(|local| local.port());
        if let Some(port) = port.filter(|p| *p != if self.peer.tls.is_some() { 443 } else { 80 }) {
            whole.extend_from_slice(format!(":{port}").as_bytes());
        }
        whole.extend_from_slice(place);
        whole
    }

    /// What the request needs, decided from its head alone.
    pub(crate) fn routed_plan(&self) -> Option<Plan> {
        self.routed_answer().map(Plan::Answer)
    }
}
