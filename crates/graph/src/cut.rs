//! The cheapest edges that part two sets of nodes.
//!
//! Start at [`minimum_cut`]. A maximal flow is found by Dinic's algorithm; its value is what a minimum cut costs, so
//! flow and cut certify each other.
//!
//! **Invariant:** of all minimum cuts the one nearest to the targets is given. It is the same for every maximal flow,
//! hence independent of the order of search.

use std::collections::VecDeque;

use crate::csr::{Csr, Hop, NONE};
use crate::error::GraphError;
use crate::reach::spread;

/// A minimum cut, with the flow that proves that there is no cheaper one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The sum of the capacities of `edges`.
    pub capacity: u64,
    /// The edges of the cut, ascending: without them no source reaches a target. An edge of capacity zero costs nothing
    /// and may be among them needlessly.
    pub edges: Vec<u32>,
    /// The flow over each edge of the graph: at most its capacity, kept up at every node that is neither source nor
    /// target; as much as `capacity` leaves the sources and enters the targets.
    pub flow: Vec<u64>,
}

/// Finds the edges of least total capacity whose removal parts all `sources` from all `targets`.
///
/// * `capacities` has one entry per edge, in any unit; `None` for an edge that cannot be removed. The graph's costs
///   play no part.
/// * `sources` and `targets` may be empty, unsorted and may repeat.
/// * `Ok(None)` when no removal parts them: a node is in both sets, or a route consists of edges without capacity.
///
/// Takes `O(n² m)` time at worst, in practice a few passes over the graph; 24 bytes per node and 8 per edge.
///
/// # Errors
/// [`GraphError::NoSuchNode`] when a source or target is not in the graph; [`GraphError::CapacityCount`] when
/// `capacities` has not one entry per edge.
///
/// # Source
/// E. A. Dinic, "Algorithm for solution of a problem of maximum flow in networks with power estimation", Soviet
/// Mathematics Doklady 11 (1970). That flow equals cut: L. R. Ford and D. R. Fulkerson, "Maximal flow through a
/// network", Canadian Journal of Mathematics 8 (1956).
pub fn minimum_cut(
    graph: &Csr,
    sources: &[u32],
    targets: &[u32],
    capacities: &[Option<u32>],
) -> Result<Option<Cut>, GraphError> {
    graph.check_nodes(sources)?;
    graph.check_nodes(targets)?;
    if capacities.len() != graph.edge_count() as usize {
        return Err(GraphError::CapacityCount {
            found: capacities.len(),
            edge_count: graph.edge_count(),
        });
    }
    let fast = spread(graph.forwards(), sources, |hop| capacities[hop.edge as usize].is_none());
    if targets.iter().any(|&target| fast.contains(target as usize)) {
        return Ok(None);
    }

    let mut network = Network::new(graph, sources, targets, capacities);
    while network.find_levels() {
        network.block();
    }
    // What the last search reached is the targets' side of the cut.
    let mut edges = Vec::new();
    let mut capacity = 0;
    for node in 0..graph.node_count() {
        if network.level[node as usize] == NONE {
            continue;
        }
        for hop in graph.incoming(node) {
            if network.level[hop.node as usize] == NONE {
                edges.push(hop.edge);
                capacity += u64::from(capacities[hop.edge as usize].unwrap_or_default());
            }
        }
    }
    edges.sort_unstable();
    Ok(Some(Cut {
        capacity,
        edges,
        flow: network.flow,
    }))
}

/// What more can flow over an edge that cannot be removed: more than all others hold together.
const UNBOUNDED: u64 = u64::MAX;

struct Network<'a> {
    graph: &'a Csr,
    sources: &'a [u32],
    targets: &'a [u32],
    capacities: &'a [Option<u32>],
    flow: Vec<u64>,
    /// The fewest hops to a target over which more can flow; [`NONE`] when there is no such way.
    level: Vec<u32>,
    /// How many of a node's ways on are used up in this phase: its outgoing edges, then its incoming ones backwards.
    tried: Vec<usize>,
}

impl<'a> Network<'a> {
    fn new(graph: &'a Csr, sources: &'a [u32], targets: &'a [u32], capacities: &'a [Option<u32>]) -> Network<'a> {
        let node_count = graph.node_count() as usize;
        Network {
            graph,
            sources,
            targets,
            capacities,
            flow: vec![0; graph.edge_count() as usize],
            level: vec![NONE; node_count],
            tried: vec![0; node_count],
        }
    }

    /// The `index`-th way on from `node`, and whether it runs along its edge or takes back what flows against it.
    fn way_on(&self, node: u32, index: usize) -> Option<(Hop, bool)> {
        let outgoing = self.graph.outgoing(node);
        match outgoing.get(index) {
            Some(&hop) => Some((hop, true)),
            None => self
                .graph
                .incoming(node)
                .get(index - outgoing.len())
                .map(|&hop| (hop, false)),
        }
    }

    /// How much more can flow.
    fn room(&self, edge: u32, along: bool) -> u64 {
        let flow = self.flow[edge as usize];
        match (along, self.capacities[edge as usize]) {
            (true, Some(capacity)) => u64::from(capacity) - flow,
            (true, None) => UNBOUNDED,
            (false, _) => flow,
        }
    }

    /// Starts a phase, searching backwards from the targets; says whether more can flow from a source.
    fn find_levels(&mut self) -> bool {
        self.level.fill(NONE);
        self.tried.fill(0);
        let mut waiting = VecDeque::new();
        for &target in self.targets {
            if self.level[target as usize] == NONE {
                self.level[target as usize] = 0;
                waiting.push_back(target);
            }
        }
        while let Some(node) = waiting.pop_front() {
            for index in 0.. {
                let Some((hop, along)) = self.way_on(node, index) else {
                    break;
                };
                // A way on from `node`, seen from its other end, is a way to `node`.
                if self.level[hop.node as usize] == NONE && self.room(hop.edge, !along) > 0 {
                    self.level[hop.node as usize] = self.level[node as usize] + 1;
                    waiting.push_back(hop.node);
                }
            }
        }
        self.sources.iter().any(|&source| self.level[source as usize] != NONE)
    }

    /// Fills every route that goes down one level per hop.
    fn block(&mut self) {
        // The ways taken from a source to `at`.
        let mut path: Vec<(u32, Hop, bool)> = Vec::new();
        for &source in self.sources {
            if self.level[source as usize] == NONE {
                continue;
            }
            let mut at = source;
            loop {
                if self.level[at as usize] == 0 {
                    self.fill(&path);
                    path.clear();
                    at = source;
                } else if let Some((hop, along)) = self.way_on(at, self.tried[at as usize]) {
                    if self.level[hop.node as usize] == self.level[at as usize] - 1 && self.room(hop.edge, along) > 0 {
                        path.push((at, hop, along));
                        at = hop.node;
                    } else {
                        self.tried[at as usize] += 1;
                    }
                } else if let Some((before, ..)) = path.pop() {
                    // Nothing more can pass `at` in this phase.
                    self.tried[before as usize] += 1;
                    at = before;
                } else {
                    break;
                }
            }
        }
    }

    /// Sends as much along a path as its tightest way lets through. That is not [`UNBOUNDED`]: a path to a target all
    /// of whose edges cannot be removed was ruled out, and taking back is bounded by the flow.
    fn fill(&mut self, path: &[(u32, Hop, bool)]) {
        let amount = path
            .iter()
            .map(|(_, hop, along)| self.room(hop.edge, *along))
            .min()
            .unwrap_or(0);
        for (_, hop, along) in path {
            let flow = &mut self.flow[hop.edge as usize];
            match along {
                true => *flow += amount,
                false => *flow -= amount,
            }
        }
    }
}
