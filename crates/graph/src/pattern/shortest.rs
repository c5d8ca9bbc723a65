//! Shortest matches between ends. Start at [`shortest`].
//!
//! For one walk between two variables that may be as short as one edge, a breadth-first search from each start gives
//! the distances, and the shortest walks are read back from them. Anything else is searched for matches of one edge,
//! of two edges, and so on, from each start, until each of its ends is found or nothing is left to lengthen.

use std::collections::BTreeMap;

use super::plan::Plan;
use super::prune::{FAR, Pruned, prune};
use super::search::Search;
use super::set::Follow;
use super::{
    BATCH_ROWS_MAX, Budget, Direction, EdgeColumn, Filter, Found, Matches, Meter, Outcome, Pattern, Stop, Watch,
};
use crate::csr::Csr;
use crate::error::GraphError;

/// Of the matches with the same nodes at `ends`, which are handed over: those with the fewest edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shortest {
    /// Two node variables.
    pub ends: [usize; 2],
    /// All of the shortest, or one.
    pub all: bool,
}

/// Finds shortest matches. Filters are part of what a match is: the shortest of those that satisfy them counts.
///
/// # Errors
/// [`GraphError::NoSuchVariable`], [`GraphError::Disconnected`].
pub fn shortest(
    graph: &Csr,
    pattern: &Pattern,
    which: Shortest,
    filters: &[Filter],
    budget: Budget,
    watch: &mut dyn Watch,
) -> Result<Outcome, GraphError> {
    pattern.check()?;
    if let Some(&variable) = which.ends.iter().find(|&&end| end >= pattern.nodes.len()) {
        return Err(GraphError::NoSuchVariable { variable });
    }
    let mut meter = Meter::new(budget);
    let Some(pruned) = prune(graph, pattern, Some(which.ends[0]), &mut meter, watch) else {
        return Ok(meter.outcome);
    };
    if filters.is_empty() && is_one_walk(pattern, which, &pruned) {
        let mut layers = Layers::new(graph, pattern, which, &pruned, meter, watch);
        layers.run();
        return Ok(layers.meter.outcome);
    }
    let plan = Plan::new(graph, pattern, &pruned, filters);
    let starts = starts(graph, &pruned);
    let bounds = pattern.edges.iter().map(super::EdgeVariable::bounds);
    let (min, max) = bounds.fold((0u32, 0u32), |(min, max), bounds| {
        (min.saturating_add(bounds.min), max.saturating_add(bounds.max))
    });
    let limit = meter.budget.matches_max;
    meter.budget.matches_max = u64::MAX;
    let mut search = Search::new(graph, pattern, &pruned, &plan, &mut meter);
    let mut picker = Picker {
        which,
        watch,
        found: BTreeMap::new(),
        length: 0,
        limit,
        handed_over: 0,
        is_full: false,
    };
    'starts: for start in starts {
        picker.found.clear();
        for length in min..=max {
            picker.length = length;
            search.only(start, length);
            let was_cut = search.run(&mut picker);
            if !search.goes_on() {
                break 'starts;
            }
            let ends_left = pruned.candidates[which.ends[1]].count > picker.found.len();
            if !was_cut || !ends_left {
                break;
            }
        }
    }
    let (handed_over, is_full) = (picker.handed_over, picker.is_full);
    meter.outcome.matches = handed_over;
    if is_full {
        meter.outcome.stopped = Some(Stop::Matches);
    }
    Ok(meter.outcome)
}

fn starts(graph: &Csr, pruned: &Pruned) -> Vec<u32> {
    match &pruned.candidates[pruned.root].bits {
        Some(bits) => bits.ones().map(|node| node as u32).collect(),
        None => (0..graph.node_count()).collect(),
    }
}

/// Whether the pattern is one walk whose shortest form repeats nothing.
fn is_one_walk(pattern: &Pattern, which: Shortest, pruned: &Pruned) -> bool {
    let [edge] = pattern.edges.as_slice() else { return false };
    let bounds = edge.bounds();
    // There and back over one edge would be the shortest way from a node to itself.
    let may_turn_back = edge.direction == Direction::Both && bounds.min == 1 && {
        let [left, right] = [edge.left, edge.right].map(|end| pruned.candidates[end].bits.as_ref());
        left.zip(right).is_none_or(|(left, right)| !left.is_disjoint(right))
    };
    edge.length.is_some()
        && bounds.min <= 1
        && bounds.max >= 1
        && edge.left != edge.right
        && which.ends[0] != which.ends[1]
        && edge.any_edges.is_empty()
        && edge.any_inner.is_empty()
        && !may_turn_back
}

/// Of the matches that a search finds from one start, keeps those to ends that no shorter match led to.
struct Picker<'a> {
    which: Shortest,
    watch: &'a mut dyn Watch,
    /// The ends that were found, and the length of their matches.
    found: BTreeMap<u32, u32>,
    length: u32,
    limit: u64,
    handed_over: u64,
    is_full: bool,
}

impl Watch for Picker<'_> {
    fn admits(&mut self, filter: usize, found: &Found<'_>) -> bool {
        self.watch.admits(filter, found)
    }

    fn take(&mut self, matches: &Matches) -> bool {
        let mut kept = matches.emptied();
        for row in 0..matches.len {
            let end = matches.nodes[self.which.ends[1]][row];
            let is_first = !self.found.contains_key(&end);
            let length = *self.found.entry(end).or_insert(self.length);
            if !is_first && (!self.which.all || length < self.length) {
                continue;
            }
            if self.handed_over >= self.limit {
                self.is_full = true;
                break;
            }
            self.handed_over += 1;
            kept.push_row_of(matches, row);
        }
        let goes_on = kept.len == 0 || self.watch.take(&kept);
        goes_on && !self.is_full
    }

    fn is_cancelled(&mut self) -> bool {
        self.watch.is_cancelled()
    }
}

/// Breadth-first search from one start after the other.
struct Layers<'a> {
    graph: &'a Csr,
    pattern: &'a Pattern,
    which: Shortest,
    pruned: &'a Pruned,
    meter: Meter,
    watch: &'a mut dyn Watch,
    /// Edges from the present start, [`UNKNOWN`] where it was not reached.
    distances: Vec<u32>,
    batch: Matches,
}

const UNKNOWN: u32 = u32::MAX;

impl<'a> Layers<'a> {
    fn new(
        graph: &'a Csr,
        pattern: &'a Pattern,
        which: Shortest,
        pruned: &'a Pruned,
        meter: Meter,
        watch: &'a mut dyn Watch,
    ) -> Self {
        Self {
            graph,
            pattern,
            which,
            pruned,
            meter,
            watch,
            distances: Vec::new(),
            batch: Matches::new(pattern),
        }
    }

    fn run(&mut self) {
        let node_count = self.graph.node_count() as usize;
        if !self.meter.hold(size_of::<u32>() * node_count) {
            return;
        }
        self.distances = vec![UNKNOWN; node_count];
        for start in starts(self.graph, self.pruned) {
            if !self.from(start) {
                break;
            }
        }
        self.flush();
    }

    /// False when the search has to end.
    fn from(&mut self, start: u32) -> bool {
        let edge = &self.pattern.edges[0];
        let from_left = self.which.ends[0] == edge.left;
        let ahead = Follow::new(self.graph, edge, from_left);
        let candidates = &self.pruned.candidates[self.which.ends[1]];
        let remaining = self.pruned.remaining[0].as_deref();
        let max = edge.bounds().max;
        let is_empty_walk = edge.bounds().min == 0 && candidates.contains(start);
        // The way back to the start, where one edge at least is asked.
        let mut home = None;
        let mut ends = Vec::new();
        if is_empty_walk && !self.keep(start, start, &[], &[]) {
            return false;
        }
        self.distances[start as usize] = 0;
        let mut reached = vec![start];
        let mut level_start = 0;
        let mut distance = 0;
        while distance < max && level_start < reached.len() {
            let level_end = reached.len();
            for place in level_start..level_end {
                let node = reached[place];
                if distance > 0 && !edge.inner.contains(node) {
                    continue;
                }
                if !self.meter.visit(ahead.rows(node).len() as u64, self.watch) {
                    return false;
                }
                for hop in ahead.hops(node) {
                    if hop.node == start {
                        home.get_or_insert(distance + 1);
                        continue;
                    }
                    let left = remaining.map_or(0, |remaining| remaining[hop.node as usize]);
                    let is_near = left != FAR && distance + 1 + u32::from(left) <= max;
                    let known = &mut self.distances[hop.node as usize];
                    if is_near && *known == UNKNOWN {
                        *known = distance + 1;
                        reached.push(hop.node);
                        if candidates.contains(hop.node) {
                            ends.push((hop.node, distance + 1));
                        }
                    }
                }
            }
            level_start = level_end;
            distance += 1;
        }
        let circles = self.pattern.cycles != super::Cycles::None && !is_empty_walk && candidates.contains(start);
        if let (true, Some(distance)) = (circles, home) {
            ends.push((start, distance));
        }
        let mut goes_on = true;
        for (end, distance) in ends {
            if !self.read_back(start, end, distance, from_left) {
                goes_on = false;
                break;
            }
        }
        for node in reached {
            self.distances[node as usize] = UNKNOWN;
        }
        goes_on
    }

    /// Hands over the shortest walks to `end`, read back from it edge by edge.
    fn read_back(&mut self, start: u32, end: u32, distance: u32, from_left: bool) -> bool {
        let edge = &self.pattern.edges[0];
        let behind = Follow::new(self.graph, edge, !from_left);
        // The walk so far, from its end; and for each place the hops that were not tried.
        let (mut nodes, mut edges) = (vec![end], Vec::new());
        let mut untried = vec![behind.hops(end)];
        while let Some(hops) = untried.last_mut() {
            let left = distance - edges.len() as u32;
            let Some(hop) = hops.next() else {
                untried.pop();
                nodes.pop();
                edges.pop();
                continue;
            };
            if !self.meter.visit(1, self.watch) {
                return false;
            }
            // Inner nodes are not the start, whose distance is 0 and stands for the last step alone.
            let is_step = self.distances[hop.node as usize] == left - 1 && (left == 1 || edge.inner.contains(hop.node));
            if !is_step {
                continue;
            }
            edges.push(hop.edge);
            if left > 1 {
                nodes.push(hop.node);
                untried.push(behind.hops(hop.node));
                continue;
            }
            let in_order = |numbers: &[u32]| -> Vec<u32> {
                match from_left {
                    true => numbers.iter().rev().copied().collect(),
                    false => numbers.to_vec(),
                }
            };
            let (walk, inner) = (in_order(&edges), in_order(&nodes[1..]));
            if !self.keep(start, end, &walk, &inner) {
                return false;
            }
            if !self.which.all {
                return true;
            }
            edges.pop();
        }
        true
    }

    fn keep(&mut self, start: u32, end: u32, edges: &[u32], inner: &[u32]) -> bool {
        if self.meter.outcome.matches >= self.meter.budget.matches_max {
            self.meter.stop(Stop::Matches);
            return false;
        }
        self.meter.outcome.matches += 1;
        self.batch.len += 1;
        self.batch.nodes[self.which.ends[0]].push(start);
        self.batch.nodes[self.which.ends[1]].push(end);
        if let EdgeColumn::Walk(paths) = &mut self.batch.edges[0] {
            paths.push(edges.iter().copied(), inner.iter().copied());
        }
        if self.batch.len >= BATCH_ROWS_MAX {
            self.flush();
        }
        self.meter.goes_on()
    }

    fn flush(&mut self) {
        if self.batch.len > 0 && !self.watch.take(&self.batch) {
            self.meter.stop(Stop::Taken);
        }
        self.batch.clear();
    }
}
