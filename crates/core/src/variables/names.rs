//! Names of variables.

use super::{Builtin, Variable};

impl Variable {
    /// The built-in variable called `name` (without `$`), parameters and captures included.
    /// Letter case is ignored, as nginx does.
    ///
    /// `None` if the server has no such variable: it may be one of `set`, `map` or a named capture.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if let Some(group) = capture(&name) {
            return Some(Self::Capture(group));
        }
        let Some((family, parameter)) = family(&name) else {
            return Builtin::parse(&name).map(Self::Builtin);
        };
        let header = || parameter.replace('_', "-").into_boxed_str();
        Some(match family {
            Family::Arg => Self::Arg(parameter.as_bytes().into()),
            Family::Http => Self::Http(header()),
            Family::SentHttp => Self::SentHttp(header()),
            Family::JwtClaim => Self::JwtClaim([Box::from(parameter)].into()),
            Family::JwtHeader => Self::JwtHeader(parameter.into()),
            Family::Cookie => Self::Cookie(parameter.as_bytes().into()),
            Family::UpstreamHttp => Self::UpstreamHttp(header()),
            Family::UpstreamCookie => Self::UpstreamCookie(parameter.as_bytes().into()),
        })
    }
}

enum Family {
    Arg,
    Http,
    SentHttp,
    Cookie,
    JwtClaim,
    JwtHeader,
    UpstreamHttp,
    UpstreamCookie,
}

fn family(name: &str) -> Option<(Family, &str)> {
    let families = [
        ("arg_", Family::Arg),
        ("http_", Family::Http),
        ("sent_http_", Family::SentHttp),
        ("cookie_", Family::Cookie),
        ("jwt_claim_", Family::JwtClaim),
        ("jwt_header_", Family::JwtHeader),
        ("upstream_http_", Family::UpstreamHttp),
        ("upstream_cookie_", Family::UpstreamCookie),
    ];
    let found = families.into_iter().find_map(|(prefix, family)| {
        name.strip_prefix(prefix).map(|parameter| (family, parameter))
    });
    found.filter(|(_, parameter)| !parameter.is_empty())
}

/// `1` to `999`; `$0` is not a variable.
fn capture(name: &str) -> Option<usize> {
    let digits = name.len() <= 3 && name.bytes().all(|b| b.is_ascii_digit());
    let group = digits.then(|| name.parse().ok()).flatten()?;
    (group > 0).then_some(group)
}

/// Families of variables that belong to parts of nginx which outpour does not have.
const FOREIGN_FAMILIES: [&str; 8] = [
    "upstream_",
    "ssl_",
    "tcpinfo_",
    "proxy_protocol_",
    "geoip_",
    "geoip2_",
    "http3",
    "sent_trailer_",
];

impl Builtin {
    /// The variable called `name`, lower case.
    fn parse(name: &str) -> Option<Self> {
        let known = NAMES.iter().find(|(n, _)| *n == name).map(|(_, builtin)| *builtin);
        let foreign = || FOREIGN_FAMILIES.iter().any(|prefix| name.starts_with(prefix));
        known.or_else(|| foreign().then_some(Self::Foreign))
    }

    /// Names of all variables without parameter: what a report of an unknown one may suggest.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

const NAMES: &[(&str, Builtin)] = &[
    ("args", Builtin::Args),
    ("binary_remote_addr", Builtin::BinaryRemoteAddr),
    ("body_bytes_sent", Builtin::BodyBytesSent),
    ("bytes_sent", Builtin::BytesSent),
    ("connection", Builtin::Connection),
    ("connection_requests", Builtin::ConnectionRequests),
    ("connection_time", Builtin::ConnectionTime),
    ("content_length", Builtin::ContentLength),
    ("content_type", Builtin::ContentType),
    ("document_root", Builtin::DocumentRoot),
    ("document_uri", Builtin::DocumentUri),
    ("gzip_ratio", Builtin::Foreign),
    ("host", Builtin::Host),
    ("hostname", Builtin::Hostname),
    ("http2", Builtin::Http2),
    ("https", Builtin::Https),
    ("is_args", Builtin::IsArgs),
    ("limit_conn_status", Builtin::LimitConnStatus),
    ("limit_rate", Builtin::Foreign),
    ("limit_req_status", Builtin::LimitReqStatus),
    ("msec", Builtin::Msec),
    ("nchan_channel_event", Builtin::HookEvent),
    ("nchan_channel_id", Builtin::HookChannel),
    ("nchan_publisher_type", Builtin::HookPublisher),
    ("nchan_subscriber_type", Builtin::HookSubscriber),
    ("nginx_version", Builtin::NginxVersion),
    ("pid", Builtin::Pid),
    ("pipe", Builtin::Pipe),
    ("proxy_add_x_forwarded_for", Builtin::ProxyAddXForwardedFor),
    ("proxy_host", Builtin::ProxyHost),
    ("proxy_port", Builtin::ProxyPort),
    ("push_stream_hook_channel", Builtin::HookChannel),
    ("push_stream_hook_publisher", Builtin::HookPublisher),
    ("push_stream_hook_subscriber", Builtin::HookSubscriber),
    ("query_string", Builtin::QueryString),
    ("realip_remote_addr", Builtin::RealipRemoteAddr),
    ("realip_remote_port", Builtin::RealipRemotePort),
    ("realpath_root", Builtin::RealpathRoot),
    ("remote_addr", Builtin::RemoteAddr),
    ("remote_port", Builtin::RemotePort),
    ("remote_user", Builtin::RemoteUser),
    ("request", Builtin::Request),
    ("request_body", Builtin::RequestBody),
    ("request_body_file", Builtin::Foreign),
    ("request_completion", Builtin::RequestCompletion),
    ("request_filename", Builtin::RequestFilename),
    ("request_id", Builtin::RequestId),
    ("request_length", Builtin::RequestLength),
    ("request_method", Builtin::RequestMethod),
    ("request_time", Builtin::RequestTime),
    ("request_uri", Builtin::RequestUri),
    ("scheme", Builtin::Scheme),
    ("secure_link", Builtin::SecureLink),
    ("secure_link_expires", Builtin::SecureLinkExpires),
    ("secure_link_hmac", Builtin::SecureLinkHmac),
    ("secure_link_hmac_expires", Builtin::SecureLinkHmacExpires),
    ("secure_link_hmac_token", Builtin::SecureLinkHmacToken),
    ("server_addr", Builtin::ServerAddr),
    ("server_name", Builtin::ServerName),
    ("server_port", Builtin::ServerPort),
    ("server_protocol", Builtin::ServerProtocol),
    ("ssl_cipher", Builtin::SslCipher),
    ("ssl_client_i_dn", Builtin::SslClientIDn),
    ("ssl_client_s_dn", Builtin::SslClientSDn),
    ("ssl_client_verify", Builtin::SslClientVerify),
    ("ssl_protocol", Builtin::SslProtocol),
    ("ssl_server_name", Builtin::SslServerName),
    ("ssl_session_reused", Builtin::SslSessionReused),
    ("status", Builtin::Status),
    ("time_iso8601", Builtin::TimeIso8601),
    ("time_local", Builtin::TimeLocal),
    ("upstream_addr", Builtin::UpstreamAddr),
    ("upstream_bytes_received", Builtin::UpstreamBytesReceived),
    ("upstream_bytes_sent", Builtin::UpstreamBytesSent),
    ("upstream_connect_time", Builtin::UpstreamConnectTime),
    ("upstream_header_time", Builtin::UpstreamHeaderTime),
    ("upstream_response_length", Builtin::UpstreamResponseLength),
    ("upstream_response_time", Builtin::UpstreamResponseTime),
    ("upstream_status", Builtin::UpstreamStatus),
    ("uri", Builtin::Uri),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: impl Into<Option<Variable>>) {
        assert_eq!(Variable::parse(name), expected.into(), "{name}");
    }

    #[test]
    fn families_take_their_parameter() {
        check("arg_id", Variable::Arg(Box::from(*b"id")));
        check("ARG_Id", Variable::Arg(Box::from(*b"id")));
        check("http_x_real_ip", Variable::Http("x-real-ip".into()));
        check("sent_http_etag", Variable::SentHttp("etag".into()));
        check("cookie_session", Variable::Cookie(Box::from(*b"session")));
    }

    #[test]
    fn captures_are_numbers_from_one() {
        check("1", Variable::Capture(1));
        check("12", Variable::Capture(12));
        check("0", None);
        check("1234", None);
        check("1a", None);
    }

    #[test]
    fn aliases_and_foreign_names() {
        check("query_string", Variable::Builtin(Builtin::QueryString));
        check("document_uri", Variable::Builtin(Builtin::DocumentUri));
        check("upstream_cache_status", Variable::Builtin(Builtin::Foreign));
        check("upstream_http_x_own", Variable::UpstreamHttp("x-own".into()));
        check("upstream_http_", Variable::Builtin(Builtin::Foreign));
    }

    #[test]
    fn unknown_names_are_none() {
        for name in ["", "arg_", "http_", "cookie_", "channel", "push_stream_channels_path"] {
            check(name, None);
        }
    }

    #[test]
    fn names_are_sorted_and_parse() {
        assert!(Builtin::names().is_sorted());
        assert!(Builtin::names().all(|name| Variable::parse(name).is_some()));
    }
}
