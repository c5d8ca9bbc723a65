//! `asset`: what is known of one asset, and whether its original objects belong together.

use anyhow::Result;
use jiff::Timestamp;
use postern_engine::{AsOf, Engine};
use postern_report::words::{count, counted, facets_text, joined, kind_word, time};
use postern_report::{AssetReport, ByHand, Ids, Reports};
use schemars::JsonSchema;
use serde::Serialize;

use super::build::{BuildReport, after_change};
use super::{Outcome, Session, author};
use crate::args;
use crate::output::{Line, Page, Report, show};

/// Findings and services listed in text; JSON has all.
const LISTED_MAX: usize = 20;

/// A decision about an asset, and the generation that follows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecisionReport {
    /// The asset's strongest original id.
    pub id: String,
    pub name: String,
    /// What was decided, in words.
    pub decision: String,
    pub build: BuildReport,
}

pub async fn run(session: &Session, args: args::Asset) -> Result<Outcome> {
    let engine = session.open().await?;
    match args {
        args::Asset::Show { id, when, format } => {
            let reports = Reports::load(&engine, when.as_of()).await?;
            let index = Ids(&reports.generation).asset(&id)?;
            show(&reports.asset(index)?, format.json)?;
        }
        args::Asset::Split(args) => set_apart(&engine, args, true).await?,
        args::Asset::Merge(args) => set_apart(&engine, args, false).await?,
    }
    Ok(Outcome::Done)
}

async fn set_apart(engine: &Engine, args: args::Decision, apart: bool) -> Result<()> {
    let generation = engine.load(AsOf::Current).await?;
    let object = original_object(&generation, &args.id)?;
    engine.set_apart(&object.id, apart, &author()).await?;
    let decision = match apart {
        true => "stands on its own",
        false => "may be merged with objects that are the same device",
    };
    let build = after_change(engine, &args.building).await?;
    let report = DecisionReport {
        id: object.id,
        name: object.name,
        decision: decision.to_owned(),
        build,
    };
    show(&report, args.format.json)
}

struct Object {
    id: String,
    name: String,
}

/// The original object with this id; an asset's id or name stands for its strongest one.
fn original_object(generation: &postern_engine::Generation, text: &str) -> Result<Object> {
    let index = Ids(generation).asset(text)?;
    let node = generation.estate.node(index);
    let facet = node.facets.iter().find(|facet| facet.key.eq_ignore_ascii_case(text));
    Ok(Object {
        id: facet.map_or(&node.key, |facet| &facet.key).to_string(),
        name: node.name.clone(),
    })
}

impl Report for AssetReport {
    const SCHEMA: &'static str = "asset-show";

    fn text(&self, page: &mut Page) {
        let place = if self.boundary_name.is_empty() {
            String::new()
        } else {
            format!(" of {}", self.boundary_name)
        };
        page.line(
            0,
            Line::new()
                .bold(&self.name)
                .plain(format!("  {}{place}", kind_word(&self.kind))),
        );
        page.line(0, Line::new().dim(&self.id));
        if self.is_stub {
            page.line(0, "Only referred to by other objects: its own record was never read.");
        }
        if self.is_unusable {
            page.line(
                0,
                "Disabled or expired: nobody can log on with it, so no step begins or ends here.",
            );
        }
        if let Some(plane) = &self.control_plane {
            page.line(0, Line::new().plain("Part of ").bold(plane).plain("."));
        }
        if let Some(level) = &self.criticality {
            page.line(0, format!("Its criticality is {level}."));
        }
        for reason in &self.reasons {
            page.hanging(
                2,
                4,
                Line::new().plain(&reason.text).dim(format!("  ({})", reason.rule)),
            );
        }
        if let Some(reason) = &self.entry_point {
            page.line(0, Line::new().bad("An entry point: ").plain(reason));
        }
        page.line(
            0,
            format!(
                "{} here; {} in, {} out.",
                counted(self.paths, "attack path passes", "attack paths pass"),
                counted(self.steps_in, "step", "steps"),
                count(self.steps_out)
            ),
        );
        let (first, last) = self.seen;
        let when = match first == last {
            true => time(last),
            false => format!("from {} to {}", time(first), time(last)),
        };
        let looked_at = if self.known.is_empty() {
            "no source says what of it was looked at".to_owned()
        } else {
            format!("looked at: {}", joined(&facets_text(&self.known)))
        };
        page.line(0, format!("Seen {when}; {looked_at}."));
        section(page, "Original objects", &self.original_objects, |it| {
            Line::new()
                .plain(&it.id)
                .dim(format!("  {}: {}", kind_word(&it.kind), it.reason))
                .dim(told(it.observed, &it.files))
                .plain(apart(it.set_apart.as_ref()))
        });
        section(page, "Identifiers", &self.identifiers, |it| {
            Line::new()
                .dim(format!("{} ", it.kind))
                .plain(&it.value)
                .dim(told(it.observed, &it.files))
        });
        section(page, "Facts", &self.facts, |it| {
            let value = match it.value.as_str() {
                Some(text) => text.to_owned(),
                None => it.value.to_string(),
            };
            Line::new()
                .dim(format!("{} ", it.name))
                .plain(value)
                .dim(told(it.observed, &it.files))
        });
        section(page, "Findings", &self.findings, |it| {
            let exploitable = if it.is_exploitable { ", exploitable" } else { "" };
            Line::new()
                .plain(&it.title)
                .dim(format!("  {}{exploitable}  {}", it.severity, it.locator))
        });
        section(page, "Open services", &self.services, |it| it.as_str().into());
        section(page, "Files", &self.files, |it| it.as_str().into());
    }
}

/// When something was last told, and by which files, without their folders and archives: those are listed last.
fn told(at: Timestamp, files: &[String]) -> String {
    let name = |file: &String| file.rsplit(['/', '!']).next().unwrap_or(file).to_owned();
    let names: Vec<_> = files.iter().map(name).collect();
    format!("  ({}, {})", time(at), joined(&names))
}

fn apart(set: Option<&ByHand>) -> String {
    set.map(|it| format!("  split off by {}", it.by)).unwrap_or_default()
}

fn section<T>(page: &mut Page, title: &str, items: &[T], line: impl Fn(&T) -> Line) {
    if items.is_empty() {
        return;
    }
    page.heading(title);
    for it in items.iter().take(LISTED_MAX) {
        page.hanging(2, 4, line(it));
    }
    if items.len() > LISTED_MAX {
        let more = count((items.len() - LISTED_MAX) as u64);
        page.line(2, Line::new().dim(format!("and {more} more with --json")));
    }
}

impl Report for DecisionReport {
    const SCHEMA: &'static str = "decision";

    fn text(&self, page: &mut Page) {
        page.line(0, Line::new().bold(&self.name).plain(format!(" {}.", self.decision)));
        self.build.text(page);
    }
}
