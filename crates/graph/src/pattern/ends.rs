//! Which ends occur in matches, without making the matches. Start at [`distinct_ends`].
//!
//! Many walks between two nodes are one pair of ends, so instead of walks sets of nodes are carried along the
//! pattern: from up to 256 nodes at once, a bit for each (M. Then et al., "The more the merrier: efficient
//! multi-source graph traversal", PVLDB 8 (2014)). That takes time linear in the graph for each such block.
//!
//! **When it is exact.** Carried sets are about walks that may repeat anything. With [`Cycles::All`] that is what is
//! asked. Else a pair that is found has to have a match without repetition:
//!
//! * A shortest walk between two nodes visits none of them twice. With `min <= 1` it is long enough, and being the
//!   shortest it is short enough, so each walk may be taken to be a shortest one. From a node back to itself the same
//!   holds, but for edges that are followed either way (there and back over one edge): these are not collapsed.
//! * Two edge variables must not be able to take the same edge: the sets of edges, or the sets of nodes that they
//!   leave or enter, share nothing. For [`Cycles::None`] there is one edge variable alone, between the ends.
//! * The pattern is a tree, so that what hangs off the way between the ends is decided node by node.
//!
//! Where this does not hold [`distinct_ends`] answers `None`, and the caller makes the matches.

use super::prune::{Candidates, FAR, Link, Pruned, prune};
use super::set::Follow;
use super::{BATCH_ROWS_MAX, Budget, Cycles, Direction, EdgeVariable, Matches, Meter, Outcome, Pattern, Stop, Watch};
use crate::csr::Csr;
use crate::error::GraphError;

/// 64-bit words for each node: so many times 64 starts are followed at once.
const WORDS: usize = 4;

/// A bit for each start of a block.
type Lanes = [u64; WORDS];

const NO_LANES: Lanes = [0; WORDS];

/// Hands the distinct pairs of nodes that `ends` (two node variables, perhaps the same) stand for in all matches to
/// `watch`, as [`Matches`] of two node columns. `None` when the pattern is not one for which that can be told without
/// making the matches; nothing was handed over then. Pairs count as matches of the budget.
///
/// # Errors
/// [`GraphError::NoSuchVariable`], [`GraphError::Disconnected`].
pub fn distinct_ends(
    graph: &Csr,
    pattern: &Pattern,
    ends: [usize; 2],
    budget: Budget,
    watch: &mut dyn Watch,
) -> Result<Option<Outcome>, GraphError> {
    pattern.check()?;
    if let Some(&variable) = ends.iter().find(|&&end| end >= pattern.nodes.len()) {
        return Err(GraphError::NoSuchVariable { variable });
    }
    if !has_shape(pattern, ends) {
        return Ok(None);
    }
    let mut meter = Meter::new(budget);
    let count = |end: usize| {
        let bits = pattern.nodes[end].allowed.to_bits(graph.node_count());
        bits.map_or(usize::MAX, |bits| bits.count_ones(..))
    };
    // The end with fewer nodes is started from.
    let is_swapped = count(ends[1]) < count(ends[0]);
    let [root, far] = if is_swapped { [ends[1], ends[0]] } else { ends };
    let Some(pruned) = prune(graph, pattern, Some(root), &mut meter, watch) else {
        return Ok(Some(meter.outcome));
    };
    if !is_exact(graph, pattern, &pruned) {
        return Ok(None);
    }
    let mut spread = Spread {
        graph,
        pattern,
        pruned: &pruned,
        meter,
        watch,
        pairs: Matches {
            nodes: vec![Vec::new(); 2],
            ..Matches::default()
        },
        is_swapped,
    };
    spread.run(far);
    Ok(Some(spread.meter.outcome))
}

/// Whether the pattern may be collapsed as far as can be told without looking at the graph.
fn has_shape(pattern: &Pattern, ends: [usize; 2]) -> bool {
    let is_tree = pattern.edges.len() + 1 == pattern.nodes.len();
    let is_pair = pattern.edges.len() == 1 && ends[0] != ends[1];
    let may_repeat = pattern.cycles != Cycles::None || pattern.edges.is_empty() || is_pair;
    let is_plain = |edge: &EdgeVariable| {
        edge.any_edges.is_empty() && edge.any_inner.is_empty() && edge.bounds().min <= 1 && edge.left != edge.right
    };
    is_tree && may_repeat && pattern.edges.iter().all(is_plain)
}

fn is_exact(graph: &Csr, pattern: &Pattern, pruned: &Pruned) -> bool {
    if pattern.cycles == Cycles::All {
        return true;
    }
    let goes_back = |edge: &EdgeVariable| {
        edge.direction == Direction::Both
            && edge.length.is_some_and(|length| length.min == 1 && length.max > 1)
            && !are_disjoint(&pruned.candidates[edge.left], &pruned.candidates[edge.right])
    };
    if pattern.cycles == Cycles::UniqueEdges && pattern.edges.iter().any(goes_back) {
        return false;
    }
    let edges = &pattern.edges;
    (0..edges.len()).all(|left| (0..left).all(|right| are_apart(graph, pruned, &edges[left], &edges[right])))
}

/// Whether no edge can be taken by both variables.
fn are_apart(graph: &Csr, pruned: &Pruned, left: &EdgeVariable, right: &EdgeVariable) -> bool {
    let tail_and_head = |edge: &EdgeVariable| match (edge.length, edge.direction) {
        (None, Direction::Right) => Some([edge.left, edge.right]),
        (None, Direction::Left) => Some([edge.right, edge.left]),
        _ => None,
    };
    if let (Some(left), Some(right)) = (tail_and_head(left), tail_and_head(right)) {
        let of = |variable: usize| &pruned.candidates[variable];
        if are_disjoint(of(left[0]), of(right[0])) || are_disjoint(of(left[1]), of(right[1])) {
            return true;
        }
    }
    left.allowed.is_disjoint(&right.allowed, graph.edge_count())
}

fn are_disjoint(left: &Candidates, right: &Candidates) -> bool {
    match (&left.bits, &right.bits) {
        (Some(left), Some(right)) => left.is_disjoint(right),
        _ => left.count == 0 || right.count == 0,
    }
}

/// Nodes with the starts that reach them.
struct Front {
    lanes: Vec<Lanes>,
    /// Those with any.
    nodes: Vec<u32>,
}

impl Front {
    fn new(node_count: usize) -> Self {
        Self {
            lanes: vec![NO_LANES; node_count],
            nodes: Vec::new(),
        }
    }

    fn add(&mut self, node: u32, lanes: &Lanes) {
        let mine = &mut self.lanes[node as usize];
        if *mine == NO_LANES {
            self.nodes.push(node);
        }
        for (mine, more) in mine.iter_mut().zip(lanes) {
            *mine |= more;
        }
    }

    fn clear(&mut self) {
        for &node in &self.nodes {
            self.lanes[node as usize] = NO_LANES;
        }
        self.nodes.clear();
    }
}

struct Spread<'a> {
    graph: &'a Csr,
    pattern: &'a Pattern,
    pruned: &'a Pruned,
    meter: Meter,
    watch: &'a mut dyn Watch,
    pairs: Matches,
    is_swapped: bool,
}

impl Spread<'_> {
    fn run(&mut self, far: usize) {
        let way = self.way(far);
        let starts: Vec<u32> = match &self.pruned.candidates[self.pruned.root].bits {
            Some(bits) => bits.ones().map(|node| node as u32).collect(),
            None => (0..self.graph.node_count()).collect(),
        };
        let node_count = self.graph.node_count() as usize;
        if !self.meter.hold(3 * size_of::<Lanes>() * node_count) {
            return;
        }
        let [mut front, mut next, mut reached] = [(); 3].map(|()| Front::new(node_count));
        for block in starts.chunks(64 * WORDS) {
            for (lane, &start) in block.iter().enumerate() {
                let mut lanes = NO_LANES;
                lanes[lane / 64] = 1 << (lane % 64);
                front.add(start, &lanes);
            }
            for &link in &way {
                let is_done = match self.pattern.edges[link.edge].length {
                    None => self.cross(link, &front, &mut next),
                    Some(_) => self.walk(link, &mut front, &mut next, &mut reached),
                };
                if !is_done {
                    return;
                }
                front.clear();
                std::mem::swap(&mut front, &mut next);
            }
            if !self.hand_over(block, &front) {
                return;
            }
            front.clear();
        }
        self.flush();
    }

    /// The links of the tree from its root to a variable.
    fn way(&self, far: usize) -> Vec<Link> {
        let mut way = Vec::new();
        let mut at = far;
        for link in self.pruned.tree.iter().rev() {
            if link.to == at {
                way.push(*link);
                at = link.from;
            }
        }
        way.reverse();
        way
    }

    /// Over one edge. False when the budget ran out.
    fn cross(&mut self, link: Link, front: &Front, next: &mut Front) -> bool {
        let follow = Follow::new(self.graph, &self.pattern.edges[link.edge], link.from_left);
        let candidates = &self.pruned.candidates[link.to];
        for &node in &front.nodes {
            if !self.meter.visit(follow.rows(node).len() as u64, self.watch) {
                return false;
            }
            for hop in follow.hops(node) {
                if candidates.contains(hop.node) {
                    next.add(hop.node, &front.lanes[node as usize]);
                }
            }
        }
        true
    }

    /// Over a walk, level by level; `front` is used up. False when the budget ran out.
    fn walk(&mut self, link: Link, front: &mut Front, next: &mut Front, reached: &mut Front) -> bool {
        let edge = &self.pattern.edges[link.edge];
        let bounds = edge.bounds();
        let follow = Follow::new(self.graph, edge, link.from_left);
        let remaining = self.pruned.remaining[link.edge].as_deref();
        if bounds.min == 0 {
            for &node in &front.nodes {
                reached.add(node, &front.lanes[node as usize]);
            }
        }
        for level in 0..bounds.max {
            if front.nodes.is_empty() {
                break;
            }
            for &node in &front.nodes {
                if level > 0 && !edge.inner.contains(node) {
                    continue;
                }
                if !self.meter.visit(follow.rows(node).len() as u64, self.watch) {
                    return false;
                }
                let lanes = front.lanes[node as usize];
                for hop in follow.hops(node) {
                    let left = remaining.map_or(0, |remaining| remaining[hop.node as usize]);
                    if left == FAR || u32::from(left) > bounds.max - level - 1 {
                        continue;
                    }
                    let known = &reached.lanes[hop.node as usize];
                    let fresh: Lanes = std::array::from_fn(|word| lanes[word] & !known[word]);
                    if fresh != NO_LANES {
                        next.add(hop.node, &fresh);
                    }
                }
            }
            for &node in &next.nodes {
                reached.add(node, &next.lanes[node as usize]);
            }
            front.clear();
            std::mem::swap(front, next);
        }
        next.clear();
        let candidates = &self.pruned.candidates[link.to];
        for &node in reached.nodes.iter().filter(|&&node| candidates.contains(node)) {
            next.add(node, &reached.lanes[node as usize]);
        }
        reached.clear();
        true
    }

    /// Keeps the pairs of a block. False when the search has to end.
    fn hand_over(&mut self, block: &[u32], front: &Front) -> bool {
        // Nodes are unique: only a walk of no edges joins a node with itself.
        let drops_circles =
            self.pattern.cycles == Cycles::None && self.pattern.edges.iter().any(|edge| edge.bounds().min > 0);
        for &node in &front.nodes {
            for (word, &bits) in front.lanes[node as usize].iter().enumerate() {
                let mut bits = bits;
                while bits != 0 {
                    let start = block[64 * word + bits.trailing_zeros() as usize];
                    bits &= bits - 1;
                    if drops_circles && start == node {
                        continue;
                    }
                    if !self.keep(start, node) {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn keep(&mut self, start: u32, node: u32) -> bool {
        if self.meter.outcome.matches >= self.meter.budget.matches_max {
            self.meter.stop(Stop::Matches);
            self.flush();
            return false;
        }
        self.meter.outcome.matches += 1;
        let (near, far) = if self.is_swapped { (1, 0) } else { (0, 1) };
        self.pairs.nodes[near].push(start);
        self.pairs.nodes[far].push(node);
        self.pairs.len += 1;
        if self.pairs.len >= BATCH_ROWS_MAX {
            self.flush();
        }
        self.meter.goes_on()
    }

    fn flush(&mut self) {
        if self.pairs.len > 0 && !self.watch.take(&self.pairs) {
            self.meter.stop(Stop::Taken);
        }
        self.pairs.clear();
    }
}
