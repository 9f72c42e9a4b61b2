//! What a start tells the terminal.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use outpour_core::router::Statement;
use outpour_core::settings::{
    Http, Listen, ListenAddress, Location, Matcher, PublisherMode, RelayRole, Role, Service,
    Settings, SubscriberMode,
};
use outpour_core::variables::{Piece, Variable};

use crate::{memory, version};

/// The facts of a start.
#[derive(Debug)]
pub(crate) struct Banner<'a> {
    /// What is served.
    pub(crate) settings: &'a Settings,
    /// How many workers serve it.
    pub(crate) workers: usize,
    /// The open-file limit; `None` if there is none.
    pub(crate) open_files: Option<u64>,
}

impl Banner<'_> {
    /// For somebody's first minute with the built-in configuration: what is where, what to try.
    pub(crate) fn welcome(&self) -> String {
        let mut out = format!("outpour {} serves its built-in configuration\n", version::OUTPOUR);
        let urls = self.settings.http.as_ref().map(urls).unwrap_or_default();
        let width = urls.iter().map(|(url, _)| url.len()).max().unwrap_or(0);
        out.push('\n');
        for (url, what) in &urls {
            out.push_str(&format!("  {url:width$}  {what}\n"));
        }
        if let Some(base) = self.settings.http.as_ref().and_then(base) {
            out.push_str("\nTry it in two terminals:\n\n");
            out.push_str(&format!("  curl -s {base}/sub/news\n"));
            out.push_str(&format!("  curl -d 'hello' '{base}/pub?id=news'\n\n"));
        }
        out.push_str(&format!("{}\n", self.means()));
        out.push_str("`outpour --print-config` prints the configuration; Ctrl-C ends the server\n");
        out
    }

    /// One line for a configuration that its reader knows.
    pub(crate) fn line(&self, file: &str) -> String {
        let listens = self.settings.http.as_ref().map(|http| &*http.listens).unwrap_or_default();
        let addresses: Vec<String> =
            listens.iter().map(|listen| address(&listen.address)).collect();
        let addresses =
            if addresses.is_empty() { "no address".into() } else { addresses.join(", ") };
        let means = self.means();
        format!("outpour {} serves {file} on {addresses}; {means}\n", version::OUTPOUR)
    }

    fn means(&self) -> String {
        let workers = match self.workers {
            1 => "1 worker".into(),
            many => format!("{many} workers"),
        };
        let files = self.open_files.map_or_else(|| "unlimited".into(), |limit| limit.to_string());
        let budget = self.settings.http.as_ref().and_then(|http| http.store.shared_memory_size);
        let memory = budget.map(|bytes| format!(", {} for messages", memory::describe(bytes)));
        format!("{workers}, {files} open files{}", memory.unwrap_or_default())
    }
}

/// Every push location that can be named, and what it does.
fn urls(http: &Http) -> Vec<(String, String)> {
    let Some((base, listen)) = base(http).zip(tcp(http)) else { return Vec::new() };
    let server = http.servers.get(listen.default_server);
    let locations = server.map(|server| &*server.locations).unwrap_or_default();
    locations
        .iter()
        .filter_map(|location| Some((format!("{base}{}", example(location)?), purpose(location)?)))
        .collect()
}

fn tcp(http: &Http) -> Option<&Listen> {
    http.listens.iter().find(|listen| matches!(listen.address, ListenAddress::Tcp(_)))
}

/// Scheme, host and port by which this machine reaches the first TCP address.
fn base(http: &Http) -> Option<String> {
    let listen = tcp(http)?;
    let ListenAddress::Tcp(address) = &listen.address else { return None };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V4(_) | IpAddr::V6(_) => address.ip(),
    };
    let (scheme, usual) = if listen.tls { ("https", 443) } else { ("http", 80) };
    Some(match address.port() {
        port if port == usual && ip.is_ipv4() => format!("{scheme}://{ip}"),
        port => format!("{scheme}://{}", SocketAddr::new(ip, port)),
    })
}

fn address(address: &ListenAddress) -> String {
    match address {
        ListenAddress::Tcp(address) => address.to_string(),
        ListenAddress::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// What the location is for; `None` if that is nobody's first question.
fn purpose(location: &Location) -> Option<String> {
    let text = match location.settings.push.role {
        Role::Publisher(PublisherMode::Normal) => "publish with POST",
        Role::Publisher(PublisherMode::Admin) => "publish with POST, delete with DELETE",
        Role::Subscriber(mode) => transport(mode),
        Role::Relay(RelayRole::Publisher) => "publish with POST or PUT, delete with DELETE",
        Role::Relay(RelayRole::Subscriber) => "the next message",
        Role::Relay(RelayRole::PubSub) => "subscribe with GET, publish with POST",
        Role::Statistics => "statistics",
        Role::Service(Service::Metrics) => "metrics for Prometheus",
        Role::Service(Service::Live) => "whether the process serves",
        Role::Service(Service::Ready) => "whether it takes new work",
        Role::Service(Service::StubStatus) => "connections and requests, as nginx's stub_status",
        Role::Service(Service::NchanStatus) => "messages and channels, as Nchan's stub_status",
        Role::Service(Service::Playground) => "the playground, for a browser",
        Role::Application => "the application",
        Role::Service(Service::GripPublisher) => "publisher of items (GRIP)",
        Role::Service(Service::Dashboard(_)) => "the server at work, for a browser",
        Role::Service(Service::EmptyGif) => return None,
        Role::None if is_page(location) => "this list, for a browser",
        Role::None => return None,
    };
    Some(text.into())
}

fn transport(mode: SubscriberMode) -> &'static str {
    match mode {
        SubscriberMode::Streaming => "streaming",
        SubscriberMode::Polling => "polling, JSONP with ?callback=NAME",
        SubscriberMode::LongPolling => "long-polling, JSONP with ?callback=NAME",
        SubscriberMode::EventSource => "EventSource",
        SubscriberMode::WebSocket => "WebSocket",
    }
}

/// A location that answers by itself.
fn is_page(location: &Location) -> bool {
    location.script.iter().any(|step| matches!(step, Statement::Return { status: 200, .. }))
}

/// A path that the location takes, with `CHANNEL` where the channel belongs.
fn example(location: &Location) -> Option<String> {
    let path = match &location.matcher {
        Matcher::Exact(path) | Matcher::Prefix { path, .. } => {
            String::from_utf8_lossy(path).into_owned()
        }
        Matcher::Regex(pattern) => example_of_regex(pattern.regex.as_str())?,
        Matcher::Named(_) => return None,
    };
    let argument =
        location.settings.push.channels_path.pieces.iter().find_map(|piece| match piece {
            Piece::Variable(Variable::Arg(name)) => Some(String::from_utf8_lossy(name)),
            Piece::Variable(_) | Piece::Literal(_) => None,
        });
    let role = location.settings.push.role;
    match argument.filter(|_| !matches!(role, Role::None | Role::Service(_) | Role::Application)) {
        Some(name) => Some(format!("{path}?{name}=CHANNEL")),
        None => Some(path),
    }
}

/// `^/sub/(.*)$` becomes `/sub/CHANNEL`; an expression with more than one group and literals is
/// nobody's example.
fn example_of_regex(regex: &str) -> Option<String> {
    let regex = without_flags(regex).trim_start_matches('^');
    let (literal, group) = regex.split_once('(')?;
    let tail = group.rsplit_once(')')?.1;
    let literal = literal.replace("\\.", ".").replace("\\-", "-");
    let plain = !literal.contains(['\\', '[', '*', '+', '?', '|', '{', '^', '$']);
    (plain && !group.contains('(') && matches!(tail, "" | "?" | "$" | "?$"))
        .then(|| format!("{literal}CHANNEL"))
}

/// The expression behind a leading `(?s-u)` or the like.
fn without_flags(regex: &str) -> &str {
    let flags = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    regex
        .strip_prefix("(?")
        .and_then(|rest| rest.split_once(')').filter(|(head, _)| flags(head)))
        .map_or(regex, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_examples() {
        let check = |regex: &str, path: Option<&str>| {
            assert_eq!(example_of_regex(regex).as_deref(), path, "{regex}");
        };
        check("/sub/(.*)", Some("/sub/CHANNEL"));
        check("^/sub/(.*)?$", Some("/sub/CHANNEL"));
        check(r"^/v1\.0/(\w+)", Some("/v1.0/CHANNEL"));
        check("(?s-u)^/ev/(.*)", Some("/ev/CHANNEL"));
        check("/(a|b)/(.*)", None);
        check("/sub/.*", None);
        check(r"/sub/\d+/(.*)", None);
    }
}
