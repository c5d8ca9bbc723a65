//! Targets: what must not be lost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::page;

/// A target, and from how many places it is reached.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct TargetRow {
    pub id: String,
    pub name: String,
    /// Kind of the asset, or `ControlPlane`.
    pub kind: String,
    /// `control plane`, `very high` or `high`.
    pub class: String,
    /// `very high` or `high`; null for a control plane, which is above them all.
    pub criticality: Option<String>,
    /// Assets that are the target; control of one is control of it.
    pub members: u64,
    /// Why it must not be lost.
    pub reason: String,
    /// Attack paths that end here.
    pub paths: u64,
    /// Entry points at the beginning of these.
    pub entries: u64,
}

page! {
    /// Targets, control planes first, then those with most paths.
    TargetPage of TargetRow
}

/// Which targets.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TargetQuery {
    /// `name`, `kind`, `class`, `members`, `paths`, `entries`; with `-` in front the greatest first.
    pub sort: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}
