//! What the limits mean for a number of connections.

use super::facts::Facts;

/// Open files of a server beside its connections.
const SPARE_FILES: u64 = 100;

/// Bytes that a connection takes in kernel and server together, without queues.
const CONNECTION_BYTES: u64 = 6 * 1024;

/// Source addresses over which `outpour bench` spreads its connections.
const BENCH_SOURCES: u64 = 250;

/// What a limit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It suffices.
    Good,
    /// It suffices, but more would be better.
    Improve,
    /// It does not suffice.
    Limit,
    /// The kernel does not tell.
    Unknown,
}

impl Verdict {
    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Improve => "improve",
            Self::Limit => "limit",
            Self::Unknown => "unknown",
        }
    }
}

/// One limit, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it means.
    pub verdict: Verdict,
    /// Why, in a line; may be empty.
    pub remark: String,
    /// The command that changes it.
    pub command: Option<String>,
}

impl Finding {
    /// A limit that suffices.
    fn good(name: &'static str, value: impl Into<String>) -> Self {
        let (remark, command) = (String::new(), None);
        Self { name, value: value.into(), verdict: Verdict::Good, remark, command }
    }

    /// A limit that the kernel does not tell.
    fn unknown(name: &'static str) -> Self {
        Self { verdict: Verdict::Unknown, ..Self::good(name, "not told by this kernel") }
    }

    /// The same with another verdict, unless `suffices`.
    fn unless(
        self,
        suffices: bool,
        verdict: Verdict,
        remark: impl Into<String>,
        command: impl Into<String>,
    ) -> Self {
        if suffices {
            return self;
        }
        Self { verdict, remark: remark.into(), command: Some(command.into()), ..self }
    }
}

/// Judges everything for `connections` at the same time.
pub(super) fn judge(facts: &Facts, connections: u64) -> Vec<Finding> {
    let mut findings = vec![
        files(facts, connections),
        files_machine(facts, connections),
        accept_queue(facts),
        syn_queue(facts),
        ports(facts, connections),
        tracking(facts, connections),
        queue_memory(facts, connections),
    ];
    findings.extend(buffers(facts));
    findings.extend([
        memory(facts, connections),
        overcommit(facts),
        cores(facts),
        governor(facts),
        io_uring(facts),
    ]);
    findings
}

/// Open files of one process.
fn files(facts: &Facts, connections: u64) -> Finding {
    const NAME: &str = "open files";
    let (Some(soft), Some(hard)) = (facts.files_soft, facts.files_hard) else {
        return Finding::unknown(NAME);
    };
    let needed = connections + SPARE_FILES;
    let finding = Finding::good(NAME, format!("{} soft, {} hard", limit(soft), limit(hard)));
    let raise = match facts.files_open_max.filter(|&most| most < needed) {
        Some(_) => format!("sysctl -w fs.nr_open={needed} && ulimit -Hn {needed}"),
        None => format!("ulimit -Hn {needed}   (systemd: LimitNOFILE={needed})"),
    };
    finding
        .unless(
            soft >= needed,
            Verdict::Improve,
            "outpour raises its soft limit by worker_rlimit_nofile; shells do it so:",
            format!("ulimit -n {needed}"),
        )
        .unless(hard >= needed, Verdict::Limit, format!("{needed} are needed"), raise)
}

/// Open files of the machine.
fn files_machine(facts: &Facts, connections: u64) -> Finding {
    let Some(most) = facts.files_machine else { return Finding::unknown("files of the machine") };
    let needed = 2 * (connections + SPARE_FILES);
    Finding::good("files of the machine", limit(most)).unless(
        most >= needed,
        Verdict::Limit,
        format!("{needed} are needed when both ends are here"),
        format!("sysctl -w fs.file-max={needed}"),
    )
}

/// The queue of connections that wait for accept.
fn accept_queue(facts: &Facts) -> Finding {
    let Some(queue) = facts.accept_queue else { return Finding::unknown("somaxconn") };
    Finding::good("somaxconn", queue.to_string()).unless(
        queue >= 4096,
        Verdict::Improve,
        "connections that come at once beyond it wait for a second",
        "sysctl -w net.core.somaxconn=4096",
    )
}

/// The queue of connections that are being made.
fn syn_queue(facts: &Facts) -> Finding {
    let Some(queue) = facts.syn_queue else { return Finding::unknown("tcp_max_syn_backlog") };
    Finding::good("tcp_max_syn_backlog", queue.to_string()).unless(
        queue >= 1024,
        Verdict::Improve,
        "many clients that come back at once need more",
        "sysctl -w net.ipv4.tcp_max_syn_backlog=4096",
    )
}

/// Ports of outgoing connections: they limit a load generator, not a server.
fn ports(facts: &Facts, connections: u64) -> Finding {
    const NAME: &str = "ip_local_port_range";
    let Some((first, last)) = facts.ports else { return Finding::unknown(NAME) };
    let count = (last + 1).saturating_sub(first);
    let finding = Finding::good(NAME, format!("{first} to {last}: {count} ports"));
    let command = "sysctl -w net.ipv4.ip_local_port_range='1024 65535'";
    finding
        .unless(
            count >= connections,
            Verdict::Improve,
            "for clients with one address; outpour bench uses 250, a server does not need them",
            command,
        )
        .unless(
            count.saturating_mul(BENCH_SOURCES) >= connections,
            Verdict::Limit,
            "too few even for the addresses of outpour bench",
            command,
        )
}

/// Connection tracking of the firewall.
fn tracking(facts: &Facts, connections: u64) -> Finding {
    let Some((tracked, most)) = facts.tracked else {
        return Finding::good("conntrack", "not in use");
    };
    let needed = tracked + connections + connections / 4;
    Finding::good("conntrack", format!("{tracked} of {most}")).unless(
        most >= needed,
        Verdict::Limit,
        "packets of connections beyond it are dropped",
        format!("sysctl -w net.netfilter.nf_conntrack_max={needed}"),
    )
}

/// Memory of all socket queues together.
fn queue_memory(facts: &Facts, connections: u64) -> Finding {
    let Some([low, pressure, most]) = facts.queue_pages else {
        return Finding::unknown("tcp_mem");
    };
    let mebibytes = |pages: u64| pages.saturating_mul(facts.page_bytes) >> 20;
    let value = format!("{} / {} / {} MiB", mebibytes(low), mebibytes(pressure), mebibytes(most));
    // A page each while a message is under way.
    let command = format!(
        "sysctl -w net.ipv4.tcp_mem='{connections} {} {}'",
        connections * 2,
        connections * 4
    );
    Finding::good("tcp_mem", value).unless(
        pressure >= connections,
        Verdict::Limit,
        "a broadcast to all of them would bring the kernel under pressure",
        command,
    )
}

/// Queues of one socket.
fn buffers(facts: &Facts) -> [Finding; 2] {
    let judge = |name: &'static str, sizes: Option<[u64; 3]>| {
        let Some([least, first, most]) = sizes else { return Finding::unknown(name) };
        Finding::good(name, format!("{least} / {first} / {most} bytes")).unless(
            first <= 1 << 20 && most >= 1 << 16,
            Verdict::Improve,
            "a first size above 1 MiB lets slow clients take much memory each",
            format!("sysctl -w net.ipv4.{name}='4096 131072 6291456'"),
        )
    };
    [judge("tcp_rmem", facts.receive), judge("tcp_wmem", facts.send)]
}

/// Memory for the connections themselves.
fn memory(facts: &Facts, connections: u64) -> Finding {
    let Some(available) = facts.available_bytes else { return Finding::unknown("memory") };
    let needed = connections.saturating_mul(CONNECTION_BYTES);
    let finding = Finding::good("memory", format!("{} MiB available", available >> 20));
    if available >= needed {
        return finding;
    }
    let remark = format!("about {} MiB are needed, without queued messages", needed >> 20);
    Finding { verdict: Verdict::Limit, remark, ..finding }
}

/// Whether memory is promised beyond what there is.
fn overcommit(facts: &Facts) -> Finding {
    let Some(mode) = facts.overcommit else { return Finding::unknown("overcommit_memory") };
    Finding::good("overcommit_memory", mode.to_string()).unless(
        mode != 2,
        Verdict::Improve,
        "address space that is reserved and not used counts, and a reload needs it twice",
        "sysctl -w vm.overcommit_memory=0",
    )
}

/// Cores.
fn cores(facts: &Facts) -> Finding {
    let finding = Finding::good("cores", facts.cores.to_string());
    if facts.cores > 1 {
        return finding;
    }
    let remark = "a load generator on the same core disturbs what it measures".to_owned();
    Finding { verdict: Verdict::Improve, remark, ..finding }
}

/// The clock of the cores.
fn governor(facts: &Facts) -> Finding {
    let Some(governor) = &facts.governor else {
        return Finding::good("cpu governor", "none to set, as in most virtual machines");
    };
    Finding::good("cpu governor", governor.as_str()).unless(
        governor == "performance",
        Verdict::Improve,
        "clocks that change make measurements differ",
        "cpupower frequency-set -g performance",
    )
}

/// io_uring.
fn io_uring(facts: &Facts) -> Finding {
    match facts.io_uring_disabled {
        Some(0) => Finding::good("io_uring", "available"),
        Some(1) => Finding::good("io_uring", "only for kernel.io_uring_group"),
        Some(_) => Finding::good("io_uring", "switched off; outpour does not need it"),
        None => Finding::unknown("io_uring"),
    }
}

/// A limit in words.
fn limit(value: u64) -> String {
    if value == u64::MAX { "unlimited".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ordinary machine.
    fn facts() -> Facts {
        Facts {
            files_soft: Some(1024),
            files_hard: Some(524_288),
            files_open_max: Some(1_048_576),
            files_machine: Some(u64::MAX),
            accept_queue: Some(4096),
            syn_queue: Some(1024),
            ports: Some((32_768, 60_999)),
            tracked: Some((10, 65_536)),
            queue_pages: Some([90_000, 120_000, 180_000]),
            receive: Some([4096, 131_072, 6_291_456]),
            send: Some([4096, 16_384, 4_194_304]),
            overcommit: Some(0),
            available_bytes: Some(8 << 30),
            page_bytes: 4096,
            cores: 4,
            governor: None,
            io_uring_disabled: Some(0),
        }
    }

    /// The names of what does not suffice for so many connections.
    fn check(facts: &Facts, connections: u64, limits: &[&str]) {
        let found: Vec<Finding> = judge(facts, connections)
            .into_iter()
            .filter(|finding| finding.verdict == Verdict::Limit)
            .collect();
        let names: Vec<&str> = found.iter().map(|finding| finding.name).collect();
        assert_eq!(names, limits, "{connections}");
        for finding in found.iter().filter(|finding| finding.name != "memory") {
            assert!(finding.command.is_some() && !finding.remark.is_empty(), "{}", finding.name);
        }
    }

    #[test]
    fn verdicts() {
        check(&facts(), 10_000, &[]);
        check(&facts(), 100_000, &["conntrack"]);
        let all = ["open files", "conntrack", "tcp_mem", "memory"];
        check(&facts(), 2_000_000, &all);
        check(&Facts { files_hard: Some(4096), ..facts() }, 10_000, &["open files"]);
        check(&Facts { tracked: None, ..facts() }, 100_000, &[]);
        check(&Facts { ports: Some((5, 4)), ..facts() }, 1, &["ip_local_port_range"]);
    }

    #[test]
    fn a_silent_kernel_limits_nothing() {
        check(&Facts::default(), 10_000, &[]);
        let unknown = judge(&Facts::default(), 1);
        assert!(unknown.iter().any(|finding| finding.verdict == Verdict::Unknown));
    }
}
