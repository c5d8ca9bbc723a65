//! How much falls away when one node or one edge is taken out.
//!
//! Start at [`severed`]. Two dominator trees answer for all nodes and all edges at once. An edge into `v` is passed by
//! every route to `v` when it is the only way in: `v` is no root, and every other edge into `v` comes from a node that
//! is not reached, or that `v` itself dominates (so that a route had to pass `v` before). Such an edge severs what `v`
//! dominates, `v` included. No node per edge has to be added to the graph.

use fixedbitset::FixedBitSet;

use crate::csr::{Csr, View};
use crate::dominators::Dominators;
use crate::error::GraphError;

/// What each node and each edge severs on its own; see [`severed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Severed {
    /// Per node: the targets to which every route from any entry passes this node, the node itself left out.
    pub targets_by_node: Vec<u32>,
    /// Per edge: the targets to which every route from any entry passes this edge.
    pub targets_by_edge: Vec<u32>,
    /// Per node: the entries whose every route to any target passes this node, the node itself left out.
    pub entries_by_node: Vec<u32>,
    /// Per edge: the entries whose every route to any target passes this edge.
    pub entries_by_edge: Vec<u32>,
}

/// Counts, for every node and edge, the targets and the entries that its removal would sever.
///
/// * `entries` and `targets` may be empty, unsorted and may repeat; each node is counted once. A node in both is joined
///   to itself by an empty route, which nothing severs.
/// * A target that no entry reaches doesn't count, nor does an entry that reaches no target.
/// * Entries and targets get counts as well (a sole entry severs every target it reaches); whether they may be taken
///   out is the caller's knowledge. Routes may pass through targets: a caller whose targets end a route leaves out the
///   edges that leave them.
///
/// Takes `O(m log n)` time.
///
/// # Errors
/// [`GraphError::NoSuchNode`] when an entry or a target is not in the graph.
pub fn severed(graph: &Csr, entries: &[u32], targets: &[u32]) -> Result<Severed, GraphError> {
    graph.check_nodes(entries)?;
    graph.check_nodes(targets)?;
    let (targets_by_node, targets_by_edge) = one_way(graph.forwards(), entries, targets);
    let (entries_by_node, entries_by_edge) = one_way(graph.backwards(), targets, entries);
    Ok(Severed {
        targets_by_node,
        targets_by_edge,
        entries_by_node,
        entries_by_edge,
    })
}

/// How many of `ends` each node, and each edge, severs from all of `roots` along `view`.
fn one_way(view: View<'_>, roots: &[u32], ends: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let tree = Dominators::along(view, roots);
    let mut is_root = FixedBitSet::with_capacity(view.node_count());
    is_root.extend(roots.iter().map(|&root| root as usize));

    let counts = tree.counts(ends);
    let mut by_edge = vec![0; view.edge_count()];
    for node in 0..view.node_count() as u32 {
        if is_root.contains(node as usize) {
            continue;
        }
        let mut ways_in = view
            .behind(node)
            .iter()
            .filter(|hop| tree.is_reached(hop.node) && !tree.dominates(node, hop.node));
        if let (Some(only), None) = (ways_in.next(), ways_in.next()) {
            by_edge[only.edge as usize] = tree.count_from(&counts, node);
        }
    }
    (tree.count_below(ends), by_edge)
}
