//! Binding a query some of whose columns depend on its rows (`bag_unpack`, `pivot`).
//!
//! Binding and running take turns: the binder asks for the columns of such an operator, which is written down; then the
//! operator runs, and the query is bound again with the answer. So the binder stays a plain function, and a query with
//! `n` such operators is bound `n + 1` times.

use std::sync::{Arc, Mutex};

use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Column, Value, ir};

use crate::world::World;

/// Operators of one query whose columns are found by running.
pub const DISCOVERED_MAX: usize = 16;

/// The schema of a world, and the columns that were found so far.
pub struct Discovering {
    world: Arc<dyn World>,
    known: Vec<(ir::Tabular, Result<Vec<Column>, String>)>,
    asked: Mutex<Option<ir::Tabular>>,
}

impl Discovering {
    pub fn new(world: Arc<dyn World>) -> Self {
        Self {
            world,
            known: Vec::new(),
            asked: Mutex::default(),
        }
    }

    /// The operator that the binder asked about and nobody has answered.
    pub fn take_asked(&self) -> Option<ir::Tabular> {
        self.asked
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take()
    }

    pub fn answer(&mut self, operator: ir::Tabular, columns: Result<Vec<Column>, String>) {
        self.known.push((operator, columns));
    }

    pub fn answers(&self) -> usize {
        self.known.len()
    }
}

impl Schema for Discovering {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        self.world.table(name)
    }

    fn table_function(&self, name: &str) -> Option<Arc<TableFunction>> {
        self.world.table_function(name)
    }

    fn function_columns(&self, function: &TableFunction, arguments: &[Option<Value>]) -> Result<Vec<Column>, String> {
        self.world.function_columns(function, arguments)
    }

    fn stored_function(&self, name: &str) -> Option<Arc<StoredFunction>> {
        self.world.stored_function(name)
    }

    fn external(&self, name: &str) -> Option<Arc<Table>> {
        self.world.external(name)
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        self.world.tables()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        self.world.table_functions()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        self.world.stored_functions()
    }

    fn discover(&self, operator: &ir::Tabular) -> Option<Result<Vec<Column>, String>> {
        if let Some((_, columns)) = self.known.iter().find(|(known, _)| known == operator) {
            return Some(columns.clone());
        }
        let mut asked = self.asked.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // The first one that is asked about: others may stand on top of it.
        asked.get_or_insert_with(|| operator.clone());
        None
    }
}
