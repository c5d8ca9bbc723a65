//! Scenarios: paths of one shape. And entry points that need no path.

use postern_attack::{ExposedCritical, Path, Scenario};
use postern_model::NodeId;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::page;
use crate::words::{family_name, grade, target_class_title};
use crate::{PlaceReport, Reports};

/// Paths of one shape.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ScenarioReport {
    pub id: String,
    /// What the shape is, in words.
    pub title: String,
    pub entry_class: String,
    /// Families of the techniques used, in the order of first use.
    pub techniques: Vec<String>,
    /// `control plane`, `very high` or `high`.
    pub target_class: String,
    pub paths: u64,
    pub entries: u64,
    pub targets: u64,
    pub risk: String,
    /// Of the cheapest path.
    pub cost: u32,
    pub grade: String,
}

/// Attack paths of one shape.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ScenarioRow {
    pub id: String,
    /// What the shape is, in words.
    pub title: String,
    pub entry_class: String,
    /// The class of entry points in words.
    pub entry_class_title: String,
    /// `observed`, `inferred` or `assumed`.
    pub basis: String,
    /// Families of the techniques used, in the order of first use.
    pub techniques: Vec<String>,
    /// `control plane`, `very high` or `high`.
    pub target_class: String,
    pub paths: u64,
    /// Of these, paths that are new or back since the generation before.
    pub new_paths: u64,
    /// Entry points of these paths.
    pub entries: u64,
    /// Targets of these paths.
    pub targets: u64,
    /// Of the riskiest path.
    pub risk: String,
    /// Of the cheapest path.
    pub cost: u32,
    /// The cost in words.
    pub grade: String,
}

page! {
    /// All scenarios, the worst first.
    ScenarioPage of ScenarioRow
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ExposedReport {
    pub entry: PlaceReport,
    pub target: PlaceReport,
    /// What sort of entry point it is.
    pub title: String,
    /// Why an attacker may well be there.
    pub reason: String,
}

impl ExposedReport {
    pub fn new(reports: &Reports, it: &ExposedCritical) -> Self {
        Self {
            entry: reports.place(it.entry),
            target: reports.place(it.target),
            title: reports
                .entry(it.entry)
                .map(|entry| reports.entry_class_title(&entry.class))
                .unwrap_or_default(),
            reason: reports
                .entry(it.entry)
                .map(|entry| entry.reason.clone())
                .unwrap_or_default(),
        }
    }
}

impl ScenarioReport {
    /// Counts the paths of the answer, which may be fewer than the scenario has.
    pub fn new(reports: &Reports, scenario: &Scenario, paths: &[&Path]) -> Self {
        let distinct = |of: fn(&Path) -> NodeId| {
            let mut ids: Vec<_> = paths.iter().map(|path| of(path)).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.len() as u64
        };
        let cost = paths.iter().map(|path| path.cost).min().unwrap_or(scenario.cost);
        let risk = paths.iter().map(|path| path.risk).min().unwrap_or(scenario.risk);
        let target_class = scenario.target_class.as_str();
        Self {
            id: scenario.id.to_string(),
            title: format!(
                "{} → {}, by {}",
                reports.entry_class_title(&scenario.entry_class),
                target_class_title(target_class),
                scenario
                    .techniques
                    .iter()
                    .map(|it| family_name(it))
                    .collect::<Vec<_>>()
                    .join(", then ")
            ),
            entry_class: scenario.entry_class.clone(),
            techniques: scenario.techniques.clone(),
            target_class: target_class.to_owned(),
            paths: paths.len() as u64,
            entries: distinct(|path| path.entry),
            targets: distinct(|path| path.target),
            risk: risk.as_str().to_owned(),
            cost,
            grade: grade(cost).as_str().to_owned(),
        }
    }
}
