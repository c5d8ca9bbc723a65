//! Reads `{"id", "query"}` lines and prints for each whether our binder takes the query, and its columns:
//! `{"id","ok","message","columns"}`. It is the counterpart of `tools/kql-oracle`, whose schema it reads.

use std::io::{BufRead, Write};
use std::sync::Arc;

use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Column, Options, Severity, Type, bind, parse};
use serde_json::{Value, json};

struct Tables(Vec<Arc<Table>>);

impl Schema for Tables {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        let found = self.0.iter().find(|table| table.name == name);
        found.map_or(Found::No, |table| Found::Yes(table.clone()))
    }

    fn table_function(&self, _name: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _name: &str) -> Option<Arc<StoredFunction>> {
        None
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        self.0.clone()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        Vec::new()
    }
}

/// The tables of the file, whose lines are a table or a column each: their order matters.
fn tables(schema: &str) -> Vec<Arc<Table>> {
    let mut tables: Vec<Table> = Vec::new();
    for line in schema.lines() {
        let mut quoted = line.split('"').skip(1).step_by(2);
        match (quoted.next(), quoted.next().and_then(Type::of_name)) {
            (Some(name), None) if line.ends_with('{') && name != "tables" => tables.push(Table {
                name: name.to_owned(),
                columns: Vec::new(),
                description: String::new(),
                column_descriptions: Vec::new(),
            }),
            (Some(name), Some(ty)) => {
                if let Some(table) = tables.last_mut() {
                    table.columns.push(Column::new(name, ty));
                }
            }
            _ => {}
        }
    }
    tables.into_iter().map(Arc::new).collect()
}

fn main() -> std::io::Result<()> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/kql-oracle/schema.json");
    let schema = Tables(tables(&std::fs::read_to_string(file)?));
    let mut stdout = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let Some(query) = row["query"].as_str() else { continue };
        let parsed = parse(query);
        let bound = bind(&parsed.script, query, &schema, &Options::default());
        let mut errors = parsed.diagnostics.iter().chain(&bound.diagnostics);
        let error = errors.find(|diagnostic| diagnostic.severity == Severity::Error);
        let last = bound.query.as_ref().and_then(|query| query.outputs.last());
        let columns = last.map(|output| {
            let columns = output.table.columns.iter();
            columns
                .map(|column| json!({"name": column.name, "type": column.ty.name()}))
                .collect::<Vec<_>>()
        });
        let message = error.map(|error| error.message.clone());
        let answer = json!({"id": row["id"], "ok": error.is_none(), "message": message, "columns": columns});
        writeln!(stdout, "{answer}")?;
    }
    Ok(())
}
