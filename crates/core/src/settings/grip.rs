//! GRIP: what an application behind `proxy_pass` may have held for it.

/// `push_stream_grip` and its directives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grip {
    /// WebSockets come to the application as HTTP requests; `push_stream_grip http`: they are handed
    /// on as they are.
    pub websocket: bool,
    /// `push_stream_grip_key`: signs `Grip-Sig`; default none, and no signature.
    pub key: Option<Box<[u8]>>,
    /// Its `iss=`; default `outpour`.
    pub issuer: Box<str>,
}
