//! A generation's things as a command shows them: names beside ids, grades beside costs, reasons beside steps.
//!
//! Start at [`View`]. The types here are parts of several commands' JSON; what they promise is in `docs/schemas/`.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use anyhow::Result;
use jiff::Timestamp;
use postern_attack::{Derivation, Entry, Fact, Path, Step, Target};
use postern_catalog::{Basis, Catalog, Remediation};
use postern_engine::{Engine, Generation};
use postern_model::estate::Seen;
use postern_model::{EdgeId, NodeId, NodeKind, RelationKind};
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::text::{count, counted, grade, joined, time};
use crate::output::{Line, Page};

/// So many digits of an id are shown in text, and are enough to name a step of any estate one looks at by eye.
const ID_DIGITS_SHOWN: usize = 10;
/// Facts told for a step in text; JSON has all.
const FACTS_SHOWN_MAX: usize = 4;

/// Files named as evidence in text; JSON has all.
const FILES_SHOWN_MAX: usize = 2;

pub struct View<'a> {
    pub generation: &'a Generation,
    pub catalog: &'a Catalog,
    /// Snapshot → file; those of removed sources are not in it.
    files: HashMap<String, String>,
    /// Who saw a relation or finding, and when; made when the first one is asked for.
    seen: OnceLock<HashMap<EdgeId, &'a Seen>>,
}

/// An asset, a virtual entry point or a control plane.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlaceReport {
    /// The strongest original id, or the virtual id.
    pub id: String,
    pub name: String,
    /// Kind of the asset; `EntryPoint` and `ControlPlane` for virtual ones.
    pub kind: String,
}

/// A way from one place to another.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PathReport {
    /// Id of the attack path; null for a route that was asked for between other places.
    pub id: Option<String>,
    pub entry: String,
    pub entry_name: String,
    /// `observed`, `inferred` or `assumed`; null where the entry is no entry point.
    pub basis: Option<String>,
    pub target: String,
    pub target_name: String,
    /// Sum of the steps' costs.
    pub cost: u32,
    /// The cost in words.
    pub grade: String,
    /// Steps that an attacker takes; assuming a foothold is none.
    pub hops: u64,
    /// `critical`, `high`, `medium` or `low`; null where the target is no target.
    pub risk: Option<String>,
    /// `new`, `active` or `reopened`; null for a route that is no attack path.
    pub status: Option<String>,
    /// Id of the scenario; null for a route that is no attack path.
    pub scenario: Option<String>,
    /// Where the route enters a control plane; null for other targets.
    pub crossing: Option<CrossingReport>,
    /// What to do: the cheapest change of the step into the target, or of the last step before it that can be changed.
    pub fix: Option<FixReport>,
    pub steps: Vec<StepReport>,
}

/// The member of a control plane at which a route arrives.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CrossingReport {
    pub id: String,
    pub name: String,
    /// Why control of it is control of the plane.
    pub reason: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FixReport {
    /// Id of the step that is broken.
    pub step: String,
    pub title: String,
    pub text: String,
    /// Relative effort and risk of breaking something, from 1 to 10.
    pub cost: u32,
    /// The role that can do it.
    pub owner: String,
}

/// Something an attacker who holds the source can do to get hold of the target.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StepReport {
    /// For `whatif --remove-edge`.
    pub id: String,
    pub source: String,
    pub source_name: String,
    pub target: String,
    pub target_name: String,
    pub technique: String,
    /// The public vocabulary of the exposure graph.
    pub label: String,
    pub cost: u32,
    pub grade: String,
    /// Rests on a setting or an assumption and on nothing that was seen.
    pub is_assumed: bool,
    /// What an attacker does, in a sentence or two.
    pub explanation: String,
    /// Ids of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// How the step would be noticed.
    pub detection: String,
    /// Every reason for the step, the cheapest first.
    pub evidence: Vec<DerivationReport>,
    /// What could be done about it; empty where nobody can change it.
    pub remediations: Vec<FixReport>,
}

/// One reason for a step: while all of these facts hold, so does the step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DerivationReport {
    pub cost: u32,
    pub facts: Vec<FactReport>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FactReport {
    /// `relation`, `property`, `finding`, `service`, `absence`, `setting`, `built-in` or `assumption`.
    pub fact: String,
    /// A sentence without a full stop.
    pub text: String,
    /// Of the relation or finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The asset that has the property or service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Of the property or setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// When a relation or finding was last seen. RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<String>,
    /// The files that say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    #[serde(skip)]
    observed: Option<Timestamp>,
}

/// What can be reached, from where: the numbers that every command that counts paths shares.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Summary {
    pub control_planes: Reached,
    /// Assets of high or very high criticality outside every control plane.
    pub critical_assets: Reached,
    pub entry_points: Vec<BasisSummary>,
    pub paths: u64,
    pub scenarios: u64,
    /// Entry points that lie inside a target.
    pub exposed_critical_assets: u64,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Reached {
    pub total: u64,
    /// At the end of some attack path.
    pub reached: u64,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BasisSummary {
    /// `observed`, `inferred` or `assumed`.
    pub basis: String,
    pub entry_points: u64,
    /// At the beginning of some attack path.
    pub with_paths: u64,
    pub paths: u64,
}

/// Something that was not looked at, and what could not be evaluated therefore.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GapReport {
    /// Domain SID or site; empty where no source of this sort was ever read.
    pub boundary: String,
    pub boundary_name: String,
    /// What was wanted: `computers: sessions`.
    pub input: String,
    pub answered: u64,
    pub total: u64,
    pub reason: String,
    /// Techniques that were not, or not everywhere, evaluated.
    pub techniques: Vec<String>,
}

impl<'a> View<'a> {
    /// # Errors
    /// Those of the ledger.
    pub async fn new(engine: &'a Engine, generation: &'a Generation) -> Result<Self> {
        let manifest = engine.ledger().manifest().await?;
        Ok(Self {
            generation,
            catalog: engine.catalog(),
            files: manifest.snapshots.into_iter().map(|it| (it.id, it.file)).collect(),
            seen: OnceLock::new(),
        })
    }

    pub fn place(&self, id: NodeId) -> PlaceReport {
        let kind = match self.generation.estate.by_id(id) {
            Some(index) => self.generation.estate.node(index).kind,
            None if self.target(id).is_some() => NodeKind::ControlPlane,
            None => NodeKind::EntryPoint,
        };
        PlaceReport {
            id: self.generation.key_of(id),
            name: self.generation.name_of(id),
            kind: kind.as_str().to_owned(),
        }
    }

    pub fn target(&self, id: NodeId) -> Option<&'a Target> {
        self.generation.targets.iter().find(|it| it.id == id)
    }

    pub fn entry(&self, id: NodeId) -> Option<&'a Entry> {
        self.generation.entries.iter().find(|it| it.id == id)
    }

    /// An attack path of this generation.
    pub fn path(&self, path: &Path) -> PathReport {
        PathReport {
            id: Some(path.id.to_string()),
            risk: Some(path.risk.as_str().to_owned()),
            status: self.generation.status.get(&path.id.0).cloned(),
            scenario: Some(path.scenario.to_string()),
            ..self.route(path.entry, path.target, path.cost, &path.route)
        }
    }

    /// A way between any two places.
    pub fn route(&self, entry: NodeId, target: NodeId, cost: u32, route: &[EdgeId]) -> PathReport {
        let steps: Vec<_> = route
            .iter()
            .filter_map(|&id| self.generation.derived.step(id))
            .collect();
        let risk = self.target(target).map(|it| self.catalog.risk.risk(it.class, cost));
        PathReport {
            id: None,
            entry: self.generation.key_of(entry),
            entry_name: self.generation.name_of(entry),
            basis: self.entry(entry).map(|it| it.basis.as_str().to_owned()),
            target: self.generation.key_of(target),
            target_name: self.generation.name_of(target),
            cost,
            grade: grade(cost).as_str().to_owned(),
            hops: steps
                .iter()
                .filter(|step| step.technique != RelationKind::AssumedFoothold)
                .count() as u64,
            risk: risk.map(|risk| risk.as_str().to_owned()),
            status: None,
            scenario: None,
            crossing: steps.last().and_then(|step| self.crossing(step.target, target)),
            fix: steps.iter().rev().find_map(|step| self.fixes(step).into_iter().next()),
            steps: steps.into_iter().map(|step| self.step(step)).collect(),
        }
    }

    fn crossing(&self, at: NodeId, target: NodeId) -> Option<CrossingReport> {
        let node = self.generation.estate.by_id(at).filter(|_| at != target)?;
        let reasons = self.generation.classification.reasons.iter();
        Some(CrossingReport {
            id: self.generation.key_of(at),
            name: self.generation.name_of(at),
            reason: reasons
                .filter(|it| it.node == node)
                .map(|it| it.text.clone())
                .next()
                .unwrap_or_default(),
        })
    }

    pub fn step(&self, step: &Step) -> StepReport {
        let (source_name, target_name) = self.ends(step);
        let technique = self.catalog.technique(step.technique);
        StepReport {
            id: step.id.to_string(),
            source: self.generation.key_of(step.source),
            target: self.generation.key_of(step.target),
            technique: step.technique.as_str().to_owned(),
            label: step.label.clone(),
            cost: step.cost,
            grade: grade(step.cost).as_str().to_owned(),
            is_assumed: step.is_assumed || step.technique == RelationKind::AssumedFoothold,
            explanation: technique.map_or_else(String::new, |it| it.explain(&source_name, &target_name)),
            attack: technique.map_or_else(Vec::new, |it| it.attack.clone()),
            detection: technique.map_or_else(String::new, |it| it.detection.clone()),
            evidence: step.derivations.iter().map(|it| self.derivation(it)).collect(),
            remediations: self.fixes(step),
            source_name,
            target_name,
        }
    }

    /// What can be done about a step, the cheapest first; nothing where a reason for it is beyond anyone's reach.
    pub fn fixes(&self, step: &Step) -> Vec<FixReport> {
        let Some(technique) = self.catalog.technique(step.technique) else {
            return Vec::new();
        };
        if !step.derivations.iter().all(Derivation::is_changeable) {
            return Vec::new();
        }
        let mut remediations: Vec<&Remediation> = technique.remediations.iter().collect();
        remediations.sort_by_key(|it| it.cost);
        let (source, target) = self.ends(step);
        remediations
            .into_iter()
            .map(|it| FixReport {
                step: step.id.to_string(),
                title: it.title.clone(),
                text: it.instruct(&source, &target),
                cost: it.cost,
                owner: it.owner.clone(),
            })
            .collect()
    }

    fn ends(&self, step: &Step) -> (String, String) {
        (
            self.generation.name_of(step.source),
            self.generation.name_of(step.target),
        )
    }

    fn derivation(&self, derivation: &Derivation) -> DerivationReport {
        DerivationReport {
            cost: derivation.cost,
            facts: derivation.facts.iter().map(|it| self.fact(it)).collect(),
        }
    }

    fn fact(&self, fact: &Fact) -> FactReport {
        let plain = |kind: &str| FactReport {
            fact: kind.to_owned(),
            text: fact.text().to_owned(),
            id: None,
            subject: None,
            name: None,
            value: None,
            observed_at: None,
            files: Vec::new(),
            observed: None,
        };
        match fact {
            Fact::Relation { id, .. } => self.seen(*id, plain("relation")),
            Fact::Finding { id, .. } => self.seen(*id, plain("finding")),
            Fact::Property { node, name, value, .. } => FactReport {
                subject: Some(self.generation.key_of(*node)),
                name: Some(name.clone()),
                value: Some(value.clone()),
                ..plain("property")
            },
            Fact::Service {
                node, protocol, port, ..
            } => FactReport {
                subject: Some(self.generation.key_of(*node)),
                name: Some(format!("{protocol}/{port}")),
                ..plain("service")
            },
            Fact::Absence { node, name, .. } => FactReport {
                subject: Some(self.generation.key_of(*node)),
                name: Some(name.clone()),
                ..plain("absence")
            },
            Fact::Setting { name, .. } => FactReport {
                name: Some(name.clone()),
                ..plain("setting")
            },
            Fact::BuiltIn { .. } => plain("built-in"),
            Fact::Assumption { .. } => plain("assumption"),
        }
    }

    /// The files that speak of something. One that was removed since is named by its snapshot's id.
    pub fn files(&self, seen: &Seen) -> Vec<String> {
        let file = |snapshot: &String| self.files.get(snapshot).unwrap_or(snapshot).clone();
        seen.sources.iter().map(file).collect()
    }

    /// Adds who saw a relation or finding, and when.
    fn seen(&self, id: EdgeId, fact: FactReport) -> FactReport {
        let all = self.seen.get_or_init(|| {
            let estate = &self.generation.estate;
            let relations = estate.relations.iter().map(|it| (it.id, &it.seen));
            relations
                .chain(estate.findings.iter().map(|it| (it.id, &it.seen)))
                .collect()
        });
        let seen = all.get(&id);
        FactReport {
            id: Some(id.to_string()),
            observed: seen.map(|seen| seen.last),
            observed_at: seen.map(|seen| seen.last.to_string()),
            files: seen.map(|seen| self.files(seen)).unwrap_or_default(),
            ..fact
        }
    }

    pub fn summary(&self) -> Summary {
        let analysis = &self.generation.analysis;
        let ends: BTreeSet<_> = analysis.paths.iter().map(|path| path.target).collect();
        let starts: BTreeSet<_> = analysis.paths.iter().map(|path| path.entry).collect();
        let reached = |is_plane: bool| {
            let targets = self
                .generation
                .targets
                .iter()
                .filter(move |it| it.criticality.is_none() == is_plane);
            Reached {
                total: targets.clone().count() as u64,
                reached: targets.filter(|it| ends.contains(&it.id)).count() as u64,
            }
        };
        let basis = |basis: Basis| {
            let entries: BTreeSet<_> = self
                .generation
                .entries
                .iter()
                .filter(|it| it.basis == basis)
                .map(|it| it.id)
                .collect();
            BasisSummary {
                basis: basis.as_str().to_owned(),
                entry_points: entries.len() as u64,
                with_paths: entries.intersection(&starts).count() as u64,
                paths: analysis
                    .paths
                    .iter()
                    .filter(|path| entries.contains(&path.entry))
                    .count() as u64,
            }
        };
        Summary {
            control_planes: reached(true),
            critical_assets: reached(false),
            entry_points: [Basis::Observed, Basis::Inferred, Basis::Assumed].map(basis).to_vec(),
            paths: analysis.paths.len() as u64,
            scenarios: analysis.scenarios.len() as u64,
            exposed_critical_assets: analysis.exposed_critical.len() as u64,
        }
    }

    /// What was not looked at, with all techniques that wanted it.
    pub fn gaps(&self) -> Vec<GapReport> {
        let mut reports: Vec<GapReport> = Vec::new();
        for gap in &self.generation.derived.gaps {
            let technique = gap.technique.as_str().to_owned();
            let known = reports
                .iter_mut()
                .find(|it| it.boundary == gap.boundary && it.input == gap.input);
            match known {
                Some(known) => known.techniques.push(technique),
                None => reports.push(GapReport {
                    boundary: gap.boundary.clone(),
                    boundary_name: self.boundary_name(&gap.boundary),
                    input: gap.input.clone(),
                    answered: gap.answered,
                    total: gap.total,
                    reason: gap.reason.clone(),
                    techniques: vec![technique],
                }),
            }
        }
        // What was never read of any domain stands last.
        let key = |it: &GapReport| (it.boundary.is_empty(), it.boundary_name.clone(), it.input.clone());
        reports.sort_by_key(key);
        reports
    }

    /// Name of a domain or site; empty for none.
    pub fn boundary_name(&self, boundary: &str) -> String {
        let estate = &self.generation.estate;
        let known = estate
            .coverage
            .iter()
            .find(|it| it.boundary == boundary)
            .map(|it| it.name.as_str());
        let known = known.filter(|name| *name != boundary);
        let asset = || estate.find(boundary).map(|index| estate.node(index).name.as_str());
        known.or_else(asset).unwrap_or(boundary).to_owned()
    }

    /// What the catalog calls a class of entry points.
    pub fn entry_class_title(&self, class: &str) -> String {
        let rule = self.catalog.entry_points.iter().find(|rule| rule.class == class);
        rule.map_or_else(|| class.replace('-', " "), |rule| rule.title.clone())
    }

    /// Whether anything could tell that an entry point is exposed to the Internet.
    pub fn sees_the_internet(&self) -> bool {
        self.generation
            .estate
            .nodes
            .iter()
            .any(|node| node.kind == NodeKind::Internet)
    }

    /// Why there are no attack paths: one sentence for each reason. Empty where there are some.
    pub fn why_no_paths(&self) -> Vec<String> {
        if !self.generation.analysis.paths.is_empty() {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        if self.generation.targets.is_empty() {
            reasons.push(
                "There is no target: no directory was imported whose control plane could be told, and no asset was \
                 set critical by hand (`postern critical set`)."
                    .to_owned(),
            );
        }
        if self.generation.entries.is_empty() {
            reasons.push(
                "There is no entry point: nothing exploitable was seen exposed to the Internet, no account can be \
                 roasted, and no domain was collected with the groups or sessions that assumed entry points stand on."
                    .to_owned(),
            );
        }
        if reasons.is_empty() {
            let (entries, targets) = (
                self.generation.entries.len() as u64,
                self.generation.targets.len() as u64,
            );
            reasons.push(format!(
                "None of {} is connected to any of {} by steps that cost {} or less in total.",
                counted(entries, "entry point", "entry points"),
                counted(targets, "target", "targets"),
                self.generation.settings().path_cost_max,
            ));
        }
        reasons
    }
}

/// The digits of an id that text shows.
pub fn short(id: &str) -> &str {
    id.get(..ID_DIGITS_SHOWN).unwrap_or(id)
}

impl Summary {
    pub fn basis(&self, basis: Basis) -> Option<&BasisSummary> {
        self.entry_points.iter().find(|it| it.basis == basis.as_str())
    }

    /// What one reads first: what can be reached, from where, in how many ways.
    pub fn headline(&self) -> String {
        let mut ends = Vec::new();
        if self.control_planes.total > 0 {
            ends.push(of(self.control_planes, "control plane", "control planes"));
        }
        if self.critical_assets.total > 0 {
            ends.push(of(self.critical_assets, "critical asset", "critical assets"));
        }
        let begun: Vec<_> = self.entry_points.iter().filter(|it| it.with_paths > 0).collect();
        let starts: Vec<_> = begun
            .iter()
            .map(|it| format!("{} {}", count(it.with_paths), it.basis))
            .collect();
        let many_starts = begun.iter().map(|it| it.with_paths).sum::<u64>() > 1;
        // Assumed ones are never added to observed ones.
        let apart: Vec<_> = begun
            .iter()
            .map(|it| format!("{} {}", count(it.paths), it.basis))
            .collect();
        let apart = if begun.len() > 1 {
            format!(" ({})", apart.join(", "))
        } else {
            String::new()
        };
        match (ends.is_empty(), starts.is_empty()) {
            (true, _) => "There is nothing to protect yet: no control plane and no critical asset is known".to_owned(),
            (false, true) => format!("{} can be reached; 0 attack paths", joined(&ends)),
            (false, false) => format!(
                "{} can be reached, from {} {}; {}{apart} in {}",
                joined(&ends),
                joined(&starts),
                if many_starts { "entry points" } else { "entry point" },
                counted(self.paths, "attack path", "attack paths"),
                counted(self.scenarios, "scenario", "scenarios"),
            ),
        }
    }
}

/// `2 of 3 control planes`.
fn of(reached: Reached, one: &str, many: &str) -> String {
    format!("{} of {}", count(reached.reached), counted(reached.total, one, many))
}

/// A path with its steps, as people read it.
pub fn path_text(page: &mut Page, number: usize, path: &PathReport) {
    let marker = format!("{number}. ");
    let indent = 3;
    page.hanging(
        0,
        indent,
        Line::new()
            .dim(marker)
            .bold(&path.entry_name)
            .plain(" → ")
            .bold(&path.target_name),
    );
    let mut facts = Line::new();
    if let Some(risk) = &path.risk {
        facts = facts.risk(risk).plain(" risk, ");
    }
    facts = facts.plain(format!("{}, {}", path.grade, counted(path.hops, "step", "steps")));
    if let Some(basis) = &path.basis {
        facts = facts.plain(format!(", {basis} entry point"));
    }
    if let Some(status) = &path.status {
        facts = facts.plain(format!(", {status}"));
    }
    page.line(indent, facts);
    for step in &path.steps {
        step_text(page, indent, step);
    }
    if let Some(crossing) = &path.crossing {
        let line = Line::new().plain("Inside the control plane: ").plain(&crossing.name);
        page.hanging(indent, indent + 4, line.dim(format!(" ({})", crossing.reason)));
    }
    if let Some(fix) = &path.fix {
        let line = Line::new()
            .good("Fix: ")
            .plain(&fix.title)
            .dim(format!(" ({})", fix.owner))
            .plain(". ");
        page.hanging(indent, indent + 5, line.plain(&fix.text));
    } else if !path.steps.is_empty() {
        page.line(indent, Line::new().dim("Fix: nobody can change a step of this route."));
    }
}

fn step_text(page: &mut Page, indent: usize, step: &StepReport) {
    // The reason that makes the step this cheap; JSON has the others too.
    let reason = step.evidence.first();
    if step.technique == RelationKind::AssumedFoothold.as_str() {
        let text = reason
            .and_then(|it| it.facts.first())
            .map_or(step.explanation.as_str(), |fact| fact.text.as_str());
        page.hanging(
            indent,
            indent + 4,
            Line::new().plain("Starting point: ").plain(text).plain("."),
        );
        return;
    }
    let head = Line::new()
        .plain("• ")
        .plain(&step.source_name)
        .dim(" —")
        .bold(&step.technique)
        .dim("→ ")
        .plain(&step.target_name)
        .dim(format!(
            "  {}{}  {}",
            step.grade,
            if step.is_assumed { ", assumed" } else { "" },
            short(&step.id)
        ));
    page.hanging(indent, indent + 4, head);
    page.line(indent + 4, step.explanation.as_str());
    if let Some(reason) = reason {
        because_text(page, indent + 4, reason);
    }
}

/// The facts behind a step, save a single relation, which the explanation has told already; then who saw them.
fn because_text(page: &mut Page, indent: usize, reason: &DerivationReport) {
    let facts = &reason.facts;
    if !matches!(facts.as_slice(), [only] if only.fact == "relation") {
        let told: Vec<_> = facts
            .iter()
            .take(FACTS_SHOWN_MAX)
            .map(|fact| fact.text.as_str())
            .collect();
        let more = match facts.len() - told.len() {
            0 => String::new(),
            more => format!("; {more} more with --json"),
        };
        page.hanging(
            indent,
            indent + 2,
            Line::new().dim(format!("Because {}{more}.", told.join("; "))),
        );
    }
    let Some(last) = facts.iter().filter_map(|fact| fact.observed).min() else {
        return;
    };
    let mut files: Vec<&str> = facts
        .iter()
        .flat_map(|fact| &fact.files)
        .map(|file| base_name(file))
        .collect();
    files.sort_unstable();
    files.dedup();
    let more = match files.len().saturating_sub(FILES_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    files.truncate(FILES_SHOWN_MAX);
    page.hanging(
        indent,
        indent + 2,
        Line::new().dim(format!("Seen {} in {}{more}.", time(last), files.join(", "))),
    );
}

/// The file's own name, without folders and archive.
fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\', '!']).next().unwrap_or(path)
}

/// What was not looked at, as people read it; at most `limit` lines.
pub fn gaps_text(page: &mut Page, gaps: &[GapReport], limit: usize) {
    for gap in gaps.iter().take(limit) {
        let place = match gap.boundary_name.as_str() {
            "" => String::new(),
            name => format!("{name}: "),
        };
        let line = Line::new()
            .plain(place)
            .plain(&gap.reason)
            .dim(format!(" ({})", gap.techniques.join(", ")));
        page.hanging(2, 4, line);
    }
    if gaps.len() > limit {
        let more = counted((gaps.len() - limit) as u64, "more gap", "more gaps");
        page.line(
            2,
            Line::new().dim(format!("and {more}; `postern status` lists them all")),
        );
    }
}
