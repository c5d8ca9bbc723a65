//! The list of attack paths, and one of them in full.

use std::cmp::Ordering;

use postern_attack::{Path, Step};
use postern_catalog::{Basis, Foothold};
use postern_model::{EdgeId, NodeId, RelationKind, Risk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::index::ById;
use crate::page::{Sort, Window, page, words};
use crate::words::grade;
use crate::{PathReport, PlaceReport, ReportError, Reports, Result, StepReport};

pub(crate) const BASES: [&str; 3] = [
    Basis::Observed.as_str(),
    Basis::Inferred.as_str(),
    Basis::Assumed.as_str(),
];
const RISKS: [&str; 4] = [
    Risk::Critical.as_str(),
    Risk::High.as_str(),
    Risk::Medium.as_str(),
    Risk::Low.as_str(),
];
const STATUSES: [&str; 3] = ["new", "active", "reopened"];
const SORTS: [&str; 6] = ["risk", "cost", "hops", "entry", "target", "status"];

/// An attack path in one line.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathRow {
    pub id: String,
    /// Id of the entry point.
    pub entry: String,
    pub entry_name: String,
    /// Kind of the asset; `EntryPoint` for one that stands for many.
    pub entry_kind: String,
    /// Class of the entry point, as the catalog calls it.
    pub entry_class: String,
    /// `observed`, `inferred` or `assumed`.
    pub basis: String,
    /// Id of the target.
    pub target: String,
    pub target_name: String,
    /// `control plane`, `very high` or `high`.
    pub target_class: String,
    /// Sum of the steps' costs.
    pub cost: u32,
    /// The cost in words.
    pub grade: String,
    /// Steps that an attacker takes; assuming a foothold is none.
    pub hops: u32,
    /// `critical`, `high`, `medium` or `low`.
    pub risk: String,
    /// `new`, `active` or `reopened`.
    pub status: String,
    /// Id of the scenario.
    pub scenario: String,
    pub scenario_title: String,
    /// Techniques of the route, each once, in the order of first use.
    pub techniques: Vec<String>,
    /// The member of a control plane at which the route arrives; null for other targets.
    pub crossing_name: Option<String>,
}

page! {
    /// Attack paths, the riskiest first.
    PathPage of PathRow
}

/// Which attack paths. Filters of several words, with commas between them, take any of them.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PathQuery {
    /// Id of a scenario.
    pub scenario: Option<String>,
    /// `observed`, `inferred`, `assumed`.
    pub basis: Option<String>,
    /// `critical`, `high`, `medium`, `low`.
    pub risk: Option<String>,
    /// `new`, `active`, `reopened`.
    pub status: Option<String>,
    /// Id of an entry point.
    pub entry: Option<String>,
    /// Id of a target.
    pub target: Option<String>,
    /// Id of an asset or step that the route passes; its ends count too.
    pub through: Option<String>,
    /// Name of a technique that the route uses.
    pub technique: Option<String>,
    /// A part of the name of an end.
    pub q: Option<String>,
    /// `risk`, `cost`, `hops`, `entry`, `target`, `status`; with `-` in front the greatest first.
    pub sort: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

/// An attack path in full.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathDetail {
    #[serde(flatten)]
    pub path: PathReport,
    /// Why an attacker may well be at the entry point.
    pub entry_reason: String,
    /// What sort of entry point it is.
    pub entry_class_title: String,
    /// Why the target must not be lost.
    pub target_reason: String,
    pub scenario_title: String,
    /// The entry, and each place that the route comes to, in its order.
    pub places: Vec<RoutePlace>,
    /// What of it is not as it was in the generation before; null where nothing is known to be.
    pub changed: Option<PathDifference>,
}

/// A place of a route, and how an attacker holds it there.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct RoutePlace {
    #[serde(flatten)]
    pub place: PlaceReport,
    /// `user` or `admin` for a device; `none` for anything else, which is held or not.
    pub foothold: String,
}

/// What of an attack path is new.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathDifference {
    /// Sentences.
    pub what: Vec<String>,
}

/// Paths by everything that one asks for them by.
pub struct PathIndex {
    by_id: ById,
    /// (asset, virtual vertex, target or step; path) for all that a path passes, its ends among it. Sorted.
    through: Vec<(u128, u32)>,
    /// Each path with each of its techniques, sorted. That of all extensions is named beside their own.
    techniques: Vec<(u32, RelationKind)>,
    /// By place among the entry points.
    pub by_entry: Vec<u32>,
    /// By place among the targets.
    pub by_target: Vec<u32>,
    pub risks: [u64; 4],
}

impl PathIndex {
    pub fn new(reports: &Reports) -> Self {
        let generation = &reports.generation;
        let paths = &generation.analysis.paths;
        let mut index = Self {
            by_id: ById::new(paths.iter().map(|path| path.id)),
            through: Vec::new(),
            techniques: Vec::new(),
            by_entry: vec![0; generation.entries.len()],
            by_target: vec![0; generation.targets.len()],
            risks: [0; 4],
        };
        for (number, path) in (0u32..).zip(paths) {
            let mut passed = vec![path.entry.0, path.target.0];
            for step in reports.steps_of(path) {
                passed.extend([step.id.0, step.source.0, step.target.0]);
                if is_taken(step) {
                    index.techniques.push((number, step.technique));
                    if matches!(step.technique, RelationKind::Other(_)) {
                        index.techniques.push((number, RelationKind::Extension));
                    }
                }
            }
            index.through.extend(passed.into_iter().map(|id| (id, number)));
            let entry = generation.entries.binary_search_by_key(&path.entry, |it| it.id);
            let target = generation.targets.binary_search_by_key(&path.target, |it| it.id);
            if let (Ok(entry), Ok(target)) = (entry, target) {
                index.by_entry[entry] += 1;
                index.by_target[target] += 1;
            }
            index.risks[path.risk as usize] += 1;
        }
        index.through.sort_unstable();
        index.through.dedup();
        index.techniques.sort_unstable();
        index.techniques.dedup();
        index
    }

    /// Places of the paths that pass, begin or end at an asset, virtual vertex, target or step.
    pub fn through(&self, id: u128) -> impl ExactSizeIterator<Item = u32> {
        let begin = self.through.partition_point(|(it, _)| *it < id);
        let end = self.through.partition_point(|(it, _)| *it <= id);
        self.through[begin..end].iter().map(|(_, path)| *path)
    }
}

/// Assuming a foothold is nothing that an attacker does.
fn is_taken(step: &Step) -> bool {
    step.technique != RelationKind::AssumedFoothold
}

impl Reports {
    /// The steps of a path's route.
    pub(crate) fn steps_of<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Step> {
        let derived = &self.generation.derived;
        path.route.iter().filter_map(|&step| derived.step(step))
    }

    /// What became of a path of this generation: `new`, `active` or `reopened`.
    pub(crate) fn status_of(&self, path: &Path) -> &str {
        self.generation.status.get(&path.id.0).map_or("", String::as_str)
    }

    /// An attack path of this generation.
    ///
    /// # Errors
    /// [`ReportError::PathGone`] for one of an earlier generation, [`ReportError::NoSuch`].
    pub fn find_path(&self, id: &str) -> Result<&Path> {
        let none = || ReportError::NoSuch {
            what: "attack path",
            id: id.to_owned(),
        };
        let wanted: EdgeId = id.parse().map_err(|_| none())?;
        let paths = &self.generation.analysis.paths;
        if let Some(at) = self.path_index().by_id.find(wanted, |row| paths[row].id) {
            return Ok(&paths[at]);
        }
        match self.generation.status.get(&wanted.0) {
            Some(status) => Err(ReportError::PathGone {
                id: id.to_owned(),
                status: status.clone(),
                reason: self
                    .generation
                    .closed_because
                    .get(&wanted.0)
                    .cloned()
                    .unwrap_or_default(),
            }),
            None => Err(none()),
        }
    }

    /// An attack path in full.
    ///
    /// # Errors
    /// As [`Self::find_path`].
    pub fn path_detail(&self, id: &str) -> Result<PathDetail> {
        let path = self.find_path(id)?;
        let entry = self.entry(path.entry);
        let what = self.why_changed(path);
        Ok(PathDetail {
            path: self.path(path),
            entry_reason: entry.map(|it| it.reason.to_string()).unwrap_or_default(),
            entry_class_title: entry.map(|it| self.entry_class_title(&it.class)).unwrap_or_default(),
            target_reason: self
                .target(path.target)
                .map(|it| it.reason.to_string())
                .unwrap_or_default(),
            scenario_title: self.scenario_title_of(path),
            places: self.places_of(path),
            changed: (!what.is_empty()).then_some(PathDifference { what }),
        })
    }

    fn places_of(&self, path: &Path) -> Vec<RoutePlace> {
        let foothold = self.entry(path.entry).map_or(Foothold::None, |it| it.foothold);
        let entry = RoutePlace {
            place: self.place(path.entry),
            foothold: foothold.as_str().to_owned(),
        };
        let others = self.steps_of(path).map(|step| {
            let is_device = self.kind_of(step.target).is_device();
            let foothold = if is_device { step.gives } else { Foothold::None };
            RoutePlace {
                place: self.place(step.target),
                foothold: foothold.as_str().to_owned(),
            }
        });
        std::iter::once(entry).chain(others).collect()
    }

    /// A step of this generation.
    ///
    /// # Errors
    /// [`ReportError::NoSuch`].
    pub fn find_step(&self, id: &str) -> Result<StepReport> {
        let step = id.parse().ok().and_then(|id| self.generation.derived.step(id));
        step.map(|step| self.step(step)).ok_or_else(|| ReportError::NoSuch {
            what: "step",
            id: id.to_owned(),
        })
    }

    /// What an id in a filter names: a place or a step.
    fn find_passed(&self, id: &str) -> Result<u128> {
        if let Ok(place) = self.find_place(id) {
            return Ok(place.0);
        }
        let step = id
            .parse()
            .ok()
            .filter(|&id: &EdgeId| self.generation.derived.step(id).is_some());
        step.map(|step| step.0).ok_or_else(|| ReportError::NoSuch {
            what: "asset or step",
            id: id.to_owned(),
        })
    }

    /// Attack paths that answer a question.
    ///
    /// # Errors
    /// [`ReportError::BadQuery`], and [`ReportError::NoSuch`] for an id of nothing.
    pub fn paths(&self, query: &PathQuery) -> Result<PathPage> {
        let window = Window::new(query.offset, query.limit)?;
        let sort = Sort::parse(query.sort.as_deref(), &SORTS)?;
        let found = self.paths_that(query)?;
        let mut found: Vec<&Path> = found
            .into_iter()
            .map(|at| &self.generation.analysis.paths[at as usize])
            .collect();
        if let Some(sort) = sort {
            self.sort_paths(&mut found, sort);
        }
        Ok(PathPage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            items: window.of(&found).iter().map(|path| self.path_row(path)).collect(),
        })
    }

    /// Places of the paths that answer a question, in the order in which paths are shown.
    pub(crate) fn paths_that(&self, query: &PathQuery) -> Result<Vec<u32>> {
        let index = self.path_index();
        let paths = &self.generation.analysis.paths;
        let bases = words("basis", query.basis.as_deref(), &BASES)?;
        let risks = words("risk", query.risk.as_deref(), &RISKS)?;
        let statuses = words("status", query.status.as_deref(), &STATUSES)?;
        let scenario = query.scenario.as_deref().filter(|id| !id.is_empty());
        let scenario = scenario.map(|id| self.find_scenario(id)).transpose()?.map(|it| it.id);
        let place = |id: &Option<String>| -> Result<Option<NodeId>> {
            let id = id.as_deref().filter(|id| !id.is_empty());
            id.map(|id| self.find_place(id)).transpose()
        };
        let (entry, target) = (place(&query.entry)?, place(&query.target)?);
        let technique = match query.technique.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Some(self.find_technique(id)?),
            None => None,
        };
        let passed = match query.through.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Some(self.find_passed(id)?),
            None => None,
        };
        let named = query.q.as_deref().and_then(part).map(|part| Named::new(self, &part));

        let is_wanted = |&at: &u32| {
            let path = &paths[at as usize];
            let basis = || self.entry(path.entry).map_or("", |it| it.basis.as_str());
            scenario.is_none_or(|id| path.scenario == id)
                && entry.is_none_or(|id| path.entry == id)
                && target.is_none_or(|id| path.target == id)
                && technique.is_none_or(|kind| index.techniques.binary_search(&(at, kind)).is_ok())
                && (risks.is_empty() || risks.contains(&path.risk.as_str()))
                && (statuses.is_empty() || statuses.contains(&self.status_of(path)))
                && (bases.is_empty() || bases.contains(&basis()))
                && named.as_ref().is_none_or(|it| it.is_end_of(path))
        };
        Ok(match passed {
            Some(id) => index.through(id).filter(is_wanted).collect(),
            None => (0..paths.len() as u32).filter(is_wanted).collect(),
        })
    }

    fn sort_paths(&self, paths: &mut [&Path], sort: Sort<'_>) {
        let name = |id: NodeId| self.generation.name_of(id).to_lowercase();
        let by = |key: fn(&Path) -> u32| move |a: &&Path, b: &&Path| sort.direct(key(a).cmp(&key(b)));
        match sort.field {
            "risk" => paths.sort_by(by(|path| path.risk as u32)),
            "cost" => paths.sort_by(by(|path| path.cost)),
            "hops" => paths.sort_by(by(|path| path.hops)),
            "status" => paths.sort_by(|a, b| sort.direct(self.status_of(a).cmp(self.status_of(b)))),
            field => {
                let end = |path: &Path| if field == "entry" { path.entry } else { path.target };
                let mut named: Vec<(String, &Path)> = paths.iter().map(|&path| (name(end(path)), path)).collect();
                named.sort_by(|(a, _), (b, _)| -> Ordering { sort.direct(a.cmp(b)) });
                for (place, (_, path)) in paths.iter_mut().zip(named) {
                    *place = path;
                }
            }
        }
    }

    pub(crate) fn path_row(&self, path: &Path) -> PathRow {
        let entry = self.entry(path.entry);
        let target = self.target(path.target);
        let begin = self.place(path.entry);
        let end = self.place(path.target);
        let mut techniques: Vec<String> = Vec::new();
        let mut last = None;
        for step in self.steps_of(path) {
            let technique = step.technique.as_str();
            if is_taken(step) && !techniques.iter().any(|it| it == technique) {
                techniques.push(technique.to_owned());
            }
            last = Some(step.target);
        }
        PathRow {
            id: path.id.to_string(),
            entry: begin.id,
            entry_name: begin.name,
            entry_kind: begin.kind,
            entry_class: entry.map(|it| it.class.to_string()).unwrap_or_default(),
            basis: entry.map(|it| it.basis.as_str().to_owned()).unwrap_or_default(),
            target: end.id,
            target_name: end.name,
            target_class: target.map(|it| it.class.as_str().to_owned()).unwrap_or_default(),
            cost: path.cost,
            grade: grade(path.cost).as_str().to_owned(),
            hops: path.hops,
            risk: path.risk.as_str().to_owned(),
            status: self.status_of(path).to_owned(),
            scenario: path.scenario.to_string(),
            scenario_title: self.scenario_title_of(path),
            techniques,
            crossing_name: last
                .filter(|&last| last != path.target)
                .map(|last| self.generation.name_of(last)),
        }
    }
}

/// What somebody typed, as texts are searched; `None` where it is nothing.
pub(crate) fn part(text: &str) -> Option<String> {
    let part = text.replace('\n', " ").trim().to_lowercase();
    (!part.is_empty()).then_some(part)
}

/// Ends of paths whose names hold a text.
struct Named {
    /// Sorted.
    ends: Vec<NodeId>,
}

impl Named {
    fn new(reports: &Reports, part: &str) -> Self {
        let generation = &reports.generation;
        let entries = generation.entries.iter().map(|it| (it.id, &*it.name, &*it.key));
        let targets = generation.targets.iter().map(|it| (it.id, &*it.name, &*it.key));
        let holds = |text: &str| text.to_lowercase().contains(part);
        let mut ends: Vec<_> = entries
            .chain(targets)
            .filter(|(_, name, key)| holds(name) || holds(key))
            .map(|(id, ..)| id)
            .collect();
        ends.sort_unstable();
        Self { ends }
    }

    fn is_end_of(&self, path: &Path) -> bool {
        [path.entry, path.target]
            .iter()
            .any(|end| self.ends.binary_search(end).is_ok())
    }
}
