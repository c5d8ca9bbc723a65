//! The naive twins: as short as can be, slow, and obviously right. They work on the list of edges alone.

use std::collections::BTreeSet;

use postern_graph::Edge;

/// A route as the crate orders them: cost, hops, edge numbers.
pub type Ranked = (u64, usize, Vec<u32>);

/// Floyd and Warshall: `[a][b]` tells whether `b` can be reached from `a`.
pub fn reach(node_count: u32, edges: &[Edge]) -> Vec<Vec<bool>> {
    let n = node_count as usize;
    let mut reach = vec![vec![false; n]; n];
    for (node, row) in reach.iter_mut().enumerate() {
        row[node] = true;
    }
    for edge in edges {
        reach[edge.source as usize][edge.target as usize] = true;
    }
    for via in 0..n {
        for from in 0..n {
            for to in 0..n {
                reach[from][to] |= reach[from][via] && reach[via][to];
            }
        }
    }
    reach
}

/// All routes from `source` to `target` without a repeated node, best first.
pub fn routes(edges: &[Edge], source: u32, target: u32) -> Vec<Ranked> {
    fn extend(edges: &[Edge], at: u32, target: u32, seen: &mut Vec<u32>, route: &mut Ranked, found: &mut Vec<Ranked>) {
        if at == target {
            found.push(route.clone());
            return;
        }
        for (number, edge) in (0u32..).zip(edges) {
            if edge.source == at && !seen.contains(&edge.target) {
                seen.push(edge.target);
                route.2.push(number);
                let longer = (
                    route.0 + u64::from(edge.cost),
                    route.1 + 1,
                    std::mem::take(&mut route.2),
                );
                let before = (route.0, route.1);
                *route = longer;
                extend(edges, edge.target, target, seen, route, found);
                (route.0, route.1) = before;
                route.2.pop();
                seen.pop();
            }
        }
    }
    let mut found = Vec::new();
    extend(
        edges,
        source,
        target,
        &mut vec![source],
        &mut (0, 0, Vec::new()),
        &mut found,
    );
    found.sort();
    found
}

/// Bellman and Ford: the least cost from any of `sources` to each node.
pub fn costs(node_count: u32, edges: &[Edge], sources: &[u32]) -> Vec<Option<u64>> {
    let mut costs = vec![None; node_count as usize];
    for &source in sources {
        costs[source as usize] = Some(0);
    }
    for _ in 0..node_count {
        for edge in edges {
            if let Some(before) = costs[edge.source as usize] {
                let cost = before + u64::from(edge.cost);
                let known = &mut costs[edge.target as usize];
                *known = Some(known.map_or(cost, |known: u64| known.min(cost)));
            }
        }
    }
    costs
}

/// What is reached from `roots` over the edges that `keep` lets through.
pub fn reached(edges: &[Edge], roots: &[u32], keep: impl Fn(u32, &Edge) -> bool) -> BTreeSet<u32> {
    let mut reached: BTreeSet<u32> = roots.iter().copied().collect();
    loop {
        let before = reached.len();
        for (number, edge) in (0u32..).zip(edges) {
            if reached.contains(&edge.source) && keep(number, edge) {
                reached.insert(edge.target);
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

/// What is reached from `roots` when `node` is taken out.
pub fn reached_without_node(edges: &[Edge], roots: &[u32], node: u32) -> BTreeSet<u32> {
    let roots: Vec<u32> = roots.iter().copied().filter(|&root| root != node).collect();
    reached(edges, &roots, |_, edge| edge.target != node)
}

/// What is reached from `roots` when an edge is taken out.
pub fn reached_without_edge(edges: &[Edge], roots: &[u32], edge: u32) -> BTreeSet<u32> {
    reached(edges, roots, |number, _| number != edge)
}

/// The same edges, turned round.
pub fn turned(edges: &[Edge]) -> Vec<Edge> {
    edges
        .iter()
        .map(|edge| Edge {
            source: edge.target,
            target: edge.source,
            cost: edge.cost,
        })
        .collect()
}

/// The least capacity of any set of edges that parts `sources` from `targets`: all sets are tried.
pub fn cut(edges: &[Edge], sources: &[u32], targets: &[u32], capacities: &[Option<u32>]) -> Option<u64> {
    let sets = 0u32..1 << edges.len();
    sets.filter_map(|set| {
        let is_in = |number: u32| set >> number & 1 == 1;
        let numbers = (0..edges.len() as u32).filter(|&number| is_in(number));
        let capacity: Option<u64> = numbers.map(|number| capacities[number as usize].map(u64::from)).sum();
        let reached = reached(edges, sources, |number, _| !is_in(number));
        capacity.filter(|_| !targets.iter().any(|target| reached.contains(target)))
    })
    .min()
}
