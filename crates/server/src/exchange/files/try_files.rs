//! `try_files`.

use outpour_core::files::is_safe;
use outpour_core::settings::{Fallback, RootKind};
use outpour_core::variables::Environment;

use super::open;
use crate::exchange::Exchange;
use crate::exchange::inside::{Step, split_args};

impl Exchange {
    /// Looks for the candidates; the request gets the path of the one that exists. A step if none
    /// does.
    pub(in crate::exchange) fn try_files(&mut self, environment: &Environment) -> Option<Step> {
        let settings = std::sync::Arc::clone(&self.settings);
        let try_files = settings.files.try_files.as_ref()?;
        let root = &settings.files.root;
        if root.kind != RootKind::Root && self.state.rewrite.broken {
            return Some(Step::error(500));
        }
        for candidate in &try_files.candidates {
            let scope = self.scope(environment, self.started, None);
            let mut name = candidate.name.evaluate(&scope).into_owned();
            if let RootKind::Alias(prefix) = root.kind
                && candidate.name.as_literal().is_none()
                && self.request.path.get(..prefix).is_some_and(|start| name.starts_with(start))
            {
                name.drain(..prefix);
            }
            let file = [&*root.evaluate(&scope), &name].concat();
            let from = self.links_from(environment);
            let found = is_safe(&name).then(|| open::look(&file, self.links(&from)));
            if let Some(Ok(metadata)) = found
                && metadata.is_dir() == candidate.directory
            {
                self.found(root.kind, name, candidate.directory);
                return None;
            }
        }
        match &try_files.fallback {
            Fallback::Status(code) => Some(Step::error(*code)),
            Fallback::Uri(uri) => {
                let scope = self.scope(environment, self.started, None);
                let uri = uri.evaluate(&scope);
                Some(match uri.strip_prefix(b"@") {
                    Some(name) => Step::Named(name.to_vec()),
                    None => {
                        let (path, args) = split_args(&uri);
                        Step::Inside { path: path.to_vec(), args: args.to_vec() }
                    }
                })
            }
        }
    }

    fn found(&mut self, kind: RootKind, name: Vec<u8>, directory: bool) {
        let path = match kind {
            RootKind::Root => name,
            RootKind::Alias(prefix) => {
                [self.request.path.get(..prefix).unwrap_or_default(), &name].concat()
            }
            RootKind::Whole if directory => return,
            RootKind::Whole => {
                self.state.rewrite.alias_with_uri = true;
                name
            }
        };
        self.request.rewrite(Some(path), None);
    }
}
