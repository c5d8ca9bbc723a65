//! Graph operators as they are bound: columns of the results, and what is refused.

use crate::common::World;
use postern_kql::ir::{Op, OverPath, ScalarKind};

const TABLES: &str = "let N = datatable(name:string, age:long)[]; \
                      let M = datatable(id:string, x:real, age:int)[]; \
                      let E = datatable(s:string, t:string, w:long, k:dynamic)[]; ";

/// What follows `make-graph` with one table of nodes.
fn over_graph(rest: &str) -> String {
    format!("{TABLES} E | make-graph s --> t with N on name | {rest}")
}

fn columns(rest: &str) -> Result<String, String> {
    World::default().columns(&over_graph(rest))
}

#[test]
fn columns_are_named_and_typed_as_the_language_does() {
    for (rest, wanted) in [
        (
            "graph-match (a)-[e*1..2]->(b) project a.name, e.w, map(e, w), node_id(a), node_degree_in(a), labels(a), \
             all(e, w > 1), x = map(inner_nodes(e), name)",
            "a_name:string, e_w:dynamic, Column1:dynamic, Column2:string, Column3:long, Column4:dynamic, \
             Column5:bool, x:dynamic",
        ),
        ("graph-match (a)-[e]->(b) project e.w, b.age", "e_w:long, b_age:long"),
        (
            "graph-match (a)-[e]->(b)",
            "a_name:string, a_age:long, b_name:string, b_age:long, e_s:string, e_t:string, e_w:long, e_k:dynamic",
        ),
        (
            "graph-to-table edges with_source_id=S with_target_id=T",
            "S:long, T:long, s:string, t:string, w:long, k:dynamic",
        ),
        ("graph-to-table nodes with_node_id=Id", "Id:long, name:string, age:long"),
        (
            "graph-to-table nodes as A, edges as B; B",
            "s:string, t:string, w:long, k:dynamic",
        ),
        (
            "graph-mark-components | graph-to-table nodes",
            "name:string, age:long, ComponentId:long",
        ),
        (
            "graph-mark-components kind=strong with_component_id=family | graph-match (a)-->(b) project a.family",
            "a_family:long",
        ),
        (
            "graph-where-nodes age > 3 and node_degree_in() > 1 | graph-where-edges w > 2 \
             | graph-match (a)--(b) project a.name",
            "a_name:string",
        ),
        (
            "graph-shortest-paths output=all (a)-[e*1..2]->(b)-[f]->(c) where all(e, w > c.age) project a.name, f.w",
            "a_name:string, f_w:long",
        ),
    ] {
        assert_eq!(columns(rest).as_deref(), Ok(wanted), "{rest}");
    }
    let of = |query: &str| World::default().columns(&format!("{TABLES} {query}"));
    assert_eq!(
        of("E | make-graph s --> t with N on name, M on id | graph-to-table nodes").as_deref(),
        Ok("name:string, age:long, id:string, x:real")
    );
    assert_eq!(
        of("E | make-graph s --> t with_node_id=q | graph-match (a)-->() project a.q").as_deref(),
        Ok("a_q:string")
    );
    assert_eq!(
        of("E | make-graph s --> t with N on name partitioned-by w (graph-match (a)-[e]->(b) project a.name | count)")
            .as_deref(),
        Ok("Count:long")
    );
    assert_eq!(
        of("let g = E | make-graph s --> t with N on name; g | graph-match (a)-->(b) project b.age").as_deref(),
        Ok("b_age:long")
    );
}

#[test]
fn a_plain_property_of_a_path_has_to_hold_for_each_edge() {
    let query = over_graph("graph-match (a)-[e*1..2]->(b) where a.age > 1 and e.w + b.age > 3 project a.name");
    let bound = World::default().bind(&query).query.unwrap();
    let Op::GraphMatch { matching, .. } = &bound.outputs[0].table.op else {
        panic!("not a match");
    };
    let ScalarKind::And(left, right) = &matching.filter.as_ref().unwrap().kind else {
        panic!("not two conditions");
    };
    assert!(matches!(left.kind, ScalarKind::Binary { .. }));
    assert!(matches!(
        right.kind,
        ScalarKind::OverPath {
            over: OverPath::All,
            variable: 2,
            inner_nodes: false,
            ..
        }
    ));
}

#[test]
fn what_has_no_meaning_is_refused() {
    for (rest, wanted) in [
        ("count", "`count` takes a table, and this is a graph"),
        (
            "graph-match (a)-->(b), (c)-->(d) project a.name",
            "the sequences of the pattern must hang together: give a node of each the same name",
        ),
        (
            "graph-match (a)-[e]->(b)-[e]->(c) project a.name",
            "`e` is in the pattern already, and each edge is one of its own",
        ),
        (
            "graph-match (a)-[a]->(b) project b.name",
            "`a` is in the pattern already, and each edge is one of its own",
        ),
        (
            "graph-match (a)-[e]->(b) where a.zzz == 1 project b.name",
            "no property `zzz`",
        ),
        (
            "graph-match (a)-[e*3..2]->(b) project a.name",
            "no path is at least 3 and at most 2 edges long",
        ),
        (
            "graph-match cycles=some (a)-->(b) project a.name",
            "cycles are `all`, `none` or `unique_edges`",
        ),
        (
            "graph-match (a)-[e]->(b) where all(a, age > 1) project a.name",
            "an edge of variable length belongs here, and this is a node",
        ),
        (
            "graph-match (a)-[e]->(b) project node_id(e)",
            "`node_id` is about a node, and this is an edge",
        ),
        (
            "graph-match (a)-[e]->(b) project a",
            "`a` is a variable of the pattern: name one of its properties",
        ),
        (
            "graph-shortest-paths (a)-[e]->(b) project a.name",
            "shortest paths need an edge of variable length",
        ),
        (
            "graph-match (a)-[e*1..2]->(b)-[f*1..2]->(c) where e.w == f.w project a.name",
            "a condition on each edge of two paths at once (`f` is the second) is not supported by Postern",
        ),
    ] {
        assert_eq!(columns(rest), Err(wanted.to_owned()), "{rest}");
    }
    assert_eq!(
        World::default().columns(&format!(
            "{TABLES} E | make-graph k --> t | graph-match (a)-->(b) project 1"
        )),
        Err("the ids of nodes, and what a graph is parted by, cannot be dynamic".to_owned())
    );
    assert_eq!(
        World::default().columns(&format!(
            "{TABLES} E | make-graph w --> t | graph-match (a)-->(b) project 1"
        )),
        Err("all ids of a graph have one type, and these are long and string".to_owned())
    );
}

#[test]
fn a_sequence_that_comes_back_is_told_of_where_cycles_are_left_out() {
    let query = over_graph("graph-match cycles=none (a)-->(b)-->(a) project a.name");
    let bound = World::default().bind(&query);
    assert_eq!(
        bound
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.message.as_str())
            .collect::<Vec<_>>(),
        ["a sequence that comes back to a node is a cycle, so nothing matches with `cycles=none`"]
    );
}
