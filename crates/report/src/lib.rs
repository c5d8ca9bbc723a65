//! What a generation says, as people read it: the one place for names beside ids, reasons beside steps, page queries
//! and numbers.
//!
//! Start at [`Reports`], which holds one generation and answers from memory; the command line and the server say
//! nothing that does not come from here. The types are what `--json` and the HTTP API print: their doc comments are the
//! documentation of both, and `docs/schemas/` promises their shape. Numbers that stand on two pages have one function
//! behind them; `docs/guides/numbers.md` lists them.
//!
//! **Invariant:** equal generations give equal answers, in an equal order. No clock: who asks for an age says what time
//! it is. Nothing is written, and nothing of the lake is read after a [`Reports`] was made.

mod asset;
mod assets;
mod attack_paths;
mod blast;
mod changes;
mod choke_points;
mod compare;
mod coverage;
mod edges;
mod entry_points;
mod error;
mod exposure;
mod findings;
mod gap;
mod generations;
mod ids;
mod index;
mod inventory;
mod overview;
mod page;
mod path;
mod place;
mod places;
mod reports;
mod scenario;
mod search;
mod source;
mod sources;
mod status;
mod step;
mod summary;
mod targets;
mod techniques;
mod what_if;
pub mod words;

pub use asset::{AssetFact, AssetReport, ByHand, FindingReport, IdentifierReport, ObjectReport, ReasonReport};
pub use assets::{AssetDetail, AssetPage, AssetQuery, AssetRow};
pub use attack_paths::{PathDetail, PathDifference, PathPage, PathQuery, PathRow, RoutePlace};
pub use blast::{AssetList, Blast, BlastDetail, BlastPage, BlastRow, ReachedPlace};
pub use changes::{ChangeCounts, ChangesReport, EVENTS_MAX, PathEvent};
pub use choke_points::{ChangeReport, ChokePointPage, ChokePointQuery, ChokePointReport, cheapest, step_name};
pub use compare::{Changes, CompareReport, Compared, List, StepName};
pub use coverage::{BoundaryReport, CellRow, CoverageReport, Freshness, STALE_AFTER_DAYS};
pub use edges::{EdgePage, EdgeQuery, EdgeRow};
pub use entry_points::{EntryPage, EntryQuery, EntryRow, ExposedPage, ExposedQuery, ExposedRow};
pub use error::{ReportError, Result};
pub use exposure::{Along, ExposedAsset, Exposure, OfKind, PairReport, PartingReport};
pub use findings::{FindingPage, FindingRow, PageQuery};
pub use gap::GapReport;
pub use generations::{
    BuildProblem, GenerationInfo, GenerationRow, GenerationSummary, GenerationsPage, HistoryPoint, State,
};
pub use ids::Ids;
pub use inventory::Inventory;
pub use overview::{AssetCounts, Overview, Risks};
pub use page::{LIMIT_DEFAULT, LIMIT_MAX, Sort, Window};
pub use path::{CrossingReport, PathReport};
pub use place::PlaceReport;
pub use places::{CHANGE_STEPS_MAX, Change, ChokePlaces, Extent, Place};
pub use reports::Reports;
pub use scenario::{ExposedReport, ScenarioPage, ScenarioReport, ScenarioRow};
pub use search::{SearchHit, SearchPage};
pub use source::{ObservedFrom, SourceFile, SourceReject, SourceReport};
pub use sources::{RejectPage, SourceDetail, SourceFileRow, SourceRow, SourcesPage, rejects};
pub use status::{CellReport, ConflictReport, GenerationStatus, cells};
pub use step::{DerivationReport, FactReport, FixReport, RelationFact, StepReport};
pub use summary::{BasisSummary, Reached, Summary};
pub use targets::{TargetPage, TargetQuery, TargetRow};
pub use techniques::{RemediationReport, TechniquePage, TechniqueRow};
pub use what_if::{PathChange, PathList, Removed, Weight, WhatIfReport};
