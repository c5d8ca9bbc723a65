//! `paths`: attack paths, and routes between any two places.
//!
//! Where `--from` and `--to` name entry points and targets, the answer is the stored attack paths. Anything else is a
//! question of its own, answered by a search over the same steps.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use postern_attack::{Path, Scenario, blast_radius, routes_between};
use postern_catalog::Basis;
use postern_model::{EdgeId, NodeId};
use postern_report::words::{count, counted, joined};
use postern_report::{ExposedReport, GapReport, Ids, PathReport, Reports, ScenarioReport, Summary};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::output::{Line, Page, Report, show};
use crate::parts::{gaps_text, path_text};

/// What was not looked at, told where there are no paths.
const GAPS_SHOWN_MAX: usize = 8;
/// Entry points of which it is asked whether a target lies behind another one; as many show where to look.
const STARTS_ASKED_MAX: usize = 20;

#[derive(Debug, Serialize, JsonSchema)]
pub struct PathsReport {
    pub generation: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    /// How many paths answer the question; `paths` may hold fewer.
    pub total: u64,
    /// `paths` was cut by the limit.
    pub truncated: bool,
    /// At most so many paths are listed.
    pub limit: u64,
    /// Of the whole generation, whatever was asked.
    pub summary: Summary,
    /// Sentences: why the answer is empty. Empty where it is not.
    pub why_none: Vec<String>,
    /// What was not looked at; listed where the answer is empty and might be another if it had been.
    pub not_looked_at: Vec<GapReport>,
    /// The paths of the answer by shape, the riskiest first.
    pub scenarios: Vec<ScenarioReport>,
    /// Entry points that lie inside a target: there is no path, the asset itself is exposed. At most `limit` of them.
    pub exposed_critical_assets: Vec<ExposedReport>,
    pub exposed_critical_assets_total: u64,
    pub paths: Vec<PathReport>,
    #[serde(skip)]
    sees_the_internet: bool,
    #[serde(skip)]
    are_attack_paths: bool,
    #[serde(skip)]
    only_scenarios: bool,
}

pub async fn run(session: &Session, args: args::Paths) -> Result<Outcome> {
    let engine = session.open().await?;
    let reports = Reports::load(&engine, args.when.as_of()).await?;
    let generation = &reports.generation;
    let ids = Ids(generation);
    let place = |text: &Option<String>| text.as_deref().map(|text| ids.place(text)).transpose();
    let question = Question {
        from: place(&args.from)?.map(|from| reports.start(from)).transpose()?,
        to: place(&args.to)?,
        k: args.k.map(usize::from),
    };
    let limit = args.limit.of(args.format.json);
    let shown = if args.scenarios { 0 } else { limit };

    let mut report = PathsReport {
        generation: generation.record.number,
        evaluated_at: generation.inputs.evaluated_at.to_string(),
        total: 0,
        truncated: false,
        limit: limit as u64,
        summary: reports.summary(),
        why_none: Vec::new(),
        not_looked_at: Vec::new(),
        scenarios: Vec::new(),
        exposed_critical_assets: Vec::new(),
        exposed_critical_assets_total: 0,
        paths: Vec::new(),
        sees_the_internet: reports.sees_the_internet(),
        are_attack_paths: question.is_about_attack_paths(&reports),
        only_scenarios: args.scenarios,
    };
    match report.are_attack_paths {
        true => attack_paths(&reports, &question, shown, &mut report),
        false => routes(&reports, &question, shown, &mut report)?,
    }
    report.truncated = (report.paths.len() as u64) < report.total;
    if report.total == 0 {
        report.why_none = match why_never(&reports, &question) {
            Some(reason) => vec![reason],
            None => {
                report.not_looked_at = reports.gaps();
                let mut reasons = why_none(&reports, &question, report.are_attack_paths);
                reasons.extend(behind_another_target(&reports, &question)?);
                reasons
            }
        };
    }
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

struct Question {
    from: Option<NodeId>,
    to: Option<NodeId>,
    k: Option<usize>,
}

impl Question {
    /// Stored paths answer it: it names entry points and targets only, and asks for the cheapest route.
    fn is_about_attack_paths(&self, reports: &Reports) -> bool {
        self.k.is_none_or(|k| k == 1) && self.is_between_ends(reports)
    }

    /// It names entry points and targets only.
    fn is_between_ends(&self, reports: &Reports) -> bool {
        self.from.is_none_or(|from| reports.entry(from).is_some())
            && self.to.is_none_or(|to| reports.target(to).is_some())
    }

    fn asks(&self, entry: NodeId, target: NodeId) -> bool {
        self.from.is_none_or(|from| from == entry) && self.to.is_none_or(|to| to == target)
    }
}

fn attack_paths(reports: &Reports, question: &Question, shown: usize, report: &mut PathsReport) {
    let analysis = &reports.generation.analysis;
    let found: Vec<&Path> = analysis
        .paths
        .iter()
        .filter(|path| question.asks(path.entry, path.target))
        .collect();
    report.total = found.len() as u64;
    report.paths = found.iter().take(shown).map(|path| reports.path(path)).collect();
    let mut by_scenario: BTreeMap<EdgeId, Vec<&Path>> = BTreeMap::new();
    for path in &found {
        by_scenario.entry(path.scenario).or_default().push(path);
    }
    let of_answer = |scenario: &Scenario| Some(ScenarioReport::new(reports, scenario, by_scenario.get(&scenario.id)?));
    report.scenarios = analysis.scenarios.iter().filter_map(of_answer).collect();
    // In the order in which their paths are listed.
    let first: BTreeMap<String, usize> = found
        .iter()
        .enumerate()
        .rev()
        .map(|(at, path)| (path.scenario.to_string(), at))
        .collect();
    report
        .scenarios
        .sort_by_key(|scenario| first.get(&scenario.id).copied());
    let exposed = analysis.exposed_critical.iter();
    let exposed: Vec<_> = exposed.filter(|it| question.asks(it.entry, it.target)).collect();
    report.exposed_critical_assets_total = exposed.len() as u64;
    report.exposed_critical_assets = exposed
        .into_iter()
        .take(report.limit as usize)
        .map(|it| ExposedReport::new(reports, it))
        .collect();
}

fn routes(reports: &Reports, question: &Question, shown: usize, report: &mut PathsReport) -> Result<()> {
    let generation = &reports.generation;
    // An entry point inside a target has arrived; it is listed as an exposed critical asset.
    let is_outside = |it: &NodeId| !generation.targets.iter().any(|target| target.members.contains(it));
    let entries = generation.entries.iter().map(|it| it.id).filter(is_outside);
    let starts = question.from.map_or_else(|| entries.collect(), |id| vec![id]);
    let ends: Vec<NodeId> = question
        .to
        .map_or_else(|| generation.targets.iter().map(|it| it.id).collect(), |id| vec![id]);
    let world = generation.world(&reports.catalog);
    let mut found = Vec::new();
    for from in starts {
        for &to in &ends {
            let routes = routes_between(
                &world,
                &generation.derived,
                &generation.targets,
                from,
                to,
                question.k.unwrap_or(1),
            )?;
            found.extend(routes.into_iter().map(|route| (route.cost, from, to, route.steps)));
        }
    }
    // Between entry points and targets, what is too dear is no attack path.
    if question.is_between_ends(reports) {
        found.retain(|(cost, ..)| *cost <= generation.settings().path_cost_max);
    }
    found.sort_by(|a, b| (a.0, a.3.len(), &a.3).cmp(&(b.0, b.3.len(), &b.3)));
    report.total = found.len() as u64;
    report.paths = found
        .iter()
        .take(shown)
        .map(|(cost, from, to, steps)| reports.route(*from, *to, *cost, steps))
        .collect();
    Ok(())
}

/// Says so where the target that was asked for is reached, but only through others.
fn behind_another_target(reports: &Reports, question: &Question) -> Result<Option<String>> {
    let generation = &reports.generation;
    let Some(target) = question.to.and_then(|to| reports.target(to)) else {
        return Ok(None);
    };
    let entries = generation.analysis.paths.iter().map(|path| path.entry);
    let starts: BTreeSet<NodeId> = question.from.map_or_else(|| entries.collect(), |from| [from].into());
    let world = generation.world(&reports.catalog);
    for start in starts.into_iter().take(STARTS_ASKED_MAX) {
        let blast = blast_radius(&world, &generation.derived, &generation.targets, start)?;
        let behind = blast
            .assets_behind
            .iter()
            .map(|&index| generation.estate.node(index).id);
        if behind.into_iter().any(|id| target.members.contains(&id)) {
            let first: Vec<_> = blast.targets.iter().map(|&id| generation.name_of(id)).collect();
            return Ok(Some(format!("But it lies behind what is reached: {}.", joined(&first))));
        }
    }
    Ok(None)
}

/// Why the answer is empty whatever was looked at, if it is so.
fn why_never(reports: &Reports, question: &Question) -> Option<String> {
    let name = |id: NodeId| reports.generation.name_of(id);
    if let (Some(from), Some(to)) = (question.from, question.to) {
        if from == to {
            return Some(format!("{} is where the way would begin.", name(to)));
        }
        if reports.target(to).is_some_and(|target| target.members.contains(&from)) {
            return Some(format!("{} is part of {} already.", name(from), name(to)));
        }
    }
    let is_unusable = |id: &NodeId| {
        let estate = &reports.generation.estate;
        let node = estate.by_id(*id).map(|index| estate.node(index));
        node.is_some_and(|node| node.is_unusable_account(reports.generation.inputs.evaluated_at))
    };
    let unusable = [question.from, question.to].into_iter().flatten().find(is_unusable)?;
    let sentence = "is disabled or expired: nobody can log on with it, so no step begins or ends there";
    Some(format!("{} {sentence}.", name(unusable)))
}

fn why_none(reports: &Reports, question: &Question, are_attack_paths: bool) -> Vec<String> {
    let name = |id: NodeId| reports.generation.name_of(id);
    let what = match are_attack_paths {
        // Targets absorb, and the cost is bounded: there may be a way that is no attack path.
        true => format!(
            "No attack path of cost {} or less, and through no other target, leads",
            reports.generation.settings().path_cost_max
        ),
        false if question.to.is_some_and(|to| reports.target(to).is_some()) => {
            "No steps lead, through no other target,".to_owned()
        }
        false => "No steps lead".to_owned(),
    };
    match (question.from, question.to) {
        (None, None) => reports.why_no_paths(),
        (Some(from), Some(to)) => vec![format!("{what} from {} to {}.", name(from), name(to))],
        (Some(from), None) => vec![format!("{what} from {} to a target.", name(from))],
        (None, Some(to)) => vec![format!("{what} from an entry point to {}.", name(to))],
    }
}

fn scenario_line(scenario: &ScenarioReport) -> Line {
    let paths = counted(scenario.paths, "path", "paths");
    let extent = match (scenario.entries, scenario.targets) {
        (1, 1) => paths,
        (entries, targets) => format!(
            "{paths} from {} to {}",
            counted(entries, "entry point", "entry points"),
            counted(targets, "target", "targets")
        ),
    };
    Line::new()
        .risk(&scenario.risk)
        .plain("  ")
        .plain(&scenario.title)
        .dim(format!("  {}, {extent}", scenario.grade))
}

impl Report for PathsReport {
    const SCHEMA: &'static str = "paths";

    fn text(&self, page: &mut Page) {
        match self.are_attack_paths {
            true => self.attack_paths_text(page),
            false => page.line(
                0,
                Line::new().bold(format!("{}.", counted(self.total, "route", "routes"))),
            ),
        }
        self.groups_text(page);
        if self.truncated && !self.only_scenarios {
            let shown = count(self.paths.len() as u64);
            let (one, many) = match self.are_attack_paths {
                true => ("path", "paths"),
                false => ("route", "routes"),
            };
            let all = counted(self.total, one, many);
            page.blank();
            page.line(
                0,
                Line::new().dim(format!("The first {shown} of {all}; --limit N shows more.")),
            );
        }
        for reason in &self.why_none {
            page.line(0, reason.as_str());
        }
        if !self.not_looked_at.is_empty() {
            page.heading("What was not looked at");
            gaps_text(page, &self.not_looked_at, GAPS_SHOWN_MAX);
        }
    }
}

impl PathsReport {
    fn attack_paths_text(&self, page: &mut Page) {
        page.line(0, Line::new().bold(format!("{}.", self.summary.headline())));
        observed_text(page, &self.summary, self.sees_the_internet);
        if self.total != self.summary.paths {
            page.line(
                0,
                format!(
                    "{} the question.",
                    counted(self.total, "attack path answers", "attack paths answer")
                ),
            );
        }
        if !self.exposed_critical_assets.is_empty() {
            page.heading("Exposed critical assets");
            page.line(
                2,
                "These are entry points and part of a target at once: no path is needed.",
            );
            for it in &self.exposed_critical_assets {
                let line = Line::new()
                    .bold(&it.entry.name)
                    .plain(format!(" (part of {}). ", it.target.name));
                page.hanging(2, 4, line.plain(&it.title).plain("."));
            }
            let more = self.exposed_critical_assets_total - self.exposed_critical_assets.len() as u64;
            if more > 0 {
                let more = format!("and {} more; --limit N shows them", count(more));
                page.line(2, Line::new().dim(more));
            }
        }
        if !self.scenarios.is_empty() {
            page.heading("Scenarios");
            for scenario in &self.scenarios {
                page.hanging(2, 4, scenario_line(scenario));
            }
        }
    }

    /// The paths, those of one scenario together. The numbers go on over all groups.
    fn groups_text(&self, page: &mut Page) {
        let mut groups: Vec<(Option<&str>, Vec<&PathReport>)> = Vec::new();
        for path in &self.paths {
            let scenario = path.scenario.as_deref();
            match groups.iter_mut().find(|(known, _)| *known == scenario) {
                Some((_, group)) => group.push(path),
                None => groups.push((scenario, vec![path])),
            }
        }
        let mut number = 0;
        for (id, paths) in groups {
            if let Some(scenario) = self.scenarios.iter().find(|it| Some(it.id.as_str()) == id) {
                page.heading(&scenario.title);
            }
            for path in paths {
                number += 1;
                page.blank();
                path_text(page, number, path);
            }
        }
    }
}

/// Says what the paths stand on where nothing was observed.
fn observed_text(page: &mut Page, summary: &Summary, sees_the_internet: bool) {
    let is_observed = summary.basis(Basis::Observed).is_some_and(|it| it.entry_points > 0);
    if is_observed || summary.entry_points.iter().all(|it| it.entry_points == 0) {
        return;
    }
    page.line(
        0,
        match sees_the_internet {
            true => "Nothing exploitable was seen exposed to the Internet, so no entry point is observed.",
            false if summary.paths == 0 => "No initial-access source is connected, so no entry point is observed.",
            false => {
                "No initial-access source is connected, so no entry point is observed: the paths begin where an \
                 attacker is assumed or likely to get."
            }
        },
    );
}
