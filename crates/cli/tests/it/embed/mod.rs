//! A server within this process, talked to over sockets.

mod basics;
mod peer;
