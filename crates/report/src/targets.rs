//! Targets: what must not be lost.

use postern_attack::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::{Sort, Window, page};
use crate::{Reports, Result};

const SORTS: [&str; 6] = ["name", "kind", "class", "members", "paths", "entries"];

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

impl Reports {
    /// All targets, page by page.
    ///
    /// # Errors
    /// [`crate::ReportError::BadQuery`].
    pub fn targets(&self, query: &TargetQuery) -> Result<TargetPage> {
        let window = Window::new(query.offset, query.limit)?;
        let sort = Sort::parse(query.sort.as_deref(), &SORTS)?;
        let paths = &self.path_index().by_target;
        let mut found: Vec<(usize, &Target)> = self.generation.targets.iter().enumerate().collect();
        found.sort_by_cached_key(|&(at, target)| {
            let name = target.name.to_lowercase();
            (target.class, std::cmp::Reverse(paths[at]), name, target.id)
        });
        if let Some(sort) = sort {
            let kind = |target: &Target| self.kind_of(target.id);
            found.sort_by(|&(a, one), &(b, other)| {
                sort.direct(match sort.field {
                    "name" => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
                    "kind" => kind(one).as_str().cmp(kind(other).as_str()),
                    "class" => one.class.cmp(&other.class),
                    "members" => one.members.len().cmp(&other.members.len()),
                    // There is one path from an entry point.
                    _ => paths[a].cmp(&paths[b]),
                })
            });
        }
        let row = |&(at, target): &(usize, &Target)| TargetRow {
            id: target.key.to_string(),
            name: target.name.to_string(),
            kind: self.kind_of(target.id).as_str().to_owned(),
            class: target.class.as_str().to_owned(),
            criticality: target.criticality.map(|it| it.as_str().to_owned()),
            members: target.members.len() as u64,
            reason: target.reason.to_string(),
            paths: paths[at].into(),
            entries: paths[at].into(),
        };
        Ok(TargetPage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            items: window.of(&found).iter().map(row).collect(),
        })
    }
}
