//! `proxy_pass`: whom a request is handed to, and as what.

use std::net::SocketAddr;
use std::sync::Arc;

use outpour_core::answer::{Answer, Header};
use outpour_core::now::Tick;
use outpour_core::settings::{
    Balance, Level, PeerAddress, Proxy, ProxyPass, ProxyUri, Role, Upstream, UpstreamPeer,
};
use outpour_core::upstream::{Account, Address, Payload, request_head, safe, target};
use outpour_core::variables::Environment;
use outpour_core::wire::chunked;

use super::inside::Step;
use super::{Exchange, Extra, Means, Note, Verdict, Wait};
use crate::names::NameError;
use crate::upstream::{Answered, Phase, Purpose, Relay};

/// What goes with a request.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    /// How its body is framed.
    pub(crate) payload: Payload,
    /// The body as far as it is here.
    pub(crate) body: &'a [u8],
    /// What is added to the head.
    pub(crate) extra: Option<Extra>,
}

impl<'a> Load<'a> {
    /// A body that is here as a whole; an empty one is none.
    pub(crate) fn whole(body: &'a [u8], extra: Option<Extra>) -> Self {
        let payload = match body {
            [] => Payload::None,
            body => Payload::Known(body.len() as u64),
        };
        Self { payload, body, extra }
    }
}

/// Whom a request goes to.
struct Destination {
    upstream: Arc<Upstream>,
    tls: bool,
    host: Box<[u8]>,
    port: Box<[u8]>,
    /// A path that stands for the whole address; `None`: the request's own, mapped by `uri`.
    path: Option<Vec<u8>>,
    uri: ProxyUri,
}

impl Exchange {
    /// What becomes of the request when it is handed on, with `body` as far as it is here.
    ///
    /// # Errors
    /// The exchange comes back if there is nobody to hand it to.
    pub(crate) fn into_relay(
        mut self: Box<Self>,
        proxy: Arc<Proxy>,
        purpose: Purpose,
        load: Load<'_>,
        environment: &Environment,
        now: Tick,
    ) -> Result<Box<Relay>, Box<Self>> {
        let Load { payload, body, extra } = load;
        let Some(destination) = self.destination(&proxy.pass, environment) else {
            return Err(self);
        };
        let account = self.state.upstream.get_or_insert_with(Box::<Account>::default);
        (account.host, account.port) = (destination.host, destination.port);
        let scope = self.scope(environment, self.started, None);
        let address = match (self.state.rewrite.broken, self.inside.readdressed) {
            (true, _) => Address::Broken,
            (false, true) => Address::Changed,
            (false, false) => Address::Received,
        };
        let extra = extra.unwrap_or_default();
        let target = match extra.target.or(destination.path) {
            Some(path) => safe(path),
            None => target(&destination.uri, address, &scope),
        };
        let set = proxy.request.body.as_ref().map(|body| body.evaluate(&scope).into_owned());
        let (payload, body) = match &set {
            Some(set) => (Payload::Known(set.len() as u64), &set[..]),
            None => (payload, body),
        };
        let mut request = Vec::new();
        let asked =
            request_head(&proxy.request, &scope, &target, payload, &extra.headers, &mut request);
        match payload {
            Payload::Chunked => chunked::chunk(body, &mut request),
            Payload::None | Payload::Known(_) => request.extend_from_slice(body),
        }
        let tls_name = destination.tls.then(|| proxy.tls.name.evaluate(&scope).into());
        let ahead =
            if proxy.answer.buffering { proxy.limits.buffers } else { proxy.limits.buffer_size };
        Ok(Box::new(Relay {
            purpose,
            exchange: self,
            upstream: destination.upstream,
            tls_name,
            selection: None,
            again: None,
            failures: 0,
            attempts: 0,
            request,
            sent: 0,
            streamed: false,
            complete: true,
            deaf: false,
            asked,
            phase: Phase::Connecting,
            paused: false,
            reused: false,
            keep: false,
            interim: 0,
            ahead,
            begun: now,
            attempt_begun: now,
            progress: now,
            instructed: false,
            logged: Answered::default(),
            proxy,
        }))
    }

    /// Whether the request can be handed on, or a name has to be looked up first.
    pub(super) fn proxied(&mut self, proxy: &Proxy, means: &Means<'_>) -> Step {
        let ProxyPass::Variable(url) = &proxy.pass else { return Step::Role };
        let scope = self.scope(means.environment, self.started, None);
        let url = url.evaluate(&scope).into_owned();
        let Some(host) = self.unknown_host(&url) else { return Step::Role };
        let failed = self.findings.as_deref().and_then(|findings| findings.failed);
        let known = means.names.known(&host, &proxy.resolver, means.now.tick);
        match (known, failed) {
            (Some(Ok(addresses)), _) => {
                self.addresses = Some(addresses);
                Step::Role
            }
            (Some(Err(error)), _) => self.unresolved(&host, error),
            (None, Some(_)) => self.unresolved(&host, NameError::TimedOut),
            (None, None) => Step::Wait(Wait::Name { host, resolver: Arc::clone(&proxy.resolver) }),
        }
    }

    fn unresolved(&mut self, host: &str, error: NameError) -> Step {
        self.tell(Level::Error, format!("{host} could not be resolved ({error})"));
        self.verdict = Verdict::Refused(502);
        Step::error(502)
    }

    /// The host that an address names, lower case, if it is neither an upstream nor an address.
    fn unknown_host(&self, url: &[u8]) -> Option<Box<str>> {
        let rest = url.strip_prefix(b"http://").or_else(|| url.strip_prefix(b"https://"))?;
        let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
        let authority = str::from_utf8(&rest[..end]).ok()?;
        let mut upstreams = self.http().upstreams.iter();
        let named = upstreams.any(|upstream| {
            upstream.port.is_none() && upstream.name.eq_ignore_ascii_case(authority)
        });
        if named || address(authority, 80).is_some() {
            return None;
        }
        let (host, _) = host_and_port(authority, 80)?;
        Some(host.to_ascii_lowercase().into())
    }

    fn destination(&self, pass: &ProxyPass, environment: &Environment) -> Option<Destination> {
        match pass {
            ProxyPass::Fixed { tls, upstream, host, port, uri } => Some(Destination {
                upstream: Arc::clone(self.http().upstreams.get(*upstream)?),
                tls: *tls,
                host: host.clone(),
                port: port.clone(),
                path: None,
                uri: uri.clone(),
            }),
            ProxyPass::Variable(expression) => {
                let url =
                    expression.evaluate(&self.scope(environment, self.started, None)).into_owned();
                let found = self.named_by(&url);
                if found.is_none() {
                    let text =
                        format!("invalid URL prefix in \"{}\"", String::from_utf8_lossy(&url));
                    self.notes.borrow_mut().push(Note { level: Level::Error, text });
                }
                found
            }
        }
    }

    /// What an address of `proxy_pass` names when its variables are known.
    fn named_by(&self, url: &[u8]) -> Option<Destination> {
        let (tls, rest) = match (url.strip_prefix(b"http://"), url.strip_prefix(b"https://")) {
            (Some(rest), _) => (false, rest),
            (None, rest) => (true, rest?),
        };
        let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = str::from_utf8(authority).ok()?;
        let standard = if tls { 443 } else { 80 };
        let named = self.http().upstreams.iter().find(|upstream| {
            upstream.port.is_none() && upstream.name.eq_ignore_ascii_case(authority)
        });
        let upstream = match (named, address(authority, standard)) {
            (Some(upstream), _) => Arc::clone(upstream),
            (None, Some(address)) => temporary(&[address], authority),
            (None, None) => {
                let (_, port) = host_and_port(authority, standard)?;
                let found = self.addresses.as_ref()?.iter().map(|ip| SocketAddr::new(*ip, port));
                temporary(&found.collect::<Vec<_>>(), authority)
            }
        };
        let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
        let path = match path.first() {
            None => None,
            Some(b'/') => Some(path.to_vec()),
            Some(_) => Some([b"/", path].concat()),
        };
        Some(Destination {
            upstream,
            tls,
            host: authority.as_bytes().into(),
            port: if port.is_empty() {
                standard.to_string().into_bytes().into()
            } else {
                port.as_bytes().into()
            },
            path,
            uri: ProxyUri::Kept,
        })
    }
}

/// `IP`, `IP:PORT`, `[IP6]`, `[IP6]:PORT`.
fn address(authority: &str, standard: u16) -> Option<SocketAddr> {
    let bare = authority.trim_start_matches('[').trim_end_matches(']');
    let with_port = || authority.parse().ok();
    bare.parse().ok().map(|ip| SocketAddr::new(ip, standard)).or_else(with_port)
}

/// Host and port of an authority that is no address.
fn host_and_port(authority: &str, standard: u16) -> Option<(&str, u16)> {
    match authority.split_once(':') {
        None => Some((authority, standard)),
        Some((host, port)) => port.parse().ok().map(|port| (host, port)),
    }
}

/// An upstream of one request.
fn temporary(addresses: &[SocketAddr], name: &str) -> Arc<Upstream> {
    let peer = |address: &SocketAddr| UpstreamPeer {
        address: PeerAddress::Tcp(*address),
        label: address.to_string().into(),
        server: name.into(),
        weight: 1,
        max_conns: None,
        max_fails: 1,
        fail_timeout: std::time::Duration::from_secs(10),
        slow_start: std::time::Duration::ZERO,
        backup: false,
        down: false,
    };
    Arc::new(Upstream {
        name: name.into(),
        port: addresses.first().map(SocketAddr::port),
        origin: outpour_core::settings::Origin { file: "".into(), line: 0 },
        peers: addresses.iter().map(peer).collect(),
        balance: Balance::RoundRobin,
        keepalive: None,
    })
}

impl Exchange {
    /// What stays of the headers of an answer that redirected the request inside the server; not
    /// those that the answer of the other location has itself.
    pub(super) fn kept_headers(&self, answer: &Answer) -> Vec<Header> {
        let own =
            |name: &str| !name.eq_ignore_ascii_case("set-cookie") && answer.header(name).is_some();
        self.kept.iter().filter(|(name, _)| !own(name)).cloned().collect()
    }

    /// Gives a file the content type of the answer that redirected the request to it.
    pub(crate) fn keep_type(&self, answer: &mut Answer) {
        let is_type = |name: &str| name.eq_ignore_ascii_case("content-type");
        let Some((_, kept)) = self.kept.iter().find(|(name, _)| is_type(name)) else { return };
        let file = matches!(self.settings.push.role, Role::None) && answer.status < 300;
        let own = answer.headers.iter_mut().find(|(name, _)| is_type(name)).filter(|_| file);
        if let Some((_, own)) = own {
            own.clone_from(kept);
        }
    }
}
