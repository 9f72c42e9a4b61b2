//! Channels of the server, as Ruby code names and hears them.

use std::sync::Arc;

use magnus::block::Proc;
use magnus::scan_args::{get_kwargs, scan_args};
use magnus::value::ReprValue;
use magnus::{Error, RHash, RString, Ruby, Symbol, Value};
use outpour_server::application::{
    Client, Outgoing, Publication, Published, Refused, Start, Subscription, Upgrade,
};

use crate::bridge::{Bridge, Job};
use crate::failure;
use crate::roots::{self, Root};
use crate::text;

/// The arguments of `subscribe(channel, match: nil, as: nil, since: nil, handler: nil) { |from, data| }`.
pub(crate) struct Wish {
    pub(crate) name: Value,
    options: RHash,
    block: Option<Proc>,
}

/// An object that hears a channel's messages, kept as long as the subscription lasts.
struct Heard {
    bridge: Arc<Bridge>,
    object: Root,
}

impl Heard {
    /// A method, because a closure that named the field would keep the field only.
    fn find(&self, ruby: &Ruby) -> Option<Value> {
        roots::find(ruby, self.object)
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.bridge.post(Job::Forget(self.object));
    }
}

impl Wish {
    pub(crate) fn read(ruby: &Ruby, arguments: &[Value]) -> Result<Self, Error> {
        let arguments = scan_args::<(Value,), (), (), (), RHash, Option<Proc>>(arguments)?;
        name(ruby, arguments.required.0)?;
        let (name, options) = (arguments.required.0, arguments.keywords);
        Ok(Self { name, options, block: arguments.block })
    }

    /// What the server is asked.
    ///
    /// # Errors
    /// An `ArgumentError` for options that are none.
    pub(crate) fn subscription(
        &self,
        ruby: &Ruby,
        bridge: &Arc<Bridge>,
    ) -> Result<Subscription, Error> {
        type Options = (Option<Value>, Option<Value>, Option<Value>, Option<Value>);
        let known = ["match", "as", "since", "handler"];
        let keys = get_kwargs::<_, (), Options, ()>(self.options, &[], &known)?;
        let (pattern, kind, since, handler) = keys.optional;
        let given = |value: Option<Value>| value.filter(|value| !value.is_nil());
        let channel = name(ruby, self.name)?;
        let subscription = match given(pattern).map(symbol).transpose()?.as_deref() {
            None => Subscription::channel(channel),
            Some("redis") => Subscription::pattern(channel),
            Some(other) => return Err(unknown(ruby, "match", other)),
        };
        let subscription = match given(since) {
            None => subscription,
            Some(since) => subscription.since(start(ruby, since)?),
        };
        let handler = given(handler).or(self.block.map(ReprValue::as_value));
        if let Some(handler) = handler {
            return Ok(subscription.with(caller(ruby, bridge, handler)?));
        }
        match given(kind).map(symbol).transpose()?.as_deref() {
            None | Some("text") => Ok(subscription),
            Some("binary") => Ok(subscription.with(|client: &Client, message: &Published<'_>| {
                client.write(Outgoing::Binary(message.data().into()));
            })),
            Some(other) => Err(unknown(ruby, "as", other)),
        }
    }
}

/// A channel's name: a String or Symbol, equal by text.
///
/// # Errors
/// What `to_s` raises.
pub(crate) fn name(ruby: &Ruby, name: Value) -> Result<Vec<u8>, Error> {
    let string: RString = match RString::from_value(name) {
        Some(string) => string,
        None => name.funcall("to_s", ())?,
    };
    if string.is_empty() {
        return Err(Error::new(ruby.exception_arg_error(), "a channel has a name"));
    }
    Ok(text::bytes(string))
}

/// The arguments of `publish(channel, data, engine = nil, id: nil, event: nil, store: false)`. There
/// is one engine: the server's channels.
///
/// # Errors
/// As [`name`]; an `ArgumentError` for a text that is not valid.
pub(crate) fn publication(
    ruby: &Ruby,
    arguments: &[Value],
) -> Result<(Vec<u8>, Publication), Error> {
    type Options = (Option<Value>, Option<Value>, Option<bool>);
    let arguments = scan_args::<(Value, Value), (Option<Value>,), (), (), RHash, ()>(arguments)?;
    let known = ["id", "event", "store"];
    let keys = get_kwargs::<_, (), Options, ()>(arguments.keywords, &[], &known)?;
    let (id, event, store) = keys.optional;
    let channel = name(ruby, arguments.required.0)?;
    let mut publication = match text::outgoing(ruby, arguments.required.1, Upgrade::WebSocket)? {
        Outgoing::Binary(bytes) => Publication::binary(bytes),
        Outgoing::Text(text) => Publication::text(text),
        Outgoing::Event(event) => Publication::text(event.data),
    };
    let field = |value: Value| text::utf8(ruby, text::string(ruby, value)?);
    if let Some(id) = id.filter(|id| !id.is_nil()) {
        publication = publication.event_id(field(id)?);
    }
    if let Some(event) = event.filter(|event| !event.is_nil()) {
        publication = publication.event_type(field(event)?);
    }
    if store == Some(true) {
        publication = publication.stored();
    }
    Ok((channel, publication))
}

/// What a channel that could not be used raises.
pub(crate) fn refused(ruby: &Ruby, refused: &Refused) -> Error {
    Error::new(ruby.exception_arg_error(), refused.to_string())
}

/// Calls `object` with the channel's name and the data of each message.
fn caller(
    ruby: &Ruby,
    bridge: &Arc<Bridge>,
    object: Value,
) -> Result<impl Fn(&Client, &Published<'_>) + Send + Sync + 'static, Error> {
    let heard = Heard { bridge: Arc::clone(bridge), object: roots::keep(ruby, object)? };
    Ok(move |client: &Client, message: &Published<'_>| {
        let Ok(ruby) = Ruby::get() else { return };
        let Some(object) = heard.find(&ruby) else { return };
        let from = ruby.enc_str_new(message.channel(), ruby.utf8_encoding());
        let data = match message.is_binary() {
            false => ruby.enc_str_new(message.data(), ruby.utf8_encoding()),
            true => ruby.enc_str_new(message.data(), ruby.ascii8bit_encoding()),
        };
        let outcome: Result<Value, Error> = object.funcall_public("call", (from, data));
        if let Err(error) = outcome {
            let channel = String::from_utf8_lossy(message.channel());
            let place = crate::callbacks::place(client.request());
            failure::report(&ruby, &format!("subscription to {channel}, {place}"), error);
        }
    })
}

/// `since:`: an event id, `:last`, or so many stored messages.
fn start(ruby: &Ruby, since: Value) -> Result<Start, Error> {
    if let Some(string) = RString::from_value(since) {
        return Ok(Start::Event(text::bytes(string)));
    }
    if let Some(count) = magnus::Integer::from_value(since) {
        return Ok(Start::Count(count.to_u64()?));
    }
    match &*symbol(since)? {
        "last" => Ok(Start::Last),
        other => Err(unknown(ruby, "since", other)),
    }
}

fn symbol(value: Value) -> Result<String, Error> {
    match Symbol::from_value(value) {
        Some(symbol) => Ok(symbol.name()?.into_owned()),
        None => value.funcall("to_s", ()),
    }
}

fn unknown(ruby: &Ruby, option: &str, value: &str) -> Error {
    Error::new(ruby.exception_arg_error(), format!("{option}: {value} is not known"))
}
