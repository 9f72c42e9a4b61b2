//! Clients of an embedded server, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use outpour::Server;
use outpour_testkit::{Body, Connection, Deadline, Frame, Head, Opcode};

/// How long anything may take.
pub(super) fn soon() -> Deadline {
    Deadline::now() + Duration::from_secs(10)
}

/// The address of a server.
pub(super) fn address(server: &Server) -> SocketAddr {
    server.addresses()[0]
}

/// Sends a head and reads the answer's head.
pub(super) fn ask(connection: &mut Connection, line: &str, headers: &str) -> Head {
    let request = format!("{line}\r\nHost: a\r\n{headers}\r\n");
    connection.send(request.as_bytes()).unwrap();
    Head::read(connection, soon()).unwrap()
}

/// A request on a connection of its own: status and body.
pub(super) fn get(server: &Server, target: &str) -> (u16, String) {
    let mut connection = Connection::open(address(server)).unwrap();
    let head = ask(&mut connection, &format!("GET {target} HTTP/1.1"), "");
    let body = Body::of(&head).unwrap().rest(&mut connection, soon()).unwrap();
    (head.status, String::from_utf8(body).unwrap())
}

/// What a browser sends to open a WebSocket.
pub(super) const UPGRADE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// A WebSocket.
pub(super) struct WebSocket {
    pub(super) connection: Connection,
    pub(super) head: Head,
}

impl WebSocket {
    pub(super) fn open(server: &Server, target: &str) -> Self {
        Self::open_with(server, target, "")
    }

    pub(super) fn open_with(server: &Server, target: &str, headers: &str) -> Self {
        let mut connection = Connection::open(address(server)).unwrap();
        let line = format!("GET {target} HTTP/1.1");
        let head = ask(&mut connection, &line, &format!("{UPGRADE}{headers}"));
        assert_eq!(head.status, 101);
        Self { connection, head }
    }

    pub(super) fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.connection.send(&Frame::masked(opcode, payload).bytes()).unwrap();
    }

    pub(super) fn say(&mut self, text: &str) {
        self.send(Opcode::TEXT, text.as_bytes());
    }

    pub(super) fn read(&mut self) -> Frame {
        Frame::read(&mut self.connection, soon()).unwrap()
    }

    /// The next text.
    pub(super) fn hear(&mut self) -> String {
        let frame = self.read();
        assert_eq!(frame.opcode, Opcode::TEXT, "{frame:?}");
        String::from_utf8(frame.payload).unwrap()
    }

    /// The code of the close frame that comes next.
    pub(super) fn closed(&mut self) -> Option<u16> {
        let frame = self.read();
        assert_eq!(frame.opcode, Opcode::CLOSE, "{frame:?}");
        frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code))
    }
}

/// An EventSource.
pub(super) struct EventSource {
    pub(super) connection: Connection,
    body: Body,
    text: String,
}

impl EventSource {
    pub(super) fn open(server: &Server, target: &str) -> Self {
        Self::open_with(server, target, "")
    }

    pub(super) fn open_with(server: &Server, target: &str, headers: &str) -> Self {
        let mut connection = Connection::open(address(server)).unwrap();
        let line = format!("GET {target} HTTP/1.1");
        let headers = format!("Accept: text/event-stream\r\n{headers}");
        let head = ask(&mut connection, &line, &headers);
        assert_eq!(head.status, 200);
        let body = Body::of(&head).unwrap();
        Self { connection, body, text: String::new() }
    }

    /// The next event, comments left out; `None` at the end.
    pub(super) fn hear(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                if event.starts_with(':') {
                    continue;
                }
                return Some(event);
            }
            let chunk = self.body.chunk(&mut self.connection, soon()).unwrap()?;
            self.text.push_str(str::from_utf8(&chunk).unwrap());
        }
    }
}

/// A server whose log does not disturb the tests'.
pub(super) fn quiet(workers: usize) -> outpour::Builder {
    let text = "error_log stderr emerg; events { } http { access_log off; server { \
                listen 127.0.0.1:0; } }";
    Server::builder().configuration(text).workers(workers)
}
