//! The search itself: variables are bound one after another, depth first. Start at [`Search::run`].

use fixedbitset::FixedBitSet;

use super::matches::{EdgeColumn, Matches};
use super::plan::{Plan, Step};
use super::prune::{FAR, Link, Pruned};
use super::set::{Follow, Rows};
use super::{BATCH_ROWS_MAX, Cycles, Meter, Pattern, Stop, Watch};
use crate::csr::{Csr, NONE};

/// Numbers that a batch holds at most, but for its last match: long walks make short batches.
const BATCH_NUMBERS_MAX: usize = 1 << 20;

/// A partial match, as a filter sees it. Only the variables that the filter named are sure to be bound.
#[derive(Debug)]
pub struct Found<'a> {
    binding: &'a Binding,
}

impl Found<'_> {
    /// The node of a node variable.
    pub fn node(&self, variable: usize) -> u32 {
        self.binding.nodes[variable]
    }

    /// The edge of an edge variable that is not a walk.
    pub fn edge(&self, variable: usize) -> u32 {
        self.binding.edges[variable]
    }

    /// The edges and the inner nodes of a walk, from its left end to its right.
    pub fn walk(&self, variable: usize, edges: &mut Vec<u32>, inner: &mut Vec<u32>) {
        let walk = &self.binding.walks[variable];
        edges.clear();
        edges.extend(walk.edges());
        inner.clear();
        inner.extend(walk.inner());
    }
}

/// What the variables stand for; [`NONE`] where nothing.
#[derive(Debug, Default)]
struct Binding {
    nodes: Vec<u32>,
    edges: Vec<u32>,
    walks: Vec<Walk>,
}

/// A walk as it was searched.
#[derive(Debug, Default)]
struct Walk {
    edges: Vec<u32>,
    /// The nodes after each edge.
    nodes: Vec<u32>,
    from_left: bool,
}

impl Walk {
    fn edges(&self) -> impl Iterator<Item = u32> {
        in_order(&self.edges, self.from_left)
    }

    fn inner(&self) -> impl Iterator<Item = u32> {
        let inner = &self.nodes[..self.nodes.len().saturating_sub(1)];
        in_order(inner, self.from_left)
    }
}

fn in_order(numbers: &[u32], forwards: bool) -> impl Iterator<Item = u32> {
    let count = numbers.len();
    (0..count).map(move |place| numbers[if forwards { place } else { count - 1 - place }])
}

/// Where a step stands.
#[derive(Debug)]
struct Frame<'a> {
    step: Step,
    /// For the root: the next place in [`Search::roots`]. For an edge: the next hop.
    cursor: usize,
    rows: Rows<'a>,
    /// Whether the step has bound what it binds.
    is_bound: bool,
    /// Of a walk: the hops from its start and from each node so far, each with the next one.
    levels: Vec<(Rows<'a>, usize)>,
    /// Of a walk: its present end was not looked at yet.
    is_fresh: bool,
}

pub(super) struct Search<'a> {
    graph: &'a Csr,
    pattern: &'a Pattern,
    pruned: &'a Pruned,
    plan: &'a Plan,
    meter: &'a mut Meter,
    roots: Vec<u32>,
    binding: Binding,
    batch: Matches,
    /// Edges of walks and single edges, where edges are unique and there are walks; else few are compared one by one.
    used_edges: Option<FixedBitSet>,
    /// Nodes of variables and of walks, where nodes are unique.
    used_nodes: Option<FixedBitSet>,
    /// Nodes are unique and a walk may have no edge: then ends may be one node, which is judged when all are bound.
    has_empty_walks: bool,
    /// Matches of exactly so many edges are wanted.
    length: Option<u32>,
    /// The edges of the partial match.
    length_now: u32,
    /// A walk was not followed since it would have become longer than `length`.
    was_cut: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        graph: &'a Csr,
        pattern: &'a Pattern,
        pruned: &'a Pruned,
        plan: &'a Plan,
        meter: &'a mut Meter,
    ) -> Self {
        let roots: Vec<u32> = match &pruned.candidates[pruned.root].bits {
            Some(bits) => bits.ones().map(|node| node as u32).collect(),
            None => (0..graph.node_count()).collect(),
        };
        let has_walks = pattern.edges.iter().any(|edge| edge.length.is_some());
        let nodes_are_unique = pattern.cycles == Cycles::None;
        let has_empty_walks = pattern.edges.iter().any(|edge| edge.bounds().min == 0);
        let edge_count = graph.edge_count() as usize;
        let node_count = graph.node_count() as usize;
        let uses_edges = has_walks && pattern.cycles != Cycles::All;
        let uses_nodes = nodes_are_unique && !has_empty_walks;
        let batch_numbers = BATCH_NUMBERS_MAX.min(BATCH_ROWS_MAX * (pattern.nodes.len() + pattern.edges.len()));
        let bytes = usize::from(uses_edges) * edge_count / 8 + usize::from(uses_nodes) * node_count / 8;
        meter.hold(bytes + size_of::<u32>() * (roots.len() + batch_numbers));
        Self {
            graph,
            pattern,
            pruned,
            plan,
            meter,
            roots,
            binding: Binding {
                nodes: vec![NONE; pattern.nodes.len()],
                edges: vec![NONE; pattern.edges.len()],
                walks: pattern.edges.iter().map(|_| Walk::default()).collect(),
            },
            batch: Matches::new(pattern),
            used_edges: uses_edges.then(|| FixedBitSet::with_capacity(edge_count)),
            used_nodes: uses_nodes.then(|| FixedBitSet::with_capacity(node_count)),
            has_empty_walks: nodes_are_unique && has_empty_walks,
            length: None,
            length_now: 0,
            was_cut: false,
        }
    }

    /// Looks from this root alone, for matches of exactly so many edges.
    pub(super) fn only(&mut self, root: u32, length: u32) {
        self.roots.clear();
        self.roots.push(root);
        self.length = Some(length);
    }

    /// Whether the last run ended by itself.
    pub(super) fn goes_on(&self) -> bool {
        self.meter.goes_on()
    }

    /// Finds all matches; true when a walk was not followed since it grew longer than what [`Search::only`] asks.
    pub(super) fn run(&mut self, watch: &mut dyn Watch) -> bool {
        self.was_cut = false;
        let mut frames: Vec<Frame<'a>> = Vec::with_capacity(self.plan.steps.len());
        frames.push(self.enter(0));
        while let Some(frame) = frames.last_mut()
            && self.meter.goes_on()
        {
            let is_bound = match frame.step {
                Step::Root { variable } => self.advance_root(variable, frame, watch),
                Step::Edge { link, closes } => self.advance_edge(link, closes, frame, watch),
                Step::Walk { link, closes } => self.advance_walk(link, closes, frame, watch),
            };
            if !self.meter.goes_on() {
                break;
            }
            if !is_bound {
                frames.pop();
                continue;
            }
            if !self.passes(frames.len() - 1, watch) {
                continue;
            }
            if frames.len() < self.plan.steps.len() {
                let next = self.enter(frames.len());
                frames.push(next);
            } else if !self.emit(watch) {
                break;
            }
        }
        if self.batch.len > 0 {
            self.hand_over(watch);
        }
        self.was_cut
    }

    /// A frame that has bound nothing yet.
    fn enter(&mut self, depth: usize) -> Frame<'a> {
        let mut frame = Frame {
            step: self.plan.steps[depth],
            cursor: 0,
            rows: Rows::default(),
            is_bound: false,
            levels: Vec::new(),
            is_fresh: false,
        };
        match &mut frame.step {
            Step::Root { .. } => {}
            Step::Edge { link, closes } => {
                let mut rows = self.rows(*link, self.binding.nodes[link.from]);
                if *closes {
                    // Both ends are known: the one with fewer hops is looked from.
                    let back = link.reversed();
                    let others = self.rows(back, self.binding.nodes[back.from]);
                    if others.len() < rows.len() {
                        *link = back;
                        rows = others;
                    }
                }
                frame.rows = rows;
            }
            Step::Walk { link, .. } => {
                let walk = &mut self.binding.walks[link.edge];
                walk.from_left = link.from_left;
                walk.edges.clear();
                walk.nodes.clear();
                let rows = match self.pattern.edges[link.edge].bounds().max {
                    0 => Rows::default(),
                    _ => self.rows(*link, self.binding.nodes[link.from]),
                };
                frame.levels.push((rows, 0));
                frame.is_fresh = true;
            }
        }
        frame
    }

    fn follow(&self, link: Link) -> Follow<'a> {
        Follow::new(self.graph, &self.pattern.edges[link.edge], link.from_left)
    }

    fn rows(&self, link: Link, node: u32) -> Rows<'a> {
        self.follow(link).rows(node)
    }

    fn advance_root(&mut self, variable: usize, frame: &mut Frame<'a>, watch: &mut dyn Watch) -> bool {
        if frame.is_bound {
            self.release_node(self.binding.nodes[variable]);
            frame.is_bound = false;
        }
        let Some(&node) = self.roots.get(frame.cursor) else {
            return false;
        };
        frame.cursor += 1;
        if !self.meter.visit(1, watch) {
            return false;
        }
        self.binding.nodes[variable] = node;
        self.use_node(node);
        frame.is_bound = true;
        true
    }

    fn advance_edge(&mut self, link: Link, closes: bool, frame: &mut Frame<'a>, watch: &mut dyn Watch) -> bool {
        if frame.is_bound {
            self.release_edge(self.binding.edges[link.edge]);
            self.binding.edges[link.edge] = NONE;
            if !closes {
                self.release_node(self.binding.nodes[link.to]);
                self.binding.nodes[link.to] = NONE;
            }
            self.length_now -= 1;
            frame.is_bound = false;
        }
        let near = self.binding.nodes[link.from];
        let follow = self.follow(link);
        while let Some((hop, is_second_row)) = frame.rows.get(frame.cursor) {
            frame.cursor += 1;
            if !self.meter.visit(1, watch) {
                return false;
            }
            let is_end = match closes {
                true => hop.node == self.binding.nodes[link.to],
                false => self.pruned.candidates[link.to].contains(hop.node) && self.node_is_free(hop.node),
            };
            // An edge back to where it began is a cycle.
            let is_circle = self.pattern.cycles == Cycles::None && hop.node == near;
            if !is_end || is_circle || !follow.may_take(near, hop, is_second_row) || !self.edge_is_free(hop.edge) {
                continue;
            }
            if self.length.is_some_and(|length| self.length_now >= length) {
                self.was_cut = true;
                return false;
            }
            self.binding.edges[link.edge] = hop.edge;
            self.use_edge(hop.edge);
            if !closes {
                self.binding.nodes[link.to] = hop.node;
                self.use_node(hop.node);
            }
            self.length_now += 1;
            frame.is_bound = true;
            return true;
        }
        false
    }

    fn advance_walk(&mut self, link: Link, closes: bool, frame: &mut Frame<'a>, watch: &mut dyn Watch) -> bool {
        if frame.is_bound {
            self.length_now -= self.binding.walks[link.edge].edges.len() as u32;
            if !closes {
                self.binding.nodes[link.to] = NONE;
            }
            frame.is_bound = false;
        }
        let start = self.binding.nodes[link.from];
        let follow = self.follow(link);
        let max = self.pattern.edges[link.edge].bounds().max;
        loop {
            if frame.is_fresh {
                frame.is_fresh = false;
                if self.bind_walk(link, closes) {
                    frame.is_bound = true;
                    return true;
                }
            }
            let Some((rows, cursor)) = frame.levels.last_mut() else {
                return false;
            };
            let here = self.binding.walks[link.edge].nodes.last().copied().unwrap_or(start);
            let Some((hop, is_second_row)) = rows.get(*cursor) else {
                frame.levels.pop();
                self.step_back(link, closes);
                continue;
            };
            *cursor += 1;
            if !self.meter.visit(1, watch) {
                return false;
            }
            if !follow.may_take(here, hop, is_second_row) || !self.may_step(link, closes, start, hop.node, hop.edge) {
                continue;
            }
            let is_end = self.is_unique_end(link, closes, hop.node);
            let walk = &mut self.binding.walks[link.edge];
            walk.edges.push(hop.edge);
            walk.nodes.push(hop.node);
            let count = walk.edges.len() as u32;
            self.use_edge(hop.edge);
            if !is_end {
                self.use_node(hop.node);
            }
            let goes_on = count < max && !is_end && self.pattern.edges[link.edge].inner.contains(hop.node);
            let rows = if goes_on {
                follow.rows(hop.node)
            } else {
                Rows::default()
            };
            frame.levels.push((rows, 0));
            frame.is_fresh = true;
        }
    }

    /// Whether a walk may take one more edge, to this node.
    fn may_step(&mut self, link: Link, closes: bool, start: u32, node: u32, edge: u32) -> bool {
        let walk = &self.binding.walks[link.edge];
        let count = walk.edges.len() as u32 + 1;
        if !self.edge_is_free(edge) {
            return false;
        }
        let remaining = match &self.pruned.remaining[link.edge] {
            // Distances are told in the direction of the tree, which a walk that closes a circle is not part of.
            Some(remaining) => remaining[node as usize],
            None => 0,
        };
        if remaining == FAR || count.saturating_add(u32::from(remaining)) > self.pattern.edges[link.edge].bounds().max {
            return false;
        }
        if self.pattern.cycles == Cycles::None && node == start {
            return false;
        }
        if !self.is_unique_end(link, closes, node) {
            let is_twice = self.has_empty_walks && walk.nodes.contains(&node);
            if is_twice || !self.node_is_free(node) {
                return false;
            }
        }
        if self
            .length
            .is_some_and(|length| self.length_now + count + u32::from(remaining) > length)
        {
            self.was_cut = true;
            return false;
        }
        true
    }

    /// Whether nodes are unique and the node is where the walk has to end, so that it may be entered and not left.
    fn is_unique_end(&self, link: Link, closes: bool, node: u32) -> bool {
        self.pattern.cycles == Cycles::None && closes && node == self.binding.nodes[link.to]
    }

    /// Takes back the last edge of a walk, if it has one.
    fn step_back(&mut self, link: Link, closes: bool) {
        let walk = &mut self.binding.walks[link.edge];
        if let (Some(edge), Some(node)) = (walk.edges.pop(), walk.nodes.pop()) {
            self.release_edge(edge);
            if !self.is_unique_end(link, closes, node) {
                self.release_node(node);
            }
        }
    }

    /// Whether the walk, as it is, satisfies its variable; then its far end is bound.
    fn bind_walk(&mut self, link: Link, closes: bool) -> bool {
        let edge = &self.pattern.edges[link.edge];
        let walk = &self.binding.walks[link.edge];
        let count = walk.edges.len();
        let end = walk.nodes.last().copied().unwrap_or(self.binding.nodes[link.from]);
        let is_end = match closes {
            true => end == self.binding.nodes[link.to],
            false => self.pruned.candidates[link.to].contains(end),
        };
        let inner = &walk.nodes[..count.saturating_sub(1)];
        let meets = |set: &FixedBitSet, numbers: &[u32]| numbers.iter().any(|&number| set.contains(number as usize));
        let is_whole = is_end
            && count as u64 >= u64::from(edge.bounds().min)
            && edge.any_edges.iter().all(|set| meets(set, &walk.edges))
            && edge.any_inner.iter().all(|set| meets(set, inner));
        if is_whole {
            self.length_now += count as u32;
            if !closes {
                self.binding.nodes[link.to] = end;
            }
        }
        is_whole
    }

    fn edge_is_free(&self, edge: u32) -> bool {
        match (&self.used_edges, self.pattern.cycles) {
            (_, Cycles::All) => true,
            (Some(used), _) => !used.contains(edge as usize),
            (None, _) => !self.binding.edges.contains(&edge),
        }
    }

    fn use_edge(&mut self, edge: u32) {
        if let Some(used) = &mut self.used_edges {
            used.insert(edge as usize);
        }
    }

    fn release_edge(&mut self, edge: u32) {
        if let Some(used) = &mut self.used_edges {
            used.remove(edge as usize);
        }
    }

    fn node_is_free(&self, node: u32) -> bool {
        self.used_nodes
            .as_ref()
            .is_none_or(|used| !used.contains(node as usize))
    }

    fn use_node(&mut self, node: u32) {
        if let Some(used) = &mut self.used_nodes {
            used.insert(node as usize);
        }
    }

    fn release_node(&mut self, node: u32) {
        if let Some(used) = &mut self.used_nodes {
            used.remove(node as usize);
        }
    }

    fn passes(&self, step: usize, watch: &mut dyn Watch) -> bool {
        let found = Found { binding: &self.binding };
        self.plan.filters[step]
            .iter()
            .all(|&filter| watch.admits(filter, &found))
    }

    /// Keeps the whole match; false when the search has to end.
    fn emit(&mut self, watch: &mut dyn Watch) -> bool {
        if self.length.is_some_and(|length| length != self.length_now) {
            return true;
        }
        if self.has_empty_walks && !self.nodes_are_unique() {
            return true;
        }
        if self.meter.outcome.matches >= self.meter.budget.matches_max {
            self.meter.stop(Stop::Matches);
            return false;
        }
        self.meter.outcome.matches += 1;
        self.batch.len += 1;
        for (column, &node) in self.batch.nodes.iter_mut().zip(&self.binding.nodes) {
            column.push(node);
        }
        for (number, column) in self.batch.edges.iter_mut().enumerate() {
            match column {
                EdgeColumn::One(edges) => edges.push(self.binding.edges[number]),
                EdgeColumn::Walk(paths) => {
                    let walk = &self.binding.walks[number];
                    paths.push(walk.edges(), walk.inner());
                }
            }
        }
        if self.batch.len >= BATCH_ROWS_MAX || self.batch.number_count() >= BATCH_NUMBERS_MAX {
            self.hand_over(watch);
        }
        self.meter.goes_on()
    }

    fn hand_over(&mut self, watch: &mut dyn Watch) {
        if !watch.take(&self.batch) {
            self.meter.stop(Stop::Taken);
        }
        self.batch.clear();
    }

    /// Whether no node stands for two things, where the ends of a walk of no edges are one thing.
    fn nodes_are_unique(&self) -> bool {
        let mut things: Vec<usize> = (0..self.binding.nodes.len()).collect();
        for (edge, walk) in self.pattern.edges.iter().zip(&self.binding.walks) {
            if edge.length.is_some() && walk.edges.is_empty() {
                let (kept, merged) = (things[edge.left], things[edge.right]);
                things
                    .iter_mut()
                    .filter(|thing| **thing == merged)
                    .for_each(|thing| *thing = kept);
            }
        }
        let variables = things.iter().enumerate().filter(|(variable, thing)| variable == *thing);
        let mut nodes: Vec<u32> = variables.map(|(variable, _)| self.binding.nodes[variable]).collect();
        nodes.extend(self.binding.walks.iter().flat_map(Walk::inner));
        let count = nodes.len();
        nodes.sort_unstable();
        nodes.dedup();
        nodes.len() == count
    }
}
