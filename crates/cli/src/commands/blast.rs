//! `blast`: how far an attacker gets from an asset.

use anyhow::Result;
use postern_report::words::{count, counted, joined, kind_word, kinds_text};
use postern_report::{AssetList, Blast, Ids, PlaceReport, ReportError, Reports};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session, exposure};
use crate::args;
use crate::output::{Line, Page, Report, show};

#[derive(Debug, Serialize, JsonSchema)]
pub struct BlastReport {
    pub generation: i64,
    /// At most so many assets are listed for each start.
    pub limit: u64,
    /// Targets that there are.
    pub targets_total: u64,
    pub blasts: Vec<BlastOf>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct BlastOf {
    /// The target that the start is a member of. It is not among those that are reached from it.
    pub part_of: Option<PlaceReport>,
    #[serde(flatten)]
    pub blast: Blast,
}

pub async fn run(session: &Session, args: args::Blast) -> Result<Outcome> {
    if args.into || args.along.relations {
        return exposure::blast(session, args).await;
    }
    let engine = session.open().await?;
    let reports = Reports::load(&engine, args.when.as_of()).await?;
    let generation = &reports.generation;
    let limit = args.limit.of(args.format.json);
    // A mistake in any of the ids is told before anything is searched.
    let starts = args
        .ids
        .iter()
        .map(|id| reports.start(Ids(generation).place(id)?))
        .collect::<Result<Vec<_>, _>>()?;
    let blasts = starts
        .into_iter()
        .map(|start| {
            let target = generation.targets.iter().find(|it| it.members.contains(&start));
            Ok(BlastOf {
                part_of: target.map(|it| reports.place(it.id)),
                blast: reports.blast(start, limit)?,
            })
        })
        .collect::<Result<Vec<_>, ReportError>>()?;
    let report = BlastReport {
        generation: generation.record.number,
        limit: limit as u64,
        targets_total: generation.targets.len() as u64,
        blasts,
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

/// `12 assets (10 users, 2 computers)`.
fn list_text(list: &AssetList) -> String {
    let kinds = match list.by_kind.is_empty() {
        true => String::new(),
        false => format!(" ({})", kinds_text(&list.by_kind)),
    };
    format!("{}{kinds}", counted(list.total, "asset", "assets"))
}

impl Report for BlastReport {
    const SCHEMA: &'static str = "blast";

    fn text(&self, page: &mut Page) {
        for BlastOf { part_of, blast } in &self.blasts {
            page.blank();
            let reached = count(blast.targets.len() as u64);
            let assets = list_text(&blast.assets);
            let line = Line::new().bold(&blast.start.name);
            let line = match part_of {
                None => {
                    let targets = counted(self.targets_total, "target", "targets");
                    line.plain(format!(" leads to {reached} of {targets} and to {assets}."))
                }
                Some(own) => {
                    let others = match self.targets_total - 1 {
                        0 => String::new(),
                        others => format!(
                            "{reached} of {} and to ",
                            counted(others, "other target", "other targets")
                        ),
                    };
                    let line = line.plain(" is part of ").bold(&own.name);
                    line.plain(format!(", and leads to {others}{assets}."))
                }
            };
            page.line(0, line);
            if !blast.targets.is_empty() {
                let names: Vec<_> = blast.targets.iter().map(|target| target.name.clone()).collect();
                page.hanging(2, 4, Line::new().bad("targets: ").plain(joined(&names)));
            }
            if blast.assets_behind.total > 0 {
                page.line(2, format!("behind a target: {} more", list_text(&blast.assets_behind)));
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
