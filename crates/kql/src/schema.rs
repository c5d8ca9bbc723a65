//! What a query may name: tables, table functions, stored functions. The schema is an argument of the binder.

use std::sync::Arc;

use crate::{Column, Type, Value, ir};

/// A table, or a function that gives one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// One sentence for hover and the schema tree.
    pub description: String,
    /// Sentences about columns, by name.
    pub column_descriptions: Vec<(String, String)>,
}

/// A built-in function that gives a table, such as `attack_paths(...)`. Its arguments are constants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFunction {
    pub name: String,
    pub parameters: Vec<Parameter>,
    pub columns: Vec<Column>,
    pub description: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub ty: Type,
    pub is_optional: bool,
}

/// A function that users stored: its text is bound where it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFunction {
    pub name: String,
    /// Parameters and body as in a `let`: `(T:(*), days:int = 7) { T | where ... }`.
    pub declaration: String,
    pub description: String,
}

/// The world of a query. Names are found as they are written, with their case.
pub trait Schema {
    /// The table of this name, or why it cannot be used here.
    fn table(&self, name: &str) -> Found<Arc<Table>>;

    fn table_function(&self, name: &str) -> Option<Arc<TableFunction>>;

    /// The columns that a table function has for these arguments: as many as it has parameters, one left out is `None`.
    /// The binder asks here, since some functions give what they are asked for (`as_of(ago(7d), "Findings")`).
    ///
    /// # Errors
    /// A sentence that says what an argument has to be.
    fn function_columns(&self, function: &TableFunction, arguments: &[Option<Value>]) -> Result<Vec<Column>, String> {
        let _ = arguments;
        Ok(function.columns.clone())
    }

    fn stored_function(&self, name: &str) -> Option<Arc<StoredFunction>>;

    /// A table that the administrator named for `externaldata`, by its name.
    fn external(&self, name: &str) -> Option<Arc<Table>> {
        let _ = name;
        None
    }

    /// For completion and wildcards: all tables, in the order in which people should see them.
    fn tables(&self) -> Vec<Arc<Table>>;

    fn table_functions(&self) -> Vec<Arc<TableFunction>>;

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>>;

    /// The columns that an operator yields whose columns depend on the rows (`bag_unpack`, `pivot`), found by
    /// running what stands before it. `None` when nothing is run (the editor): the columns stay open.
    fn discover(&self, operator: &ir::Tabular) -> Option<Result<Vec<Column>, String>> {
        let _ = operator;
        None
    }
}

/// The answer to "is there such a thing?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    Yes(T),
    No,
    /// It exists, and not in this place: the sentence says why (made by a later phase, not permitted).
    NotHere(String),
}
