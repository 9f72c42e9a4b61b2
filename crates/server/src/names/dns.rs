//! Questions to the name servers of `resolver`.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use outpour_core::settings::Resolver;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE};

use super::NameError;

/// How long a name server has before the next one is asked; twice as long in the next round.
const PATIENCE: Duration = Duration::from_secs(1);

/// Longest datagram that is taken; longer answers come over TCP.
const DATAGRAM_MAX: usize = 4096;

/// Bounds of how long an answer is used, whatever it says.
const VALID: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(86_400));

/// Addresses, and how long they may be used.
type Found = (Vec<IpAddr>, Duration);

/// Asks one name server after the other, again and again until `resolver_timeout` is over.
pub(super) fn ask(host: &str, resolver: &Resolver) -> Result<Found, NameError> {
    let deadline = Instant::now() + resolver.timeout;
    let mut patience = PATIENCE;
    loop {
        let mut failure = NameError::ServerFailure;
        for server in &resolver.servers {
            let until = deadline.min(Instant::now() + patience);
            match ask_server(*server, host, resolver, until) {
                Err(NameError::TimedOut) => failure = NameError::TimedOut,
                Err(NameError::ServerFailure | NameError::Busy) => {}
                found @ (Ok(_) | Err(NameError::NotFound)) => return found,
            }
        }
        if failure == NameError::ServerFailure || Instant::now() >= deadline {
            return Err(failure);
        }
        patience *= 2;
    }
}

/// A question for one kind of address.
struct Pending {
    id: u16,
    kind: TYPE,
    reply: Option<Reply>,
}

/// What came of it.
enum Reply {
    /// May be none.
    Addresses(Vec<(IpAddr, u32)>),
    NoSuchName,
    Failure,
}

fn ask_server(
    server: SocketAddr,
    host: &str,
    resolver: &Resolver,
    until: Instant,
) -> Result<Found, NameError> {
    let kinds = [(TYPE::A, resolver.ipv4), (TYPE::AAAA, resolver.ipv6)];
    let kinds = kinds.into_iter().filter(|(_, wanted)| *wanted).map(|(kind, _)| kind);
    let mut pending: Vec<Pending> =
        kinds.map(|kind| Pending { id: random_id(), kind, reply: None }).collect();
    match converse(server, host, &mut pending, until) {
        Ok(()) => result(pending),
        Err(error) if is_time_out(&error) => match result(pending) {
            Err(NameError::NotFound) => Err(NameError::TimedOut),
            other => other,
        },
        Err(_) => Err(NameError::ServerFailure),
    }
}

/// Sends all questions and takes answers until there is one for each.
fn converse(
    server: SocketAddr,
    host: &str,
    pending: &mut [Pending],
    until: Instant,
) -> io::Result<()> {
    let any = match server.is_ipv4() {
        true => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        false => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // The system draws the port: who wants to forge an answer has to guess it and the id.
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(server)?;
    for question in pending.iter() {
        socket.send(&query(question.id, host, question.kind)?)?;
    }
    let mut buffer = [0; DATAGRAM_MAX];
    while pending.iter().any(|question| question.reply.is_none()) {
        socket.set_read_timeout(Some(left(until)?))?;
        let length = socket.recv(&mut buffer)?;
        let Some((at, truncated)) = belongs(&buffer[..length], host, pending) else { continue };
        let question = &mut pending[at];
        question.reply = Some(match truncated {
            false => read(&buffer[..length], host),
            true => read(&ask_at_length(server, host, question, until)?, host),
        });
    }
    Ok(())
}

/// The same question over TCP.
fn ask_at_length(
    server: SocketAddr,
    host: &str,
    question: &Pending,
    until: Instant,
) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, left(until)?)?;
    let query = query(question.id, host, question.kind)?;
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    stream.set_write_timeout(Some(left(until)?))?;
    stream.write_all(&[&length.to_be_bytes()[..], &query].concat())?;
    let mut length = [0; 2];
    read_until(&mut stream, &mut length, until)?;
    let mut answer = vec![0; u16::from_be_bytes(length).into()];
    read_until(&mut stream, &mut answer, until)?;
    Ok(answer)
}

fn read_until(stream: &mut TcpStream, mut buffer: &mut [u8], until: Instant) -> io::Result<()> {
    while !buffer.is_empty() {
        stream.set_read_timeout(Some(left(until)?))?;
        match stream.read(buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => buffer = &mut buffer[length..],
        }
    }
    Ok(())
}

fn query(id: u16, host: &str, kind: TYPE) -> io::Result<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(host.trim_end_matches('.')).map_err(io::Error::other)?;
    packet.questions.push(Question::new(name, kind.into(), CLASS::IN.into(), false));
    packet.build_bytes_vec().map_err(io::Error::other)
}

/// Which question a datagram answers, and whether it is only the beginning of an answer.
fn belongs(bytes: &[u8], host: &str, pending: &[Pending]) -> Option<(usize, bool)> {
    let packet = Packet::parse(bytes).ok()?;
    let [question] = packet.questions.as_slice() else { return None };
    let same = |open: &Pending| {
        open.reply.is_none()
            && open.id == packet.id()
            && question.qtype == open.kind.into()
            && same_name(&question.qname, host)
    };
    let at = pending.iter().position(same)?;
    let reply = packet.has_flags(PacketFlag::RESPONSE);
    reply.then(|| (at, packet.has_flags(PacketFlag::TRUNCATION)))
}

/// The addresses of a packet: those of the name and of the names that it is another name for.
fn read(bytes: &[u8], host: &str) -> Reply {
    let Ok(packet) = Packet::parse(bytes) else { return Reply::Failure };
    let rcode = packet.rcode();
    if rcode == RCODE::NameError {
        return Reply::NoSuchName;
    }
    if rcode != RCODE::NoError {
        return Reply::Failure;
    }
    let mut names = vec![host.trim_end_matches('.').to_ascii_lowercase()];
    let mut addresses = Vec::new();
    // Name servers put other names in front of what they stand for.
    for record in packet.answers.iter().filter(|record| record.class == CLASS::IN) {
        let name = record.name.to_string().to_ascii_lowercase();
        if !names.contains(&name) {
            continue;
        }
        let ttl = record.ttl;
        if let RData::CNAME(other) = &record.rdata {
            names.push(other.0.to_string().to_ascii_lowercase());
        } else if let RData::A(found) = &record.rdata {
            addresses.push((Ipv4Addr::from(found.address).into(), ttl));
        } else if let RData::AAAA(found) = &record.rdata {
            addresses.push((Ipv6Addr::from(found.address).into(), ttl));
        }
    }
    Reply::Addresses(addresses)
}

fn same_name(name: &Name<'_>, host: &str) -> bool {
    name.to_string().eq_ignore_ascii_case(host.trim_end_matches('.'))
}

/// All addresses of all replies, if there are any; else the worst of what was said.
fn result(pending: Vec<Pending>) -> Result<Found, NameError> {
    let (mut found, mut failed) = (Vec::new(), false);
    for question in pending {
        match question.reply {
            Some(Reply::Addresses(mut addresses)) => found.append(&mut addresses),
            Some(Reply::Failure) => failed = true,
            Some(Reply::NoSuchName) | None => {}
        }
    }
    let Some(ttl) = found.iter().map(|(_, ttl)| *ttl).min() else {
        return Err(if failed { NameError::ServerFailure } else { NameError::NotFound });
    };
    let valid = Duration::from_secs(ttl.into()).clamp(VALID.0, VALID.1);
    Ok((found.into_iter().map(|(address, _)| address).collect(), valid))
}

fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn is_time_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// The state of the standard library's hash is drawn by the system.
fn random_id() -> u16 {
    let [a, b, ..] = RandomState::new().hash_one(0).to_le_bytes();
    u16::from_le_bytes([a, b])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pending() -> [Pending; 1] {
        [Pending { id: 7, kind: TYPE::A, reply: None }]
    }

    #[test]
    fn half_a_packet_is_no_answer() {
        let question = query(7, "a.example", TYPE::A).unwrap();
        for length in 0..=question.len() {
            // A question is no reply either.
            assert_eq!(belongs(&question[..length], "a.example", &pending()), None);
        }
    }

    proptest! {
        /// Whatever comes from the network, reading it ends.
        #[test]
        fn garbage_is_read_to_its_end(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
            prop_assert_eq!(belongs(&bytes, "a.example", &pending()), None);
            let _ = read(&bytes, "a.example");
        }

        /// The same for packets that were damaged on the way.
        #[test]
        fn damage_is_read_to_its_end(at in 0..64_usize, byte: u8) {
            let mut bytes = query(7, "a.example", TYPE::A).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
            let _ = belongs(&bytes, "a.example", &pending());
            let _ = read(&bytes, "a.example");
        }
    }
}
