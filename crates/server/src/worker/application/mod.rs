//! Requests and connections of the application.

mod answer;
mod call;
mod end;
mod frames;
mod outbox;
mod stream;
mod subscriptions;
mod upgrade;

pub(super) use subscriptions::Listeners;
