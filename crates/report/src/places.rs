//! Choke points that say the same thing, as one, with what can be done there.
//!
//! Every element of an unbranched stretch of the routes severs the same: a computer, the session on it, the user whose
//! session it is. A person wants to hear of that stretch once, and where it is cheapest to break. Start at [`places`].
//!
//! **Invariant:** a place has a change that somebody can make, of at most [`CHANGE_STEPS_MAX`] steps; assets without
//! one are only counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postern_attack::{ChokePoint, ElementKind, Step};
use postern_model::{EdgeId, NodeId};

use crate::Reports;

/// A change of more steps than this is a project and no fix: it is not proposed.
pub const CHANGE_STEPS_MAX: usize = 10;

/// A stretch that all routes of what it severs pass.
pub struct Place<'a> {
    pub targets_severed: u32,
    pub entries_severed: u32,
    /// The most that any element of it has.
    pub paths_through: u32,
    /// In the order of the choke points.
    pub assets: Vec<NodeId>,
    /// Any one of them severs. Never empty; the cheapest first.
    pub changes: Vec<Change<'a>>,
}

/// Steps that have to go together.
pub struct Change<'a> {
    pub extent: Extent,
    pub steps: Vec<&'a Step>,
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

/// Joins the choke points that sever the same, in the order of the first of each; then the number of assets at which
/// there is no such change.
///
/// A step and the asset at its end sever the same if they sever as much: who passes the step passes the asset too, so
/// what the step severs is among what the asset severs.
pub fn places<'a>(reports: &'a Reports, points: &[ChokePoint]) -> (Vec<Place<'a>>, u64) {
    let reach = Reach::new(reports);
    let mut left_out = 0;
    let mut found = Vec::new();
    for members in joined_points(reports, points) {
        let point = members.iter().map(|&at| &points[at]);
        let steps: Vec<&Step> = point.clone().filter_map(|it| step_of(reports, it)).collect();
        let assets: Vec<NodeId> = point
            .clone()
            .filter(|it| it.kind == ElementKind::Asset)
            .map(|it| NodeId(it.element))
            .collect();
        let mut changes: Vec<Change<'a>> = steps
            .into_iter()
            .map(|step| Change {
                extent: Extent::Step,
                steps: vec![step],
            })
            .collect();
        if changes.is_empty() {
            changes = assets.iter().flat_map(|&asset| reach.around(asset)).collect();
        }
        changes
            .retain(|change| (1..=CHANGE_STEPS_MAX).contains(&change.steps.len()) && cost(reports, change).is_some());
        changes.sort_by_key(|change| cost(reports, change));
        if changes.is_empty() {
            left_out += assets.len() as u64;
            continue;
        }
        let first = &points[members[0]];
        found.push(Place {
            targets_severed: first.targets_severed,
            entries_severed: first.entries_severed,
            paths_through: point.map(|it| it.paths_through).max().unwrap_or_default(),
            assets,
            changes,
        });
    }
    (found, left_out)
}

fn step_of<'a>(reports: &'a Reports, point: &ChokePoint) -> Option<&'a Step> {
    match point.kind {
        ElementKind::Step => reports.generation.derived.step(EdgeId(point.element)),
        ElementKind::Asset => None,
    }
}

/// What the cheapest remediation of every step costs together; `None` where nobody can change one of them.
fn cost(reports: &Reports, change: &Change<'_>) -> Option<u32> {
    let cheapest = |step: &&Step| reports.fixes(step).first().map(|fix| fix.cost);
    change.steps.iter().map(cheapest).sum()
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
    out_of: HashMap<NodeId, Vec<&'a Step>>,
    into: HashMap<NodeId, Vec<&'a Step>>,
    entries: Vec<NodeId>,
    ends: BTreeSet<NodeId>,
}

impl<'a> Reach<'a> {
    fn new(reports: &'a Reports) -> Self {
        let generation = &reports.generation;
        let ends: BTreeSet<_> = generation
            .targets
            .iter()
            .flat_map(|target| target.members.iter().copied())
            .collect();
        let (mut out_of, mut into) = (HashMap::new(), HashMap::new());
        // Targets absorb: nothing leads on from their members.
        for step in generation
            .derived
            .steps
            .iter()
            .filter(|step| !ends.contains(&step.source))
        {
            out_of.entry(step.source).or_insert_with(Vec::new).push(step);
            into.entry(step.target).or_insert_with(Vec::new).push(step);
        }
        let entries = generation.entries.iter().map(|entry| entry.id);
        Self {
            out_of,
            into,
            entries: entries.filter(|entry| !ends.contains(entry)).collect(),
            ends,
        }
    }

    /// The two ways to take an asset out of all routes.
    fn around(&self, asset: NodeId) -> [Change<'a>; 2] {
        let before = self.spread(&self.entries, asset, &self.out_of, |step| step.target);
        let ends: Vec<_> = self.ends.iter().copied().collect();
        let behind = self.spread(&ends, asset, &self.into, |step| step.source);
        let of = |steps: &HashMap<NodeId, Vec<&'a Step>>, is_passed: &dyn Fn(&Step) -> bool| {
            let steps = steps.get(&asset).into_iter().flatten().copied();
            steps.filter(|step| is_passed(step)).collect()
        };
        [
            Change {
                extent: Extent::Into(asset),
                steps: of(&self.into, &|step| before.contains(&step.source)),
            },
            Change {
                extent: Extent::OutOf(asset),
                steps: of(&self.out_of, &|step| behind.contains(&step.target)),
            },
        ]
    }

    /// Everything that is connected with `starts` in one direction without passing `around`.
    fn spread(
        &self,
        starts: &[NodeId],
        around: NodeId,
        steps: &HashMap<NodeId, Vec<&'a Step>>,
        next: impl Fn(&Step) -> NodeId,
    ) -> BTreeSet<NodeId> {
        let mut open: Vec<NodeId> = starts.iter().copied().filter(|&start| start != around).collect();
        let mut found: BTreeSet<NodeId> = open.iter().copied().collect();
        while let Some(at) = open.pop() {
            for step in steps.get(&at).into_iter().flatten() {
                let vertex = next(step);
                if vertex != around && found.insert(vertex) {
                    open.push(vertex);
                }
            }
        }
        found
    }
}
