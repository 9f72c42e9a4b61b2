//! A Rack application as the server calls it.

use std::sync::Arc;

use magnus::value::{LazyId, ReprValue};
use magnus::{Error, RHash, Ruby, Value};
use outpour_server::application::{Application, Reply, Request, Response};

use crate::answer::Answer;
use crate::bridge::Bridge;
use crate::callbacks::{Callbacks, name_of, place};
use crate::peer::Peer;
use crate::roots::{self, Root};
use crate::{environment, failure, names};

static CALL: LazyId = LazyId::new("call");

/// Calls `app.call(env)` on a Ruby thread.
#[derive(Debug)]
pub(crate) struct RackApplication {
    bridge: Arc<Bridge>,
    app: Root,
    template: Root,
}

impl RackApplication {
    /// Keeps `app` for as long as the process lives.
    ///
    /// # Errors
    /// Ruby has no memory left.
    pub(crate) fn new(
        ruby: &Ruby,
        bridge: &Arc<Bridge>,
        app: Value,
        threads: usize,
    ) -> Result<Self, Error> {
        let template = environment::template(ruby, threads)?;
        Ok(Self { bridge: Arc::clone(bridge), app: roots::keep(ruby, app)?, template })
    }

    fn answer(&self, ruby: &Ruby, request: &Request) -> Result<Reply, Error> {
        let env = environment::environment(ruby, self.template, request)?;
        let app: Value = roots::find(ruby, self.app).unwrap_or_else(|| ruby.qnil().as_value());
        let answer: Value = app.funcall_public(LazyId::get_inner_with(&CALL, ruby), (env,))?;
        let answer = Answer::read(ruby, answer)?;
        match self.accepted(ruby, request, env, &answer)? {
            Some(callbacks) => answer.upgrade(callbacks),
            None => answer.send(ruby, request),
        }
    }

    /// The callbacks, if the application accepted an upgrade: it has left an object in its
    /// environment and answers with a status below 300.
    fn accepted(
        &self,
        ruby: &Ruby,
        request: &Request,
        env: RHash,
        answer: &Answer,
    ) -> Result<Option<Callbacks>, Error> {
        if request.upgrade().is_none() || answer.status >= 300 {
            return Ok(None);
        }
        let handler = env.get(names::RACK_UPGRADE.get(ruby)).filter(|value| value.to_bool());
        let Some(handler) = handler else { return Ok(None) };
        let Some(peer) = Peer::of_request(ruby, &self.bridge, request, env, handler) else {
            return Ok(None);
        };
        Callbacks::new(ruby, &self.bridge, peer, handler, request).map(Some)
    }
}

impl Application for RackApplication {
    fn call(&self, request: &Request) -> Reply {
        let Ok(ruby) = Ruby::get() else { return failed() };
        self.answer(&ruby, request).unwrap_or_else(|error| {
            let app = roots::find::<Value>(&ruby, self.app).map(name_of).unwrap_or_default();
            failure::report(&ruby, &format!("call of {app}, {}", place(request)), error);
            failed()
        })
    }
}

/// What a client is told of an exception: nothing else.
fn failed() -> Reply {
    let text = "text/plain; charset=utf-8";
    Response::new(500).header("Content-Type", text).body("Internal Server Error\n").into()
}
