//! Directories: `index` and `autoindex`.

use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use outpour_core::answer::Answer;
use outpour_core::files::is_safe;
use outpour_core::files::listing::{self, Entry, Kind};
use outpour_core::request::Method;
use outpour_core::settings::RootKind;
use outpour_core::variables::{Environment, LocalTime};

use super::open;
use crate::exchange::Exchange;
use crate::exchange::inside::Step;

impl Exchange {
    /// The answer to a path that ends in a slash; `None` if nothing here has one.
    pub(super) fn directory(&mut self, environment: &Environment) -> Option<Step> {
        let reads = matches!(self.request.method, Method::Get | Method::Head);
        if (reads || self.request.method == Method::Post)
            && let Some(step) = self.index(environment)
        {
            return Some(step);
        }
        (reads && self.settings.files.autoindex.on).then(|| self.autoindex(environment))
    }

    /// The first file of `index` that exists, as a redirect inside the server.
    fn index(&self, environment: &Environment) -> Option<Step> {
        let settings = &self.settings;
        let scope = self.scope(environment, self.started, None);
        let from = self.links_from(environment);
        let mut folder = None;
        for index in &settings.files.index {
            let name = index.evaluate(&scope);
            let args = self.request.args().to_vec();
            if name.starts_with(b"/") {
                return Some(Step::Inside { path: name.into_owned(), args });
            }
            if folder.is_none() {
                match self.file_name(environment) {
                    Ok(name) => folder = Some((name, false)),
                    Err(status) => return Some(Step::error(status)),
                }
            }
            let Some((folder, tested)) = &mut folder else { continue };
            if !is_safe(&name) {
                continue;
            }
            let file = [folder.as_slice(), &name].concat();
            let Err(error) = open::look(&file, self.links(&from)) else {
                let path = [self.request.path.as_slice(), &name].concat();
                return Some(Step::Inside { path, args });
            };
            if error.kind() != io::ErrorKind::NotFound {
                return Some(self.missing(&file, &error));
            }
            if !*tested {
                *tested = true;
                if let Err(error) = open::look(folder, self.links(&from)) {
                    let unreadable = error.kind() == io::ErrorKind::PermissionDenied;
                    if !unreadable || settings.files.root.kind == RootKind::Whole {
                        return Some(self.missing(&file, &error));
                    }
                }
            }
        }
        None
    }

    /// What the directory holds.
    fn autoindex(&self, environment: &Environment) -> Step {
        let folder = match self.file_name(environment) {
            Ok(folder) => folder,
            Err(status) => return Step::error(status),
        };
        let from = self.links_from(environment);
        if let Err(error) = open::look(&folder, self.links(&from)) {
            return self.missing(&folder, &error);
        }
        let mut entries = match entries(&folder) {
            Ok(entries) => entries,
            Err(error) => return self.missing(&folder, &error),
        };
        listing::sort(&mut entries);
        let settings = self.settings.files.autoindex;
        let answer = Answer::new(self.inside.status.unwrap_or(200));
        if settings.json {
            return Step::answer(answer.body(&b"application/json"[..], listing::json(&entries)));
        }
        let offset = match settings.localtime {
            true => environment.local_time,
            false => LocalTime::default(),
        };
        let page = listing::html(&self.request.path, &entries, settings.exact_size, offset);
        let content_type = outpour_core::router::content_type_of(&self.settings, b"text/html");
        Step::answer(answer.body(content_type, page))
    }
}

/// The visible entries, unsorted.
fn entries(folder: &[u8]) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for found in std::fs::read_dir(Path::new(std::ffi::OsStr::from_bytes(folder)))? {
        let found = found?;
        let name = found.file_name().into_vec();
        if name.starts_with(b".") {
            continue;
        }
        let Ok(metadata) = std::fs::metadata(found.path()).or_else(|_| found.metadata()) else {
            continue;
        };
        let kind = match () {
            () if metadata.is_dir() => Kind::Directory,
            () if metadata.is_file() => Kind::File,
            () => Kind::Other,
        };
        let modified = u64::try_from(metadata.mtime()).unwrap_or(0);
        entries.push(Entry { name, kind, modified, length: metadata.len() });
    }
    Ok(entries)
}
