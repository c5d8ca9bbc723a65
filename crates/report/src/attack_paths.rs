//! The list of attack paths, and one of them in full.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::PathReport;
use crate::page::page;

/// An attack path in one line.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathRow {
    pub id: String,
    /// Id of the entry point.
    pub entry: String,
    pub entry_name: String,
    /// Kind of the asset; `EntryPoint` for one that stands for many.
    pub entry_kind: String,
    /// Class of the entry point, as the catalog calls it.
    pub entry_class: String,
    /// `observed`, `inferred` or `assumed`.
    pub basis: String,
    /// Id of the target.
    pub target: String,
    pub target_name: String,
    /// `control plane`, `very high` or `high`.
    pub target_class: String,
    /// Sum of the steps' costs.
    pub cost: u32,
    /// The cost in words.
    pub grade: String,
    /// Steps that an attacker takes; assuming a foothold is none.
    pub hops: u32,
    /// `critical`, `high`, `medium` or `low`.
    pub risk: String,
    /// `new`, `active` or `reopened`.
    pub status: String,
    /// Id of the scenario.
    pub scenario: String,
    pub scenario_title: String,
    /// Techniques of the route, each once, in the order of first use.
    pub techniques: Vec<String>,
    /// The member of a control plane at which the route arrives; null for other targets.
    pub crossing_name: Option<String>,
}

page! {
    /// Attack paths, the riskiest first.
    PathPage of PathRow
}

/// Which attack paths. Filters of several words, with commas between them, take any of them.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PathQuery {
    /// Id of a scenario.
    pub scenario: Option<String>,
    /// `observed`, `inferred`, `assumed`.
    pub basis: Option<String>,
    /// `critical`, `high`, `medium`, `low`.
    pub risk: Option<String>,
    /// `new`, `active`, `reopened`.
    pub status: Option<String>,
    /// Id of an entry point.
    pub entry: Option<String>,
    /// Id of a target.
    pub target: Option<String>,
    /// Id of an asset or step that the route passes; its ends count too.
    pub through: Option<String>,
    /// Name of a technique that the route uses.
    pub technique: Option<String>,
    /// A part of the name of an end.
    pub q: Option<String>,
    /// `risk`, `cost`, `hops`, `entry`, `target`, `status`; with `-` in front the greatest first.
    pub sort: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

/// An attack path in full.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathDetail {
    #[serde(flatten)]
    pub path: PathReport,
    /// Why an attacker may well be at the entry point.
    pub entry_reason: String,
    /// What sort of entry point it is.
    pub entry_class_title: String,
    /// Why the target must not be lost.
    pub target_reason: String,
    pub scenario_title: String,
    /// What of it is not as it was in the generation before; null where nothing is known to be.
    pub changed: Option<PathDifference>,
}

/// What of an attack path is new.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathDifference {
    /// Sentences.
    pub what: Vec<String>,
}
