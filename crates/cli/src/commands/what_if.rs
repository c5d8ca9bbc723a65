//! `whatif`: the attack paths that would be left without something.

use std::collections::HashMap;

use anyhow::Result;
use postern_attack::{Path, Removal, what_if};
use postern_engine::{AsOf, Generation};
use postern_model::EdgeId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::ids::Ids;
use crate::output::text::{count, counted, grade, joined};
use crate::output::{Line, Page, Report, show};
use crate::view::{PlaceReport, View};

#[derive(Debug, Serialize, JsonSchema)]
pub struct WhatIfReport {
    pub generation: i64,
    /// At most so many paths are in each list.
    pub limit: u64,
    pub removed: Removed,
    pub paths_before: u64,
    pub paths_after: u64,
    /// Paths that have no route any more.
    pub gone: PathList,
    /// Paths that are left with another route or cost.
    pub changed: PathList,
    /// Paths that were not there. A removal makes none.
    pub appeared: PathList,
    /// Targets that some entry point reaches, and none would any more.
    pub targets_freed: Vec<PlaceReport>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Removed {
    pub assets: Vec<PlaceReport>,
    /// Ids of steps, relations and findings.
    pub edges: Vec<String>,
    pub techniques: Vec<String>,
    #[serde(skip)]
    edge_names: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct PathList {
    pub total: u64,
    pub truncated: bool,
    pub listed: Vec<PathChange>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct PathChange {
    pub id: String,
    pub entry: String,
    pub entry_name: String,
    pub target: String,
    pub target_name: String,
    /// Null for a path that was not there.
    pub before: Option<Weight>,
    /// Null for a path that is gone.
    pub after: Option<Weight>,
    /// For a path that is gone, and where that was recorded: `resolved`, or `unconfirmed` when what it stood on was
    /// not looked at again.
    pub status: Option<String>,
    pub reason: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Weight {
    pub cost: u32,
    pub grade: String,
    pub risk: String,
    pub hops: u32,
}

pub async fn run(session: &Session, args: args::WhatIf) -> Result<Outcome> {
    let engine = session.open().await?;
    let generation = engine.load(AsOf::Current).await?;
    let view = View::new(&engine, &generation).await?;
    let ids = Ids(&generation);
    let removal = Removal {
        assets: args
            .remove_asset
            .iter()
            .map(|id| ids.asset(id))
            .collect::<Result<_>>()?,
        edges: args.remove_edge.iter().map(|id| ids.edge(id)).collect::<Result<_>>()?,
        techniques: args.disable_technique.into_iter().collect(),
    };
    let difference = what_if(&generation.world(engine.catalog()), &removal)?;
    let limit = args.limit.of(args.format.json);
    let paths_before = generation.analysis.paths.len() as u64;
    let list = |changes: Vec<(Option<&Path>, Option<&Path>)>| PathList::new(&view, &changes, limit);
    let report = WhatIfReport {
        generation: generation.record.number,
        limit: limit as u64,
        paths_before,
        paths_after: paths_before - difference.gone.len() as u64 + difference.appeared.len() as u64,
        gone: list(difference.gone.iter().map(|path| (Some(path), None)).collect()),
        changed: list(
            difference
                .changed
                .iter()
                .map(|it| (Some(&it.before), Some(&it.after)))
                .collect(),
        ),
        appeared: list(difference.appeared.iter().map(|path| (None, Some(path))).collect()),
        targets_freed: difference
            .targets_freed
            .iter()
            .map(|&target| view.place(target))
            .collect(),
        removed: Removed {
            assets: removal
                .assets
                .iter()
                .map(|&it| view.place(generation.estate.node(it).id))
                .collect(),
            edges: removal.edges.iter().map(ToString::to_string).collect(),
            techniques: removal.techniques.iter().map(ToString::to_string).collect(),
            edge_names: removal.edges.iter().map(|&id| view.edge_name(id)).collect(),
        },
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

impl PathList {
    fn new(view: &View<'_>, changes: &[(Option<&Path>, Option<&Path>)], limit: usize) -> Self {
        let listed = changes
            .iter()
            .take(limit)
            .filter_map(|(before, after)| PathChange::new(view, *before, *after));
        Self {
            total: changes.len() as u64,
            truncated: changes.len() > limit,
            listed: listed.collect(),
        }
    }
}

impl PathChange {
    /// `None` without a path before and after.
    pub fn new(view: &View<'_>, before: Option<&Path>, after: Option<&Path>) -> Option<Self> {
        let path = before.or(after)?;
        Some(Self {
            id: path.id.to_string(),
            entry: view.generation.key_of(path.entry),
            entry_name: view.generation.name_of(path.entry),
            target: view.generation.key_of(path.target),
            target_name: view.generation.name_of(path.target),
            before: before.map(Weight::new),
            after: after.map(Weight::new),
            status: None,
            reason: None,
        })
    }

    /// What a later generation has recorded of a path that is gone.
    pub fn closed_in(mut self, later: &Generation, path: EdgeId) -> Self {
        let text = |of: &HashMap<u128, String>| of.get(&path.0).cloned();
        self.reason = text(&later.closed_because);
        self.status = self.reason.as_ref().and(text(&later.status));
        self
    }

    /// The cheapest first, then by names.
    pub fn order(&self) -> impl Ord + use<> {
        let cost = self.after.as_ref().or(self.before.as_ref()).map(|weight| weight.cost);
        (cost, [&self.entry_name, &self.target_name, &self.id].map(Clone::clone))
    }

    pub fn text(&self) -> Line {
        let line = Line::new().plain(format!("{} → {}", self.entry_name, self.target_name));
        let words = |weight: &Weight| format!("{} risk, {}", weight.risk, weight.grade);
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if words(before) == words(after) => {
                line.dim(format!("  {}, by another route", words(after)))
            }
            (Some(before), Some(after)) => line.dim(format!("  from {} to {}", words(before), words(after))),
            (Some(only), None) | (None, Some(only)) => {
                let status = self
                    .status
                    .as_ref()
                    .map_or_else(String::new, |status| format!(", {status}"));
                line.dim(format!("  {}{status}", words(only)))
            }
            (None, None) => line,
        }
    }
}

impl Weight {
    fn new(path: &Path) -> Self {
        Self {
            cost: path.cost,
            grade: grade(path.cost).as_str().to_owned(),
            risk: path.risk.as_str().to_owned(),
            hops: path.hops,
        }
    }
}

impl Report for WhatIfReport {
    const SCHEMA: &'static str = "whatif";

    fn text(&self, page: &mut Page) {
        let mut removed: Vec<String> = self.removed.assets.iter().map(|it| it.name.clone()).collect();
        removed.extend(self.removed.edge_names.iter().cloned());
        removed.extend(self.removed.techniques.iter().map(|it| format!("the technique {it}")));
        let line = Line::new().bold(format!(
            "Without {}, {} of {} would be left.",
            joined(&removed),
            count(self.paths_after),
            counted(self.paths_before, "attack path", "attack paths"),
        ));
        page.line(0, line);
        if self.gone.total + self.changed.total + self.appeared.total == 0 {
            page.line(0, "Nothing would change: no attack path needs it.");
        }
        if !self.targets_freed.is_empty() {
            let names: Vec<_> = self.targets_freed.iter().map(|it| it.name.clone()).collect();
            page.line(0, Line::new().good("No longer reached: ").plain(joined(&names)));
        }
        for (title, list) in [
            ("Gone", &self.gone),
            ("Changed", &self.changed),
            ("Appeared", &self.appeared),
        ] {
            list_text(page, title, list);
        }
    }
}

fn list_text(page: &mut Page, title: &str, list: &PathList) {
    if list.total == 0 {
        return;
    }
    page.heading(format!("{title} ({})", count(list.total)));
    for change in &list.listed {
        page.hanging(2, 4, change.text());
    }
    if list.truncated {
        let more = count(list.total - list.listed.len() as u64);
        page.line(2, Line::new().dim(format!("and {more} more; --limit N shows them")));
    }
}
