//! Reads `{"id", "query"}` lines and prints for each what our parser and binder say, in the form of
//! `tools/kql-oracle/oracle.mjs`: `{"id","ok","position","message","columns","errors"}`.
//!
//! The schema is `tools/kql-oracle/schema.json`, or the file that the first argument names.

use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;

use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Code, Column, Diagnostic, Options, Severity, Type, bind, parse};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/kql-oracle/schema.json");
    let file = std::env::args_os().nth(1).map_or(own, Into::into);
    let world = World::of(&serde_json::from_str(&std::fs::read_to_string(file)?)?);
    let mut stdout = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        if let Some(query) = row["query"].as_str() {
            writeln!(stdout, "{}", answer(&row["id"], query, &world))?;
        }
    }
    Ok(())
}

fn answer(id: &Value, query: &str, world: &World) -> Value {
    let parsed = parse(query);
    let is_syntax = |found: &&Diagnostic| matches!(found.code, Code::Syntax | Code::Limit);
    let first = parsed.diagnostics.iter().find(is_syntax);
    let bound = bind(&parsed.script, query, world, &Options::default());
    let table = bound
        .query
        .as_ref()
        .and_then(|query| query.outputs.last())
        .map(|output| &output.table);
    let columns = table.map(|table| -> Vec<Value> {
        table
            .columns
            .iter()
            .map(|column| json!({"name": column.name, "type": column.ty.name()}))
            .collect()
    });
    let errors: Vec<Value> = parsed
        .diagnostics
        .iter()
        .filter(|found| !is_syntax(found))
        .chain(&bound.diagnostics)
        .filter(|found| found.severity == Severity::Error)
        .map(|found| {
            let code = format!("{:?}", found.code);
            json!({"code": code, "start": position(query, found.span.start), "message": found.message})
        })
        .collect();
    json!({
        "id": id,
        "ok": first.is_none(),
        "position": first.map_or(-1, |found| position(query, found.span.start)),
        "message": first.map(|found| &found.message),
        "columns": columns,
        "open": table.is_some_and(|table| table.is_open),
        "errors": errors,
    })
}

/// As the official service counts, in UTF-16 units.
fn position(query: &str, byte: u32) -> i64 {
    let before = query.get(..byte as usize).unwrap_or_default();
    before.encode_utf16().count() as i64
}

/// The tables of a schema file.
struct World(Vec<Arc<Table>>);

impl World {
    fn of(schema: &Value) -> Self {
        let tables = schema["tables"].as_array().into_iter().flatten().map(|table| {
            let columns = table["columns"].as_array().into_iter().flatten().filter_map(|column| {
                let (name, ty) = column.as_str()?.rsplit_once(':')?;
                Some(Column::new(name, Type::of_name(ty)?))
            });
            Arc::new(Table {
                name: table["name"].as_str().unwrap_or_default().to_owned(),
                columns: columns.collect(),
                description: String::new(),
                column_descriptions: Vec::new(),
            })
        });
        Self(tables.collect())
    }
}

impl Schema for World {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        self.0
            .iter()
            .find(|table| table.name == name)
            .map_or(Found::No, |table| Found::Yes(table.clone()))
    }

    fn table_function(&self, _: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _: &str) -> Option<Arc<StoredFunction>> {
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
