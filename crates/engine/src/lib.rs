//! Imports and generations: what the command line and the server call.
//!
//! Start at [`Engine`]. [`Engine::import`] takes files in ([`intake`] opens folders and archives, the
//! parsers of `ingest` read them, lake and ledger keep them); [`Engine::build`] makes the next generation
//! out of everything that is current ([`build`] runs the phases in order); [`Engine::load`] reads a stored
//! one back without computing anything. [`inspect`] only looks.
//!
//! **Invariant:** the only clock is [`Clock`], and a generation is a pure function of its [`Inputs`]. What
//! is committed is whole: a process that dies at any moment leaves the state before or after.

mod build;
mod clock;
mod compare;
mod engine;
mod error;
mod export;
mod facts;
mod generation;
mod import;
mod inspect;
mod intake;
mod lifecycle;
mod observed;
mod previous;
mod progress;
mod status;
mod summary;

pub use build::{BuildOutcome, ENGINE_VERSION, Inputs};
pub use clock::Clock;
pub use compare::{Changes, Comparison, compare};
pub use engine::{Engine, LEASE_TTL, Wait, make_private, rule_switches};
pub use error::{EngineError, Result};
pub use export::{EdgeSelection, write_opengraph};
pub use generation::{AsOf, Generation, lake_number_of};
pub use import::{FileReport, ImportOptions, ImportReport};
pub use inspect::{Inspected, inspect};
pub use previous::Previous;
pub use progress::{Progress, Silent};
pub use status::{CellStatus, SourceRow, Status};
pub use summary::GenerationSummary;
