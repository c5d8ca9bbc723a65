//! Entry points: where an attacker can begin.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::PlaceReport;
use crate::page::page;

/// An entry point, and how far it leads.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct EntryRow {
    pub id: String,
    pub name: String,
    /// Kind of the asset; `EntryPoint` for one that stands for many.
    pub kind: String,
    pub class: String,
    /// The class in words.
    pub class_title: String,
    /// `observed`, `inferred` or `assumed`.
    pub basis: String,
    /// How likely an attacker gets there; no part of the cost of a path.
    pub grade: String,
    /// How a device is held then: `none`, `user` or `admin`.
    pub foothold: String,
    /// Why an attacker may well be there.
    pub reason: String,
    /// Attack paths that begin here.
    pub paths: u64,
    /// Targets at the end of these.
    pub targets: u64,
    /// It lies inside a target: no path is needed.
    pub is_exposed_critical: bool,
}

page! {
    /// Entry points, those with most paths first.
    EntryPage of EntryRow
}

/// Which entry points.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// `observed`, `inferred`, `assumed`; several with commas between them.
    pub basis: Option<String>,
    /// A part of the name or id.
    pub q: Option<String>,
    /// `name`, `kind`, `class`, `basis`, `grade`, `paths`, `targets`; with `-` in front the greatest first.
    pub sort: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

/// An entry point that lies inside a target: there is no path, the asset itself is exposed.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ExposedRow {
    pub entry: PlaceReport,
    pub target: PlaceReport,
    /// `observed`, `inferred` or `assumed`.
    pub basis: String,
    /// What sort of entry point it is.
    pub entry_class_title: String,
    /// Why an attacker may well be there.
    pub reason: String,
}

page! {
    /// All entry points that lie inside a target.
    ExposedPage of ExposedRow
}
