//! Who gets hold of an asset: the blast radius looked at from its other end, and what parts the two.
//!
//! Two graphs answer. That of the steps is what attack paths are made of. That of the relations takes every relation as
//! it was reported, of whatever kind, once for each pair of assets: no foothold, no condition, nothing derived. It says
//! how an estate hangs together, and lets results be compared with those of programs that look at a graph that way.
//! Start at [`Ways`].

use std::collections::BTreeSet;

use postern_catalog::Foothold;
use postern_graph::{Csr, Edge, cheapest_from, cheapest_to, minimum_cut};
use postern_model::estate::{Estate, NodeIndex};
use postern_model::{EdgeId, NodeId, RelationKind};

use crate::choke::Split;
use crate::derived::Derived;
use crate::error::AttackError;
use crate::search::StepGraph;
use crate::world::World;

/// The ways to an end: an asset, or the members of a target.
pub struct Ways<'a> {
    along: Along<'a>,
    /// For each asset, the node at which it begins, if the graph has it.
    starts: Vec<Option<u32>>,
    ends: Vec<u32>,
}

enum Along<'a> {
    Steps {
        world: World<'a>,
        derived: &'a Derived,
        graph: StepGraph,
    },
    Relations {
        /// One edge for each pair of assets, of cost 1, in the order of pairs.
        edges: Vec<Edge>,
        csr: Csr,
    },
}

/// The fewest changes that part some assets from an end, and the proof that fewer do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parting {
    /// Ids of steps.
    Steps(Vec<EdgeId>),
    /// Pairs of assets of which every relation has to go.
    Pairs(Vec<(NodeIndex, NodeIndex)>),
}

impl Parting {
    /// How many routes there are that share none of what has to go: no smaller change can part them all.
    pub fn size(&self) -> usize {
        match self {
            Self::Steps(steps) => steps.len(),
            Self::Pairs(pairs) => pairs.len(),
        }
    }
}

impl<'a> Ways<'a> {
    /// Along steps, as an attacker takes them: a device begins held as administrator, and to hold a device means to
    /// hold it so.
    ///
    /// # Errors
    /// Those of the graph: there are more nodes than it can number.
    pub fn along_steps(world: World<'a>, derived: &'a Derived, end: &[NodeId]) -> Result<Self, AttackError> {
        let ids = world.estate.nodes.iter().map(|node| node.id);
        let graph = StepGraph::new(&world, &derived.steps, &[end], ids.clone())?;
        let end: BTreeSet<_> = end.iter().collect();
        let starts = ids.map(|id| match end.contains(&id) {
            true => Some(graph.end(0)),
            false => graph.held(id, Foothold::Admin),
        });
        Ok(Self {
            starts: starts.collect(),
            ends: vec![graph.end(0)],
            along: Along::Steps { world, derived, graph },
        })
    }

    /// Along relations as reported, but for those of some kinds.
    ///
    /// # Errors
    /// As [`Self::along_steps`].
    pub fn along_relations(
        estate: &Estate,
        is_left_out: impl Fn(RelationKind) -> bool,
        end: &[NodeIndex],
    ) -> Result<Self, AttackError> {
        let taken = estate.relations.iter().filter(|relation| !is_left_out(relation.kind));
        let pairs: BTreeSet<_> = taken.map(|relation| (relation.source, relation.target)).collect();
        let edges: Vec<_> = pairs
            .into_iter()
            .map(|(source, target)| Edge {
                source,
                target,
                cost: 1,
            })
            .collect();
        let nodes = estate.nodes.len() as u32;
        Ok(Self {
            along: Along::Relations {
                csr: Csr::from_edges(nodes, &edges)?,
                edges,
            },
            starts: (0..nodes).map(Some).collect(),
            ends: end.to_vec(),
        })
    }

    /// For each asset the fewest hops from it to the end: 0 for the end itself, `None` where there is no way.
    ///
    /// # Errors
    /// As [`Self::along_steps`].
    pub fn hops(&self) -> Result<Vec<Option<u32>>, AttackError> {
        let routes = cheapest_to(&self.by_hops()?, &self.ends, None)?;
        let hops = self.starts.iter().map(|start| routes.hops((*start)?));
        Ok(hops.collect())
    }

    /// As [`Self::hops`], from the end to each asset. Along relations only: how far one gets along steps is what
    /// [`crate::StepMap::blast_radius`] tells.
    ///
    /// # Errors
    /// As [`Self::along_steps`].
    pub fn hops_onward(&self) -> Result<Vec<Option<u32>>, AttackError> {
        let routes = cheapest_from(&self.by_hops()?, &self.ends, None)?;
        let hops = self.starts.iter().map(|start| routes.hops((*start)?));
        Ok(hops.collect())
    }

    fn by_hops(&self) -> Result<Csr, AttackError> {
        let (nodes, edges) = match &self.along {
            Along::Steps { graph, .. } => (graph.csr.node_count(), &graph.edges),
            Along::Relations { csr, edges } => (csr.node_count(), edges),
        };
        let edges: Vec<_> = edges.iter().map(|&edge| Edge { cost: 1, ..edge }).collect();
        Ok(Csr::from_edges(nodes, &edges)?)
    }

    /// The fewest changes that part assets from the end: steps that somebody can change, or pairs of assets. `None`
    /// where no set of changes does, as one of them lies in the end, or is joined to it by what nobody can change.
    ///
    /// # Errors
    /// As [`Self::along_steps`].
    pub fn parting(&self, from: &[NodeIndex]) -> Result<Option<Parting>, AttackError> {
        let starts: Vec<_> = from.iter().filter_map(|&at| self.starts[at as usize]).collect();
        match &self.along {
            Along::Steps { world, derived, graph } => {
                let steps = &derived.steps;
                let split = Split::of(graph, steps.len())?;
                let cut = split.smallest_cut(world, steps, &starts, &self.ends)?;
                Ok(cut.map(|cut| Parting::Steps(cut.into_iter().map(|step| steps[step as usize].id).collect())))
            }
            Along::Relations { csr, edges } => {
                let cut = minimum_cut(csr, &starts, &self.ends, &vec![Some(1); edges.len()])?;
                let pair = |edge: u32| (edges[edge as usize].source, edges[edge as usize].target);
                Ok(cut.map(|cut| Parting::Pairs(cut.edges.into_iter().map(pair).collect())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Built, Sketch};
    use crate::{Removal, derive};

    /// BOB may reset EVE's password and log on to PC, on which EVE has a session; EVE may reset ADA's, and so may JOE.
    fn sketch() -> Built {
        let mut sketch = Sketch::domain();
        sketch.user("ADA").user("BOB").user("EVE").user("JOE").computer("PC");
        sketch.relate("BOB", RelationKind::ForceChangePassword, "EVE");
        sketch.relate("BOB", RelationKind::CanRdp, "PC");
        sketch.relate("PC", RelationKind::HasSession, "EVE");
        sketch.relate("EVE", RelationKind::ForceChangePassword, "ADA");
        sketch.relate("EVE", RelationKind::GenericAll, "ADA");
        sketch.relate("JOE", RelationKind::ForceChangePassword, "ADA");
        sketch.build()
    }

    fn hops(built: &Built, ways: &Ways<'_>) -> Vec<Option<u32>> {
        let all = ways.hops().expect("a small graph");
        ["ADA", "BOB", "EVE", "JOE", "PC"]
            .map(|key| all[built.index(key) as usize])
            .to_vec()
    }

    #[test]
    fn who_gets_hold_of_an_asset_is_told_with_the_fewest_steps() {
        let built = sketch();
        let derived = derive(&built.world(), &Removal::default());
        let ways = Ways::along_steps(built.world(), &derived, &[NodeId::of("ADA")]).expect("a small graph");
        assert_eq!(hops(&built, &ways), [Some(0), Some(2), Some(1), Some(1), Some(2)]);
        let from = [built.index("BOB"), built.index("PC")];
        let parting = ways.parting(&from).expect("a small graph").expect("every step can go");
        assert_eq!(parting.size(), 2, "reset and full control: {parting:?}");
        let parting = ways
            .parting(&from[..1])
            .expect("a small graph")
            .expect("every step can go");
        assert_eq!(parting.size(), 1, "a user of PC takes no session: {parting:?}");
    }

    #[test]
    fn along_relations_every_kind_counts_and_parallel_ones_are_one_change() {
        let built = sketch();
        let end = [built.index("ADA")];
        let ways = Ways::along_relations(&built.estate, |_| false, &end).expect("a small graph");
        assert_eq!(hops(&built, &ways), [Some(0), Some(2), Some(1), Some(1), Some(2)]);
        let parting = ways
            .parting(&[built.index("BOB"), built.index("JOE")])
            .expect("a small graph");
        assert_eq!(parting.map(|it| it.size()), Some(2));
        assert_eq!(ways.parting(&end).expect("a small graph"), None, "the end itself");
        let is_session = |kind| kind == RelationKind::HasSession;
        let ways = Ways::along_relations(&built.estate, is_session, &end).expect("a small graph");
        assert_eq!(hops(&built, &ways), [Some(0), Some(2), Some(1), Some(1), None]);
        let onward = Ways::along_relations(&built.estate, |_| false, &[built.index("PC")]).expect("a small graph");
        assert_eq!(onward.hops_onward().expect("a small graph")[end[0] as usize], Some(2));
    }
}
