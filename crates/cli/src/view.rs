//! A generation's things as a command shows them: names beside ids, grades beside costs, reasons beside steps.
//!
//! Start at [`View`]. The types here are parts of several commands' JSON; what they promise is in `docs/schemas/`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use anyhow::{Result, bail};
use jiff::Timestamp;
use postern_attack::{Derivation, Entry, Fact, Path, Step, Target, can_go};
use postern_catalog::{Basis, Catalog, Remediation};
use postern_engine::{Engine, Generation};
use postern_model::estate::{NodeIndex, Seen};
use postern_model::{EdgeId, Facet, NodeId, NodeKind, RelationKind};
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::text::{count, counted, grade, joined, time};
use crate::output::{Line, Page};

/// So many digits of an id are shown in text, and are enough to name a step of any estate one looks at by eye.
const ID_DIGITS_SHOWN: usize = 10;
/// Facts told for a step in text; JSON has all.
const FACTS_SHOWN_MAX: usize = 4;
/// Techniques named for a gap in text; JSON has all.
const TECHNIQUES_SHOWN_MAX: usize = 6;
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

impl PlaceReport {
    /// By name, as one looks things up.
    pub fn order(&self) -> impl Ord + use<> {
        (self.name.clone(), self.id.clone())
    }
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
    /// How likely an attacker gets to the entry point; no part of the cost. Null where the entry is no entry point.
    pub entry_grade: Option<String>,
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
            entry_grade: self.entry(entry).map(|it| it.grade.as_str().to_owned()),
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
        if !can_go(&self.generation.world(self.catalog), step) {
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
                "There is no entry point: nothing exploitable was seen exposed to the Internet, no account in use was \
                 seen whose password could be guessed offline, and no domain was collected with the groups or \
                 sessions that assumed entry points stand on."
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
        reasons.extend(self.entries_switched_off());
        reasons
    }

    /// The assumed entry points that a setting leaves out; `None` where there are all of them.
    fn entries_switched_off(&self) -> Option<String> {
        let settings = self.generation.settings();
        match (settings.user_entries, settings.workstation_entries) {
            (true, true) => None,
            (false, true) => Some("The setting user-entries is off.".to_owned()),
            (true, false) => Some("The setting workstation-entries is off.".to_owned()),
            (false, false) => Some("The settings user-entries and workstation-entries are off.".to_owned()),
        }
    }

    /// A place where an attacker can begin.
    ///
    /// # Errors
    /// A sentence for a control plane: it is many assets, of which one is enough.
    pub fn start(&self, id: NodeId) -> Result<NodeId> {
        let Some(plane) = self.target(id).filter(|_| self.generation.estate.by_id(id).is_none()) else {
            return Ok(id);
        };
        let mut names: Vec<_> = plane
            .members
            .iter()
            .map(|&member| self.generation.name_of(member))
            .collect();
        names.sort_unstable();
        let example = names
            .first()
            .map(|name| format!(", such as {name}"))
            .unwrap_or_default();
        bail!(
            "{} is {}, and who holds one of them holds it all; name one{example}",
            plane.name,
            counted(names.len() as u64, "asset", "assets")
        )
    }

    /// A step or relation as `A —technique→ B`, a finding as `title on A`; its id where the generation has none such.
    pub fn edge_name(&self, id: EdgeId) -> String {
        let estate = &self.generation.estate;
        let name = |index: NodeIndex| estate.node(index).name.as_str();
        if let Some(step) = self.generation.derived.step(id) {
            let (source, target) = self.ends(step);
            return format!("{source} —{}→ {target}", step.technique);
        }
        if let Some(it) = estate.relations.iter().find(|it| it.id == id) {
            return format!("{} —{}→ {}", name(it.source), it.kind, name(it.target));
        }
        match estate.findings.iter().find(|it| it.id == id) {
            Some(it) => format!("{} on {}", it.title, name(it.node)),
            None => id.to_string(),
        }
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
        fix_text(page, indent, fix);
    } else if !path.steps.is_empty() {
        page.line(indent, Line::new().dim("Fix: nobody can change a step of this route."));
    }
}

/// What to do, in full.
pub fn fix_text(page: &mut Page, indent: usize, fix: &FixReport) {
    page.hanging(indent, indent + 5, fix_title(fix).plain(" ").plain(&fix.text));
}

/// What to do, in a few words, and who does it.
pub fn fix_title(fix: &FixReport) -> Line {
    Line::new()
        .good("Fix: ")
        .plain(&fix.title)
        .dim(format!(" ({})", fix.owner))
        .plain(".")
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

/// What was not looked at, as people read it; at most `limit` lines. What was never imported of a class of objects is
/// one line.
pub fn gaps_text(page: &mut Page, gaps: &[GapReport], limit: usize) {
    let lines = gap_lines(gaps);
    for (text, techniques) in lines.iter().take(limit) {
        let shown: Vec<&str> = techniques.iter().take(TECHNIQUES_SHOWN_MAX).copied().collect();
        let more = match techniques.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let line = Line::new().plain(text).dim(format!(" ({}{more})", shown.join(", ")));
        page.hanging(2, 4, line);
    }
    if lines.len() > limit {
        let more = counted((lines.len() - limit) as u64, "more gap", "more gaps");
        page.line(
            2,
            Line::new().dim(format!("and {more}; `postern status` lists them all")),
        );
    }
}

fn gap_lines(gaps: &[GapReport]) -> Vec<(String, Vec<&str>)> {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    let is_seen = |gap: &&GapReport| !gap.boundary.is_empty();
    for gap in gaps.iter().filter(is_seen) {
        let text = format!("{}: {}", gap.boundary_name, gap.reason);
        lines.push((text, gap.techniques.iter().map(String::as_str).collect()));
    }
    let mut never: BTreeMap<&str, (Vec<String>, BTreeSet<&str>)> = BTreeMap::new();
    for gap in gaps.iter().filter(|gap| !is_seen(gap)) {
        let (class, facet) = gap.input.split_once(": ").unwrap_or((&gap.input, "all"));
        let (facets, techniques) = never.entry(class).or_default();
        facets.push(facet.to_owned());
        techniques.extend(gap.techniques.iter().map(String::as_str));
    }
    for (class, (facets, techniques)) in never {
        let text = format!("{} of {class}: no source was imported", joined(&facets));
        lines.push((text, techniques.into_iter().collect()));
    }
    lines
}

/// `34 computers, 2 users`, the most frequent kind first.
pub fn kinds_text(by_kind: &BTreeMap<String, u64>) -> String {
    let mut kinds: Vec<_> = by_kind.iter().collect();
    kinds.sort_by_key(|&(kind, &number)| (Reverse(number), kind));
    let kinds: Vec<_> = kinds
        .into_iter()
        .map(|(kind, &number)| {
            let (one, many) = kind_words(kind);
            counted(number, one, many)
        })
        .collect();
    kinds.join(", ")
}

/// What people call one asset of a kind.
pub fn kind_word(kind: &str) -> &str {
    kind_words(kind).0
}

/// One and many of a kind, as people call them.
fn kind_words(kind: &str) -> (&str, &str) {
    match NodeKind::parse(kind) {
        Some(NodeKind::Base) => ("object of unknown kind", "objects of unknown kind"),
        Some(NodeKind::User) => ("user", "users"),
        Some(NodeKind::Computer) => ("computer", "computers"),
        Some(NodeKind::Group) => ("group", "groups"),
        Some(NodeKind::Gpo) => ("group policy", "group policies"),
        Some(NodeKind::Ou) => ("organisational unit", "organisational units"),
        Some(NodeKind::Container) => ("container", "containers"),
        Some(NodeKind::Domain) => ("domain", "domains"),
        Some(NodeKind::LocalGroup) => ("local group", "local groups"),
        Some(NodeKind::LocalUser) => ("local user", "local users"),
        Some(NodeKind::AiaCa) => ("AIA CA", "AIA CAs"),
        Some(NodeKind::RootCa) => ("root CA", "root CAs"),
        Some(NodeKind::EnterpriseCa) => ("enterprise CA", "enterprise CAs"),
        Some(NodeKind::NtAuthStore) => ("NTAuth store", "NTAuth stores"),
        Some(NodeKind::CertTemplate) => ("certificate template", "certificate templates"),
        Some(NodeKind::IssuancePolicy) => ("issuance policy", "issuance policies"),
        Some(NodeKind::Host) => ("host", "hosts"),
        Some(NodeKind::NetworkSegment) => ("network segment", "network segments"),
        Some(NodeKind::Internet) => ("Internet", "Internets"),
        Some(NodeKind::EntryPoint) => ("entry point", "entry points"),
        Some(NodeKind::ControlPlane) => ("control plane", "control planes"),
        None => (kind, kind),
    }
}

/// Facets as people read them: the plugin families of a scanner are counted.
pub fn facets_text<'f>(facets: impl IntoIterator<Item = &'f Facet>) -> Vec<String> {
    let mut texts = Vec::new();
    let mut families: BTreeMap<bool, u64> = BTreeMap::new();
    for facet in facets {
        match facet {
            Facet::Plugins { credentialed, .. } => *families.entry(*credentialed).or_default() += 1,
            other => texts.push(other.to_string()),
        }
    }
    texts.extend(families.into_iter().map(|(is_credentialed, number)| {
        let families = counted(number, "plugin family", "plugin families");
        let not = if is_credentialed { "" } else { "not " };
        format!("{families} ({not}credentialed)")
    }));
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(boundary: &str, input: &str, techniques: &[&str]) -> GapReport {
        GapReport {
            boundary: boundary.to_owned(),
            boundary_name: boundary.to_owned(),
            input: input.to_owned(),
            answered: 0,
            total: 0,
            reason: "sessions: 2 of 21 computers answered".to_owned(),
            techniques: techniques.iter().map(|&it| it.to_owned()).collect(),
        }
    }

    #[test]
    fn what_was_never_imported_of_a_class_is_one_line_and_names_each_technique_once() {
        let gaps = [
            gap("S-1-5-21-1", "computers: sessions", &["HasSession"]),
            gap("", "users: members", &["MemberOf"]),
            gap("", "users: properties", &["CoerceToTGT", "MemberOf"]),
        ];
        assert_eq!(
            gap_lines(&gaps),
            [
                (
                    "S-1-5-21-1: sessions: 2 of 21 computers answered".to_owned(),
                    vec!["HasSession"]
                ),
                (
                    "members and properties of users: no source was imported".to_owned(),
                    vec!["CoerceToTGT", "MemberOf"]
                ),
            ]
        );
    }

    #[test]
    fn kinds_are_told_in_words_the_most_frequent_first() {
        let kinds = [("User", 1), ("GPO", 2), ("Computer", 1_200)];
        let by_kind = kinds.map(|(kind, number)| (kind.to_owned(), number)).into();
        assert_eq!(kinds_text(&by_kind), "1,200 computers, 2 group policies, 1 user");
    }

    #[test]
    fn plugin_families_are_counted_with_and_without_credentials_apart() {
        let family = |name: &str, credentialed| Facet::Plugins {
            family: name.to_owned(),
            credentialed,
        };
        let facets = [
            Facet::Ports,
            family("DNS", false),
            family("FTP", false),
            family("DNS", true),
        ];
        assert_eq!(
            facets_text(&facets),
            [
                "open ports",
                "2 plugin families (not credentialed)",
                "1 plugin family (credentialed)"
            ]
        );
    }
}
