//! `asset`: what is known of one asset, and whether its original objects belong together.

use anyhow::Result;
use postern_engine::{AsOf, Engine};
use postern_model::estate::{Estate, Node, NodeIndex};
use postern_model::{Facet, NodeId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::build::{BuildReport, after_change};
use super::{Outcome, Session, author};
use crate::args;
use crate::ids::Ids;
use crate::output::text::{count, counted, joined, time};
use crate::output::{Line, Page, Report, show};
use crate::view::{View, facets_text, kind_word};

/// Findings and services listed in text; JSON has all.
const LISTED_MAX: usize = 20;

#[derive(Debug, Serialize, JsonSchema)]
pub struct AssetReport {
    pub generation: i64,
    /// The strongest original id.
    pub id: String,
    pub node_id: String,
    pub name: String,
    pub kind: String,
    /// Domain SID or site; empty when unknown.
    pub boundary: String,
    pub boundary_name: String,
    /// Only referred to by other objects; its own record was never read.
    pub is_stub: bool,
    /// Nobody can log on with it: disabled or expired.
    pub is_unusable: bool,
    /// `very high`, `high`, `medium` or `low`.
    pub criticality: Option<String>,
    /// Name of the control plane that it is part of.
    pub control_plane: Option<String>,
    /// Why it is critical or part of a control plane.
    pub reasons: Vec<ReasonReport>,
    /// Why an attacker may begin here.
    pub entry_point: Option<String>,
    /// Attack paths whose cheapest route passes here, begins or ends here.
    pub paths: u64,
    /// Steps that end and begin here.
    pub steps_in: u64,
    pub steps_out: u64,
    /// The objects that were found to be this asset.
    pub original_objects: Vec<ObjectReport>,
    pub identifiers: Vec<IdentifierReport>,
    /// What some source has looked at.
    pub looked_at: Vec<String>,
    /// Files that speak of it.
    pub files: Vec<String>,
    /// RFC 3339.
    pub first_seen: String,
    /// RFC 3339.
    pub last_seen: String,
    pub findings: Vec<FindingReport>,
    /// `tcp/445`, with the service's name where it is known.
    pub services: Vec<String>,
    pub properties: Map<String, Value>,
    #[serde(skip)]
    known: Vec<Facet>,
    #[serde(skip)]
    seen: (jiff::Timestamp, jiff::Timestamp),
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ReasonReport {
    /// Id of the catalog's rule, or `decision`.
    pub rule: String,
    pub text: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectReport {
    pub id: String,
    pub kind: String,
    /// Why it belongs here.
    pub reason: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct IdentifierReport {
    pub kind: String,
    pub value: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingReport {
    pub id: String,
    pub weakness: String,
    pub title: String,
    pub severity: String,
    /// `tcp/445`, or empty.
    pub locator: String,
    pub cves: Vec<String>,
    /// Known to be exploited or exploit at hand, over the network and without an account.
    pub is_exploitable: bool,
}

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
            let generation = engine.load(when.as_of()).await?;
            let view = View::new(&engine, &generation).await?;
            let index = Ids(&generation).asset(&id)?;
            show(&AssetReport::new(&view, index), format.json)?;
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
        id: facet.map_or(&node.key, |facet| &facet.key).clone(),
        name: node.name.clone(),
    })
}

impl AssetReport {
    fn new(view: &View<'_>, index: NodeIndex) -> Self {
        let generation = view.generation;
        let estate = &generation.estate;
        let node: &Node = estate.node(index);
        let classification = &generation.classification;
        let plane = classification.plane_of.get(index as usize).copied().flatten();
        let level = classification.criticality.get(index as usize).copied().flatten();
        let passes = |id: NodeId| {
            let on_route = |step: &&postern_attack::Step| step.source == id || step.target == id;
            let paths = generation.analysis.paths.iter();
            paths
                .filter(|path| {
                    path.route
                        .iter()
                        .filter_map(|&it| generation.derived.step(it))
                        .any(|it| on_route(&it))
                })
                .count() as u64
        };
        let steps = &generation.derived.steps;
        Self {
            generation: generation.record.number,
            id: node.key.clone(),
            node_id: node.id.to_string(),
            name: node.name.clone(),
            kind: node.kind.as_str().to_owned(),
            boundary: node.boundary.clone(),
            boundary_name: view.boundary_name(&node.boundary),
            is_stub: node.is_stub,
            is_unusable: node.is_unusable_account(generation.inputs.evaluated_at),
            criticality: level.map(|level| level.as_str().to_owned()),
            control_plane: plane.map(|plane| classification.planes[plane as usize].name.clone()),
            reasons: classification
                .reasons
                .iter()
                .filter(|it| it.node == index)
                .map(|it| ReasonReport {
                    rule: it.rule.clone(),
                    text: it.text.clone(),
                })
                .collect(),
            entry_point: view.entry(node.id).map(|entry| entry.reason.clone()),
            paths: passes(node.id),
            steps_in: steps.iter().filter(|step| step.target == node.id).count() as u64,
            steps_out: steps.iter().filter(|step| step.source == node.id).count() as u64,
            original_objects: node
                .facets
                .iter()
                .map(|it| ObjectReport {
                    id: it.key.clone(),
                    kind: it.kind.as_str().to_owned(),
                    reason: it.reason.clone(),
                })
                .collect(),
            identifiers: node
                .identifiers
                .iter()
                .map(|it| IdentifierReport {
                    kind: it.kind.clone(),
                    value: it.value.clone(),
                })
                .collect(),
            looked_at: node.known.iter().map(ToString::to_string).collect(),
            known: node.known.clone(),
            files: view.files(&node.seen),
            first_seen: node.seen.first.to_string(),
            last_seen: node.seen.last.to_string(),
            findings: findings(estate, index),
            services: estate
                .services
                .iter()
                .filter(|it| it.node == index)
                .map(|it| format!("{}/{} {}", it.protocol, it.port, it.name).trim_end().to_owned())
                .collect(),
            properties: serde_json::from_str(&node.properties).unwrap_or_default(),
            seen: (node.seen.first, node.seen.last),
        }
    }
}

/// The worst first.
fn findings(estate: &Estate, index: NodeIndex) -> Vec<FindingReport> {
    let mut found: Vec<_> = estate
        .findings
        .iter()
        .filter(|it| it.node == index)
        .map(|it| FindingReport {
            id: it.id.to_string(),
            weakness: it.weakness.clone(),
            title: it.title.clone(),
            severity: it.severity.clone(),
            locator: it.locator.clone(),
            cves: it.cves.clone(),
            is_exploitable: it.is_exploitable,
        })
        .collect();
    let severity = |it: &FindingReport| {
        ["critical", "high", "medium", "low"]
            .iter()
            .position(|&name| name == it.severity)
    };
    // Others, such as `info`, are the least.
    found.sort_by_cached_key(|it| {
        let rank = severity(it).unwrap_or(usize::MAX);
        (!it.is_exploitable, rank, it.title.clone(), it.locator.clone())
    });
    found
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
            "nothing".to_owned()
        } else {
            joined(&facets_text(&self.known))
        };
        page.line(0, format!("Seen {when}; looked at: {looked_at}."));
        section(page, "Original objects", &self.original_objects, |it| {
            Line::new()
                .plain(&it.id)
                .dim(format!("  {}: {}", kind_word(&it.kind), it.reason))
        });
        section(page, "Identifiers", &self.identifiers, |it| {
            Line::new().dim(format!("{} ", it.kind)).plain(&it.value)
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
