//! `outpour explain`: what a configuration does with one request, and why.
//!
//! Routing, scripts and access are core's own, watched; nothing is read, sent or published. Only
//! whether files exist is asked, because `try_files`, `index` and `if (-f ...)` depend on it.

mod content;
mod describe;
mod explanation;
mod files;
mod json;
mod names;
mod places;
mod question;
mod settings;
mod text;
mod walk;
mod watcher;

use outpour_config::Inspection;
use outpour_core::now::Now;
use outpour_core::variables::Environment;

pub use explanation::Explanation;
pub use files::{FileKind, Look, look};
pub use question::Question;

use question::Asked;
use walk::Walk;

/// What an explanation needs beside configuration and question.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What variables say about the process.
    pub environment: Environment,
    /// The time.
    pub now: Now,
    /// What is known about files.
    pub look: Look,
}

/// Explains what becomes of a request.
///
/// # Errors
/// A sentence, if the configuration cannot be used or the question is none.
pub fn explain(
    inspection: &Inspection,
    question: &Question,
    surroundings: &Surroundings,
) -> Result<Explanation, String> {
    let settings = inspection.loaded.settings.as_ref();
    let settings = settings.ok_or("the configuration cannot be used: see `outpour check`")?;
    let http = settings.http.as_ref().ok_or("there is no `http` block: nothing is served")?;
    let main = inspection.origin.as_ref().ok_or("there is no configuration")?;
    let origin = main.blocks.first().ok_or("there is no `http` block: nothing is served")?;
    let asked = Asked::new(http, question)?;
    Ok(Walk::new(http, origin, asked, surroundings).run())
}
