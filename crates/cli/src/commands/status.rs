//! `status`: what there is, how old it is, and what could not be seen.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use postern_engine::{AsOf, EngineError};
use postern_model::Facet;
use postern_report::words::{count, counted, facets_text, joined, kinds_text, time};
use postern_report::{CellReport, ConflictReport, GapReport, GenerationStatus, ReportError, Reports, cells};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::output::text::age;
use crate::output::{Line, Page, Report, show};
use crate::parts::gaps_text;

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

pub async fn run(session: &Session, args: args::Status) -> Result<Outcome> {
    let engine = session.open().await?;
    let status = engine.status().await?;
    let as_of = args.when.as_of();
    let reports = match Reports::load(&engine, as_of).await {
        Ok(reports) => Some(reports),
        Err(ReportError::Engine(EngineError::NoGeneration)) if as_of == AsOf::Current => None,
        Err(error) => return Err(error.into()),
    };
    let cells = match as_of {
        AsOf::Current => cells(&status, reports.as_ref(), engine.now()),
        _ => Vec::new(),
    };
    let report = StatusReport {
        data_folder: engine.root().display().to_string(),
        manifest_version: status.manifest_version,
        generation: reports.as_ref().map(GenerationStatus::new),
        is_up_to_date: status.is_up_to_date,
        builder: status.builder.map(|builder| builder.holder),
        cells,
        not_evaluated: reports.as_ref().map(Reports::gaps).unwrap_or_default(),
        conflicts: reports.as_ref().map(Reports::conflicts).unwrap_or_default(),
        now: engine.now(),
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

fn generation_text(generation: &GenerationStatus, page: &mut Page, now: Timestamp) {
    page.line(
        0,
        Line::new()
            .bold(format!("Generation {}", generation.number))
            .plain(format!(
                ", evaluated {} ({}).",
                time(generation.at),
                age(generation.at, now)
            )),
    );
    page.line(0, format!("{}.", generation.summary.headline()));
    let exposed = generation.summary.exposed_critical_assets;
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
                count(generation.assets).into(),
                Line::new().dim(kinds_text(&generation.assets_by_kind)),
            ],
            [
                "relations".into(),
                count(generation.relations).into(),
                Line::new().dim("as the files report them, or as follows from what they say of two assets"),
            ],
            ["findings".into(), count(generation.findings).into(), Line::new()],
            [
                "steps".into(),
                count(generation.steps).into(),
                Line::new().dim("what an attacker can do"),
            ],
        ],
    );
}

impl Report for StatusReport {
    const SCHEMA: &'static str = "status";

    fn text(&self, page: &mut Page) {
        match &self.generation {
            Some(generation) => generation_text(generation, page, self.now),
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
            page.heading("Objects that were kept apart, and ends of relations that fit no single object");
            for it in &self.conflicts {
                let colon = if it.ids.is_empty() { "" } else { ": " };
                let line = Line::new()
                    .plain(format!("{} {}{colon}", it.kind, it.value))
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
