//! Which server takes a host.

use crate::settings::{Http, Listen, ServerName};
use crate::variables::State;

/// Index of the server behind `listen` for `host` (lower case, without port): exact names win over
/// leading wildcards (longest first), these over trailing ones (longest first), these over
/// regular expressions (in file order), whose captures are left in `state`; else the default.
#[must_use]
pub fn find_server(http: &Http, listen: &Listen, host: &[u8], state: &mut State) -> usize {
    if listen.servers.len() < 2 && !has_expression(http, listen) {
        return listen.default_server;
    }
    best(http, listen, |name| match name {
        ServerName::Exact(exact) if **exact == *host => Some(1),
        ServerName::Exact(_)
        | ServerName::Suffix(_)
        | ServerName::Prefix(_)
        | ServerName::Regex(_) => None,
    })
    .or_else(|| best(http, listen, |name| suffix_length(name, host)))
    .or_else(|| best(http, listen, |name| prefix_length(name, host)))
    .or_else(|| by_expression(http, listen, host, state))
    .unwrap_or(listen.default_server)
}

fn best(
    http: &Http,
    listen: &Listen,
    rank: impl Fn(&ServerName) -> Option<usize>,
) -> Option<usize> {
    let ranked = listen.servers.iter().filter_map(|index| {
        let names = &http.servers.get(*index)?.names;
        Some((names.iter().filter_map(&rank).max()?, *index))
    });
    // Of equally long names the first one in the file wins.
    ranked.rev().max_by_key(|(length, _)| *length).map(|(_, index)| index)
}

fn suffix_length(name: &ServerName, host: &[u8]) -> Option<usize> {
    match name {
        ServerName::Suffix(suffix) if host.len() > suffix.len() && host.ends_with(suffix) => {
            Some(suffix.len())
        }
        ServerName::Suffix(_)
        | ServerName::Exact(_)
        | ServerName::Prefix(_)
        | ServerName::Regex(_) => None,
    }
}

fn prefix_length(name: &ServerName, host: &[u8]) -> Option<usize> {
    match name {
        ServerName::Prefix(prefix) if host.len() > prefix.len() && host.starts_with(prefix) => {
            Some(prefix.len())
        }
        ServerName::Prefix(_)
        | ServerName::Exact(_)
        | ServerName::Suffix(_)
        | ServerName::Regex(_) => None,
    }
}

fn by_expression(http: &Http, listen: &Listen, host: &[u8], state: &mut State) -> Option<usize> {
    for index in &listen.servers {
        for name in &http.servers.get(*index)?.names {
            if let ServerName::Regex(pattern) = name
                && pattern.capture(host, state)
            {
                return Some(*index);
            }
        }
    }
    None
}

fn has_expression(http: &Http, listen: &Listen) -> bool {
    let servers = listen.servers.iter().filter_map(|index| http.servers.get(*index));
    servers.flat_map(|server| &server.names).any(|name| matches!(name, ServerName::Regex(_)))
}
