//! Where callbacks run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::client::Client;
use super::inbox::Event;
use super::responder::Responder;
use super::{Application, Reply, Request, Response};

/// Decides where callbacks run: given to a server, it gets every call of the application, and every
/// connection that has something to hear, as a [`Turn`].
///
/// A turn is to be run soon, once, on any thread. Turns of different connections may run side by
/// side; of one connection there is never more than one. Called on worker threads: it must not
/// block, and should only enqueue.
pub trait Executor: Send + Sync + 'static {
    /// Takes over a turn.
    fn execute(&self, turn: Turn);
}

impl<F> Executor for F
where
    F: Fn(Turn) + Send + Sync + 'static,
{
    fn execute(&self, turn: Turn) {
        self(turn);
    }
}

/// Callbacks that are to run now: a call of the application, or what one connection's handler has
/// to hear.
///
/// A turn that is dropped without having run is given up: its request is answered with 500, its
/// connection closed (1011).
#[derive(Debug)]
#[must_use = "a turn that is dropped ends its connection"]
pub struct Turn(Option<Inner>);

#[derive(Debug)]
enum Inner {
    Call(Box<Call>),
    Connection(Client, Option<First>),
}

struct First(Event);

impl std::fmt::Debug for First {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Event")
    }
}

struct Call {
    application: Arc<dyn Application>,
    request: Request,
    responder: Responder,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.request.fmt(f)
    }
}

impl Turn {
    pub(crate) fn of_request(application: Arc<dyn Application>, request: Request) -> Self {
        let responder = Responder::new(request.address().clone());
        Self(Some(Inner::Call(Box::new(Call { application, request, responder }))))
    }

    pub(super) fn of_connection(client: Client, first: Event) -> Self {
        Self(Some(Inner::Connection(client, Some(First(first)))))
    }

    /// Runs the turn: `callbacks_max` callbacks at most, one after the other. The turn comes back if
    /// more wait: it is to be run again, behind those of others.
    ///
    /// Panics of callbacks are caught here.
    #[must_use = "what is left has to run, too"]
    pub fn run(mut self, callbacks_max: usize) -> Option<Self> {
        match self.0.take()? {
            Inner::Call(call) => {
                call.run();
                None
            }
            Inner::Connection(client, mut first) => {
                for _ in 0..callbacks_max.max(1) {
                    let event = match first.take() {
                        Some(First(event)) => event,
                        None => client.link().next_event()?,
                    };
                    client.link().handle(&client, event);
                }
                let event = client.link().next_event()?;
                Some(Self::of_connection(client, event))
            }
        }
    }

    /// Whose callbacks these are; `None` for a call of the application.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        match &self.0 {
            Some(Inner::Connection(client, _)) => Some(client),
            Some(Inner::Call(_)) | None => None,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self.0.take() {
            // Its responder says so.
            Some(Inner::Call(_)) | None => {}
            Some(Inner::Connection(client, _)) => client.link().abandon(),
        }
    }
}

impl Call {
    fn run(self) {
        match call(&*self.application, &self.request) {
            Reply::Later(_) => self.responder.forget(),
            reply @ (Reply::Response(_) | Reply::Upgrade(_)) => self.responder.respond(reply),
        }
    }
}

/// Calls the application; a panic becomes a 500.
pub(crate) fn call(application: &dyn Application, request: &Request) -> Reply {
    match catch_unwind(AssertUnwindSafe(|| application.call(request))) {
        Ok(reply) => reply,
        Err(panic) => {
            request.complain("call", panic.as_ref());
            Response::new(500).into()
        }
    }
}
