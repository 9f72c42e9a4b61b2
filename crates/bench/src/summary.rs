//! One measurement as text.

use std::time::Duration;

use crate::outcome::Outcome;

/// The figures of a measurement, a line each.
pub(crate) fn text(outcome: &Outcome) -> String {
    let mut lines = vec![format!("{}: {}", outcome.subject, outcome.load.title())];
    lines.extend(outcome.start_up.map(|time| {
        format!("start-up     {:.1} ms to the first answer", time.as_secs_f64() * 1e3)
    }));
    lines.extend(connecting(outcome));
    lines.extend(memory(outcome));
    lines.extend(held(outcome));
    lines.extend(publishing(outcome));
    lines.extend(latency(outcome));
    lines.push(match outcome.complaint() {
        faults if faults.is_empty() => "faults       none".to_owned(),
        faults => format!("faults       {faults}"),
    });
    lines.join("\n  ") + "\n"
}

/// How the connections were made.
fn connecting(outcome: &Outcome) -> Option<String> {
    let rate = outcome.connections_per_second()?;
    let seconds = outcome.connecting.time.as_secs_f64();
    let cpu = outcome.cpu_per_connection().map(|cpu| format!(", {cpu:.1} us CPU each"));
    Some(format!("connecting   {rate:.0}/s in {seconds:.2} s{}", cpu.unwrap_or_default()))
}

/// What they take.
fn memory(outcome: &Outcome) -> Option<String> {
    let memory = outcome.memory?;
    let kernel = memory.kernel_per_connection;
    let kernel = kernel.map(|bytes| format!(", {bytes:.0} B in the kernel (both ends)"));
    Some(format!(
        "memory       {:.0} B per connection{} ({} KiB before, {} KiB with them)",
        memory.user_per_connection,
        kernel.unwrap_or_default(),
        memory.base_bytes / 1024,
        memory.connected_bytes / 1024,
    ))
}

/// How they were held, where pings were to keep them alive.
fn held(outcome: &Outcome) -> Option<String> {
    let (hold, ping) = (outcome.load.hold, outcome.load.ping);
    let longest = outcome.held.longest_silence.as_secs_f64();
    let line =
        || format!("held         {hold} s, longest silence {longest:.1} s, pings every {ping} s");
    (ping > 0 && hold > 0.0).then(line)
}

/// How much was published and delivered, and what it cost.
fn publishing(outcome: &Outcome) -> Vec<String> {
    let seconds = |time: Duration| time.as_secs_f64();
    let asks = outcome.load.request.is_some();
    let (published, delivered) = (outcome.published, outcome.tally.delivered);
    let time = seconds(outcome.publishing.time);
    let rate = outcome.deliveries_per_second();
    let mut lines = Vec::new();
    if asks {
        lines.push(format!("answered     {delivered} in {time:.2} s, {rate:.0}/s"));
    } else {
        let publications = outcome.publications_per_second();
        lines.push(format!("published    {published} in {time:.2} s, {publications:.0}/s"));
    }
    if delivered > 0 && !asks {
        lines.push(format!("delivered    {delivered}, {rate:.0}/s"));
    }
    if let (Some(cpu), Some(busy)) = (outcome.publishing.cpu, outcome.server_busy()) {
        let each = match (outcome.cpu_per_delivery(), outcome.cpu_per_publication()) {
            (Some(each), _) if asks => format!("{each:.2} us per answer, "),
            (Some(each), _) => format!("{each:.3} us per delivery, "),
            (None, Some(each)) => format!("{each:.2} us per publication, "),
            (None, None) => String::new(),
        };
        let (busy, own) = (busy * 100.0, outcome.generator_busy() * 100.0);
        let cpu = seconds(cpu);
        lines.push(format!(
            "CPU          {each}{cpu:.2} s, {busy:.0} % of a core (generator {own:.0} %)"
        ));
    }
    lines
}

/// How long messages took.
fn latency(outcome: &Outcome) -> Option<String> {
    outcome.latency(0.5)?;
    let marks = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
    let parts = marks
        .map(|(name, share)| format!("{name} {:.2}", outcome.latency(share).unwrap_or_default()));
    Some(format!("latency ms   {}", parts.join("  ")))
}
