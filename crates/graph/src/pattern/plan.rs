//! The order in which variables are bound. Start at [`Plan::new`].

use super::prune::{Link, Pruned};
use super::{Filter, Pattern};
use crate::csr::Csr;

/// What a step of the search binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The root, out of its candidates.
    Root { variable: usize },
    /// One edge; `closes` when both ends are bound already.
    Edge { link: Link, closes: bool },
    /// A walk.
    Walk { link: Link, closes: bool },
}

#[derive(Debug)]
pub(super) struct Plan {
    pub steps: Vec<Step>,
    /// For each step the filters whose last variable it binds.
    pub filters: Vec<Vec<usize>>,
}

impl Plan {
    pub(super) fn new(graph: &Csr, pattern: &Pattern, pruned: &Pruned, filters: &[Filter]) -> Self {
        let mut steps = vec![Step::Root { variable: pruned.root }];
        let mut is_bound = vec![false; pattern.nodes.len()];
        is_bound[pruned.root] = true;
        let mut is_used = vec![false; pattern.edges.len()];
        loop {
            // What closes a circle takes matches away, so it comes as soon as it can.
            for (edge, variable) in pattern.edges.iter().enumerate() {
                let in_tree = pruned.tree.iter().any(|link| link.edge == edge);
                if !is_used[edge] && !in_tree && is_bound[variable.left] && is_bound[variable.right] {
                    is_used[edge] = true;
                    let link = Link {
                        edge,
                        from: variable.left,
                        to: variable.right,
                        from_left: true,
                    };
                    steps.push(step(pattern, link, true));
                }
            }
            let ready = pruned
                .tree
                .iter()
                .filter(|link| !is_used[link.edge] && is_bound[link.from]);
            let cheapest = ready.min_by(|left, right| {
                fan_out(graph, pattern, pruned, left).total_cmp(&fan_out(graph, pattern, pruned, right))
            });
            let Some(&link) = cheapest else { break };
            is_used[link.edge] = true;
            is_bound[link.to] = true;
            steps.push(step(pattern, link, false));
        }
        let filters = place_filters(&steps, filters);
        Self { steps, filters }
    }
}

fn step(pattern: &Pattern, link: Link, closes: bool) -> Step {
    match pattern.edges[link.edge].length {
        None => Step::Edge { link, closes },
        Some(_) => Step::Walk { link, closes },
    }
}

/// How many partial matches one becomes, by a guess: the mean degree times the share of nodes that are candidates.
fn fan_out(graph: &Csr, pattern: &Pattern, pruned: &Pruned, link: &Link) -> f64 {
    let node_count = f64::from(graph.node_count().max(1));
    let degree = f64::from(graph.edge_count()) / node_count;
    let share = pruned.candidates[link.to].count as f64 / node_count;
    match pattern.edges[link.edge].length {
        None => degree * share,
        Some(length) => degree.max(1.1).powf(f64::from(length.max)) * share,
    }
}

fn place_filters(steps: &[Step], filters: &[Filter]) -> Vec<Vec<usize>> {
    let mut placed = vec![Vec::new(); steps.len()];
    for (number, filter) in filters.iter().enumerate() {
        let needs = |step: &Step| match *step {
            Step::Root { variable } => filter.nodes.contains(&variable),
            Step::Edge { link, closes } | Step::Walk { link, closes } => {
                filter.edges.contains(&link.edge) || (!closes && filter.nodes.contains(&link.to))
            }
        };
        let last = steps.iter().rposition(needs).unwrap_or(0);
        placed[last].push(number);
    }
    placed
}
