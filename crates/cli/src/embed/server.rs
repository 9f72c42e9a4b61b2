//! A running server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use outpour_server::{Handle as Steering, Server as Workers, StartError};

use super::Error;
use super::builder::{Builder, Description};
use crate::{Publication, Refused};

/// A running server. Dropping it stops it at once; see [`Server::shutdown`].
#[derive(Debug)]
pub struct Server {
    handle: Handle,
    thread: Option<JoinHandle<Result<(), StartError>>>,
}

/// Steers a running server from any thread. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    steering: Steering,
    description: Arc<Description>,
}

impl Server {
    /// A server to be described and started.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn start(workers: Workers, description: Description) -> Result<Self, StartError> {
        let description = Arc::new(description);
        let handle = Handle { steering: workers.handle(), description };
        let thread = thread::Builder::new().name("outpour".into()).spawn(|| workers.run())?;
        Ok(Self { handle, thread: Some(thread) })
    }

    /// Steers this server from other threads.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The TCP addresses that it listens on, with the ports that the system has chosen.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.handle.steering.addresses()
    }

    /// Publishes to a channel; see [`Client::publish`](crate::Client::publish).
    ///
    /// # Errors
    /// The channel's name is none, or a limit is reached.
    pub fn publish(
        &self,
        channel: impl AsRef<[u8]>,
        publication: impl Into<Publication>,
    ) -> Result<(), Refused> {
        self.handle.publish(channel, publication)
    }

    /// Ends gracefully and returns when everything has ended: nothing is accepted any more, handlers
    /// may say good-bye ([`PushHandler::on_shutdown`](crate::PushHandler::on_shutdown)), open
    /// requests may finish within the drain timeout.
    pub fn shutdown(mut self) {
        self.handle.shutdown();
        self.join();
    }

    /// Waits until somebody ends the server by its [`Handle`].
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.handle.stop();
            self.join();
        }
    }
}

impl Handle {
    /// Begins a graceful end and returns at once; see [`Server::shutdown`].
    pub fn shutdown(&self) {
        self.steering.quit();
    }

    /// Begins the end and returns at once: open requests are dropped, handlers have 2 s to say
    /// good-bye.
    pub fn stop(&self) {
        self.steering.stop();
    }

    /// Reads the configuration and its certificates anew and puts them into force. Connections stay,
    /// with the settings that their requests began with.
    ///
    /// # Errors
    /// As [`Builder::start`]: what was in force stays so.
    pub fn reload(&self) -> Result<(), Error> {
        Ok(self.steering.reload(self.description.settings()?)?)
    }

    /// Opens every log file anew.
    pub fn reopen_logs(&self) {
        self.steering.reopen_logs();
    }

    /// Publishes to a channel; see [`Client::publish`](crate::Client::publish).
    ///
    /// # Errors
    /// The channel's name is none, or a limit is reached.
    pub fn publish(
        &self,
        channel: impl AsRef<[u8]>,
        publication: impl Into<Publication>,
    ) -> Result<(), Refused> {
        self.steering.publish(channel, publication)
    }
}
