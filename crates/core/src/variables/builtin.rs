//! Values of the variables without parameter.

use std::borrow::Cow;
use std::net::IpAddr;

use sha1::{Digest as _, Sha1};

use super::{Builtin, Scope, headers};
use crate::access::{Credentials, secure_link};
use crate::civil::Civil;
use crate::files;
use crate::request::{Encryption, Method, Version};
use crate::settings::{HmacLink, SecureLink};
use crate::upstream::Attempt;

/// What `$nginx_version` says: the release whose behaviour is followed.
const NGINX_VERSION: &str = "1.28.0";

/// The value of `builtin`; `None` if it is absent.
pub(super) fn value<'a>(scope: &Scope<'a>, builtin: Builtin) -> Option<Cow<'a, [u8]>> {
    let request = scope.request;
    Some(match builtin {
        Builtin::Args | Builtin::QueryString => return present(scope.args()),
        Builtin::BinaryRemoteAddr => binary_remote_addr(scope),
        Builtin::BodyBytesSent => number(scope.outcome.map_or(0, |o| o.body_bytes_sent)),
        Builtin::BytesSent => number(scope.outcome.map_or(0, |o| o.bytes_sent)),
        Builtin::Connection => number(scope.peer.connection),
        Builtin::ConnectionRequests => number(scope.peer.requests),
        Builtin::ConnectionTime => seconds(scope.now.tick.since(scope.peer.accepted).as_millis()),
        Builtin::ContentLength => return request.header("content-length").map(Cow::Borrowed),
        Builtin::ContentType => return request.header("content-type").map(Cow::Borrowed),
        Builtin::DocumentRoot => scope.files.root.evaluate(scope),
        Builtin::RealpathRoot => return realpath_root(scope),
        Builtin::Uri | Builtin::DocumentUri => Cow::Borrowed(scope.path()),
        // A body is never kept for a variable, and never shown in a log.
        Builtin::Foreign | Builtin::RequestBody => return None,
        Builtin::HookChannel => return present(&scope.subject()?.channels),
        Builtin::HookEvent => return present(scope.subject()?.event.as_bytes()),
        Builtin::HookPublisher => return present(scope.subject()?.publisher.as_bytes()),
        Builtin::HookSubscriber => return present(scope.subject()?.subscriber.as_bytes()),
        Builtin::Host if request.host.is_empty() => Cow::Borrowed(scope.server_name),
        Builtin::Host => Cow::Borrowed(&request.host),
        Builtin::Hostname => Cow::Borrowed(scope.environment.hostname.as_bytes()),
        Builtin::Http2 => match (request.version, &scope.peer.tls) {
            (Version::Http2, Some(_)) => text("h2"),
            (Version::Http2, None) => text("h2c"),
            (Version::Http10 | Version::Http11, _) => return None,
        },
        Builtin::Https => text(if scope.peer.tls.is_some() { "on" } else { "" }),
        Builtin::IsArgs => text(if scope.args().is_empty() { "" } else { "?" }),
        Builtin::LimitConnStatus => text(scope.state.limit_conn?.name()),
        Builtin::LimitReqStatus => text(scope.state.limit_req?.name()),
        Builtin::Msec => owned(format!("{}.{:03}", scope.now.unix, scope.now.unix_millis.min(999))),
        Builtin::NginxVersion => text(NGINX_VERSION),
        Builtin::Pid => number(scope.environment.pid.into()),
        Builtin::Pipe => text("."),
        Builtin::ProxyAddXForwardedFor => forwarded_for(scope),
        Builtin::ProxyHost => Cow::Borrowed(&scope.upstream()?.host),
        Builtin::ProxyPort => Cow::Borrowed(&scope.upstream()?.port),
        Builtin::RealipRemoteAddr => address(scope.peer.connected().map(|a| a.ip())),
        Builtin::RealipRemotePort => port(scope.peer.connected().map(|a| a.port())),
        Builtin::RemoteAddr => address(scope.peer.remote.map(|a| a.ip())),
        Builtin::RemotePort => port(scope.peer.remote.map(|a| a.port())),
        Builtin::RemoteUser => {
            Cow::Owned(Credentials::parse(request.header("authorization")?)?.user)
        }
        Builtin::Request => return present(request_line(&request.bytes)),
        Builtin::RequestCompletion => {
            text(if scope.outcome.is_some_and(|o| o.complete) { "OK" } else { "" })
        }
        Builtin::RequestFilename => Cow::Owned(files::map(&scope.files.root, scope.path(), scope)),
        Builtin::RequestId => owned(request_id(scope)),
        Builtin::RequestLength => {
            number(scope.outcome.map_or(request.bytes.len() as u64, |o| o.request_length))
        }
        // A redirection inside the server may have made it a GET.
        Builtin::RequestMethod if request.method == Method::Get => text("GET"),
        Builtin::RequestMethod => return present(request.method_text()),
        Builtin::RequestTime => seconds(scope.outcome.map_or(0, |o| o.request_millis).into()),
        Builtin::RequestUri => return present(request.target()),
        Builtin::Scheme => text(if scope.peer.tls.is_some() { "https" } else { "http" }),
        Builtin::SecureLink => return link(scope, secure_link::secure_link),
        Builtin::SecureLinkExpires => return link(scope, secure_link::expires),
        Builtin::SecureLinkHmac => return hmac_link(scope, secure_link::secure_link_hmac),
        Builtin::SecureLinkHmacExpires => return hmac_link(scope, secure_link::hmac_expires),
        Builtin::SecureLinkHmacToken => {
            return hmac_link(scope, |link, scope| Some(secure_link::hmac_token(link, scope)));
        }
        Builtin::ServerAddr => address(scope.peer.local.map(|a| a.ip())),
        Builtin::ServerName => Cow::Borrowed(scope.server_name),
        Builtin::ServerPort => port(scope.peer.local.map(|a| a.port())),
        Builtin::ServerProtocol => text(protocol(request.version)),
        Builtin::SslCipher => text(scope.peer.tls.as_ref()?.cipher),
        Builtin::SslClientIDn => return encrypted(scope, |tls| tls.client_issuer.as_deref()),
        Builtin::SslClientSDn => return encrypted(scope, |tls| tls.client_subject.as_deref()),
        Builtin::SslClientVerify => return encrypted(scope, |tls| Some(&tls.client_verify)),
        Builtin::SslProtocol => text(scope.peer.tls.as_ref()?.protocol),
        Builtin::SslServerName => return encrypted(scope, |tls| tls.server_name.as_deref()),
        Builtin::SslSessionReused => text(if scope.peer.tls.as_ref()?.reused { "r" } else { "." }),
        Builtin::Status => owned(format!("{:03}", scope.outcome.map_or(0, |o| o.status))),
        Builtin::TimeIso8601 => owned(civil(scope).iso8601()),
        Builtin::TimeLocal => owned(civil(scope).local()),
        Builtin::UpstreamAddr => {
            return scope.upstream()?.each(|out, attempt| {
                out.push_str(&attempt.addr);
                Some(())
            });
        }
        Builtin::UpstreamBytesReceived => {
            return upstream_numbers(scope, |a| Some(a.bytes_received));
        }
        Builtin::UpstreamBytesSent => return upstream_numbers(scope, |a| Some(a.bytes_sent)),
        Builtin::UpstreamConnectTime => return scope.upstream()?.times(|a| a.connect),
        Builtin::UpstreamHeaderTime => return scope.upstream()?.times(|a| a.header),
        Builtin::UpstreamResponseLength => return upstream_numbers(scope, |a| Some(a.length)),
        Builtin::UpstreamResponseTime => return scope.upstream()?.times(|a| a.response),
        Builtin::UpstreamStatus => {
            return upstream_numbers(scope, |a| a.status.map(u64::from));
        }
    })
}

/// Milliseconds as seconds with three digits behind the point.
fn seconds(millis: u128) -> Cow<'static, [u8]> {
    owned(format!("{}.{:03}", millis / 1000, millis % 1000))
}

fn realpath_root<'a>(scope: &Scope<'a>) -> Option<Cow<'a, [u8]>> {
    let root = scope.files.root.evaluate(scope);
    match scope.environment.realpath {
        Some(realpath) => realpath(&root).map(Cow::Owned),
        None => Some(root),
    }
}

/// What the location's `secure_link` says.
fn link<'a>(
    scope: &Scope<'a>,
    fact: impl Fn(&SecureLink, &Scope<'a>) -> Option<Vec<u8>>,
) -> Option<Cow<'a, [u8]>> {
    fact(scope.files.secure_link.as_ref()?, scope).map(Cow::Owned)
}

/// What the location's `secure_link_hmac` says.
fn hmac_link<'a>(
    scope: &Scope<'a>,
    fact: impl Fn(&HmacLink, &Scope<'a>) -> Option<Vec<u8>>,
) -> Option<Cow<'a, [u8]>> {
    fact(scope.files.hmac_link.as_ref()?, scope).map(Cow::Owned)
}

/// What the handshake of an encrypted connection left.
fn encrypted<'a>(
    scope: &Scope<'a>,
    fact: impl Fn(&'a Encryption) -> Option<&'a str>,
) -> Option<Cow<'a, [u8]>> {
    fact(scope.peer.tls.as_deref()?).map(|value| Cow::Borrowed(value.as_bytes()))
}

/// A number of each upstream that was asked.
fn upstream_numbers(
    scope: &Scope<'_>,
    number: impl Fn(&Attempt) -> Option<u64>,
) -> Option<Cow<'static, [u8]>> {
    scope.upstream()?.numbers(number)
}

fn present(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    (!value.is_empty()).then_some(Cow::Borrowed(value))
}

fn text(value: &'static str) -> Cow<'static, [u8]> {
    Cow::Borrowed(value.as_bytes())
}

fn owned(value: String) -> Cow<'static, [u8]> {
    Cow::Owned(value.into_bytes())
}

fn number(value: u64) -> Cow<'static, [u8]> {
    Cow::Owned(itoa::Buffer::new().format(value).as_bytes().to_vec())
}

fn address(ip: Option<IpAddr>) -> Cow<'static, [u8]> {
    ip.map_or(text("unix:"), |ip| owned(ip.to_string()))
}

fn port(port: Option<u16>) -> Cow<'static, [u8]> {
    port.filter(|port| *port > 0).map_or(text(""), |port| number(port.into()))
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
        Version::Http2 => "HTTP/2.0",
    }
}

fn civil(scope: &Scope<'_>) -> Civil {
    let unix = scope.now.unix;
    Civil::new(unix, scope.environment.local_time.offset(unix))
}

fn binary_remote_addr(scope: &Scope<'_>) -> Cow<'static, [u8]> {
    match scope.peer.remote.map(|a| a.ip()) {
        Some(IpAddr::V4(ip)) => Cow::Owned(ip.octets().to_vec()),
        Some(IpAddr::V6(ip)) => Cow::Owned(ip.octets().to_vec()),
        None => text("unix:"),
    }
}

/// `X-Forwarded-For` as a proxy would send it on: with the peer appended.
fn forwarded_for(scope: &Scope<'_>) -> Cow<'static, [u8]> {
    let peer = address(scope.peer.remote.map(|a| a.ip()));
    match headers::received(scope.request, "x-forwarded-for") {
        Some(before) => Cow::Owned([before.as_ref(), b", ", peer.as_ref()].concat()),
        None => peer,
    }
}

fn request_line(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
    &bytes[..end]
}

/// 32 hexadecimal digits, the same whenever this request is asked for them.
fn request_id(scope: &Scope<'_>) -> String {
    let mut hash = Sha1::new();
    hash.update(scope.environment.seed.to_le_bytes());
    hash.update(scope.environment.pid.to_le_bytes());
    hash.update(scope.peer.connection.to_le_bytes());
    hash.update(scope.peer.requests.to_le_bytes());
    hash.update(format!("{:?}", scope.peer.connected()));
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
