//! `compare`: what came and what went between two generations.

use anyhow::Result;
use postern_attack::Step;
use postern_engine::{Generation, compare};
use postern_model::EdgeId;
use schemars::JsonSchema;
use serde::Serialize;

use super::what_if::PathChange;
use super::{Outcome, Session};
use crate::args;
use crate::output::text::{count, counted, time};
use crate::output::{Line, Page, Report, show};
use crate::view::{PlaceReport, View, kind_word, short};

#[derive(Debug, Serialize, JsonSchema)]
pub struct CompareReport {
    pub older: Compared,
    pub newer: Compared,
    /// At most so many things are in each list.
    pub limit: u64,
    pub assets: Changes<PlaceReport>,
    pub steps: Changes<StepName>,
    pub paths: Changes<PathChange>,
    /// Paths in both that cost more or less.
    pub paths_changed: List<PathChange>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Compared {
    pub generation: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    pub assets: u64,
    pub steps: u64,
    pub paths: u64,
    #[serde(skip)]
    at: jiff::Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Changes<T> {
    pub added: List<T>,
    pub removed: List<T>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct List<T> {
    pub total: u64,
    pub truncated: bool,
    pub listed: Vec<T>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StepName {
    pub id: String,
    pub source: String,
    pub source_name: String,
    pub technique: String,
    pub target: String,
    pub target_name: String,
}

pub async fn run(session: &Session, args: args::Compare) -> Result<Outcome> {
    let engine = session.open().await?;
    let older = engine.load(args.older).await?;
    let newer = engine.load(args.newer).await?;
    let limit = args.limit.of(args.format.json);
    let (then, now) = (View::new(&engine, &older).await?, View::new(&engine, &newer).await?);
    let found = compare(&older, &newer);
    let gone = |id: &EdgeId| Some(PathChange::new(&then, path(&older, *id), None)?.closed_in(&newer, *id));
    let came = |id: &EdgeId| PathChange::new(&now, None, path(&newer, *id));
    let both = |(id, ..): &(EdgeId, u32, u32)| PathChange::new(&now, path(&older, *id), path(&newer, *id));
    let report = CompareReport {
        older: Compared::new(&older),
        newer: Compared::new(&newer),
        limit: limit as u64,
        assets: Changes {
            added: List::new(&found.assets.added, limit, PlaceReport::order, |&id| {
                Some(now.place(id))
            }),
            removed: List::new(&found.assets.removed, limit, PlaceReport::order, |&id| {
                Some(then.place(id))
            }),
        },
        steps: Changes {
            added: List::new(&found.steps.added, limit, StepName::order, |&id| {
                Some(StepName::new(&now, newer.derived.step(id)?))
            }),
            removed: List::new(&found.steps.removed, limit, StepName::order, |&id| {
                Some(StepName::new(&then, older.derived.step(id)?))
            }),
        },
        paths: Changes {
            added: List::new(&found.paths.added, limit, PathChange::order, came),
            removed: List::new(&found.paths.removed, limit, PathChange::order, gone),
        },
        paths_changed: List::new(&found.costs, limit, PathChange::order, both),
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

fn path(generation: &Generation, id: EdgeId) -> Option<&postern_attack::Path> {
    generation.analysis.paths.iter().find(|path| path.id == id)
}

impl Compared {
    fn new(generation: &Generation) -> Self {
        Self {
            generation: generation.record.number,
            evaluated_at: generation.inputs.evaluated_at.to_string(),
            assets: generation.estate.nodes.len() as u64,
            steps: generation.derived.steps.len() as u64,
            paths: generation.analysis.paths.len() as u64,
            at: generation.inputs.evaluated_at,
        }
    }
}

impl<T> List<T> {
    /// * `order`: of the whole list, which is cut afterwards.
    fn new<Id, Key: Ord>(ids: &[Id], limit: usize, order: impl Fn(&T) -> Key, of: impl Fn(&Id) -> Option<T>) -> Self {
        let mut listed: Vec<T> = ids.iter().filter_map(of).collect();
        listed.sort_by_cached_key(order);
        listed.truncate(limit);
        Self {
            total: ids.len() as u64,
            truncated: ids.len() > limit,
            listed,
        }
    }

    fn text(&self, page: &mut Page, sign: &str, line: impl Fn(&T) -> Line) {
        for it in &self.listed {
            page.hanging(2, 6, Line::new().bold(format!("{sign} ")).then(line(it)));
        }
        if self.truncated {
            let more = count(self.total - self.listed.len() as u64);
            page.line(2, Line::new().dim(format!("{sign} {more} more; --limit N shows them")));
        }
    }
}

impl StepName {
    /// By names, as one looks things up.
    fn order(&self) -> impl Ord + use<> {
        [&self.source_name, &self.target_name, &self.technique, &self.id].map(Clone::clone)
    }

    fn new(view: &View<'_>, step: &Step) -> Self {
        Self {
            id: step.id.to_string(),
            source: view.generation.key_of(step.source),
            source_name: view.generation.name_of(step.source),
            technique: step.technique.as_str().to_owned(),
            target: view.generation.key_of(step.target),
            target_name: view.generation.name_of(step.target),
        }
    }
}

impl Report for CompareReport {
    const SCHEMA: &'static str = "compare";

    fn text(&self, page: &mut Page) {
        let (older, newer) = (&self.older, &self.newer);
        page.line(
            0,
            Line::new().bold(format!(
                "From generation {} ({}) to {} ({})",
                older.generation,
                time(older.at),
                newer.generation,
                time(newer.at)
            )),
        );
        let row = |name: &str, then: u64, added: u64, removed: u64, now: u64| {
            [
                name.into(),
                count(then).into(),
                count(added).into(),
                count(removed).into(),
                count(now).into(),
            ]
        };
        let of = |name, then, now, added: u64, removed: u64| row(name, then, added, removed, now);
        page.table(
            2,
            ["", "before", "added", "removed", "after"],
            vec![
                of(
                    "attack paths",
                    older.paths,
                    newer.paths,
                    self.paths.added.total,
                    self.paths.removed.total,
                ),
                of(
                    "steps",
                    older.steps,
                    newer.steps,
                    self.steps.added.total,
                    self.steps.removed.total,
                ),
                of(
                    "assets",
                    older.assets,
                    newer.assets,
                    self.assets.added.total,
                    self.assets.removed.total,
                ),
            ],
        );
        section(page, "Attack paths", &self.paths, |it| it.text());
        if self.paths_changed.total > 0 {
            let title = counted(self.paths_changed.total, "attack path costs", "attack paths cost");
            page.heading(format!("{title} another amount"));
            self.paths_changed.text(page, "~", PathChange::text);
        }
        section(page, "Steps", &self.steps, |it| {
            let line = Line::new()
                .plain(&it.source_name)
                .dim(" —")
                .plain(&it.technique)
                .dim("→ ");
            line.plain(&it.target_name).dim(format!("  {}", short(&it.id)))
        });
        section(page, "Assets", &self.assets, |it| {
            Line::new().plain(&it.name).dim(format!("  {}", kind_word(&it.kind)))
        });
    }
}

fn section<T>(page: &mut Page, title: &str, changes: &Changes<T>, line: impl Fn(&T) -> Line) {
    if changes.added.total + changes.removed.total > 0 {
        page.heading(title);
        changes.added.text(page, "+", &line);
        changes.removed.text(page, "-", &line);
    }
}
