//! The graph in which paths are searched: one node for each way of holding something, one edge for each step.
//!
//! A device is held as user or as administrator, so it has two nodes. So has a container of directory objects: whoever
//! holds it weakly has policies applied to the accounts below it, whoever holds all of it also writes its permissions.
//! Anything else has one node. A step that needs no more than the weaker foothold leaves both nodes; so administrators
//! are users without an edge that says so, and the hops of a route are its steps. Start at [`StepGraph::new`].
//!
//! **Invariant:** edges are numbered in the order of step ids, so that ties between routes are broken by id.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_catalog::Foothold;
use postern_graph::{Csr, Edge, GraphError};
use postern_model::{EdgeId, NodeId, NodeKind, RelationKind};

use crate::derived::Step;
use crate::world::World;

/// Routes between segments let some ports through, and an exploit needs its own port let through all the way: its steps
/// follow the routes themselves. Taking a route as a step of its own would forget the port.
pub const NOT_TAKEN: RelationKind = RelationKind::RoutesTrafficTo;

/// Whether assets of a kind are held in two ways.
pub fn is_twofold(kind: NodeKind) -> bool {
    kind.is_device() || matches!(kind, NodeKind::Ou | NodeKind::Container)
}

/// A sequence of steps, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Ids in the direction of travel.
    pub steps: Vec<EdgeId>,
    pub cost: u32,
}

pub struct StepGraph {
    pub csr: Csr,
    pub edges: Vec<Edge>,
    /// For each edge, its step's place among the steps.
    pub step_of: Vec<u32>,
    places: HashMap<NodeId, Place>,
    /// For each node below [`Self::ends_at`]: whom it stands for.
    vertex_of: Vec<NodeId>,
    /// Where the nodes of targets begin, one for each target in order.
    ends_at: u32,
}

#[derive(Clone, Copy)]
struct Place {
    first: u32,
    is_device: bool,
    /// Whether it can be held in two ways, and so has two nodes.
    is_twofold: bool,
}

impl Place {
    /// The node for being held so. A technique that names no foothold gives the weaker one at most.
    fn held_as(self, foothold: Foothold) -> u32 {
        self.first + u32::from(self.is_twofold && foothold == Foothold::Admin)
    }

    /// The nodes from which a step can be taken that needs a foothold. One that names none needs the stronger one.
    fn able(self, needs: Foothold) -> impl Iterator<Item = u32> {
        let weakest = match needs {
            Foothold::User => 0,
            Foothold::Admin | Foothold::None => u32::from(self.is_twofold),
        };
        (weakest..=u32::from(self.is_twofold)).map(move |offset| self.first + offset)
    }
}

impl StepGraph {
    /// Builds the graph of some steps.
    ///
    /// * `ends`: for each target its members. They absorb: a step into one of them ends at the target's own node, and
    ///   no step leaves one. Holding a target's device as a user is no control of it, and leads nowhere.
    /// * `also`: vertices that get a node though no step may touch them.
    pub fn new(
        world: &World<'_>,
        steps: &[Step],
        ends: &[&[NodeId]],
        also: impl Iterator<Item = NodeId>,
    ) -> Result<Self, GraphError> {
        let ends_of_steps = steps.iter().flat_map(|step| [step.source, step.target]);
        let vertices: HashSet<_> = ends_of_steps.chain(also).collect();
        let mut vertices: Vec<_> = vertices.into_iter().collect();
        vertices.sort_unstable();

        let estate = world.estate;
        let mut places = HashMap::with_capacity(vertices.len());
        let mut vertex_of = Vec::with_capacity(vertices.len());
        for id in vertices {
            let kind = estate.by_id(id).map(|index| estate.node(index).kind);
            let place = Place {
                first: vertex_of.len() as u32,
                is_device: kind.is_some_and(NodeKind::is_device),
                is_twofold: kind.is_some_and(is_twofold),
            };
            places.insert(id, place);
            vertex_of.extend(std::iter::repeat_n(id, 1 + usize::from(place.is_twofold)));
        }
        let ends_at = vertex_of.len() as u32;
        let end_of: BTreeMap<NodeId, u32> = (ends_at..)
            .zip(ends)
            .flat_map(|(end, members)| members.iter().map(move |&member| (member, end)))
            .collect();

        let mut edges = Vec::with_capacity(steps.len());
        let mut step_of = Vec::with_capacity(steps.len());
        for (number, step) in (0u32..).zip(steps) {
            if end_of.contains_key(&step.source) || step.technique == NOT_TAKEN {
                continue;
            }
            let target_place = places[&step.target];
            let target = match end_of.get(&step.target) {
                Some(_) if target_place.is_device && step.gives != Foothold::Admin => continue,
                Some(&end) => end,
                None => target_place.held_as(step.gives),
            };
            for source in places[&step.source].able(step.needs) {
                edges.push(Edge {
                    source,
                    target,
                    cost: step.cost,
                });
                step_of.push(number);
            }
        }
        let csr = Csr::from_edges(ends_at + ends.len() as u32, &edges)?;
        Ok(Self {
            csr,
            edges,
            step_of,
            places,
            vertex_of,
            ends_at,
        })
    }

    /// The node of a vertex that is held so; `None` when the graph doesn't have it.
    pub fn held(&self, vertex: NodeId, foothold: Foothold) -> Option<u32> {
        self.places.get(&vertex).map(|place| place.held_as(foothold))
    }

    /// The one or two nodes of a vertex; empty when the graph doesn't have it.
    pub fn nodes_of(&self, vertex: NodeId) -> Vec<u32> {
        let place = self.places.get(&vertex);
        place.map_or(Vec::new(), |place| place.able(Foothold::User).collect())
    }

    /// The node of the target with this place among the targets.
    pub fn end(&self, target: usize) -> u32 {
        self.ends_at + target as u32
    }

    /// The vertex that a node stands for; `None` for the node of a target.
    pub fn vertex(&self, node: u32) -> Option<NodeId> {
        self.vertex_of.get(node as usize).copied()
    }

    /// The ids of the steps that edges stand for.
    pub fn step_ids(&self, steps: &[Step], edges: &[u32]) -> Vec<EdgeId> {
        edges
            .iter()
            .map(|&edge| steps[self.step_of[edge as usize] as usize].id)
            .collect()
    }
}
