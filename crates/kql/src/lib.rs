//! The hunting language, as far as it can be understood without running it.
//!
//! Text becomes tokens (`lexer`), a tree with spans (`ast`, made by `parser`) and then a bound query (`ir`, made by
//! `binder`), in which every name is resolved and every expression has one of KQL's types. Nothing fails: each stage
//! returns what it understood *and* the diagnostics about the rest. Completion and hover ask the same binder.
//!
//! Start at [`parse`] and [`bind()`].
//!
//! **Invariant:** nothing here knows a table or runs anything; the schema is an argument ([`schema::Schema`]), the
//! clock and the rows belong to whoever executes the bound query.

pub mod ast;
pub mod binder;
pub mod complete;
pub mod diagnostic;
pub mod functions;
pub mod ir;
pub mod lexer;
pub mod literal;
pub mod parser;
pub mod schema;
pub mod span;
pub mod types;
pub mod value;

pub use binder::{Bound, Options, bind};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use parser::{Parsed, parse};
pub use span::{Position, Span};
pub use types::{Column, Type};
pub use value::Value;
