//! Questions about single assets: how far an attacker gets from one, and how from one to another.

use postern_catalog::Foothold;
use postern_graph::k_cheapest;
use postern_model::NodeId;
use postern_model::estate::NodeIndex;

use crate::derived::Derived;
use crate::error::AttackError;
use crate::search::{Route, StepGraph};
use crate::step_map::StepMap;
use crate::target::Target;
use crate::world::World;

/// More routes than this are not looked for.
pub const ROUTES_MAX: usize = 1_000;

/// What an attacker who holds one asset can get hold of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blast {
    /// Targets, by id; that of the start itself left out. Sorted.
    pub targets: Vec<NodeId>,
    /// Assets that are reached before any target is crossed, in order. Means of control (groups, containers, policies,
    /// domains) are no assets and left out, as is the start.
    pub assets: Vec<NodeIndex>,
    /// Assets that are reached only through a target: its members, and what lies behind it.
    pub assets_behind: Vec<NodeIndex>,
    /// Steps that can be taken before any target is crossed.
    pub steps: u32,
}

/// Finds everything that can be reached from an asset or a virtual entry point, a device being held as administrator.
/// Who asks more than once keeps a [`StepMap`].
///
/// # Errors
/// [`AttackError::NoSuchPlace`] when `start` is neither an asset nor a vertex of the steps.
pub fn blast_radius(
    world: &World<'_>,
    derived: &Derived,
    targets: &[Target],
    start: NodeId,
) -> Result<Blast, AttackError> {
    StepMap::new(world, derived)?.blast_radius(world, derived, targets, start)
}

/// The `k` cheapest routes between two places that visit no way of holding an asset twice, best first.
///
/// * `from`: an asset or a virtual entry point; a device is held as administrator.
/// * `to`: one of `targets`, of which any member will do; the other targets absorb, as they do for attack paths, but
///   for one that `from` lies in. Or any other asset, to be held as administrator if it is a device; then all steps may
///   be taken, also those inside and out of targets.
/// * `k` is cut down to [`ROUTES_MAX`].
///
/// # Errors
/// [`AttackError::NoSuchPlace`] when one of them is neither. There is no route from a place to itself, nor from inside
/// a target to it: nothing is left to do.
pub fn routes_between(
    world: &World<'_>,
    derived: &Derived,
    targets: &[Target],
    from: NodeId,
    to: NodeId,
    k: usize,
) -> Result<Vec<Route>, AttackError> {
    known_place(world, derived, from)?;
    let plane = targets.iter().find(|target| target.id == to);
    if plane.is_none() {
        known_place(world, derived, to)?;
    }
    let own = [to];
    let members = plane.map_or(own.as_slice(), |plane| plane.members.as_slice());
    if members.contains(&from) {
        return Ok(Vec::new());
    }
    let others = targets
        .iter()
        .filter(|target| plane.is_some() && target.id != to && !target.members.contains(&from));
    let ends: Vec<&[NodeId]> = std::iter::once(members)
        .chain(others.map(|target| target.members.as_slice()))
        .collect();
    let graph = StepGraph::new(world, &derived.steps, &ends, std::iter::once(from))?;
    let Some(start) = graph.held(from, Foothold::Admin) else {
        return Ok(Vec::new());
    };
    let routes = k_cheapest(&graph.csr, start, graph.end(0), k.min(ROUTES_MAX), None)?;
    Ok(routes
        .into_iter()
        .map(|route| Route {
            steps: graph.step_ids(&derived.steps, &route.edges),
            cost: u32::try_from(route.cost).unwrap_or(u32::MAX),
        })
        .collect())
}

fn known_place(world: &World<'_>, derived: &Derived, id: NodeId) -> Result<(), AttackError> {
    let is_known = world.estate.by_id(id).is_some() || derived.virtual_vertex(id).is_some();
    if is_known {
        Ok(())
    } else {
        Err(AttackError::NoSuchPlace { id: id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use postern_model::{Criticality, NodeKind, RelationKind};

    use super::*;
    use crate::target::targets;
    use crate::testing::{Built, Sketch, admins, any_user, plane, users};
    use crate::{Removal, derive};

    /// BOB administers C1, whose user EVE administers C2 and is in a group; C2 is critical; its user administers C3.
    fn chain() -> Built {
        let mut sketch = Sketch::domain();
        sketch.user("BOB").user("EVE").user("ADA").group("CREW");
        for (computer, admin, user) in [("C1", "BOB", "EVE"), ("C2", "EVE", "ADA"), ("C3", "ADA", "ADA")] {
            sketch.computer(computer).local(computer, "-544", &[admin]);
            sketch.relate(computer, RelationKind::HasSession, user);
        }
        sketch
            .relate("EVE", RelationKind::MemberOf, "CREW")
            .critical("C2", Criticality::High);
        sketch.build()
    }

    fn blast(built: &Built, start: &str) -> Blast {
        let world = built.world();
        let derived = derive(&world, &Removal::default());
        blast_radius(&world, &derived, &targets(&world), NodeId::of(start)).expect("an asset of the sketch")
    }

    fn indices(built: &Built, keys: &[&str]) -> Vec<NodeIndex> {
        let mut found: Vec<_> = keys.iter().map(|key| built.index(key)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn the_blast_radius_counts_assets_and_leaves_out_means() {
        let built = chain();
        let found = blast(&built, "BOB");
        assert_eq!(found.targets, [NodeId::of("C2")]);
        assert_eq!(found.assets, indices(&built, &["C1", "EVE"]), "without the group");
        assert_eq!(found.assets_behind, indices(&built, &["C2", "ADA", "C3"]));
        assert_eq!(found.steps, 4);
    }

    #[test]
    fn a_target_that_is_held_already_absorbs_nothing() {
        let built = chain();
        let found = blast(&built, "C2");
        assert_eq!(
            (found.targets.len(), found.assets),
            (0, indices(&built, &["ADA", "C3"]))
        );
        assert!(found.assets_behind.is_empty());
    }

    #[test]
    fn nowhere_is_no_place_to_start() {
        let built = chain();
        let world = built.world();
        let derived = derive(&world, &Removal::default());
        let error = blast_radius(&world, &derived, &[], NodeId::of("NOBODY")).expect_err("no such asset");
        assert!(error.to_string().starts_with("there is no asset"), "{error}");
    }

    #[test]
    fn routes_come_cheapest_first_and_end_at_any_member_of_a_plane() {
        let mut sketch = Sketch::domain();
        sketch.user("ADA").node("PC", NodeKind::Computer, |_| {});
        sketch
            .local("PC", "-544", &[&users()])
            .relate("PC", RelationKind::HasSession, "ADA");
        sketch.relate("ADA", RelationKind::MemberOf, &admins());
        sketch.relate(&users(), RelationKind::ForceChangePassword, "ADA");
        let built = sketch.build();
        let world = built.world();
        let derived = derive(&world, &Removal::default());
        let between = |from: &str, to: &str, k| {
            let (from, to) = (NodeId::of(from), NodeId::of(to));
            let routes = routes_between(&world, &derived, &targets(&world), from, to, k).expect("both are places");
            routes
                .iter()
                .map(|route| (route.cost, route.steps.len()))
                .collect::<Vec<_>>()
        };
        assert_eq!(between(&any_user(), &plane(), 9), [(0, 3), (1, 4)]);
        assert_eq!(between(&any_user(), &plane(), 1), [(0, 3)]);
        assert_eq!(between("PC", "ADA", 9), [(1, 1)]);
        assert_eq!(between("ADA", "PC", 9), []);
        assert_eq!(between(&admins(), &plane(), 9), [], "already there");
    }

    #[test]
    fn a_route_to_a_target_does_not_pass_through_another_one() {
        let mut sketch = Sketch::domain();
        sketch.user("BOB").user("EVE").user("ADA");
        for (computer, admin, user) in [("C1", "BOB", "EVE"), ("C2", "EVE", "ADA")] {
            sketch.computer(computer).local(computer, "-544", &[admin]);
            sketch.relate(computer, RelationKind::HasSession, user);
        }
        sketch.critical("C2", Criticality::High).in_plane("ADA");
        let built = sketch.build();
        let world = built.world();
        let derived = derive(&world, &Removal::default());
        let has_route = |from: &str, to: &str| {
            let (from, to) = (NodeId::of(from), NodeId::of(to));
            !routes_between(&world, &derived, &targets(&world), from, to, 1)
                .expect("places of the sketch")
                .is_empty()
        };
        assert!(has_route("BOB", "C2"), "a path ends at the first target");
        assert!(!has_route("BOB", &plane()), "what lies behind it is its consequence");
        assert!(has_route("C2", &plane()), "from inside it the way is open");
        assert!(has_route("BOB", "ADA"), "asked for an asset, every step counts");
    }
}
