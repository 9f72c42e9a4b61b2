//! A picture of a measurement: how long messages took, and how many came over time.
//!
//! Written by hand, without fonts or scripts of its own; greys and one colour that stand out from
//! a light and from a dark page.

use std::fmt::Write;

use crate::outcome::Outcome;

/// Size of one plot.
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 160.0;

/// Space around the plots.
const MARGIN: f64 = 60.0;

/// Height of one measurement: its title, its plots and their labels.
const ROW: f64 = HEIGHT + 104.0;

/// Pixels between the names of two ticks.
const TICK_ROOM: f64 = 46.0;

/// Bars of the histogram.
const BARS: usize = 60;

/// Measurements that are drawn at most.
const ROWS_MAX: usize = 60;

/// Colours that stand out from white and from black.
const STYLE: &str = "text{font:12px sans-serif;fill:#808080}.title{font-weight:bold}\
    .end{text-anchor:end}.middle{text-anchor:middle}\
    .axis{stroke:#808080;stroke-width:1;fill:none}.bar{fill:#3b8ad8}\
    .line{stroke:#3b8ad8;stroke-width:1.5;fill:none}.mark{stroke:#d8743b;stroke-width:1}";

/// Draws all measurements below each other.
pub(crate) fn draw(outcomes: &[Outcome]) -> String {
    let drawn = outcomes.get(..ROWS_MAX).unwrap_or(outcomes);
    let (width, height) = (2.0 * WIDTH + 3.0 * MARGIN, ROW * drawn.len() as f64 + 20.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\">\n<style>{STYLE}</style>\n"
    );
    for (index, outcome) in drawn.iter().enumerate() {
        let top = ROW * index as f64 + 50.0;
        let title = escape(&format!("{}: {}", outcome.subject, outcome.load.title()));
        text(&mut svg, (MARGIN, top - 28.0), "title", &title);
        latencies(&mut svg, (MARGIN, top), outcome);
        throughput(&mut svg, (2.0 * MARGIN + WIDTH, top), outcome);
    }
    svg + "</svg>\n"
}

/// The histogram of latencies over a logarithmic axis, with marks at the median and at 99 %.
fn latencies(svg: &mut String, (left, top): (f64, f64), outcome: &Outcome) {
    let histogram = &outcome.tally.latencies;
    frame(svg, (left, top));
    if histogram.count() == 0 {
        text(svg, (left + 8.0, top + 20.0), "label", "no deliveries");
        return;
    }
    let (least, greatest) = (histogram.min().max(1), histogram.max().max(2));
    let bars = histogram.ranges(least, greatest, BARS);
    let highest = bars.iter().copied().max().unwrap_or(1).max(1) as f64;
    let step = WIDTH / BARS as f64;
    let (mut path, wide) = (String::new(), step * 0.9);
    for (index, count) in bars.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (*count as f64 / highest * HEIGHT).max(0.5);
        let (x, y) = (left + step * index as f64, top + HEIGHT - height);
        let _ = write!(path, "M{x:.1} {y:.1}h{wide:.1}v{height:.1}h-{wide:.1}z");
    }
    let _ = writeln!(svg, "<path class=\"bar\" d=\"{path}\"/>");
    let (from, to) = ((least as f64).ln(), (greatest as f64).ln());
    let place = |value: u64| left + ((value as f64).ln() - from) / (to - from).max(1e-9) * WIDTH;
    marks(svg, (left + WIDTH, top), outcome, place);
    ticks(svg, top + HEIGHT, (least, greatest), place);
    text(svg, (left + WIDTH / 2.0, top + HEIGHT + 34.0), "middle", "latency, logarithmic");
}

/// A line at the median and a dashed one at 99 %, told above the plot.
fn marks(
    svg: &mut String,
    (right, top): (f64, f64),
    outcome: &Outcome,
    place: impl Fn(u64) -> f64,
) {
    let quantile = |share| outcome.tally.latencies.quantile(share).max(1);
    for (share, dashes) in [(0.5, "none"), (0.99, "5 3")] {
        let (x, bottom) = (place(quantile(share)), top + HEIGHT);
        let _ = writeln!(
            svg,
            "<line class=\"mark\" stroke-dasharray=\"{dashes}\" x1=\"{x:.1}\" y1=\"{top:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>"
        );
    }
    let [middle, high, most] = [0.5, 0.99, 1.0].map(|share| time(quantile(share)));
    let caption = format!("p50 {middle}, dashed: p99 {high}, max {most}");
    text(svg, (right, top - 7.0), "end", &caption);
}

/// Names 1, 2 and 5 of each power of ten on the logarithmic axis, as far as there is room.
fn ticks(svg: &mut String, bottom: f64, (least, greatest): (u64, u64), place: impl Fn(u64) -> f64) {
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let steps = powers.flat_map(|power| [1, 2, 5].map(|step| power.saturating_mul(step)));
    let mut last = f64::NEG_INFINITY;
    for value in steps.filter(|&value| value >= 1000) {
        if value < least {
            continue;
        }
        if value > greatest {
            return;
        }
        let (x, end) = (place(value), bottom + 4.0);
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"{x:.1}\" y1=\"{bottom:.1}\" x2=\"{x:.1}\" y2=\"{end:.1}\"/>"
        );
        if x - last >= TICK_ROOM {
            text(svg, (x, bottom + 17.0), "middle", &round_time(value));
            last = x;
        }
    }
}

/// Deliveries, or answers, per second over time. The last interval is cut short by the end and left
/// out where there are others.
fn throughput(svg: &mut String, (left, top): (f64, f64), outcome: &Outcome) {
    frame(svg, (left, top));
    let line = &outcome.tally.timeline;
    let mut rates = line.rates();
    if rates.len() > 2 {
        rates.pop();
    }
    let highest = rates.iter().copied().fold(0.0, f64::max);
    if highest <= 0.0 {
        text(svg, (left + 8.0, top + 20.0), "label", "no deliveries");
        return;
    }
    let what = if outcome.load.request.is_some() { "answers" } else { "deliveries" };
    let step = WIDTH / (rates.len().max(2) - 1) as f64;
    let mut points = String::new();
    for (index, rate) in rates.iter().enumerate() {
        let (x, y) = (left + step * index as f64, top + HEIGHT - rate / highest * HEIGHT);
        let _ = write!(points, "{x:.1},{y:.1} ");
    }
    let _ = writeln!(svg, "<polyline class=\"line\" points=\"{}\"/>", points.trim_end());
    text(svg, (left, top - 7.0), "label", &format!("{what}/s, at most {}", grouped(highest)));
    let seconds = line.interval().as_secs_f64() * rates.len() as f64;
    text(svg, (left, top + HEIGHT + 17.0), "label", "0 s");
    text(svg, (left + WIDTH, top + HEIGHT + 17.0), "end", &format!("{seconds:.1} s"));
}

/// The axes of a plot.
fn frame(svg: &mut String, (left, top): (f64, f64)) {
    let (right, bottom) = (left + WIDTH, top + HEIGHT);
    let _ = writeln!(
        svg,
        "<polyline class=\"axis\" points=\"{left},{top} {left},{bottom} {right},{bottom}\"/>"
    );
}

/// A text that holds no markup.
fn text(svg: &mut String, (x, y): (f64, f64), class: &str, content: &str) {
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{content}</text>");
}

/// A time in a unit that fits.
fn time(nanoseconds: u64) -> String {
    match nanoseconds as f64 {
        time if time < 1e6 => format!("{:.0} us", time / 1e3),
        time if time < 1e9 => format!("{:.1} ms", time / 1e6),
        time => format!("{:.1} s", time / 1e9),
    }
}

/// A time of a tick: one digit is enough.
fn round_time(nanoseconds: u64) -> String {
    match nanoseconds {
        1..1_000_000 => format!("{} us", nanoseconds / 1000),
        1_000_000..1_000_000_000 => format!("{} ms", nanoseconds / 1_000_000),
        _ => format!("{} s", nanoseconds / 1_000_000_000),
    }
}

/// A whole number with its thousands apart.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b","[..])).into_owned()
}

/// Text as XML has it.
fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, character| {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            control if control.is_control() => {}
            other => out.push(other),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        generator::Tally,
        ledger::Faults,
        load::Load,
        outcome::{Held, Work},
    };

    fn outcome(name: &str, latencies: &[u64]) -> Outcome {
        let mut tally = Tally::new();
        for &latency in latencies {
            tally.delivered += 1;
            tally.latencies.record(latency);
            tally.timeline.add(Duration::from_nanos(latency), 1);
        }
        let work = Work { time: Duration::from_secs(1), cpu: None };
        Outcome {
            subject: "outpour".to_owned(),
            load: Load { name: name.to_owned(), ..Load::default() },
            start_up: None,
            connecting: work,
            publishing: work,
            generator_cpu: Duration::ZERO,
            published: 0,
            tally,
            memory: None,
            faults: Faults::default(),
            closed: 0,
            held: Held::default(),
        }
    }

    /// Whether every element is closed, in the right order, and no `&` or `<` stands alone.
    fn check(outcomes: &[Outcome]) {
        let svg = draw(outcomes);
        let mut open: Vec<&str> = Vec::new();
        for part in svg.split('<').skip(1) {
            let (tag, text) = part.split_once('>').expect("a tag ends");
            assert!(!text.contains('>'), "{part}");
            let entity = |rest: &str| {
                ["amp;", "lt;", "gt;", "quot;"].iter().any(|name| rest.starts_with(name))
            };
            assert!(part.split('&').skip(1).all(entity), "{part}");
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn pictures_are_well_formed() {
        check(&[]);
        check(&[outcome("", &[])]);
        check(&[outcome("one & <two> \"three\"\u{7}", &[5])]);
        check(&[outcome("a", &[0, 0]), outcome("b", &[1000, 2_000_000, 3_000_000_000])]);
    }

    #[test]
    fn times_have_units() {
        let check = |value, expected| assert_eq!(time(value), expected);
        check(1500, "2 us");
        check(2_500_000, "2.5 ms");
        check(3_000_000_000, "3.0 s");
        let check = |value, expected| assert_eq!(round_time(value), expected);
        check(2000, "2 us");
        check(500_000_000, "500 ms");
        check(1_000_000_000, "1 s");
        assert_eq!([grouped(0.4), grouped(1234567.0), grouped(999.0)], ["0", "1,234,567", "999"]);
    }
}
