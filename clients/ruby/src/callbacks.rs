//! What a connection's handler hears, passed on to a Ruby object.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use magnus::typed_data::Obj;
use magnus::value::{LazyId, ReprValue};
use magnus::{ArgList, Error, RArray, Ruby, TryConvert, Value};
use outpour_server::application::{Client, CloseReason, Incoming, PushHandler, Request};

use crate::bridge::{Bridge, Job};
use crate::failure;
use crate::peer::Peer;
use crate::roots::{self, Root};

static ON_OPEN: LazyId = LazyId::new("on_open");
static ON_MESSAGE: LazyId = LazyId::new("on_message");
static ON_DRAINED: LazyId = LazyId::new("on_drained");
static ON_SHUTDOWN: LazyId = LazyId::new("on_shutdown");
static ON_CLOSE: LazyId = LazyId::new("on_close");
static ON_ERROR: LazyId = LazyId::new("on_error");

/// Which public methods a handler has, asked once.
#[derive(Clone, Copy, Debug)]
struct Has {
    open: bool,
    message: bool,
    drained: bool,
    shutdown: bool,
    close: bool,
    error: bool,
}

impl Has {
    fn ask(handler: Value) -> Result<Self, Error> {
        let responds = |name: &str| handler.respond_to(name, false);
        Ok(Self {
            open: responds("on_open")?,
            message: responds("on_message")?,
            drained: responds("on_drained")?,
            shutdown: responds("on_shutdown")?,
            close: responds("on_close")?,
            error: responds("on_error")?,
        })
    }
}

/// One Ruby handler of one connection.
#[derive(Debug)]
pub(crate) struct Callbacks {
    bridge: Arc<Bridge>,
    /// The client object and its handler.
    pair: Root,
    has: Has,
    /// `GET /listen`, for the log.
    place: Box<str>,
    over: AtomicBool,
}

/// The objects of a callback.
#[derive(Clone, Copy)]
struct Cast {
    peer: Obj<Peer>,
    handler: Value,
}

impl Callbacks {
    /// Keeps `peer` and `handler` until the handler has heard `on_close`.
    ///
    /// # Errors
    /// What `respond_to?` raises.
    pub(crate) fn new(
        ruby: &Ruby,
        bridge: &Arc<Bridge>,
        peer: Obj<Peer>,
        handler: Value,
        request: &Request,
    ) -> Result<Self, Error> {
        let has = Has::ask(handler)?;
        let place = place(request);
        let pair = ruby.ary_new_from_values(&[peer.as_value(), handler]);
        let pair = roots::keep(ruby, pair)?;
        Ok(Self { bridge: Arc::clone(bridge), pair, has, place, over: AtomicBool::new(false) })
    }

    fn cast(&self, ruby: &Ruby) -> Option<Cast> {
        let pair: RArray = roots::find(ruby, self.pair)?;
        let [peer, handler] = pair.to_value_array().ok()?;
        Some(Cast { peer: Obj::try_convert(peer).ok()?, handler })
    }

    /// Calls one method; its exceptions end here.
    fn call(&self, ruby: &Ruby, cast: Cast, method: &LazyId, arguments: impl ArgList) {
        if failure::is_pending() {
            return;
        }
        let method = LazyId::get_inner_with(method, ruby);
        let outcome: Result<Value, Error> = cast.handler.funcall_public(method, arguments);
        if let Err(error) = outcome {
            let name = method.name().unwrap_or_default();
            let handler = name_of(cast.handler);
            failure::report(ruby, &format!("{name} of {handler}, {}", self.place), error);
        }
    }

    /// The handler hears nothing more.
    fn end(&self, ruby: &Ruby) {
        if !self.over.swap(true, Ordering::Relaxed) {
            roots::forget(ruby, self.pair);
        }
    }
}

impl PushHandler for Callbacks {
    fn on_open(&self, client: &Client) {
        let Ok(ruby) = Ruby::get() else { return };
        let Some(cast) = self.cast(&ruby) else { return };
        cast.peer.open(client);
        if self.has.open {
            self.call(&ruby, cast, &ON_OPEN, (cast.peer,));
        }
    }

    fn on_message(&self, _client: &Client, message: Incoming<'_>) {
        if !self.has.message {
            return;
        }
        let Ok(ruby) = Ruby::get() else { return };
        let Some(cast) = self.cast(&ruby) else { return };
        let data = match message {
            Incoming::Text(text) => ruby.str_new(text),
            Incoming::Binary(bytes) => ruby.enc_str_new(bytes, ruby.ascii8bit_encoding()),
        };
        self.call(&ruby, cast, &ON_MESSAGE, (cast.peer, data));
    }

    fn on_drained(&self, _client: &Client) {
        let Ok(ruby) = Ruby::get() else { return };
        if let Some(cast) = self.cast(&ruby) {
            self.call(&ruby, cast, &ON_DRAINED, (cast.peer,));
        }
    }

    fn hears_drained(&self) -> bool {
        self.has.drained
    }

    fn on_shutdown(&self, _client: &Client) {
        if !self.has.shutdown {
            return;
        }
        let Ok(ruby) = Ruby::get() else { return };
        if let Some(cast) = self.cast(&ruby) {
            self.call(&ruby, cast, &ON_SHUTDOWN, (cast.peer,));
        }
    }

    fn on_close(&self, _client: &Client, reason: CloseReason) {
        let Ok(ruby) = Ruby::get() else { return };
        if let Some(cast) = self.cast(&ruby) {
            if self.has.error && is_error(reason) {
                self.call(&ruby, cast, &ON_ERROR, (cast.peer, reason.to_string()));
            }
            if self.has.close {
                self.call(&ruby, cast, &ON_CLOSE, (cast.peer,));
            }
        }
        self.end(&ruby);
    }
}

impl Drop for Callbacks {
    /// The connection may have ended before it was open. This runs on any thread: a Ruby one lets
    /// go of the objects later.
    fn drop(&mut self) {
        if !*self.over.get_mut() {
            self.bridge.post(Job::Forget(self.pair));
        }
    }
}

/// Whether an end is something that `on_error` should hear of. That a peer is gone is none: pages are
/// left that way, and event streams always end so.
fn is_error(reason: CloseReason) -> bool {
    !matches!(
        reason,
        CloseReason::Closed
            | CloseReason::Peer(_)
            | CloseReason::Gone
            | CloseReason::Shutdown
            | CloseReason::Replaced
    )
}

/// What a callback object is called in the log: its own name if it is a class, else its class's.
pub(crate) fn name_of(object: Value) -> String {
    // SAFETY: the name is copied at once.
    let class = unsafe { object.classname() }.into_owned();
    match &*class {
        "Class" | "Module" => object.to_string(),
        _ => class,
    }
}

/// Which request something belongs to.
pub(crate) fn place(request: &Request) -> Box<str> {
    format!("{} {}", request.method(), request.path()).into()
}
