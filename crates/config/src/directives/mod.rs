//! The table of directives: one row each, with everything there is to know about it.

mod access;
mod auth;
mod difference;
mod divide;
mod events;
mod files;
mod foreign;
mod grip;
mod hooks;
mod http;
mod http2;
mod limits;
mod links;
mod listen;
mod location;
mod log;
mod map;
mod nchan;
mod old;
mod padding;
mod process;
mod proxy;
mod push_stream;
mod real_ip;
mod redirect;
mod relay;
mod rewrite;
mod server_name;
mod service;
mod table;
mod tls;
mod types;
mod upstream;

#[cfg(test)]
pub(crate) use difference::DIFFERENCES;
pub(crate) use difference::difference;
#[cfg(test)]
pub(crate) use foreign::lists as foreign_lists;
pub(crate) use foreign::{Family, Foreign, families};
pub(crate) use log::COMBINED;
pub(crate) use rewrite::OLD_VARIABLES;
pub(crate) use table::{
    Contexts, Directive, Kind, all_names, find, find_in, inner_rows, names_in, rows,
};
