//! A running server: its workers and the handle that steers them.

use std::io;

use outpour_core::settings::Settings;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address of a `listen` could not be bound.
    #[error("bind() to {address} failed ({error})")]
    Bind {
        /// The address as nginx writes it: `0.0.0.0:80`, `unix:/run/a.sock`.
        address: String,
        /// What the system said.
        error: io::Error,
    },
    /// A worker could not be started.
    #[error("worker could not be started ({0})")]
    Worker(io::Error),
}

/// A server whose listeners are bound; its workers run from [`Server::run`] on.
#[derive(Debug)]
pub struct Server {}

/// Steers a running server from any thread. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {}

impl Server {
    /// Binds every `listen` of `settings`, once per worker.
    ///
    /// # Errors
    /// The first address that cannot be bound.
    pub fn bind(settings: Settings) -> Result<Self, StartError> {
        let _ = settings;
        Ok(Self {})
    }

    /// The handle that steers this server.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {}
    }

    /// How many workers serve.
    #[must_use]
    pub fn workers(&self) -> usize {
        1
    }

    /// Starts the workers and returns when the last one has ended.
    ///
    /// # Errors
    /// A worker thread that could not be started.
    pub fn run(self) -> Result<(), StartError> {
        Ok(())
    }
}

impl Handle {
    /// Puts new settings in force: new addresses are bound, dropped ones closed; channels,
    /// messages, counters and every connection stay.
    ///
    /// # Errors
    /// An address that cannot be bound: the old settings stay in force.
    pub fn reload(&self, settings: Settings) -> Result<(), StartError> {
        let _ = settings;
        Ok(())
    }

    /// Opens every log file anew (USR1).
    pub fn reopen_logs(&self) {}

    /// Ends at once: subscribers get their footer, 304 or close frame; open requests are dropped.
    pub fn stop(&self) {}

    /// Ends gracefully: subscribers are ended as by `stop`, open requests may finish.
    pub fn quit(&self) {}
}
