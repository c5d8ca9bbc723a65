//! Choke points: single assets and steps that every route has to pass.
//!
//! Two counts tell what the removal of one element would sever: targets, which no entry point would reach any more, and
//! entry points, which would reach no target any more. Both ask whether there is a route at all; what it costs plays no
//! part, so a count is never too large for the paths that are shown. Start at [`choke_points`].
//!
//! The graph that is looked at has one more node for each step, so that a step that can be taken from both footholds
//! of a device is one element.

use std::collections::{BTreeMap, BTreeSet};

use postern_graph::{
    Csr, Edge, FixedBitSet, cheapest_from, cheapest_to, minimum_cut, reachable_from, reaching, severed,
};
use postern_model::{EdgeId, NodeId, NodeKind, RelationKind};

use crate::derived::{Derived, Step};
use crate::entry::Entry;
use crate::error::AttackError;
use crate::paths::Path;
use crate::search::StepGraph;
use crate::target::Target;
use crate::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ElementKind {
    Asset,
    Step,
}

impl ElementKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Step => "step",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Asset, Self::Step].into_iter().find(|it| it.as_str() == text)
    }
}

/// An asset or a step whose removal severs something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChokePoint {
    /// Id of the asset, or of the step.
    pub element: u128,
    pub kind: ElementKind,
    /// Targets that no entry point would reach any more.
    pub targets_severed: u32,
    /// Entry points that would reach no target any more.
    pub entries_severed: u32,
    /// Paths whose shown route passes here.
    pub paths_through: u32,
}

impl ChokePoint {
    /// The order in which choke points are shown: those that sever most first.
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        let Self {
            targets_severed,
            entries_severed,
            paths_through,
            ..
        } = *self;
        (
            std::cmp::Reverse((targets_severed, entries_severed, paths_through)),
            self.kind,
            self.element,
        )
    }
}

pub struct Severing {
    pub points: Vec<ChokePoint>,
    pub smallest_joint_change: Option<u32>,
}

/// Groups that everybody, or every computer, is in. Nobody can take them away.
const BROAD_GROUPS: [&str; 5] = ["-513", "-515", "S-1-5-11", "S-1-1-0", "S-1-5-32-545"];

/// Finds what severs targets or entry points on its own: neither end points, nor what nobody can change.
pub fn choke_points(
    world: &World<'_>,
    derived: &Derived,
    graph: &StepGraph,
    entries: &[&Entry],
    targets: &[Target],
    paths: &[Path],
) -> Result<Severing, AttackError> {
    if paths.is_empty() {
        return Ok(Severing {
            points: Vec::new(),
            smallest_joint_change: None,
        });
    }
    let split = Split::of(graph, derived.steps.len())?;
    let starts: Vec<_> = entries
        .iter()
        .filter_map(|entry| graph.held(entry.id, entry.foothold))
        .collect();
    let ends: Vec<_> = (0..targets.len()).map(|number| graph.end(number)).collect();
    let counts = severed(&split.csr, &starts, &ends)?;
    let through = Through::of(derived, paths);

    let mut points = Vec::new();
    for (number, step) in derived.steps.iter().enumerate().filter(|(_, step)| can_go(world, step)) {
        let node = split.step_node(number) as usize;
        points.push(ChokePoint {
            element: step.id.0,
            kind: ElementKind::Step,
            targets_severed: counts.targets_by_node[node],
            entries_severed: counts.entries_by_node[node],
            paths_through: through.steps.get(&step.id).copied().unwrap_or_default(),
        });
    }

    let end_points: BTreeSet<NodeId> = entries.iter().map(|entry| entry.id).collect();
    let sampled = split.sampled_routes(&starts, &ends)?;
    let mut on_a_way = reachable_from(&split.csr, &starts)?;
    on_a_way.intersect_with(&reaching(&split.csr, &ends)?);
    let vertices: BTreeSet<NodeId> = (0..).map_while(|node| graph.vertex(node)).collect();
    for vertex in vertices
        .into_iter()
        .filter(|it| !end_points.contains(it) && is_candidate(world, *it))
    {
        let mut nodes = graph.nodes_of(vertex);
        nodes.retain(|&node| on_a_way.contains(node as usize));
        if !nodes.iter().any(|&node| sampled.contains(node as usize)) {
            continue;
        }
        let (targets_severed, entries_severed) = match nodes.as_slice() {
            &[node] => (
                counts.targets_by_node[node as usize],
                counts.entries_by_node[node as usize],
            ),
            // Neither foothold need be passed on every route, while the asset itself is: take out both and look.
            both => split.severed_without(both, &starts, &ends)?,
        };
        points.push(ChokePoint {
            element: vertex.0,
            kind: ElementKind::Asset,
            targets_severed,
            entries_severed,
            paths_through: through.assets.get(&vertex).copied().unwrap_or_default(),
        });
    }

    points.retain(|point| point.targets_severed > 0 || point.entries_severed > 0);
    points.sort_by_key(ChokePoint::rank);
    let smallest_joint_change = if points.is_empty() {
        let cut = split.smallest_cut(world, &derived.steps, &starts, &ends)?;
        cut.and_then(|steps| u32::try_from(steps.len()).ok())
    } else {
        None
    };
    Ok(Severing {
        points,
        smallest_joint_change,
    })
}

/// Whether anybody can make a step go away: its technique has a remediation, no derivation of it is beyond change, and
/// it is no membership of a group that everybody belongs to.
pub fn can_go(world: &World<'_>, step: &Step) -> bool {
    step.technique != RelationKind::AssumedFoothold
        && !(step.technique == RelationKind::MemberOf && is_broad_group(world, step.target))
        && world
            .catalog
            .technique(step.technique)
            .is_some_and(|it| !it.remediations.is_empty())
        && step.is_changeable()
}

/// Whether an asset can be named as a choke point: virtual vertices, the Internet and broad groups cannot.
fn is_candidate(world: &World<'_>, vertex: NodeId) -> bool {
    world
        .estate
        .by_id(vertex)
        .is_some_and(|index| world.estate.node(index).kind != NodeKind::Internet && !is_broad_group(world, vertex))
}

fn is_broad_group(world: &World<'_>, vertex: NodeId) -> bool {
    world.estate.by_id(vertex).is_some_and(|index| {
        BROAD_GROUPS
            .iter()
            .any(|end| world.estate.node(index).key.ends_with(end))
    })
}

/// A graph of steps with one more node in the middle of each step.
pub(crate) struct Split {
    csr: Csr,
    edges: Vec<Edge>,
    /// The nodes of steps begin here.
    steps_at: u32,
    /// For each edge, whether it is the second half of its step, and of which.
    enters: Vec<Option<u32>>,
}

impl Split {
    pub(crate) fn of(graph: &StepGraph, step_count: usize) -> Result<Self, AttackError> {
        let steps_at = graph.csr.node_count();
        let mut edges = Vec::with_capacity(2 * graph.edges.len());
        let mut enters = Vec::with_capacity(2 * graph.edges.len());
        let mut seen = FixedBitSet::with_capacity(step_count);
        for (edge, &step) in graph.edges.iter().zip(&graph.step_of) {
            let middle = steps_at + step;
            edges.push(Edge {
                target: middle,
                ..*edge
            });
            enters.push(None);
            if !seen.put(step as usize) {
                edges.push(Edge {
                    source: middle,
                    ..*edge
                });
                enters.push(Some(step));
            }
        }
        let csr = Csr::from_edges(steps_at + step_count as u32, &edges)?;
        Ok(Self {
            csr,
            edges,
            steps_at,
            enters,
        })
    }

    fn step_node(&self, step: usize) -> u32 {
        self.steps_at + step as u32
    }

    /// The nodes of one route to each end and one from each start: whatever all routes pass, these pass.
    fn sampled_routes(&self, starts: &[u32], ends: &[u32]) -> Result<FixedBitSet, AttackError> {
        let mut found = FixedBitSet::with_capacity(self.csr.node_count() as usize);
        let from_starts = cheapest_from(&self.csr, starts, None)?;
        let to_ends = cheapest_to(&self.csr, ends, None)?;
        let routes = ends
            .iter()
            .filter_map(|&end| from_starts.route(end))
            .chain(starts.iter().filter_map(|&start| to_ends.route(start)));
        for edge in routes.flatten() {
            let Edge { source, target, .. } = self.edges[edge as usize];
            found.insert(source as usize);
            found.insert(target as usize);
        }
        Ok(found)
    }

    /// What is severed, of targets and of entry points, when some nodes are taken out at once.
    fn severed_without(&self, nodes: &[u32], starts: &[u32], ends: &[u32]) -> Result<(u32, u32), AttackError> {
        let is_out = |node: u32| nodes.contains(&node);
        let left: Vec<_> = self
            .edges
            .iter()
            .copied()
            .filter(|edge| !is_out(edge.source) && !is_out(edge.target))
            .collect();
        let without = Csr::from_edges(self.csr.node_count(), &left)?;
        let targets = lost(
            ends,
            &reachable_from(&self.csr, starts)?,
            &reachable_from(&without, starts)?,
        );
        let entries = lost(starts, &reaching(&self.csr, ends)?, &reaching(&without, ends)?);
        Ok((targets, entries))
    }

    /// The fewest steps, of those that can go, that part all starts from all ends: their places, sorted.
    pub(crate) fn smallest_cut(
        &self,
        world: &World<'_>,
        steps: &[Step],
        starts: &[u32],
        ends: &[u32],
    ) -> Result<Option<Vec<u32>>, AttackError> {
        let capacities: Vec<_> = self
            .enters
            .iter()
            .map(|step| step.filter(|&step| can_go(world, &steps[step as usize])).map(|_| 1))
            .collect();
        let cut = minimum_cut(&self.csr, starts, ends, &capacities)?;
        Ok(cut.map(|cut| {
            let steps = cut.edges.iter().filter_map(|&edge| self.enters[edge as usize]);
            steps.collect::<BTreeSet<_>>().into_iter().collect()
        }))
    }
}

/// How many of `nodes` are in the first set and not in the second.
fn lost(nodes: &[u32], before: &FixedBitSet, after: &FixedBitSet) -> u32 {
    let nodes: BTreeSet<_> = nodes.iter().map(|&node| node as usize).collect();
    nodes
        .into_iter()
        .filter(|&node| before.contains(node) && !after.contains(node))
        .count() as u32
}

/// How many shown routes pass each element.
struct Through {
    steps: BTreeMap<EdgeId, u32>,
    assets: BTreeMap<NodeId, u32>,
}

impl Through {
    fn of(derived: &Derived, paths: &[Path]) -> Self {
        let mut steps = BTreeMap::new();
        let mut assets = BTreeMap::new();
        for path in paths {
            let mut on_route = BTreeSet::new();
            for &id in &path.route {
                *steps.entry(id).or_default() += 1;
                on_route.extend(derived.step(id).into_iter().flat_map(|step| [step.source, step.target]));
            }
            for vertex in on_route {
                *assets.entry(vertex).or_default() += 1;
            }
        }
        Self { steps, assets }
    }
}

#[cfg(test)]
mod tests {
    use postern_model::RelationKind;

    use super::*;
    use crate::testing::{Sketch, admins, step, users};

    /// Every user may reset the passwords of these administrators.
    fn ways_in(through: &[&str]) -> Sketch {
        let mut sketch = Sketch::domain();
        for user in through {
            sketch
                .user(user)
                .relate(&users(), RelationKind::ForceChangePassword, user);
            sketch.relate(user, RelationKind::MemberOf, &admins());
        }
        sketch
    }

    #[test]
    fn the_only_way_in_is_severed_at_each_of_its_elements_but_its_ends() {
        let sketch = ways_in(&["ADA"]);
        let analysis = sketch.analysis();
        let derived = sketch.derived();
        let id =
            |source: &str, technique, target: &str| step(&derived, source, technique, target).map(|step| step.id.0);
        let found: BTreeSet<_> = analysis.choke_points.iter().map(|it| Some(it.element)).collect();
        let expected = BTreeSet::from([
            Some(NodeId::of("ADA").0),
            id(&users(), RelationKind::ForceChangePassword, "ADA"),
            id("ADA", RelationKind::MemberOf, &admins()),
        ]);
        assert_eq!(found, expected, "neither Domain Users nor Domain Admins");
        assert!(
            analysis
                .choke_points
                .iter()
                .all(|it| { (it.targets_severed, it.entries_severed, it.paths_through) == (1, 1, 1) })
        );
        assert_eq!(analysis.smallest_joint_change, None);
    }

    #[test]
    fn where_nothing_severs_alone_the_smallest_joint_change_is_told() {
        let analysis = ways_in(&["ADA", "BEA", "CLO"]).analysis();
        assert_eq!(
            (analysis.choke_points, analysis.smallest_joint_change),
            (Vec::new(), Some(3))
        );
    }
}
