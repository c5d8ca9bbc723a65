//! What leads to an asset and away from it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::PlaceReport;
use crate::page::page;

/// A step, or a relation as a file reports it.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct EdgeRow {
    pub id: String,
    /// `in` or `out`, as seen from the asset that was asked for.
    pub direction: String,
    /// What is at the other end.
    pub other: PlaceReport,
    /// The technique of a step; the kind of a relation.
    pub technique: String,
    /// The public vocabulary of the exposure graph.
    pub label: String,
    /// Something an attacker can do; else only what a file reports.
    pub is_step: bool,
    /// Null for what is no step.
    pub cost: Option<u32>,
    /// The cost in words; null for what is no step.
    pub grade: Option<String>,
    /// Rests on a setting or an assumption and on nothing that was seen.
    pub is_assumed: bool,
    /// When it was last seen; null where nobody has to see it. RFC 3339.
    pub observed_at: Option<String>,
    /// The files that say so.
    pub files: Vec<String>,
    /// What it means, in a sentence.
    pub text: String,
}

page! {
    /// Steps or relations of an asset, by technique and then by the other end.
    EdgePage of EdgeRow,
    /// How many of each technique, whatever technique was asked for.
    by_technique: BTreeMap<String, u64>
}

/// Which steps or relations of an asset.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EdgeQuery {
    /// `in` or `out`; both if not said.
    pub direction: Option<String>,
    /// `step` or `reported`; `step` if not said.
    pub kind: Option<String>,
    /// Name of a technique or of a kind of relation.
    pub technique: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}
