//! The ways in which a connection of the generator waits for messages.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How a connection waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
    /// A response without end.
    #[default]
    Streaming,
    /// Server-sent events.
    EventSource,
    /// A WebSocket.
    Websocket,
    /// Requests that wait for the next message, each with the validators of the last answer.
    LongPolling,
    /// Requests at a rate that are answered at once, with validators.
    Polling,
    /// No subscriber: a connection that is kept open after its first answer.
    KeepAlive,
}

impl Transport {
    /// The name in tables, scenarios and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Streaming => "streaming",
            Self::EventSource => "event-source",
            Self::Websocket => "websocket",
            Self::LongPolling => "long-polling",
            Self::Polling => "polling",
            Self::KeepAlive => "keep-alive",
        }
    }

    /// True if the first request is answered before there is a message.
    pub(crate) fn answers_at_once(self) -> bool {
        self != Self::LongPolling
    }

    /// True if the connection receives messages.
    pub(crate) fn subscribes(self) -> bool {
        self != Self::KeepAlive
    }

    /// True if each message needs a request of its own.
    pub(crate) fn asks_again(self) -> bool {
        matches!(self, Self::LongPolling | Self::Polling)
    }

    /// The request headers beyond `Host`, each with its line end.
    pub(crate) fn headers(self) -> &'static str {
        match self {
            // Nchan takes a request as chunked streaming only if it says so.
            Self::Streaming => "TE: chunked\r\n",
            Self::EventSource => "Accept: text/event-stream\r\n",
            Self::Websocket => {
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            }
            Self::LongPolling | Self::Polling | Self::KeepAlive => "",
        }
    }
}
