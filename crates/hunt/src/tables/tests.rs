//! A small estate written by hand, and what its tables say.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;
use postern_model::schema::{self, Schema};
use postern_model::{EdgeId, NodeId, NodeKind, Table as Stored, Value};

use super::provider::EstateTable;
use super::*;
use crate::output::Rows;

/// Stored tables, written by hand.
#[derive(Default)]
struct ByHand(BTreeMap<&'static str, Stored>);

impl ByHand {
    /// Adds a row; columns that are left out are null.
    fn add(&mut self, schema: &'static Schema, cells: &[(&str, Value<'_>)]) -> &mut Self {
        let row: Vec<_> = schema
            .columns
            .iter()
            .map(|column| {
                let given = cells
                    .iter()
                    .find(|(name, _)| *name == column.name)
                    .map(|(_, value)| *value);
                let id = column.kind == schema::ColumnType::Id;
                given.unwrap_or(if id { Value::Id(0) } else { Value::Null })
            })
            .collect();
        self.0
            .entry(schema.name)
            .or_insert_with(|| Stored::new(schema))
            .push(&row);
        self
    }

    fn node(&mut self, key: &str, kind: NodeKind, name: &str, properties: &str) -> &mut Self {
        self.add(
            &schema::NODES,
            &[
                ("id", id(key)),
                ("key", Value::Text(key)),
                ("kind", Value::Text(kind.as_str())),
                ("name", Value::Text(name)),
                ("properties", Value::Text(properties)),
                ("known", Value::Text("[\"properties\"]")),
                ("sources", Value::Text("[\"s1\"]")),
                ("first_seen", Value::Long(1)),
                ("last_seen", Value::Long(2)),
            ],
        )
    }

    fn relation(&mut self, from: &str, to: &str, kind: &str, label: &str, properties: &str) -> &mut Self {
        self.add(
            &schema::REPORTED,
            &[
                ("id", Value::Id(edge(from, to, label, kind))),
                ("source", id(from)),
                ("target", id(to)),
                ("kind", Value::Text(kind)),
                ("label", Value::Text(label)),
                ("properties", Value::Text(properties)),
            ],
        )
    }

    fn step(&mut self, from: &str, to: &str, technique: &str, label: &str, cost: i64) -> &mut Self {
        self.add(
            &schema::STEPS,
            &[
                ("id", Value::Id(edge(from, to, label, technique))),
                ("source", id(from)),
                ("target", id(to)),
                ("technique", Value::Text(technique)),
                ("label", Value::Text(label)),
                ("cost", Value::Long(cost)),
            ],
        )
    }
}

fn id(key: &str) -> Value<'static> {
    Value::Id(NodeId::of(key).0)
}

fn edge(from: &str, to: &str, label: &str, technique: &str) -> u128 {
    EdgeId::of(NodeId::of(from), NodeId::of(to), label, technique).0
}

impl From<ByHand> for MemoryRows {
    fn from(written: ByHand) -> Self {
        let key = "entry:users:S-1".to_owned();
        let mut rows = Self {
            evaluated_at: 3,
            virtual_nodes: vec![VirtualNode {
                id: NodeId::of(&key).0,
                key,
                name: "any user of CORP".to_owned(),
                kind: NodeKind::EntryPoint,
            }],
            sources: vec![SourceRow {
                id: "s1".to_owned(),
                file: "a.zip".to_owned(),
                ..SourceRow::default()
            }],
            ..Self::default()
        };
        written.0.into_values().for_each(|table| rows.add(table));
        rows
    }
}

/// A server that the Internet reaches at port 443, where it can be taken over; a user who administers it.
fn small_estate() -> Arc<EstateTables> {
    let mut rows = ByHand::default();
    rows.node("INTERNET", NodeKind::Internet, "Internet", "{}")
        .node("SEG", NodeKind::NetworkSegment, "DMZ", "{}")
        .node(
            "S-1-5-21-1",
            NodeKind::Computer,
            "WEB01.CORP",
            r#"{"operatingsystem":"Windows Server 2019 Standard","ip":["10.0.0.1"],"enabled":true,"n":1}"#,
        )
        .node("S-1-5-21-2", NodeKind::Computer, "DC01.CORP", r#"{"isdc":true}"#)
        .node(
            "S-1-5-21-3",
            NodeKind::User,
            "ANN@CORP",
            r#"{"samaccountname":"ann","enabled":false,"whencreated":10}"#,
        )
        .relation(
            "INTERNET",
            "SEG",
            "RoutesTrafficTo",
            "routes traffic to",
            r#"{"ports":["tcp/443"]}"#,
        )
        .relation("S-1-5-21-3", "S-1-5-21-1", "GenericAll", "has role on", "")
        .relation("S-1-5-21-3", "S-1-5-21-2", "OwnsRaw", "has role on", "")
        .step("S-1-5-21-1", "SEG", "LocatedIn", "located in", 0)
        .step("S-1-5-21-2", "SEG", "LocatedIn", "located in", 0)
        .step("S-1-5-21-3", "S-1-5-21-1", "GenericAll", "has role on", 0)
        .step("entry:users:S-1", "S-1-5-21-1", "AdminTo", "can authenticate to", 2);
    for (key, kind, value) in [
        ("S-1-5-21-1", "sid", "S-1-5-21-1"),
        ("S-1-5-21-1", "fqdn", "web01.corp"),
        ("S-1-5-21-3", "sam-account-name", "ann"),
    ] {
        let cells = [
            ("node", id(key)),
            ("kind", Value::Text(kind)),
            ("value", Value::Text(value)),
        ];
        rows.add(&schema::IDENTIFIERS, &cells);
    }
    for (key, port) in [("S-1-5-21-1", 443), ("S-1-5-21-1", 22), ("S-1-5-21-2", 445)] {
        let cells = [
            ("node", id(key)),
            ("protocol", Value::Text("tcp")),
            ("port", Value::Long(port)),
        ];
        rows.add(&schema::OPEN_SERVICES, &cells);
    }
    for (weakness, locator) in [("nessus:1", "tcp/443"), ("nessus:2", "tcp/444")] {
        rows.add(
            &schema::ASSET_FINDINGS,
            &[
                ("id", id(weakness)),
                ("node", id("S-1-5-21-1")),
                ("weakness", Value::Text(weakness)),
                ("locator", Value::Text(locator)),
                ("title", Value::Text("Remote code")),
                ("severity", Value::Text("critical")),
                ("cves", Value::Text("[\"CVE-2026-1\"]")),
                (
                    "cvss_vector",
                    Value::Text("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
                ),
                ("cvss_score_micro", Value::Long(9_800_000)),
                ("exploit_available", Value::Bool(true)),
                ("is_kev", Value::Bool(true)),
                ("is_exploitable", Value::Bool(true)),
                (
                    "properties",
                    Value::Text(r#"{"cpe":["cpe:/a:apache:http_server:2.4"]}"#),
                ),
                ("sources", Value::Text("[\"s1\"]")),
                ("first_seen", Value::Long(1)),
                ("last_seen", Value::Long(2)),
            ],
        );
    }
    rows.add(
        &schema::CLASSIFICATIONS,
        &[
            ("node", id("S-1-5-21-2")),
            ("plane", Value::Text("plane:forest:S-1")),
            ("rule", Value::Text("domain-controllers")),
        ],
    )
    .add(
        &schema::PLANES,
        &[
            ("key", Value::Text("plane:forest:S-1")),
            ("name", Value::Text("control plane of CORP")),
        ],
    )
    .add(
        &schema::ENTRIES,
        &[
            ("id", id("entry:users:S-1")),
            ("name", Value::Text("any user of CORP")),
            ("class", Value::Text("users")),
        ],
    )
    .add(
        &schema::PATHS,
        &[
            ("id", Value::Id(7)),
            ("entry", id("entry:users:S-1")),
            ("target", id("S-1-5-21-1")),
            ("cost", Value::Long(2)),
            ("hops", Value::Long(1)),
            ("risk", Value::Text("high")),
            ("route", Value::Text("[]")),
        ],
    )
    .add(
        &schema::PATH_EVENTS,
        &[
            ("path", Value::Id(7)),
            ("entry", id("entry:users:S-1")),
            ("target", id("S-1-5-21-1")),
            ("status", Value::Text("new")),
        ],
    )
    .add(
        &schema::CHOKE_POINTS,
        &[
            (
                "element",
                Value::Id(edge("entry:users:S-1", "S-1-5-21-1", "can authenticate to", "AdminTo")),
            ),
            ("element_kind", Value::Text("step")),
            ("targets_severed", Value::Long(1)),
            ("entries_severed", Value::Long(1)),
            ("paths_through", Value::Long(1)),
        ],
    );
    Arc::new(EstateTables::new(Arc::new(MemoryRows::from(rows))))
}

/// The rows of some columns, as texts.
fn texts(tables: &EstateTables, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let spec = TableSpec::find(table).unwrap();
    let stored: Vec<_> = spec.stored_columns().collect();
    let places: Vec<_> = columns
        .iter()
        .map(|name| stored.iter().position(|(it, _)| it == name).unwrap())
        .collect();
    let heads: Vec<_> = places
        .iter()
        .map(|&at| Column::new(stored[at].0, stored[at].1))
        .collect();
    let mut found = Vec::new();
    let mut take = |batch: RecordBatch| {
        let rows = Rows::new(&heads, &batch)?;
        found.extend((0..rows.len()).map(|row| (0..heads.len()).map(|at| rows.text(row, at).into_owned()).collect()));
        Ok(())
    };
    tables.make(spec, &places, &mut take).unwrap();
    found
}

#[test]
fn every_table_gives_rows_of_its_columns_and_types() {
    let tables = small_estate();
    for spec in ALL {
        let columns: Vec<_> = (0..spec.stored_columns().count()).collect();
        let mut rows = 0;
        tables
            .make(spec, &columns, &mut |batch| {
                assert_eq!(batch.schema(), out::schema_of(spec, &columns), "{}", spec.name);
                rows += batch.num_rows();
                Ok(())
            })
            .unwrap();
        assert_eq!(rows > 0, spec.is_filled, "{}", spec.name);
    }
}

#[test]
fn names_of_tables_and_columns_differ_and_each_says_what_it_is() {
    let mut names: Vec<_> = ALL.iter().map(|spec| spec.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
    for spec in ALL {
        let mut columns: Vec<_> = spec.stored_columns().map(|(name, _)| name).collect();
        columns.sort_unstable();
        columns.dedup();
        assert_eq!(columns.len(), spec.stored_columns().count(), "{}", spec.name);
        for column in spec.columns {
            assert!(
                column.about.ends_with(['.', '…']) || column.about.ends_with("..."),
                "{}.{}",
                spec.name,
                column.name
            );
        }
    }
}

#[test]
fn a_device_is_exposed_only_at_ports_that_the_routes_let_through() {
    let tables = small_estate();
    let rows = texts(
        &tables,
        "ExposureGraphNodes",
        &[
            "NodeName",
            "NodeProperties.rawData.exposedToInternet",
            "NodeProperties.rawData.IsInternetFacing",
        ],
    );
    let of = |name: &str| rows.iter().find(|row| row[0] == name).unwrap();
    assert_eq!(
        of("WEB01.CORP")[1],
        r#"{"routes":[{"portRanges":["443"],"protocolRanges":["6"]}]}"#
    );
    assert_eq!(of("WEB01.CORP")[2], "true");
    // It listens at another port, which no route lets through.
    assert_eq!(of("DC01.CORP")[1..], ["", ""]);
}

#[test]
fn properties_have_public_names_first_and_a_false_flag_is_left_out() {
    let tables = small_estate();
    let rows = texts(
        &tables,
        "ExposureGraphNodes",
        &["NodeName", "NodeProperties", "CriticalityLevel", "EntityIds"],
    );
    let of = |name: &str| {
        let row = rows.iter().find(|row| row[0] == name).unwrap();
        let json: serde_json::Value = serde_json::from_str(&row[1]).unwrap();
        (json["rawData"].clone(), row.clone())
    };
    let (web, row) = of("WEB01.CORP");
    assert_eq!(web["vulnerableToRCE"], true);
    assert_eq!(web["highRiskVulnerabilityInsights"]["maxCvssScore"], 9.8);
    assert_eq!((&web["osType"], &web["n"]), (&"Windows".into(), &1.into()));
    assert!(web.get("VulnerableToPrivilegeEscalation").is_none());
    assert!(
        row[3].contains(r#"{"type":"SecurityIdentifier","id":"S-1-5-21-1"}"#),
        "{}",
        row[3]
    );
    assert!(row[3].contains("DeviceInventoryId"));
    let (dc, row) = of("DC01.CORP");
    assert_eq!(dc["criticalityLevel"]["criticalityLevel"], 0);
    assert_eq!(
        (row[2].as_str(), &dc["controlPlane"]),
        ("0", &"control plane of CORP".into())
    );
    assert_eq!(of("CVE-2026-1").0["isKnownExploited"], true);
}

#[test]
fn a_step_that_is_a_reported_relation_has_one_row_and_a_cve_affects_an_asset_once() {
    let tables = small_estate();
    let mut rows = texts(
        &tables,
        "ExposureGraphEdges",
        &[
            "SourceNodeName",
            "Technique",
            "EdgeLabel",
            "TargetNodeName",
            "IsTraversable",
            "Cost",
        ],
    );
    rows.sort();
    assert_eq!(
        rows,
        [
            ["ANN@CORP", "GenericAll", "has role on", "WEB01.CORP", "true", "0"],
            ["ANN@CORP", "OwnsRaw", "has role on", "DC01.CORP", "false", ""],
            ["CVE-2026-1", "", "affecting", "WEB01.CORP", "false", ""],
            ["DC01.CORP", "LocatedIn", "located in", "DMZ", "true", "0"],
            ["Internet", "RoutesTrafficTo", "routes traffic to", "DMZ", "false", ""],
            ["WEB01.CORP", "LocatedIn", "located in", "DMZ", "true", "0"],
            [
                "any user of CORP",
                "AdminTo",
                "can authenticate to",
                "WEB01.CORP",
                "true",
                "2"
            ],
        ]
    );
}

#[test]
fn paths_and_choke_points_name_what_they_are_about() {
    let tables = small_estate();
    assert_eq!(
        texts(&tables, "AttackPaths", &["EntryName", "TargetName", "Risk", "Status"]),
        [["any user of CORP", "WEB01.CORP", "high", "new"]]
    );
    assert_eq!(
        texts(&tables, "ChokePoints", &["ElementName"]),
        [["any user of CORP -[AdminTo]-> WEB01.CORP"]]
    );
    assert_eq!(
        texts(&tables, "Events", &["EventType", "Timestamp"])[0][0],
        "AttackPathNew"
    );
}

/// Runs a query that reads some columns of `Findings`, and counts its rows.
async fn rows_read(tables: &Arc<EstateTables>, columns: &[&str], limit: Option<usize>) -> usize {
    let table = Arc::new(EstateTable::new(tables.clone(), TableSpec::find("Findings").unwrap()));
    let frame = SessionContext::new().read_table(table).unwrap();
    let frame = frame.select_columns(columns).unwrap().limit(0, limit).unwrap();
    let batches = frame.collect().await.unwrap();
    batches.iter().map(RecordBatch::num_rows).sum()
}

#[tokio::test]
async fn a_second_query_finds_the_columns_of_the_first_in_memory() {
    let tables = small_estate();
    let spec = TableSpec::find("Findings").unwrap();
    let place = |name: &str| spec.columns.iter().position(|it| it.name == name).unwrap();
    assert!(tables.kept(spec, &[place("Severity")]).unwrap().is_none());
    assert_eq!(rows_read(&tables, &["Severity"], None).await, 2);
    assert!(tables.kept(spec, &[place("Severity")]).unwrap().is_some());
    assert!(
        tables
            .kept(spec, &[place("Severity"), place("WeaknessId")])
            .unwrap()
            .is_none()
    );
    assert_eq!(rows_read(&tables, &["Severity"], None).await, 2);
    assert_eq!(rows_read(&tables, &["WeaknessId", "Severity"], None).await, 2);
}

#[tokio::test]
async fn a_limit_is_kept_whether_rows_are_made_or_in_memory() {
    let tables = small_estate();
    assert_eq!(rows_read(&tables, &["Title"], Some(1)).await, 1);
    assert_eq!(rows_read(&tables, &["Title"], None).await, 2);
    assert_eq!(rows_read(&tables, &["Title"], Some(1)).await, 1);
}

#[test]
fn the_graph_holds_every_node_and_is_made_once() {
    let tables = small_estate();
    let nodes = texts(&tables, "ExposureGraphNodes", &["NodeId"]).len();
    let graph = tables.graph().unwrap().unwrap().clone();
    assert_eq!(graph.node_count() as usize, nodes);
    assert!(Arc::ptr_eq(&graph, tables.graph().unwrap().unwrap()));
}

#[test]
fn a_rule_of_a_phase_sees_no_table_of_a_later_one() {
    use postern_kql::schema::{Found, Schema as _};

    use crate::estate_world::EstateWorld;

    struct None;

    #[async_trait::async_trait]
    impl crate::estate_world::Estates for None {
        async fn current(&self) -> Result<Arc<EstateTables>, HuntError> {
            Err(HuntError::Cancelled)
        }

        async fn as_of(&self, _: i64) -> Result<Option<Arc<EstateTables>>, HuntError> {
            Err(HuntError::Cancelled)
        }

        async fn blast_radius(&self, _: u128) -> Result<Vec<crate::estate_world::Reached>, HuntError> {
            Err(HuntError::Cancelled)
        }

        async fn watchlist_items(&self, _: &str) -> Result<Vec<Vec<String>>, HuntError> {
            Err(HuntError::Cancelled)
        }
    }

    let world = EstateWorld::new(Arc::new(None), 0).until(Phase::Findings);
    assert!(matches!(world.table("Findings"), Found::Yes(_)));
    let Found::NotHere(why) = world.table("AttackPaths") else {
        panic!("AttackPaths is made later");
    };
    assert!(why.contains("paths"), "{why}");
    assert!(matches!(world.table("Nowhere"), Found::No));
    assert!(world.tables().iter().all(|it| it.name != "AttackPaths"));
    assert!(world.table_functions().is_empty());
}
