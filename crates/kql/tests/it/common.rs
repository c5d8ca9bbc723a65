//! A schema for tests, and the shared corpora.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Bound, Column, Options, Type, bind, parse};
use serde_json::Value;

/// Tables and functions as a test wants them.
#[derive(Default)]
pub struct World {
    pub tables: Vec<Arc<Table>>,
    pub functions: Vec<Arc<StoredFunction>>,
    pub table_functions: Vec<Arc<TableFunction>>,
}

impl World {
    /// The two tables of the exposure graph with their public columns.
    pub fn exposure() -> Self {
        Self::default()
            .with(
                "ExposureGraphNodes",
                "NodeId:string,NodeLabel:string,NodeName:string,Categories:dynamic,NodeProperties:dynamic,\
                 EntityIds:dynamic",
            )
            .with(
                "ExposureGraphEdges",
                "EdgeId:string,EdgeLabel:string,SourceNodeId:string,SourceNodeName:string,SourceNodeLabel:string,\
                 SourceNodeCategories:dynamic,TargetNodeId:string,TargetNodeName:string,TargetNodeLabel:string,\
                 TargetNodeCategories:dynamic,EdgeProperties:dynamic",
            )
    }

    pub fn with(mut self, name: &str, columns: &str) -> Self {
        let columns = columns
            .split(',')
            .map(|column| {
                let (name, ty) = column.trim().split_once(':').unwrap();
                Column::new(name, Type::of_name(ty).unwrap())
            })
            .collect();
        self.tables.push(Arc::new(Table {
            name: name.to_owned(),
            columns,
            description: String::new(),
            column_descriptions: Vec::new(),
        }));
        self
    }

    pub fn with_function(mut self, name: &str, declaration: &str) -> Self {
        self.functions.push(Arc::new(StoredFunction {
            name: name.to_owned(),
            declaration: declaration.to_owned(),
            description: String::new(),
        }));
        self
    }

    /// Binds a query and says what came of it: `name:type, ...` or the first error.
    pub fn columns(&self, query: &str) -> Result<String, String> {
        let parsed = parse(query);
        if let Some(error) = parsed.diagnostics.first() {
            return Err(format!("syntax: {}", error.message));
        }
        let bound = self.bind(query);
        let errors = bound
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == postern_kql::Severity::Error);
        if let Some(error) = errors.into_iter().next() {
            return Err(error.message.clone());
        }
        let Some(bound) = bound.query else {
            return Ok("unknown".to_owned());
        };
        let columns = bound
            .outputs
            .last()
            .map(|output| output.table.columns.as_slice())
            .unwrap_or_default();
        Ok(columns
            .iter()
            .map(|column| format!("{}:{}", column.name, column.ty))
            .collect::<Vec<_>>()
            .join(", "))
    }

    pub fn bind(&self, query: &str) -> Bound {
        bind(&parse(query).script, query, self, &Options::default())
    }
}

impl Schema for World {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        match self.tables.iter().find(|table| table.name == name) {
            Some(table) => Found::Yes(table.clone()),
            None if name == "LaterTable" => Found::NotHere("`LaterTable` is made by a later phase".to_owned()),
            None => Found::No,
        }
    }

    fn table_function(&self, name: &str) -> Option<Arc<TableFunction>> {
        self.table_functions
            .iter()
            .find(|function| function.name == name)
            .cloned()
    }

    fn stored_function(&self, name: &str) -> Option<Arc<StoredFunction>> {
        self.functions.iter().find(|function| function.name == name).cloned()
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        self.tables.clone()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        self.table_functions.clone()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        self.functions.clone()
    }
}

/// The rows of a shared corpus, or `None` (said aloud) where the folder is absent.
pub fn corpus(file: &str) -> Option<Vec<Value>> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/kql")
        .join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {file} of the shared data is absent");
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// `name:type, ...` of a row's column `schema`.
pub fn official(row: &Value) -> Option<String> {
    let columns = row["schema"].as_array()?;
    Some(
        columns
            .iter()
            .map(|column| {
                format!(
                    "{}:{}",
                    column["name"].as_str().unwrap(),
                    column["type"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
            .join(", "),
    )
}
