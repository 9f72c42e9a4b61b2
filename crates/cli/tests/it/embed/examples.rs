//! The examples, started in this process and talked to.

use outpour::Server;
use outpour_testkit::{Connection, Head};

use super::peer::{EventSource, WebSocket, address, get, soon};

#[expect(dead_code, reason = "their main is not called here")]
#[path = "../../../examples/chat.rs"]
mod chat;
#[expect(dead_code, reason = "their main is not called here")]
#[path = "../../../examples/clock.rs"]
mod clock;
#[expect(dead_code, reason = "their main is not called here")]
#[path = "../../../examples/ticker.rs"]
mod ticker;

#[test]
fn the_clock_ticks_for_both_kinds() {
    let server = clock::start("127.0.0.1:0").unwrap();
    assert!(get(&server, "/").1.contains("EventSource('/listen')"));
    assert_eq!(get(&server, "/listen").0, 404);
    let mut socket = WebSocket::open(&server, "/listen");
    let mut events = EventSource::open(&server, "/listen");
    let first = socket.hear();
    assert_eq!((first.len(), first.matches(':').count()), (8, 2), "{first}");
    let mut second = socket.hear();
    while second == first {
        second = socket.hear();
    }
    assert!(second > first || second == "00:00:00");
    for _ in 0..2 {
        assert_eq!(events.hear().unwrap().len(), "data: 00:00:00\n\n".len());
    }
}

fn say_by_http(server: &Server, text: &str) {
    let mut connection = Connection::open(address(server)).unwrap();
    let length = text.len();
    let head = format!("POST /pub?id=a HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    connection.send(head.as_bytes()).unwrap();
    connection.send(text.as_bytes()).unwrap();
    assert_eq!(Head::read(&mut connection, soon()).unwrap().status, 200);
}

#[test]
fn the_chat_has_rooms_and_remembers() {
    let server = chat::start("127.0.0.1:0").unwrap();
    assert!(get(&server, "/").1.contains("new WebSocket"));
    let mut one = WebSocket::open(&server, "/room/a");
    let mut other = WebSocket::open(&server, "/room/b");
    one.say("first");
    assert_eq!(one.hear(), "first");
    say_by_http(&server, "second");
    assert_eq!(one.hear(), "second");
    let mut late = WebSocket::open(&server, "/room/a");
    assert_eq!([late.hear(), late.hear()], ["first", "second"]);
    other.say("elsewhere");
    assert_eq!(other.hear(), "elsewhere");
}

#[test]
fn the_ticker_never_sends_an_old_price_after_a_new_one() {
    let server = ticker::start("127.0.0.1:0").unwrap();
    let mut events = EventSource::open(&server, "/prices");
    let mut last = -1.0;
    for _ in 0..10 {
        let event = events.hear().unwrap();
        let data = event.strip_prefix("event: price\ndata: ").unwrap();
        let price: f64 = data.trim_end().parse().unwrap();
        assert!(price > last, "{price} {last}");
        last = price;
    }
}
