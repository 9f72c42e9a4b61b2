//! Notes what routing does.

use outpour_config::StepOrigin;
use outpour_core::router::{Event, Fit, Watch};
use outpour_core::settings::Location;

use super::explanation::Line;

/// Everything that was told.
#[derive(Default)]
pub(crate) struct Watcher {
    /// Locations in the order in which they were compared.
    pub(crate) locations: Vec<(*const Location, Fit)>,
    /// Statements: the way to each through the blocks, and what it did.
    statements: Vec<(Vec<usize>, String)>,
    /// The statement that is being run.
    way: Vec<usize>,
    /// The way to the `if` whose settings are in force.
    pub(crate) settings: Option<Vec<usize>>,
}

impl Watch for Watcher {
    fn location(&mut self, location: &Location, fit: Fit) {
        self.locations.push((std::ptr::from_ref(location), fit));
    }

    fn statement(&mut self, depth: usize, index: usize, event: Event<'_>) {
        self.way.truncate(depth);
        self.way.push(index);
        if let Event::If { holds: true, settings } = event {
            self.settings = settings.then(|| self.way.clone());
        }
        self.statements.push((self.way.clone(), result(event)));
    }
}

fn result(event: Event<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match event {
        Event::Set(value) => format!("\"{}\"", text(value)),
        Event::If { holds: true, .. } => "holds".into(),
        Event::If { holds: false, .. } => "does not hold".into(),
        Event::Rewrite(None) => "does not match".into(),
        Event::Rewrite(Some(path)) => format!("\"{}\"", text(path)),
        Event::Return => "answers".into(),
        Event::Break => "ends the script".into(),
    }
}

impl Watcher {
    /// The statements as lines; they stand in `script`.
    pub(crate) fn lines(&self, script: &[StepOrigin]) -> Vec<Line> {
        let line = |(way, result): &(Vec<usize>, String)| {
            let step = step(script, way)?;
            let indent = "  ".repeat(way.len() - 1);
            let text = format!("{indent}{}", step.text);
            Some(Line::new(Some((&step.place).into()), text, result.clone()))
        };
        self.statements.iter().filter_map(line).collect()
    }
}

/// The statement at the end of a way.
pub(crate) fn step<'a>(script: &'a [StepOrigin], way: &[usize]) -> Option<&'a StepOrigin> {
    let (first, rest) = way.split_first()?;
    let found = script.get(*first)?;
    match rest {
        [] => Some(found),
        rest => step(&found.block.as_ref()?.script, rest),
    }
}
