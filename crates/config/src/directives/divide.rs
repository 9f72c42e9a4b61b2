//! `geo` and `split_clients`: tables that divide clients.

use outpour_core::settings::Network;
use outpour_core::variables::{Builtin, Expression, Map, MapKey, Variable};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::{Node, Word};

use super::access::network;
use super::rewrite::is_fixed;
use super::table::{Args, Contexts, Directive, row};

/// The greatest hash; shares are parts of it.
const HASH_MAX: u64 = 0xffff_ffff;

/// All of it, in hundredths of a per cent.
const ALL: u64 = 10_000;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "geo",
        Contexts::HTTP,
        Args::block(1, 2, "[$address] $variable"),
        "none",
        "A variable whose value depends on the client's address, or on another one: the smallest \
         block that holds it counts.",
        geo,
    )
    .repeats(),
    row(
        "split_clients",
        Contexts::HTTP,
        Args::block(2, 2, "text $variable"),
        "none",
        "A variable whose values are given out by chance, in fixed shares: always the same for the \
         same text, and the same as nginx gives.",
        split_clients,
    )
    .repeats(),
];

/// Even a faulty table keeps its place: variables refer to tables by their index.
fn finish(l: &mut Lowering<'_>, n: &Node, name: &Word, map: Map) {
    let variable = l.variable_name(name).unwrap_or_default();
    if is_fixed(&variable) {
        l.report.emerg(name.span, format!("the duplicate \"{variable}\" variable"));
    }
    l.maps.push((map, n.span(), variable));
}

fn geo(l: &mut Lowering<'_>, _: &mut Block, n: &Node) {
    let (source, name) = match n.args.as_slice() {
        [name] => (Expression::variable(Variable::Builtin(Builtin::RemoteAddr)), name),
        [source, name] => (l.expression(source).unwrap_or_default(), name),
        _ => return,
    };
    let mut map = Map { source, ..Map::default() };
    for entry in n.block.iter().flatten() {
        geo_entry(l, &mut map, entry);
    }
    map.is_geo = true;
    finish(l, n, name, map);
}

fn geo_entry(l: &mut Lowering<'_>, map: &mut Map, entry: &Node) {
    let word = &entry.name;
    let value = match entry.args.as_slice() {
        [value] if entry.block.is_none() => value,
        [] if word.is("ranges") || word.is("proxy_recursive") => {
            return l.not_implemented(word.span, &format!("\"{}\" of a \"geo\"", word.text()));
        }
        _ => return l.report.emerg(entry.span(), "invalid number of the geo parameters"),
    };
    if word.is("proxy") {
        return l.not_implemented(word.span, "\"proxy\" of a \"geo\"");
    }
    if word.is("default") {
        map.default = Expression::literal(&*value.value);
        return;
    }
    let block = if word.is("delete") { value } else { word };
    let Some((Network::Ip { address, bits }, cleared)) = network(&block.value) else {
        return l.report.emerg(block.span, format!("invalid network \"{}\"", block.text()));
    };
    if cleared {
        let text = format!("low address bits of {} are meaningless", block.text());
        l.report.warn(block.span, text);
    }
    if word.is("delete") {
        if map.networks.remove(address, bits).is_none() {
            l.report.warn(block.span, format!("no network \"{}\" to delete", block.text()));
        }
        return;
    }
    let value = Expression::literal(&*value.value);
    if map.networks.insert(address, bits, value).is_some() {
        l.report.warn(block.span, format!("duplicate network \"{}\"", block.text()));
    }
}

fn split_clients(l: &mut Lowering<'_>, _: &mut Block, n: &Node) {
    let [source, name] = n.args.as_slice() else { return };
    let mut map = Map { source: l.expression(source).unwrap_or_default(), ..Map::default() };
    let (mut sum, mut bound) = (0, 0);
    for entry in n.block.iter().flatten() {
        let [value] = entry.args.as_slice() else {
            l.report.emerg(entry.span(), "invalid number of the split_clients parameters");
            continue;
        };
        let value = Expression::literal(&*value.value);
        if entry.name.is("*") {
            sum = ALL;
            map.default = value;
            continue;
        }
        let Some(share) = share(&entry.name.value) else {
            let message = format!("invalid percent value \"{}\"", entry.name.text());
            l.report.emerg(entry.name.span, message);
            continue;
        };
        sum += share;
        bound += share * HASH_MAX / ALL;
        let key = MapKey::Share(u32::try_from(bound).unwrap_or(u32::MAX));
        map.entries.push((key, value));
    }
    if sum > ALL {
        l.report.emerg(n.span(), "percent total is greater than 100%");
    }
    finish(l, n, name, map);
}

/// Hundredths of a per cent: `0.5%` is 50.
fn share(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text.strip_suffix(b"%")?).ok()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if part.len() > 2 || whole.is_empty() || whole.len() > 3 || !digits(whole) || !digits(part) {
        return None;
    }
    let part = format!("{part:0<2}").parse::<u64>().ok()?;
    let share = whole.parse::<u64>().ok()? * 100 + part;
    (share > 0).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        let check = |text: &str, expected| assert_eq!(share(text.as_bytes()), expected, "{text}");
        check("0.5%", Some(50));
        check("33.33%", Some(3333));
        check("100%", Some(10_000));
        for text in ["0%", "5", "1.234%", "-1%", "x%", ".5%", "1e2%", "%"] {
            check(text, None);
        }
    }
}
