//! Locations, `if` blocks and their settings.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use outpour_core::router::{IfBlock, Statement};
use outpour_core::settings::{
    AccessLog, Expires, Gzip, Location, LocationSettings, Matcher, Role, SubscriberPolicy, Types,
};

use crate::draft::{Block, Given, GzipDraft, Step, StoreDraft};

use super::Lowering;
use super::guard::real_ip;
use super::http::MINUTE;

/// Types that `charset` is added to, by default.
const CHARSET_TYPES: [&[u8]; 6] = [
    b"text/html",
    b"text/xml",
    b"text/plain",
    b"text/vnd.wap.wml",
    b"application/javascript",
    b"application/rss+xml",
];

impl Lowering<'_> {
    pub(super) fn location(&mut self, mut block: Block, outer: &Block, http: &Block) -> Location {
        block.inherit(outer, &http.store);
        self.resolve_role(&mut block);
        self.path_from_conditions(&mut block);
        self.check_push(&block, &http.store);
        self.check_relay(&block);
        self.check_exposure(&block);
        let script = self.script(std::mem::take(&mut block.script), &block, http, true);
        let blocks = std::mem::take(&mut block.blocks);
        self.check_duplicates(&blocks);
        let locations =
            blocks.into_iter().map(|inner| self.location(inner, &block, http)).collect();
        let settings = Arc::new(self.location_settings(&block, &http.store));
        let matcher =
            block.matcher.unwrap_or(Matcher::Prefix { path: Box::from([]), no_regex: false });
        Location { matcher, settings, script, locations }
    }

    /// Statements; `if` blocks get the settings of `outer` as they change them.
    pub(super) fn script(
        &mut self,
        steps: Vec<Step>,
        outer: &Block,
        http: &Block,
        in_location: bool,
    ) -> Vec<Statement> {
        let mut out = Vec::with_capacity(steps.len());
        for step in steps {
            out.push(match step {
                Step::Set { slot, value } => Statement::Set { slot, value },
                Step::SetArgs(value) => Statement::SetArgs(value),
                Step::Return { status, text } => Statement::Return { status, text },
                Step::Break => Statement::Break,
                Step::Rewrite(rewrite) => Statement::Rewrite(rewrite),
                Step::If(condition, block) => {
                    let (script, settings) = self.condition(*block, outer, http, in_location);
                    Statement::If(Box::new(IfBlock { condition, script, settings }))
                }
            });
        }
        out
    }

    fn condition(
        &mut self,
        mut block: Block,
        outer: &Block,
        http: &Block,
        in_location: bool,
    ) -> (Vec<Statement>, Option<Arc<LocationSettings>>) {
        let steps = std::mem::take(&mut block.script);
        if in_location {
            block.inherit(outer, &http.store);
            if block.proxy.pass.is_none() {
                block.push.role = outer.push.role;
                block.relay.ways = outer.relay.ways;
                block.proxy.pass.clone_from(&outer.proxy.pass);
            }
            block.label.clone_from(&outer.label);
        }
        let script = self.script(steps, &block, http, in_location);
        let settings = (in_location && block.changes)
            .then(|| Arc::new(self.location_settings(&block, &http.store)));
        (script, settings)
    }

    /// nginx finds equal locations when it sorts them.
    pub(super) fn check_duplicates(&mut self, blocks: &[Block]) {
        let mut known: HashMap<(bool, &[u8]), ()> = HashMap::new();
        for block in blocks {
            let exact = match block.matcher {
                Some(Matcher::Exact(_)) => true,
                Some(Matcher::Prefix { .. }) => false,
                Some(Matcher::Regex(_) | Matcher::Named(_)) | None => continue,
            };
            if known.insert((exact, &block.pattern), ()).is_some() {
                let name = String::from_utf8_lossy(&block.pattern).into_owned();
                self.report.emerg(block.at, format!("duplicate location \"{name}\""));
            }
        }
    }

    /// The settings of a block that has inherited already.
    pub(super) fn location_settings(
        &mut self,
        block: &Block,
        store: &StoreDraft,
    ) -> LocationSettings {
        let core = &block.core;
        let (keepalive_timeout, keepalive_header) =
            core.keepalive_timeout.unwrap_or((Duration::from_secs(75), None));
        let types = core.types.clone().unwrap_or_else(default_types);
        let default_type = core.default_type.clone().unwrap_or_else(|| Box::from(*b"text/plain"));
        LocationSettings {
            name: block.label.as_str().into(),
            origin: self.origin(block.at),
            push: self.push(block, store),
            files: self.files(&block.files),
            proxy: self.proxy(block),
            real_ip: real_ip(&block.guard),
            guard: self.guard(&block.guard),
            hooks: block.hooks.finish(),
            add_headers: core.add_headers.clone().unwrap_or_default(),
            expires: core.expires.clone().unwrap_or(Expires::Off),
            default_type: with_charset(&default_type, block),
            types: typed(types, block),
            gzip: gzip(&core.gzip),
            client_max_body_size: match core.client_max_body_size.unwrap_or(1 << 20) {
                0 => None,
                bytes => Some(bytes),
            },
            client_body_timeout: core.client_body_timeout.unwrap_or(MINUTE),
            send_timeout: core.send_timeout.unwrap_or(MINUTE),
            keepalive_timeout,
            keepalive_header,
            keepalive_requests: core.keepalive_requests.unwrap_or(1000),
            lingering_timeout: core.lingering_timeout.unwrap_or(Duration::from_secs(5)),
            reset_timedout_connection: core.reset_timedout_connection.unwrap_or(false),
            server_tokens: core.server_tokens.unwrap_or(true),
            tcp_nodelay: core.tcp_nodelay.unwrap_or(true),
            chunked_transfer_encoding: core.chunked_transfer_encoding.unwrap_or(true),
            subscriber_buffer_size: block.push.subscriber_buffer_size.unwrap_or(1 << 20),
            subscriber_policy: block.push.subscriber_policy.unwrap_or(SubscriberPolicy::Disconnect),
            access_log: access_logs(block),
            error_log: core.error_log.clone().unwrap_or_default(),
        }
    }

    /// `if` blocks that set the path by its old variable: without them the path is that variable,
    /// which is empty then.
    fn path_from_conditions(&mut self, block: &mut Block) {
        if block.push.channels_path.is_some() || block.push.role.is_none() {
            return;
        }
        let inner = block.script.iter().find_map(|step| match step {
            Step::If(_, inner) => inner.push.channels_path.clone().filter(|_| inner.changes),
            Step::Set { .. }
            | Step::SetArgs(_)
            | Step::Return { .. }
            | Step::Break
            | Step::Rewrite(_) => None,
        });
        if let Some(Given { value, at }) = inner
            && self.is_old_variable(&value)
        {
            block.push.channels_path = Some(Given { value, at });
        }
    }
}

/// The access logs, with the cache of their block.
fn access_logs(block: &Block) -> Vec<AccessLog> {
    let open_files = block.core.open_log_file_cache.flatten();
    let logs = block.core.access_log.iter().flatten();
    logs.map(|log| AccessLog { open_files, ..log.clone() }).collect()
}

fn gzip(draft: &GzipDraft) -> Gzip {
    Gzip {
        on: draft.on.unwrap_or(false),
        types: draft.types.clone().unwrap_or_else(|| vec![Box::from(*b"text/html")]),
        min_length: draft.min_length.unwrap_or(20),
        level: draft.level.unwrap_or(1),
        http10: draft.http10.unwrap_or(false),
        vary: draft.vary.unwrap_or(false),
        proxied: draft.proxied.flatten(),
        disable: draft.disable.clone(),
    }
}

/// nginx's types without a `types` block.
fn default_types() -> Arc<Types> {
    let pairs: [(&[u8], &[u8]); 3] =
        [(b"html", b"text/html"), (b"gif", b"image/gif"), (b"jpg", b"image/jpeg")];
    let by_extension = pairs.into_iter().map(|(e, t)| (Box::from(e), Box::from(t))).collect();
    Arc::new(Types { by_extension })
}

/// A content type with the `charset` of its block, if it is one of the types that get it.
pub(super) fn with_charset(content_type: &[u8], block: &Block) -> Box<[u8]> {
    let Some(Some(charset)) = &block.core.charset else { return content_type.into() };
    let covered = match &block.core.charset_types {
        Some(types) => types.iter().any(|t| **t == *b"*" || **t == *content_type),
        None => CHARSET_TYPES.contains(&content_type),
    };
    match covered {
        true => [content_type, b"; charset=", charset].concat().into(),
        false => content_type.into(),
    }
}

fn typed(types: Arc<Types>, block: &Block) -> Arc<Types> {
    if !matches!(block.core.charset, Some(Some(_))) {
        return types;
    }
    let pairs = types.by_extension.iter();
    let by_extension = pairs.map(|(e, t)| (e.clone(), with_charset(t, block))).collect();
    Arc::new(Types { by_extension })
}

/// The role of a block.
pub(super) fn role(block: &Block) -> Role {
    block.push.role.map_or(Role::None, |given| given.value)
}
