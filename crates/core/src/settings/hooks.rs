//! Requests that tell an application of subscribers and messages, or ask it about them.

use crate::variables::Expression;

/// The hooks of a location; each is the address of another location of the server, whose
/// `proxy_pass` is the way to the application.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hooks {
    /// `push_stream_authorize_request`: asked whether somebody may subscribe or publish.
    pub authorize: Option<Expression>,
    /// `push_stream_subscribe_request`: told that somebody has subscribed.
    pub subscribe: Option<Expression>,
    /// `push_stream_unsubscribe_request`: told that somebody subscribes no more.
    pub unsubscribe: Option<Expression>,
    /// `push_stream_publisher_upstream_request`: asked what is to be published.
    pub publish: Option<Expression>,
}

impl Hooks {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
