//! Entry points: where an attacker can begin.

use postern_attack::Entry;
use postern_catalog::Basis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::attack_paths::part;
use crate::page::{Sort, Window, page, words};
use crate::{PlaceReport, Reports, Result};

const SORTS: [&str; 7] = ["name", "kind", "class", "basis", "grade", "paths", "targets"];

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
    /// Entry points that lie inside a target.
    ExposedPage of ExposedRow
}

/// Which exposed critical assets.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ExposedQuery {
    /// `observed`, `inferred`, `assumed`; several with commas between them.
    pub basis: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

impl Reports {
    /// Entry points that answer a question.
    ///
    /// # Errors
    /// [`crate::ReportError::BadQuery`].
    pub fn entry_points(&self, query: &EntryQuery) -> Result<EntryPage> {
        let window = Window::new(query.offset, query.limit)?;
        let sort = Sort::parse(query.sort.as_deref(), &SORTS)?;
        let all = [Basis::Observed, Basis::Inferred, Basis::Assumed].map(Basis::as_str);
        let bases = words("basis", query.basis.as_deref(), &all)?;
        let named = query.q.as_deref().and_then(part);
        let paths = &self.path_index().by_entry;
        let is_wanted = |entry: &Entry| {
            let holds = |part: &String| {
                [&entry.name, &entry.key]
                    .iter()
                    .any(|it| it.to_lowercase().contains(part))
            };
            (bases.is_empty() || bases.contains(&entry.basis.as_str())) && named.as_ref().is_none_or(holds)
        };
        let entries = self.generation.entries.iter().enumerate();
        let mut found: Vec<(usize, &Entry)> = entries.filter(|(_, entry)| is_wanted(entry)).collect();
        found.sort_by_cached_key(|&(at, entry)| {
            let name = entry.name.to_lowercase();
            (std::cmp::Reverse(paths[at]), entry.grade, name, entry.id)
        });
        if let Some(sort) = sort {
            let kind = |entry: &Entry| self.kind_of(entry.id);
            found.sort_by(|&(a, one), &(b, other)| {
                sort.direct(match sort.field {
                    "name" => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
                    "kind" => kind(one).as_str().cmp(kind(other).as_str()),
                    "class" => one.class.cmp(&other.class),
                    "basis" => one.basis.cmp(&other.basis),
                    "grade" => one.grade.cmp(&other.grade),
                    // There is one path to a target.
                    _ => paths[a].cmp(&paths[b]),
                })
            });
        }
        let row = |&(at, entry): &(usize, &Entry)| {
            let exposed = &self.generation.analysis.exposed_critical;
            let paths = u64::from(paths[at]);
            EntryRow {
                id: entry.key.to_string(),
                name: entry.name.to_string(),
                kind: self.kind_of(entry.id).as_str().to_owned(),
                class: entry.class.to_string(),
                class_title: self.entry_class_title(&entry.class),
                basis: entry.basis.as_str().to_owned(),
                grade: entry.grade.as_str().to_owned(),
                foothold: entry.foothold.as_str().to_owned(),
                reason: entry.reason.to_string(),
                paths,
                targets: paths,
                is_exposed_critical: exposed.iter().any(|it| it.entry == entry.id),
            }
        };
        Ok(EntryPage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            items: window.of(&found).iter().map(row).collect(),
        })
    }
}
