//! What one location (or an `if` inside it) says, merged with everything around it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{
    AccessLog, ErrorLog, Files, Guard, Hooks, Proxy, Push, RealIp, SubscriberPolicy, time,
};
use crate::router::Statement;
use crate::variables::{Expression, Pattern};

/// How a location is found.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// `= /path`
    Exact(Box<[u8]>),
    /// `/path`, or `^~ /path` with `no_regex`: regular expressions are not tried after it.
    Prefix {
        /// The beginning of the path.
        path: Box<[u8]>,
        /// Whether it was `^~`.
        no_regex: bool,
    },
    /// `~ regex` and `~* regex`
    Regex(Pattern),
    /// `@name`: only reached from inside.
    Named(Box<[u8]>),
}

/// A `location` block.
#[derive(Clone, Debug)]
pub struct Location {
    /// How it is found.
    pub matcher: Matcher,
    /// Its settings.
    pub settings: Arc<LocationSettings>,
    /// `set`, `if`, `return`, `break`, in the order of the file.
    pub script: Vec<Statement>,
    /// Nested locations.
    pub locations: Vec<Location>,
}

/// Where a block stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The file as it was named.
    pub file: Box<str>,
    /// Line, from 1.
    pub line: u32,
}

/// A block of addresses: `IP`, `IP/BITS`, `unix:` or `all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// Everybody.
    All,
    /// Peers on unix sockets.
    Unix,
    /// Addresses that agree with `address` in the first `bits` bits.
    Ip {
        /// The network's address, host bits zero.
        address: IpAddr,
        /// How many bits count.
        bits: u8,
    },
}

/// Whether a rule lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `allow`
    Allow,
    /// `deny`
    Deny,
}

/// One `allow` or `deny`; the first whose network contains the peer decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRule {
    /// What it says.
    pub access: Access,
    /// About whom.
    pub network: Network,
}

/// `add_header NAME VALUE [always]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddHeader {
    /// The name as written.
    pub name: Box<str>,
    /// The value; an empty result adds nothing.
    pub value: Expression,
    /// Also on answers other than 200, 201, 204, 206, 301, 302, 303, 304, 307, 308.
    pub always: bool,
}

/// `expires`: only looked at where the answer does not bring its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expires {
    /// No header.
    Off,
    /// The epoch, and `Cache-Control: no-cache`.
    Epoch,
    /// Ten years ahead.
    Max,
    /// Seconds from now; negative: `no-cache`.
    After(i64),
    /// `@15h30m`: the next such time of day, in seconds.
    TimeOfDay(u32),
    /// `modified TIME`: seconds from the file's modification time; from now for answers that have
    /// none.
    AfterModified(i64),
    /// A value with variables, parsed per request by the rules above.
    Dynamic(Expression),
}

impl Expires {
    /// The words of the directive: `off`, `epoch`, `max`, a time (`1h`, `+1h`, `-1`), a time of
    /// day up to 24 hours (`@15h30m`).
    ///
    /// # Errors
    ///
    /// What nginx says about other words.
    pub fn parse(text: &[u8]) -> Result<Self, &'static str> {
        match text {
            b"off" => Ok(Self::Off),
            b"epoch" => Ok(Self::Epoch),
            b"max" => Ok(Self::Max),
            [b'@', time @ ..] => match u32::try_from(seconds(time)?) {
                Ok(time @ 0..=86_400) => Ok(Self::TimeOfDay(time)),
                _ => Err("daily time value must be less than 24 hours"),
            },
            [b'-', time @ ..] => seconds(time).map(|seconds| Self::After(-seconds)),
            [b'+', time @ ..] | time => seconds(time).map(Self::After),
        }
    }
}

fn seconds(text: &[u8]) -> Result<i64, &'static str> {
    let seconds = time::seconds(text).and_then(|seconds| i64::try_from(seconds).ok());
    seconds.ok_or("invalid value")
}

/// `gzip_proxied`: which answers to requests that carry `Via` are compressed. Asked in the order of
/// the fields; what none of them decides is compressed, as in nginx.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the directive")]
pub struct GzipProxied {
    /// All of them.
    pub any: bool,
    /// Those to requests with `Authorization`.
    pub auth: bool,
    /// Those whose `Expires` is past; any other `Expires` forbids.
    pub expired: bool,
    /// Those with `Cache-Control: no-cache`; a `Cache-Control` of which no word is listed forbids.
    pub no_cache: bool,
    /// The same with `no-store`.
    pub no_store: bool,
    /// The same with `private`.
    pub private: bool,
    /// `Last-Modified` forbids.
    pub no_last_modified: bool,
    /// `ETag` forbids.
    pub no_etag: bool,
}

/// `gzip_disable`: whose `User-Agent` gets nothing compressed.
#[derive(Clone, Debug, Default)]
pub struct GzipDisable {
    /// `msie6`: Internet Explorer 4 to 6 without service pack.
    pub msie6: bool,
    /// Expressions.
    pub patterns: Vec<Pattern>,
}

/// `gzip` and its directives.
#[derive(Clone, Debug)]
pub struct Gzip {
    /// `gzip`; default off.
    pub on: bool,
    /// `gzip_types`; default `text/html`; `*` stands for all.
    pub types: Vec<Box<[u8]>>,
    /// `gzip_min_length`; default 20 bytes; only where the length is known.
    pub min_length: usize,
    /// `gzip_comp_level`; default 1; 1 to 9.
    pub level: u32,
    /// `gzip_http_version` 1.0; default off: only HTTP/1.1 clients get compressed answers.
    pub http10: bool,
    /// `gzip_vary`; default off: `Vary: Accept-Encoding`.
    pub vary: bool,
    /// `gzip_proxied`; default off: `None`.
    pub proxied: Option<GzipProxied>,
    /// `gzip_disable`; default none.
    pub disable: Option<Arc<GzipDisable>>,
}

/// `types`: content types by file extension (lower case, without dot).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Types {
    /// Extension to type.
    pub by_extension: HashMap<Box<[u8]>, Box<[u8]>>,
}

/// Settings of a location.
#[derive(Clone, Debug)]
pub struct LocationSettings {
    /// The location as written (`~ /sub/(.*)`), for messages and reports.
    pub name: Box<str>,
    /// Where it stands.
    pub origin: Origin,
    /// The push role and its directives.
    pub push: Push,
    /// Files, and redirections inside the server.
    pub files: Files,
    /// `proxy_pass`: requests are handed on. A location with it has no push role.
    pub proxy: Option<Arc<Proxy>>,
    /// `set_real_ip_from`; `None` if no proxy is believed.
    pub real_ip: Option<Arc<RealIp>>,
    /// Who may get in; `None` if everybody may.
    pub guard: Option<Arc<Guard>>,
    /// What the application is asked and told; `None` if nothing.
    pub hooks: Option<Arc<Hooks>>,
    /// `add_header`s.
    pub add_headers: Vec<AddHeader>,
    /// `expires`.
    pub expires: Expires,
    /// `default_type`; default `text/plain`.
    pub default_type: Box<[u8]>,
    /// `types`; default: html, gif and jpg as nginx.
    pub types: Arc<Types>,
    /// `gzip` and friends.
    pub gzip: Gzip,
    /// `client_max_body_size`; default 1m; `None` for 0: no limit.
    pub client_max_body_size: Option<u64>,
    /// `client_body_timeout` between two reads; default 60 s.
    pub client_body_timeout: Duration,
    /// `send_timeout` between two writes; default 60 s.
    pub send_timeout: Duration,
    /// `keepalive_timeout`; default 75 s; zero: connections are not kept.
    pub keepalive_timeout: Duration,
    /// Second value of `keepalive_timeout`: sent as `Keep-Alive: timeout=N`.
    pub keepalive_header: Option<Duration>,
    /// `keepalive_requests`; default 1000.
    pub keepalive_requests: u64,
    /// `lingering_timeout`; default 5 s: how long a refused client may still send.
    pub lingering_timeout: Duration,
    /// `reset_timedout_connection`; default off.
    pub reset_timedout_connection: bool,
    /// `server_tokens`; default on: the version in `Server`.
    pub server_tokens: bool,
    /// `tcp_nodelay`; default on.
    pub tcp_nodelay: bool,
    /// `chunked_transfer_encoding`; default on; off: end of data by close.
    pub chunked_transfer_encoding: bool,
    /// `push_stream_subscriber_buffer_size`, ours; default 1m: bytes that may wait for a
    /// subscriber that does not read before `subscriber_policy` decides.
    pub subscriber_buffer_size: usize,
    /// `push_stream_subscriber_policy`, ours; default disconnect.
    pub subscriber_policy: SubscriberPolicy,
    /// `access_log`s; empty for `off`.
    pub access_log: Vec<AccessLog>,
    /// `error_log`s of this level; the main level's where none is given.
    pub error_log: Vec<ErrorLog>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: impl Into<Result<Expires, &'static str>>) {
        assert_eq!(Expires::parse(text.as_bytes()), expected.into(), "{text}");
    }

    #[test]
    fn words_of_expires() {
        check("off", Ok(Expires::Off));
        check("epoch", Ok(Expires::Epoch));
        check("max", Ok(Expires::Max));
        check("0", Ok(Expires::After(0)));
        check("30", Ok(Expires::After(30)));
        check("1h30m", Ok(Expires::After(5400)));
        check("+1h", Ok(Expires::After(3600)));
        check("-1", Ok(Expires::After(-1)));
        check("-1d", Ok(Expires::After(-86_400)));
        check("@0", Ok(Expires::TimeOfDay(0)));
        check("@15h30m", Ok(Expires::TimeOfDay(55_800)));
        check("@24h", Ok(Expires::TimeOfDay(86_400)));
    }

    #[test]
    fn other_words_are_refused() {
        let others = ["", "@", "-", "+", "--1", "+-1", "@-1", "Off", "1x", "1m1h", "5ms"];
        for text in others.into_iter().chain(["9223372036854775807"]) {
            check(text, Err("invalid value"));
        }
        let daily = "daily time value must be less than 24 hours";
        check("@24h1s", Err(daily));
        check("@100y", Err(daily));
    }
}
