//! The vocabulary every other crate speaks: ids, kinds, facts, cells, tables, phases.
//!
//! Start at [`batch`] for what a parser yields, at [`table`] for how any set of rows is held, and at
//! [`estate`] for what the phases after resolution work on.
//!
//! **Invariant:** nothing here reads a clock, a file or the network, and nothing here depends on
//! another crate of Postern.

pub mod batch;
pub mod cell;
pub mod estate;
pub mod grade;
pub mod id;
pub mod kind;
pub mod label;
pub mod network;
pub mod reference;
pub mod schema;
pub mod settings;
pub mod table;

pub use batch::{Batch, CellCoverage, Coverage, Reject};
pub use cell::{Cell, Facet, ObjectClass};
pub use grade::{Criticality, Grade, Risk};
pub use id::{EdgeId, NodeId, hash128};
pub use kind::{NodeKind, OtherKind, RelationKind};
pub use schema::{Phase, Schema};
pub use settings::Settings;
pub use table::{Table, Value};
