//! Which server takes the request, and by which of its names.

use outpour_core::router::find_name;
use outpour_core::settings::{Http, Listen, ServerName};
use outpour_core::variables::State;

/// The server's index, and why it is that one.
pub(crate) fn server(
    http: &Http,
    listen: &Listen,
    host: &[u8],
    state: &mut State,
) -> (usize, String) {
    let shown = String::from_utf8_lossy(host).into_owned();
    match find_name(http, listen, host, state) {
        Some((server, name)) => (server, by_name(name, &shown)),
        None if listen.servers.len() == 1 => {
            let why = "it is the only server behind this address".to_owned();
            (listen.default_server, why)
        }
        None => {
            let why = format!("no name behind this address fits \"{shown}\": it is the default");
            (listen.default_server, why)
        }
    }
}

fn by_name(name: &ServerName, host: &str) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match name {
        ServerName::Exact(name) if name.is_empty() => "it is for requests without a host".into(),
        ServerName::Exact(name) => format!("its name is exactly \"{}\"", text(name)),
        ServerName::Suffix(suffix) => {
            format!("\"*{}\" is the longest wildcard that fits \"{host}\"", text(suffix))
        }
        ServerName::Prefix(prefix) => {
            format!("\"{}*\" is the longest wildcard that fits \"{host}\"", text(prefix))
        }
        ServerName::Regex(pattern) => {
            let regex = pattern.regex.as_str();
            format!("\"~{regex}\" is the first expression that fits \"{host}\"")
        }
    }
}
