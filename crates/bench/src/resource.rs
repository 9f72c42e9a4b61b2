//! What is requested where connections ask instead of waiting for messages.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What every connection asks for, again as soon as it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Resource {
    /// A static file.
    File,
    /// What an upstream answers, through the server.
    Proxied,
}

impl Resource {
    /// What it is in titles.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Proxied => "proxied answers",
        }
    }

    /// Its path on a started server.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::File => "/files/file.html",
            Self::Proxied => "/proxied/answer",
        }
    }
}

/// The content of that file and of those answers: `size` bytes of text.
pub(crate) fn content(size: u32) -> Vec<u8> {
    b"outpour bench\n".iter().copied().cycle().take(usize::try_from(size).unwrap_or(0)).collect()
}
