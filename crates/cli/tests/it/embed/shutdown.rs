//! The graceful end.

use std::time::{Duration, Instant};

use outpour::{Body, Error, Reply, Request, Response, Server};

use super::peer::{EventSource, WebSocket};
use super::record::{Recorder, serve};

#[test]
fn handlers_say_good_bye() {
    let (recorder, said) = Recorder::new(|client, text| {
        if text == "shutdown" {
            client.write("bye");
        }
    });
    let server = serve(recorder);
    let mut socket = WebSocket::open(&server, "/");
    let mut events = EventSource::open(&server, "/");
    assert_eq!([said.next(), said.next()], ["open", "open"]);
    let begun = Instant::now();
    server.shutdown();
    assert!(begun.elapsed() < Duration::from_secs(8));
    assert_eq!((socket.hear(), socket.closed()), ("bye".into(), Some(1001)));
    assert_eq!(events.hear().unwrap(), "data: bye\n\n");
    assert_eq!(events.hear(), None);
    let mut heard = [said.next(), said.next(), said.next(), said.next()];
    heard.sort_unstable();
    assert_eq!(heard, ["close: Shutdown", "close: Shutdown", "shutdown", "shutdown"]);
    said.over();
}

#[test]
fn what_does_not_end_is_ended() {
    let (writer, body) = Body::channel();
    let body = std::sync::Mutex::new(Some(body));
    let application = move |_: &Request| -> Reply {
        Response::new(200).body(body.lock().unwrap().take().unwrap_or_default()).into()
    };
    let server = Server::builder()
        .listen("127.0.0.1:0")
        .drain_timeout(Duration::from_millis(200))
        .application(application)
        .start()
        .unwrap();
    let mut connection = outpour_testkit::Connection::open(server.addresses()[0]).unwrap();
    assert_eq!(super::peer::ask(&mut connection, "GET / HTTP/1.1", "").status, 200);
    server.shutdown();
    assert!(writer.is_closed());
}

#[test]
fn a_server_needs_something_to_serve() {
    let refused = |builder: outpour::Builder| builder.start().unwrap_err();
    assert!(matches!(refused(Server::builder()), Error::Nothing));
    let text = "events { } http { server { listen 127.0.0.1:0; location / { \
                push_stream_application; } } }";
    let missing = refused(Server::builder().configuration(text)).to_string();
    assert!(missing.contains("this server has none in nginx.conf:1"), "{missing}");
    let both = Server::builder().configuration(text).listen("127.0.0.1:0");
    assert!(matches!(refused(both), Error::ListenTwice));
    let wrong = refused(Server::builder().configuration("events { } htpp { }")).to_string();
    assert!(wrong.contains("unknown directive \"htpp\" in nginx.conf:1"), "{wrong}");
    let injected = Server::builder()
        .listen("80; root /")
        .application(|_: &Request| -> Reply { Response::new(200).into() });
    assert!(matches!(refused(injected), Error::Configuration(_)));
}

#[test]
fn a_reload_keeps_connections_and_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.conf");
    let write = |text: &str| {
        let text = format!(
            "worker_processes 2; error_log stderr emerg; events {{ }} http {{ access_log off; \
             server {{ listen 127.0.0.1:0; location /ws {{ push_stream_application; }} {text} }} }}"
        );
        std::fs::write(&file, text).unwrap();
    };
    write("location / { return 200 before; }");
    let application =
        |_: &Request| -> Reply { Reply::upgrade(std::sync::Arc::new(super::basics::Echo)).into() };
    let builder = Server::builder().configuration_file(&file).application(application);
    let server = builder.start().unwrap();
    let addresses = server.addresses();
    let mut socket = WebSocket::open(&server, "/ws");
    assert_eq!(socket.hear(), "hello");
    assert_eq!(super::peer::get(&server, "/").1, "before");
    write("location / { return 200 after; }");
    server.handle().reload().unwrap();
    assert_eq!(server.addresses(), addresses);
    let deadline = super::peer::soon();
    while super::peer::get(&server, "/").1 != "after" {
        assert!(Instant::now() < deadline);
    }
    write("location / { retrun 200 wrong; }");
    assert!(matches!(server.handle().reload(), Err(Error::Configuration(_))));
    assert_eq!(super::peer::get(&server, "/").1, "after");
    socket.say("still here");
    assert_eq!(socket.hear(), "still here");
}
