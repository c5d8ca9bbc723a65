//! Rules that select assets: what a control plane consists of, and where an attacker can begin.

use postern_model::Grade;
use serde::Deserialize;

use crate::check::File;
use crate::query::Query;
use crate::technique::Foothold;

/// What a control plane is the control of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaneScope {
    Forest,
    Tenant,
}

impl PlaneScope {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forest => "forest",
            Self::Tenant => "tenant",
        }
    }
}

/// What comes into the plane with the assets that the query selects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expansion {
    #[default]
    None,
    /// Members of the selected groups, and their members.
    Members,
    /// What the selected containers hold, at any depth.
    Contents,
}

/// A rule that puts assets into the control plane of their forest or tenant.
#[derive(Clone, Debug)]
pub struct ControlPlaneRule {
    pub id: String,
    pub title: String,
    pub scope: PlaneScope,
    pub query: Query,
    pub expansion: Expansion,
    pub enabled: bool,
    /// Cannot be switched off: without these the plane would not be one.
    pub locked: bool,
    /// Why control of these assets is control of all; shown with each of them.
    pub reason: String,
}

/// How it is known that an attacker can begin here, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    Observed,
    Inferred,
    Assumed,
}

impl Basis {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
        }
    }
}

/// A rule that names where an attacker can begin.
#[derive(Clone, Debug)]
pub struct EntryPointRule {
    pub id: String,
    pub title: String,
    /// The entry class: scenarios are grouped by it.
    pub class: String,
    pub basis: Basis,
    /// How likely the attacker is to get this far; shown beside the paths from here, and no part of their cost.
    pub grade: Grade,
    /// What an attacker holds if the entry point is a device.
    pub foothold: Foothold,
    pub query: Query,
    pub enabled: bool,
    /// Why an attacker may well be here; shown with each entry point.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PlaneSource {
    id: Option<String>,
    title: Option<String>,
    scope: Option<PlaneScope>,
    query: Option<Query>,
    #[serde(default)]
    expansion: Expansion,
    enabled: Option<bool>,
    locked: Option<bool>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct EntrySource {
    id: Option<String>,
    title: Option<String>,
    class: Option<String>,
    basis: Option<Basis>,
    grade: Option<Grade>,
    foothold: Option<Foothold>,
    query: Option<Query>,
    enabled: Option<bool>,
    reason: Option<String>,
}

impl ControlPlaneRule {
    /// The path of the rule's file inside the catalog.
    pub fn file(&self) -> String {
        format!("control-planes/{}.yaml", self.id)
    }

    /// `embedded` is the text of the file as it comes with the binary: an overlay may reword a locked rule,
    /// and neither unlock it nor let it select something else.
    pub(crate) fn read(file: &mut File<'_>, embedded: Option<&str>) -> Option<Self> {
        let source: PlaneSource = file.yaml()?;
        let original = embedded.and_then(|text| serde_saphyr::from_str::<PlaneSource>(text).ok());
        if let Some(original) = original.filter(|it| it.locked == Some(true)) {
            if source.locked == Some(false) {
                file.mistake_in("locked", "this rule is locked: it can be reworded, and not unlocked");
            }
            if (&source.query, source.expansion) != (&original.query, original.expansion) {
                file.mistake_in(
                    "query",
                    "this rule is locked: it can be reworded, and not select other assets",
                );
            }
        }
        if source.scope.is_none() {
            file.mistake("`scope` is missing");
        }
        let enabled = file.required("enabled", source.enabled);
        let locked = file.required("locked", source.locked);
        if locked && source.enabled == Some(false) {
            file.mistake_in("enabled", "a locked rule cannot be switched off");
        }
        Some(Self {
            id: file.id(source.id),
            title: file.text("title", source.title),
            query: query(file, source.query),
            expansion: source.expansion,
            enabled,
            locked,
            reason: file.text("reason", source.reason),
            scope: source.scope?,
        })
    }
}

impl EntryPointRule {
    /// The path of the rule's file inside the catalog.
    pub fn file(&self) -> String {
        format!("entry-points/{}.yaml", self.id)
    }

    pub(crate) fn read(file: &mut File<'_>) -> Option<Self> {
        let source: EntrySource = file.yaml()?;
        for (key, is_missing) in [("basis", source.basis.is_none()), ("grade", source.grade.is_none())] {
            if is_missing {
                file.mistake(format!("`{key}` is missing"));
            }
        }
        Some(Self {
            id: file.id(source.id),
            title: file.text("title", source.title),
            class: file.text("class", source.class),
            foothold: file.required("foothold", source.foothold),
            query: query(file, source.query),
            enabled: file.required("enabled", source.enabled),
            reason: file.text("reason", source.reason),
            basis: source.basis?,
            grade: source.grade?,
        })
    }
}

fn query(file: &mut File<'_>, source: Option<Query>) -> Query {
    let query = file.required("query", source.clone());
    if source.is_some() && query.text().trim().is_empty() {
        file.mistake_in("query", "the query has no name");
    }
    query
}
