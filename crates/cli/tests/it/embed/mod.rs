//! A server within this process, talked to over sockets.

mod basics;
mod bodies;
mod callbacks;
mod channels;
mod examples;
mod executor;
mod hostile;
mod peer;
mod record;
mod requests;
mod shutdown;
