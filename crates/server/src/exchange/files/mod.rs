//! Static files: which one a request means, and the answer that carries it.

mod answer;
mod body;
mod directory;
mod open;
mod try_files;

use std::borrow::Cow;
use std::io;

use outpour_core::files;
use outpour_core::request::Method;
use outpour_core::settings::{GzipStatic, Level, RootKind};
use outpour_core::transport::gzip::{self, Told};
use outpour_core::variables::Environment;

use super::inside::Step;
use super::{Exchange, Note};
pub(crate) use body::FileBody;
use open::{Links, Opened};

impl Exchange {
    /// What the location's files have for the request.
    pub(super) fn content(&mut self, environment: &Environment) -> Step {
        let directory = self.request.path.ends_with(b"/");
        if directory && let Some(step) = self.directory(environment) {
            return step;
        }
        if !matches!(self.request.method, Method::Get | Method::Head | Method::Post) {
            return Step::error(405);
        }
        let name = match self.file_name(environment) {
            Ok(name) => name,
            Err(status) => return Step::error(status),
        };
        if directory {
            self.note(Level::Error, &name, "directory index of", "is forbidden");
            return Step::error(403);
        }
        if let Some(step) = self.compressed(&name, environment) {
            return step;
        }
        match open::open(&name, self.links(&self.links_from(environment))) {
            Err(error) => self.missing(&name, &error),
            Ok(opened) if opened.metadata.is_dir() => self.with_slash(),
            Ok(opened) if !opened.metadata.is_file() => {
                self.note(Level::Crit, &name, "", "is not a regular file");
                Step::error(404)
            }
            Ok(_) if self.request.method == Method::Post => Step::error(405),
            Ok(opened) => self.file_answer(opened, false),
        }
    }

    /// `gzip_static`: the file that was compressed beforehand.
    fn compressed(&mut self, name: &[u8], environment: &Environment) -> Option<Step> {
        let mode = self.settings.files.gzip_static;
        if mode == GzipStatic::Off || !matches!(self.request.method, Method::Get | Method::Head) {
            return None;
        }
        let settings = std::sync::Arc::clone(&self.settings);
        let taken = mode == GzipStatic::Always
            || gzip::acceptable(&settings.gzip, &self.request, Told::NOTHING);
        if !taken && !settings.gzip.vary {
            return None;
        }
        let name = [name, b".gz"].concat();
        let opened = open::open(&name, self.links(&self.links_from(environment))).ok()?;
        self.inside.varies = mode == GzipStatic::On;
        (taken && opened.metadata.is_file()).then(|| self.file_answer(opened, true))
    }

    /// The name of the request's file, or the status for a request that has none.
    fn file_name(&self, environment: &Environment) -> Result<Vec<u8>, u16> {
        let root = &self.settings.files.root;
        let rewrite = &self.state.rewrite;
        if root.kind != RootKind::Root && rewrite.broken {
            let text = "\"alias\" cannot be used in location where URI was rewritten";
            self.note(Level::Alert, &self.request.path, "", text);
            return Err(500);
        }
        if !files::is_safe(root.rest(&self.request.path, rewrite.alias_with_uri)) {
            return Err(404);
        }
        let scope = self.scope(environment, self.started, None);
        Ok(files::map(root, &self.request.path, &scope))
    }

    fn links<'f>(&self, from: &'f [u8]) -> Links<'f> {
        Links { mode: self.settings.files.symlinks, from }
    }

    /// The part of names in which links are not looked at.
    fn links_from(&self, environment: &Environment) -> Cow<'_, [u8]> {
        match &self.settings.files.symlinks_from {
            None => Cow::Borrowed(&[]),
            Some(from) => {
                Cow::Owned(from.evaluate(&self.scope(environment, self.started, None)).into_owned())
            }
        }
    }

    fn missing(&self, name: &[u8], error: &io::Error) -> Step {
        let status = open::status(error);
        if status != 404 || self.settings.files.log_not_found {
            let level = if status == 500 { Level::Crit } else { Level::Error };
            let text = format!("failed ({})", crate::os_error::describe(error));
            self.note(level, name, "open()", &text);
        }
        Step::error(status)
    }

    /// The redirect to a directory that was asked for without its slash.
    fn with_slash(&self) -> Step {
        Step::redirect(301, self.absolute(&self.path_with_slash()))
    }

    /// Remembers a line for the error log.
    fn note(&self, level: Level, name: &[u8], before: &str, behind: &str) {
        let name = String::from_utf8_lossy(name);
        let gap = if before.is_empty() { "" } else { " " };
        let text = format!("{before}{gap}\"{name}\" {behind}");
        self.notes.borrow_mut().push(Note { level, text });
    }
}
