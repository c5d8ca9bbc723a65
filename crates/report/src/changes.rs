//! What is different from the generation before.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::PlaceReport;

/// What is different from the generation before.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ChangesReport {
    pub generation: i64,
    /// The generation that this one is compared with; null for the first one.
    pub previous: Option<i64>,
    pub counts: ChangeCounts,
    /// Targets that an entry point reaches now, and none did before.
    pub targets_reached: Vec<PlaceReport>,
    /// Targets that some entry point reached, and none does any more.
    pub targets_freed: Vec<PlaceReport>,
    /// Paths that came, went or take another route, the worst first; at most 200.
    pub items: Vec<PathEvent>,
    /// How many there are in all.
    pub total: u64,
    /// Sentences: which sources, decisions, settings or rules are different.
    pub inputs: Vec<String>,
}

/// Attack paths by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct ChangeCounts {
    /// Were never there before.
    pub new: u64,
    /// Were gone, and are back.
    pub reopened: u64,
    /// Are gone, and every fact that went was looked at again.
    pub resolved: u64,
    /// Are gone, but a fact was not looked at again, or something was decided at the same time.
    pub unconfirmed: u64,
    /// Are still there, by another route or at another cost.
    pub rerouted: u64,
}

/// What became of an attack path since the generation before.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathEvent {
    /// Id of the attack path.
    pub path: String,
    pub entry: String,
    pub entry_name: String,
    pub target: String,
    pub target_name: String,
    /// `new`, `reopened`, `resolved`, `unconfirmed` or `rerouted`.
    pub status: String,
    /// As it is now; of a path that is gone, as it was.
    pub risk: Option<String>,
    /// Sentences: why.
    pub reason: String,
}
