//! Directives that are honoured with a difference to nginx or the module.

/// What is different, and the entry of the list of deviations that tells more.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) directive: &'static str,
    /// Only where the directive's text has this in it.
    word: &'static str,
    pub(crate) deviation: &'static str,
    pub(crate) what: &'static str,
}

const fn differs(
    directive: &'static str,
    word: &'static str,
    deviation: &'static str,
    what: &'static str,
) -> Difference {
    Difference { directive, word, deviation, what }
}

/// Only what somebody could notice who moves a configuration here.
pub(crate) const DIFFERENCES: &[Difference] = &[
    differs(
        "push_stream_channels_statistics",
        "",
        "worker-threads",
        "workers are threads: every row of by_worker has the pid of the process",
    ),
    differs(
        "push_stream_subscriber",
        "websocket",
        "close-codes",
        "refused frames are answered by a close frame with a code, where the module sends none",
    ),
    differs(
        "push_stream_websocket_allow_publish",
        "on",
        "binary-messages",
        "binary messages are published too, where the module closes the connection",
    ),
    differs(
        "nchan_subscriber",
        "",
        "frames-of-subscribers",
        "what a WebSocket sends that only subscribes is dropped, where Nchan closes it",
    ),
    differs(
        "nchan_channel_id_split_delimiter",
        "",
        "ids-of-several",
        "ids of messages have one order for all channels, where Nchan has one for each",
    ),
    differs(
        "large_client_header_buffers",
        "",
        "status-431",
        "header fields that are too large are answered 431, where nginx says 400",
    ),
];

/// What differs about the directive `name`, whose text is `text`.
pub(crate) fn difference(name: &str, text: &str) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|entry| entry.directive == name && text.contains(entry.word))
}
