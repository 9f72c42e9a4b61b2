//! A name server of ours, and what is made of its answers.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use simple_dns::rdata::{A, CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord, TYPE};

use super::*;

type Told1 = (u32, Result<Addresses, NameError>);

struct Desk {
    names: Names<u32>,
    sender: Mutex<Sender<Told1>>,
    tick: AtomicU64,
}

impl Told<u32> for Desk {
    fn names(&self) -> &Names<u32> {
        &self.names
    }

    fn tell(&self, waiter: u32, found: Result<Addresses, NameError>) {
        let _ = self.sender.lock().unwrap().send((waiter, found));
    }

    fn tick(&self) -> Tick {
        Tick(self.tick.load(Ordering::Relaxed))
    }
}

fn desk() -> (Arc<Desk>, Receiver<Told1>) {
    let (sender, receiver) = channel();
    let tick = AtomicU64::new(1000);
    (Arc::new(Desk { names: Names::default(), sender: Mutex::new(sender), tick }), receiver)
}

/// A name server that knows `app.test`, `other.test` (another name of it), `silent.test` and
/// `broken.test`; it counts its questions.
fn name_server() -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            count.fetch_add(1, Ordering::Relaxed);
            if let Some(reply) = reply(&buffer[..length]) {
                let _ = socket.send_to(&reply, from);
            }
        }
    });
    (address, asked)
}

fn reply(bytes: &[u8]) -> Option<Vec<u8>> {
    let query = Packet::parse(bytes).unwrap();
    let question = query.questions[0].clone();
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::RESPONSE);
    let name = question.qname.to_string();
    let record = |name: &'static str, data| {
        ResourceRecord::new(Name::new_unchecked(name), CLASS::IN, 60, data)
    };
    let v4 = question.qtype == TYPE::A.into();
    let address = || RData::A(A { address: 0xc000_0207 });
    reply.questions.push(question);
    match name.as_str() {
        "app.test" if v4 => reply.answers.push(record("app.test", address())),
        "other.test" if v4 => {
            let other = CNAME(Name::new_unchecked("app.test"));
            reply.answers.push(record("other.test", RData::CNAME(other)));
            reply.answers.push(record("app.test", address()));
            // Somebody else's address.
            reply.answers.push(record("third.test", address()));
        }
        "app.test" | "other.test" => {}
        "silent.test" => return None,
        "broken.test" => *reply.rcode_mut() = RCODE::ServerFailure,
        _ => *reply.rcode_mut() = RCODE::NameError,
    }
    Some(reply.build_bytes_vec().unwrap())
}

fn resolver(server: SocketAddr) -> Arc<Resolver> {
    let timeout = Duration::from_millis(1500);
    Arc::new(Resolver { servers: vec![server], timeout, ..Resolver::default() })
}

fn addresses(text: &str) -> Result<Addresses, NameError> {
    Ok([text.parse().unwrap()].into())
}

#[test]
fn name_servers_are_asked_once_for_many() {
    let (server, asked) = name_server();
    let (desk, told) = desk();
    let resolver = resolver(server);
    let look = |waiter| Names::look_up(&desk, "app.test", &resolver, waiter);
    assert_eq!(look(1), Lookup::Waits);
    let second = look(2);
    let first = told.recv().unwrap();
    assert_eq!(first, (1, addresses("192.0.2.7")));
    if second == Lookup::Waits {
        assert_eq!(told.recv().unwrap(), (2, addresses("192.0.2.7")));
    }
    assert_eq!(look(3), Lookup::Found(addresses("192.0.2.7")));
    assert_eq!(asked.load(Ordering::Relaxed), 2, "one question for each kind of address");
    desk.tick.fetch_add(61_000, Ordering::Relaxed);
    assert_eq!(look(4), Lookup::Waits, "the answer was good for a minute");
    assert_eq!(told.recv().unwrap().0, 4);
    desk.names.end();
}

#[test]
fn what_name_servers_say() {
    let (server, _) = name_server();
    let (desk, told) = desk();
    let resolver = resolver(server);
    let check = |host: &str, expected: Result<Addresses, NameError>| {
        assert_eq!(Names::look_up(&desk, host, &resolver, 0), Lookup::Waits, "{host}");
        assert_eq!(told.recv().unwrap().1, expected, "{host}");
    };
    check("other.test", addresses("192.0.2.7"));
    check("nobody.test", Err(NameError::NotFound));
    check("broken.test", Err(NameError::ServerFailure));
    check("silent.test", Err(NameError::TimedOut));
    let refused = Names::look_up(&desk, "no host", &resolver, 0);
    assert_eq!(refused, Lookup::Found(Err(NameError::NotFound)));
}

#[test]
fn the_next_server_is_asked_when_one_fails() {
    let (server, _) = name_server();
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (desk, told) = desk();
    let servers = vec![closed, server];
    let both = Arc::new(Resolver { servers, ipv6: false, ..Resolver::default() });
    assert_eq!(Names::look_up(&desk, "app.test", &both, 0), Lookup::Waits);
    assert_eq!(told.recv().unwrap().1, addresses("192.0.2.7"));
}

#[test]
fn the_system_is_asked_without_name_servers() {
    let (desk, told) = desk();
    let system = Arc::new(Resolver::default());
    assert_eq!(Names::look_up(&desk, "localhost", &system, 0), Lookup::Waits);
    let found = told.recv().unwrap().1.unwrap();
    assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty(), "{found:?}");
}
