//! Graphs made for one purpose: depth, size, ties, and cases that chance seldom draws.

use postern_graph::{
    Csr, Dominators, Edge, cheapest_from, cheapest_to, k_cheapest, minimum_cut, reachable_from, reaching, severed,
    strongly_connected,
};

const MILLION: u32 = 1_000_000;

fn edge(source: u32, target: u32, cost: u32) -> Edge {
    Edge { source, target, cost }
}

/// 0 → 1 → … → 999 999, every edge of cost 2.
fn chain() -> Csr {
    let edges: Vec<Edge> = (1..MILLION).map(|node| edge(node - 1, node, 2)).collect();
    Csr::from_edges(MILLION, &edges).unwrap()
}

#[test]
fn a_chain_of_a_million_nodes_overflows_no_stack() {
    let graph = chain();
    let (first, last) = (0, MILLION - 1);
    assert_eq!(
        reachable_from(&graph, &[first]).unwrap().count_ones(..),
        MILLION as usize
    );
    assert_eq!(reaching(&graph, &[last]).unwrap().count_ones(..), MILLION as usize);
    assert_eq!(strongly_connected(&graph).count, MILLION);

    let (from, to) = (
        cheapest_from(&graph, &[first], None).unwrap(),
        cheapest_to(&graph, &[last], None).unwrap(),
    );
    assert_eq!(
        (from.cost(last), from.hops(last)),
        (Some(2 * u64::from(last)), Some(last))
    );
    assert_eq!(from.route(last), to.route(first));

    let tree = Dominators::from_roots(&graph, &[first]).unwrap();
    assert_eq!(tree.ancestors(last).count(), last as usize);
    assert!(tree.dominates(first, last) && !tree.dominates(last, first));

    let cut = minimum_cut(&graph, &[first], &[last], &vec![Some(3); last as usize])
        .unwrap()
        .unwrap();
    assert_eq!((cut.capacity, cut.edges), (3, vec![last - 1]));
}

#[test]
fn every_node_and_edge_of_a_chain_severs_its_ends() {
    let found = severed(&chain(), &[0], &[MILLION - 1]).unwrap();
    assert!(
        found
            .targets_by_edge
            .iter()
            .chain(&found.entries_by_edge)
            .all(|&count| count == 1)
    );
    let (last, but_last) = found.targets_by_node.split_last().unwrap();
    assert!(*last == 0 && but_last.iter().all(|&count| count == 1));
    let (first, but_first) = found.entries_by_node.split_first().unwrap();
    assert!(*first == 0 && but_first.iter().all(|&count| count == 1));
}

#[test]
fn a_cycle_through_a_million_nodes_is_one_component() {
    let mut edges: Vec<Edge> = (1..MILLION).map(|node| edge(node - 1, node, 0)).collect();
    edges.push(edge(MILLION - 1, 0, 0));
    let graph = Csr::from_edges(MILLION, &edges).unwrap();
    assert_eq!(strongly_connected(&graph).count, 1);
    assert_eq!(
        cheapest_from(&graph, &[0], Some(0)).unwrap().hops(MILLION - 1),
        Some(MILLION - 1)
    );
}

#[test]
fn flow_that_stands_in_the_way_is_taken_back() {
    // The shortest route 0 → 1 → 2 → 3 blocks both long ones, 0 → 4 → 5 → 2 → 3 and 0 → 1 → 6 → 7 → 3.
    let ways = [(0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 2), (1, 6), (6, 7), (7, 3)];
    let graph = Csr::from_edges(8, &ways.map(|(source, target)| edge(source, target, 1))).unwrap();
    let cut = minimum_cut(&graph, &[0], &[3], &[Some(1); 9]).unwrap().unwrap();
    assert_eq!(cut.capacity, 2);
    assert_eq!(cut.flow, [1, 0, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(cut.edges, [2, 8]);
}

/// A chain of diamonds that all cost the same: 2^20 routes, in an order that only the edge numbers give.
#[test]
fn equal_routes_come_in_the_order_of_their_edges() {
    let edges: Vec<Edge> = (0..20)
        .flat_map(|place| {
            let at = place * 3;
            [
                edge(at, at + 1, 1),
                edge(at, at + 2, 1),
                edge(at + 1, at + 3, 1),
                edge(at + 2, at + 3, 1),
            ]
        })
        .collect();
    let graph = Csr::from_edges(61, &edges).unwrap();
    let routes = k_cheapest(&graph, 0, 60, 300, None).unwrap();
    assert!(routes.iter().all(|route| route.cost == 40));
    for (number, route) in routes.iter().enumerate() {
        // Route `number` takes the second way at the diamonds that its binary digits name, the last digit last.
        let want: Vec<u32> = (0..20u32)
            .flat_map(|at| [0, 2].map(|e| 4 * at + e + (number as u32 >> (19 - at) & 1)))
            .collect();
        assert_eq!(route.edges, want);
    }
}
