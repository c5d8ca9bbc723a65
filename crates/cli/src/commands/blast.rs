//! `blast`: how far an attacker gets from an asset.

use std::collections::BTreeMap;

use anyhow::Result;
use postern_attack::blast_radius;
use postern_model::NodeId;
use postern_model::estate::NodeIndex;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::ids::Ids;
use crate::output::text::{count, counted, joined};
use crate::output::{Line, Page, Report, show};
use crate::view::{PlaceReport, View, kind_word, kinds_text};

#[derive(Debug, Serialize, JsonSchema)]
pub struct BlastReport {
    pub generation: i64,
    /// At most so many assets are listed for each start.
    pub limit: u64,
    /// Targets that there are.
    pub targets_total: u64,
    pub blasts: Vec<Blast>,
}

/// Groups, containers, policies and domains are means of control: they are not counted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Blast {
    pub start: PlaceReport,
    pub targets: Vec<PlaceReport>,
    /// Assets that are reached before any target is crossed.
    pub assets: AssetList,
    /// Assets that are reached only through a target: its members, and what lies behind it.
    pub assets_behind: AssetList,
    /// Steps that can be taken before any target is crossed.
    pub steps: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct AssetList {
    pub total: u64,
    /// How many of each kind.
    pub by_kind: BTreeMap<String, u64>,
    pub truncated: bool,
    pub listed: Vec<PlaceReport>,
}

pub async fn run(session: &Session, args: args::Blast) -> Result<Outcome> {
    let engine = session.open().await?;
    let generation = engine.load(args.when.as_of()).await?;
    let view = View::new(&engine, &generation).await?;
    let limit = args.limit.of(args.format.json);
    let starts = args
        .ids
        .iter()
        .map(|id| view.start(Ids(&generation).place(id)?))
        .collect::<Result<Vec<_>>>()?;
    let blasts = starts
        .into_iter()
        .map(|start| blast(&view, start, limit))
        .collect::<Result<Vec<_>>>()?;
    let report = BlastReport {
        generation: generation.record.number,
        limit: limit as u64,
        targets_total: generation.targets.len() as u64,
        blasts,
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

fn blast(view: &View<'_>, start: NodeId, limit: usize) -> Result<Blast> {
    let generation = view.generation;
    let world = generation.world(view.catalog);
    let found = blast_radius(&world, &generation.derived, &generation.targets, start)?;
    Ok(Blast {
        start: view.place(start),
        targets: found.targets.iter().map(|&target| view.place(target)).collect(),
        assets: AssetList::new(view, &found.assets, limit),
        assets_behind: AssetList::new(view, &found.assets_behind, limit),
        steps: found.steps,
    })
}

impl AssetList {
    fn new(view: &View<'_>, assets: &[NodeIndex], limit: usize) -> Self {
        let estate = &view.generation.estate;
        let mut by_kind = BTreeMap::new();
        for &asset in assets {
            *by_kind.entry(estate.node(asset).kind.as_str().to_owned()).or_default() += 1;
        }
        let mut listed: Vec<_> = assets.iter().map(|&asset| view.place(estate.node(asset).id)).collect();
        listed.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        listed.truncate(limit);
        Self {
            total: assets.len() as u64,
            by_kind,
            truncated: assets.len() > limit,
            listed,
        }
    }

    /// `12 assets (10 users, 2 computers)`.
    fn text(&self) -> String {
        let kinds = match self.by_kind.is_empty() {
            true => String::new(),
            false => format!(" ({})", kinds_text(&self.by_kind)),
        };
        format!("{}{kinds}", counted(self.total, "asset", "assets"))
    }
}

impl Report for BlastReport {
    const SCHEMA: &'static str = "blast";

    fn text(&self, page: &mut Page) {
        for blast in &self.blasts {
            page.blank();
            let reached = blast.targets.len() as u64;
            let targets = counted(self.targets_total, "target", "targets");
            let line = Line::new().bold(&blast.start.name).plain(format!(
                " leads to {} of {targets} and to {}.",
                count(reached),
                blast.assets.text()
            ));
            page.line(0, line);
            if !blast.targets.is_empty() {
                let names: Vec<_> = blast.targets.iter().map(|target| target.name.clone()).collect();
                page.hanging(2, 4, Line::new().bad("targets: ").plain(joined(&names)));
            }
            if blast.assets_behind.total > 0 {
                page.line(2, format!("behind a target: {} more", blast.assets_behind.text()));
            }
            for asset in &blast.assets.listed {
                page.line(
                    2,
                    Line::new()
                        .plain(&asset.name)
                        .dim(format!("  {}", kind_word(&asset.kind))),
                );
            }
            if blast.assets.truncated {
                let more = count(blast.assets.total - blast.assets.listed.len() as u64);
                page.line(2, Line::new().dim(format!("and {more} more; --limit N shows them")));
            }
        }
    }
}
