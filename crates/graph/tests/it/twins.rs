//! Laws: on every small graph the crate and the naive twin agree.

use std::collections::BTreeSet;

use petgraph::graph::DiGraph;
use postern_graph::{
    Csr, Dominators, Edge, GraphError, cheapest_from, cheapest_to, k_cheapest, minimum_cut, reachable_from, reaching,
    severed, strongly_connected, weakly_connected,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::naive;

/// A graph with few nodes, so that cycles, loops, parallel edges and ties are common, and two sets of its nodes.
#[derive(Debug, Clone)]
struct Case {
    node_count: u32,
    edges: Vec<Edge>,
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Case {
    fn graph(&self) -> Csr {
        Csr::from_edges(self.node_count, &self.edges).unwrap()
    }

    fn nodes(&self) -> std::ops::Range<u32> {
        0..self.node_count
    }
}

fn cases(edges_max: usize) -> impl Strategy<Value = Case> {
    (1u32..9).prop_flat_map(move |node_count| {
        let edge = (0..node_count, 0..node_count, 0u32..4);
        let edge = edge.prop_map(|(source, target, cost)| Edge { source, target, cost });
        (
            vec(edge, 0..=edges_max),
            vec(0..node_count, 0..4),
            vec(0..node_count, 0..4),
        )
            .prop_map(move |(edges, starts, ends)| Case {
                node_count,
                edges,
                starts,
                ends,
            })
    })
}

fn is_in(nodes: &BTreeSet<u32>, node: u32) -> u32 {
    u32::from(nodes.contains(&node))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn reach_is_the_transitive_closure(case in cases(20)) {
        let graph = case.graph();
        let closure = naive::reach(case.node_count, &case.edges);
        let ahead = reachable_from(&graph, &case.starts).unwrap();
        let behind = reaching(&graph, &case.starts).unwrap();
        for node in case.nodes() {
            let at = node as usize;
            prop_assert_eq!(ahead.contains(at), case.starts.iter().any(|&start| closure[start as usize][at]));
            prop_assert_eq!(behind.contains(at), case.starts.iter().any(|&start| closure[at][start as usize]));
        }
    }

    #[test]
    fn costs_are_those_of_bellman_and_ford(case in cases(30)) {
        let graph = case.graph();
        let from = cheapest_from(&graph, &case.starts, None).unwrap();
        let to = cheapest_to(&graph, &case.starts, None).unwrap();
        let want_from = naive::costs(case.node_count, &case.edges, &case.starts);
        let want_to = naive::costs(case.node_count, &naive::turned(&case.edges), &case.starts);
        for node in case.nodes() {
            prop_assert_eq!(from.cost(node), want_from[node as usize]);
            prop_assert_eq!(to.cost(node), want_to[node as usize]);
        }
    }

    #[test]
    fn routes_are_the_least_of_all_in_the_order_of_routes(case in cases(14), limit in prop::option::of(0u64..8)) {
        let graph = case.graph();
        let from = cheapest_from(&graph, &case.starts, limit).unwrap();
        let to = cheapest_to(&graph, &case.starts, limit).unwrap();
        for node in case.nodes() {
            let kept = |route: &naive::Ranked| limit.is_none_or(|limit| route.0 <= limit);
            let least = |routes: Vec<naive::Ranked>| routes.into_iter().filter(kept).min();
            let want_from = least(case.starts.iter().flat_map(|&s| naive::routes(&case.edges, s, node)).collect());
            let want_to = least(case.starts.iter().flat_map(|&s| naive::routes(&case.edges, node, s)).collect());
            for (routes, want) in [(&from, want_from), (&to, want_to)] {
                prop_assert_eq!(routes.cost(node), want.as_ref().map(|want| want.0));
                prop_assert_eq!(routes.hops(node), want.as_ref().map(|want| want.1 as u32));
                prop_assert_eq!(routes.route(node), want.map(|want| want.2));
            }
        }
    }

    #[test]
    fn both_directions_give_one_route(case in cases(30)) {
        let graph = case.graph();
        for source in case.nodes() {
            let from = cheapest_from(&graph, &[source], None).unwrap();
            for target in case.nodes() {
                let to = cheapest_to(&graph, &[target], None).unwrap();
                prop_assert_eq!(from.route(target), to.route(source));
            }
        }
    }

    #[test]
    fn a_hop_leads_along_its_edge_and_ends_at_a_start(case in cases(30)) {
        let graph = case.graph();
        let from = cheapest_from(&graph, &case.starts, None).unwrap();
        let to = cheapest_to(&graph, &case.starts, None).unwrap();
        for node in case.nodes() {
            if let Some(hop) = to.hop(node) {
                prop_assert!(graph.outgoing(node).contains(&hop));
                prop_assert_eq!(to.end(node), to.end(hop.node));
            }
            if let Some(hop) = from.hop(node) {
                prop_assert!(graph.incoming(node).contains(&hop));
                prop_assert_eq!(from.end(node), from.end(hop.node));
            }
            for routes in [&from, &to] {
                prop_assert_eq!(routes.end(node).is_some(), routes.cost(node).is_some());
                prop_assert!(routes.end(node).is_none_or(|end| case.starts.contains(&end)));
                prop_assert_eq!(routes.hop(node).is_none(), routes.hops(node).is_none_or(|hops| hops == 0));
            }
        }
    }

    #[test]
    fn the_k_cheapest_are_the_first_of_all_routes(
        case in cases(14), k in 0usize..12, limit in prop::option::of(0u64..8),
    ) {
        let graph = case.graph();
        let (source, target) = (0, case.node_count - 1);
        let mut want = naive::routes(&case.edges, source, target);
        want.retain(|route| limit.is_none_or(|limit| route.0 <= limit));
        want.truncate(k);
        let found = k_cheapest(&graph, source, target, k, limit).unwrap();
        let found: Vec<_> = found.into_iter().map(|route| (route.cost, route.edges.len(), route.edges)).collect();
        prop_assert_eq!(found, want);
    }

    #[test]
    fn a_node_dominates_what_is_lost_without_it(case in cases(24)) {
        let graph = case.graph();
        let turned = naive::turned(&case.edges);
        let ahead = Dominators::from_roots(&graph, &case.starts).unwrap();
        let behind = Dominators::to_targets(&graph, &case.starts).unwrap();
        for (tree, edges) in [(ahead, &case.edges), (behind, &turned)] {
            let all = naive::reached(edges, &case.starts, |_, _| true);
            let counted = tree.count_below(&case.ends);
            for a in case.nodes() {
                let left = naive::reached_without_node(edges, &case.starts, a);
                prop_assert_eq!(tree.is_reached(a), all.contains(&a));
                for b in case.nodes() {
                    prop_assert_eq!(tree.dominates(a, b), all.contains(&b) && !left.contains(&b), "{} {}", a, b);
                }
                let ends: BTreeSet<u32> = case.ends.iter().copied().collect();
                let below = ends.iter().filter(|&&end| end != a && tree.dominates(a, end)).count();
                prop_assert_eq!(counted[a as usize], below as u32);
            }
            for node in case.nodes() {
                let above: BTreeSet<u32> = tree.ancestors(node).collect();
                let want = case.nodes().filter(|&a| a != node && tree.dominates(a, node)).collect();
                prop_assert_eq!(&above, &want);
                // The immediate one is the nearest: all the others dominate it.
                prop_assert_eq!(tree.immediate(node).is_none(), want.is_empty());
                if let Some(nearest) = tree.immediate(node) {
                    prop_assert!(want.iter().all(|&a| tree.dominates(a, nearest)));
                }
            }
        }
    }

    #[test]
    fn what_is_severed_is_what_is_lost_by_removal(case in cases(16)) {
        let found = severed(&case.graph(), &case.starts, &case.ends).unwrap();
        let turned = naive::turned(&case.edges);
        let ways = [
            (&case.edges, &case.starts, &case.ends, &found.targets_by_node, &found.targets_by_edge),
            (&turned, &case.ends, &case.starts, &found.entries_by_node, &found.entries_by_edge),
        ];
        for (edges, roots, ends, by_node, by_edge) in ways {
            let all = naive::reached(edges, roots, |_, _| true);
            let lost = |left: BTreeSet<u32>, but: Option<u32>| {
                let ends: BTreeSet<u32> = ends.iter().copied().filter(|&end| Some(end) != but).collect();
                ends.iter().map(|&end| is_in(&all, end) - is_in(&left, end)).sum::<u32>()
            };
            for node in case.nodes() {
                let left = naive::reached_without_node(edges, roots, node);
                prop_assert_eq!(by_node[node as usize], lost(left, Some(node)), "node {}", node);
            }
            for edge in 0..edges.len() as u32 {
                let left = naive::reached_without_edge(edges, roots, edge);
                prop_assert_eq!(by_edge[edge as usize], lost(left, None), "edge {}", edge);
            }
        }
    }

    #[test]
    fn weak_components_are_reach_when_every_edge_leads_back(case in cases(20)) {
        let components = weakly_connected(&case.graph());
        let back = case.edges.iter().map(|edge| Edge { source: edge.target, target: edge.source, ..*edge });
        let both: Vec<Edge> = case.edges.iter().copied().chain(back).collect();
        let closure = naive::reach(case.node_count, &both);
        for a in case.nodes().map(|node| node as usize) {
            for b in case.nodes().map(|node| node as usize) {
                prop_assert_eq!(components.of[a] == components.of[b], closure[a][b]);
            }
        }
        let distinct: BTreeSet<u32> = components.of.iter().copied().collect();
        prop_assert_eq!(distinct.len(), components.count as usize);
    }

    #[test]
    fn components_are_mutual_reach_in_reverse_topological_order(case in cases(20)) {
        let components = strongly_connected(&case.graph());
        let closure = naive::reach(case.node_count, &case.edges);
        for a in case.nodes().map(|node| node as usize) {
            prop_assert!(components.of[a] < components.count);
            for b in case.nodes().map(|node| node as usize) {
                prop_assert_eq!(components.of[a] == components.of[b], closure[a][b] && closure[b][a]);
                prop_assert!(!closure[a][b] || components.of[a] >= components.of[b]);
            }
        }
        let distinct: BTreeSet<u32> = components.of.iter().copied().collect();
        prop_assert_eq!(distinct.len(), components.count as usize);
    }

    #[test]
    fn flow_and_cut_certify_each_other(
        case in cases(30), capacities in vec(prop::option::weighted(0.9, 0u32..5), 30),
    ) {
        let graph = case.graph();
        let capacities = &capacities[..case.edges.len()];
        let Some(cut) = minimum_cut(&graph, &case.starts, &case.ends, capacities).unwrap() else {
            let fast = naive::reached(&case.edges, &case.starts, |edge, _| capacities[edge as usize].is_none());
            prop_assert!(case.ends.iter().any(|end| fast.contains(end)));
            return Ok(());
        };
        let mut excess = vec![0i64; case.node_count as usize];
        for (number, edge) in case.edges.iter().enumerate() {
            prop_assert!(capacities[number].is_none_or(|capacity| cut.flow[number] <= u64::from(capacity)));
            excess[edge.source as usize] -= cut.flow[number] as i64;
            excess[edge.target as usize] += cut.flow[number] as i64;
        }
        let mut arrived = 0;
        for node in case.nodes() {
            let (is_start, is_end) = (case.starts.contains(&node), case.ends.contains(&node));
            let excess = excess[node as usize];
            prop_assert!(is_start || is_end || excess == 0);
            prop_assert!(!is_end || excess >= 0);
            arrived += if is_end { excess } else { 0 };
        }
        prop_assert_eq!(arrived, cut.capacity as i64);
        let price: Option<u32> = cut.edges.iter().map(|&edge| capacities[edge as usize]).sum();
        prop_assert_eq!(price.map(u64::from), Some(cut.capacity));
        let left = naive::reached(&case.edges, &case.starts, |edge, _| !cut.edges.contains(&edge));
        prop_assert!(!case.ends.iter().any(|end| left.contains(end)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_set_of_edges_is_a_cheaper_cut(case in cases(9), capacities in vec(prop::option::weighted(0.8, 0u32..5), 9)) {
        let capacities = &capacities[..case.edges.len()];
        let cut = minimum_cut(&case.graph(), &case.starts, &case.ends, capacities).unwrap();
        let want = naive::cut(&case.edges, &case.starts, &case.ends, capacities);
        prop_assert_eq!(cut.map(|cut| cut.capacity), want);
    }

    #[test]
    fn another_library_agrees_on_graphs_of_some_size(
        edges in vec((0u32..120, 0u32..120, 0u32..30), 100..500), root in 0u32..120,
    ) {
        let edges: Vec<Edge> = edges.into_iter().map(|(source, target, cost)| Edge { source, target, cost }).collect();
        let graph = Csr::from_edges(120, &edges).unwrap();
        let mut other = DiGraph::<(), u64>::new();
        let nodes: Vec<_> = (0..120).map(|_| other.add_node(())).collect();
        for edge in &edges {
            other.add_edge(nodes[edge.source as usize], nodes[edge.target as usize], u64::from(edge.cost));
        }
        let routes = cheapest_from(&graph, &[root], None).unwrap();
        let tree = Dominators::from_roots(&graph, &[root]).unwrap();
        let want_costs = petgraph::algo::dijkstra(&other, nodes[root as usize], None, |edge| *edge.weight());
        let want_tree = petgraph::algo::dominators::simple_fast(&other, nodes[root as usize]);
        for node in 0..120 {
            let there = nodes[node as usize];
            prop_assert_eq!(routes.cost(node), want_costs.get(&there).copied());
            let want = want_tree.immediate_dominator(there).map(|node| node.index() as u32);
            prop_assert_eq!(tree.immediate(node), want);
        }
        prop_assert_eq!(strongly_connected(&graph).count as usize, petgraph::algo::tarjan_scc(&other).len());
    }
}

#[test]
fn a_node_that_is_not_there_is_refused_everywhere() {
    let graph = Csr::from_edges(
        2,
        &[Edge {
            source: 0,
            target: 1,
            cost: 1,
        }],
    )
    .unwrap();
    let error = GraphError::NoSuchNode { node: 2, node_count: 2 };
    assert_eq!(error.to_string(), "there is no node 2 in a graph of 2 nodes");
    assert_eq!(reachable_from(&graph, &[0, 2]).unwrap_err(), error);
    assert_eq!(reaching(&graph, &[2]).unwrap_err(), error);
    assert_eq!(cheapest_from(&graph, &[2], None).unwrap_err(), error);
    assert_eq!(cheapest_to(&graph, &[2], None).unwrap_err(), error);
    assert_eq!(k_cheapest(&graph, 2, 0, 1, None).unwrap_err(), error);
    assert_eq!(k_cheapest(&graph, 0, 2, 1, None).unwrap_err(), error);
    assert_eq!(Dominators::from_roots(&graph, &[2]).unwrap_err(), error);
    assert_eq!(Dominators::to_targets(&graph, &[2]).unwrap_err(), error);
    assert_eq!(severed(&graph, &[2], &[1]).unwrap_err(), error);
    assert_eq!(severed(&graph, &[0], &[2]).unwrap_err(), error);
    assert_eq!(minimum_cut(&graph, &[2], &[1], &[None]).unwrap_err(), error);
    assert_eq!(minimum_cut(&graph, &[0], &[2], &[None]).unwrap_err(), error);
    let error = minimum_cut(&graph, &[0], &[1], &[]).unwrap_err();
    assert_eq!(error.to_string(), "0 capacities were given for a graph of 1 edges");
}

#[test]
fn costs_beyond_32_bits_add_up() {
    let edge = |source| Edge {
        source,
        target: source + 1,
        cost: u32::MAX,
    };
    let graph = Csr::from_edges(4, &[edge(0), edge(1), edge(2)]).unwrap();
    let most = 3 * u64::from(u32::MAX);
    assert_eq!(cheapest_to(&graph, &[3], None).unwrap().cost(0), Some(most));
    assert_eq!(cheapest_to(&graph, &[3], Some(most - 1)).unwrap().cost(0), None);
    assert_eq!(k_cheapest(&graph, 0, 3, 5, Some(most)).unwrap().len(), 1);
}
