//! Choke points: stretches of the routes that sever something, and the changes that do it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::{Sort, Window, page};
use crate::places::{Change, ChokePlaces, Extent, Place};
use crate::words::joined;
use crate::{FixReport, PlaceReport, Reports, Result, StepReport};

const SORTS: [&str; 6] = [
    "severed",
    "targets_severed",
    "entries_severed",
    "paths_through",
    "cost",
    "name",
];

/// A stretch of steps and assets that sever the same, each on its own.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ChokePointReport {
    /// The assets of the stretch, or the step where there is none, in words.
    pub name: String,
    /// Targets that no entry point would reach any more.
    pub targets_severed: u32,
    /// Entry points that would reach no target any more.
    pub entries_severed: u32,
    /// Attack paths whose cheapest route passes here.
    pub paths_through: u32,
    pub assets: Vec<PlaceReport>,
    /// What severs: any one of them, the cheapest first. At least one.
    pub changes: Vec<ChangeReport>,
}

page! {
    /// Choke points, those that sever most first.
    ChokePointPage of ChokePointReport,
    /// The fewest steps that have to go at once to part every entry point from every target, where no single element
    /// severs anything. Null where one does, and where no set of changes can part them.
    smallest_joint_change: Option<u32>,
    /// Sentences: why there are no paths to sever. Empty where there are.
    why_none: Vec<String>,
    /// Assets that sever something too, but where it takes more than 10 steps, or a step that nobody can change: they
    /// are not listed.
    assets_left_out: u64
}

/// Which choke points.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ChokePointQuery {
    /// `severed`, `targets_severed`, `entries_severed`, `paths_through`, `cost`, `name`; with `-` in front the greatest
    /// first.
    pub sort: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

/// Steps that have to go together.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ChangeReport {
    /// `step`: a single step. `into` and `out of`: all steps into, or out of, the asset.
    pub extent: String,
    /// Null for a single step.
    pub asset: Option<PlaceReport>,
    /// Of the cheapest remediation of every step, together.
    pub cost: u32,
    pub steps: Vec<StepReport>,
}

impl ChokePointReport {
    pub fn new(reports: &Reports, place: &Place) -> Self {
        let assets: Vec<_> = place.assets.iter().map(|&asset| reports.place(asset)).collect();
        let changes: Vec<_> = place.changes.iter().map(|it| ChangeReport::new(reports, it)).collect();
        let names: Vec<_> = assets.iter().map(|asset| asset.name.clone()).collect();
        let step = || changes.first()?.steps.first().map(step_name);
        Self {
            name: if names.is_empty() {
                step().unwrap_or_default()
            } else {
                joined(&names)
            },
            targets_severed: place.targets_severed,
            entries_severed: place.entries_severed,
            paths_through: place.paths_through,
            assets,
            changes,
        }
    }
}

impl ChangeReport {
    pub fn new(reports: &Reports, change: &Change) -> Self {
        let steps: Vec<_> = change
            .steps
            .iter()
            .map(|&step| reports.step(&reports.generation.derived.steps[step as usize]))
            .collect();
        let (extent, asset) = match change.extent {
            Extent::Step => ("step", None),
            Extent::Into(asset) => ("into", Some(asset)),
            Extent::OutOf(asset) => ("out of", Some(asset)),
        };
        Self {
            extent: extent.to_owned(),
            asset: asset.map(|asset| reports.place(asset)),
            cost: change.cost,
            steps,
        }
    }
}

impl Reports {
    /// Choke points, page by page.
    ///
    /// # Errors
    /// [`crate::ReportError::BadQuery`].
    pub fn choke_points(&self, query: &ChokePointQuery) -> Result<ChokePointPage> {
        let window = Window::new(query.offset, query.limit)?;
        let sort = Sort::parse(query.sort.as_deref(), &SORTS)?;
        let ChokePlaces {
            places,
            assets_left_out,
        } = self.choke_places()?;
        let mut found: Vec<&Place> = places.iter().collect();
        if let Some(sort) = sort {
            self.sort_choke_points(&mut found, sort);
        }
        Ok(ChokePointPage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            smallest_joint_change: self.generation.analysis.smallest_joint_change,
            why_none: self.why_no_paths(),
            assets_left_out: *assets_left_out,
            items: window
                .of(&found)
                .iter()
                .map(|it| ChokePointReport::new(self, it))
                .collect(),
        })
    }

    fn sort_choke_points(&self, places: &mut [&Place], sort: Sort<'_>) {
        let cheapest = |place: &Place| place.changes.first().map(|change| change.cost);
        let name = |place: &Place| ChokePointReport::new(self, place).name.to_lowercase();
        match sort.field {
            "name" => {
                places.sort_by_cached_key(|place| name(place));
                if sort.is_descending {
                    places.reverse();
                }
            }
            field => places.sort_by(|a, b| {
                sort.direct(match field {
                    "severed" => (a.targets_severed, a.entries_severed).cmp(&(b.targets_severed, b.entries_severed)),
                    "targets_severed" => a.targets_severed.cmp(&b.targets_severed),
                    "entries_severed" => a.entries_severed.cmp(&b.entries_severed),
                    "paths_through" => a.paths_through.cmp(&b.paths_through),
                    _ => cheapest(a).cmp(&cheapest(b)),
                })
            }),
        }
    }

    /// The choke points that sever most, at most so many, without the evidence of their steps.
    pub(crate) fn first_choke_points(&self, limit: usize) -> Result<Vec<ChokePointReport>> {
        let places = self.choke_places()?.places.iter().take(limit);
        let mut found: Vec<_> = places.map(|place| ChokePointReport::new(self, place)).collect();
        let changes = found.iter_mut().flat_map(|point| &mut point.changes);
        for step in changes.flat_map(|change| &mut change.steps) {
            step.evidence.clear();
        }
        Ok(found)
    }
}

/// `A —technique→ B`.
pub fn step_name(step: &StepReport) -> String {
    format!("{} —{}→ {}", step.source_name, step.technique, step.target_name)
}

/// The least that has to be done about a step.
pub fn cheapest(step: &StepReport) -> Option<&FixReport> {
    step.remediations.first()
}
