//! `rule`: what rules select, what a change of one would select, and switching them on and off.

use std::path::Path;

use anyhow::{Context, Result};
use postern_attack::EntryQueries;
use postern_catalog::{Catalog, Evaluate, Query, Rule, RuleTables};
use postern_engine::{AsOf, Engine, EngineError, Generation, rule_switches};
use postern_ledger::{Decision, DecisionKind};
use postern_model::Phase;
use postern_report::words::{count, counted};
use roaring::RoaringBitmap;
use schemars::JsonSchema;
use serde::Serialize;

use super::asset::DecisionReport;
use super::build::after_change;
use super::{Outcome, Session, author};
use crate::args;
use crate::output::{Line, Page, Report, show};

/// Assets listed in text; JSON has all.
const LISTED_MAX: usize = 20;

#[derive(Debug, Serialize, JsonSchema)]
pub struct RulesReport {
    pub rules: Vec<RuleReport>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleReport {
    /// `control-planes` or `entry-points`.
    pub kind: String,
    pub id: String,
    pub title: String,
    /// As the next build takes it.
    pub is_enabled: bool,
    /// Cannot be switched off.
    pub is_locked: bool,
    /// Who switched it on or off; null where the catalog says.
    pub set_by: Option<String>,
    /// How many assets the query selects in the current generation, be the rule on or off; null before the first one.
    pub matches: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleShown {
    pub rule: RuleReport,
    /// Why these assets are selected.
    pub reason: String,
    /// KQL, or the name of a virtual entry point.
    pub query: String,
    /// The phase in which it runs.
    pub phase: String,
    /// What the query selects in the current generation.
    pub selected: Vec<Selected>,
}

/// What a query selects, beside what the rule in force selects.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RulePreview {
    /// Kind and id: `control-planes/dns-admins`.
    pub key: String,
    pub title: String,
    /// Whether a rule of this key is on in the current generation.
    pub is_in_force: bool,
    /// How many assets the rule in force selects.
    pub matches_in_force: u64,
    pub selected: Vec<Selected>,
    /// Selected, and not by the rule in force.
    pub added: Vec<Selected>,
    /// Selected by the rule in force alone.
    pub removed: Vec<Selected>,
}

/// An asset that a query selects.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Selected {
    /// The asset's strongest original id.
    pub id: String,
    pub name: String,
}

pub async fn run(session: &Session, args: args::RuleCommand) -> Result<Outcome> {
    let engine = session.open().await?;
    match args {
        args::RuleCommand::List(format) => show(&list(&engine).await?, format.json)?,
        args::RuleCommand::Show { rule, format } => show(&shown(&engine, &rule).await?, format.json)?,
        args::RuleCommand::Preview { rule, format } => show(&preview(&engine, &rule).await?, format.json)?,
        args::RuleCommand::Enable(args) => switch(&engine, args, Some(true)).await?,
        args::RuleCommand::Disable(args) => switch(&engine, args, Some(false)).await?,
        args::RuleCommand::Reset(args) => switch(&engine, args, None).await?,
    }
    Ok(Outcome::Done)
}

async fn switch(engine: &Engine, args: args::RuleSwitch, is_on: Option<bool>) -> Result<()> {
    let key = engine.set_rule(&args.rule, is_on, &author()).await?;
    let rule = engine.catalog().rule(&key).ok_or_else(|| no_such_rule(&key))?;
    let decision = match (is_on, rule.is_enabled()) {
        (Some(true), _) => "is on",
        (Some(false), _) => "is off",
        (None, true) => "is as the catalog has it: on",
        (None, false) => "is as the catalog has it: off",
    };
    let report = DecisionReport {
        name: rule.title().to_owned(),
        id: key,
        decision: decision.to_owned(),
        build: after_change(engine, &args.building).await?,
    };
    show(&report, args.format.json)
}

fn no_such_rule(name: &str) -> anyhow::Error {
    let name = name.to_owned();
    EngineError::NoSuchRule { name }.into()
}

async fn list(engine: &Engine) -> Result<RulesReport> {
    let generation = match engine.load(AsOf::Current).await {
        Ok(generation) => Some(generation),
        Err(EngineError::NoGeneration) => None,
        Err(error) => return Err(error.into()),
    };
    let decisions = engine.ledger().decisions().await?;
    let catalog = engine.catalog().switched(&rule_switches(&decisions));
    let world = generation.as_ref().map(|it| it.world(&catalog));
    let asked = generation.as_ref().zip(world.as_ref());
    let queries =
        asked.map(|(generation, world)| Queries::new(generation, EntryQueries::new(world, &generation.derived)));
    let rules = catalog.rules().map(|rule| {
        let matches = match &queries {
            Some(queries) => Some(queries.select(rule)?.len()),
            None => None,
        };
        Ok(report(rule, &decisions, matches))
    });
    Ok(RulesReport {
        rules: rules.collect::<Result<_>>()?,
    })
}

fn report(rule: Rule<'_>, decisions: &[Decision], matches: Option<u64>) -> RuleReport {
    let key = rule.key();
    let decision = Decision::in_force(decisions)
        .into_iter()
        .find(|it| it.kind == DecisionKind::Rule && *it.subject.value == *key);
    RuleReport {
        kind: rule.kind().to_owned(),
        id: rule.id().to_owned(),
        title: rule.title().to_owned(),
        is_enabled: rule.is_enabled(),
        is_locked: rule.is_locked(),
        set_by: decision.map(|it| it.author.clone()),
        matches,
    }
}

async fn shown(engine: &Engine, name: &str) -> Result<RuleShown> {
    let generation = engine.load(AsOf::Current).await?;
    let decisions = engine.ledger().decisions().await?;
    let catalog = engine.catalog().switched(&rule_switches(&decisions));
    let rule = catalog.rule(name).ok_or_else(|| no_such_rule(name))?;
    let selected = select(&generation, &catalog, rule)?;
    Ok(RuleShown {
        rule: report(rule, &decisions, Some(selected.len())),
        reason: rule.reason().to_owned(),
        query: rule.query().text().trim_end().to_owned(),
        phase: rule.phase().as_str().to_owned(),
        selected: names(&generation, &selected),
    })
}

async fn preview(engine: &Engine, name: &str) -> Result<RulePreview> {
    let generation = engine.load(AsOf::Current).await?;
    let catalog = engine.catalog().switched(&generation.inputs.rules);
    let (changed, key) = match catalog.rule(name) {
        Some(rule) => (catalog.clone(), rule.key()),
        None if Path::new(name).is_file() => catalog.with_rule_file(Path::new(name))?,
        None => return Err(no_such_rule(name)),
    };
    let rule = changed.rule(&key).ok_or_else(|| no_such_rule(&key))?;
    let selected = select(&generation, &changed, rule)?;
    let in_force = catalog.rule(&key).filter(|rule| rule.is_enabled());
    let before = match in_force {
        Some(rule) => select(&generation, &catalog, rule)?,
        None => RoaringBitmap::new(),
    };
    Ok(RulePreview {
        key,
        title: rule.title().to_owned(),
        is_in_force: in_force.is_some(),
        matches_in_force: before.len(),
        added: names(&generation, &(&selected - &before)),
        removed: names(&generation, &(&before - &selected)),
        selected: names(&generation, &selected),
    })
}

fn select(generation: &Generation, catalog: &Catalog, rule: Rule<'_>) -> Result<RoaringBitmap> {
    let world = generation.world(catalog);
    Queries::new(generation, EntryQueries::new(&world, &generation.derived)).select(rule)
}

/// The queries of both kinds of rules over one generation.
struct Queries<'a> {
    planes: RuleTables<'a>,
    entries: EntryQueries<'a>,
}

impl<'a> Queries<'a> {
    fn new(generation: &'a Generation, entries: EntryQueries<'a>) -> Self {
        Self {
            planes: RuleTables::new(&generation.estate, generation.inputs.evaluated_at),
            entries,
        }
    }

    fn select(&self, rule: Rule<'_>) -> Result<RoaringBitmap> {
        let selected = match (rule.phase(), rule.query()) {
            (Phase::Classify, Query::Kql(text)) => self.planes.select(text, Phase::Classify),
            (phase, query) => self.entries.nodes(query, phase),
        };
        selected.with_context(|| format!("the query of {}", rule.key()))
    }
}

fn names(generation: &Generation, selected: &RoaringBitmap) -> Vec<Selected> {
    let nodes = selected.iter().map(|index| generation.estate.node(index));
    let mut named: Vec<_> = nodes
        .map(|node| Selected {
            id: node.key.to_string(),
            name: node.name.clone(),
        })
        .collect();
    named.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    named
}

impl RuleReport {
    fn state(&self) -> String {
        let state = match (self.is_enabled, self.is_locked) {
            (true, true) => "on, locked",
            (true, false) => "on",
            (false, _) => "off",
        };
        match &self.set_by {
            Some(author) => format!("{state}, by {author}"),
            None => state.to_owned(),
        }
    }
}

impl Report for RulesReport {
    const SCHEMA: &'static str = "rule-list";

    fn text(&self, page: &mut Page) {
        let rows = self.rules.iter().map(|it| {
            [
                format!("{}/{}", it.kind, it.id).into(),
                it.state().into(),
                it.matches.map(count).unwrap_or_default().into(),
                it.title.as_str().into(),
            ]
        });
        page.table(0, ["rule", "state", "selects", "title"], rows.collect());
    }
}

impl Report for RuleShown {
    const SCHEMA: &'static str = "rule-show";

    fn text(&self, page: &mut Page) {
        let name = format!("{}/{}", self.rule.kind, self.rule.id);
        page.line(0, Line::new().bold(&self.rule.title).dim(format!("  {name}")));
        page.line(
            0,
            format!("It is {}. Its query runs in phase {}.", self.rule.state(), self.phase),
        );
        page.line(0, self.reason.as_str());
        page.blank();
        for line in self.query.lines() {
            page.line(2, line);
        }
        section(page, "Selected", &self.selected);
    }
}

impl Report for RulePreview {
    const SCHEMA: &'static str = "rule-preview";

    fn text(&self, page: &mut Page) {
        page.line(0, Line::new().bold(&self.title).dim(format!("  {}", self.key)));
        let before = match self.is_in_force {
            true => format!("the rule in force selects {}", amount(self.matches_in_force)),
            false => "no such rule is on in the current generation".to_owned(),
        };
        page.line(
            0,
            format!("The query selects {}; {before}.", amount(self.selected.len() as u64)),
        );
        section(page, "Added", &self.added);
        section(page, "Removed", &self.removed);
        if self.added.is_empty() && self.removed.is_empty() {
            page.line(0, "Nothing would change.");
        }
    }
}

fn amount(assets: u64) -> String {
    match assets {
        0 => "nothing".to_owned(),
        _ => counted(assets, "asset", "assets"),
    }
}

fn section(page: &mut Page, title: &str, selected: &[Selected]) {
    if selected.is_empty() {
        return;
    }
    page.heading(title);
    for it in selected.iter().take(LISTED_MAX) {
        page.hanging(2, 4, Line::new().plain(&it.name).dim(format!("  {}", it.id)));
    }
    if selected.len() > LISTED_MAX {
        let more = count((selected.len() - LISTED_MAX) as u64);
        page.line(2, Line::new().dim(format!("and {more} more with --json")));
    }
}
