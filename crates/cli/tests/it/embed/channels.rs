//! Channels, shared with publisher and subscriber locations.

use std::sync::{Arc, Mutex};

use outpour::{
    Client, Incoming, Publication, PushHandler, Reply, Request, Response, Server, Start,
    Subscription,
};
use outpour_testkit::Connection;

use super::peer::{EventSource, WebSocket, address, ask, get};

const CONFIGURATION: &str = "worker_processes 2; error_log stderr crit; events { } http { \
    access_log off; server { listen 127.0.0.1:0; \
    location = /pub { push_stream_publisher admin; push_stream_channels_path $arg_id; \
                      push_stream_store_messages on; } \
    location ~ ^/sub/(.*) { push_stream_subscriber; push_stream_channels_path $1; } \
    location /app { push_stream_application; } \
    location /plain { return 200 plain; } } }";

/// Does what its client says: `sub NAME`, `last NAME`, `count NAME`, `hear NAME`, `glob PATTERN`,
/// `hearglob PATTERN`, `unsub NAME`, `pub NAME TEXT`.
struct Commands;

impl PushHandler for Commands {
    fn on_open(&self, client: &Client) {
        let query = String::from_utf8_lossy(client.request().query()).into_owned();
        if !query.is_empty() {
            self.obey(client, &query.replace('+', " "));
        }
    }

    fn on_message(&self, client: &Client, message: Incoming<'_>) {
        let text = str::from_utf8(message.as_bytes()).unwrap();
        self.obey(client, text);
        client.write("done");
    }
}

impl Commands {
    fn obey(&self, client: &Client, text: &str) {
        let mut words = text.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (command, name) = (word(), word());
        let hear = |subscription: Subscription| {
            subscription.with(|client, message| {
                let data = String::from_utf8_lossy(message.data());
                let channel = String::from_utf8_lossy(message.channel());
                client.write(format!("heard {data} on {channel}"));
            })
        };
        let done = match &*command {
            "sub" => client.subscribe(name),
            "last" => client.subscribe(Subscription::channel(name).since(Start::Last)),
            "count" => client.subscribe(Subscription::channel(name).since(Start::Count(2))),
            "hear" => client.subscribe(hear(Subscription::channel(name))),
            "glob" => client.subscribe(Subscription::pattern(name)),
            "hearglob" => client.subscribe(hear(Subscription::pattern(name))),
            "unsub" => {
                client.write(client.unsubscribe(name).to_string());
                Ok(())
            }
            _ => client.publish(name, word()),
        };
        if let Err(refused) = done {
            client.write(refused.to_string());
        }
    }
}

fn server() -> Server {
    let handler: Arc<dyn PushHandler> = Arc::new(Commands);
    let application = move |request: &Request| match request.upgrade() {
        Some(_) => Reply::upgrade(Arc::clone(&handler)).into(),
        None => Response::text("application").into(),
    };
    let builder = Server::builder().configuration(CONFIGURATION);
    builder.application(application).start().unwrap()
}

fn publish(server: &Server, channel: &str, text: &str, headers: &str) {
    let mut connection = Connection::open(address(server)).unwrap();
    let length = text.len();
    let headers = format!("Content-Length: {length}\r\n{headers}");
    let request = format!("POST /pub?id={channel} HTTP/1.1\r\nHost: a\r\n{headers}\r\n{text}");
    connection.send(request.as_bytes()).unwrap();
    let head = outpour_testkit::Head::read(&mut connection, super::peer::soon()).unwrap();
    assert_eq!(head.status, 200);
}

fn command(socket: &mut WebSocket, text: &str) {
    socket.say(text);
    assert_eq!(socket.hear(), "done");
}

#[test]
fn locations_and_application_stand_side_by_side() {
    let server = server();
    assert_eq!(get(&server, "/app/x"), (200, "application".into()));
    assert_eq!(get(&server, "/plain"), (200, "plain".into()));
    assert_eq!(get(&server, "/other").0, 404);
}

#[test]
fn all_publishers_reach_all_subscribers() {
    let server = server();
    let (mut one, mut two) = (WebSocket::open(&server, "/app"), WebSocket::open(&server, "/app"));
    let mut events = EventSource::open(&server, "/app?sub+room");
    let mut stream = Connection::open(address(&server)).unwrap();
    ask(&mut stream, "GET /sub/room HTTP/1.1", "");
    command(&mut one, "sub room");
    command(&mut two, "sub room");
    one.say("pub room from-client");
    let mut heard = [one.hear(), one.hear()];
    heard.sort_unstable();
    assert_eq!(heard, ["done", "from-client"]);
    publish(&server, "room", "from-http", "");
    server.publish("room", "from-program").unwrap();
    assert_eq!([one.hear(), one.hear()], ["from-http", "from-program"]);
    assert_eq!([two.hear(), two.hear(), two.hear()], ["from-client", "from-http", "from-program"]);
    for text in ["from-client", "from-http", "from-program"] {
        assert_eq!(events.hear().unwrap(), format!("data: {text}\n\n"));
        stream.take_until(text.as_bytes(), super::peer::soon()).unwrap();
    }
    drop(two);
    one.say("unsub room");
    assert_eq!([one.hear(), one.hear()], ["true", "done"]);
    one.say("unsub room");
    assert_eq!([one.hear(), one.hear()], ["false", "done"]);
    server.publish("room", "unheard").unwrap();
    command(&mut one, "sub other");
}

#[test]
fn history_is_asked_for() {
    let server = server();
    for number in 1..=3 {
        publish(&server, "old", &format!("m{number}"), &format!("Event-Id: e{number}\r\n"));
    }
    let mut socket = WebSocket::open(&server, "/app");
    command(&mut socket, "count old");
    assert_eq!([socket.hear(), socket.hear()], ["m2", "m3"]);
    let last = "Last-Event-ID: e1\r\n";
    let mut events = EventSource::open_with(&server, "/app?last+old", last);
    assert_eq!(events.hear().unwrap(), "id: e2\ndata: m2\n\n");
    assert_eq!(events.hear().unwrap(), "id: e3\ndata: m3\n\n");
    let stored = Publication::text("m4").event_id("e4").event_type("news").stored();
    server.publish("old", stored).unwrap();
    assert_eq!(socket.hear(), "m4");
    assert_eq!(events.hear().unwrap(), "id: e4\nevent: news\ndata: m4\n\n");
}

#[test]
fn callbacks_and_patterns_hear() {
    let server = server();
    let (mut called, mut globbed) =
        (WebSocket::open(&server, "/app"), WebSocket::open(&server, "/app"));
    command(&mut called, "hear a.1");
    command(&mut called, "hearglob b.*");
    command(&mut globbed, "glob ?.1");
    for channel in ["a.1", "b.2", "c.1", "c.2", "b.1"] {
        server.publish(channel, format!("to {channel}")).unwrap();
    }
    let expected = ["heard to a.1 on a.1", "heard to b.2 on b.2", "heard to b.1 on b.1"];
    assert_eq!([called.hear(), called.hear(), called.hear()], expected);
    assert_eq!([globbed.hear(), globbed.hear(), globbed.hear()], ["to a.1", "to c.1", "to b.1"]);
    called.say("unsub b.*");
    assert_eq!([called.hear(), called.hear()], ["true", "done"]);
    server.publish("b.2", "unheard").unwrap();
    server.publish("a.1", "heard").unwrap();
    assert_eq!(called.hear(), "heard heard on a.1");
}

#[test]
fn a_deleted_channel_ends_its_subscription_alone() {
    let server = server();
    let mut socket = WebSocket::open(&server, "/app");
    command(&mut socket, "sub gone");
    command(&mut socket, "sub kept");
    let mut connection = Connection::open(address(&server)).unwrap();
    assert_eq!(ask(&mut connection, "DELETE /pub?id=gone HTTP/1.1", "").status, 200);
    assert_eq!(socket.hear(), "Channel deleted");
    server.publish("gone", "unheard").unwrap();
    server.publish("kept", "heard").unwrap();
    assert_eq!(socket.hear(), "heard");
    command(&mut socket, "sub gone");
    server.publish("gone", "again").unwrap();
    assert_eq!(socket.hear(), "again");
}

#[test]
fn bad_names_are_refused() {
    let server = server();
    let mut socket = WebSocket::open(&server, "/app");
    socket.say("sub ALL");
    assert_eq!(socket.hear(), "Channel id not authorized for this method.");
    assert_eq!(socket.hear(), "done");
    assert!(server.publish("", "x").is_err());
}

/// Keeps its client beyond the end.
#[derive(Default)]
struct Keeper(Mutex<Option<Client>>);

impl PushHandler for Keeper {
    fn on_open(&self, client: &Client) {
        *self.0.lock().unwrap() = Some(client.clone());
        client.close();
    }
}

#[test]
fn nothing_happens_after_the_end() {
    let keeper = Arc::new(Keeper::default());
    let server = super::record::serve(keeper.clone());
    let mut socket = WebSocket::open(&server, "/");
    assert_eq!(socket.closed(), Some(1000));
    let client = keeper.0.lock().unwrap().take().unwrap();
    assert_eq!(client.subscribe("a").unwrap_err().to_string(), "The connection is closed.");
    assert!(!client.write("x") && !client.unsubscribe("a") && client.pending().is_none());
    client.set_handler(keeper);
    client.close();
    server.shutdown();
    assert!(!client.write("x"));
}
