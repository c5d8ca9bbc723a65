//! Cuts the candidates of each variable down to nodes that can take part in a match at all. Start at [`prune`].
//!
//! The pattern is spanned by a tree whose root has the fewest candidates. Sets are carried from the root to the leaves
//! and back, each edge variable once in each direction (a semi-join; a breadth-first search for a walk). Afterwards
//! each candidate of the root can be extended down each branch of the tree, if walks may repeat whatever they like;
//! where they may not, the sets are still large enough. Edge variables beside the tree cut on the way down alone.

use fixedbitset::FixedBitSet;

use super::set::Follow;
use super::{EdgeVariable, Meter, Pattern, Watch};
use crate::csr::Csr;

/// The distance of what cannot be reached.
pub(super) const FAR: u8 = u8::MAX;

/// Distances beyond are told as this: a lower bound.
const DISTANCE_MAX: u8 = FAR - 1;

/// Candidates of a node variable.
#[derive(Debug, Clone)]
pub(super) struct Candidates {
    /// `None`: every node.
    pub bits: Option<FixedBitSet>,
    pub count: usize,
}

impl Candidates {
    pub(super) fn contains(&self, node: u32) -> bool {
        self.bits.as_ref().is_none_or(|bits| bits.contains(node as usize))
    }

    fn keep(&mut self, keep: impl Fn(u32) -> bool, node_count: u32) {
        let kept: FixedBitSet = match &self.bits {
            Some(bits) => {
                let mut kept = FixedBitSet::with_capacity(node_count as usize);
                kept.extend(bits.ones().filter(|&node| keep(node as u32)));
                kept
            }
            None => {
                let mut kept = FixedBitSet::with_capacity(node_count as usize);
                kept.extend((0..node_count as usize).filter(|&node| keep(node as u32)));
                kept
            }
        };
        self.count = kept.count_ones(..);
        self.bits = Some(kept);
    }
}

/// An edge variable as it is followed down the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub edge: usize,
    pub from: usize,
    pub to: usize,
    pub from_left: bool,
}

impl Link {
    pub(super) fn reversed(self) -> Self {
        Self {
            edge: self.edge,
            from: self.to,
            to: self.from,
            from_left: !self.from_left,
        }
    }
}

#[derive(Debug)]
pub(super) struct Pruned {
    pub candidates: Vec<Candidates>,
    pub root: usize,
    /// The edge variables of the tree, each after the one that leads to it.
    pub tree: Vec<Link>,
    /// For a walk of the tree: at least so many edges lead from a node to a candidate at its far end.
    pub remaining: Vec<Option<Vec<u8>>>,
}

/// With a `root` every set is cut down, those of every node too, so that each candidate of the root can be extended.
/// Without one they are left alone, which the search makes up for. `None` when the budget ran out.
pub(super) fn prune(
    graph: &Csr,
    pattern: &Pattern,
    root: Option<usize>,
    meter: &mut Meter,
    watch: &mut dyn Watch,
) -> Option<Pruned> {
    let node_count = graph.node_count();
    let bytes = (node_count as usize).div_ceil(8) * pattern.nodes.len();
    if !meter.hold(bytes) {
        return None;
    }
    let mut candidates: Vec<Candidates> = pattern
        .nodes
        .iter()
        .map(|node| {
            let mut bits = node.allowed.to_bits(node_count);
            if root.is_some() {
                bits.get_or_insert_with(|| {
                    let mut every = FixedBitSet::with_capacity(node_count as usize);
                    every.insert_range(..);
                    every
                });
            }
            let count = bits.as_ref().map_or(node_count as usize, |bits| bits.count_ones(..));
            Candidates { bits, count }
        })
        .collect();
    let fewest = (0..candidates.len()).min_by_key(|&variable| candidates[variable].count)?;
    let root = root.unwrap_or(fewest);

    let mut pruner = Pruner { graph, meter, watch };
    let mut is_bound = vec![false; pattern.nodes.len()];
    let mut is_used = vec![false; pattern.edges.len()];
    is_bound[root] = true;
    let mut tree = Vec::new();
    let mut reached = vec![None; pattern.edges.len()];
    while let Some(link) = cheapest_link(pattern, &candidates, &is_bound, &is_used) {
        is_used[link.edge] = true;
        reached[link.edge] = pruner.carry(&pattern.edges[link.edge], link, None, &mut candidates)?;
        if !is_bound[link.to] {
            is_bound[link.to] = true;
            tree.push(link);
        }
    }
    let mut remaining = vec![None; pattern.edges.len()];
    for link in tree.iter().rev() {
        let within = reached[link.edge].take();
        let edge = &pattern.edges[link.edge];
        remaining[link.edge] = pruner.carry(edge, link.reversed(), within.as_deref(), &mut candidates)?;
    }
    Some(Pruned {
        candidates,
        root,
        tree,
        remaining,
    })
}

/// The unused edge variable with a bound end that has the fewest candidates.
fn cheapest_link(pattern: &Pattern, candidates: &[Candidates], is_bound: &[bool], is_used: &[bool]) -> Option<Link> {
    let links = pattern.edges.iter().enumerate().flat_map(|(edge, variable)| {
        [(variable.left, true), (variable.right, false)].map(|(from, from_left)| Link {
            edge,
            from,
            to: variable.across(from).0,
            from_left,
        })
    });
    links
        .filter(|link| !is_used[link.edge] && is_bound[link.from])
        .min_by_key(|link| candidates[link.from].count)
}

struct Pruner<'a> {
    graph: &'a Csr,
    meter: &'a mut Meter,
    watch: &'a mut dyn Watch,
}

impl Pruner<'_> {
    /// Takes away candidates of `link.to` that no candidate of `link.from` is joined with. The inner `Option` holds
    /// the distances from the candidates of `link.from`, for a walk; the outer is `None` when the budget ran out.
    /// `within` are distances from the other end: nodes that no walk of allowed length can pass are left out.
    #[expect(clippy::option_option, reason = "the outer one is the budget")]
    fn carry(
        &mut self,
        edge: &EdgeVariable,
        link: Link,
        within: Option<&[u8]>,
        candidates: &mut [Candidates],
    ) -> Option<Option<Vec<u8>>> {
        let Some(from) = candidates[link.from].bits.clone() else {
            // Every node: nothing is known, and nothing is taken away.
            return Some(None);
        };
        let ahead = Follow::new(self.graph, edge, link.from_left);
        let behind = Follow::new(self.graph, edge, !link.from_left);
        if edge.length.is_some() {
            let distances = self.distances(ahead, &from, edge, within)?;
            let bounds = edge.bounds();
            let steps_max = u32::from(DISTANCE_MAX).min(bounds.max);
            let is_met = |node: u32| {
                let distance = distances[node as usize];
                match distance {
                    FAR => false,
                    0 if bounds.min == 0 => true,
                    // An end itself: whether a walk of one edge or more leads back to an end.
                    0 => behind.hops(node).any(|hop| {
                        let next = distances[hop.node as usize];
                        next != FAR && u32::from(next) < steps_max && (next == 0 || edge.inner.contains(hop.node))
                    }),
                    _ => u32::from(distance) <= steps_max,
                }
            };
            candidates[link.to].keep(is_met, self.graph.node_count());
            return Some(Some(distances));
        }
        let is_small = candidates[link.from].count <= candidates[link.to].count;
        if is_small {
            let mut image = FixedBitSet::with_capacity(self.graph.node_count() as usize);
            for node in from.ones() {
                let node = node as u32;
                if !self.meter.visit(ahead.rows(node).len() as u64, self.watch) {
                    return None;
                }
                for hop in ahead.hops(node) {
                    image.insert(hop.node as usize);
                }
            }
            let to = &mut candidates[link.to];
            if let Some(bits) = &to.bits {
                image.intersect_with(bits);
            }
            to.count = image.count_ones(..);
            to.bits = Some(image);
        } else {
            let mut visited = 0;
            if let Some(to) = &candidates[link.to].bits {
                visited = to.ones().map(|node| behind.rows(node as u32).len() as u64).sum();
            }
            if !self.meter.visit(visited, self.watch) {
                return None;
            }
            let is_met = |node| behind.hops(node).any(|hop| from.contains(hop.node as usize));
            candidates[link.to].keep(is_met, self.graph.node_count());
        }
        Some(None)
    }

    /// The fewest edges from any of `starts` to each node, over inner nodes that the edge allows, as far as a walk may
    /// be long.
    fn distances(
        &mut self,
        ahead: Follow<'_>,
        starts: &FixedBitSet,
        edge: &EdgeVariable,
        within: Option<&[u8]>,
    ) -> Option<Vec<u8>> {
        let max = edge.bounds().max;
        let node_count = self.graph.node_count() as usize;
        if !self.meter.hold(node_count) {
            return None;
        }
        let mut distances = vec![FAR; node_count];
        let mut front: Vec<u32> = starts.ones().map(|node| node as u32).collect();
        for &node in &front {
            distances[node as usize] = 0;
        }
        let mut next = Vec::new();
        let mut distance = 0u8;
        let mut steps = 0;
        while !front.is_empty() && steps < max {
            steps += 1;
            let step = distance.saturating_add(1).min(DISTANCE_MAX);
            for &node in &front {
                if distance > 0 && !edge.inner.contains(node) {
                    continue;
                }
                if !self.meter.visit(ahead.rows(node).len() as u64, self.watch) {
                    return None;
                }
                for hop in ahead.hops(node) {
                    let found = &mut distances[hop.node as usize];
                    let is_near = within.is_none_or(|within| {
                        let rest = within[hop.node as usize];
                        rest != FAR && u32::from(rest) + u32::from(step) <= max
                    });
                    if *found == FAR && is_near {
                        *found = step;
                        next.push(hop.node);
                    }
                }
            }
            distance = step;
            std::mem::swap(&mut front, &mut next);
            next.clear();
        }
        Some(distances)
    }
}
