//! The figures, as tables for a person or as one JSON object for a program.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is what this program is for, and a long measurement shows that it runs"
)]

use std::fmt::Display;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::{arguments::Arguments, server, spread::Spread};

/// All tables of a run.
#[derive(Debug)]
pub(crate) struct Report {
    machine: Value,
    tables: Vec<Table>,
}

impl Report {
    /// An empty report that tells the machine and the command.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self> {
        let kernel = rustix::system::uname();
        let machine = json!({
            "binary": server::binary(arguments)?,
            "command": std::env::args().collect::<Vec<_>>().join(" "),
            "cores": cores(),
            "processor": processor(),
            "kernel": kernel.release().to_string_lossy(),
            "optimised": !cfg!(debug_assertions),
        });
        Ok(Self { machine, tables: Vec::new() })
    }

    /// Adds a table.
    pub(crate) fn add(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Prints everything.
    pub(crate) fn print(&self, as_json: bool) -> Result<()> {
        if as_json {
            println!("{}", serde_json::to_string_pretty(&self.to_json())?);
            return Ok(());
        }
        for (name, value) in self.machine.as_object().into_iter().flatten() {
            println!("{name:<10} {}", value.as_str().map_or(value.to_string(), str::to_owned));
        }
        for table in &self.tables {
            print!("\n{}", table.to_text());
        }
        Ok(())
    }

    /// `{"machine": {...}, "NAME": [{COLUMN: VALUE, ...}, ...], ...}`
    fn to_json(&self) -> Value {
        let tables = self.tables.iter().map(|table| (table.name.to_owned(), table.to_json()));
        let machine = ("machine".to_owned(), self.machine.clone());
        Value::Object(std::iter::once(machine).chain(tables).collect())
    }
}

/// Cores that this program may use.
pub(crate) fn cores() -> u16 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u16::try_from(cores).unwrap_or(256).min(256)
}

/// The model of the first core; empty where `/proc/cpuinfo` does not tell.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find(|line| line.starts_with("model name"));
    model
        .and_then(|line| line.split_once(':'))
        .map_or_else(String::new, |(_, name)| name.trim().to_owned())
}

/// Tells on standard error what is going on.
pub(crate) fn progress(what: impl Display) {
    eprintln!("{what}");
}

/// Rows of figures under named columns.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    title: String,
    columns: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A name.
    Text(String),
    /// A number of things.
    Count(u64),
    /// A measured number, printed with that many decimals.
    Number(f64, usize),
    /// Not known on this machine, or without meaning in this row.
    Missing,
}

impl Table {
    /// An empty table; `name` is its key in JSON.
    pub(crate) fn new(
        name: &'static str,
        title: impl Into<String>,
        columns: &'static [&'static str],
    ) -> Self {
        Self { name, title: title.into(), columns, rows: Vec::new() }
    }

    /// Adds a row with one cell per column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let row: Vec<Cell> = cells.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len(), "one cell per column");
        self.rows.push(row);
    }

    /// The rows as objects.
    fn to_json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let keys = self.columns.iter().map(|column| (*column).to_owned());
            Value::Object(keys.zip(row.iter().map(Cell::to_json)).collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }

    /// The title, the names of the columns and the rows; numbers stand to the right.
    fn to_text(&self) -> String {
        let names = self.columns.iter().map(|&column| Cell::Text(column.to_owned())).collect();
        let lines: Vec<&Vec<Cell>> = std::iter::once(&names).chain(&self.rows).collect();
        let widths = self.widths(&lines);
        let mut text = format!("{}\n", self.title);
        for line in lines {
            let cells = line.iter().zip(&widths).enumerate().map(|(index, (cell, &width))| {
                let cell = cell.to_text();
                if index == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            let cells: Vec<String> = cells.collect();
            text.push_str(&format!("  {}\n", cells.join("  ").trim_end()));
        }
        text
    }

    /// The width of each column.
    fn widths(&self, lines: &[&Vec<Cell>]) -> Vec<usize> {
        let width = |index: usize| {
            let cells = lines.iter().filter_map(|line| line.get(index));
            cells.map(|cell| cell.to_text().chars().count()).max().unwrap_or(0)
        };
        (0..self.columns.len()).map(width).collect()
    }
}

impl Cell {
    /// Least, middle and greatest, each in a cell; missing ones without measurements.
    pub(crate) fn spread(spread: Option<Spread>, decimals: usize) -> [Self; 3] {
        spread.map_or([Self::Missing, Self::Missing, Self::Missing], |spread| {
            [spread.min, spread.median, spread.max].map(|value| Self::Number(value, decimals))
        })
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Count(count) => json!(count),
            Self::Number(number, _) => json!(number),
            Self::Missing => Value::Null,
        }
    }

    fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Number(number, decimals) => format!("{number:.decimals$}"),
            Self::Missing => "-".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        let mut table = Table::new("t", "A table", &["name", "n", "seconds"]);
        table.row([Cell::Text("one".to_owned()), Cell::Count(12), Cell::Number(0.5, 2)]);
        table.row([Cell::Text("second".to_owned()), Cell::Count(3), Cell::Missing]);
        let text = "A table\n  name     n  seconds\n  one     12     0.50\n  second   3        -\n";
        assert_eq!(table.to_text(), text);
        let rows = json!([
            {"name": "one", "n": 12, "seconds": 0.5},
            {"name": "second", "n": 3, "seconds": null},
        ]);
        assert_eq!(table.to_json(), rows);
    }
}
