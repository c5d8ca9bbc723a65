//! What the phases of this crate read, and what a question may take away from it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use postern_catalog::Catalog;
use postern_model::estate::{Classification, Estate, NodeIndex};
use postern_model::{EdgeId, RelationKind, Settings};

/// Everything that decides which steps and paths there are.
#[derive(Clone, Copy)]
pub struct World<'a> {
    pub estate: &'a Estate,
    pub classification: &'a Classification,
    pub catalog: &'a Catalog,
    pub settings: &'a Settings,
    /// The only clock: accounts that expired by then are of no use to anybody.
    pub now: Timestamp,
}

/// Facts taken out of a world, to ask what would be left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Assets, with every fact about them.
    pub assets: BTreeSet<NodeIndex>,
    /// Relations, findings and steps. A relation that nothing but itself turns into a step shares the step's id, so
    /// the id takes out both.
    pub edges: BTreeSet<EdgeId>,
    /// Techniques that nobody can use any more; the facts they read stay.
    pub techniques: BTreeSet<RelationKind>,
}
