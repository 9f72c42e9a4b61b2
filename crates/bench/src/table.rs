//! Figures as tables for a person, or as objects for a program.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::spread::Spread;

/// Writes to standard output; a reader that has gone away is no reason to end a measurement.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Rows of figures under named columns.
#[derive(Debug)]
pub(crate) struct Table {
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
    /// An empty table.
    pub(crate) fn new(title: impl Into<String>, columns: &'static [&'static str]) -> Self {
        Self { title: title.into(), columns, rows: Vec::new() }
    }

    /// Adds a row with one cell per column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let row: Vec<Cell> = cells.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len(), "one cell per column");
        self.rows.push(row);
    }

    /// The rows as objects.
    pub(crate) fn to_json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let keys = self.columns.iter().map(|column| (*column).to_owned());
            Value::Object(keys.zip(row.iter().map(Cell::to_json)).collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }

    /// The rows in Markdown, behind the title if there is one; numbers stand to the right.
    pub(crate) fn to_markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let names: Vec<String> = self.columns.iter().map(|&name| name.to_owned()).collect();
        let align = |index| if index == 0 { "---" } else { "---:" }.to_owned();
        let title =
            if self.title.is_empty() { String::new() } else { format!("{}\n\n", self.title) };
        let rows = self.rows.iter().map(|row| row.iter().map(Cell::to_text).collect::<Vec<_>>());
        let alignment: Vec<String> = (0..self.columns.len()).map(align).collect();
        let rows: String = rows.map(|row| line(&row)).collect();
        title + &line(&names) + &line(&alignment) + &rows
    }

    /// The title if there is one, the names of the columns and the rows; numbers stand to the right.
    pub(crate) fn to_text(&self) -> String {
        let names = self.columns.iter().map(|&column| Cell::Text(column.to_owned())).collect();
        let lines: Vec<&Vec<Cell>> = std::iter::once(&names).chain(&self.rows).collect();
        let widths = self.widths(&lines);
        let mut text = String::new();
        if !self.title.is_empty() {
            text = format!("{}\n", self.title);
        }
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
        let mut table = Table::new("A table", &["name", "n", "seconds"]);
        table.row([Cell::Text("one".to_owned()), Cell::Count(12), Cell::Number(0.5, 2)]);
        table.row([Cell::Text("second".to_owned()), Cell::Count(3), Cell::Missing]);
        let text = "A table\n  name     n  seconds\n  one     12     0.50\n  second   3        -\n";
        assert_eq!(table.to_text(), text);
        let rows = json!([
            {"name": "one", "n": 12, "seconds": 0.5},
            {"name": "second", "n": 3, "seconds": null},
        ]);
        assert_eq!(table.to_json(), rows);
        let markdown = "A table\n\n| name | n | seconds |\n| --- | ---: | ---: |\n\
                        | one | 12 | 0.50 |\n| second | 3 | - |\n";
        assert_eq!(table.to_markdown(), markdown);
    }
}
