//! The request that is asked about.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use outpour_core::request::{Encryption, Peer, Request};
use outpour_core::settings::{Http, Listen, ListenAddress};
use outpour_core::wire::http1::{Parsed, parse_head};

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// `GET /path`, `/path`, or with a whole address instead of the path.
    pub request: String,
    /// Headers, `Name: value`.
    pub headers: Vec<String>,
    /// One of the configuration's addresses; `None`: the first, or with `https://` the first that
    /// is encrypted.
    pub listen: Option<String>,
    /// The client's address, or `unix:`; `None`: 127.0.0.1.
    pub from: Option<String>,
}

/// The question as the server would see it.
pub(crate) struct Asked<'a> {
    pub(crate) request: Request,
    pub(crate) peer: Peer,
    pub(crate) listen: &'a Listen,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(http: &'a Http, question: &Question) -> Result<Self, String> {
        let (method, target) = split(&question.request)?;
        let listen = listen(http, question.listen.as_deref(), target)?;
        let request = request(http, listen, method, target, &question.headers)?;
        let from = question.from.as_deref().unwrap_or("127.0.0.1");
        let remote = match from {
            "unix:" => None,
            text => {
                let ip: IpAddr = text.parse().map_err(|_| format!("\"{text}\" is no address"))?;
                Some(SocketAddr::new(ip, 50_000))
            }
        };
        let local = match &listen.address {
            ListenAddress::Tcp(address) => Some(*address),
            ListenAddress::Unix(_) => None,
        };
        let tls = listen.tls.then(|| Arc::new(encryption(&request)));
        Ok(Self {
            request,
            peer: Peer {
                accepted: outpour_core::now::Tick::default(),
                remote,
                proxy: None,
                local,
                connection: 1,
                requests: 1,
                tls,
            },
            listen,
        })
    }
}

/// What a browser of today would agree on.
fn encryption(request: &Request) -> Encryption {
    Encryption {
        protocol: "TLSv1.3",
        cipher: "TLS_AES_256_GCM_SHA384",
        server_name: std::str::from_utf8(&request.host).ok().map(Into::into),
        reused: false,
        client_verify: "NONE".into(),
        client_subject: None,
        client_issuer: None,
    }
}

fn split(text: &str) -> Result<(&str, &str), String> {
    let mut words = text.split_whitespace();
    let (method, target) = match (words.next(), words.next(), words.next()) {
        (Some(target), None, _) => ("GET", target),
        (Some(method), Some(target), None) => (method, target),
        (Some(method), Some(target), Some(version)) if version.starts_with("HTTP/") => {
            (method, target)
        }
        _ => return Err("a request is written: 'GET /path?argument'".into()),
    };
    let whole = target.starts_with("http://") || target.starts_with("https://");
    match whole || target.starts_with('/') {
        true => Ok((method, target)),
        false => Err(format!("\"{target}\" does not begin with a slash")),
    }
}

fn listen<'a>(http: &'a Http, wanted: Option<&str>, target: &str) -> Result<&'a Listen, String> {
    let Some(wanted) = wanted else {
        let tls = target.starts_with("https://");
        let first = http.listens.iter().find(|listen| listen.tls || !tls);
        return first.ok_or_else(|| "no address is encrypted, or there is none".into());
    };
    let fits = |listen: &&Listen| match &listen.address {
        ListenAddress::Tcp(address) => {
            address.to_string() == wanted || address.port().to_string() == wanted
        }
        ListenAddress::Unix(path) => format!("unix:{}", path.display()) == wanted,
    };
    http.listens.iter().find(fits).ok_or_else(|| {
        let all: Vec<String> = http.listens.iter().map(|l| address(&l.address)).collect();
        format!("nothing listens on \"{wanted}\"; there is {}", all.join(", "))
    })
}

/// An address as it is written.
pub(crate) fn address(address: &ListenAddress) -> String {
    match address {
        ListenAddress::Tcp(address) => address.to_string(),
        ListenAddress::Unix(path) => format!("unix:{}", path.display()),
    }
}

fn request(
    http: &Http,
    listen: &Listen,
    method: &str,
    target: &str,
    headers: &[String],
) -> Result<Request, String> {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    let mut named = false;
    for header in headers {
        let Some((name, value)) = header.split_once(':') else {
            return Err(format!("a header is written 'Name: value', not \"{header}\""));
        };
        named |= name.eq_ignore_ascii_case("host");
        head.push_str(&format!("{name}: {}\r\n", value.trim()));
    }
    if !named {
        let rest = target.split_once("://").map(|(_, rest)| rest);
        let host = rest.and_then(|rest| rest.split(['/', '?']).next());
        let host = host.map_or_else(|| local_host(listen), ToOwned::to_owned);
        head.push_str(&format!("Host: {host}\r\n"));
    }
    head.push_str("\r\n");
    let limits = http.servers.get(listen.default_server).map(|server| server.limits.clone());
    match parse_head(head.as_bytes(), &limits.unwrap_or_default()) {
        Ok(Parsed::Complete { request, .. }) => Ok(request),
        Ok(Parsed::Partial) => Err("the request is not complete".into()),
        Err(rejection) => {
            Err(format!("the server answers {}: {}", rejection.status, rejection.reason))
        }
    }
}

/// What somebody would write who knows nothing but the address.
fn local_host(listen: &Listen) -> String {
    match &listen.address {
        ListenAddress::Tcp(address) if address.ip().is_unspecified() => "localhost".into(),
        ListenAddress::Tcp(address) if address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) => {
            "localhost".into()
        }
        ListenAddress::Tcp(address) => match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        },
        ListenAddress::Unix(_) => "localhost".into(),
    }
}
