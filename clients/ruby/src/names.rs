//! The keys of a Rack environment and other Strings that every request needs: made once.

use magnus::value::{InnerValue, Lazy};
use magnus::{RString, Ruby};

/// A String that is never changed and never collected.
pub(crate) struct Name(Lazy<RString>);

impl Name {
    pub(crate) fn get(&self, ruby: &Ruby) -> RString {
        self.0.get_inner_with(ruby)
    }
}

macro_rules! names {
    ($($constant:ident = $text:literal),+ $(,)?) => {
        $(pub(crate) static $constant: Name =
            Name(Lazy::new(|ruby| ruby.str_new($text).to_interned_str()));)+

        /// Makes all of them, while no other thread can.
        pub(crate) fn prepare(ruby: &Ruby) {
            $(Lazy::force(&$constant.0, ruby);)+
        }
    };
}

names! {
    EMPTY = "",
    SLASH = "/",
    GET = "GET",
    HEAD = "HEAD",
    POST = "POST",
    PUT = "PUT",
    DELETE = "DELETE",
    PATCH = "PATCH",
    OPTIONS = "OPTIONS",
    HTTP = "http",
    HTTPS = "https",
    HTTP_10 = "HTTP/1.0",
    HTTP_11 = "HTTP/1.1",
    HTTP_2 = "HTTP/2",
    LOOPBACK = "127.0.0.1",
    REQUEST_METHOD = "REQUEST_METHOD",
    SCRIPT_NAME = "SCRIPT_NAME",
    PATH_INFO = "PATH_INFO",
    QUERY_STRING = "QUERY_STRING",
    SERVER_NAME = "SERVER_NAME",
    SERVER_PORT = "SERVER_PORT",
    SERVER_PROTOCOL = "SERVER_PROTOCOL",
    SERVER_SOFTWARE = "SERVER_SOFTWARE",
    REMOTE_ADDR = "REMOTE_ADDR",
    CONTENT_TYPE = "CONTENT_TYPE",
    CONTENT_LENGTH = "CONTENT_LENGTH",
    RACK_URL_SCHEME = "rack.url_scheme",
    RACK_INPUT = "rack.input",
    RACK_ERRORS = "rack.errors",
    RACK_VERSION = "rack.version",
    RACK_MULTITHREAD = "rack.multithread",
    RACK_MULTIPROCESS = "rack.multiprocess",
    RACK_RUN_ONCE = "rack.run_once",
    RACK_HIJACK_ASKED = "rack.hijack?",
    RACK_UPGRADE_ASKED = "rack.upgrade?",
    RACK_UPGRADE = "rack.upgrade",
    HTTP_ACCEPT = "HTTP_ACCEPT",
    HTTP_ACCEPT_CHARSET = "HTTP_ACCEPT_CHARSET",
    HTTP_ACCEPT_ENCODING = "HTTP_ACCEPT_ENCODING",
    HTTP_ACCEPT_LANGUAGE = "HTTP_ACCEPT_LANGUAGE",
    HTTP_AUTHORIZATION = "HTTP_AUTHORIZATION",
    HTTP_CACHE_CONTROL = "HTTP_CACHE_CONTROL",
    HTTP_CONNECTION = "HTTP_CONNECTION",
    HTTP_COOKIE = "HTTP_COOKIE",
    HTTP_DNT = "HTTP_DNT",
    HTTP_HOST = "HTTP_HOST",
    HTTP_IF_MODIFIED_SINCE = "HTTP_IF_MODIFIED_SINCE",
    HTTP_IF_NONE_MATCH = "HTTP_IF_NONE_MATCH",
    HTTP_LAST_EVENT_ID = "HTTP_LAST_EVENT_ID",
    HTTP_ORIGIN = "HTTP_ORIGIN",
    HTTP_PRAGMA = "HTTP_PRAGMA",
    HTTP_RANGE = "HTTP_RANGE",
    HTTP_REFERER = "HTTP_REFERER",
    HTTP_SEC_FETCH_DEST = "HTTP_SEC_FETCH_DEST",
    HTTP_SEC_FETCH_MODE = "HTTP_SEC_FETCH_MODE",
    HTTP_SEC_FETCH_SITE = "HTTP_SEC_FETCH_SITE",
    HTTP_SEC_WEBSOCKET_EXTENSIONS = "HTTP_SEC_WEBSOCKET_EXTENSIONS",
    HTTP_SEC_WEBSOCKET_KEY = "HTTP_SEC_WEBSOCKET_KEY",
    HTTP_SEC_WEBSOCKET_PROTOCOL = "HTTP_SEC_WEBSOCKET_PROTOCOL",
    HTTP_SEC_WEBSOCKET_VERSION = "HTTP_SEC_WEBSOCKET_VERSION",
    HTTP_UPGRADE = "HTTP_UPGRADE",
    HTTP_USER_AGENT = "HTTP_USER_AGENT",
    HTTP_X_FORWARDED_FOR = "HTTP_X_FORWARDED_FOR",
    HTTP_X_FORWARDED_HOST = "HTTP_X_FORWARDED_HOST",
    HTTP_X_FORWARDED_PROTO = "HTTP_X_FORWARDED_PROTO",
    HTTP_X_REAL_IP = "HTTP_X_REAL_IP",
    HTTP_X_REQUESTED_WITH = "HTTP_X_REQUESTED_WITH",
}

/// The longest header name that [`known_header`] knows.
const KNOWN_MAX: usize = 24;

/// The key of a header that many clients send.
fn known_header(name: &[u8]) -> Option<&'static Name> {
    let mut lower = [0; KNOWN_MAX];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"accept" => &HTTP_ACCEPT,
        b"accept-charset" => &HTTP_ACCEPT_CHARSET,
        b"accept-encoding" => &HTTP_ACCEPT_ENCODING,
        b"accept-language" => &HTTP_ACCEPT_LANGUAGE,
        b"authorization" => &HTTP_AUTHORIZATION,
        b"cache-control" => &HTTP_CACHE_CONTROL,
        b"connection" => &HTTP_CONNECTION,
        b"content-length" => &CONTENT_LENGTH,
        b"content-type" => &CONTENT_TYPE,
        b"cookie" => &HTTP_COOKIE,
        b"dnt" => &HTTP_DNT,
        b"host" => &HTTP_HOST,
        b"if-modified-since" => &HTTP_IF_MODIFIED_SINCE,
        b"if-none-match" => &HTTP_IF_NONE_MATCH,
        b"last-event-id" => &HTTP_LAST_EVENT_ID,
        b"origin" => &HTTP_ORIGIN,
        b"pragma" => &HTTP_PRAGMA,
        b"range" => &HTTP_RANGE,
        b"referer" => &HTTP_REFERER,
        b"sec-fetch-dest" => &HTTP_SEC_FETCH_DEST,
        b"sec-fetch-mode" => &HTTP_SEC_FETCH_MODE,
        b"sec-fetch-site" => &HTTP_SEC_FETCH_SITE,
        b"sec-websocket-extensions" => &HTTP_SEC_WEBSOCKET_EXTENSIONS,
        b"sec-websocket-key" => &HTTP_SEC_WEBSOCKET_KEY,
        b"sec-websocket-protocol" => &HTTP_SEC_WEBSOCKET_PROTOCOL,
        b"sec-websocket-version" => &HTTP_SEC_WEBSOCKET_VERSION,
        b"upgrade" => &HTTP_UPGRADE,
        b"user-agent" => &HTTP_USER_AGENT,
        b"x-forwarded-for" => &HTTP_X_FORWARDED_FOR,
        b"x-forwarded-host" => &HTTP_X_FORWARDED_HOST,
        b"x-forwarded-proto" => &HTTP_X_FORWARDED_PROTO,
        b"x-real-ip" => &HTTP_X_REAL_IP,
        b"x-requested-with" => &HTTP_X_REQUESTED_WITH,
        _ => return None,
    })
}

/// The key of a header in the environment: `HTTP_` and its name in capitals, as CGI has it.
pub(crate) fn header(ruby: &Ruby, name: &[u8]) -> RString {
    if let Some(known) = known_header(name) {
        return known.get(ruby);
    }
    let mut key = Vec::with_capacity(name.len() + 5);
    key.extend_from_slice(b"HTTP_");
    key.extend(name.iter().map(|byte| match byte {
        b'-' => b'_',
        byte => byte.to_ascii_uppercase(),
    }));
    ruby.str_from_slice(&key).to_interned_str()
}

/// The String of a method.
pub(crate) fn method(ruby: &Ruby, method: &str) -> RString {
    let known = match method {
        "GET" => &GET,
        "HEAD" => &HEAD,
        "POST" => &POST,
        "PUT" => &PUT,
        "DELETE" => &DELETE,
        "PATCH" => &PATCH,
        "OPTIONS" => &OPTIONS,
        _ => return ruby.str_new(method),
    };
    known.get(ruby)
}

/// The String of a protocol.
pub(crate) fn protocol(ruby: &Ruby, protocol: &str) -> RString {
    let name = match protocol {
        "HTTP/1.0" => &HTTP_10,
        "HTTP/1.1" => &HTTP_11,
        _ => &HTTP_2,
    };
    name.get(ruby)
}
