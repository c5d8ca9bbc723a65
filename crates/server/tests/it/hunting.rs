//! Hunting over HTTP: queries run, fail where they are wrong, and are written down.

use postern_server::auth::Role;
use postern_testkit::http::{Answer, Client};
use serde_json::{Value, json};

use crate::support::Running;

const RUN: &str = "/api/v1/hunting/run";

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn run(client: &Client, query: &str) -> Vec<Value> {
    lines(&client.post(RUN, &json!({ "query": query })))
}

#[test]
fn a_query_answers_line_by_line_and_is_written_down() {
    let running = Running::with_organisation();
    let client = running.as_role(Role::Reader);
    let query = "ExposureGraphNodes | where NodeLabel == 'device' | project NodeName | take 3";
    let found = run(&client, query);
    assert_eq!(found[0]["run"]["generation"], 1);
    assert_eq!(
        found[1]["table"]["columns"],
        json!([{ "name": "NodeName", "type": "string" }])
    );
    assert_eq!(found[2]["rows"].as_array().expect("rows").len(), 3);
    assert_eq!(found[3]["summary"]["rows"], json!([3]));
    assert_eq!(found.len(), 4);

    let history = client.get("/api/v1/hunting/history").is(200);
    assert_eq!(history["items"][0]["query"], query);
    assert_eq!(history["items"][0]["outcome"], "done");
    let audit = running
        .as_role(Role::Administrator)
        .get("/api/v1/audit?verb=hunt")
        .is(200);
    let detail = &audit["items"][0]["detail"];
    assert_eq!(detail["query"], query);
    assert_eq!(detail["tables"], json!(["ExposureGraphNodes"]));
    assert_eq!(detail["rows"], 3);
}

#[test]
fn a_wrong_query_fails_at_its_place() {
    let running = Running::empty();
    let client = running.as_role(Role::Reader);
    let found = run(&client, "ExposureGraphNodes\n| where NodeLable == 'device'");
    let error = &found.last().expect("a line")["error"];
    assert_eq!(error["kind"], "query");
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(9)));
    // Without an import a query over its own rows runs, and one over a table says what is missing.
    assert_eq!(run(&client, "print 6 * 7")[2]["rows"], json!([[42]]));
    let found = run(&client, "ExposureGraphNodes | count");
    let message = found.last().expect("a line")["error"]["message"].as_str();
    assert!(
        message.is_some_and(|it| it.contains("nothing was imported")),
        "{message:?}"
    );
}

#[test]
fn what_may_be_written_and_what_is_wrong_is_known_without_running() {
    let running = Running::empty();
    let client = running.as_role(Role::Reader);
    let ask = |what: &str, body: Value| client.post(&format!("/api/v1/hunting/{what}"), &body).is(200);
    let query = "ExposureGraphNodes | where 'é😀' == NodeLab";
    let caret = query.encode_utf16().count();
    let found = ask("complete", json!({ "query": query, "caret": caret }));
    let labels: Vec<_> = found["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["label"])
        .collect();
    assert!(labels.contains(&&json!("NodeLabel")), "{labels:?}");
    assert_eq!(found["start"], caret - "NodeLab".len());
    assert_eq!(found["end"], caret);
    let wrong = ask("diagnose", json!({ "query": query }));
    assert_eq!(wrong["items"][0]["code"], "unknown-name");
    assert_eq!(wrong["items"][0]["start"], caret - "NodeLab".len());
    let hover = ask(
        "hover",
        json!({ "query": "ExposureGraphNodes | project NodeName", "caret": 30 }),
    );
    assert_eq!(hover["item"]["title"], "NodeName: string");
    let schema = client.get("/api/v1/hunting/schema").is(200);
    assert_eq!(schema["tables"][0]["name"], "ExposureGraphNodes");
}

#[test]
fn queries_are_kept_and_shared_by_those_who_may() {
    let running = Running::empty();
    let (reader, analyst) = (running.as_role(Role::Reader), running.as_role(Role::Analyst));
    let list = "/api/v1/hunting/queries";
    let saved = |name: &str, is_shared: bool| json!({ "name": name, "query": "print 1", "is_shared": is_shared });
    let own = reader.post(list, &saved("mine", false)).is(201);
    assert_eq!(reader.post(list, &saved("ours", true)).status, 403);
    let shared = analyst.post(list, &saved("ours", true)).is(201);
    let names = |client: &Client| {
        let found = client.get(list).is(200);
        let items = found["items"].as_array().expect("a list").iter();
        items
            .map(|it| it["name"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&reader), ["mine", "ours"]);
    assert_eq!(names(&analyst), ["ours"]);
    let path = |query: &Value| format!("{list}/{}", query["id"]);
    assert_eq!(reader.json("DELETE", &path(&shared), &Value::Null).status, 403);
    assert_eq!(analyst.json("DELETE", &path(&own), &Value::Null).status, 404);
    let renamed = reader.json("PUT", &path(&own), &saved("still mine", false)).is(200);
    assert_eq!(renamed["id"], own["id"]);
    assert_eq!(reader.json("DELETE", &path(&own), &Value::Null).status, 204);
    assert_eq!(names(&reader), ["ours"]);
}

#[test]
fn stored_functions_and_watchlists_are_called_by_queries() {
    let running = Running::empty();
    let (reader, analyst) = (running.as_role(Role::Reader), running.as_role(Role::Analyst));
    let twice = "/api/v1/hunting/functions/Twice";
    let declaration = json!({ "declaration": "(x: long) { x * 2 }", "description": "Twice as much." });
    assert_eq!(reader.json("PUT", twice, &declaration).status, 403);
    assert_eq!(
        analyst
            .json("PUT", twice, &json!({ "declaration": "(x: long) {" }))
            .status,
        422
    );
    analyst.json("PUT", twice, &declaration).is(200);
    assert_eq!(run(&reader, "print Twice(21)")[2]["rows"], json!([[42]]));

    let list = json!({ "csv": "host,owner\r\nshop01,\"Ann, B\"\r\n" });
    analyst.json("PUT", "/api/v1/hunting/watchlists/owners", &list).is(200);
    let found = run(&reader, "_GetWatchlist('owners') | project host, owner");
    assert_eq!(found[2]["rows"], json!([["shop01", "Ann, B"]]));
    assert_eq!(
        analyst
            .json("PUT", "/api/v1/hunting/watchlists/x", &json!({ "csv": "a,b\n1" }))
            .status,
        422
    );
}

#[test]
fn every_example_runs_on_the_sample_organisation() {
    let running = Running::with_organisation();
    let client = running.as_role(Role::Reader);
    let examples = client.get("/api/v1/hunting/examples").is(200);
    for example in examples["items"].as_array().expect("a list") {
        let found = run(&client, example["query"].as_str().expect("a query"));
        let last = found.last().expect("a line");
        assert!(!last["summary"].is_null(), "{}: {last}", example["id"]);
    }
}
