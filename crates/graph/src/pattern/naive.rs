//! The brute force beside the search: all walks of every edge variable, all ways to combine them, judged at the end.

use super::{Cycles, Direction, EdgeVariable, Pattern};
use crate::csr::Edge;

/// A match: the node of each node variable, and edges and inner nodes of each edge variable.
pub(super) type Match = (Vec<u32>, Vec<(Vec<u32>, Vec<u32>)>);

/// A walk from the left end of an edge variable: the nodes it is at, and the edges between them.
#[derive(Debug, Clone)]
struct Walk {
    nodes: Vec<u32>,
    edges: Vec<u32>,
}

/// Partial matches beyond which a case is too large for brute force.
const PARTIAL_MAX: usize = 6_000;

/// Every match, sorted; `None` where there are too many to look at.
pub(super) fn all(node_count: u32, edges: &[Edge], pattern: &Pattern) -> Option<Vec<Match>> {
    // Partial matches: nodes of variables, where known, and the walks of the edge variables so far.
    let mut partial: Vec<(Vec<Option<u32>>, Vec<Walk>)> = vec![(vec![None; pattern.nodes.len()], Vec::new())];
    if pattern.edges.is_empty() {
        partial = (0..node_count).map(|node| (vec![Some(node)], Vec::new())).collect();
    }
    for variable in &pattern.edges {
        let walks = walks(node_count, edges, variable);
        let mut next = Vec::new();
        for (nodes, chosen) in &partial {
            for walk in &walks {
                let mut nodes = nodes.clone();
                let (start, end) = (walk.nodes[0], walk.nodes[walk.nodes.len() - 1]);
                let fits = |node: Option<u32>, with: u32| node.is_none_or(|node| node == with);
                if !fits(nodes[variable.left], start) {
                    continue;
                }
                nodes[variable.left] = Some(start);
                if !fits(nodes[variable.right], end) {
                    continue;
                }
                nodes[variable.right] = Some(end);
                let mut chosen = chosen.clone();
                chosen.push(walk.clone());
                next.push((nodes, chosen));
            }
            if next.len() > PARTIAL_MAX {
                return None;
            }
        }
        partial = next;
    }
    let mut matches: Vec<Match> = partial
        .into_iter()
        .map(|(nodes, walks)| (nodes.into_iter().map(Option::unwrap).collect::<Vec<u32>>(), walks))
        .filter(|(nodes, _)| {
            nodes
                .iter()
                .zip(&pattern.nodes)
                .all(|(&node, variable)| variable.allowed.contains(node))
        })
        .filter(|(nodes, walks)| repeats_as_allowed(pattern, nodes, walks))
        .map(|(nodes, walks)| {
            (
                nodes,
                walks.iter().map(|walk| (walk.edges.clone(), inner(walk))).collect(),
            )
        })
        .collect();
    matches.sort();
    Some(matches)
}

fn inner(walk: &Walk) -> Vec<u32> {
    match walk.nodes.len() {
        0..3 => Vec::new(),
        count => walk.nodes[1..count - 1].to_vec(),
    }
}

/// The walks that an edge variable may stand for by itself.
fn walks(node_count: u32, edges: &[Edge], variable: &EdgeVariable) -> Vec<Walk> {
    let bounds = variable.bounds();
    let mut all = Vec::new();
    let mut longest: Vec<Walk> = (0..node_count)
        .map(|node| Walk {
            nodes: vec![node],
            edges: Vec::new(),
        })
        .collect();
    for length in 0..=bounds.max {
        if length >= bounds.min {
            all.extend(longest.iter().filter(|walk| is_allowed(variable, walk)).cloned());
        }
        let mut next = Vec::new();
        for walk in &longest {
            let here = walk.nodes[walk.nodes.len() - 1];
            for (number, edge) in (0u32..).zip(edges) {
                let mut ways = Vec::new();
                if variable.direction != Direction::Left && edge.source == here {
                    ways.push(edge.target);
                }
                if variable.direction != Direction::Right && edge.target == here {
                    ways.push(edge.source);
                }
                ways.dedup();
                for to in ways {
                    let mut walk = walk.clone();
                    walk.nodes.push(to);
                    walk.edges.push(number);
                    next.push(walk);
                }
            }
        }
        longest = next;
    }
    all
}

fn is_allowed(variable: &EdgeVariable, walk: &Walk) -> bool {
    let inner = inner(walk);
    let mut edges = walk.edges.iter();
    edges.all(|&edge| variable.allowed.contains(edge))
        && inner.iter().all(|&node| variable.inner.contains(node))
        && variable
            .any_edges
            .iter()
            .all(|set| walk.edges.iter().any(|&edge| set.contains(edge as usize)))
        && variable
            .any_inner
            .iter()
            .all(|set| inner.iter().any(|&node| set.contains(node as usize)))
}

fn repeats_as_allowed(pattern: &Pattern, nodes: &[u32], walks: &[Walk]) -> bool {
    let edges: Vec<u32> = walks.iter().flat_map(|walk| walk.edges.clone()).collect();
    if pattern.cycles == Cycles::All {
        return true;
    }
    if has_twice(&edges) {
        return false;
    }
    if pattern.cycles == Cycles::UniqueEdges {
        return true;
    }
    // Each thing that a node stands for, once: variables that walks without edges join are one thing.
    let mut joined: Vec<usize> = (0..nodes.len()).collect();
    for _ in nodes {
        for (variable, walk) in pattern.edges.iter().zip(walks) {
            if walk.edges.is_empty() {
                let least = joined[variable.left].min(joined[variable.right]);
                joined[variable.left] = least;
                joined[variable.right] = least;
            }
        }
    }
    let mut stands_for: Vec<u32> = (0..nodes.len())
        .filter(|&variable| joined[variable] == variable)
        .map(|variable| nodes[variable])
        .collect();
    // A walk back to where it began is a cycle.
    let is_circle = |(variable, walk): (&EdgeVariable, &Walk)| {
        !walk.edges.is_empty() && joined[variable.left] == joined[variable.right]
    };
    if pattern.edges.iter().zip(walks).any(is_circle) {
        return false;
    }
    stands_for.extend(walks.iter().flat_map(inner));
    !has_twice(&stands_for)
}

fn has_twice(numbers: &[u32]) -> bool {
    (1..numbers.len()).any(|place| numbers[..place].contains(&numbers[place]))
}
