//! The content of a location: `try_files`, then the proxy, a push role or files.

use std::sync::Arc;

use outpour_core::files;
use outpour_core::request::Method;
use outpour_core::settings::{Fallback, Role, RootKind, Service};

use super::explanation::{Line, Outcome};
use super::walk::{Next, Walk, shown};
use super::{FileKind, describe};

impl Walk<'_> {
    pub(super) fn content(&mut self) -> Next {
        if let Some(next) = self.try_files() {
            return next;
        }
        if let Some(proxy) = self.settings.proxy.clone() {
            return Next::Done(describe::proxied(self, &proxy));
        }
        match self.settings.push.role {
            Role::None => self.file(),
            Role::Service(Service::GripPublisher) => Next::Done(describe::items()),
            Role::Service(_) => Next::Done(describe::service()),
            Role::Application => Next::Done(describe::application()),
            Role::Relay(_) => Next::Done(describe::relayed(self)),
            Role::Publisher(_) | Role::Subscriber(_) | Role::Statistics => {
                Next::Done(describe::pushed(self))
            }
        }
    }

    fn try_files(&mut self) -> Option<Next> {
        let settings = Arc::clone(&self.settings);
        let try_files = settings.files.try_files.as_ref()?;
        let root = &settings.files.root;
        let at = self.chain.said(&["try_files"]).first().map(|(_, said)| (&said.place).into());
        let mut lines = Vec::new();
        for candidate in &try_files.candidates {
            let mut name = self.value(&candidate.name);
            if let RootKind::Alias(prefix) = root.kind
                && candidate.name.as_literal().is_none()
                && self
                    .asked
                    .request
                    .path
                    .get(..prefix)
                    .is_some_and(|start| name.starts_with(start))
            {
                name.drain(..prefix);
            }
            let file = [&*root.evaluate(&self.scope()), &name].concat();
            let kind = (self.surroundings.look)(&file).filter(|_| files::is_safe(&name));
            let fits =
                kind.is_some_and(|kind| (kind == FileKind::Directory) == candidate.directory);
            let slash = if candidate.directory && !file.ends_with(b"/") { "/" } else { "" };
            let result = if fits { "is there" } else { "is not there" };
            lines.push(Line::new(at.clone(), format!("{}{slash}", shown(&file)), result));
            if fits {
                let path = match root.kind {
                    RootKind::Alias(prefix) => {
                        let start = self.asked.request.path.get(..prefix).unwrap_or_default();
                        Some([start, &name].concat())
                    }
                    RootKind::Whole if candidate.directory => None,
                    RootKind::Root | RootKind::Whole => Some(name),
                };
                self.state.rewrite.alias_with_uri |= root.kind == RootKind::Whole && path.is_some();
                self.asked.request.rewrite(path, None);
                let path = shown(&self.asked.request.path);
                self.stage("try_files", lines, format!("goes on with \"{path}\""));
                return None;
            }
        }
        let (next, sentence) = match &try_files.fallback {
            Fallback::Status(code) => (Next::Error(*code), format!("nothing is there: {code}")),
            Fallback::Uri(uri) => {
                let uri = self.value(uri);
                let sentence = format!("nothing is there: goes on with \"{}\"", shown(&uri));
                (target(&uri), sentence)
            }
        };
        self.stage("try_files", lines, sentence);
        Some(next)
    }

    fn file(&mut self) -> Next {
        let settings = Arc::clone(&self.settings);
        let root = &settings.files.root;
        let directory = self.asked.request.path.ends_with(b"/");
        let rewritten = root.kind != RootKind::Root && self.state.rewrite.broken;
        let rest = root.rest(&self.asked.request.path, self.state.rewrite.alias_with_uri);
        if rewritten || !files::is_safe(rest) {
            return Next::Error(if rewritten { 500 } else { 404 });
        }
        let name = files::map(root, &self.asked.request.path, &self.scope());
        let reads = matches!(self.asked.request.method, Method::Get | Method::Head);
        if directory && let Some(next) = self.index(&name) {
            return next;
        }
        if directory && reads && settings.files.autoindex.on {
            return Next::Done(describe::listing(&name));
        }
        if !reads && self.asked.request.method != Method::Post {
            return Next::Error(405);
        }
        let kind = (self.surroundings.look)(&name);
        if directory {
            return Next::Error(if kind.is_some() { 403 } else { 404 });
        }
        match kind {
            Some(FileKind::Directory) => {
                let place = [&*self.asked.request.path, b"/"].concat();
                let sentence = format!("redirects to {}: it is a directory", shown(&place));
                Next::Done(Outcome::new("return", sentence).status(301))
            }
            Some(FileKind::File { .. }) if !reads => Next::Error(405),
            Some(FileKind::File { length, .. }) => {
                Next::Done(describe::file(self, &name, length, self.status.unwrap_or(200)))
            }
            Some(FileKind::Other) | None => {
                let line = Line::new(None, shown(&name), "is not there");
                self.stage("file", vec![line], String::new());
                Next::Error(404)
            }
        }
    }

    /// The first file of `index` that is there.
    fn index(&mut self, folder: &[u8]) -> Option<Next> {
        let settings = Arc::clone(&self.settings);
        let args = self.asked.request.args().to_vec();
        let at = self.chain.said(&["index"]).first().map(|(_, said)| (&said.place).into());
        let mut lines = Vec::new();
        for index in &settings.files.index {
            let name = self.value(index);
            let (file, path) = match name.starts_with(b"/") {
                true => (None, name),
                false => {
                    let path = [&*self.asked.request.path, &*name].concat();
                    (Some([folder, &*name].concat()), path)
                }
            };
            let there = file.as_ref().is_none_or(|file| (self.surroundings.look)(file).is_some());
            let result = if there { "is there" } else { "is not there" };
            let text = shown(file.as_deref().unwrap_or(&path));
            lines.push(Line::new(at.clone(), text, result));
            if there {
                self.stage("index", lines, format!("goes on with \"{}\"", shown(&path)));
                return Some(Next::Inside(path, args));
            }
        }
        self.stage("index", lines, "none of them is there");
        None
    }
}

/// Where an address of the configuration leads.
pub(super) fn target(uri: &[u8]) -> Next {
    if let Some(name) = uri.strip_prefix(b"@") {
        return Next::Named(name.to_vec());
    }
    match uri.iter().position(|byte| *byte == b'?') {
        Some(mark) => Next::Inside(uri[..mark].to_vec(), uri[mark + 1..].to_vec()),
        None => Next::Inside(uri.to_vec(), Vec::new()),
    }
}
