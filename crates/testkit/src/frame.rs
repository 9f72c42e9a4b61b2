use std::fmt;

use anyhow::{Result, bail};

use crate::connection::{Connection, Deadline};

/// What a WebSocket frame carries, RFC 6455 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode(
    /// The four bits.
    pub u8,
);

impl Opcode {
    /// The next part of a message.
    pub const CONTINUATION: Self = Self(0);
    /// A text.
    pub const TEXT: Self = Self(1);
    /// Bytes.
    pub const BINARY: Self = Self(2);
    /// The end.
    pub const CLOSE: Self = Self(8);
    /// A question.
    pub const PING: Self = Self(9);
    /// Its answer.
    pub const PONG: Self = Self(10);
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::CONTINUATION => f.write_str("continuation"),
            Self::TEXT => f.write_str("text"),
            Self::BINARY => f.write_str("binary"),
            Self::CLOSE => f.write_str("close"),
            Self::PING => f.write_str("ping"),
            Self::PONG => f.write_str("pong"),
            Self(other) => write!(f, "{other:#x}"),
        }
    }
}

/// One WebSocket frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether it ends its message.
    pub fin: bool,
    /// The three reserved bits, as the high nibble of the first byte holds them (0 to 7).
    pub reserved: u8,
    /// What it is.
    pub opcode: Opcode,
    /// The mask, when there is one.
    pub mask: Option<[u8; 4]>,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

impl Frame {
    /// A complete, masked frame, as clients send it.
    pub fn masked(opcode: Opcode, payload: impl Into<Vec<u8>>) -> Self {
        let mask = Some([0x12, 0x34, 0x56, 0x78]);
        Self { fin: true, reserved: 0, opcode, mask, payload: payload.into() }
    }

    /// The bytes of the frame, with the shortest length field that fits.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.fin) << 7 | self.reserved << 4 | self.opcode.0];
        let masked = u8::from(self.mask.is_some()) << 7;
        let length = self.payload.len();
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ 0..=125), _) => bytes.push(masked | short),
            (_, Ok(medium)) => {
                bytes.push(masked | 126);
                bytes.extend_from_slice(&medium.to_be_bytes());
            }
            _ => {
                bytes.push(masked | 127);
                bytes.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        bytes.extend_from_slice(self.mask.as_ref().map_or(&[][..], |mask| mask));
        let mask = self.mask.unwrap_or_default();
        bytes.extend(self.payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    /// Reads the next frame.
    ///
    /// # Errors
    /// When it does not come in time.
    pub fn read(connection: &mut Connection, deadline: Deadline) -> Result<Self> {
        let start = connection.take_exactly(2, deadline)?;
        let length = match start[1] & 0x7f {
            126 => number(&connection.take_exactly(2, deadline)?),
            127 => number(&connection.take_exactly(8, deadline)?),
            short => u64::from(short),
        };
        let Ok(length) = usize::try_from(length) else { bail!("frame of {length} bytes") };
        let mask: Option<[u8; 4]> = match start[1] & 0x80 {
            0 => None,
            _ => connection.take_exactly(4, deadline)?.try_into().ok(),
        };
        let mut payload = connection.take_exactly(length, deadline)?;
        if let Some(mask) = &mask {
            payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        }
        let opcode = Opcode(start[0] & 0x0f);
        Ok(Self { fin: start[0] & 0x80 != 0, reserved: start[0] >> 4 & 7, opcode, mask, payload })
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    fn check(frame: &Frame, start: &[u8]) {
        let bytes = frame.bytes();
        assert_eq!(&bytes[..start.len()], start);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || listener.accept().unwrap().0.write_all(&bytes).unwrap());
        let mut connection = Connection::open(address).unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        assert_eq!(&Frame::read(&mut connection, deadline).unwrap(), frame);
    }

    #[test]
    fn writes_and_reads_every_length() {
        let plain = |payload: Vec<u8>| Frame { mask: None, ..Frame::masked(Opcode::TEXT, payload) };
        check(&plain(b"HEAD".to_vec()), b"\x81\x04HEAD");
        check(&plain(vec![b'a'; 125]), b"\x81\x7da");
        check(&plain(vec![b'a'; 126]), b"\x81\x7e\x00\x7ea");
        check(&plain(vec![b'a'; 65536]), b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00a");
        check(&Frame::masked(Opcode::TEXT, "hi"), b"\x81\x82\x12\x34\x56\x78\x7a\x5d");
        check(&Frame { fin: false, reserved: 4, ..plain(vec![]) }, b"\x41\x00");
    }
}
