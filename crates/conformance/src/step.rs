//! One step of a case.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One step: what is done, and then what must come of it. Every field is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The connection, by a name of the case's choice; `main` when nothing is said.
    pub on: Option<String>,
    /// Requests by method: the target.
    pub get: Option<String>,
    /// See `get`.
    pub post: Option<String>,
    /// See `get`.
    pub put: Option<String>,
    /// See `get`.
    pub delete: Option<String>,
    /// See `get`.
    pub options: Option<String>,
    /// See `get`.
    pub head: Option<String>,
    /// `METHOD TARGET` for the other methods.
    pub request: Option<String>,
    /// HTTP version of the request, `1.1` when nothing is said.
    pub version: Option<String>,
    /// Header lines of the request.
    pub headers: Vec<String>,
    /// Value of `Host`; empty leaves the header out.
    pub host: Option<String>,
    /// Body of the request, with `Content-Length`.
    pub data: Option<String>,
    /// Body of the request: a text and how often.
    pub data_repeat: Option<(String, usize)>,
    /// Body of the request in chunks.
    pub data_chunks: Vec<String>,
    /// Bytes to send as they are.
    pub send: Option<String>,
    /// Bytes to send: a text and how often.
    pub send_repeat: Option<(String, usize)>,
    /// Publishes a text through a connection of its own and expects success; after a request of the same step.
    pub publish: Option<String>,
    /// The channel of `publish`; the case's own when nothing is said.
    pub to: Option<String>,
    /// `Event-Id` of `publish`.
    pub event_id: Option<String>,
    /// `Event-Type` of `publish`.
    pub event_type: Option<String>,
    /// Opens a WebSocket on this target and expects the 101.
    pub websocket: Option<String>,
    /// Frames to send, in the notation of the README.
    pub send_frames: Vec<String>,
    /// Opens a connection and sends nothing.
    pub connect: bool,
    /// Closes the connection.
    pub disconnect: bool,
    /// Closes the sending half of the connection.
    pub finish_sending: bool,
    /// Waits, in seconds, before anything else.
    pub wait_s: f64,
    /// Does the step so many times; `{{n}}` counts from 1.
    pub times: Option<usize>,
    /// Repeats the request, at most `times`, until it is answered with this status; every answer before
    /// must be a 200. `{{n2}}` and `{{n4}}` are `{{n}}` with leading zeros.
    pub until_status: Option<u16>,
    /// Leaves the connection of each round open, as `NAME 1`, `NAME 2` and so on.
    pub keep: bool,
    /// Repeats the step from a new connection until it succeeds or `within_s` is over.
    pub retry: bool,
    /// Sends a signal to the server.
    pub signal: Option<String>,
    /// Writes the configuration anew with these overrides on top, by block; a signal may follow.
    pub reconfigure: Option<BTreeMap<String, String>>,

    /// Status of the answer; reads its head.
    pub status: Option<u16>,
    /// Reason phrase.
    pub reason: Option<String>,
    /// An answer with this explanation, `Content-Length: 0`, without `Content-Type`.
    pub explain: Option<String>,
    /// Headers with their values.
    pub header: BTreeMap<String, String>,
    /// Headers that must not be there.
    pub absent: Vec<String>,
    /// The whole body.
    pub body: Option<String>,
    /// The whole body: a text and how often.
    pub body_repeat: Option<(String, usize)>,
    /// A text somewhere in the body.
    pub body_has: Vec<String>,
    /// A text that must not be in the body.
    pub body_lacks: Vec<String>,
    /// Number of bytes of the body.
    pub body_length: Option<usize>,
    /// The next chunks, one by one.
    pub chunks: Vec<String>,
    /// Lengths of the next chunks.
    pub chunk_lengths: Vec<usize>,
    /// Data of the stream, however it is cut into chunks.
    pub stream: Option<String>,
    /// The terminating chunk.
    pub ends: bool,
    /// The stream is gzip; `stream` and `body` are what it unpacks to.
    pub gzip: bool,
    /// The next frames, in the notation of the README.
    pub frames: Vec<String>,
    /// Payload lengths of the next frames.
    pub frame_lengths: Vec<usize>,
    /// The next bytes, exactly.
    pub bytes: Option<String>,
    /// All bytes up to the end of the connection.
    pub rest: Option<String>,
    /// Any of these statuses; reads the head.
    pub status_in: Vec<u16>,
    /// The connection ends, after a 408 or without one.
    pub closed_or_408: bool,
    /// The connection is closed, without anything before.
    pub closed: bool,
    /// Nothing happens on the connection for so many milliseconds.
    pub silence_ms: Option<u64>,
    /// How long an answer may take, in seconds.
    pub within_s: Option<f64>,
    /// Least and greatest number of seconds since the connection's last request when the step is done.
    pub elapsed_s: Option<(f64, f64)>,
    /// Header values to remember, by variable.
    pub capture: BTreeMap<String, String>,
    /// Parts of the body to remember, by variable: a regular expression with one group.
    pub capture_body: BTreeMap<String, String>,
    /// A regular expression and least and greatest value of the number that its group finds in the body.
    pub body_number: Vec<(String, f64, f64)>,
    /// A text that must stand in the server's log.
    pub log_has: Option<String>,
    /// A text that must not stand in the server's log.
    pub log_lacks: Option<String>,
    /// The server ends with this exit code.
    pub exit: Option<i32>,
}

impl Step {
    /// Method and target, when the step is a request.
    pub fn method_and_target(&self) -> Option<(&str, &str)> {
        let sugar = [
            ("GET", &self.get),
            ("POST", &self.post),
            ("PUT", &self.put),
            ("DELETE", &self.delete),
            ("OPTIONS", &self.options),
            ("HEAD", &self.head),
        ];
        let named = sugar.into_iter().find_map(|(method, to)| to.as_deref().map(|to| (method, to)));
        named.or_else(|| self.request.as_deref()?.split_once(' '))
    }

    /// Whether the head of an answer is expected.
    pub fn reads_head(&self) -> bool {
        self.status.is_some() || !self.status_in.is_empty() || self.explain.is_some()
    }

    /// Whether the whole body is looked at.
    pub fn reads_body(&self) -> bool {
        self.body.is_some()
            || self.explain.is_some()
            || self.body_repeat.is_some()
            || self.body_length.is_some()
            || !self.body_has.is_empty()
            || !self.body_lacks.is_empty()
            || !self.body_number.is_empty()
            || !self.capture_body.is_empty()
    }

    /// Whether it spends more than half a second on waiting.
    pub fn waits(&self) -> bool {
        let silence = self.silence_ms.unwrap_or(0) > 500;
        self.wait_s > 0.5 || silence || self.elapsed_s.is_some() || self.retry || self.keep
    }
}
