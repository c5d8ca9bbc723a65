//! `chokepoints`: what to take away so that the most falls apart.

use anyhow::Result;
use postern_report::words::{count, counted, joined};
use postern_report::{CHANGE_STEPS_MAX, ChangeReport, ChokePointReport, Reports, Summary, cheapest, step_name};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session, exposure};
use crate::args;
use crate::output::{Line, Page, Report, show};
use crate::parts::{fix_text, fix_title, short};

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

pub async fn run(session: &Session, args: args::Chokepoints) -> Result<Outcome> {
    if let Some(into) = &args.into {
        return exposure::chokepoints(session, into, &args).await;
    }
    let engine = session.open().await?;
    let reports = Reports::load(&engine, args.when.as_of()).await?;
    let generation = &reports.generation;
    let limit = args.limit.of(args.format.json);
    let found = reports.choke_places()?;
    let report = ChokepointsReport {
        generation: generation.record.number,
        total: found.places.len() as u64,
        truncated: found.places.len() > limit,
        limit: limit as u64,
        summary: reports.summary(),
        smallest_joint_change: generation.analysis.smallest_joint_change,
        assets_left_out: found.assets_left_out,
        why_none: reports.why_no_paths(),
        choke_points: found
            .places
            .iter()
            .take(limit)
            .map(|place| ChokePointReport::new(&reports, place))
            .collect(),
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

fn point_text(point: &ChokePointReport, page: &mut Page, number: usize, summary: &Summary) {
    let marker = format!("{number}. ");
    let indent = marker.chars().count();
    let head = Line::new().dim(marker).bold(&point.name);
    if let (true, Some(step)) = (
        point.assets.is_empty(),
        point.changes.first().and_then(|it| it.steps.first()),
    ) {
        page.hanging(0, indent, head.dim(format!("  {}", short(&step.id))));
        page.line(indent, format!("{}.", sentence(point, summary)));
        if let Some(fix) = cheapest(step) {
            fix_text(page, indent, fix);
        }
        return;
    }
    page.hanging(0, indent, head);
    page.line(indent, format!("{}.", sentence(point, summary)));
    if point.changes.len() > 1 {
        page.line(indent, "Any one of these changes does it:");
    }
    for change in point.changes.iter().take(CHANGES_SHOWN_MAX) {
        change_text(change, page, indent);
    }
    let more = point.changes.len().saturating_sub(CHANGES_SHOWN_MAX) as u64;
    if more > 0 {
        let more = counted(more, "more change", "more changes");
        page.line(indent, Line::new().dim(format!("or {more}; --json lists them")));
    }
}

fn change_text(change: &ChangeReport, page: &mut Page, indent: usize) {
    if let Some(asset) = &change.asset {
        let steps = match change.steps.len() as u64 {
            1 => "the only step".to_owned(),
            several => format!("all {}", counted(several, "step", "steps")),
        };
        let line = Line::new().plain(format!("• {steps} {} ", change.extent));
        page.hanging(indent, indent + 2, line.plain(&asset.name).plain(":"));
    }
    let indent = if change.asset.is_some() { indent + 2 } else { indent };
    for step in &change.steps {
        let name = Line::new().plain("• ").plain(step_name(step));
        page.hanging(indent, indent + 2, name.dim(format!("  {}", short(&step.id))));
        match cheapest(step) {
            Some(fix) if change.steps.len() == 1 => fix_text(page, indent + 2, fix),
            // What they have in common would be read again and again.
            Some(fix) => page.hanging(indent + 2, indent + 7, fix_title(fix)),
            None => (),
        }
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
        if self.total == 0 {
            self.none_text(page);
            return;
        }
        page.line(0, "Each of these cuts off what is named:");
        for (number, point) in self.choke_points.iter().enumerate() {
            page.blank();
            point_text(point, page, number + 1, &self.summary);
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

/// `severs 1 of the 2 targets that can be reached and 3 of …`.
fn sentence(point: &ChokePointReport, summary: &Summary) -> String {
    let targets = summary.control_planes.reached + summary.critical_assets.reached;
    let entries: u64 = summary.entry_points.iter().map(|it| it.with_paths).sum();
    let mut parts = Vec::new();
    if point.targets_severed > 0 {
        parts.push(of(
            point.targets_severed,
            targets,
            "target that can be reached",
            "targets that can be reached",
        ));
    }
    if point.entries_severed > 0 {
        parts.push(of(
            point.entries_severed,
            entries,
            "entry point with a path",
            "entry points with a path",
        ));
    }
    let through = counted(point.paths_through.into(), "attack path", "attack paths");
    format!("Severs {}; the cheapest route of {through} passes here", joined(&parts))
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
