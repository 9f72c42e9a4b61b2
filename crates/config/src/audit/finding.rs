//! One directive of a configuration and how it is treated.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use outpour_core::settings::Level;

use crate::diagnostic::Diagnostic;
use crate::directives::{Foreign, Kind, OLD_VARIABLES, difference};
use crate::nearest::did_you_mean;
use crate::source::{Sources, Span};

use super::{Base, Entry, Ledger};

/// How a directive is treated; the later, the graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Treatment {
    /// As nginx and the module have it.
    Honoured,
    /// The same, under the name of today.
    Renamed,
    /// Accepted without effect: it does not matter here.
    Ignored,
    /// Honoured, and something about it is not as in nginx or the module.
    Differs,
    /// Honoured, and there is something to say about it.
    Warning,
    /// The server does not start with it.
    Refused,
}

impl Treatment {
    /// All, in their order.
    pub const ALL: [Self; 6] =
        [Self::Honoured, Self::Renamed, Self::Ignored, Self::Differs, Self::Warning, Self::Refused];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Honoured => "honoured",
            Self::Renamed => "renamed",
            Self::Ignored => "ignored",
            Self::Differs => "differs",
            Self::Warning => "warning",
            Self::Refused => "refused",
        }
    }
}

/// A directive, or something that is wrong where none is.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The file; `None` for the command line, and for what concerns no place.
    pub file: Option<String>,
    /// Line from 1; 0 where there is no place.
    pub line: usize,
    /// Column in characters from 1; 0 where there is no place.
    pub column: usize,
    /// Name of the directive; empty where something else stands.
    pub directive: String,
    /// The directive as written, on one line, without the block that it opens.
    pub text: String,
    /// How it is treated.
    pub treatment: Treatment,
    /// Why.
    pub reason: Option<String>,
    /// What would help.
    pub hint: Option<String>,
    /// Entry of the list of deviations that tells more.
    pub deviation: Option<&'static str>,
}

/// All findings, file by file in the order in which they were read.
pub(crate) fn findings(
    sources: &Sources,
    ledger: &Ledger,
    diagnostics: &[Diagnostic],
) -> Vec<Finding> {
    let mut all: BTreeMap<(usize, usize), Finding> = BTreeMap::new();
    let ranks = Ranks::new(sources);
    let mut entries: Vec<&Entry> = ledger.entries.iter().collect();
    entries.sort_by_key(|entry| (entry.at.source, entry.at.start));
    for entry in &entries {
        let found = of_entry(entry, sources);
        keep(&mut all, ranks.key(entry.at), found);
    }
    let mut unplaced = Vec::new();
    for diagnostic in diagnostics {
        let Some(place) = &diagnostic.place else {
            unplaced.extend(of_diagnostic(diagnostic, sources));
            continue;
        };
        let at = place.order;
        let next = entries.partition_point(|e| (e.at.source, e.at.start) <= (at.source, at.start));
        let owner = next.checked_sub(1).map(|index| entries[index]);
        let owner = owner.filter(|e| e.at.source == at.source && (at.start < e.at.end || e.table));
        match owner {
            Some(entry) => {
                let mut found = of_entry(entry, sources);
                if told(&mut found, entry, diagnostic) {
                    keep(&mut all, ranks.key(entry.at), found);
                }
            }
            None => {
                if let Some(found) = of_diagnostic(diagnostic, sources) {
                    keep(&mut all, ranks.key(at), found);
                }
            }
        }
    }
    all.into_values().chain(unplaced).collect()
}

/// The order of files: that of their first reading, however often they are included.
struct Ranks(Vec<usize>);

impl Ranks {
    fn new(sources: &Sources) -> Self {
        let mut known: HashMap<Option<PathBuf>, usize> = HashMap::new();
        let rank = |index: usize| {
            let path = sources.get(u32::try_from(index).unwrap_or(u32::MAX)).path.clone();
            *known.entry(path).or_insert(index)
        };
        Self((0..sources.len()).map(rank).collect())
    }

    fn key(&self, at: Span) -> (usize, usize) {
        (self.0.get(at.source as usize).copied().unwrap_or(usize::MAX), at.start)
    }
}

/// Of two findings about one place, the graver stays.
fn keep(all: &mut BTreeMap<(usize, usize), Finding>, key: (usize, usize), found: Finding) {
    match all.get_mut(&key) {
        Some(known) if known.treatment >= found.treatment => {}
        Some(known) => *known = found,
        None => drop(all.insert(key, found)),
    }
}

fn of_entry(entry: &Entry, sources: &Sources) -> Finding {
    let mut found = at(entry.at, sources);
    found.directive.clone_from(&entry.name);
    let (treatment, reason, hint) = match entry.base {
        Base::Row(row) => match row.kind {
            Kind::Honoured if sets_old_variable(&found.text) => (
                Treatment::Renamed,
                Some("form of an old release".to_owned()),
                Some("today: push_stream_channels_path".to_owned()),
            ),
            Kind::Honoured => (Treatment::Honoured, None, None),
            Kind::Inert => (Treatment::Ignored, Some(why(row.doc)), None),
            Kind::Old(now) if now.starts_with("nothing") => {
                (Treatment::Ignored, Some(why(row.doc)), None)
            }
            Kind::Old(now) => (
                Treatment::Renamed,
                Some("name of an old release".to_owned()),
                Some(format!("today: {now}")),
            ),
        },
        Base::Foreign(Foreign::Inert(family)) => {
            (Treatment::Ignored, Some(family.sentence()), None)
        }
        Base::Foreign(Foreign::Refused(family)) => {
            let hint = (!family.instead.is_empty()).then(|| family.instead.to_owned());
            (Treatment::Refused, Some(family.sentence()), hint)
        }
        Base::SwitchedOff => {
            let reason = "it is not implemented, and it is off".to_owned();
            (Treatment::Ignored, Some(reason), None)
        }
        Base::Include => (Treatment::Honoured, None, None),
        Base::Unknown => {
            let hint = did_you_mean(&entry.name, crate::directives::all_names());
            (Treatment::Refused, Some("neither nginx nor outpour knows it".to_owned()), hint)
        }
        Base::Unread => (Treatment::Refused, Some("stands in a refused block".to_owned()), None),
    };
    (found.treatment, found.reason, found.hint) = (treatment, reason, hint);
    if treatment == Treatment::Honoured
        && let Some(difference) = difference(&entry.name, &found.text)
    {
        found.treatment = Treatment::Differs;
        found.reason = Some(difference.what.to_owned());
        found.deviation = Some(difference.deviation);
    }
    found
}

/// Whether this is how old files gave a location its channels.
fn sets_old_variable(text: &str) -> bool {
    let variable = text.strip_prefix("set ").and_then(|rest| rest.split(' ').next());
    variable.is_some_and(|variable| OLD_VARIABLES.contains(&variable))
}

/// The reason out of the sentence of a directive without effect.
fn why(doc: &str) -> String {
    let why = doc.strip_prefix("Accepted without effect: ").unwrap_or(doc);
    why.trim_end_matches('.').to_owned()
}

/// Puts what a diagnostic says into the finding of its directive; false if that adds nothing.
fn told(found: &mut Finding, entry: &Entry, diagnostic: &Diagnostic) -> bool {
    let plain = match entry.base {
        Base::Row(row) => matches!(row.kind, Kind::Honoured),
        Base::Include => true,
        Base::Foreign(_) | Base::SwitchedOff | Base::Unknown | Base::Unread => return false,
    };
    let treatment = treatment(diagnostic);
    if treatment == Treatment::Differs && (!plain || sets_old_variable(&found.text)) {
        return false;
    }
    found.treatment = treatment;
    found.reason = Some(diagnostic.message.clone());
    found.hint.clone_from(&diagnostic.help);
    found.deviation = None;
    true
}

fn treatment(diagnostic: &Diagnostic) -> Treatment {
    match diagnostic.level {
        _ if diagnostic.fatal => Treatment::Refused,
        Level::Emerg | Level::Alert | Level::Crit | Level::Error | Level::Warn => {
            Treatment::Warning
        }
        Level::Notice | Level::Info | Level::Debug => Treatment::Differs,
    }
}

/// What stands where no directive is; notices about the whole are none.
fn of_diagnostic(diagnostic: &Diagnostic, sources: &Sources) -> Option<Finding> {
    let treatment = treatment(diagnostic);
    let mut found = match &diagnostic.place {
        Some(place) => at(place.order, sources),
        None if treatment == Treatment::Differs => return None,
        None => nowhere(),
    };
    found.treatment = treatment;
    found.reason = Some(diagnostic.message.clone());
    found.hint.clone_from(&diagnostic.help);
    Some(found)
}

fn nowhere() -> Finding {
    Finding {
        file: None,
        line: 0,
        column: 0,
        directive: String::new(),
        text: String::new(),
        treatment: Treatment::Honoured,
        reason: None,
        hint: None,
        deviation: None,
    }
}

fn at(span: Span, sources: &Sources) -> Finding {
    let source = sources.get(span.source);
    let (line, column) = source.position(span.start);
    let file = source.path.as_ref().map(|path| path.display().to_string());
    Finding { file, line, column, text: sources.one_line(span), ..nowhere() }
}
