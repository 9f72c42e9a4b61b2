//! The application is called, and answers now or later.

use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::wire::websocket::{self, Wish};

use super::super::Worker;
use crate::application::{self, Address, Post, Reply, Request, Turn};
use crate::connection::{Asked, ConnectionKey, Ending, Served, State};
use crate::exchange::Exchange;

/// The version of WebSocket that is spoken.
const VERSION: (&str, &[u8]) = ("Sec-WebSocket-Version", b"13");

impl Worker {
    /// Hands a request to the application.
    pub(in super::super) fn call_application(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        body: Vec<u8>,
    ) {
        let Some(port) = self.shared.port() else {
            return self.respond(key, exchange, Answer::page(404));
        };
        if websocket::wish(&exchange.request) == Wish::OtherVersion {
            let answer = Answer::page(426).with(VERSION.0, VERSION.1);
            return self.respond(key, exchange, answer);
        }
        let (application, elsewhere) = (Arc::clone(&port.application), port.executor.is_some());
        self.errands = self.errands.wrapping_add(1);
        let address = Address::new(Arc::clone(&self.shared), self.id, key, self.errands);
        let head = exchange.request.clone();
        let settings = Arc::clone(&exchange.settings);
        let request = Request::new(head, &exchange.peer, body, settings, address);
        if elsewhere {
            let turn = Turn::of_request(application, request.clone());
            if self.await_application(key, exchange, request) {
                self.begin_turn(turn);
            }
            return;
        }
        match application::call(&*application, &request) {
            Reply::Later(_) => {
                self.await_application(key, exchange, request);
            }
            reply @ (Reply::Response(_) | Reply::Upgrade(_)) => {
                self.carry_out_reply(key, exchange, request, reply);
            }
        }
    }

    /// Parks a request until the application answers; false if its client has gone.
    fn await_application(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        request: Request,
    ) -> bool {
        let Some(connection) = self.connection(key) else { return false };
        let asked = Served::Asked(Asked { exchange, request });
        connection.state = State::Application(Box::new(asked));
        if connection.input_ended {
            // No event will tell again.
            self.close(key, Ending::PeerGone);
            return false;
        }
        self.file_deadline(key);
        true
    }

    /// What the application has to say.
    pub(in super::super) fn take_post(&mut self, post: Post) {
        match post {
            Post::Touched(key) => self.touched.push(key),
            Post::Turn(turn) => self.begin_turn(turn),
            Post::Join(key, joining) => self.join_client(key, *joining),
            Post::Leave(key, name) => self.leave_client(key, &name),
            Post::Reply(key, errand, reply) => self.answer_asked(key, errand, reply),
        }
    }

    /// The answer to a request that waits for it, if it still does.
    fn answer_asked(&mut self, key: ConnectionKey, errand: u32, reply: Reply) {
        let Some(connection) = self.connection(key) else { return };
        let waits = match &connection.state {
            State::Application(served) => {
                matches!(&**served, Served::Asked(a) if a.request.address().errand == errand)
            }
            State::Head
            | State::Body(_)
            | State::Held(_)
            | State::Waiting(_)
            | State::Relayed(_)
            | State::Subscribed(_)
            | State::Session(_)
            | State::Closing { .. } => false,
        };
        if !waits {
            return;
        }
        let state = std::mem::replace(&mut connection.state, State::Head);
        if let State::Application(served) = state
            && let Served::Asked(Asked { exchange, request }) = *served
        {
            self.carry_out_reply(key, exchange, request, reply);
            self.go_on(key);
        }
    }

    fn carry_out_reply(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        request: Request,
        reply: Reply,
    ) {
        match reply {
            Reply::Response(response) => {
                let address = request.address().clone();
                self.answer_application(key, exchange, address, response);
            }
            Reply::Upgrade(accept) => match request.upgrade() {
                Some(upgrade) => self.accept_upgrade(key, exchange, request, upgrade, accept),
                None => {
                    let answer = Answer::page(426).with("Upgrade", &b"websocket"[..]);
                    self.respond(key, exchange, answer.with(VERSION.0, VERSION.1));
                }
            },
            Reply::Later(_) => self.respond(key, exchange, Answer::page(500)),
        }
    }

    /// Runs callbacks, or has them run.
    pub(super) fn begin_turn(&mut self, turn: Turn) {
        if let Some(port) = self.shared.port() {
            port.run(turn);
        }
    }
}
