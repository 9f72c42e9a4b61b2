//! Plays all cases, many at a time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use anyhow::Result;
use outpour_testkit::ServerProcess;

use crate::case::Case;
use crate::player::Player;
use crate::report::{Outcome, Report};
use crate::suite::Suite;

/// How many servers may be busy with cases that do not wait. Those that wait come on top: all of
/// them run at once, because they cost next to nothing.
const BUSY_MAX: usize = 8;

/// How many servers with waiting cases run at once.
const WAITING_MAX: usize = 60;

/// Against what the cases are played.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// Servers that the runner starts, one per configuration.
    OwnServers,
    /// A running server with the unchanged configuration `suite`; the other cases are skipped.
    Address(SocketAddr),
}

/// Plays the cases of a suite.
#[derive(Debug)]
pub struct Runner<'a> {
    suite: &'a Suite,
    target: Target,
    filter: Option<&'a str>,
}

/// Cases that can share a server.
struct Group<'a> {
    configuration: String,
    cases: Vec<&'a Case>,
}

impl<'a> Runner<'a> {
    /// Plays against `target`, only cases whose title contains `filter`.
    pub fn new(suite: &'a Suite, target: Target, filter: Option<&'a str>) -> Self {
        Self { suite, target, filter }
    }

    /// Plays the cases; `done` is told of each as it ends.
    ///
    /// # Errors
    /// When a case needs a configuration that does not exist.
    pub fn run(&self, done: &(dyn Fn(&Case, &Outcome) + Sync)) -> Result<Report<'a>> {
        let wanted = |case: &&Case| self.filter.is_none_or(|part| case.title().contains(part));
        let cases: Vec<&Case> = self.suite.cases.iter().filter(wanted).collect();
        let outcomes = Mutex::new(BTreeMap::new());
        let record = |case: &Case, outcome: Outcome| {
            done(case, &outcome);
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(case.index, outcome);
        };
        match self.target {
            Target::OwnServers => play_groups(&self.groups(&cases)?, &record),
            Target::Address(address) => {
                thread::scope(|scope| {
                    for part in cases.chunks(cases.len().div_ceil(16).max(1)) {
                        let record = &record;
                        scope
                            .spawn(move || part.iter().for_each(|c| record(c, remote(c, address))));
                    }
                });
            }
        }
        let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let lost = || Outcome::Failed("its thread panicked".into());
        let outcome = |case: &'a Case| (case, outcomes.remove(&case.index).unwrap_or_else(lost));
        Ok(Report { outcomes: cases.into_iter().map(outcome).collect() })
    }

    fn groups(&self, cases: &[&'a Case]) -> Result<Vec<Group<'a>>> {
        let mut shared: BTreeMap<(String, &BTreeMap<String, String>), Vec<&'a Case>> =
            BTreeMap::new();
        let mut groups = Vec::new();
        for case in cases {
            let text = self.suite.configurations.text(&case.configuration, &case.set)?;
            if case.isolated {
                groups.push(Group { configuration: text, cases: vec![case] });
            } else {
                shared.entry((text, &case.files)).or_default().push(case);
            }
        }
        let shared = shared.into_iter();
        groups.extend(shared.map(|((configuration, _), cases)| Group { configuration, cases }));
        // Those that wait longest are started first.
        groups.sort_by_key(|group| !group.cases.iter().any(|case| case.waits()));
        Ok(groups)
    }
}

type Record<'r> = dyn Fn(&Case, Outcome) + Sync + 'r;

fn play_groups(groups: &[Group<'_>], record: &Record<'_>) {
    let busy = Permits::new(BUSY_MAX);
    let waiting = Permits::new(WAITING_MAX);
    thread::scope(|scope| {
        for group in groups {
            let (busy, waiting) = (&busy, &waiting);
            scope.spawn(move || waiting.with(|| group.play(busy, record)));
        }
    });
}

impl Group<'_> {
    fn play(&self, busy: &Permits, record: &Record<'_>) {
        let files: Vec<_> =
            self.cases[0].files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let started = busy.with(|| ServerProcess::start(&self.configuration, &files));
        let mut server = match started {
            Ok(server) => server,
            Err(error) => {
                let (first, others) = self.cases.split_at(1);
                let why = format!("the server does not start: {error:#}");
                let same = "the server does not start, see above";
                first.iter().for_each(|case| record(case, Outcome::Failed(why.clone())));
                return others.iter().for_each(|case| record(case, Outcome::Failed(same.into())));
            }
        };
        if let [case] = *self.cases {
            let address = server.address();
            let alone = Some(&mut server).filter(|_| case.isolated);
            let play =
                || outcome(Player::new(case, address, alone, &self.configuration).play(case));
            let outcome = if case.waits() { play() } else { busy.with(play) };
            record(case, outcome);
        } else {
            self.play_together(&server, busy, record);
        }
        self.finish(server, record);
    }

    fn play_together(&self, server: &ServerProcess, busy: &Permits, record: &Record<'_>) {
        let address = server.address();
        let play = |case: &Case| outcome(Player::new(case, address, None, "").play(case));
        let (waiting, quick): (Vec<&Case>, Vec<&Case>) =
            self.cases.iter().partition(|case| case.waits());
        thread::scope(|scope| {
            for case in waiting {
                scope.spawn(move || record(case, play(case)));
            }
            for part in quick.chunks(quick.len().div_ceil(BUSY_MAX).max(1)) {
                scope.spawn(move || {
                    part.iter().for_each(|case| record(case, busy.with(|| play(case))));
                });
            }
        });
    }

    /// Ends the server. What is wrong with it as a whole is told under the first case.
    fn finish(&self, server: ServerProcess, record: &Record<'_>) {
        let fail = |why: String| record(self.cases[0], Outcome::Failed(why));
        let said = server.logs();
        if said.contains("panicked at") {
            fail(format!(
                "one of the {} cases of its server made it panic:\n{said}",
                self.cases.len()
            ));
        } else if self.cases[0].isolated {
            // Such a case may have ended its server on purpose, and has looked at the exit code then.
            drop(server);
        } else if let Err(error) = server.stop() {
            fail(format!("{error:#}"));
        }
    }
}

fn remote(case: &Case, address: SocketAddr) -> Outcome {
    if case.configuration != "suite" || !case.set.is_empty() || case.isolated {
        return Outcome::Skipped("needs a server of its own".into());
    }
    outcome(Player::new(case, address, None, "").play(case))
}

fn outcome(result: Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Passed,
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

/// A number of permits that threads wait for.
struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
}

impl Permits {
    fn new(count: usize) -> Self {
        Self { free: Mutex::new(count), returned: Condvar::new() }
    }

    fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        let result = work();
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.returned.notify_one();
        result
    }
}
