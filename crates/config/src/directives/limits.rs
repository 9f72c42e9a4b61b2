//! `limit_req`, `limit_conn` and their zones.

use std::sync::Arc;

use outpour_core::settings::{Level, LimitZone};

use crate::draft::{Block, LimitDraft};
use crate::lower::Lowering;
use crate::syntax::{Node, Word};
use crate::values;

use super::table::{Args, Contexts, Directive, row};

const HSL: Contexts = Contexts::HSL;
const LEVELS: Args = Args::new(1, 1, "info | notice | warn | error");
const STATUS: Args = Args::new(1, 1, "code");

pub(crate) const ROWS: &[Directive] = &[
    row(
        "limit_req_zone",
        Contexts::HTTP,
        Args::new(3, 3, "key zone=name:size rate=N r/s | N r/m"),
        "none",
        "Where the requests with the same key are counted, and how many may come in a second or minute.",
        |l, _, n| zone(l, n, true),
    )
    .repeats(),
    row(
        "limit_req",
        HSL,
        Args::new(1, 3, "zone=name [burst=number] [nodelay | delay=number]"),
        "none",
        "Delays requests beyond the rate of their zone, and refuses those beyond the burst.",
        limit_req,
    )
    .repeats(),
    row(
        "limit_req_status",
        HSL,
        STATUS,
        "503",
        "The answer to requests that limit_req refuses.",
        |l, b, n| b.guard.limit_req_policy.status = status(l, n),
    ),
    row(
        "limit_req_log_level",
        HSL,
        LEVELS,
        "error",
        "Level at which refusals of limit_req are logged; delays one below.",
        |l, b, n| b.guard.limit_req_policy.level = level(l, n),
    ),
    row(
        "limit_req_dry_run",
        HSL,
        Args::FLAG,
        "off",
        "Whether limit_req only counts and logs.",
        |l, b, n| b.guard.limit_req_policy.dry_run = l.flag(n),
    ),
    row(
        "limit_conn_zone",
        Contexts::HTTP,
        Args::new(2, 2, "key zone=name:size"),
        "none",
        "Where requests and subscribers with the same key are counted.",
        |l, _, n| zone(l, n, false),
    )
    .repeats(),
    row(
        "limit_conn",
        HSL,
        Args::new(2, 2, "zone number"),
        "none",
        "How many requests with the same key may be served at once; a subscriber counts as long as it \
         is connected.",
        limit_conn,
    )
    .repeats(),
    row(
        "limit_conn_status",
        HSL,
        STATUS,
        "503",
        "The answer to requests that limit_conn refuses.",
        |l, b, n| b.guard.limit_conn_policy.status = status(l, n),
    ),
    row(
        "limit_conn_log_level",
        HSL,
        LEVELS,
        "error",
        "Level at which refusals of limit_conn are logged.",
        |l, b, n| b.guard.limit_conn_policy.level = level(l, n),
    ),
    row(
        "limit_conn_dry_run",
        HSL,
        Args::FLAG,
        "off",
        "Whether limit_conn only counts and logs.",
        |l, b, n| b.guard.limit_conn_policy.dry_run = l.flag(n),
    ),
];

fn status(l: &mut Lowering<'_>, n: &Node) -> Option<u16> {
    let word = n.args.first()?;
    let found = values::number(&word.value).and_then(|code| u16::try_from(code).ok());
    if found.is_some_and(|code| (400..=599).contains(&code)) {
        return found;
    }
    l.report.emerg(word.span, "value must be between 400 and 599");
    None
}

fn level(l: &mut Lowering<'_>, n: &Node) -> Option<Level> {
    Some(match l.one_of(n, &["info", "notice", "warn", "error"])? {
        "info" => Level::Info,
        "notice" => Level::Notice,
        "warn" => Level::Warn,
        _ => Level::Error,
    })
}

fn zone(l: &mut Lowering<'_>, n: &Node, rated: bool) {
    let Some((key, rest)) = n.args.split_first() else { return };
    let Some(key) = l.expression(key) else { return };
    let (mut name, mut size, mut rate) = (String::new(), 0, if rated { 1000 } else { 0 });
    for word in rest {
        if let Some(value) = word.value.strip_prefix(b"zone=") {
            let Some(found) = named_size(value) else {
                return l.report.emerg(word.span, format!("invalid zone size \"{}\"", word.text()));
            };
            (name, size) = found;
            if size < 32 * 1024 {
                return l.report.emerg(word.span, format!("zone \"{}\" is too small", word.text()));
            }
        } else if let Some(value) = word.value.strip_prefix(b"rate=").filter(|_| rated) {
            let Some(found) = rate_of(value) else {
                return l.report.emerg(word.span, format!("invalid rate \"{}\"", word.text()));
            };
            rate = found;
        } else {
            return l.invalid_parameter(n, word, &["zone=", "rate="]);
        }
    }
    let zone = Arc::new(LimitZone { name: name.as_str().into(), key, size, rate });
    if l.zones.insert((rated, name.clone()), zone).is_some() {
        l.report.emerg(n.span(), format!("the shared memory zone \"{name}\" is already declared"));
    }
}

fn named_size(value: &[u8]) -> Option<(String, u64)> {
    let colon = value.iter().position(|byte| *byte == b':')?;
    let name = String::from_utf8(value[..colon].to_vec()).ok().filter(|name| !name.is_empty())?;
    Some((name, values::size(&value[colon + 1..])?))
}

/// Thousandths of a request per second.
fn rate_of(value: &[u8]) -> Option<u64> {
    let (digits, seconds) = match value {
        [digits @ .., b'r', b'/', b's'] => (digits, 1),
        [digits @ .., b'r', b'/', b'm'] => (digits, 60),
        _ => return None,
    };
    let rate = values::number(digits).filter(|rate| *rate > 0)?.checked_mul(1000)? / seconds;
    Some(rate.max(1))
}

fn limit_req(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let (mut zone, mut burst, mut at_once) = (None, 0, 0);
    for word in &n.args {
        let value = |prefix: &str| word.value.strip_prefix(prefix.as_bytes());
        if let Some(name) = value("zone=") {
            zone = Some(String::from_utf8_lossy(name).into_owned());
        } else if let Some(text) = value("burst=") {
            let Some(number) = positive(l, word, text, "burst") else { return };
            burst = number;
        } else if let Some(text) = value("delay=") {
            let Some(number) = positive(l, word, text, "delay") else { return };
            at_once = number;
        } else if word.is("nodelay") {
            at_once = u64::MAX;
        } else {
            return l.invalid_parameter(n, word, &["zone=", "burst=", "delay=", "nodelay"]);
        }
    }
    let Some(zone) = zone else {
        return l.report.emerg(n.span(), "\"limit_req\" must have \"zone\" parameter");
    };
    let limit = LimitDraft { zone, at: n.span(), most: burst, at_once };
    b.guard.limit_req.get_or_insert_default().push(limit);
}

fn positive(l: &mut Lowering<'_>, word: &Word, text: &[u8], what: &str) -> Option<u64> {
    let number = values::number(text).filter(|number| *number > 0);
    if number.is_none() {
        l.report.emerg(word.span, format!("invalid {what} value \"{}\"", word.text()));
    }
    number
}

fn limit_conn(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [name, number] = n.args.as_slice() else { return };
    let most = match values::number(&number.value) {
        Some(0) | None => {
            let message = format!("invalid number of connections \"{}\"", number.text());
            return l.report.emerg(number.span, message);
        }
        Some(65_536..) => {
            return l.report.emerg(number.span, "connection limit must be less 65536");
        }
        Some(most) => most,
    };
    let limit = LimitDraft { zone: name.text().to_string(), at: n.span(), most, at_once: 0 };
    b.guard.limit_conn.get_or_insert_default().push(limit);
}
