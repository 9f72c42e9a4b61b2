//! GRIP: no bytes of an application or a publisher panic, events that are read are written alike,
//! and what an item carries can be filtered and rendered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::grip::{
    Control, Filters, INSTRUCT_TYPE, Instruct, Subscriptions, decode, encode, parse_items,
};

const NAMES: [&[u8]; 8] = [
    b"grip-hold",
    b"grip-channel",
    b"grip-keep-alive",
    b"grip-link",
    b"grip-set-meta",
    b"grip-status",
    b"grip-timeout",
    b"grip-expose-headers",
];

fn instruct(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').take(32);
    let headers = lines.filter_map(|line| {
        let (kind, value) = line.split_first()?;
        Some((*NAMES.get(usize::from(*kind) % NAMES.len())?, value))
    });
    let Ok((instruct, _)) = Instruct::parse(headers, b"") else { return };
    let mut mine = Subscriptions { list: instruct.channels, meta: instruct.meta };
    let filters = Filters { build_id: true, var_subst: true, ..Filters::default() };
    let _ = mine.rendered(data, filters);
    for item in parse_items(data).unwrap_or_default() {
        let _ = mine.takes(&item.channel, Some(&item.content));
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(events) = decode(data) {
        let mut body = Vec::new();
        events.iter().for_each(|event| encode(event, &mut body));
        assert_eq!(decode(&body).as_ref(), Ok(&events));
    }
    let _ = Control::parse(data);
    let _ = parse_items(data);
    let typed = [(&b"content-type"[..], INSTRUCT_TYPE.as_bytes())];
    let _ = Instruct::parse(typed.into_iter(), data);
    instruct(data);
});
