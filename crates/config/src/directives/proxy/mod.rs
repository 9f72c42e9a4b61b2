//! `proxy_pass` and the directives around it.

mod answer;
mod limits;
mod pass;
mod request;
mod tls;

pub(super) use answer::ROWS as ANSWER;
pub(super) use limits::ROWS as LIMITS;
pub(super) use pass::ROWS as PASS;
pub(super) use request::ROWS as REQUEST;
pub(super) use tls::ROWS as TLS;
