//! Choke points that say the same thing, as one, with what can be done there.
//!
//! Every element of an unbranched stretch of the routes severs the same: a computer, the session on it, the user whose
//! session it is. A person wants to hear of that stretch once, and where it is cheapest to break. Start at
//! [`ChokePlaces::new`].
//!
//! **Invariant:** a place has a change that somebody can make, of at most [`CHANGE_STEPS_MAX`] steps; assets without
//! one are only counted.

use std::collections::{BTreeMap, HashMap};

use postern_attack::{ChokePoint, ElementKind, Step, StepMap};
use postern_graph::FixedBitSet;
use postern_model::{EdgeId, NodeId};

use crate::{Reports, Result};

/// A change of more steps than this is a project and no fix: it is not proposed.
pub const CHANGE_STEPS_MAX: usize = 10;

/// All places of a generation.
pub struct ChokePlaces {
    /// Those that sever most first.
    pub places: Vec<Place>,
    /// Assets at which there is no change that somebody can make.
    pub assets_left_out: u64,
}

/// A stretch that all routes of what it severs pass.
pub struct Place {
    pub targets_severed: u32,
    pub entries_severed: u32,
    /// The most that any element of it has.
    pub paths_through: u32,
    /// In the order of the choke points.
    pub assets: Vec<NodeId>,
    /// Any one of them severs. Never empty; the cheapest first.
    pub changes: Vec<Change>,
}

/// Steps that have to go together.
pub struct Change {
    pub extent: Extent,
    /// Places among all steps.
    pub steps: Vec<u32>,
    /// Of the cheapest remediation of every step, together.
    pub cost: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// One step, which all routes take.
    Step,
    /// All that lead from an entry point to an asset.
    Into(NodeId),
    /// All that lead from an asset to a target.
    OutOf(NodeId),
}

impl ChokePlaces {
    /// Joins the choke points that sever the same, in the order of the first of each.
    ///
    /// A step and the asset at its end sever the same if they sever as much: who passes the step passes the asset too,
    /// so what the step severs is among what the asset severs.
    pub(crate) fn new(reports: &Reports) -> Result<Self> {
        let points = &reports.generation.analysis.choke_points;
        let mut found = Self {
            places: Vec::new(),
            assets_left_out: 0,
        };
        if points.is_empty() {
            return Ok(found);
        }
        let reach = Reach::new(reports)?;
        for members in joined_points(reports, points) {
            let point = members.iter().map(|&at| &points[at]);
            let assets: Vec<NodeId> = point
                .clone()
                .filter(|it| it.kind == ElementKind::Asset)
                .map(|it| NodeId(it.element))
                .collect();
            let mut changes: Vec<_> = point
                .clone()
                .filter_map(|it| step_of(reports, it))
                .map(|step| (Extent::Step, vec![step]))
                .collect();
            if changes.is_empty() {
                changes = assets.iter().flat_map(|&asset| reach.around(asset)).collect();
            }
            let mut changes: Vec<Change> = changes
                .into_iter()
                .filter(|(_, steps)| (1..=CHANGE_STEPS_MAX).contains(&steps.len()))
                .filter_map(|(extent, steps)| {
                    let cost = cost(reports, &steps)?;
                    Some(Change { extent, steps, cost })
                })
                .collect();
            changes.sort_by_key(|change| change.cost);
            if changes.is_empty() {
                found.assets_left_out += assets.len() as u64;
                continue;
            }
            let first = &points[members[0]];
            found.places.push(Place {
                targets_severed: first.targets_severed,
                entries_severed: first.entries_severed,
                paths_through: point.map(|it| it.paths_through).max().unwrap_or_default(),
                assets,
                changes,
            });
        }
        Ok(found)
    }
}

/// The place of a choke point's step among all steps.
fn step_of(reports: &Reports, point: &ChokePoint) -> Option<u32> {
    let steps = &reports.generation.derived.steps;
    let id = EdgeId(point.element);
    match point.kind {
        ElementKind::Step => Some(steps.binary_search_by_key(&id, |step| step.id).ok()? as u32),
        ElementKind::Asset => None,
    }
}

/// What the cheapest remediation of every step costs together; `None` where nobody can change one of them.
fn cost(reports: &Reports, steps: &[u32]) -> Option<u32> {
    let steps = steps
        .iter()
        .map(|&step| &reports.generation.derived.steps[step as usize]);
    steps.map(|step| reports.fixes(step).first().map(|fix| fix.cost)).sum()
}

/// Positions of the choke points that belong together.
fn joined_points(reports: &Reports, points: &[ChokePoint]) -> Vec<Vec<usize>> {
    let at: HashMap<NodeId, usize> = points
        .iter()
        .enumerate()
        .filter(|(_, point)| point.kind == ElementKind::Asset)
        .map(|(at, point)| (NodeId(point.element), at))
        .collect();
    let severs = |at: usize| (points[at].targets_severed, points[at].entries_severed);
    // Each points at an earlier one that it belongs to, or at itself.
    let mut first: Vec<usize> = (0..points.len()).collect();
    for (number, point) in points.iter().enumerate() {
        let Some(step) = step_of(reports, point) else { continue };
        let step = &reports.generation.derived.steps[step as usize];
        for end in [step.source, step.target] {
            let Some(&asset) = at.get(&end).filter(|&&asset| severs(asset) == severs(number)) else {
                continue;
            };
            let (a, b) = (root(&first, number), root(&first, asset));
            first[a.max(b)] = a.min(b);
        }
    }
    let mut joined: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for number in 0..points.len() {
        joined.entry(root(&first, number)).or_default().push(number);
    }
    joined.into_values().collect()
}

fn root(first: &[usize], mut at: usize) -> usize {
    while first[at] != at {
        at = first[at];
    }
    at
}

/// Which steps an attacker can come to, and which lead on to a target. Footholds are left aside, so that a change may
/// name a step too many and never one too few.
struct Reach<'a> {
    reports: &'a Reports,
    map: &'a StepMap,
    /// Vertices of entry points outside every target.
    entries: Vec<u32>,
    /// Vertices of members of targets: nothing leads on from them.
    ends: FixedBitSet,
    /// For each vertex the vertices from which steps lead to it: those of vertex `v` are
    /// `sources[begins[v]..begins[v + 1]]`.
    sources: Vec<u32>,
    begins: Vec<u32>,
}

impl<'a> Reach<'a> {
    fn new(reports: &'a Reports) -> Result<Self> {
        let generation = &reports.generation;
        let map = reports.steps()?;
        let world = generation.world(&reports.catalog);
        let vertex = |id: NodeId| map.vertex(&world, &generation.derived, id);
        let mut ends = FixedBitSet::with_capacity(map.vertices() as usize);
        for target in &generation.targets {
            ends.extend(
                target
                    .members
                    .iter()
                    .filter_map(|&member| vertex(member))
                    .map(|it| it as usize),
            );
        }
        let entries = generation.entries.iter().filter_map(|entry| vertex(entry.id));
        let entries = entries.filter(|&entry| !ends.contains(entry as usize)).collect();
        let (sources, begins) = sources(map);
        Ok(Self {
            reports,
            map,
            entries,
            ends,
            sources,
            begins,
        })
    }

    fn step(&self, number: u32) -> &'a Step {
        &self.reports.generation.derived.steps[number as usize]
    }

    /// The two ways to take an asset out of all routes.
    fn around(&self, asset: NodeId) -> Vec<(Extent, Vec<u32>)> {
        let generation = &self.reports.generation;
        let world = generation.world(&self.reports.catalog);
        let vertex = |id: NodeId| self.map.vertex(&world, &generation.derived, id);
        let Some(at) = vertex(asset) else { return Vec::new() };
        let is_in = |found: &FixedBitSet, id: NodeId| vertex(id).is_some_and(|it| found.contains(it as usize));

        let before = self.before(at);
        let into = self.map.into(at).iter().copied();
        let into = into
            .filter(|&number| is_in(&before, self.step(number).source))
            .collect();
        let out_of = match self.ends.contains(at as usize) {
            true => Vec::new(),
            false => {
                let behind = self.behind(at);
                let out_of = self.map.out_of(at).iter().copied();
                let mut out_of: Vec<u32> = out_of
                    .filter(|&number| is_in(&behind, self.step(number).target))
                    .collect();
                out_of.sort_unstable();
                out_of
            }
        };
        vec![(Extent::Into(asset), into), (Extent::OutOf(asset), out_of)]
    }

    /// Where an attacker can come without passing a vertex, and go on from.
    fn before(&self, around: u32) -> FixedBitSet {
        let mut found = FixedBitSet::with_capacity(self.map.vertices() as usize);
        let mut open: Vec<u32> = self.entries.iter().copied().filter(|&entry| entry != around).collect();
        found.extend(open.iter().map(|&entry| entry as usize));
        while let Some(at) = open.pop() {
            for next in self.map.next_of(at) {
                let is_new = next != around && !found.put(next as usize);
                // Targets absorb.
                if is_new && !self.ends.contains(next as usize) {
                    open.push(next);
                }
            }
        }
        found.difference_with(&self.ends);
        found
    }

    /// From where a target can be reached without passing a vertex.
    fn behind(&self, around: u32) -> FixedBitSet {
        let mut found = self.ends.clone();
        found.set(around as usize, false);
        let mut open: Vec<u32> = found.ones().map(|at| at as u32).collect();
        while let Some(at) = open.pop() {
            let at = at as usize;
            for &before in &self.sources[self.begins[at] as usize..self.begins[at + 1] as usize] {
                if before != around && !self.ends.contains(before as usize) && !found.put(before as usize) {
                    open.push(before);
                }
            }
        }
        found
    }
}

/// Turns the steps round.
fn sources(map: &StepMap) -> (Vec<u32>, Vec<u32>) {
    let mut begins = vec![0u32; map.vertices() as usize + 1];
    for vertex in 0..map.vertices() {
        begins[vertex as usize + 1] = begins[vertex as usize] + map.into(vertex).len() as u32;
    }
    let mut free = begins.clone();
    let mut sources = vec![0; begins.last().map_or(0, |&end| end as usize)];
    for vertex in 0..map.vertices() {
        for next in map.next_of(vertex) {
            let place = &mut free[next as usize];
            sources[*place as usize] = vertex;
            *place += 1;
        }
    }
    (sources, begins)
}
