//! `blast --into`, `blast --relations` and `chokepoints --into`: who gets hold of an asset, and what parts them.

use anyhow::Result;
use postern_model::NodeId;
use postern_report::words::{count, counted, kind_word, kinds_text};
use postern_report::{Along, Exposure, Ids, OfKind, PartingReport, Reports, step_name};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::output::{Line, Page, Report, show};

#[derive(Debug, Serialize, JsonSchema)]
pub struct ExposuresReport {
    pub generation: i64,
    /// At most so many assets are listed for each end.
    pub limit: u64,
    /// Kinds that were to be left out, and of which there is no relation.
    pub except_unused: Vec<String>,
    pub exposures: Vec<Exposure>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ChokepointsIntoReport {
    pub generation: i64,
    /// At most so many changes are listed.
    pub limit: u64,
    /// As in `blast-into`.
    pub except_unused: Vec<String>,
    #[serde(flatten)]
    pub parting: PartingReport,
}

fn along(args: &args::Along) -> Along {
    match args.relations {
        true => Along::Relations {
            except: args.except.clone(),
        },
        false => Along::Steps,
    }
}

fn of_kind(args: &args::Along) -> OfKind {
    OfKind {
        of: args.of_kind.clone(),
        not_of: args.not_of_kind.clone(),
    }
}

pub async fn blast(session: &Session, args: args::Blast) -> Result<Outcome> {
    let engine = session.open().await?;
    let reports = Reports::load(&engine, args.when.as_of()).await?;
    let limit = args.limit.of(args.format.json);
    let ids = Ids(&reports.generation);
    // A mistake in any of the ids is told before anything is searched.
    let ends: Vec<NodeId> = args.ids.iter().map(|id| ids.place(id)).collect::<Result<_, _>>()?;
    let of = of_kind(&args.along);
    let exposure = |end| match args.into {
        true => reports.exposure(end, &along(&args.along), &of, limit),
        false => reports.exposure_onward(end, &args.along.except, &of, limit),
    };
    let report = ExposuresReport {
        generation: reports.generation.record.number,
        limit: limit as u64,
        except_unused: reports.kinds_without_relations(&args.along.except),
        exposures: ends.into_iter().map(exposure).collect::<Result<_, _>>()?,
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

pub async fn chokepoints(session: &Session, into: &str, args: &args::Chokepoints) -> Result<Outcome> {
    let engine = session.open().await?;
    let reports = Reports::load(&engine, args.when.as_of()).await?;
    let limit = args.limit.of(args.format.json);
    let end = Ids(&reports.generation).place(into)?;
    let except_unused = reports.kinds_without_relations(&args.along.except);
    let (along, of) = (along(&args.along), of_kind(&args.along));
    let report = ChokepointsIntoReport {
        generation: reports.generation.record.number,
        limit: limit as u64,
        except_unused,
        parting: reports.parting(end, &along, &of, args.beyond, limit)?,
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

fn except_text(page: &mut Page, unused: &[String]) {
    if !unused.is_empty() {
        page.line(
            0,
            format!(
                "No relation is of a kind that was to be left out: {}.",
                unused.join(", ")
            ),
        );
    }
}

impl Report for ExposuresReport {
    const SCHEMA: &'static str = "blast-into";

    fn text(&self, page: &mut Page) {
        except_text(page, &self.except_unused);
        for exposure in &self.exposures {
            page.blank();
            let end = &exposure.end.name;
            let assets = counted(exposure.total, "asset", "assets");
            let (one, many) = match exposure.along.as_str() {
                "relations" => ("relation", "relations"),
                _ => ("step", "steps"),
            };
            let line = match exposure.direction.as_str() {
                "into" if exposure.total == 1 => Line::new().plain(assets).plain(" gets hold of ").bold(end),
                "into" => Line::new().plain(assets).plain(" get hold of ").bold(end),
                _ => Line::new().bold(end).plain(" leads to ").plain(assets),
            };
            page.line(0, line.plain(format!(" along {many}.")));
            if exposure.total > 0 {
                page.hanging(2, 4, Line::new().plain(kinds_text(&exposure.by_kind)));
            }
            for (hops, assets) in &exposure.by_hops {
                let hops = counted(u64::from(*hops), one, many);
                page.line(2, Line::new().dim(format!("{hops}: ")).plain(count(*assets)));
            }
            for asset in &exposure.listed {
                let hops = counted(asset.hops.into(), one, many);
                let line = Line::new()
                    .plain(&asset.place.name)
                    .dim(format!("  {}, {hops}", kind_word(&asset.place.kind)));
                page.line(4, line);
            }
            if exposure.truncated {
                let more = count(exposure.total - exposure.listed.len() as u64);
                page.line(4, Line::new().dim(format!("and {more} more; --limit N shows them")));
            }
        }
    }
}

impl Report for ChokepointsIntoReport {
    const SCHEMA: &'static str = "chokepoints-into";

    fn text(&self, page: &mut Page) {
        let PartingReport {
            end,
            from,
            changes,
            steps,
            pairs,
            ..
        } = &self.parting;
        except_text(page, &self.except_unused);
        let assets = counted(*from, "asset", "assets");
        let end = &end.name;
        match changes {
            _ if *from == 0 => page.line(0, format!("Nothing that was asked for gets hold of {end}.")),
            None => page.line(
                0,
                format!("No set of changes that anybody can make parts {assets} from {end}."),
            ),
            Some(changes) => {
                let changed = match self.parting.along.as_str() {
                    "relations" => counted(*changes, "pair of assets", "pairs of assets"),
                    _ => counted(*changes, "step", "steps"),
                };
                page.line(
                    0,
                    format!("It takes {changed} to part {assets} from {end}, and fewer do not do it."),
                );
            }
        }
        for step in steps {
            page.line(2, step_name(step));
        }
        for pair in pairs {
            let line = Line::new().plain(format!("{} → {}", pair.source.name, pair.target.name));
            page.line(2, line.dim(format!("  {}", pair.kinds.join(", "))));
        }
        if self.parting.truncated {
            page.line(2, Line::new().dim("and more; --limit N shows them"));
        }
    }
}
