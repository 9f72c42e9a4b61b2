//! A handler that tells what it hears.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outpour::{Client, CloseReason, Incoming, PushHandler, Reply, Request, Server};

type React = dyn Fn(&Client, &str) + Send + Sync;

/// Says what was called; then does what the test wants.
pub(super) struct Recorder {
    said: Mutex<Sender<String>>,
    react: Box<React>,
}

impl Recorder {
    /// The handler and what it says.
    pub(super) fn new(react: impl Fn(&Client, &str) + Send + Sync + 'static) -> (Arc<Self>, Said) {
        let (said, heard) = channel();
        (Arc::new(Self { said: Mutex::new(said), react: Box::new(react) }), Said(heard))
    }

    fn say(&self, client: &Client, text: &str) {
        let _ = self.said.lock().unwrap().send(text.to_owned());
        (self.react)(client, text);
    }
}

impl PushHandler for Recorder {
    fn on_open(&self, client: &Client) {
        self.say(client, "open");
    }

    fn on_message(&self, client: &Client, message: Incoming<'_>) {
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        self.say(client, &text);
    }

    fn on_drained(&self, client: &Client) {
        self.say(client, "drained");
    }

    fn on_shutdown(&self, client: &Client) {
        self.say(client, "shutdown");
    }

    fn on_close(&self, client: &Client, reason: CloseReason) {
        self.say(client, &format!("close: {reason:?}"));
    }
}

/// What a recorder has said.
pub(super) struct Said(Receiver<String>);

impl Said {
    /// The next call, drained ones left out.
    pub(super) fn next(&self) -> String {
        loop {
            let text = self.any();
            if text != "drained" {
                return text;
            }
        }
    }

    /// The next call.
    pub(super) fn any(&self) -> String {
        self.0.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    /// Nothing was said that was not asked for, and nothing more will be: the handler is gone.
    pub(super) fn over(self) {
        while let Ok(text) = self.0.recv_timeout(Duration::from_secs(10)) {
            assert_eq!(text, "drained");
        }
    }
}

/// A server whose upgradable requests go to one handler.
pub(super) fn serve(handler: Arc<dyn PushHandler>) -> Server {
    let application = move |request: &Request| match request.upgrade() {
        Some(_) => Reply::upgrade(Arc::clone(&handler)).into(),
        None => outpour::Response::text("plain").into(),
    };
    let builder = super::peer::quiet(2);
    builder.application(application).start().unwrap()
}
