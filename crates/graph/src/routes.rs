//! The cheapest route of every node, to or from the nearest of some nodes.
//!
//! Start at [`cheapest_to`]. Dijkstra's algorithm on pairs (cost, hops): each hop makes the pair strictly larger, even
//! at cost zero, so the edges that keep a pair optimal ("tight" edges) form an acyclic graph, and the tie rule of the
//! crate is a choice among tight edges:
//!
//! * *Backwards*, the smallest tight edge out of a node begins its smallest sequence; the search keeps it as it goes.
//! * *Forwards*, the last edge of a route is the least significant, so routes are ranked hop count by hop count
//!   ([`keep_smallest_sequences`]).
//!
//! **Invariant:** where both apply, [`cheapest_to`] and [`cheapest_from`] give the same route.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::csr::{Csr, Hop, NONE, View};
use crate::error::GraphError;

/// One route per node: to the nearest target ([`cheapest_to`]) or from the nearest source ([`cheapest_from`]).
///
/// A node outside the graph is treated like one that has no route.
#[derive(Debug, Clone)]
pub struct Routes {
    labels: Vec<Label>,
    way: Way,
}

/// What the nodes' routes have in common: the end at the targets, or the beginning at the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToTargets,
    FromSources,
}

/// The best route of a node that is known so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label {
    /// Sum of edge costs.
    pub(crate) cost: u64,
    /// Number of edges, [`NONE`] when the node has no route.
    pub(crate) hops: u32,
    /// The edge between this node and `next`; [`NONE`] at a start.
    edge: u32,
    /// The node one hop nearer to the start of the search.
    next: u32,
}

const UNREACHED: Label = Label {
    cost: u64::MAX,
    hops: NONE,
    edge: NONE,
    next: NONE,
};
const START: Label = Label {
    cost: 0,
    hops: 0,
    edge: NONE,
    next: NONE,
};

/// Finds, for every node, the cheapest route to the nearest of `targets`.
///
/// * `targets` may be empty, unsorted and may repeat. A target's own route is empty, at cost 0; hence every route ends
///   at the first target that it meets.
/// * `limit`: a route that costs more is not taken; a node that has no other is unreached.
/// * Ties are broken by the order of routes that the crate's documentation gives, over all targets together.
///
/// Takes `O((n + m) log m)` time and 24 bytes per node, beside the queue.
///
/// # Errors
/// [`GraphError::NoSuchNode`] when a target is not in the graph.
///
/// # Source
/// E. W. Dijkstra, "A note on two problems in connexion with graphs", Numerische Mathematik 1 (1959).
pub fn cheapest_to(graph: &Csr, targets: &[u32], limit: Option<u64>) -> Result<Routes, GraphError> {
    graph.check_nodes(targets)?;
    let labels = search(graph.backwards(), targets, limit, |_, _| true, None);
    Ok(Routes {
        labels,
        way: Way::ToTargets,
    })
}

/// Finds, for every node, the cheapest route from the nearest of `sources`; otherwise as [`cheapest_to`].
///
/// # Errors
/// [`GraphError::NoSuchNode`] when a source is not in the graph.
pub fn cheapest_from(graph: &Csr, sources: &[u32], limit: Option<u64>) -> Result<Routes, GraphError> {
    graph.check_nodes(sources)?;
    let mut labels = search(graph.forwards(), sources, limit, |_, _| true, None);
    keep_smallest_sequences(graph, &mut labels);
    Ok(Routes {
        labels,
        way: Way::FromSources,
    })
}

impl Routes {
    /// The cost of the node's route; `None` when it has none.
    pub fn cost(&self, node: u32) -> Option<u64> {
        self.label(node).map(|label| label.cost)
    }

    /// The number of edges of the node's route; `None` when it has none.
    pub fn hops(&self, node: u32) -> Option<u32> {
        self.label(node).map(|label| label.hops)
    }

    /// The edge of the route at this node: the first one towards the targets, or the last one from the sources.
    /// [`Hop::node`] is its other end. `None` at a target or source itself, and when there is no route.
    pub fn hop(&self, node: u32) -> Option<Hop> {
        let label = self.label(node).filter(|label| label.edge != NONE)?;
        let cost = label.cost - self.labels[label.next as usize].cost;
        // The difference is the cost of one edge, hence a u32.
        Some(Hop {
            node: label.next,
            edge: label.edge,
            cost: cost as u32,
        })
    }

    /// The edge numbers of the node's route in the direction of travel; empty at a target or source itself, `None`
    /// when there is no route.
    pub fn route(&self, node: u32) -> Option<Vec<u32>> {
        self.label(node)?;
        let mut edges: Vec<u32> = self.hops_from(node).map(|hop| hop.edge).collect();
        if self.way == Way::FromSources {
            edges.reverse();
        }
        Some(edges)
    }

    /// The target at which the node's route ends, or the source at which it begins; `None` when there is no route.
    pub fn end(&self, node: u32) -> Option<u32> {
        self.label(node)?;
        Some(self.hops_from(node).last().map_or(node, |hop| hop.node))
    }

    /// The hops of the node's route, from the node outwards.
    pub(crate) fn hops_from(&self, node: u32) -> impl Iterator<Item = Hop> {
        std::iter::successors(self.hop(node), |hop| self.hop(hop.node))
    }

    pub(crate) fn label(&self, node: u32) -> Option<&Label> {
        self.labels.get(node as usize).filter(|label| label.hops != NONE)
    }

    /// Routes towards the starts of a backwards [`search`].
    pub(crate) fn towards(labels: Vec<Label>) -> Routes {
        Routes {
            labels,
            way: Way::ToTargets,
        }
    }
}

/// Dijkstra's algorithm from `starts` along `view`, on (cost, hops); of several tight edges at a node the one with the
/// smallest number is kept.
///
/// * `open(node, edge)` says whether the search may enter `node` over `edge`.
/// * When `stop` is settled the search ends: its label, and those of the nodes on its route, are final.
pub(crate) fn search(
    view: View<'_>,
    starts: &[u32],
    limit: Option<u64>,
    open: impl Fn(u32, u32) -> bool,
    stop: Option<u32>,
) -> Vec<Label> {
    let limit = limit.unwrap_or(u64::MAX);
    let mut labels = vec![UNREACHED; view.node_count()];
    let mut queue = BinaryHeap::new();
    for &start in starts {
        labels[start as usize] = START;
        queue.push(Reverse((START.cost, START.hops, start)));
    }
    while let Some(Reverse((cost, hops, node))) = queue.pop() {
        let label = &labels[node as usize];
        if (label.cost, label.hops) != (cost, hops) {
            continue; // An entry that a better one has overtaken.
        }
        if stop == Some(node) {
            break;
        }
        for hop in view.ahead(node) {
            // At most 2^32 hops of at most 2^32 each: the sum fits.
            let reached = Label {
                cost: cost + u64::from(hop.cost),
                hops: hops + 1,
                edge: hop.edge,
                next: node,
            };
            if reached.cost > limit || !open(hop.node, hop.edge) {
                continue;
            }
            let known = &mut labels[hop.node as usize];
            let (new, old) = ((reached.cost, reached.hops), (known.cost, known.hops));
            if new < old {
                *known = reached;
                queue.push(Reverse((reached.cost, reached.hops, hop.node)));
            } else if new == old && reached.edge < known.edge {
                *known = reached;
            }
        }
    }
    labels
}

/// Gives every node the last edge of its lexicographically smallest tight route.
///
/// Tight routes of one length are compared by the rank of all but their last edge, then by that edge; the ranks of one
/// length give those of the next. All sources have rank 0: their routes are empty, and an edge tells its source.
///
/// Takes `O(m + n log n)` time.
fn keep_smallest_sequences(graph: &Csr, labels: &mut [Label]) {
    let mut nodes: Vec<u32> = (0..graph.node_count())
        .filter(|&node| labels[node as usize].hops != NONE)
        .collect();
    nodes.sort_by_key(|&node| labels[node as usize].hops);

    let mut ranks = vec![0u32; labels.len()];
    let mut keys = Vec::new();
    let mut level = nodes.as_slice();
    while let Some(&first) = level.first() {
        let hops = labels[first as usize].hops;
        let (now, later) = level.split_at(level.partition_point(|&node| labels[node as usize].hops == hops));
        for &node in now {
            let cost = labels[node as usize].cost;
            let tight = graph.incoming(node).iter().filter(|hop| {
                let before = &labels[hop.node as usize];
                before.hops != NONE && before.hops + 1 == hops && before.cost + u64::from(hop.cost) == cost
            });
            if let Some(last) = tight.min_by_key(|hop| (ranks[hop.node as usize], hop.edge)) {
                keys.push((ranks[last.node as usize], last.edge, node));
                labels[node as usize].edge = last.edge;
                labels[node as usize].next = last.node;
            }
        }
        keys.sort_unstable();
        for (rank, (_, _, node)) in (0u32..).zip(keys.drain(..)) {
            ranks[node as usize] = rank;
        }
        level = later;
    }
}
