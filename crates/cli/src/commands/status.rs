//! `status`: what there is, how old it is, and what could not be seen.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use postern_engine::{AsOf, EngineError, Generation, Status};
use postern_model::estate::Answered;
use postern_model::{Cell, Facet};
use schemars::JsonSchema;
use serde::Serialize;

use super::import::ObservedFrom;
use super::{Outcome, Session};
use crate::args;
use crate::output::text::{age, count, counted, joined, time};
use crate::output::{Line, Page, Report, show};
use crate::view::{GapReport, Summary, View, facets_text, gaps_text, kinds_text};

#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusReport {
    pub data_folder: String,
    /// Grows with every change of what is imported and decided.
    pub manifest_version: i64,
    /// Null before the first import.
    pub generation: Option<GenerationStatus>,
    /// The current generation holds everything that is imported and decided.
    pub is_up_to_date: bool,
    /// The process that is building now.
    pub builder: Option<String>,
    /// The newest look at each part of the estate. Empty with --as-of: ages are told for the present only.
    pub cells: Vec<CellReport>,
    /// What was not, or not everywhere, looked at, and the techniques that could not be evaluated therefore.
    pub not_evaluated: Vec<GapReport>,
    /// Objects that look like one asset and were kept apart.
    pub conflicts: Vec<ConflictReport>,
    #[serde(skip)]
    now: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GenerationStatus {
    pub number: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    /// RFC 3339.
    pub built_at: String,
    pub assets: u64,
    /// How many assets of each kind; objects that are only referred to are among them.
    pub assets_by_kind: BTreeMap<String, u64>,
    /// As the files report them.
    pub relations: u64,
    pub findings: u64,
    /// What an attacker can do.
    pub steps: u64,
    pub summary: Summary,
    #[serde(skip)]
    at: Timestamp,
}

/// A part of the estate that observations replace as a whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CellReport {
    /// Domain SID or site.
    pub boundary: String,
    pub boundary_name: String,
    pub class: String,
    pub facet: String,
    /// RFC 3339.
    pub observed_at: String,
    pub observed_from: ObservedFrom,
    pub age_days: i64,
    /// All of it was looked at, not single subjects only.
    pub is_whole: bool,
    /// Files that speak of it.
    pub files: u64,
    /// Subjects that answered, of those that are known; null where the current generation does not say.
    pub answered: Option<u64>,
    pub total: Option<u64>,
    #[serde(skip)]
    at: Timestamp,
    #[serde(skip)]
    looked_at: Facet,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConflictReport {
    /// Kind of the identifier that the objects share.
    pub kind: String,
    pub value: String,
    pub ids: Vec<String>,
    pub reason: String,
}

pub async fn run(session: &Session, args: args::Status) -> Result<Outcome> {
    let engine = session.open().await?;
    let status = engine.status().await?;
    let as_of = args.when.as_of();
    let generation = match engine.load(as_of).await {
        Ok(generation) => Some(generation),
        Err(EngineError::NoGeneration) if as_of == AsOf::Current => None,
        Err(error) => return Err(error.into()),
    };
    let view = match &generation {
        Some(generation) => Some(View::new(&engine, generation).await?),
        None => None,
    };
    let cells = match as_of {
        AsOf::Current => cells(&status, view.as_ref(), engine.now()),
        _ => Vec::new(),
    };
    let report = StatusReport {
        data_folder: engine.root().display().to_string(),
        manifest_version: status.manifest_version,
        generation: view.as_ref().map(GenerationStatus::new),
        is_up_to_date: status.is_up_to_date,
        builder: status.builder.map(|builder| builder.holder),
        cells,
        not_evaluated: view.as_ref().map(View::gaps).unwrap_or_default(),
        conflicts: generation.as_ref().map(conflicts).unwrap_or_default(),
        now: engine.now(),
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

fn cells(status: &Status, view: Option<&View<'_>>, now: Timestamp) -> Vec<CellReport> {
    let cell = |it: &postern_engine::CellStatus| {
        let answered = view.and_then(|view| answered(view.generation, &it.cell));
        CellReport {
            boundary: it.cell.boundary.clone(),
            boundary_name: view.map_or_else(
                || it.cell.boundary.clone(),
                |view| view.boundary_name(&it.cell.boundary),
            ),
            class: it.cell.class.to_string(),
            facet: it.cell.facet.to_string(),
            observed_at: it.observed_at.to_string(),
            observed_from: ObservedFrom::new(it.origin),
            age_days: now.duration_since(it.observed_at).as_hours() / 24,
            is_whole: it.is_whole,
            files: it.files,
            answered: answered.map(|it| it.answered),
            total: answered.map(|it| it.total),
            at: it.observed_at,
            looked_at: it.cell.facet.clone(),
        }
    };
    status.cells.iter().map(cell).collect()
}

fn answered(generation: &Generation, cell: &Cell) -> Option<Answered> {
    let coverage = generation
        .estate
        .coverage
        .iter()
        .find(|it| it.boundary == cell.boundary)?;
    coverage.facets.get(&(cell.class, cell.facet.clone())).copied()
}

fn conflicts(generation: &Generation) -> Vec<ConflictReport> {
    let conflicts = generation.estate.conflicts.iter();
    conflicts
        .map(|it| ConflictReport {
            kind: it.kind.clone(),
            value: it.value.clone(),
            ids: it.keys.clone(),
            reason: it.reason.clone(),
        })
        .collect()
}

impl GenerationStatus {
    fn new(view: &View<'_>) -> Self {
        let generation = view.generation;
        let mut assets_by_kind = BTreeMap::new();
        for node in &generation.estate.nodes {
            *assets_by_kind.entry(node.kind.as_str().to_owned()).or_default() += 1;
        }
        Self {
            number: generation.record.number,
            evaluated_at: generation.inputs.evaluated_at.to_string(),
            built_at: generation.record.built_at.to_string(),
            assets: generation.estate.nodes.len() as u64,
            assets_by_kind,
            relations: generation.estate.relations.len() as u64,
            findings: generation.estate.findings.len() as u64,
            steps: generation.derived.steps.len() as u64,
            summary: view.summary(),
            at: generation.inputs.evaluated_at,
        }
    }

    fn text(&self, page: &mut Page, now: Timestamp) {
        page.line(
            0,
            Line::new().bold(format!("Generation {}", self.number)).plain(format!(
                ", evaluated {} ({}).",
                time(self.at),
                age(self.at, now)
            )),
        );
        page.line(0, format!("{}.", self.summary.headline()));
        let exposed = self.summary.exposed_critical_assets;
        if exposed > 0 {
            let assets = counted(exposed, "critical asset is", "critical assets are");
            page.line(
                0,
                Line::new().bad(format!("{assets} exposed: an entry point lies inside a target.")),
            );
        }
        page.blank();
        page.table(
            2,
            ["", "", ""],
            vec![
                [
                    "assets".into(),
                    count(self.assets).into(),
                    Line::new().dim(kinds_text(&self.assets_by_kind)),
                ],
                [
                    "relations".into(),
                    count(self.relations).into(),
                    Line::new().dim("as the files report them"),
                ],
                ["findings".into(), count(self.findings).into(), Line::new()],
                [
                    "steps".into(),
                    count(self.steps).into(),
                    Line::new().dim("what an attacker can do"),
                ],
            ],
        );
    }
}

impl Report for StatusReport {
    const SCHEMA: &'static str = "status";

    fn text(&self, page: &mut Page) {
        match &self.generation {
            Some(generation) => generation.text(page, self.now),
            None => page.line(
                0,
                "There is no generation yet. Import something: `postern import PATH`.",
            ),
        }
        if !self.is_up_to_date && self.generation.is_some() {
            page.line(0, "Something has changed since; `postern build` takes it in.");
        }
        if let Some(builder) = &self.builder {
            page.line(0, format!("{builder} is building."));
        }
        self.cells_text(page);
        if !self.not_evaluated.is_empty() {
            page.heading("What could not be evaluated, for want of which input");
            gaps_text(page, &self.not_evaluated, usize::MAX);
        }
        if !self.conflicts.is_empty() {
            page.heading("Objects that look like one asset and were kept apart");
            for it in &self.conflicts {
                let line = Line::new()
                    .plain(format!("{} {}: ", it.kind, it.value))
                    .plain(it.ids.join(", "));
                page.hanging(2, 4, line.dim(format!("  {}", it.reason)));
            }
        }
    }
}

impl StatusReport {
    /// One line for all classes of objects of which the same was seen at one time.
    fn cells_text(&self, page: &mut Page) {
        let mut by_class: BTreeMap<(&str, &str, &str, Timestamp), Vec<&CellReport>> = BTreeMap::new();
        for cell in &self.cells {
            let place = (
                cell.boundary_name.as_str(),
                cell.boundary.as_str(),
                cell.class.as_str(),
                cell.at,
            );
            by_class.entry(place).or_default().push(cell);
        }
        let mut looks: Vec<Look<'_>> = Vec::new();
        for ((name, boundary, class, at), cells) in by_class {
            let seen = seen_text(&cells);
            let same = |it: &&mut Look<'_>| (it.boundary, it.at, &it.seen) == (boundary, at, &seen);
            match looks.iter_mut().find(same) {
                Some(look) => look.classes.push(class.to_owned()),
                None => looks.push(Look {
                    name,
                    boundary,
                    classes: vec![class.to_owned()],
                    seen,
                    at,
                }),
            }
        }
        let mut last = None;
        for look in looks {
            if last != Some(look.boundary) {
                page.heading(match look.name {
                    "" => "Seen, of no domain or site".to_owned(),
                    name if name == look.boundary => format!("Seen of {name}"),
                    name => format!("Seen of {name} ({})", look.boundary),
                });
                last = Some(look.boundary);
            }
            let line = Line::new()
                .plain(format!("{}: ", joined(&look.classes)))
                .plain(&look.seen);
            page.hanging(2, 4, line.dim(format!("  {}", age(look.at, self.now))));
        }
    }
}

/// What was seen of some classes of objects at one time.
struct Look<'a> {
    name: &'a str,
    boundary: &'a str,
    classes: Vec<String>,
    seen: String,
    at: Timestamp,
}

/// The facets of one class; those that not all subjects answered for are counted.
fn seen_text(cells: &[&CellReport]) -> String {
    let is_plugins = |cell: &&&CellReport| matches!(cell.looked_at, Facet::Plugins { .. });
    let part = |cell: &CellReport| match (cell.answered, cell.total) {
        (Some(answered), Some(total)) if answered < total => {
            format!("{} ({} of {})", cell.facet, count(answered), count(total))
        }
        _ => cell.facet.clone(),
    };
    let mut parts: Vec<_> = cells.iter().filter(|it| !is_plugins(it)).map(|it| part(it)).collect();
    parts.extend(facets_text(cells.iter().filter(is_plugins).map(|it| &it.looked_at)));
    parts.join(", ")
}
