//! Why a server did not start.

use outpour_server::StartError;

/// Why a server did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The configuration has mistakes: each in nginx's form, with its place.
    Configuration(Vec<String>),
    /// There is nothing to serve: neither an application nor a configuration.
    Nothing,
    /// [`Builder::listen`](super::Builder::listen) stands beside a configuration, which has its own
    /// `listen`.
    ListenTwice,
    /// An address cannot be bound, a certificate not be used, or the like.
    Start(StartError),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Configuration(mistakes) => f.write_str(&mistakes.join("\n")),
            Self::Nothing => f.write_str("neither an application nor a configuration"),
            Self::ListenTwice => {
                f.write_str("listen addresses belong into the configuration that was given")
            }
            Self::Start(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}
