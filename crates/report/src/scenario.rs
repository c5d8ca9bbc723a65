//! Scenarios: paths of one shape. And entry points that need no path.

use std::collections::HashMap;

use postern_attack::{ExposedCritical, Path, Scenario};
use postern_model::{EdgeId, NodeId};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::attack_paths::BASES;
use crate::page::{Window, page, words};
use crate::words::{family_name, grade, target_class_title};
use crate::{ExposedPage, ExposedQuery, ExposedRow, PlaceReport, ReportError, Reports, Result};

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
            title: reports.scenario_title(scenario),
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

impl Reports {
    /// What the shape of a scenario is, in words.
    pub fn scenario_title(&self, scenario: &Scenario) -> String {
        let families: Vec<_> = scenario.techniques.iter().map(|it| family_name(it)).collect();
        format!(
            "{} → {}, by {}",
            self.entry_class_title(&scenario.entry_class),
            target_class_title(scenario.target_class.as_str()),
            families.join(", then ")
        )
    }

    pub(crate) fn scenario_title_of(&self, path: &Path) -> String {
        let mut scenarios = self.generation.analysis.scenarios.iter();
        let scenario = scenarios.find(|it| it.id == path.scenario);
        scenario.map(|it| self.scenario_title(it)).unwrap_or_default()
    }

    /// # Errors
    /// [`ReportError::NoSuch`].
    pub(crate) fn find_scenario(&self, id: &str) -> Result<&Scenario> {
        let wanted = id.parse().ok();
        let found = self
            .generation
            .analysis
            .scenarios
            .iter()
            .find(|it| Some(it.id) == wanted);
        found.ok_or_else(|| ReportError::NoSuch {
            what: "scenario",
            id: id.to_owned(),
        })
    }

    /// All scenarios, the worst first.
    pub fn scenarios(&self) -> ScenarioPage {
        let items = self.scenario_rows(usize::MAX);
        ScenarioPage {
            generation: self.generation.record.number,
            total: items.len() as u64,
            offset: 0,
            limit: items.len() as u64,
            items,
        }
    }

    /// The worst scenarios, at most so many: at equal risk those whose beginning was seen stand before those whose
    /// beginning is taken for granted.
    pub(crate) fn scenario_rows(&self, limit: usize) -> Vec<ScenarioRow> {
        let analysis = &self.generation.analysis;
        let mut by_id: HashMap<EdgeId, Vec<&Path>> = HashMap::new();
        for path in &analysis.paths {
            by_id.entry(path.scenario).or_default().push(path);
        }
        let mut scenarios: Vec<_> = analysis
            .scenarios
            .iter()
            .filter_map(|it| Some((it, by_id.get(&it.id)?)))
            .collect();
        // Stable: what is equal stays in the order of the analysis.
        scenarios.sort_by_key(|(it, paths)| {
            let basis = paths.first().and_then(|path| self.entry(path.entry)).map(|it| it.basis);
            (it.risk, basis, it.cost)
        });
        let scenarios = scenarios.into_iter().take(limit);
        scenarios.map(|(it, paths)| ScenarioRow::new(self, it, paths)).collect()
    }

    /// Entry points that lie inside a target, page by page.
    ///
    /// # Errors
    /// [`ReportError::BadQuery`].
    pub fn exposed_critical_assets(&self, query: &ExposedQuery) -> Result<ExposedPage> {
        let window = Window::new(query.offset, query.limit)?;
        let bases = words("basis", query.basis.as_deref(), &BASES)?;
        let basis_of = |it: &ExposedCritical| self.entry(it.entry).map_or("", |entry| entry.basis.as_str());
        let exposed = &self.generation.analysis.exposed_critical;
        let found: Vec<_> = exposed
            .iter()
            .filter(|it| bases.is_empty() || bases.contains(&basis_of(it)))
            .collect();
        let row = |it: &&ExposedCritical| {
            let ExposedReport {
                entry,
                target,
                title,
                reason,
            } = ExposedReport::new(self, it);
            ExposedRow {
                entry,
                target,
                basis: basis_of(it).to_owned(),
                entry_class_title: title,
                reason,
            }
        };
        Ok(ExposedPage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            items: window.of(&found).iter().map(row).collect(),
        })
    }
}

impl ScenarioRow {
    fn new(reports: &Reports, scenario: &Scenario, paths: &[&Path]) -> Self {
        let of = ScenarioReport::new(reports, scenario, paths);
        let basis = paths
            .first()
            .and_then(|path| reports.entry(path.entry))
            .map(|it| it.basis.as_str());
        let is_new = |path: &&&Path| matches!(reports.status_of(path), "new" | "reopened");
        Self {
            id: of.id,
            title: of.title,
            entry_class_title: reports.entry_class_title(&of.entry_class),
            entry_class: of.entry_class,
            basis: basis.unwrap_or_default().to_owned(),
            techniques: of.techniques,
            target_class: of.target_class,
            paths: of.paths,
            new_paths: paths.iter().filter(is_new).count() as u64,
            entries: of.entries,
            targets: of.targets,
            risk: of.risk,
            cost: of.cost,
            grade: of.grade,
        }
    }
}
