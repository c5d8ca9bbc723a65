//! The best routes between two nodes, in order.
//!
//! Start at [`k_cheapest`]. The loopless routes are split into disjoint *families*: those that begin with given edges
//! and then take none of some forbidden ones. The best route of all families is the next answer; it splits the rest of
//! its family by the place where they first differ from it. This is Yen's algorithm in Lawler's form.
//!
//! Most families never need a search of their own. One tree of cheapest routes to the target, computed once, gives each
//! family its best *walk*, which may cross its own beginning. No route of the family is better than that walk, and when
//! it has no loop it is the best route. Only when a walk with a loop comes first in the queue is the family searched.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fixedbitset::FixedBitSet;

use crate::csr::{Csr, Hop};
use crate::error::GraphError;
use crate::routes::{Routes, cheapest_to, search};

/// A route between two nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Edge numbers in the direction of travel.
    pub edges: Vec<u32>,
    /// Sum of the edges' costs.
    pub cost: u64,
}

/// Finds the `k` best routes from `source` to `target` that visit no node twice.
///
/// * `limit`: routes that cost more are left out.
/// * The result is sorted by the order of routes that the crate's documentation gives, and shorter than `k` only when
///   there are no more routes. From a node to itself there is one route, the empty one.
///
/// Takes `O((n + m) log m)` time for the first route. A later one takes `O(h (h + d))` for `h` hops and `d` edges per
/// node, as long as no loop gets in the way; at worst `h` searches like the first.
///
/// # Errors
/// [`GraphError::NoSuchNode`] when `source` or `target` is not in the graph.
///
/// # Source
/// J. Y. Yen, "Finding the k shortest loopless paths in a network", Management Science 17 (1971); E. L. Lawler, "A
/// procedure for computing the k best solutions to discrete optimization problems", Management Science 18 (1972).
pub fn k_cheapest(
    graph: &Csr,
    source: u32,
    target: u32,
    k: usize,
    limit: Option<u64>,
) -> Result<Vec<Route>, GraphError> {
    graph.check_nodes(&[source])?;
    let tree = cheapest_to(graph, &[target], limit)?;
    let mut finder = Finder {
        graph,
        source,
        target,
        limit,
        tree,
        begun: FixedBitSet::new(),
    };
    finder.begun.grow(graph.node_count() as usize);

    let mut routes = Vec::new();
    let mut queue: BinaryHeap<Reverse<Family>> = BinaryHeap::new();
    queue.extend(finder.all().map(Reverse));
    while routes.len() < k
        && let Some(Reverse(family)) = queue.pop()
    {
        if family.has_loop {
            queue.extend(finder.searched(family).map(Reverse));
            continue;
        }
        queue.extend(finder.split(&family).into_iter().map(Reverse));
        routes.push(Route {
            edges: family.edges,
            cost: family.cost,
        });
    }
    Ok(routes)
}

/// The routes that begin with the first `fixed` of `edges` and go on by none of `forbidden`.
///
/// The order of the fields is the order of routes; families are disjoint, so it is decided by the first three.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Family {
    /// Of the best walk.
    cost: u64,
    /// Of the best walk.
    hops: usize,
    /// Of the best walk, which is the best route unless it has a loop.
    edges: Vec<u32>,
    /// The nodes of the best walk with the cost up to each, the source left out.
    nodes: Vec<(u32, u64)>,
    fixed: usize,
    forbidden: Vec<u32>,
    has_loop: bool,
}

struct Finder<'a> {
    graph: &'a Csr,
    source: u32,
    target: u32,
    limit: Option<u64>,
    /// The cheapest walks to the target.
    tree: Routes,
    /// The nodes of the beginning that is being looked at; empty between calls.
    begun: FixedBitSet,
}

impl Finder<'_> {
    /// All routes as one family; `None` when there are none.
    fn all(&self) -> Option<Family> {
        self.tree.cost(self.source)?;
        Some(self.join(&[], &[], Vec::new(), self.tree.hops_from(self.source)))
    }

    /// What is left of a family beside its best route: one family for each place to leave that route.
    fn split(&mut self, best: &Family) -> Vec<Family> {
        let mut families = Vec::new();
        for fixed in best.fixed..best.hops {
            let mut forbidden = if fixed == best.fixed {
                best.forbidden.clone()
            } else {
                Vec::new()
            };
            forbidden.push(best.edges[fixed]);
            families.extend(self.walked(&best.edges[..fixed], &best.nodes[..fixed], forbidden));
        }
        families
    }

    /// The family with its best walk; `None` when it has no walk within the limit.
    fn walked(&mut self, edges: &[u32], nodes: &[(u32, u64)], forbidden: Vec<u32>) -> Option<Family> {
        let (spur, _) = self.end(nodes);
        let ways_on = self
            .graph
            .outgoing(spur)
            .iter()
            .filter(|hop| !forbidden.contains(&hop.edge));
        let (_, first) = ways_on
            .filter_map(|hop| {
                let rest = self.tree.label(hop.node)?;
                Some(((rest.cost + u64::from(hop.cost), rest.hops, hop.edge), *hop))
            })
            .min_by_key(|&(rank, _)| rank)?;
        let walk = std::iter::once(first).chain(self.tree.hops_from(first.node));
        let mut family = self.join(edges, nodes, forbidden, walk);
        if self.limit.is_some_and(|limit| family.cost > limit) {
            return None;
        }
        self.remember_begun(nodes);
        family.has_loop = family.nodes[family.fixed..]
            .iter()
            .any(|&(node, _)| self.begun.contains(node as usize));
        self.forget_begun(nodes);
        Some(family)
    }

    /// The family with its best route in place of a walk with a loop; `None` when it has no route within the limit.
    fn searched(&mut self, family: Family) -> Option<Family> {
        let (edges, nodes) = (&family.edges[..family.fixed], &family.nodes[..family.fixed]);
        let (spur, spent) = self.end(nodes);
        self.remember_begun(nodes);
        let open = |node, edge| match node == spur {
            true => !family.forbidden.contains(&edge),
            false => !self.begun.contains(node as usize),
        };
        // The walk kept the limit, so its beginning does.
        let limit = self.limit.map(|limit| limit - spent);
        let labels = search(self.graph.backwards(), &[self.target], limit, open, Some(spur));
        self.forget_begun(nodes);
        let routes = Routes::towards(labels);
        routes.cost(spur)?;
        Some(self.join(edges, nodes, family.forbidden.clone(), routes.hops_from(spur)))
    }

    /// A beginning and a way on.
    fn join(
        &self,
        edges: &[u32],
        nodes: &[(u32, u64)],
        forbidden: Vec<u32>,
        way_on: impl Iterator<Item = Hop>,
    ) -> Family {
        let fixed = edges.len();
        let (mut edges, mut nodes) = (edges.to_vec(), nodes.to_vec());
        let (_, mut cost) = self.end(&nodes);
        for hop in way_on {
            cost += u64::from(hop.cost);
            edges.push(hop.edge);
            nodes.push((hop.node, cost));
        }
        Family {
            cost,
            hops: edges.len(),
            edges,
            nodes,
            fixed,
            forbidden,
            has_loop: false,
        }
    }

    /// Where a beginning leads, and its cost.
    fn end(&self, nodes: &[(u32, u64)]) -> (u32, u64) {
        nodes.last().copied().unwrap_or((self.source, 0))
    }

    fn remember_begun(&mut self, nodes: &[(u32, u64)]) {
        self.begun.insert(self.source as usize);
        self.begun.extend(nodes.iter().map(|&(node, _)| node as usize));
    }

    fn forget_begun(&mut self, nodes: &[(u32, u64)]) {
        self.begun.remove(self.source as usize);
        for &(node, _) in nodes {
            self.begun.remove(node as usize);
        }
    }
}
