//! What can be reached, costs aside. Start at [`reachable_from`].

use fixedbitset::FixedBitSet;

use crate::csr::{Csr, Hop, View};
use crate::error::GraphError;

/// The nodes that can be reached from any of `sources`, the sources included.
///
/// * `sources` may be empty, unsorted and may repeat.
/// * The result has one bit per node.
///
/// Takes `O(n + m)` time.
///
/// # Errors
/// [`GraphError::NoSuchNode`] when a source is not in the graph.
pub fn reachable_from(graph: &Csr, sources: &[u32]) -> Result<FixedBitSet, GraphError> {
    graph.check_nodes(sources)?;
    Ok(spread(graph.forwards(), sources, |_| true))
}

/// The nodes from which any of `targets` can be reached, the targets included: [`reachable_from`] backwards.
///
/// # Errors
/// [`GraphError::NoSuchNode`] when a target is not in the graph.
pub fn reaching(graph: &Csr, targets: &[u32]) -> Result<FixedBitSet, GraphError> {
    graph.check_nodes(targets)?;
    Ok(spread(graph.backwards(), targets, |_| true))
}

/// The nodes that can be reached from `starts` over edges that `open` lets through.
pub(crate) fn spread(view: View<'_>, starts: &[u32], open: impl Fn(&Hop) -> bool) -> FixedBitSet {
    let mut reached = FixedBitSet::with_capacity(view.node_count());
    let mut waiting = Vec::new();
    for &start in starts {
        if !reached.put(start as usize) {
            waiting.push(start);
        }
    }
    while let Some(node) = waiting.pop() {
        for hop in view.ahead(node) {
            if open(hop) && !reached.put(hop.node as usize) {
                waiting.push(hop.node);
            }
        }
    }
    reached
}
