//! Matching a pattern of nodes and edges against a graph. Start at [`Pattern`] and [`find`].
//!
//! A pattern is a connected graph of *variables*. A node variable stands for one node out of those it allows; an edge
//! variable for one edge between the nodes of its ends or, with a [`Length`], for a walk of so many edges. What the
//! nodes and edges are is the caller's matter: it hands in sets of numbers, one for each variable.
//!
//! | question | answer |
//! |---|---|
//! | every match, as often as there are ways to make it | [`find`] |
//! | which pairs of ends occur in matches | [`distinct_ends`], linear instead of exponential |
//! | the shortest matches between each pair of ends | [`shortest`] |
//!
//! **How.** Sets are first cut down along the pattern to nodes that can take part at all (`prune`), then variables are
//! bound one after another, fewest candidates first (`plan`), depth first (`search`). A walk is cut where the nearest
//! end is further away than the walk may still go. Beside that stands a brute force (`naive`), for tests alone.
//!
//! **What a walk of no edges is.** With `min = 0` both ends may be one node, allowed by both, and no edge is used.
//!
//! **Invariants:** nothing here recurses; equal inputs give equal matches in equal order. A budget that is hit takes
//! matches away and is named in [`Outcome::stopped`]; it never adds any.

mod ends;
mod matches;
#[cfg(test)]
mod naive;
mod plan;
mod prune;
mod search;
mod set;
mod shortest;
#[cfg(test)]
mod tests;

use fixedbitset::FixedBitSet;

pub use ends::distinct_ends;
pub use matches::{EdgeColumn, Matches, Paths};
pub use search::Found;
pub use set::Allowed;
pub use shortest::{Shortest, shortest};

use crate::csr::Csr;
use crate::error::GraphError;

/// Rows that are handed over at once, at most.
pub const BATCH_ROWS_MAX: usize = 8192;

/// A pattern: what is looked for.
#[derive(Debug, Clone, Default)]
pub struct Pattern {
    pub nodes: Vec<NodeVariable>,
    pub edges: Vec<EdgeVariable>,
    pub cycles: Cycles,
}

#[derive(Debug, Clone, Default)]
pub struct NodeVariable {
    pub allowed: Allowed,
}

/// An edge, or a walk, between two node variables (places in [`Pattern::nodes`]).
#[derive(Debug, Clone, Default)]
pub struct EdgeVariable {
    pub left: usize,
    pub right: usize,
    pub direction: Direction,
    /// `None` for exactly one edge, that is not a walk.
    pub length: Option<Length>,
    /// The edges it may take, each of a walk.
    pub allowed: Allowed,
    /// The nodes that a walk may pass between its ends.
    pub inner: Allowed,
    /// A walk must take at least one edge of each of these sets.
    pub any_edges: Vec<FixedBitSet>,
    /// A walk must pass at least one inner node of each of these sets.
    pub any_inner: Vec<FixedBitSet>,
}

/// How many edges a walk has, both bounds included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Length {
    pub min: u32,
    pub max: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the left variable to the right one.
    #[default]
    Right,
    Left,
    /// Either way, each edge of a walk for itself. A loop counts once.
    Both,
}

/// What may repeat within one match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Cycles {
    /// Nodes and edges.
    All,
    /// Nodes, but no edge.
    #[default]
    UniqueEdges,
    /// No edge, and no node: different variables and inner nodes are different nodes, but for the ends of a walk of
    /// no edges, which are one. A walk, or an edge, from a node back to it is not taken either.
    None,
}

/// What a search may spend. The default is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub matches_max: u64,
    /// Edges looked at.
    pub visited_max: u64,
    /// Bytes of the tables and buffers of the search, not of what the caller keeps.
    pub bytes_max: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            matches_max: u64::MAX,
            visited_max: u64::MAX,
            bytes_max: usize::MAX,
        }
    }
}

/// Why a search ended before it had found everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stop {
    /// [`Budget::matches_max`] matches were handed over and there was another one.
    Matches,
    /// [`Budget::visited_max`]
    Visited,
    /// [`Budget::bytes_max`]
    Memory,
    /// [`Watch::is_cancelled`] said so.
    Cancelled,
    /// [`Watch::take`] wanted no more.
    Taken,
}

/// How a search ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Matches (or pairs of ends) that were handed over.
    pub matches: u64,
    /// Edges that were looked at.
    pub visited: u64,
    /// `None`: everything was found.
    pub stopped: Option<Stop>,
}

/// A condition over several variables, which no set expresses. It is asked as soon as all of them are bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub nodes: Vec<usize>,
    pub edges: Vec<usize>,
}

/// Who looks for matches.
pub trait Watch {
    /// Whether the partial match satisfies filter number `filter`; its variables are bound.
    fn admits(&mut self, filter: usize, found: &Found<'_>) -> bool {
        let _ = (filter, found);
        true
    }

    /// Takes the next matches, [`BATCH_ROWS_MAX`] at most; false when no more are wanted.
    fn take(&mut self, matches: &Matches) -> bool;

    /// Asked every few thousand edges.
    fn is_cancelled(&mut self) -> bool {
        false
    }
}

/// Finds every match and hands it to `watch`, one for each way to bind all variables. A match that has two
/// orders of the same edges is two matches.
///
/// # Errors
/// [`GraphError::NoSuchVariable`], [`GraphError::Disconnected`].
pub fn find(
    graph: &Csr,
    pattern: &Pattern,
    filters: &[Filter],
    budget: Budget,
    watch: &mut dyn Watch,
) -> Result<Outcome, GraphError> {
    pattern.check()?;
    let mut meter = Meter::new(budget);
    let pruned = prune::prune(graph, pattern, None, &mut meter, watch);
    if let Some(pruned) = pruned {
        let plan = plan::Plan::new(graph, pattern, &pruned, filters);
        search::Search::new(graph, pattern, &pruned, &plan, &mut meter).run(watch);
    }
    Ok(meter.outcome)
}

impl Pattern {
    /// Whether variables exist and all are connected.
    fn check(&self) -> Result<(), GraphError> {
        let node_count = self.nodes.len();
        for edge in &self.edges {
            for variable in [edge.left, edge.right] {
                if variable >= node_count {
                    return Err(GraphError::NoSuchVariable { variable });
                }
            }
        }
        let mut is_connected = vec![false; node_count];
        if let Some(first) = is_connected.first_mut() {
            *first = true;
        }
        // As many rounds as there are edges suffice, since each but the last connects one more.
        for _ in &self.edges {
            for edge in &self.edges {
                let is_near = is_connected[edge.left] || is_connected[edge.right];
                is_connected[edge.left] = is_near;
                is_connected[edge.right] = is_near;
            }
        }
        if is_connected.contains(&false) || node_count == 0 {
            return Err(GraphError::Disconnected);
        }
        Ok(())
    }
}

impl EdgeVariable {
    /// The walk's bounds; an edge that is not a walk is one of exactly one edge.
    fn bounds(&self) -> Length {
        self.length.unwrap_or(Length { min: 1, max: 1 })
    }

    /// The end that is not `end`, and whether `end` is the left one.
    fn across(&self, end: usize) -> (usize, bool) {
        if end == self.left {
            (self.right, true)
        } else {
            (self.left, false)
        }
    }
}

/// Counts what a search spends, and says when it is too much.
struct Meter {
    budget: Budget,
    outcome: Outcome,
    /// Bytes held by tables.
    bytes: usize,
}

/// Edges between two questions whether the search is cancelled.
const POLL_EVERY: u64 = 4096;

impl Meter {
    fn new(budget: Budget) -> Self {
        Self {
            budget,
            outcome: Outcome::default(),
            bytes: 0,
        }
    }

    /// Counts `edges` edges that are looked at; false when the search has to end.
    fn visit(&mut self, edges: u64, watch: &mut dyn Watch) -> bool {
        let before = self.outcome.visited;
        self.outcome.visited = before.saturating_add(edges);
        if self.outcome.visited > self.budget.visited_max {
            self.stop(Stop::Visited);
        } else if before / POLL_EVERY != self.outcome.visited / POLL_EVERY && watch.is_cancelled() {
            self.stop(Stop::Cancelled);
        }
        self.goes_on()
    }

    /// Counts a table that is kept until the end; false when the search has to end.
    fn hold(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.budget.bytes_max {
            self.stop(Stop::Memory);
        }
        self.goes_on()
    }

    fn stop(&mut self, why: Stop) {
        self.outcome.stopped.get_or_insert(why);
    }

    fn goes_on(&self) -> bool {
        self.outcome.stopped.is_none()
    }
}
