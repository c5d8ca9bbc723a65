//! Runs bound queries of the hunting language on DataFusion and on the exposure graph, within budgets.
//!
//! A [`World`] says which tables there are and gives their rows; [`run`](run::run) binds a text against it, runs it and
//! hands the results to a [`Sink`](run::Sink) in batches. Lowering (`lower`) turns the bound tree into stock DataFusion
//! nodes where semantics allow, and wraps the row interpreter of `kql-functions` where they do not.
//!
//! **Invariant:** no other crate but `server` and `cli` links this one, so that an edit elsewhere never rebuilds or
//! relinks DataFusion.

pub mod batch;
pub mod budget;
mod discover;
pub mod error;
pub mod estate_world;
pub mod files;
mod functions;
pub mod graph;
mod lower;
pub mod output;
pub mod run;
mod session;
pub mod tables;
pub mod world;
mod yielding;

pub use budget::Budget;
pub use error::HuntError;
pub use world::World;
