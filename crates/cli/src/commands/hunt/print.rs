//! The rows of a query for people, spreadsheets and programs.
//!
//! JSON Lines and CSV are written while the query runs; a table waits for its rows, to know how wide its columns are,
//! and a JSON object to be whole or not written at all.

use std::io::{self, BufWriter, IsTerminal, Write};

use anyhow::{Context, Result};
use postern_hunt::HuntError;
use postern_hunt::output::{Collector, RecordBatch, Rows, write_csv_field, write_string};
use postern_hunt::run::{Sink, Summary, TableHead};
use postern_kql::Column;

use crate::args::HuntFormat;
use crate::output::{CANNOT_WRITE, Line, Page};

/// Narrowest column of a table that does not fit the terminal.
const COLUMN_MIN: usize = 6;
/// Widest cell of a table, wherever it is printed.
const CELL_MAX: usize = 400;
/// Between two columns.
const GAP: usize = 2;

/// Takes results and prints them.
pub struct Printer {
    format: HuntFormat,
    out: BufWriter<io::Stdout>,
    /// For JSON.
    collected: Collector,
    /// For a table.
    heads: Vec<TableHead>,
    cells: Vec<Vec<String>>,
    columns: Vec<Column>,
    tables: usize,
    failed: Option<io::Error>,
}

impl Printer {
    pub fn new(format: HuntFormat) -> Self {
        Self {
            format,
            out: BufWriter::new(io::stdout()),
            collected: Collector::default(),
            heads: Vec::new(),
            cells: Vec::new(),
            columns: Vec::new(),
            tables: 0,
            failed: None,
        }
    }

    /// Whether whoever reads has gone away.
    pub fn is_broken_pipe(&self) -> bool {
        let kind = self.failed.as_ref().map(io::Error::kind);
        kind == Some(io::ErrorKind::BrokenPipe)
    }

    /// Prints what was held back.
    ///
    /// # Errors
    /// Those of standard output.
    pub fn finish(mut self, summary: &Summary) -> Result<()> {
        match self.format {
            HuntFormat::Table => self.end_table()?,
            HuntFormat::Json => {
                let json = self.json(summary);
                self.out.write_all(&json).context(CANNOT_WRITE)?;
            }
            HuntFormat::Jsonl | HuntFormat::Csv => {}
        }
        self.out.flush().context(CANNOT_WRITE)
    }

    fn json(&self, summary: &Summary) -> Vec<u8> {
        let mut json = b"{".to_vec();
        let Some((first, others)) = self.collected.tables.split_first() else {
            return b"{}\n".to_vec();
        };
        first.write_members(&mut json);
        json.extend_from_slice(b",\"more_tables\":[");
        for (at, table) in others.iter().enumerate() {
            json.extend_from_slice(if at > 0 { b",{" } else { b"{" });
            table.write_members(&mut json);
            json.push(b'}');
        }
        json.extend_from_slice(b"],\"partial\":");
        match &summary.partial {
            None => json.extend_from_slice(b"null"),
            Some(partial) => {
                json.extend_from_slice(b"{\"budget\":");
                write_string(&partial.budget, &mut json);
                json.extend_from_slice(b",\"message\":");
                write_string(&partial.message, &mut json);
                json.push(b'}');
            }
        }
        json.extend_from_slice(b"}\n");
        json
    }

    fn begin(&mut self, head: &TableHead) -> io::Result<()> {
        self.tables += 1;
        self.columns.clone_from(&head.columns);
        if self.format == HuntFormat::Csv {
            if self.tables > 1 {
                self.out.write_all(b"\r\n")?;
            }
            for (at, column) in head.columns.iter().enumerate() {
                if at > 0 {
                    self.out.write_all(b",")?;
                }
                write_csv_field(&column.name, &mut self.out)?;
            }
            self.out.write_all(b"\r\n")?;
        }
        Ok(())
    }

    fn write(&mut self, rows: &Rows) -> io::Result<()> {
        let mut line = Vec::new();
        for row in 0..rows.len() {
            line.clear();
            match self.format {
                HuntFormat::Jsonl => {
                    rows.write_object(&self.columns, row, &mut line);
                    line.push(b'\n');
                }
                _ => {
                    for column in 0..self.columns.len() {
                        if column > 0 {
                            line.push(b',');
                        }
                        write_csv_field(&rows.text(row, column), &mut line)?;
                    }
                    line.extend_from_slice(b"\r\n");
                }
            }
            self.out.write_all(&line)?;
        }
        Ok(())
    }

    /// Keeps the cells of a table until its widths are known.
    fn hold(&mut self, rows: &Rows) {
        for row in 0..rows.len() {
            let cells = (0..self.columns.len()).map(|column| one_line(&rows.text(row, column)));
            self.cells.push(cells.collect());
        }
    }

    fn end_table(&mut self) -> Result<()> {
        let Some(head) = self.heads.pop() else { return Ok(()) };
        let width = io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0));
        if self.tables > 1 {
            self.out.write_all(b"\n").context(CANNOT_WRITE)?;
        }
        let lines = laid_out(&head.columns, &self.cells, width);
        self.out.flush().context(CANNOT_WRITE)?;
        let mut page = Page::new();
        for (at, line) in lines.iter().enumerate() {
            match at {
                0 => page.unwrapped(0, Line::new().bold(line)),
                _ => page.unwrapped(0, line.as_str()),
            }
        }
        let rows = postern_report::words::counted(self.cells.len() as u64, "row", "rows");
        page.unwrapped(0, Line::new().dim(format!("({rows})")));
        page.print().context(CANNOT_WRITE)?;
        self.cells.clear();
        Ok(())
    }
}

impl Sink for Printer {
    fn table(&mut self, head: &TableHead) -> Result<(), HuntError> {
        match self.format {
            HuntFormat::Json => return self.collected.table(head),
            HuntFormat::Table => {
                self.end_table().map_err(|error| HuntError::Run(error.to_string()))?;
                self.heads.push(head.clone());
            }
            HuntFormat::Jsonl | HuntFormat::Csv => {}
        }
        let begun = self.begin(head);
        self.told(begun)
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<(), HuntError> {
        match self.format {
            HuntFormat::Json => self.collected.rows(batch),
            HuntFormat::Table => {
                let rows = Rows::new(&self.columns, batch)?;
                self.hold(&rows);
                Ok(())
            }
            HuntFormat::Jsonl | HuntFormat::Csv => {
                let rows = Rows::new(&self.columns, batch)?;
                let written = self.write(&rows);
                self.told(written)
            }
        }
    }
}

impl Printer {
    fn told(&mut self, written: io::Result<()>) -> Result<(), HuntError> {
        written.map_err(|error| {
            let text = format!("{CANNOT_WRITE}: {error}");
            self.failed = Some(error);
            HuntError::Run(text)
        })
    }
}

/// A cell on one line of bounded width.
fn one_line(text: &str) -> String {
    let mut line: String = text
        .chars()
        .take(CELL_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(CELL_MAX).is_some() {
        line.push('…');
    }
    line
}

/// Columns as wide as their widest cell, numbers on the right; where they do not fit the terminal, the widest columns
/// are cut first.
fn laid_out(columns: &[Column], cells: &[Vec<String>], width: Option<usize>) -> Vec<String> {
    let mut widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = cells.iter().map(|row| row[at].chars().count());
            cells.chain([column.name.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    if let Some(width) = width {
        let gaps = GAP * columns.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > width {
            let Some(widest) = widths.iter_mut().max().filter(|it| **it > COLUMN_MIN) else {
                break;
            };
            *widest -= 1;
        }
    }
    let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
    let lines = [&names].into_iter().chain(cells).map(|row| {
        let mut line = String::new();
        for (at, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let cell = cut(cell, width);
            let pad = " ".repeat(width - cell.chars().count());
            if at > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            match columns[at].ty.is_numeric() {
                true => line.extend([pad.as_str(), &cell]),
                false => line.extend([cell.as_str(), &pad]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    });
    lines.collect()
}

fn cut(text: &str, width: usize) -> String {
    match text.chars().count() <= width {
        true => text.to_owned(),
        false => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Type;

    use super::*;

    fn columns() -> Vec<Column> {
        vec![Column::new("name", Type::String), Column::new("n", Type::Long)]
    }

    #[test]
    fn numbers_stand_on_the_right_and_lines_end_where_their_text_does() {
        let cells = vec![
            vec!["a".to_owned(), "1".to_owned()],
            vec!["long name".to_owned(), "100".to_owned()],
        ];
        assert_eq!(
            laid_out(&columns(), &cells, None),
            ["name         n", "a            1", "long name  100"]
        );
    }

    #[test]
    fn the_widest_columns_are_cut_to_fit_the_terminal() {
        let cells = vec![vec!["x".repeat(100), "1".to_owned()]];
        let lines = laid_out(&columns(), &cells, Some(20));
        assert_eq!(lines[1], format!("{}…  1", "x".repeat(16)));
        // No terminal is too narrow to print something.
        assert_eq!(laid_out(&columns(), &cells, Some(1))[1], "xxxxx…  1");
    }

    #[test]
    fn a_cell_is_one_line() {
        assert_eq!(one_line("a\nb\u{1b}c"), "a b c");
        assert_eq!(one_line(&"x".repeat(500)).chars().count(), CELL_MAX + 1);
    }
}
