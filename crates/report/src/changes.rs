//! What is different from the generation before.

use std::collections::{BTreeSet, HashMap, HashSet};

use postern_attack::{Path, Step};
use postern_engine::{Inputs, Previous};
use postern_ledger::{Decision, DecisionKind};
use postern_model::{EdgeId, NodeId, Risk};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::{base_name, counted, grade, imported_name, joined, time};
use crate::{PlaceReport, Reports, step_name};

/// What is different from the generation before.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ChangesReport {
    pub generation: i64,
    /// The generation that this one is compared with; null for the first one.
    pub previous: Option<i64>,
    pub counts: ChangeCounts,
    /// Targets that an entry point reaches now, and none did before.
    pub targets_reached: Vec<PlaceReport>,
    /// Targets that some entry point reached, and none does any more.
    pub targets_freed: Vec<PlaceReport>,
    /// Paths that came, went or take another route, the worst first; at most 200.
    pub items: Vec<PathEvent>,
    /// How many there are in all.
    pub total: u64,
    /// Sentences: which sources, decisions, settings or rules are different.
    pub inputs: Vec<String>,
}

/// Attack paths by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct ChangeCounts {
    /// Were never there before.
    pub new: u64,
    /// Were gone, and are back.
    pub reopened: u64,
    /// Are gone, and every fact that went was looked at again.
    pub resolved: u64,
    /// Are gone, but a fact was not looked at again, or something was decided at the same time.
    pub unconfirmed: u64,
    /// Are still there, by another route or at another cost.
    pub rerouted: u64,
}

/// What became of an attack path since the generation before.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathEvent {
    /// Id of the attack path.
    pub path: String,
    pub entry: String,
    pub entry_name: String,
    pub target: String,
    pub target_name: String,
    /// `new`, `reopened`, `resolved`, `unconfirmed` or `rerouted`.
    pub status: String,
    /// As it is now; of a path that is gone, as it was.
    pub risk: Option<String>,
    /// Sentences: why.
    pub reason: String,
}

/// More than these are counted and not listed.
pub const EVENTS_MAX: usize = 200;
/// Steps told for a path that is new; more tell nothing more.
const STEPS_TOLD_MAX: usize = 3;
/// Files and decisions named one by one.
const INPUTS_TOLD_MAX: usize = 5;

/// What a comparison with the generation before has found.
pub struct Comparison {
    counts: ChangeCounts,
    reached: Vec<NodeId>,
    freed: Vec<NodeId>,
    /// The worst first.
    events: Vec<Event>,
    inputs: Vec<String>,
}

#[derive(Clone, Copy)]
struct Event {
    what: What,
    path: EdgeId,
    risk: Risk,
    cost: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    New,
    Reopened,
    Rerouted,
    Unconfirmed,
    Resolved,
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Reopened => "reopened",
            Self::Rerouted => "rerouted",
            Self::Unconfirmed => "unconfirmed",
            Self::Resolved => "resolved",
        }
    }
}

impl Comparison {
    pub fn new(reports: &Reports) -> Self {
        let generation = &reports.generation;
        let paths = &generation.analysis.paths;
        let before = reports.previous.as_ref();
        let paths_before = before.map_or(&[][..], |it| &it.paths);
        let known: HashMap<EdgeId, &Path> = paths_before.iter().map(|path| (path.id, path)).collect();
        let left: HashSet<EdgeId> = paths.iter().map(|path| path.id).collect();
        let event = |what: What, path: &Path| Event {
            what,
            path: path.id,
            risk: path.risk,
            cost: path.cost,
        };
        let mut events = Vec::new();
        for path in paths {
            let what = match (reports.status_of(path), known.get(&path.id)) {
                ("new", _) => What::New,
                ("reopened", _) => What::Reopened,
                (_, Some(before)) if (before.cost, &before.route) != (path.cost, &path.route) => What::Rerouted,
                _ => continue,
            };
            events.push(event(what, path));
        }
        for path in paths_before.iter().filter(|path| !left.contains(&path.id)) {
            let what = match generation.status.get(&path.id.0).map(String::as_str) {
                Some("resolved") => What::Resolved,
                _ => What::Unconfirmed,
            };
            events.push(event(what, path));
        }
        events.sort_by_key(|it| (it.risk, it.what, it.cost, it.path));
        let count = |what: What| events.iter().filter(|it| it.what == what).count() as u64;
        let ends = |paths: &[Path]| -> BTreeSet<NodeId> { paths.iter().map(|path| path.target).collect() };
        let (then, now) = (ends(paths_before), ends(paths));
        Self {
            counts: ChangeCounts {
                new: count(What::New),
                reopened: count(What::Reopened),
                resolved: count(What::Resolved),
                unconfirmed: count(What::Unconfirmed),
                rerouted: count(What::Rerouted),
            },
            reached: now.difference(&then).copied().collect(),
            freed: then.difference(&now).copied().collect(),
            events,
            inputs: before.map(|before| reports.inputs_changed(before)).unwrap_or_default(),
        }
    }
}

impl Reports {
    /// What is different from the generation before: the worst `limit` paths, and everything else.
    pub fn changes(&self, limit: usize) -> ChangesReport {
        let found = self.changes_found();
        let places = |ids: &[NodeId]| {
            let mut places: Vec<_> = ids.iter().map(|&id| self.place_now_or_before(id)).collect();
            places.sort_by_cached_key(PlaceReport::order);
            places
        };
        let events = found.events.iter().take(limit.min(EVENTS_MAX));
        ChangesReport {
            generation: self.generation.record.number,
            previous: self.previous.as_ref().map(|before| before.record.number),
            counts: found.counts,
            targets_reached: places(&found.reached),
            targets_freed: places(&found.freed),
            items: events.filter_map(|it| self.path_event(*it)).collect(),
            total: found.events.len() as u64,
            inputs: found.inputs.clone(),
        }
    }

    fn path_event(&self, event: Event) -> Option<PathEvent> {
        let now = self.find_path(&event.path.to_string()).ok();
        let path = now.or_else(|| self.path_before(event.path))?;
        let (entry, target) = (
            self.place_now_or_before(path.entry),
            self.place_now_or_before(path.target),
        );
        let reason = match now {
            Some(path) => self.why_changed(path).join(" "),
            None => self
                .generation
                .closed_because
                .get(&event.path.0)
                .map_or_else(String::new, |reason| sentence_of(reason)),
        };
        Some(PathEvent {
            path: event.path.to_string(),
            entry: entry.id,
            entry_name: entry.name,
            target: target.id,
            target_name: target.name,
            status: event.what.as_str().to_owned(),
            risk: Some(event.risk.as_str().to_owned()),
            reason,
        })
    }

    fn path_before(&self, id: EdgeId) -> Option<&Path> {
        self.previous.as_ref()?.paths.iter().find(|path| path.id == id)
    }

    /// A place of this generation; else an entry point or target of the one before.
    fn place_now_or_before(&self, id: NodeId) -> PlaceReport {
        let place = self.place(id);
        let Some(before) = self.previous.as_ref().filter(|_| place.name == id.to_string()) else {
            return place;
        };
        let entry = before
            .entries
            .iter()
            .find(|it| it.id == id)
            .map(|it| (&it.key, &it.name));
        let target = before
            .targets
            .iter()
            .find(|it| it.id == id)
            .map(|it| (&it.key, &it.name));
        match entry.or(target) {
            Some((key, name)) => PlaceReport {
                id: key.to_string(),
                name: name.to_string(),
                ..place
            },
            None => place,
        }
    }

    /// Sentences: what of a path is not as it was in the generation before. Empty where all of it is.
    pub(crate) fn why_changed(&self, path: &Path) -> Vec<String> {
        let Some(before) = &self.previous else {
            return Vec::new();
        };
        let is_back = match (self.status_of(path), self.path_before(path.id)) {
            ("new", _) => false,
            ("reopened", _) => true,
            (_, Some(old)) if (old.cost, &old.route) != (path.cost, &path.route) => {
                return self.why_rerouted(before, old, path);
            }
            _ => return Vec::new(),
        };
        let mut sentences = self.new_steps(before, path);
        if before.entries.iter().all(|it| it.id != path.entry) {
            sentences.push(format!(
                "{} was no entry point before.",
                self.generation.name_of(path.entry)
            ));
        }
        if before.targets.iter().all(|it| it.id != path.target) {
            sentences.push(format!(
                "{} was no target before.",
                self.generation.name_of(path.target)
            ));
        }
        if sentences.is_empty() {
            sentences.push("Every step of its route was there before: the rules or settings have changed.".to_owned());
        }
        if is_back {
            sentences.insert(0, "It was gone, and is back.".to_owned());
        }
        sentences
    }

    fn why_rerouted(&self, before: &Previous, old: &Path, path: &Path) -> Vec<String> {
        let mut sentences = self.new_steps(before, path);
        let gone = old
            .route
            .iter()
            .filter(|&&step| self.generation.derived.step(step).is_none())
            .count() as u64;
        if gone > 0 {
            let steps = counted(gone, "step", "steps");
            sentences.push(format!(
                "{steps} of its route before {} gone.",
                if gone == 1 { "is" } else { "are" }
            ));
        }
        let (then, now) = (grade(old.cost).as_str(), grade(path.cost).as_str());
        sentences.push(match then == now {
            true => format!("It is {now} as before, by another route."),
            false => format!("It is {now} now, and was {then}."),
        });
        sentences
    }

    /// A sentence for each step of a route that was not there before.
    fn new_steps(&self, before: &Previous, path: &Path) -> Vec<String> {
        let new: Vec<&Step> = self
            .steps_of(path)
            .filter(|step| !before.known_steps.contains(&step.id))
            .collect();
        let mut sentences: Vec<_> = new
            .iter()
            .take(STEPS_TOLD_MAX)
            .map(|step| self.new_step(step))
            .collect();
        if new.len() > STEPS_TOLD_MAX {
            let more = counted((new.len() - STEPS_TOLD_MAX) as u64, "more step", "more steps");
            sentences.push(format!("And {more} of its route."));
        }
        sentences
    }

    fn new_step(&self, step: &Step) -> String {
        let report = self.step(step);
        let name = step_name(&report);
        let facts = report.evidence.first().map_or(&[][..], |it| &it.facts);
        let Some(seen) = facts.iter().filter_map(|it| it.observed).max() else {
            return format!("{name} was not there before.");
        };
        let mut files: Vec<String> = facts
            .iter()
            .filter(|it| it.observed == Some(seen))
            .flat_map(|it| it.files.iter().map(|file| base_name(file).to_owned()))
            .collect();
        files.sort_unstable();
        files.dedup();
        files.truncate(STEPS_TOLD_MAX);
        let files = match files.is_empty() {
            true => String::new(),
            false => format!(" in {}", joined(&files)),
        };
        format!("{name} was not there before: seen {}{files}.", time(seen))
    }

    /// Sentences: what this generation is made of that the one before was not, and the other way round.
    fn inputs_changed(&self, before: &Previous) -> Vec<String> {
        let now = &self.generation.inputs;
        let Some(then) = &before.inputs else {
            return vec!["The generation before was built by another version of Postern.".to_owned()];
        };
        let mut sentences = self.snapshots_changed(then, now);
        let decided = self
            .decisions
            .iter()
            .filter(|it| (then.decision_seq + 1..=now.decision_seq).contains(&it.seq));
        let decided: Vec<&Decision> = decided.collect();
        sentences.extend(decided.iter().take(INPUTS_TOLD_MAX).map(|it| self.decided(it)));
        if decided.len() > INPUTS_TOLD_MAX {
            let more = counted(
                (decided.len() - INPUTS_TOLD_MAX) as u64,
                "more decision was",
                "more decisions were",
            );
            sentences.push(format!("{more} taken."));
        }
        sentences.extend(self.settings_changed(then, now));
        if then.catalog != now.catalog {
            sentences.push("The catalog is another: techniques, rules or feeds have changed.".to_owned());
        }
        if then.engine_version != now.engine_version {
            sentences.push("The generation before was built by another version of Postern.".to_owned());
        }
        sentences
    }

    fn snapshots_changed(&self, then: &Inputs, now: &Inputs) -> Vec<String> {
        let missing = |from: &[String], in_: &[String]| -> Vec<String> {
            from.iter()
                .filter(|id| in_.binary_search(id).is_err())
                .cloned()
                .collect()
        };
        let (came, went) = (
            missing(&now.snapshots, &then.snapshots),
            missing(&then.snapshots, &now.snapshots),
        );
        let mut sentences = Vec::new();
        if !came.is_empty() {
            let files = came.iter().filter_map(|id| self.files.get(id));
            let mut names: Vec<_> = files.map(|it| imported_name(it).to_owned()).collect();
            names.sort_unstable();
            names.dedup();
            let more = names.len().saturating_sub(INPUTS_TOLD_MAX);
            names.truncate(INPUTS_TOLD_MAX);
            if more > 0 {
                names.push(format!("{more} more"));
            }
            let files = counted(came.len() as u64, "file was imported", "files were imported");
            sentences.push(match names.is_empty() {
                true => format!("{files}."),
                false => format!("{files}, from {}.", joined(&names)),
            });
        }
        if !went.is_empty() {
            let files = counted(went.len() as u64, "file was removed", "files were removed");
            sentences.push(format!("{files}."));
        }
        sentences
    }

    fn decided(&self, decision: &Decision) -> String {
        let id = &decision.subject.value;
        let estate = &self.generation.estate;
        let name = estate
            .find(id)
            .map_or_else(|| id.to_string(), |index| estate.node(index).name.to_string());
        let value = decision.value.as_ref();
        let what = match (decision.kind, value.and_then(|value| value.as_str())) {
            (DecisionKind::Criticality, Some(level)) => format!("The criticality of {name} was set to {level}"),
            (DecisionKind::Criticality, None) => format!("The criticality of {name} was left to the rules"),
            (DecisionKind::Unmerge, _) if value.is_some() => format!("{name} was taken out of its asset"),
            (DecisionKind::Unmerge, _) => format!("{name} may be merged again"),
            (DecisionKind::Rule, _) => match value.and_then(|value| value.as_bool()) {
                Some(true) => format!("The rule {name} was switched on"),
                Some(false) => format!("The rule {name} was switched off"),
                None => format!("The rule {name} was left to the catalog"),
            },
        };
        format!("{what} by {}.", decision.author)
    }

    fn settings_changed(&self, then: &Inputs, now: &Inputs) -> Vec<String> {
        let fields = |inputs: &Inputs| serde_json::to_value(&inputs.settings).unwrap_or_default();
        let (then, now) = (fields(then), fields(now));
        let settings = self.catalog.settings.iter();
        settings
            .filter(|setting| then[&setting.id] != now[&setting.id])
            .map(|setting| {
                let (id, now, then) = (&setting.id, &now[&setting.id], &then[&setting.id]);
                format!("The setting {id} is {now}, and was {then}.")
            })
            .collect()
    }
}

/// A stored reason as a sentence.
fn sentence_of(reason: &str) -> String {
    let mut letters = reason.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}
