//! Redirects' addresses.

use outpour_core::wire::escape;

use super::Exchange;

impl Exchange {
    /// The request's address with a slash behind the path.
    pub(super) fn path_with_slash(&self) -> Vec<u8> {
        let mut place = escape::path(&self.request.path);
        place.push(b'/');
        if !self.request.args().is_empty() {
            place.push(b'?');
            place.extend_from_slice(self.request.args());
        }
        place
    }

    /// A redirect's address: a path gets scheme, host and port in front, as nginx does by default.
    pub(super) fn absolute(&self, place: &[u8]) -> Vec<u8> {
        let files = &self.settings.files;
        if !place.starts_with(b"/") || !files.absolute_redirect {
            return place.to_vec();
        }
        let mut whole =
            if self.peer.tls.is_some() { b"https://".to_vec() } else { b"http://".to_vec() };
        let name = &*self.http().servers[self.server].name;
        let address = || self.peer.local.map(|a| a.ip().to_string()).unwrap_or_default();
        match &*self.request.host {
            _ if files.server_name_in_redirect => whole.extend_from_slice(name),
            [] => whole.extend_from_slice(address().as_bytes()),
            host => whole.extend_from_slice(host),
        }
        let port = self.peer.local.map(|local| local.port()).filter(|_| files.port_in_redirect);
        if let Some(port) = port.filter(|p| *p != if self.peer.tls.is_some() { 443 } else { 80 }) {
            whole.extend_from_slice(format!(":{port}").as_bytes());
        }
        whole.extend_from_slice(place);
        whole
    }
}
