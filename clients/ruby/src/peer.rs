//! `Outpour::Client`: an upgraded connection as Ruby code sees it.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use std::time::Duration;

use magnus::scan_args::{get_kwargs, scan_args};
use magnus::typed_data::Obj;
use magnus::value::{InnerValue, Opaque, ReprValue};
use magnus::{
    Class, DataTypeFunctions, Error, Module, RHash, RModule, Ruby, StaticSymbol, TypedData, Value,
    gc, method,
};
use outpour_server::application::{Client, Event, Outgoing, Request};

use crate::bridge::Bridge;
use crate::callbacks::Callbacks;
use crate::{environment, names, subscriptions, text};

/// Seconds of `timeout=`: a day is more than any path keeps an idle connection.
const TIMEOUT_MAX: u64 = 86_400;

/// One connection: the same object in all of its callbacks.
///
/// Ruby values in here are marked, and touched by threads that hold Ruby's lock only.
#[derive(TypedData)]
#[magnus(class = "Outpour::Client", mark, size, free_immediately)]
pub(crate) struct Peer {
    bridge: Arc<Bridge>,
    /// There from `on_open` on.
    client: OnceCell<Client>,
    env: Opaque<RHash>,
    upgrade: Opaque<StaticSymbol>,
    handler: Cell<Opaque<Value>>,
}

impl DataTypeFunctions for Peer {
    fn mark(&self, marker: &gc::Marker) {
        marker.mark(self.env);
        marker.mark(self.upgrade);
        marker.mark(self.handler.get());
    }
}

impl Peer {
    /// The object of a connection that is about to be upgraded; `None` for a request that cannot.
    pub(crate) fn of_request(
        ruby: &Ruby,
        bridge: &Arc<Bridge>,
        request: &Request,
        env: RHash,
        handler: Value,
    ) -> Option<Obj<Self>> {
        let upgrade = environment::upgrade(ruby, request)?.into();
        let handler = Cell::new(handler.into());
        let bridge = Arc::clone(bridge);
        let client = OnceCell::new();
        Some(ruby.obj_wrap(Self { bridge, client, env: env.into(), upgrade, handler }))
    }

    /// The connection is there.
    pub(crate) fn open(&self, client: &Client) {
        let _ = self.client.set(client.clone());
    }

    fn write(ruby: &Ruby, peer: &Self, data: Value) -> Result<bool, Error> {
        let Some(client) = peer.client.get() else { return Ok(false) };
        let message = text::outgoing(ruby, data, client.protocol())?;
        Ok(client.write(message))
    }

    /// `event(data, event: nil, id: nil, retry: nil)`.
    fn event(ruby: &Ruby, peer: &Self, arguments: &[Value]) -> Result<bool, Error> {
        let arguments = scan_args::<(Value,), (), (), (), RHash, ()>(arguments)?;
        let known = ["event", "id", "retry"];
        let keys = get_kwargs::<_, (), (Option<Value>, Option<Value>, Option<f64>), ()>(
            arguments.keywords,
            &[],
            &known,
        )?;
        let (name, id, retry) = keys.optional;
        let Some(client) = peer.client.get() else { return Ok(false) };
        let field = |value: Option<Value>| -> Result<_, Error> {
            let value = value.filter(|value| !value.is_nil());
            let text = value.map(|value| text::utf8(ruby, text::string(ruby, value)?));
            Ok(text.transpose()?.map(Cow::Owned))
        };
        let data = text::utf8(ruby, text::string(ruby, arguments.required.0)?)?;
        let retry = retry.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let event = Event { data: data.into(), name: field(name)?, id: field(id)?, retry };
        Ok(client.write(Outgoing::Event(event)))
    }

    fn close(&self) {
        if let Some(client) = self.client.get() {
            client.close();
        }
    }

    fn is_open(&self) -> bool {
        self.client.get().is_some_and(Client::is_open)
    }

    /// Messages that have not left for the kernel; -1 once closed.
    fn pending(&self) -> i64 {
        let pending = self.client.get().and_then(Client::pending);
        pending.map_or(-1, |pending| i64::try_from(pending).unwrap_or(i64::MAX))
    }

    fn env(ruby: &Ruby, peer: &Self) -> RHash {
        peer.env.get_inner_with(ruby)
    }

    fn protocol(ruby: &Ruby, peer: &Self) -> StaticSymbol {
        peer.upgrade.get_inner_with(ruby)
    }

    /// The version of the draft whose methods are here.
    fn pubsub(&self) -> u8 {
        let _ = self;
        0
    }

    fn handler(ruby: &Ruby, peer: &Self) -> Value {
        peer.handler.get().get_inner_with(ruby)
    }

    /// Another object takes over; nil and false close.
    fn set_handler(ruby: &Ruby, peer: Obj<Self>, handler: Value) -> Result<(), Error> {
        let Some(client) = peer.client.get() else { return Ok(()) };
        if !handler.to_bool() {
            client.close();
            return Ok(());
        }
        if !client.is_open() {
            return Ok(());
        }
        let callbacks = Callbacks::new(ruby, &peer.bridge, peer, handler, client.request())?;
        peer.handler.set(handler.into());
        peer.env.get_inner_with(ruby).aset(names::RACK_UPGRADE.get(ruby), handler)?;
        client.set_handler(Arc::new(callbacks));
        Ok(())
    }

    /// Seconds without a word from the peer until it is pinged; nil once closed.
    fn timeout(&self) -> Option<u64> {
        self.client.get().map(|client| client.timeout().as_secs())
    }

    fn set_timeout(ruby: &Ruby, peer: &Self, seconds: i64) -> Result<(), Error> {
        let seconds = u64::try_from(seconds).ok().filter(|s| (1..=TIMEOUT_MAX).contains(s));
        let Some(seconds) = seconds else {
            let text = format!("timeout is between 1 and {TIMEOUT_MAX} seconds");
            return Err(Error::new(ruby.exception_range_error(), text));
        };
        if let Some(client) = peer.client.get() {
            client.set_timeout(Duration::from_secs(seconds));
        }
        Ok(())
    }

    fn subscribe(ruby: &Ruby, peer: &Self, arguments: &[Value]) -> Result<Value, Error> {
        let request = subscriptions::Wish::read(ruby, arguments)?;
        let name = request.name;
        let Some(client) = peer.client.get().filter(|client| client.is_open()) else {
            return Ok(ruby.qnil().as_value());
        };
        let subscription = request.subscription(ruby, &peer.bridge)?;
        client.subscribe(subscription).map_err(|refused| subscriptions::refused(ruby, &refused))?;
        Ok(name)
    }

    /// True if there was such a subscription; nil once closed.
    fn unsubscribe(ruby: &Ruby, peer: &Self, name: Value) -> Result<Option<bool>, Error> {
        let name = subscriptions::name(ruby, name)?;
        let client = peer.client.get().filter(|client| client.is_open());
        Ok(client.map(|client| client.unsubscribe(&name)))
    }

    fn publish(ruby: &Ruby, peer: &Self, arguments: &[Value]) -> Result<bool, Error> {
        let (channel, publication) = subscriptions::publication(ruby, arguments)?;
        let Some(client) = peer.client.get().filter(|client| client.is_open()) else {
            return Ok(false);
        };
        let published = client.publish(&channel, publication);
        published.map(|()| true).map_err(|refused| subscriptions::refused(ruby, &refused))
    }
}

/// Defines the class, under a Ruby module of that name so that applications may prepend to it.
///
/// # Errors
/// Ruby has no memory left.
pub(crate) fn define(ruby: &Ruby, outpour: RModule) -> Result<(), Error> {
    let class = outpour.define_class("Client", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_method("write", method!(Peer::write, 1))?;
    class.define_method("event", method!(Peer::event, -1))?;
    class.define_method("close", method!(Peer::close, 0))?;
    class.define_method("open?", method!(Peer::is_open, 0))?;
    class.define_method("pending", method!(Peer::pending, 0))?;
    class.define_method("env", method!(Peer::env, 0))?;
    class.define_method("protocol", method!(Peer::protocol, 0))?;
    class.define_method("pubsub?", method!(Peer::pubsub, 0))?;
    class.define_method("handler", method!(Peer::handler, 0))?;
    class.define_method("handler=", method!(Peer::set_handler, 1))?;
    class.define_method("timeout", method!(Peer::timeout, 0))?;
    class.define_method("timeout=", method!(Peer::set_timeout, 1))?;
    class.define_method("subscribe", method!(Peer::subscribe, -1))?;
    class.define_method("unsubscribe", method!(Peer::unsubscribe, 1))?;
    class.define_method("publish", method!(Peer::publish, -1))?;
    Ok(())
}
