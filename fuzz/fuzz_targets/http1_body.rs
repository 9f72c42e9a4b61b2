//! Chunked bodies: read byte by byte they are the same as read at once, within the limit, and
//! what was read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::request::BodyLength;
use outpour_core::wire::chunked;
use outpour_core::wire::http1::BodyReader;

const LIMIT: u64 = 4096;

type Outcome = Result<(Vec<u8>, usize, bool), u16>;

fn read(mut reader: BodyReader, input: &[u8], step: usize) -> Outcome {
    let (mut out, mut consumed) = (Vec::new(), 0);
    for part in input.chunks(step) {
        let step = reader.feed(part, &mut out).map_err(|rejection| rejection.status)?;
        assert!(step.done || step.consumed == part.len());
        consumed += step.consumed;
        if step.done {
            break;
        }
    }
    Ok((out, consumed, reader.is_done()))
}

fuzz_target!(|input: &[u8]| {
    let Some((&step, input)) = input.split_first() else { return };
    let reader = || BodyReader::new(BodyLength::Chunked, Some(LIMIT)).unwrap();
    let whole = read(reader(), input, usize::MAX);
    assert_eq!(read(reader(), input, 1), whole);
    assert_eq!(read(reader(), input, usize::from(step).max(1)), whole);
    let Ok((out, consumed, done)) = whole else { return };
    assert!(out.len() as u64 <= LIMIT && out.len() <= consumed);
    let dropped = read(BodyReader::discarding(BodyLength::Chunked), input, usize::MAX);
    assert_eq!(dropped, Ok((Vec::new(), consumed, done)));
    let mut written = Vec::new();
    out.chunks(usize::from(step).max(1)).for_each(|part| chunked::chunk(part, &mut written));
    written.extend_from_slice(chunked::LAST);
    assert_eq!(read(reader(), &written, 3), Ok((out, written.len(), true)));
});
