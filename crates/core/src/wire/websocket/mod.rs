//! WebSocket (RFC 6455): the handshake, frames written, frames read.
