//! `postern hunt`: what people see, what programs read, and public queries over the sample organisation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::Postern;

/// Of the public queries whose tables are there, and which the official service binds, so many have to run.
const BAR: f64 = 0.97;

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// The rows of a query.
fn rows(postern: &Postern, query: &str) -> Vec<Value> {
    let text = postern.done(&["hunt", query, "--format", "json"]);
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    answer["rows"].as_array().expect("rows").clone()
}

#[test]
fn a_query_over_its_own_rows_needs_no_data() {
    let postern = Postern::new();
    let values = "print b=true, i=int(1), l=9007199254740993, r=real(nan), n=int(null), e=\"\", \
                  d=dynamic({\"a\":[1]}), t=datetime(2026-11-22 08:00:00.5), s=1d+2h";
    let text = postern.done(&["hunt", values, "--format", "json"]);
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        answer["rows"],
        json!([[
            true, 1, "9007199254740993", "NaN", null, "", {"a": [1]}, "2026-11-22T08:00:00.5000000Z", "1.02:00:00"
        ]])
    );
    assert_eq!(answer["columns"][2], json!({ "name": "l", "type": "long" }));
    assert_eq!((&answer["more_tables"], &answer["partial"]), (&json!([]), &Value::Null));
}

#[test]
fn every_form_of_an_answer_says_the_same() {
    let postern = Postern::new();
    let query = "datatable(a:string, b:long) [\"x,y\", 1, \"z\", long(null)]";
    assert_eq!(
        postern.done(&["hunt", query, "--format", "csv"]),
        "a,b\r\n\"x,y\",1\r\nz,\r\n"
    );
    assert_eq!(
        postern.done(&["hunt", query, "--format", "jsonl"]),
        "{\"a\":\"x,y\",\"b\":1}\n{\"a\":\"z\",\"b\":null}\n"
    );
    assert_eq!(postern.done(&["hunt", query]), "a    b\nx,y  1\nz\n(2 rows)\n");
}

#[test]
fn a_mistake_is_shown_where_it_is() {
    let postern = Postern::new();
    let told = postern.error(1, &["hunt", "print x=1\n| where Foo == 1"]);
    assert!(told.contains("line 2, column 9"), "{told}");
    assert!(told.contains("  | where Foo == 1\n          ^^^"), "{told}");
    postern.error(2, &["hunt"]);
    postern.error(2, &["hunt", "print 1", "--nodes", "x.parquet"]);
    let told = postern.error(1, &["hunt", "Findings | count"]);
    assert!(told.contains("there is no data"), "{told}");
}

#[test]
fn a_batch_answers_each_line_in_order_and_goes_on_after_a_mistake() {
    let postern = Postern::new();
    let path = postern.path("queries.jsonl");
    let queries = [
        json!({ "id": "a", "query": "print x=1" }),
        json!({ "id": 2, "query": "nowhere | count" }),
        json!({ "id": "c", "query": "print x=2; print y=3" }),
    ];
    fs::write(&path, queries.map(|it| it.to_string()).join("\n")).expect("written");
    let answers = lines(&postern.done(&["hunt", "--batch", &path]));
    assert_eq!(answers.len(), 3);
    assert_eq!((&answers[0]["id"], &answers[0]["rows"]), (&json!("a"), &json!([[1]])));
    assert_eq!(
        (&answers[1]["id"], &answers[1]["error"]["line"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(answers[1]["error"]["column"], 1);
    assert_eq!(answers[2]["rows"], json!([[2]]));
    assert_eq!(answers[2]["more_tables"][0]["rows"], json!([[3]]));

    fs::write(&path, "not a query\n{\"id\":1,\"query\":\"print 1\"}").expect("written");
    let answers = lines(&postern.exits(1, &["hunt", "--batch", &path]));
    assert!(
        answers[0]["error"]["message"]
            .as_str()
            .is_some_and(|it| it.contains("line 1"))
    );
    assert_eq!(answers[1]["rows"], json!([[1]]));
}

#[test]
fn a_query_can_come_from_standard_input_or_a_file() {
    let postern = Postern::new();
    let mut child = postern
        .command(&["hunt", "-", "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(b"print x=1")
        .expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "x\r\n1\r\n");
    let path = postern.path("question.kql");
    fs::write(&path, "print x=2").expect("written");
    assert_eq!(
        postern.done(&["hunt", "--file", &path, "--format", "csv"]),
        "x\r\n2\r\n"
    );
}

#[test]
fn a_result_that_is_cut_says_so() {
    let postern = Postern::new();
    let query = "range x from 1 to 10 step 1";
    let text = postern.done(&["hunt", query, "--format", "json", "--max-rows", "3"]);
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["rows"], json!([[1], [2], [3]]));
    assert_eq!(answer["partial"]["budget"], "rows");
}

#[test]
fn the_committed_reference_of_tables_is_that_of_the_binary() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/hunting-tables.md");
    let committed = fs::read_to_string(committed).expect("docs/hunting-tables.md is there");
    let printed = Postern::new().done(&["hunt", "--tables"]);
    assert!(printed == committed, "run `cargo xtask codegen`, and read what changed");
}

#[test]
fn hunting_finds_what_the_pages_show() {
    let postern = Postern::with_organisation();
    let status = postern.json("status", &["status"]);
    let count = |query: &str| rows(&postern, query)[0][0].as_u64().expect("a count");
    assert_eq!(
        count("ExposureGraphNodes | where NodeLabel != 'Cve' and isnull(NodeProperties.rawData.isVirtual) | count"),
        status["generation"]["assets"].as_u64().expect("a number of assets")
    );
    let paths = postern.json("paths", &["paths"]);
    assert_eq!(count("AttackPaths | count"), paths["total"].as_u64().expect("a total"));
    // The device that the scan saw exposed is the entry point of an observed path.
    let exposed = rows(
        &postern,
        "ExposureGraphNodes | where Categories has 'device' and isnotnull(NodeProperties.rawData.exposedToInternet) \
         | project NodeId, NodeName",
    );
    assert!(!exposed.is_empty());
    let observed = rows(
        &postern,
        "EntryPoints | where Basis == 'observed' | project EntryId, Name",
    );
    for entry in &observed {
        assert!(exposed.contains(entry), "{entry} is not among {exposed:?}");
    }
    // What an entry point reaches holds the end of its paths.
    let reached = rows(
        &postern,
        "let one = toscalar(EntryPoints | where Basis == 'observed' | project EntryId | take 1); \
         AttackPaths | where EntryId == one | distinct TargetId",
    );
    assert!(!reached.is_empty());
}

#[test]
fn two_times_of_one_generation_do_not_differ() {
    let postern = Postern::with_corp();
    let same = "diff(datetime(2026-01-13), datetime(2026-01-14)) | count";
    assert_eq!(rows(&postern, same), [json!([0])]);
    assert_eq!(
        rows(&postern, "as_of(datetime(2026-01-13), 'AttackPaths') | count"),
        rows(&postern, "AttackPaths | count")
    );
    let told = postern.error(1, &["hunt", "as_of(datetime(2020-01-01)) | count"]);
    assert!(told.contains("no generation"), "{told}");
}

#[test]
fn every_query_is_in_the_audit_log() {
    let postern = Postern::with_corp();
    let entries = || {
        let text = postern.done(&["audit", "verify", "--json"]);
        let report: Value = serde_json::from_str(&text).expect("JSON");
        report["entries"].as_u64().expect("a number of entries")
    };
    let before = entries();
    postern.done(&["hunt", "Findings | count"]);
    postern.error(1, &["hunt", "Nowhere | count"]);
    assert_eq!(entries(), before + 2);
}

/// Queries that people published over the exposure graph, beside what the official service says of each.
fn public_queries() -> Option<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/kql/exposure_queries.jsonl");
    let text = fs::read_to_string(path).ok()?;
    let queries = lines(&text).into_iter();
    Some(
        queries
            .filter(|it| it["query"].is_string() && it["syntax_ok"] == true)
            .collect(),
    )
}

#[test]
fn public_queries_run_on_the_sample_organisation() {
    let Some(queries) = public_queries() else {
        eprintln!("skipped: ../shared/data/kql is not there");
        return;
    };
    let postern = Postern::with_organisation();
    let path = postern.path("public.jsonl");
    let asked = queries
        .iter()
        .map(|it| json!({ "id": it["id"], "query": it["query"] }).to_string());
    fs::write(&path, asked.collect::<Vec<_>>().join("\n")).expect("written");
    let answers = lines(&postern.done(&["hunt", "--batch", &path]));
    assert_eq!(answers.len(), queries.len());

    let (mut ran, mut refused, mut missing) = (0, Vec::new(), BTreeMap::<String, u32>::new());
    for (query, answer) in queries.iter().zip(&answers) {
        let Some(error) = answer.get("error") else {
            ran += 1;
            continue;
        };
        assert!(error["line"].is_u64(), "refused without a place: {answer}");
        let message = error["message"].as_str().unwrap_or_default();
        if let Some(table) = message.strip_prefix("no table ") {
            *missing.entry(table.to_owned()).or_default() += 1;
        } else if query["binds"] == true || query["bind_error"].as_str().is_none_or(|it| it.starts_with("The name")) {
            refused.push(format!("{}: {message}", query["id"]));
        }
    }
    eprintln!(
        "{ran} of {} public queries ran; tables that are missing: {missing:?}",
        queries.len()
    );
    let share = f64::from(ran) / (f64::from(ran) + refused.len() as f64);
    assert!(
        share >= BAR,
        "{share:.3} of those whose tables are there:\n{}",
        refused.join("\n")
    );
}

#[test]
fn a_rule_s_query_selects_the_same_by_hunting_as_in_a_build() {
    let postern = Postern::with_organisation();
    let rules = postern.json("rule-list", &["rule", "list"]);
    let (mut asked, mut selected) = (0, 0);
    for rule in rules["rules"].as_array().expect("rules") {
        let key = format!(
            "{}/{}",
            rule["kind"].as_str().unwrap_or(""),
            rule["id"].as_str().unwrap_or("")
        );
        let shown = postern.json("rule-show", &["rule", "show", &key]);
        let query = shown["query"].as_str().expect("a query");
        // Virtual entry points have a name instead.
        if !query.contains("ExposureGraph") {
            continue;
        }
        let named = format!(
            "{query}\n| distinct NodeId\n| join kind=inner ExposureGraphNodes on NodeId\n\
                             | project tostring(NodeProperties.rawData.objectId)"
        );
        let hunted: BTreeSet<_> = rows(&postern, &named)
            .iter()
            .map(|row| row[0].as_str().unwrap_or_default().to_owned())
            .collect();
        let built: BTreeSet<_> = super::texts(&shown["selected"], "id").into_iter().collect();
        assert_eq!(hunted, built, "{key}");
        asked += 1;
        selected += built.len();
    }
    assert!(asked > 40 && selected > 40, "{asked} rules select {selected} assets");
}
