//! Attack paths: for each entry point and target that a route joins, the cheapest one.
//!
//! Start at [`paths`]. One search backwards from each target finds its routes from everywhere at once. The cost of a
//! path is the sum over the steps of its route, so that anybody can add it up; how likely the attacker is to get to
//! the entry point is the entry's own grade, shown beside it.

use std::collections::{BTreeMap, BTreeSet};

use postern_catalog::TargetClass;
use postern_graph::cheapest_to;
use postern_model::{EdgeId, NodeId, RelationKind, Risk, hash128};

use crate::choke::{ChokePoint, choke_points};
use crate::derived::{Derived, Step};
use crate::entry::Entry;
use crate::error::AttackError;
use crate::search::StepGraph;
use crate::target::Target;
use crate::world::World;

/// An entry point and a target, with the cheapest route between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Hash of entry and target: the path keeps its id when its route changes.
    pub id: EdgeId,
    pub entry: NodeId,
    pub target: NodeId,
    /// Sum over the steps of the route.
    pub cost: u32,
    /// The steps that an attacker takes; assuming a foothold is none.
    pub hops: u32,
    pub risk: Risk,
    /// Id of the [`Scenario`].
    pub scenario: EdgeId,
    /// Ids of the steps, in order. Among routes of equal cost the shortest; among those the first by ids.
    pub route: Vec<EdgeId>,
}

/// Paths of one shape: what a person reads first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Hash of the shape.
    pub id: EdgeId,
    pub entry_class: String,
    /// Families of the techniques used, each once, in the order of first use.
    pub techniques: Vec<String>,
    pub target_class: TargetClass,
    pub paths: u32,
    /// Distinct entry points.
    pub entries: u32,
    /// Distinct targets.
    pub targets: u32,
    /// Of the riskiest path.
    pub risk: Risk,
    /// Of the cheapest path.
    pub cost: u32,
}

/// An entry point that lies inside a target. There is no path: the asset itself is exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExposedCritical {
    pub entry: NodeId,
    pub target: NodeId,
}

/// What there is to know about the paths of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// The riskiest first, then the cheapest, the shortest, by id.
    pub paths: Vec<Path>,
    /// In the same order.
    pub scenarios: Vec<Scenario>,
    /// Those that sever most first. Empty when nothing severs anything on its own.
    pub choke_points: Vec<ChokePoint>,
    /// Where nothing severs anything on its own: the fewest steps that have to go at once to part every entry point
    /// from every target. `None` where there are choke points or no paths, and where no set of changes parts them.
    pub smallest_joint_change: Option<u32>,
    /// Sorted.
    pub exposed_critical: Vec<ExposedCritical>,
}

/// Finds all attack paths between entry points and targets, and where they can be severed.
///
/// # Errors
/// [`AttackError::Graph`] when the graph of steps grows beyond what it can number.
pub fn paths(
    world: &World<'_>,
    derived: &Derived,
    entries: &[Entry],
    targets: &[Target],
) -> Result<Analysis, AttackError> {
    let (outside, exposed_critical) = split_exposed(entries, targets);
    let ends: Vec<_> = targets.iter().map(|target| target.members.as_slice()).collect();
    let graph = StepGraph::new(world, &derived.steps, &ends, outside.iter().map(|entry| entry.id))?;
    let mut paths = cheapest_paths(world, derived, &graph, &outside, targets)?;
    paths.sort_by_key(Path::rank);

    let shape_of: BTreeMap<_, _> = entries.iter().map(|entry| (entry.id, entry.class.as_str())).collect();
    let class_of: BTreeMap<_, _> = targets.iter().map(|target| (target.id, target.class)).collect();
    let scenarios = scenarios(world, derived, &paths, &shape_of, &class_of);
    let severed = choke_points(world, derived, &graph, &outside, targets, &paths)?;
    Ok(Analysis {
        paths,
        scenarios,
        choke_points: severed.points,
        smallest_joint_change: severed.smallest_joint_change,
        exposed_critical,
    })
}

/// Parts entry points outside every target from those inside one.
fn split_exposed<'e>(entries: &'e [Entry], targets: &[Target]) -> (Vec<&'e Entry>, Vec<ExposedCritical>) {
    let target_of: BTreeMap<NodeId, NodeId> = targets
        .iter()
        .flat_map(|target| target.members.iter().map(|&member| (member, target.id)))
        .collect();
    let mut exposed = Vec::new();
    let mut outside = Vec::new();
    for entry in entries {
        match target_of.get(&entry.id) {
            Some(&target) => exposed.push(ExposedCritical {
                entry: entry.id,
                target,
            }),
            None => outside.push(entry),
        }
    }
    exposed.sort_unstable();
    (outside, exposed)
}

fn cheapest_paths(
    world: &World<'_>,
    derived: &Derived,
    graph: &StepGraph,
    entries: &[&Entry],
    targets: &[Target],
) -> Result<Vec<Path>, AttackError> {
    let limit = world.settings.path_cost_max;
    let mut found = Vec::new();
    for (number, target) in targets.iter().enumerate() {
        let routes = cheapest_to(&graph.csr, &[graph.end(number)], Some(u64::from(limit)))?;
        for entry in entries {
            let Some(start) = graph.held(entry.id, entry.foothold) else {
                continue;
            };
            let (Some(route_cost), Some(edges)) = (routes.cost(start), routes.route(start)) else {
                continue;
            };
            // The search ends at the limit, which is of this type.
            let cost = u32::try_from(route_cost).unwrap_or(u32::MAX);
            let route = graph.step_ids(&derived.steps, &edges);
            found.push(Path {
                id: path_id(entry.id, target.id),
                entry: entry.id,
                target: target.id,
                cost,
                hops: real_steps(derived, &route).count() as u32,
                risk: world.catalog.risk.risk(target.class, cost),
                scenario: scenario_id(&entry.class, &families(world, derived, &route), target.class),
                route,
            });
        }
    }
    Ok(found)
}

impl Path {
    /// The order in which paths are shown.
    pub(crate) fn rank(&self) -> (Risk, u32, u32, EdgeId) {
        (self.risk, self.cost, self.hops, self.id)
    }
}

impl Scenario {
    /// The order in which scenarios are shown.
    pub(crate) fn rank(&self) -> (Risk, u32, EdgeId) {
        (self.risk, self.cost, self.id)
    }
}

fn path_id(entry: NodeId, target: NodeId) -> EdgeId {
    EdgeId(hash128([
        b"path".as_slice(),
        &entry.0.to_be_bytes(),
        &target.0.to_be_bytes(),
    ]))
}

fn scenario_id(entry_class: &str, families: &[String], target_class: TargetClass) -> EdgeId {
    let ends = [entry_class, target_class.as_str()];
    let parts = ends.into_iter().chain(families.iter().map(String::as_str));
    EdgeId(hash128(std::iter::once("scenario").chain(parts).map(str::as_bytes)))
}

/// The steps of a route that an attacker takes.
fn real_steps<'d>(derived: &'d Derived, route: &[EdgeId]) -> impl Iterator<Item = &'d Step> {
    let steps = route.iter().filter_map(|&id| derived.step(id));
    steps.filter(|step| step.technique != RelationKind::AssumedFoothold)
}

/// The families of a route's techniques, each once, in the order of first use.
fn families(world: &World<'_>, derived: &Derived, route: &[EdgeId]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let techniques = real_steps(derived, route).filter_map(|step| world.catalog.technique(step.technique));
    for technique in techniques {
        if !found.contains(&technique.family) {
            found.push(technique.family.clone());
        }
    }
    found
}

fn scenarios(
    world: &World<'_>,
    derived: &Derived,
    paths: &[Path],
    entry_class: &BTreeMap<NodeId, &str>,
    target_class: &BTreeMap<NodeId, TargetClass>,
) -> Vec<Scenario> {
    let mut by_id: BTreeMap<EdgeId, Vec<&Path>> = BTreeMap::new();
    for path in paths {
        by_id.entry(path.scenario).or_default().push(path);
    }
    let mut found: Vec<_> = by_id
        .into_iter()
        .filter_map(|(id, paths)| {
            let first = *paths.first()?;
            Some(Scenario {
                id,
                entry_class: (*entry_class.get(&first.entry)?).to_owned(),
                techniques: families(world, derived, &first.route),
                target_class: *target_class.get(&first.target)?,
                paths: paths.len() as u32,
                entries: count(paths.iter().map(|path| path.entry)),
                targets: count(paths.iter().map(|path| path.target)),
                risk: paths.iter().map(|path| path.risk).min()?,
                cost: paths.iter().map(|path| path.cost).min()?,
            })
        })
        .collect();
    found.sort_by_key(Scenario::rank);
    found
}

fn count(ids: impl Iterator<Item = NodeId>) -> u32 {
    ids.collect::<BTreeSet<_>>().len() as u32
}

#[cfg(test)]
mod tests {
    use postern_model::{Criticality, RelationKind};

    use super::*;
    use crate::testing::{Sketch, any_user, path, plane, users};

    #[test]
    fn paths_of_one_shape_are_one_scenario() {
        let mut sketch = Sketch::domain();
        for computer in ["C1", "C2"] {
            sketch.computer(computer).critical(computer, Criticality::High);
            sketch.local(computer, "-544", &[&users()]);
        }
        sketch
            .user("ADA")
            .relate(&users(), RelationKind::GenericAll, "ADA")
            .critical("ADA", Criticality::VeryHigh);
        let analysis = sketch.analysis();
        let shapes: Vec<_> = analysis
            .scenarios
            .iter()
            .map(|it| {
                (
                    it.techniques.join(" "),
                    it.target_class,
                    it.paths,
                    it.entries,
                    it.targets,
                    it.risk,
                )
            })
            .collect();
        assert_eq!(
            shapes,
            [
                ("acl".to_owned(), TargetClass::VeryHigh, 1, 1, 1, Risk::Critical),
                ("local-groups".to_owned(), TargetClass::High, 2, 1, 2, Risk::High),
            ]
        );
    }

    #[test]
    fn a_path_costs_as_much_as_its_steps_and_no_dearer_one_is_listed() {
        let mut sketch = Sketch::domain();
        sketch.node("SQL", postern_model::NodeKind::User, |node| {
            node.attributes.has_spn = Some(true)
        });
        sketch
            .relate("SQL", RelationKind::SqlAdmin, "C1")
            .computer("C1")
            .computer("C2")
            .user("ADA");
        sketch
            .local("C2", "-555", &["SQL"])
            .relate("SQL", RelationKind::AllowedToDelegate, "C1");
        sketch
            .relate("C1", RelationKind::HasSession, "ADA")
            .critical("ADA", Criticality::High);
        let analysis = sketch.analysis();
        // Delegation 1, session 1.
        assert_eq!(path(&analysis, "SQL", "ADA").map(|it| (it.cost, it.hops)), Some((2, 2)));
        sketch.settings.path_cost_max = 1;
        assert!(path(&sketch.analysis(), "SQL", "ADA").is_none());
    }

    #[test]
    fn assuming_a_foothold_is_no_hop() {
        let mut sketch = Sketch::domain();
        sketch
            .in_plane("ROOT")
            .user("ROOT")
            .relate(&users(), RelationKind::ForceChangePassword, "ROOT");
        let analysis = sketch.analysis();
        let found = path(&analysis, &any_user(), &plane()).expect("a way in");
        assert_eq!((found.hops, found.route.len()), (1, 2));
    }
}
