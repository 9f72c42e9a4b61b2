//! Which server takes a host.

use hashbrown::HashMap;

use crate::settings::{Http, Listen, ServerName};
use crate::variables::{Pattern, State};

/// Index of the server behind `listen` for `host` (lower case, without port): exact names win over
/// leading wildcards (longest first), these over trailing ones (longest first), these over
/// regular expressions (in file order), whose captures are left in `state`; else the default.
///
/// Looks at every name behind the address; where there may be many, a [`ServerIndex`] gives the
/// same answer from tables.
#[must_use]
pub fn find_server(http: &Http, listen: &Listen, host: &[u8], state: &mut State) -> usize {
    find_name(http, listen, host, state).map_or(listen.default_server, |(server, _)| server)
}

/// [`find_server`], with the name that fits; `None` if none does.
pub fn find_name<'a>(
    http: &'a Http,
    listen: &'a Listen,
    host: &[u8],
    state: &mut State,
) -> Option<(usize, &'a ServerName)> {
    let mut best = (Rank::None, None);
    for found in names(http, listen) {
        let rank = Rank::of(found.1, host);
        if rank > best.0 {
            best = (rank, Some(found));
        }
    }
    if best.0 == Rank::None && !host.is_empty() {
        return names(http, listen).find(|(_, name)| match name {
            ServerName::Regex(pattern) => pattern.capture(host, state),
            ServerName::Exact(_) | ServerName::Suffix(_) | ServerName::Prefix(_) => false,
        });
    }
    best.1
}

/// The names behind one address as tables: built once when settings come into force.
#[derive(Clone, Debug)]
pub struct ServerIndex {
    default: usize,
    exact: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState>,
    suffixes: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState>,
    prefixes: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState>,
    patterns: Vec<(usize, Pattern)>,
}

impl ServerIndex {
    /// The tables for the servers behind `listen`. Where two servers have the same name, the first
    /// one keeps it.
    #[must_use]
    pub fn new(http: &Http, listen: &Listen) -> Self {
        let mut index = Self {
            default: listen.default_server,
            exact: HashMap::default(),
            suffixes: HashMap::default(),
            prefixes: HashMap::default(),
            patterns: Vec::new(),
        };
        for (server, name) in names(http, listen) {
            let (table, text) = match name {
                ServerName::Exact(text) => (&mut index.exact, text),
                ServerName::Suffix(text) => (&mut index.suffixes, text),
                ServerName::Prefix(text) => (&mut index.prefixes, text),
                ServerName::Regex(pattern) => {
                    index.patterns.push((server, pattern.clone()));
                    continue;
                }
            };
            table.entry(text.clone()).or_insert(server);
        }
        index
    }

    /// What [`find_server`] says for `host`, in time that depends on its length and on the number
    /// of regular expressions only.
    #[must_use]
    pub fn find(&self, host: &[u8], state: &mut State) -> usize {
        if let Some(server) = self.exact.get(host) {
            return *server;
        }
        if host.is_empty() {
            return self.default;
        }
        if self.suffixes.is_empty() && self.prefixes.is_empty() && self.patterns.is_empty() {
            return self.default;
        }
        let suffixes = || memchr::memchr_iter(b'.', host).filter(|dot| *dot > 0);
        let prefixes = || memchr::memrchr_iter(b'.', host).filter(|dot| dot + 1 < host.len());
        let wildcard = suffixes()
            .find_map(|dot| self.suffixes.get(&host[dot..]))
            .or_else(|| prefixes().find_map(|dot| self.prefixes.get(&host[..=dot])));
        let patterns = self.patterns.iter().map(|(server, pattern)| (*server, pattern));
        wildcard.copied().or_else(|| by_regex(patterns, host, state)).unwrap_or(self.default)
    }
}

/// All names behind `listen` in the order of the file, with their servers.
fn names<'a>(
    http: &'a Http,
    listen: &'a Listen,
) -> impl Iterator<Item = (usize, &'a ServerName)> + use<'a> {
    let servers = listen.servers.iter().filter_map(|i| Some((*i, http.servers.get(*i)?)));
    servers.flat_map(|(index, server)| server.names.iter().map(move |name| (index, name)))
}

fn by_regex<'a>(
    mut patterns: impl Iterator<Item = (usize, &'a Pattern)>,
    host: &[u8],
    state: &mut State,
) -> Option<usize> {
    patterns.find(|(_, pattern)| pattern.capture(host, state)).map(|(server, _)| server)
}

/// How well a name fits a host; the greatest wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    None,
    Prefix(usize),
    Suffix(usize),
    Exact,
}

impl Rank {
    fn of(name: &ServerName, host: &[u8]) -> Self {
        match name {
            ServerName::Exact(text) if **text == *host => Self::Exact,
            ServerName::Suffix(text) if host.len() > text.len() && host.ends_with(text) => {
                Self::Suffix(text.len())
            }
            ServerName::Prefix(text) if host.len() > text.len() && host.starts_with(text) => {
                Self::Prefix(text.len())
            }
            ServerName::Exact(_)
            | ServerName::Suffix(_)
            | ServerName::Prefix(_)
            | ServerName::Regex(_) => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::router::tests::{http, listen};

    /// Both ways to find a server must say `expected`, the index of one of `servers`; server 0 is
    /// the default.
    fn check(servers: &[&str], host: &str, expected: usize) {
        let (http, listen) = (http(servers), listen(servers.len()));
        let found = find_server(&http, &listen, host.as_bytes(), &mut State::default());
        assert_eq!(found, expected, "{host} in {servers:?}");
        let index = ServerIndex::new(&http, &listen);
        let found = index.find(host.as_bytes(), &mut State::default());
        assert_eq!(found, expected, "{host} in the index of {servers:?}");
    }

    #[test]
    fn kinds_in_their_order() {
        let servers = ["", "~^www\\.", "www.example.*", "*.example.com", "www.example.com"];
        check(&servers, "www.example.com", 4);
        check(&servers, "a.b.example.com", 3);
        check(&servers, "www.example.org", 2);
        check(&servers, "www.other.org", 1);
        check(&servers, "other.org", 0);
        check(&servers, "", 0);
    }

    #[test]
    fn the_longest_wildcard_wins() {
        let servers = ["x", "*.com", "*.example.com", "www.*", "www.a.*"];
        check(&servers, "a.example.com", 2);
        check(&servers, "example.com", 1);
        check(&servers, "www.a.b", 4);
        check(&servers, "www.b", 3);
        check(&servers, ".com", 0);
        check(&servers, "www.", 0);
    }

    #[test]
    fn the_first_of_equals_wins() {
        check(&["x", "a.b", "a.b"], "a.b", 1);
        check(&["x", "*.b", "*.b"], "a.b", 1);
        check(&["x", "~a", "~b"], "ab", 1);
    }

    #[test]
    fn a_server_without_name_takes_requests_without_host() {
        check(&["x", "\"\""], "", 1);
        check(&["x", "~.*"], "", 0);
        check(&["x", "~.*"], "y", 1);
    }

    #[test]
    fn captures_of_the_winner_stay() {
        let servers = ["x", "~^(a)\\.b", "~^(.)\\.c"];
        let (http, listen) = (http(&servers), listen(servers.len()));
        let mut state = State::default();
        assert_eq!(find_server(&http, &listen, b"z.c", &mut state), 2);
        assert_eq!(state.captures[1].as_deref(), Some(&b"z"[..]));
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_the_search(
            names in prop::collection::vec("(\\*\\.)?[ab]{1,2}(\\.[ab]{1,2}){0,2}|[ab]\\.\\*|~[ab]\\.", 1..8),
            host in "[ab.]{0,6}",
        ) {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let (http, listen) = (http(&names), listen(names.len()));
            let searched = find_server(&http, &listen, host.as_bytes(), &mut State::default());
            let index = ServerIndex::new(&http, &listen);
            prop_assert_eq!(index.find(host.as_bytes(), &mut State::default()), searched);
        }
    }
}
