//! The two text formats: Prometheus 0.0.4 and OpenMetrics 1.0.

use std::fmt::{Display, Write as _};

use super::Snapshot;
use super::table::{FAMILIES, Family, Kind};
use crate::counters::{BOUNDS, Histogram};

/// A format of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// `text/plain; version=0.0.4`
    Plain,
    /// `application/openmetrics-text; version=1.0.0`
    OpenMetrics,
}

impl Exposition {
    /// The format that an `Accept` header prefers; without one the plain one.
    pub(crate) fn from_accept(accept: Option<&[u8]>) -> Self {
        let accept = accept.map(String::from_utf8_lossy).unwrap_or_default().to_ascii_lowercase();
        let weight = |wanted: &[&str]| {
            let of = |range: &str| {
                let mut parameters = range.split(';').map(str::trim);
                let name = parameters.next()?;
                let weight = parameters.find_map(|parameter| parameter.strip_prefix("q="));
                let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
                wanted.contains(&name).then_some(weight)
            };
            accept.split(',').filter_map(of).fold(0.0, f64::max)
        };
        let open = weight(&["application/openmetrics-text"]);
        match open > 0.0 && open >= weight(&["text/plain"]) {
            true => Self::OpenMetrics,
            false => Self::Plain,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// All families with their samples.
pub(crate) fn render(snapshot: &Snapshot<'_>, exposition: Exposition) -> String {
    let mut out = String::with_capacity(16 * 1024);
    for family in FAMILIES {
        head(family, exposition, &mut out);
        (family.samples)(snapshot, &mut Samples { family, out: &mut out });
    }
    if exposition == Exposition::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

/// Writing to a `String` does not fail.
fn head(family: &Family, exposition: Exposition, out: &mut String) {
    let (name, kind) = match exposition {
        Exposition::Plain => (family.sample_name(), family.kind.plain_name()),
        Exposition::OpenMetrics => (family.name.to_owned(), family.kind.name()),
    };
    let _ = writeln!(out, "# HELP {name} {}", family.help);
    let _ = writeln!(out, "# TYPE {name} {kind}");
    if let (Some(unit), Exposition::OpenMetrics) = (family.unit, exposition) {
        let _ = writeln!(out, "# UNIT {name} {unit}");
    }
}

/// Where a family puts its samples.
#[derive(Debug)]
pub(super) struct Samples<'a> {
    family: &'a Family,
    out: &'a mut String,
}

impl Samples<'_> {
    /// A sample; `values` are those of the family's labels, in order.
    pub(super) fn add(&mut self, values: &[&dyn Display], value: impl Display) {
        let name = self.family.sample_name();
        self.line(&name, values, None, value);
    }

    /// The samples of a histogram of microseconds, in seconds.
    pub(super) fn histogram(&mut self, values: &[&dyn Display], histogram: &Histogram) {
        let name = self.family.name;
        let mut count = 0;
        let bounds = BOUNDS.iter().map(|bound| format!("{:?}", seconds(*bound)));
        for (bucket, bound) in histogram.buckets.iter().zip(bounds.chain(["+Inf".to_owned()])) {
            count += bucket.read();
            self.line(&format!("{name}_bucket"), values, Some(&bound), count);
        }
        self.line(&format!("{name}_sum"), values, None, seconds(histogram.sum_micros.read()));
        self.line(&format!("{name}_count"), values, None, count);
    }

    fn line(&mut self, name: &str, values: &[&dyn Display], le: Option<&str>, value: impl Display) {
        debug_assert_eq!(self.family.labels.len(), values.len(), "{name}");
        let mut labels = String::new();
        for (label, value) in self.family.labels.iter().zip(values) {
            let gap = if labels.is_empty() { "" } else { "," };
            let _ = write!(labels, "{gap}{label}=\"{value}\"");
        }
        if let Some(le) = le {
            let gap = if labels.is_empty() { "" } else { "," };
            let _ = write!(labels, "{gap}le=\"{le}\"");
        }
        let _ = match labels.is_empty() {
            true => writeln!(self.out, "{name} {value}"),
            false => writeln!(self.out, "{name}{{{labels}}} {value}"),
        };
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
pub(super) fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

impl Family {
    /// The name of its samples (of its buckets: what they begin with).
    pub(super) fn sample_name(&self) -> String {
        format!("{}{}", self.name, self.kind.suffix())
    }
}

impl Kind {
    fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Info => "_info",
            Self::Gauge | Self::Histogram => "",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }

    /// The plain format has no infos.
    fn plain_name(self) -> &'static str {
        match self {
            Self::Info => "gauge",
            Self::Counter | Self::Gauge | Self::Histogram => self.name(),
        }
    }
}
