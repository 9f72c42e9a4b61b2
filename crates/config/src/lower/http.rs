//! The `http` block and its servers.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::settings::{
    AccessLog, Http, Http2, Level, Location, LogTarget, Main, RelayDialect, Server, ServerName,
    ServerSettings, Store,
};
use outpour_core::variables::{Expression, Map, Piece, Variable};

use crate::draft::{Block, Http2Draft, LimitsDraft, StoreDraft};
use crate::source::Span;

use super::{Lowering, exposure};

/// What files that use old names get without `push_stream_shared_memory_size`.
const OLD_MEMORY_SIZE: u64 = 32 << 20;

/// The same for files that use Nchan's names only.
const NCHAN_MEMORY_SIZE: u64 = 128 << 20;

impl Lowering<'_> {
    pub(super) fn http(&mut self, mut http: Block, main: &Main) -> Http {
        self.check_cycles();
        let scattered = std::mem::take(&mut self.scattered);
        http.store.inherit(&scattered);
        if http.core.error_log.is_none() {
            http.core.error_log = Some(main.error_log.clone());
        }
        if http.core.access_log.is_none() && self.logs {
            let target = LogTarget::File(self.prefix.join("logs/access.log"));
            let log =
                AccessLog { target, format: 0, condition: None, buffer: None, open_files: None };
            http.core.access_log = Some(vec![log]);
        }
        self.upstreams(&http.upstreams);
        let mut blocks = std::mem::take(&mut http.blocks);
        for server in &mut blocks {
            server.inherit(&http, &http.store);
        }
        let listens = self.listens(&blocks);
        let servers: Vec<Server> =
            blocks.into_iter().map(|server| self.server(server, &http)).collect();
        let push_used = servers.iter().any(uses_push);
        if push_used {
            self.check_store(&http.store, http.at);
        }
        let settings = Arc::new(self.location_settings(&http, &http.store));
        Http {
            push_used,
            store: self.store(&http.store),
            listens,
            servers,
            maps: std::mem::take(&mut self.maps).into_iter().map(|(map, ..)| map).collect(),
            upstreams: std::mem::take(&mut self.upstreams),
            set_slots: self.names.slots(),
            log_formats: std::mem::take(&mut self.formats),
            settings,
        }
    }

    fn server(&mut self, mut server: Block, http: &Block) -> Server {
        // Only files of old releases have roles here.
        self.resolve_role(&mut server);
        self.check_push(&server, &http.store);
        self.check_relay(&server);
        self.exposed = exposure::is_exposed(&server);
        self.check_exposure(&server);
        let script = self.script(std::mem::take(&mut server.script), &server, http, false);
        let blocks = std::mem::take(&mut server.blocks);
        self.check_duplicates(&blocks);
        let locations =
            blocks.into_iter().map(|inner| self.location(inner, &server, http)).collect();
        let settings = Arc::new(self.location_settings(&server, &http.store));
        let mut names: Vec<ServerName> =
            server.names.iter().flat_map(|name| name.ways.iter().cloned()).collect();
        if names.is_empty() {
            names.push(ServerName::Exact(Box::from([])));
        }
        let name = server.names.first().map(|name| name.written.clone()).unwrap_or_default();
        let tls = Arc::new(self.tls(&server.tls));
        let (limits, http2) = (limits(&server.limits), http2(&server.http2));
        Server { name, names, script, settings, locations, limits, tls, http2 }
    }

    /// The checks of the `http` level; they run only if a role is used.
    fn check_store(&mut self, store: &StoreDraft, at: Span) {
        for (name, given) in store.zeros() {
            if given.value {
                let message = format!("push stream module: {name} cannot be zero.");
                self.report.error(given.at, message);
            }
        }
        // A size that was refused has been spoken of.
        if store.shared_memory_size.is_some() || self.report.failed() {
            return;
        }
        if self.relay_used.is_some() && !self.stream_used {
            return;
        }
        let chosen = if self.old_file {
            "32M as in the releases until 0.3.5"
        } else {
            "a quarter of the machine's memory"
        };
        let text = "push stream module: push_stream_shared_memory_size must be set.";
        self.report.notice(at, format!("{text} Without it, {chosen} is used"));
    }

    /// A `map` whose value depends on itself can have no value.
    fn check_cycles(&mut self) {
        let edges: Vec<Vec<usize>> = self.maps.iter().map(|(map, ..)| map_uses(map)).collect();
        let mut state = vec![Visit::New; edges.len()];
        for start in 0..edges.len() {
            if cyclic(start, &edges, &mut state) {
                let (_, at, name) = &self.maps[start];
                let message = format!("cycle while evaluating variable \"{name}\"");
                self.report.emerg(*at, message);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    New,
    Open,
    Done,
}

/// Whether a walk from `start` meets a map that is still being walked. Without recursion: chains
/// of maps may be long.
fn cyclic(start: usize, edges: &[Vec<usize>], state: &mut [Visit]) -> bool {
    if state[start] != Visit::New {
        return false;
    }
    let mut found = false;
    let mut stack = vec![(start, 0)];
    state[start] = Visit::Open;
    while let Some((node, next)) = stack.last_mut() {
        let Some(&target) = edges[*node].get(*next) else {
            state[*node] = Visit::Done;
            stack.pop();
            continue;
        };
        *next += 1;
        match state.get(target) {
            Some(Visit::Open) => found = true,
            Some(Visit::New) => {
                state[target] = Visit::Open;
                stack.push((target, 0));
            }
            Some(Visit::Done) | None => {}
        }
    }
    found
}

fn map_uses(map: &Map) -> Vec<usize> {
    let values = map.entries.iter().map(|(_, value)| value);
    let all = values.chain([&map.source, &map.default]);
    let uses = |expression: &Expression| -> Vec<usize> {
        let map = |piece: &Piece| match piece {
            Piece::Variable(Variable::Map(index)) => Some(*index),
            Piece::Variable(_) | Piece::Literal(_) => None,
        };
        expression.pieces.iter().filter_map(map).collect()
    };
    let mut uses: Vec<usize> = all.flat_map(uses).collect();
    uses.sort_unstable();
    uses.dedup();
    uses
}

fn uses_push(server: &Server) -> bool {
    fn any(locations: &[Location]) -> bool {
        locations.iter().any(|l| Lowering::has_role(&l.settings) || any(&l.locations))
    }
    Lowering::has_role(&server.settings) || any(&server.locations)
}

fn limits(draft: &LimitsDraft) -> ServerSettings {
    let default = ServerSettings::default();
    ServerSettings {
        client_header_timeout: draft.client_header_timeout.unwrap_or(default.client_header_timeout),
        client_header_buffer_size: draft
            .client_header_buffer_size
            .unwrap_or(default.client_header_buffer_size),
        large_client_header_buffers: draft
            .large_client_header_buffers
            .unwrap_or(default.large_client_header_buffers),
        ignore_invalid_headers: draft
            .ignore_invalid_headers
            .unwrap_or(default.ignore_invalid_headers),
        underscores_in_headers: draft
            .underscores_in_headers
            .unwrap_or(default.underscores_in_headers),
        merge_slashes: draft.merge_slashes.unwrap_or(default.merge_slashes),
    }
}

fn http2(draft: &Http2Draft) -> Http2 {
    let default = Http2::default();
    let number = |given: u64| u32::try_from(given).unwrap_or(u32::MAX);
    Http2 {
        on: draft.on.unwrap_or(default.on),
        max_concurrent_streams: draft
            .max_concurrent_streams
            .map_or(default.max_concurrent_streams, number),
        chunk_size: draft.chunk_size.unwrap_or(default.chunk_size),
        body_preread_size: draft
            .body_preread_size
            .map_or(default.body_preread_size, |size| number(size as u64)),
    }
}

fn store(draft: &StoreDraft) -> Store {
    let default = Store::default();
    let text = |given: &Option<Box<[u8]>>, default: Box<[u8]>| given.clone().unwrap_or(default);
    let number = |given: &Option<crate::draft::Given<u64>>| given.map(|given| given.value);
    Store {
        shared_memory_size: number(&draft.shared_memory_size),
        zone: draft.zone.clone().unwrap_or(default.zone),
        channel_deleted_message_text: text(
            &draft.channel_deleted_message_text,
            default.channel_deleted_message_text,
        ),
        channel_inactivity_time: draft
            .channel_inactivity_time
            .unwrap_or(default.channel_inactivity_time),
        ping_message_text: text(&draft.ping_message_text, default.ping_message_text),
        timeout_with_body: draft.timeout_with_body.unwrap_or(default.timeout_with_body),
        message_ttl: draft.message_ttl.map(|given| given.value).or(default.message_ttl),
        max_subscribers_per_channel: number(&draft.max_subscribers_per_channel),
        max_messages_stored_per_channel: number(&draft.max_messages_stored_per_channel),
        max_channel_id_length: number(&draft.max_channel_id_length),
        max_number_of_channels: number(&draft.max_number_of_channels),
        max_number_of_wildcard_channels: number(&draft.max_number_of_wildcard_channels),
        wildcard_channel_prefix: text(
            &draft.wildcard_channel_prefix,
            default.wildcard_channel_prefix,
        ),
        events_channel_id: text(&draft.events_channel_id, default.events_channel_id),
    }
}

impl Lowering<'_> {
    fn store(&self, draft: &StoreDraft) -> Store {
        let mut store = store(draft);
        if store.shared_memory_size.is_none() {
            store.shared_memory_size = match self.relay_used.filter(|_| !self.stream_used) {
                Some(RelayDialect::Nchan) => Some(NCHAN_MEMORY_SIZE),
                Some(RelayDialect::Module | RelayDialect::Queue) => Some(OLD_MEMORY_SIZE),
                None => self.old_file.then_some(OLD_MEMORY_SIZE),
            };
        }
        store
    }

    /// Warns about what nginx warns about without naming a place.
    pub(super) fn warn_unplaced(&mut self, message: String) {
        self.report.say(Level::Warn, None, message, None);
    }
}

/// `keepalive_timeout` and others of nginx's defaults.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
