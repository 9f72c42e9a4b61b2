//! From a request to the settings that serve it: server, location, rewrite script.

mod content_type;
mod expires;
mod headers;
mod location;
mod rewrite;
mod script;
mod server;
#[cfg(test)]
pub(crate) mod tests;
mod watch;

pub use content_type::{content_type, content_type_of};
pub use headers::extra_headers;
pub use location::{Place, find_location, find_named, watch_location};
pub use rewrite::{Flow, Rewrite};
pub use script::{Condition, FileTest, IfBlock, Statement, Verdict, run, watch_run};
pub use server::{ServerIndex, find_name, find_server};
pub use watch::{Event, Fit, Watch};
