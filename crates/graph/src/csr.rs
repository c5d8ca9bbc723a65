//! The graph in memory: compressed sparse rows, forwards and backwards.
//!
//! Start at [`Csr::from_edges`]. An edge takes 24 bytes, since it is stored as a [`Hop`] at both of its ends; a node 8.
//!
//! **Invariant:** the hops of a node are in ascending order of edge number, in both directions. The algorithms rely on
//! it for their determinism, never for their correctness.

use crate::error::GraphError;

/// The most nodes of a graph. The two largest `u32` are left for "none" and for a virtual root beside the nodes.
pub const NODES_MAX: u32 = u32::MAX - 1;

/// The most edges of a graph: the largest `u32` is left for "none".
pub const EDGES_MAX: u32 = u32::MAX - 1;

/// "No node" and "no edge" in the arrays of this crate; never handed out.
pub(crate) const NONE: u32 = u32::MAX;

/// A directed edge from `source` to `target`; crossing it costs `cost`, which may be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Edge {
    pub source: u32,
    pub target: u32,
    pub cost: u32,
}

/// An edge seen from one of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hop {
    /// The other end.
    pub node: u32,
    /// The number of the edge: its place in the slice that the graph was built from.
    pub edge: u32,
    /// The cost of the edge.
    pub cost: u32,
}

/// An immutable directed graph. Parallel edges and self-loops are kept.
#[derive(Debug, Clone)]
pub struct Csr {
    forward: Rows,
    backward: Rows,
}

/// The hops of every node, in one direction.
#[derive(Debug, Clone)]
struct Rows {
    /// Row `v` is `hops[offsets[v]..offsets[v + 1]]`.
    offsets: Vec<u32>,
    hops: Vec<Hop>,
}

/// A graph seen in one direction, so that an algorithm is written once for both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    ahead: &'a Rows,
    behind: &'a Rows,
}

impl Csr {
    /// Builds a graph of the nodes `0..node_count` and the given edges; the place of an edge in `edges` is its number.
    ///
    /// Takes `O(n + m)` time.
    ///
    /// # Errors
    /// [`GraphError::TooManyNodes`], [`GraphError::TooManyEdges`]; [`GraphError::NoSuchEnd`] for the first edge that
    /// has an end outside `0..node_count`.
    pub fn from_edges(node_count: u32, edges: &[Edge]) -> Result<Csr, GraphError> {
        if node_count > NODES_MAX {
            return Err(GraphError::TooManyNodes { node_count });
        }
        if edges.len() > EDGES_MAX as usize {
            return Err(GraphError::TooManyEdges {
                edge_count: edges.len(),
            });
        }
        for (number, edge) in (0u32..).zip(edges) {
            for node in [edge.source, edge.target] {
                if node >= node_count {
                    return Err(GraphError::NoSuchEnd {
                        edge: number,
                        node,
                        node_count,
                    });
                }
            }
        }
        let forward = Rows::new(node_count, edges, |edge| (edge.source, edge.target));
        let backward = Rows::new(node_count, edges, |edge| (edge.target, edge.source));
        Ok(Csr { forward, backward })
    }

    /// The number of nodes.
    pub fn node_count(&self) -> u32 {
        (self.forward.offsets.len() - 1) as u32
    }

    /// The number of edges.
    pub fn edge_count(&self) -> u32 {
        self.forward.hops.len() as u32
    }

    /// The edges that leave `node`, by ascending edge number; [`Hop::node`] is their target.
    ///
    /// # Panics
    /// When `node` is not in the graph.
    pub fn outgoing(&self, node: u32) -> &[Hop] {
        self.forward.row(node)
    }

    /// The edges that enter `node`, by ascending edge number; [`Hop::node`] is their source.
    ///
    /// # Panics
    /// When `node` is not in the graph.
    pub fn incoming(&self, node: u32) -> &[Hop] {
        self.backward.row(node)
    }

    pub(crate) fn forwards(&self) -> View<'_> {
        View {
            ahead: &self.forward,
            behind: &self.backward,
        }
    }

    pub(crate) fn backwards(&self) -> View<'_> {
        View {
            ahead: &self.backward,
            behind: &self.forward,
        }
    }

    /// Every public function calls this on the nodes it was given before it computes anything.
    pub(crate) fn check_nodes(&self, nodes: &[u32]) -> Result<(), GraphError> {
        let node_count = self.node_count();
        match nodes.iter().find(|&&node| node >= node_count) {
            Some(&node) => Err(GraphError::NoSuchNode { node, node_count }),
            None => Ok(()),
        }
    }
}

impl Rows {
    /// A counting sort by the near end; it is stable, hence the order within a row.
    fn new(node_count: u32, edges: &[Edge], ends: impl Fn(&Edge) -> (u32, u32)) -> Rows {
        let mut offsets = vec![0u32; node_count as usize + 1];
        for edge in edges {
            offsets[ends(edge).0 as usize + 1] += 1;
        }
        for row in 1..offsets.len() {
            offsets[row] += offsets[row - 1];
        }
        let mut free = offsets.clone();
        let mut hops = vec![
            Hop {
                node: NONE,
                edge: NONE,
                cost: 0
            };
            edges.len()
        ];
        for (number, edge) in (0u32..).zip(edges) {
            let (near, far) = ends(edge);
            let place = &mut free[near as usize];
            hops[*place as usize] = Hop {
                node: far,
                edge: number,
                cost: edge.cost,
            };
            *place += 1;
        }
        Rows { offsets, hops }
    }

    fn row(&self, node: u32) -> &[Hop] {
        let node = node as usize;
        &self.hops[self.offsets[node] as usize..self.offsets[node + 1] as usize]
    }
}

impl<'a> View<'a> {
    pub(crate) fn node_count(self) -> usize {
        self.ahead.offsets.len() - 1
    }

    pub(crate) fn edge_count(self) -> usize {
        self.ahead.hops.len()
    }

    /// Where one can go from `node`.
    pub(crate) fn ahead(self, node: u32) -> &'a [Hop] {
        self.ahead.row(node)
    }

    /// Where one can have come from to `node`.
    pub(crate) fn behind(self, node: u32) -> &'a [Hop] {
        self.behind.row(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(source: u32, target: u32, cost: u32) -> Edge {
        Edge { source, target, cost }
    }

    #[test]
    fn hops_stand_in_the_order_of_their_edges_at_both_ends() {
        let graph = Csr::from_edges(3, &[edge(2, 1, 5), edge(0, 1, 4), edge(0, 0, 3), edge(0, 1, 2)]).unwrap();
        let hop = |node, edge, cost| Hop { node, edge, cost };
        assert_eq!(graph.outgoing(0), [hop(1, 1, 4), hop(0, 2, 3), hop(1, 3, 2)]);
        assert_eq!(graph.incoming(1), [hop(2, 0, 5), hop(0, 1, 4), hop(0, 3, 2)]);
        assert_eq!(graph.outgoing(1), []);
        assert_eq!((graph.node_count(), graph.edge_count()), (3, 4));
    }

    #[test]
    fn an_edge_to_a_missing_node_is_named() {
        let error = Csr::from_edges(2, &[edge(0, 1, 1), edge(1, 2, 1)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "edge 1 ends at node 2, which is not in a graph of 2 nodes"
        );
    }

    #[test]
    fn a_graph_beyond_the_limit_is_refused_before_memory_is_asked_for() {
        let error = Csr::from_edges(u32::MAX, &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a graph of 4294967295 nodes is too large; 4294967294 is the most"
        );
    }

    #[test]
    fn a_graph_without_nodes_is_a_graph() {
        let graph = Csr::from_edges(0, &[]).unwrap();
        assert_eq!((graph.node_count(), graph.edge_count()), (0, 0));
    }
}
