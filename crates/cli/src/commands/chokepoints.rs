//! `chokepoints`: what to take away so that the most falls apart.

use anyhow::Result;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::output::text::{count, counted, joined};
use crate::output::{Line, Page, Report, show};
use crate::places::{CHANGE_STEPS_MAX, Change, Extent, Place, places};
use crate::view::{FixReport, PlaceReport, StepReport, Summary, View, fix_text, fix_title, short};

/// Changes told for a choke point in text; JSON has all.
const CHANGES_SHOWN_MAX: usize = 3;

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
    /// Assets that sever something too, but where it takes more than 10 steps, or a step that nobody can change: they
    /// are not listed.
    pub assets_left_out: u64,
    /// Sentences: why there are no paths to sever. Empty where there are.
    pub why_none: Vec<String>,
    /// Those that sever most first.
    pub choke_points: Vec<ChokePointReport>,
}

/// A stretch of steps and assets that sever the same, each on its own.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChokePointReport {
    /// The assets of the stretch, or the step where there is none, in words.
    pub name: String,
    /// Targets that no entry point would reach any more.
    pub targets_severed: u32,
    /// Entry points that would reach no target any more.
    pub entries_severed: u32,
    /// Attack paths whose cheapest route passes here.
    pub paths_through: u32,
    pub assets: Vec<PlaceReport>,
    /// What severs: any one of them, the cheapest first. At least one.
    pub changes: Vec<ChangeReport>,
}

/// Steps that have to go together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeReport {
    /// `step`: a single step. `into` and `out of`: all steps into, or out of, the asset.
    pub extent: String,
    /// Null for a single step.
    pub asset: Option<PlaceReport>,
    /// Of the cheapest remediation of every step, together.
    pub cost: u32,
    pub steps: Vec<StepReport>,
}

pub async fn run(session: &Session, args: args::Chokepoints) -> Result<Outcome> {
    let engine = session.open().await?;
    let generation = engine.load(args.when.as_of()).await?;
    let view = View::new(&engine, &generation).await?;
    let limit = args.limit.of(args.format.json);
    let (found, assets_left_out) = places(&view, &generation.analysis.choke_points);
    let report = ChokepointsReport {
        generation: generation.record.number,
        total: found.len() as u64,
        truncated: found.len() > limit,
        limit: limit as u64,
        summary: view.summary(),
        smallest_joint_change: generation.analysis.smallest_joint_change,
        assets_left_out,
        why_none: view.why_no_paths(),
        choke_points: found
            .iter()
            .take(limit)
            .map(|place| ChokePointReport::new(&view, place))
            .collect(),
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

impl ChokePointReport {
    fn new(view: &View<'_>, place: &Place<'_>) -> Self {
        let assets: Vec<_> = place.assets.iter().map(|&asset| view.place(asset)).collect();
        let changes: Vec<_> = place.changes.iter().map(|it| ChangeReport::new(view, it)).collect();
        let names: Vec<_> = assets.iter().map(|asset| asset.name.clone()).collect();
        let step = || changes.first()?.steps.first().map(step_name);
        Self {
            name: if names.is_empty() {
                step().unwrap_or_default()
            } else {
                joined(&names)
            },
            targets_severed: place.targets_severed,
            entries_severed: place.entries_severed,
            paths_through: place.paths_through,
            assets,
            changes,
        }
    }

    fn text(&self, page: &mut Page, number: usize, summary: &Summary) {
        let marker = format!("{number}. ");
        let indent = marker.chars().count();
        let head = Line::new().dim(marker).bold(&self.name);
        if let (true, Some(step)) = (
            self.assets.is_empty(),
            self.changes.first().and_then(|it| it.steps.first()),
        ) {
            page.hanging(0, indent, head.dim(format!("  {}", short(&step.id))));
            page.line(indent, format!("{}.", self.sentence(summary)));
            if let Some(fix) = cheapest(step) {
                fix_text(page, indent, fix);
            }
            return;
        }
        page.hanging(0, indent, head);
        page.line(indent, format!("{}.", self.sentence(summary)));
        if self.changes.len() > 1 {
            page.line(indent, "Any one of these changes does it:");
        }
        for change in self.changes.iter().take(CHANGES_SHOWN_MAX) {
            change.text(page, indent);
        }
        let more = self.changes.len().saturating_sub(CHANGES_SHOWN_MAX) as u64;
        if more > 0 {
            let more = counted(more, "more change", "more changes");
            page.line(indent, Line::new().dim(format!("or {more}; --json lists them")));
        }
    }
}

impl ChangeReport {
    fn new(view: &View<'_>, change: &Change<'_>) -> Self {
        let steps: Vec<_> = change.steps.iter().map(|step| view.step(step)).collect();
        let (extent, asset) = match change.extent {
            Extent::Step => ("step", None),
            Extent::Into(asset) => ("into", Some(asset)),
            Extent::OutOf(asset) => ("out of", Some(asset)),
        };
        Self {
            extent: extent.to_owned(),
            asset: asset.map(|asset| view.place(asset)),
            cost: steps.iter().filter_map(cheapest).map(|fix| fix.cost).sum(),
            steps,
        }
    }

    fn text(&self, page: &mut Page, indent: usize) {
        if let Some(asset) = &self.asset {
            let steps = match self.steps.len() as u64 {
                1 => "the only step".to_owned(),
                several => format!("all {}", counted(several, "step", "steps")),
            };
            let line = Line::new().plain(format!("• {steps} {} ", self.extent));
            page.hanging(indent, indent + 2, line.plain(&asset.name).plain(":"));
        }
        let indent = if self.asset.is_some() { indent + 2 } else { indent };
        for step in &self.steps {
            let name = Line::new().plain("• ").plain(step_name(step));
            page.hanging(indent, indent + 2, name.dim(format!("  {}", short(&step.id))));
            match cheapest(step) {
                Some(fix) if self.steps.len() == 1 => fix_text(page, indent + 2, fix),
                // What they have in common would be read again and again.
                Some(fix) => page.hanging(indent + 2, indent + 7, fix_title(fix)),
                None => (),
            }
        }
    }
}

fn step_name(step: &StepReport) -> String {
    format!("{} —{}→ {}", step.source_name, step.technique, step.target_name)
}

fn cheapest(step: &StepReport) -> Option<&FixReport> {
    step.remediations.first()
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
        if self.total == 0 {
            self.none_text(page);
            return;
        }
        page.line(0, "Each of these cuts off what is named:");
        for (number, point) in self.choke_points.iter().enumerate() {
            page.blank();
            point.text(page, number + 1, &self.summary);
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
        if self.assets_left_out > 0 {
            let assets = counted(self.assets_left_out, "more asset severs", "more assets sever");
            let why = format!("it takes more than {CHANGE_STEPS_MAX} steps there, or one that nobody can change");
            page.blank();
            page.line(0, Line::new().dim(format!("{assets} something, and {why}.")));
        }
    }
}

impl ChokepointsReport {
    fn none_text(&self, page: &mut Page) {
        if self.assets_left_out > 0 {
            page.line(
                0,
                format!(
                    "{} something, but it takes more than {CHANGE_STEPS_MAX} steps there, \
                     or one that nobody can change.",
                    counted(self.assets_left_out, "asset severs", "assets sever")
                ),
            );
            return;
        }
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
