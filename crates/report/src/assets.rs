//! The list of assets, and one of them in full.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::page;
use crate::{AssetReport, ConflictReport};

/// An asset in one line.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct AssetRow {
    /// The strongest original id.
    pub id: String,
    pub node_id: String,
    pub name: String,
    pub kind: String,
    /// Domain SID or site; empty when unknown.
    pub boundary: String,
    pub boundary_name: String,
    /// `very high`, `high`, `medium` or `low`.
    pub criticality: Option<String>,
    /// Name of the control plane that it is part of.
    pub control_plane: Option<String>,
    /// Whether one can log on with it; null for what is no account, and where no source says.
    pub is_enabled: Option<bool>,
    /// Only referred to by other objects; its own record was never read.
    pub is_stub: bool,
    pub findings: u64,
    /// Known to be exploited or exploit at hand, over the network and without an account.
    pub exploitable_findings: u64,
    /// Attack paths whose cheapest route passes here, begins or ends here.
    pub paths: u64,
    /// `observed`, `inferred` or `assumed`; null where it is no entry point.
    pub entry_basis: Option<String>,
    /// How many files speak of it.
    pub sources: u64,
    /// RFC 3339.
    pub last_seen: String,
}

page! {
    /// Assets, by name.
    AssetPage of AssetRow,
    /// How many assets of each kind answer the question, whatever kind was asked for.
    by_kind: BTreeMap<String, u64>
}

/// Which assets.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AssetQuery {
    /// `devices`, `identities`, `cloud` or `all`, which it is if not said.
    pub view: Option<String>,
    /// A part of a name or original id.
    pub q: Option<String>,
    /// A kind; several with commas between them.
    pub kind: Option<String>,
    /// `very-high`, `high`, `medium`, `low`, `none`, `control-plane`; several with commas between them.
    pub criticality: Option<String>,
    /// Domain SID or site.
    pub boundary: Option<String>,
    /// `enabled`, `disabled`, `on-path`, `entry`, `target`, `exploitable`, `stub`; of several with commas between
    /// them, all.
    pub state: Option<String>,
    /// `name`, `kind`, `criticality`, `findings`, `paths`, `last_seen`; with `-` in front the greatest first.
    pub sort: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

/// An asset in full.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct AssetDetail {
    #[serde(flatten)]
    pub asset: AssetReport,
    /// All findings; `findings` has the first 200 of them.
    pub findings_total: u64,
    /// Objects that look like this asset and were kept apart.
    pub conflicts: Vec<ConflictReport>,
}

/// How far an attacker gets from an asset.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct BlastDetail {
    pub generation: i64,
    /// Targets that there are.
    pub targets_total: u64,
    #[serde(flatten)]
    pub blast: crate::Blast,
}
