//! What an application is asked and told about subscribers and messages.

use outpour_core::variables::Expression;

use crate::lower::Lowering;
use crate::syntax::Node;

use super::table::{Args, Contexts, Directive, row};

const HSLI: Contexts = Contexts::HSLI;
const ADDRESS: Args = Args::new(1, 1, "uri | off");

const AUTHORIZE: &str = "Asks another location whether a client may subscribe or publish: 2xx lets \
                         it, any other answer goes to the subscriber, the publisher gets 403.";
const SUBSCRIBE: &str = "Tells another location that somebody has subscribed; its answer is of no \
                         interest. Not for polling.";
const UNSUBSCRIBE: &str = "Tells another location, once, that somebody who had subscribed does so no \
                           more; repeated while nobody answers.";
const PUBLISH: &str = "Asks another location what is to be published, with the message as the body \
                       of a POST: 200, 201 and 202 bring it, 304 leaves the message as it is, 204 \
                       drops it, anything else refuses it.";

pub(crate) const ROWS: &[Directive] = &[
    row("push_stream_authorize_request", HSLI, ADDRESS, "off", AUTHORIZE, |l, b, n| {
        b.hooks.authorize = address(l, n);
    }),
    row("push_stream_subscribe_request", HSLI, ADDRESS, "off", SUBSCRIBE, |l, b, n| {
        b.hooks.subscribe = address(l, n);
    }),
    row("push_stream_unsubscribe_request", HSLI, ADDRESS, "off", UNSUBSCRIBE, |l, b, n| {
        b.hooks.unsubscribe = address(l, n);
    }),
    row("push_stream_publisher_upstream_request", HSLI, ADDRESS, "off", PUBLISH, |l, b, n| {
        b.hooks.publish = address(l, n);
    }),
    row("nchan_authorize_request", HSLI, ADDRESS, "off", AUTHORIZE, |l, b, n| {
        b.hooks.authorize = address(l, n);
    }),
    row("nchan_subscribe_request", HSLI, ADDRESS, "off", SUBSCRIBE, |l, b, n| {
        b.hooks.subscribe = address(l, n);
    }),
    row("nchan_unsubscribe_request", HSLI, ADDRESS, "off", UNSUBSCRIBE, |l, b, n| {
        b.hooks.unsubscribe = address(l, n);
    }),
    row("nchan_publisher_upstream_request", HSLI, ADDRESS, "off", PUBLISH, |l, b, n| {
        b.hooks.publish = address(l, n);
    }),
];

/// The address of another location; `Some(None)` for `off`.
fn address(l: &mut Lowering<'_>, n: &Node) -> Option<Option<Expression>> {
    let word = n.args.first()?;
    if word.is("off") {
        return Some(None);
    }
    if !matches!(word.value.first(), Some(b'/' | b'$')) {
        let help = "the path of a location of this server, such as /_hook".to_owned();
        l.report.emerg_help(word.span, format!("invalid URI \"{}\"", word.text()), help);
        return None;
    }
    l.expression(word).map(Some)
}
