//! `chokepoints`: what to take away so that the most falls apart.

use anyhow::Result;
use postern_attack::{ChokePoint, ElementKind};
use postern_model::{EdgeId, NodeId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::output::text::{count, counted, joined};
use crate::output::{Line, Page, Report, show};
use crate::view::{FixReport, StepReport, Summary, View, short};

#[derive(Debug, Serialize, JsonSchema)]
pub struct ChokepointsReport {
    pub generation: i64,
    pub total: u64,
    pub truncated: bool,
    /// At most so many choke points are listed.
    pub limit: u64,
    pub summary: Summary,
    /// The fewest steps that have to go at once to part every entry point from every target, where no single element
    /// severs anything. Null where one does, and where no set of changes can part them.
    pub smallest_joint_change: Option<u32>,
    /// Sentences: why there are no paths to sever. Empty where there are.
    pub why_none: Vec<String>,
    /// Those that sever most first.
    pub choke_points: Vec<ChokePointReport>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ChokePointReport {
    /// Id of the asset, or of the step.
    pub element: String,
    /// `asset` or `step`.
    pub element_kind: String,
    /// Name of the asset, or the step in words.
    pub name: String,
    /// Targets that no entry point would reach any more.
    pub targets_severed: u32,
    /// Entry points that would reach no target any more.
    pub entries_severed: u32,
    /// Attack paths whose cheapest route passes here.
    pub paths_through: u32,
    /// Of a step; null for an asset.
    pub step: Option<StepReport>,
    /// Of an asset: its kind; null for a step.
    pub asset_kind: Option<String>,
    /// What to do about a step.
    pub fix: Option<FixReport>,
}

pub async fn run(session: &Session, args: args::Chokepoints) -> Result<Outcome> {
    let engine = session.open().await?;
    let generation = engine.load(args.when.as_of()).await?;
    let view = View::new(&engine, &generation).await?;
    let limit = args.limit.of(args.format.json);
    let points = &generation.analysis.choke_points;
    let report = ChokepointsReport {
        generation: generation.record.number,
        total: points.len() as u64,
        truncated: points.len() > limit,
        limit: limit as u64,
        summary: view.summary(),
        smallest_joint_change: generation.analysis.smallest_joint_change,
        why_none: view.why_no_paths(),
        choke_points: points
            .iter()
            .take(limit)
            .map(|point| choke_point(&view, point))
            .collect(),
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

fn choke_point(view: &View<'_>, point: &ChokePoint) -> ChokePointReport {
    let ChokePoint {
        element,
        kind,
        targets_severed,
        entries_severed,
        paths_through,
    } = *point;
    let step = match kind {
        ElementKind::Step => view.generation.derived.step(EdgeId(element)),
        ElementKind::Asset => None,
    };
    let place = view.place(NodeId(element));
    ChokePointReport {
        element: if step.is_some() {
            EdgeId(element).to_string()
        } else {
            place.id
        },
        element_kind: kind.as_str().to_owned(),
        name: match step {
            Some(step) => format!(
                "{} —{}→ {}",
                view.generation.name_of(step.source),
                step.technique,
                view.generation.name_of(step.target)
            ),
            None => place.name,
        },
        targets_severed,
        entries_severed,
        paths_through,
        asset_kind: step.is_none().then_some(place.kind),
        fix: step.and_then(|step| view.fixes(step).into_iter().next()),
        step: step.map(|step| view.step(step)),
    }
}

impl Report for ChokepointsReport {
    const SCHEMA: &'static str = "chokepoints";

    fn text(&self, page: &mut Page) {
        page.line(0, Line::new().bold(format!("{}.", self.summary.headline())));
        if !self.why_none.is_empty() {
            page.line(0, "So there is nothing to sever.");
            for reason in &self.why_none {
                page.line(0, reason.as_str());
            }
            return;
        }
        if self.choke_points.is_empty() && self.total == 0 {
            page.line(
                0,
                "No single asset or step severs a target or an entry point: there is always a way round.",
            );
            match self.smallest_joint_change {
                Some(steps) => page.line(
                    0,
                    format!(
                        "It takes {} at once to part all of them.",
                        counted(steps.into(), "step", "steps")
                    ),
                ),
                None => page.line(0, "No set of changes that anybody can make parts all of them."),
            }
            return;
        }
        page.line(0, "Without any one of these, what is named would be cut off:");
        for (number, point) in self.choke_points.iter().enumerate() {
            page.blank();
            let kind = point
                .asset_kind
                .as_deref()
                .map_or_else(|| short(&point.element).to_owned(), str::to_owned);
            let head = Line::new()
                .dim(format!("{}. ", number + 1))
                .bold(&point.name)
                .dim(format!("  {kind}"));
            page.hanging(0, 3, head);
            page.line(3, format!("{}.", point.sentence(&self.summary)));
            if let Some(step) = &point.step {
                page.line(3, step.explanation.as_str());
            }
            if let Some(fix) = &point.fix {
                let line = Line::new()
                    .good("Fix: ")
                    .plain(&fix.title)
                    .dim(format!(" ({})", fix.owner))
                    .plain(". ");
                page.hanging(3, 8, line.plain(&fix.text));
            }
        }
        if self.truncated {
            let shown = count(self.choke_points.len() as u64);
            let all = counted(self.total, "choke point", "choke points");
            page.blank();
            page.line(
                0,
                Line::new().dim(format!("The first {shown} of {all}; --limit N shows more.")),
            );
        }
    }
}

impl ChokePointReport {
    /// `severs 1 of the 2 targets that can be reached and 3 of …`.
    fn sentence(&self, summary: &Summary) -> String {
        let targets = summary.control_planes.reached + summary.critical_assets.reached;
        let entries: u64 = summary.entry_points.iter().map(|it| it.with_paths).sum();
        let mut parts = Vec::new();
        if self.targets_severed > 0 {
            parts.push(of(
                self.targets_severed,
                targets,
                "target that can be reached",
                "targets that can be reached",
            ));
        }
        if self.entries_severed > 0 {
            parts.push(of(
                self.entries_severed,
                entries,
                "entry point with a path",
                "entry points with a path",
            ));
        }
        let through = counted(self.paths_through.into(), "attack path", "attack paths");
        format!("Severs {}; the cheapest route of {through} passes here", joined(&parts))
    }
}

/// `the only …`, `1 of 2 …`. Severing looks at routes of any cost, so it may count more than there are paths to.
fn of(severed: u32, all: u64, one: &str, many: &str) -> String {
    let severed = u64::from(severed);
    match all.max(severed) {
        1 => format!("the only {one}"),
        all if all == severed => format!("all {}", counted(all, one, many)),
        all => format!("{} of {}", count(severed), counted(all, one, many)),
    }
}
