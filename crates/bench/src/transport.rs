//! The ways in which a connection waits for messages, and what it sends first.

use clap::ValueEnum;

/// How an idle connection of the benchmark waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// A streaming subscriber.
    Streaming,
    /// An EventSource subscriber.
    EventSource,
    /// A WebSocket subscriber.
    Websocket,
    /// A long-polling request that waits.
    LongPolling,
    /// A connection without a request, kept open after its first answer.
    KeepAlive,
}

impl Transport {
    /// Every transport, in the order of the report.
    pub(crate) const ALL: [Self; 5] =
        [Self::Streaming, Self::EventSource, Self::Websocket, Self::LongPolling, Self::KeepAlive];

    /// The name in tables and JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Streaming => "streaming",
            Self::EventSource => "event source",
            Self::Websocket => "websocket",
            Self::LongPolling => "long-polling",
            Self::KeepAlive => "idle keep-alive",
        }
    }

    /// True if the server answers at once; a waiting long-poll has nothing before its message.
    pub(crate) fn answers_at_once(self) -> bool {
        self != Self::LongPolling
    }

    /// True if the connection is a subscription to the channel.
    pub(crate) fn subscribes(self) -> bool {
        self != Self::KeepAlive
    }

    /// The request that makes a new connection wait on `channel`.
    pub(crate) fn request(self, channel: &str) -> Vec<u8> {
        let location = match self {
            Self::Streaming => "sub",
            Self::EventSource => "ev",
            Self::Websocket => "ws",
            Self::LongPolling => "lp",
            Self::KeepAlive => return get("/channels-stats", ""),
        };
        get(&format!("/{location}/{channel}"), self.headers())
    }

    /// The headers beyond `Host`, each with its line end.
    fn headers(self) -> &'static str {
        match self {
            Self::Websocket => {
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            }
            Self::Streaming | Self::EventSource | Self::LongPolling | Self::KeepAlive => "",
        }
    }
}

/// A GET request for `target` with further header lines.
fn get(target: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}
