//! Graph operators from text to rows; and the resident graph against graphs that are built in the query.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Column, Type, Value};
use postern_kql_functions::{Datum, Dynamic, convert};
use tokio_util::sync::CancellationToken;

use super::resident::{EDGES_TABLE, NODES_TABLE};
use super::*;
use crate::batch::{ColumnReader, RowBuilder};
use crate::run::{Sink, Summary, TableHead};
use crate::world::World;

/// Two tables of an exposure graph, with its resident form or without.
struct Exposure {
    nodes: (Vec<Column>, RecordBatch),
    edges: (Vec<Column>, RecordBatch),
    resident: Option<Arc<ResidentGraph>>,
}

impl Exposure {
    /// A generated graph: labels, categories and levels come and go, some ends have no row.
    fn generated(nodes: u32, edges: u32, is_resident: bool) -> Self {
        let column = |name: &str, ty| Column::new(name, ty);
        let node_columns = vec![
            column("NodeId", Type::String),
            column("NodeLabel", Type::String),
            column("NodeName", Type::String),
            column("Categories", Type::Dynamic),
            column("NodeProperties", Type::Dynamic),
        ];
        let edge_columns = vec![
            column("EdgeId", Type::String),
            column("EdgeLabel", Type::String),
            column("SourceNodeId", Type::String),
            column("TargetNodeId", Type::String),
        ];
        let labels = ["device", "user", "group", "vault"];
        let mut node_rows = RowBuilder::new(&node_columns);
        // The resident graph keeps the level apart, and no ids of edges.
        let mut resident_columns = node_columns.clone();
        resident_columns.push(column("level", Type::Dynamic));
        let mut resident_rows = RowBuilder::new(&resident_columns);
        for node in 0..nodes {
            let label = labels[(mixed(node) % 4) as usize];
            let json = |text: String| Datum::Dynamic(Dynamic::Text(text.into()));
            let level = mixed(node + 1_000) % 5;
            let mut row = vec![
                Datum::string(format!("n{node}")),
                Datum::string(label),
                Datum::string(format!("{label}-{node}")),
                json(format!("[\"{label}\",\"all\"]")),
                json(format!("{{\"rawData\":{{\"level\":{level}}}}}")),
            ];
            node_rows.push(&row);
            row.push(json(level.to_string()));
            resident_rows.push(&row);
        }
        let mut edge_rows = RowBuilder::new(&edge_columns);
        for edge in 0..edges {
            // A tenth of the ends stand in no row.
            let end = |salt: u32| format!("n{}", mixed(edge * 7 + salt) % (nodes + nodes / 10));
            edge_rows.push(&[
                Datum::string(format!("e{edge}")),
                Datum::string(["HasSession", "MemberOf", "AdminTo"][(mixed(edge) % 3) as usize]),
                Datum::string(end(1)),
                Datum::string(end(2)),
            ]);
        }
        let (nodes, edges) = (node_rows.finish().unwrap(), edge_rows.finish().unwrap());
        let resident = is_resident.then(|| {
            let part = Part {
                column: 4,
                path: vec!["rawData".to_owned(), "level".to_owned()],
                stored: 5,
            };
            let graph = ResidentGraph::new(
                &resident_columns,
                &[resident_rows.finish().unwrap()],
                &edge_columns[1..],
                &[edges.project(&[1, 2, 3]).unwrap()],
            );
            Arc::new(graph.unwrap().with_node_parts(vec![part]))
        });
        Self {
            nodes: (node_columns, nodes),
            edges: (edge_columns, edges),
            resident,
        }
    }

    fn named(&self, name: &str) -> Option<&(Vec<Column>, RecordBatch)> {
        match name {
            NODES_TABLE => Some(&self.nodes),
            EDGES_TABLE => Some(&self.edges),
            _ => None,
        }
    }
}

fn mixed(number: u32) -> u32 {
    let number = number.wrapping_add(0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    (number ^ (number >> 13)).wrapping_mul(0xc2b2_ae35) >> 8
}

impl Schema for Exposure {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        match self.named(name) {
            Some((columns, _)) => Found::Yes(Arc::new(Table {
                name: name.to_owned(),
                columns: columns.clone(),
                description: String::new(),
                column_descriptions: Vec::new(),
            })),
            None => Found::No,
        }
    }

    fn table_function(&self, _: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _: &str) -> Option<Arc<StoredFunction>> {
        None
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        Vec::new()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        Vec::new()
    }
}

#[async_trait]
impl World for Exposure {
    async fn table_rows(&self, name: &str) -> Result<Arc<dyn TableProvider>> {
        let (_, rows) = self
            .named(name)
            .ok_or_else(|| HuntError::Run(format!("no table {name}")))?;
        Ok(Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows.clone()]])?))
    }

    async fn function_rows(&self, name: &str, _: &[Option<Value>]) -> Result<Arc<dyn TableProvider>> {
        Err(HuntError::Run(format!("no function {name}")))
    }

    async fn exposure_graph(&self) -> Option<Arc<ResidentGraph>> {
        self.resident.clone()
    }

    fn now(&self) -> i64 {
        0
    }
}

/// Keeps all rows as text; nulls are empty.
#[derive(Default)]
struct Kept {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Sink for Kept {
    fn table(&mut self, table: &TableHead) -> Result<()> {
        self.columns = table.columns.clone();
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        for row in 0..batch.num_rows() {
            let mut cells = Vec::new();
            for (array, column) in batch.columns().iter().zip(&self.columns) {
                cells.push(convert::text(&ColumnReader::new(array, column.ty)?.get(row)).into_owned());
            }
            self.rows.push(cells);
        }
        Ok(())
    }
}

fn run_with(world: Exposure, query: &str, budget: &Budget) -> Result<(Vec<Vec<String>>, Summary)> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut kept = Kept::default();
    let summary = runtime.block_on(crate::run::run(
        query,
        Arc::new(world),
        budget,
        &CancellationToken::new(),
        &mut kept,
    ))?;
    kept.rows.sort();
    Ok((kept.rows, summary))
}

/// The rows of a query that needs no tables, sorted, cells parted by `|`.
fn rows(query: &str) -> Vec<String> {
    let (rows, _) = run_with(Exposure::generated(0, 0, false), query, &Budget::default()).unwrap();
    rows.into_iter().map(|row| row.join("|")).collect()
}

const PEOPLE: &str = r#"
    let nodes = datatable(name:string, type:string, age:int)
        ["Alice", "Person", 23, "Bob", "Person", 31, "Eve", "Person", 17, "Trent", "System", 99];
    let edges = datatable(source:string, destination:string, edge_type:string)
        ["Alice", "Bob", "communicatesWith", "Alice", "Trent", "trusts", "Bob", "Trent", "hasPermission",
         "Eve", "Alice", "attacks", "Mallory", "Alice", "attacks", "Mallory", "Bob", "attacks"];
    edges | make-graph source --> destination with nodes on name | "#;

const REPORTS: &str = r#"
    let employees = datatable(name:string, age:long)
        ["Alice", 32, "Bob", 31, "Eve", 27, "Joe", 29, "Chris", 45, "Alex", 35, "Ben", 23, "Richard", 39];
    let reports = datatable(employee:string, manager:string)
        ["Bob", "Alice", "Chris", "Alice", "Eve", "Bob", "Ben", "Chris", "Joe", "Alice", "Richard", "Bob"];
    reports | make-graph employee --> manager with employees on name | "#;

const STATIONS: &str = r#"
    let connections = datatable(from_station:string, to_station:string, line:string)
        ["Central", "North", "red", "North", "Central", "red", "Central", "South", "red", "South", "Central", "red",
         "South", "South-West", "red", "South-West", "South", "red", "South-West", "West", "red",
         "West", "South-West", "red", "Central", "East", "blue", "East", "Central", "blue", "Central", "West", "blue",
         "West", "Central", "blue"];
    let stations = datatable(station:string, wifi:bool, warmth:long)
        ["Central", true, 14, "North", false, 5, "South", false, 20, "South-West", true, 21, "West", true, 22,
         "East", false, 16];
    connections | make-graph from_station --> to_station with stations on station | "#;

#[test]
fn a_pattern_gives_a_row_for_each_match() {
    let query = PEOPLE.to_owned()
        + r#"graph-match (mallory)-[attacks]->(victim)-[permission]->(trent)
             where mallory.name == "Mallory" and trent.name == "Trent" and attacks.edge_type == "attacks"
                 and permission.edge_type == "hasPermission"
             project mallory.name, victim.name, trent.name, age = trent.age"#;
    assert_eq!(rows(&query), ["Mallory|Bob|Trent|99"]);
}

#[test]
fn a_path_is_told_from_left_to_right() {
    let query = REPORTS.to_owned()
        + r#"graph-match (alice)<-[reports*1..5]-(employee)
             where alice.name == "Alice" and employee.age < 30
             project employee.name, path = map(reports, manager), along = reports.employee"#;
    assert_eq!(
        rows(&query),
        [
            r#"Ben|["Alice","Chris"]|["Chris","Ben"]"#,
            r#"Eve|["Alice","Bob"]|["Bob","Eve"]"#,
            r#"Joe|["Alice"]|["Joe"]"#,
        ]
    );
}

#[test]
fn inner_nodes_and_degrees_are_told() {
    let query = REPORTS.to_owned()
        + r#"graph-match (manager)<-[reports*1..3]-(employee)
             where node_degree_in(manager) == 3 and any(inner_nodes(reports), node_degree_in() > 1)
             project manager.name, employee.name, through = map(inner_nodes(reports), strcat(name, node_degree_in())),
                 node_id(employee), node_degree_out(employee), labels(employee)"#;
    assert_eq!(
        rows(&query),
        [
            r#"Alice|Eve|["Bob2"]|Eve|1|[]"#,
            r#"Alice|Richard|["Bob2"]|Richard|1|[]"#,
        ]
    );
}

#[test]
fn each_of_all_walks_without_a_repeated_edge_is_found() {
    let query = STATIONS.to_owned()
        + r#"graph-match (start)-[c*1..5]->(destination)
             where start.station == "South-West" and destination.station == "North"
             project warmth = array_sort_asc(map(inner_nodes(c), warmth))"#;
    assert_eq!(
        rows(&query),
        [
            "[14,14,16,20]",
            "[14,14,16,22]",
            "[14,14,20,22]",
            "[14,14,20,22]",
            "[14,20,21,22]",
            "[14,20,21,22]",
            "[14,20]",
            "[14,22]",
        ]
    );
}

#[test]
fn conditions_on_inner_nodes_choose_paths() {
    let of = |condition: &str| {
        STATIONS.to_owned()
            + &format!(
                r#"graph-match cycles=none (start)-[c*2..5]->(destination)
                   where start.station == "South-West" and destination.station == "North" and {condition}
                   project strcat_array(map(inner_nodes(c), station), "->")"#
            )
    };
    assert_eq!(
        rows(&of("any(inner_nodes(c), wifi)")),
        ["South->Central", "West->Central"]
    );
    assert_eq!(rows(&of("all(inner_nodes(c), wifi)")), ["West->Central"]);
    assert_eq!(rows(&of(r#"c.line == "red""#)), ["South->Central"]);
    assert_eq!(
        rows(&of(r#"array_length(map(c, line)) == 3 and any(c, line == "blue")"#)),
        ["West->Central"]
    );
    assert_eq!(
        rows(&of("all(inner_nodes(c), warmth < start.warmth)")),
        ["South->Central"]
    );
}

#[test]
fn shortest_paths_are_one_or_all_of_the_shortest() {
    let of = |output: &str| {
        STATIONS.to_owned()
            + &format!(
                r#"graph-shortest-paths output={output} (start)-[c*1..5]->(destination)
                   where start.station == "South-West" and destination.station == "North"
                   project start.station, path = map(c, to_station), line = c.line, destination.station"#
            )
    };
    let south = r#"South-West|["South","Central","North"]|["red","red","red"]|North"#;
    let west = r#"South-West|["West","Central","North"]|["red","blue","red"]|North"#;
    assert_eq!(rows(&of("all")), [south, west]);
    let any = rows(&of("any"));
    assert!(any == [south] || any == [west], "{any:?}");
}

#[test]
fn components_are_numbered() {
    let query = r#"
        let ChildOf = datatable(child:string, parent:string)
            ["Alice", "Bob", "Carol", "Alice", "Carol", "Dave", "Greg", "Alice", "Greg", "Dave", "Howard", "Alice",
             "Howard", "Dave", "Eve", "Frank", "Frank", "Mallory", "Eve", "Kirk"];
        ChildOf | make-graph child --> parent with_node_id=name
        | graph-mark-components with_component_id = family
        | graph-match (descendant)-[childOf*1..5]->(ancestor)
            project name = ancestor.name, lineage = map(childOf, child), family = ancestor.family
        | summarize generations = max(array_length(lineage)) by family"#;
    assert_eq!(rows(query), ["0|2", "1|2"]);
    let query =
        PEOPLE.to_owned() + "graph-mark-components kind=strong | graph-to-table nodes | summarize dcount(ComponentId)";
    assert_eq!(rows(&query), ["5"]);
}

#[test]
fn graphs_become_tables_with_hashes_of_ids() {
    let query = PEOPLE.to_owned() + "graph-to-table nodes with_node_id=Id";
    assert_eq!(
        rows(&query),
        [
            "-3122868243544336885|Alice|Person|23",
            "-7133945255344544237|Bob|Person|31",
            "2533909231875758225|Trent|System|99",
            "3855580634910899594|Mallory||",
            "4363395278938690453|Eve|Person|17",
        ]
    );
    let query = PEOPLE.to_owned()
        + r#"graph-where-nodes age > 20 | graph-where-edges edge_type != "trusts"
           | graph-to-table edges with_target_id=Target"#;
    assert_eq!(
        rows(&query),
        [
            "-7133945255344544237|Alice|Bob|communicatesWith",
            "2533909231875758225|Bob|Trent|hasPermission",
        ]
    );
}

#[test]
fn several_rows_of_one_id_are_one_node() {
    let query = r#"
        let a = datatable(id:long, name:string, level:int)[1, "one", int(null), 2, "", 7, 2, "two", 8];
        let b = datatable(key:int, level:long, more:bool)[1, 5, true, 3, 6, false];
        datatable(s:long, t:int)[1, 2, 2, 3, 3, 4]
        | make-graph s --> t with a on id, b on key | graph-to-table nodes"#;
    assert_eq!(rows(query), ["||6|3|False", "1|one|5|1|True", "2|two|7||", "4|||4|"]);
}

#[test]
fn a_budget_that_cuts_is_told() {
    let budget = Budget {
        matches_max: 7,
        ..Budget::default()
    };
    let query = "ExposureGraphEdges | make-graph SourceNodeId --> TargetNodeId with ExposureGraphNodes on NodeId \
                 | graph-match (a)-[e*1..3]->(b) project a.NodeName";
    let (rows, summary) = run_with(Exposure::generated(50, 200, true), query, &budget).unwrap();
    assert_eq!(rows.len(), 7);
    assert_eq!(
        summary.partial.unwrap().message,
        "the graph pattern has more than 7 matches; the others are left out"
    );
    let (rows, summary) = run_with(
        Exposure::generated(50, 200, true),
        &format!("{query} | take 5"),
        &budget,
    )
    .unwrap();
    assert_eq!((rows.len(), summary.partial), (5, None));
    let budget = Budget {
        visited_edges_max: 300,
        ..Budget::default()
    };
    let (_, summary) = run_with(Exposure::generated(50, 200, true), query, &budget).unwrap();
    assert_eq!(summary.partial.unwrap().budget, "visited edges");
}

#[test]
fn the_resident_graph_answers_as_a_graph_that_is_built() {
    let nodes = [
        "ExposureGraphNodes",
        "(ExposureGraphNodes | where NodeLabel in ('device', 'user'))",
        "(ExposureGraphNodes | where NodeProperties.rawData.level < 3 \
         | extend Level = toint(NodeProperties.rawData.level) | project-away Categories \
         | where Level != 1 | extend Tag = strcat(NodeName, '!'))",
    ];
    let edges = [
        "ExposureGraphEdges",
        "ExposureGraphEdges | where EdgeLabel in~ ('memberof', 'HASSESSION')",
        "ExposureGraphEdges | where EdgeLabel != 'MemberOf' and EdgeId != 'e5' | extend L = tolower(EdgeLabel)",
    ];
    let rest = [
        "graph-match (a)-[e]->(b) where a.NodeLabel == 'device' and e.EdgeLabel == 'HasSession' \
         project a.NodeName, b.NodeName, e.EdgeLabel, e.EdgeId",
        "graph-match (a)-[e]->(b)-->(c) where isempty(b.NodeName) project a.NodeName, node_id(b), c.NodeLabel",
        "graph-match (a)-[e*1..3]->(b) where a.NodeLabel == 'user' and b.NodeLabel == 'vault' \
         project a.NodeName, b.NodeName | distinct *",
        "graph-match (a)-[e*1..3]->(b) where a.NodeLabel == 'user' and b.NodeProperties.rawData.level == 2 \
         and e.EdgeLabel != 'AdminTo' project a.NodeName, path = map(inner_nodes(e), NodeLabel)",
        "graph-match (a)-[e*0..2]->(b) where node_degree_out(a) == 3 project a.NodeName, node_id(b)",
        "graph-match (a)-->(b), (a)-->(c) where b.NodeLabel == c.NodeLabel and b.NodeId != c.NodeId project a.NodeId",
        "graph-shortest-paths output=all (a)-[e*1..4]->(b) where a.NodeName == 'device-4' or b.NodeName == 'user-8' \
         project a.NodeName, b.NodeName, e.EdgeId",
        "graph-to-table nodes with_node_id=Hash",
        "graph-to-table edges with_source_id=S",
        "graph-match (a) where a.NodeLabel == 'group' or isempty(a.NodeLabel) project node_id(a)",
        "graph-mark-components | graph-where-nodes NodeLabel != 'group' | graph-match (a)--(b) \
         project a.NodeName, same = a.ComponentId == b.ComponentId",
    ];
    let mut answered = 0;
    for nodes in nodes {
        for edges in edges {
            for rest in rest {
                let query =
                    format!("{edges} | make-graph SourceNodeId --> TargetNodeId with {nodes} on NodeId | {rest}");
                let run = |is_resident| run_with(Exposure::generated(60, 150, is_resident), &query, &Budget::default());
                let (built, resident) = (run(false).unwrap().0, run(true).unwrap().0);
                assert_eq!(resident, built, "{query}");
                answered += usize::from(!built.is_empty());
            }
        }
    }
    assert!(answered > 80, "only {answered} queries have rows");
}
