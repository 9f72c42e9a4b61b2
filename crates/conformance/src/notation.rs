//! WebSocket frames as texts.
//!
//! `OPCODE[:PAYLOAD]`, the opcode being `text`, `binary`, `continuation`, `close`, `ping`, `pong` or a
//! number like `0x3`. `+more` behind the opcode is a frame without FIN, `+rsv1` to `+rsv3` set a reserved
//! bit, `+unmasked` is a client's frame without mask. The payload of `close` is `close:CODE:REASON`.

use anyhow::{Context as _, Result, bail};
use outpour_testkit::{Frame, Opcode};

use crate::pattern::{Variables, fill_bytes};

/// Reads the notation of a frame to send.
pub(crate) fn parse(notation: &str, variables: &Variables) -> Result<Frame> {
    let (word, payload) = notation.split_once(':').unwrap_or((notation, ""));
    let mut words = word.split('+');
    let opcode = opcode(words.next().unwrap_or_default())?;
    let mut frame = Frame::masked(opcode, payload_of(opcode, payload, variables)?);
    for word in words {
        match word {
            "more" => frame.fin = false,
            "unmasked" => frame.mask = None,
            "rsv1" => frame.reserved |= 4,
            "rsv2" => frame.reserved |= 2,
            "rsv3" => frame.reserved |= 1,
            other => bail!("not a property of a frame: {other:?}"),
        }
    }
    Ok(frame)
}

fn opcode(word: &str) -> Result<Opcode> {
    Ok(match word {
        "continuation" => Opcode::CONTINUATION,
        "text" => Opcode::TEXT,
        "binary" => Opcode::BINARY,
        "close" => Opcode::CLOSE,
        "ping" => Opcode::PING,
        "pong" => Opcode::PONG,
        number => {
            let digits = number.strip_prefix("0x").with_context(|| format!("opcode {number:?}"))?;
            Opcode(u8::from_str_radix(digits, 16)?)
        }
    })
}

fn payload_of(opcode: Opcode, payload: &str, variables: &Variables) -> Result<Vec<u8>> {
    if opcode != Opcode::CLOSE || payload.is_empty() {
        return Ok(fill_bytes(payload, variables));
    }
    let (code, reason) = payload.split_once(':').unwrap_or((payload, ""));
    if let Some(raw) = code.strip_prefix("raw=") {
        return Ok(fill_bytes(raw, variables));
    }
    let mut bytes = code.parse::<u16>()?.to_be_bytes().to_vec();
    bytes.extend(fill_bytes(reason, variables));
    Ok(bytes)
}

/// Writes a received frame in the notation.
pub(crate) fn write(frame: &Frame) -> Vec<u8> {
    let mut text = frame.opcode.to_string();
    if !frame.fin {
        text.push_str("+more");
    }
    for (bit, name) in [(4, "+rsv1"), (2, "+rsv2"), (1, "+rsv3")] {
        if frame.reserved & bit != 0 {
            text.push_str(name);
        }
    }
    if frame.mask.is_some() {
        text.push_str("+masked");
    }
    let mut bytes = text.into_bytes();
    match (frame.opcode, frame.payload.as_slice()) {
        (_, []) => {}
        (Opcode::CLOSE, [high, low, reason @ ..]) => {
            let code = u16::from_be_bytes([*high, *low]);
            bytes.extend(format!(":{code}").bytes());
            if !reason.is_empty() {
                bytes.push(b':');
                bytes.extend(reason);
            }
        }
        (_, payload) => {
            bytes.push(b':');
            bytes.extend(payload);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(notation: &str, expected: &[u8]) {
        let mut frame = parse(notation, &Variables::new()).unwrap();
        frame.mask = None;
        assert_eq!(frame.bytes(), expected, "{notation}");
        assert_eq!(String::from_utf8(write(&frame)).unwrap(), notation);
    }

    #[test]
    fn reads_and_writes() {
        check("text:HEAD", b"\x81\x04HEAD");
        check("text", b"\x81\x00");
        check("ping", b"\x89\x00");
        check("text+more:a:b", b"\x01\x03a:b");
        check("continuation+rsv1:a", b"\xc0\x01a");
        check("0x3:a", b"\x83\x01a");
        check("close", b"\x88\x00");
        check("close:1000", b"\x88\x02\x03\xe8");
        check("close:1008:no", b"\x88\x04\x03\xf0no");
    }

    #[test]
    fn masks_unless_told_otherwise() {
        assert!(parse("text:a", &Variables::new()).unwrap().mask.is_some());
        assert!(parse("text+unmasked:a", &Variables::new()).unwrap().mask.is_none());
        assert!(parse("text+x:a", &Variables::new()).is_err());
    }
}
