//! What holds for every request: hosts, sites, headers, addresses of nothing.

use postern_server::auth::Role;
use postern_testkit::http::form;
use serde_json::{Value, json};

use crate::support::Running;

#[test]
fn another_name_and_another_site_are_refused() {
    let running = Running::empty();
    let client = running.as_role(Role::Administrator);
    assert_eq!(
        client.with("host", "attacker.example").get("/healthz").is(421)["type"],
        "/problems/wrong-host"
    );
    let send = |name: &str, value: &str| {
        client
            .with(name, value)
            .post("/api/v1/generations", &Value::Null)
            .status
    };
    assert_eq!(send("origin", "http://attacker.example"), 403);
    assert_eq!(send("origin", "null"), 403);
    assert_eq!(send("sec-fetch-site", "cross-site"), 403);
    // There is nothing to build from, which only somebody hears who is let in.
    assert_eq!(send("sec-fetch-site", "same-origin"), 409);
    assert_eq!(send("origin", &format!("http://{}", client.address)), 409);
    assert_eq!(
        client
            .with("origin", "http://attacker.example")
            .get("/api/v1/state")
            .status,
        200
    );
}

#[test]
fn every_answer_forbids_what_no_page_of_ours_needs() {
    let running = Running::empty();
    for (path, status) in [
        ("/healthz", 200),
        ("/api/v1/state", 401),
        ("/api/v1/nothing", 404),
        ("/", 200),
    ] {
        let answer = running.client.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(
            answer.header("cross-origin-opener-policy"),
            Some("same-origin"),
            "{path}"
        );
        assert!(answer.header("content-security-policy").is_some(), "{path}");
        assert!(answer.header("permissions-policy").is_some(), "{path}");
    }
    assert_eq!(
        running.client.get("/api/v1/state").header("cache-control"),
        Some("no-store")
    );
}

#[test]
fn the_page_has_addresses_of_its_own_and_the_api_has_none_to_guess() {
    let running = Running::empty();
    let client = &running.client;
    for path in ["/", "/attack-paths/1?x=2", "/sources"] {
        assert_eq!(client.get(path).text(), "<!doctype html>", "{path}");
    }
    let file = client.get("/static/page.js");
    assert_eq!(
        (file.status, file.header("cache-control")),
        (200, Some("public, max-age=31536000, immutable"))
    );
    let etag = file.header("etag").expect("an etag");
    assert_eq!(client.with("if-none-match", etag).get("/static/page.js").status, 304);
    assert_eq!(client.get("/static/gone.js").is(404)["type"], "/problems/not-found");
    for path in ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/state"] {
        assert_eq!(client.get(path).is(404)["type"], "/problems/not-found", "{path}");
    }
    assert_eq!(
        client.send("DELETE", "/api/v1/state", None).is(405)["type"],
        "/problems/method-not-allowed"
    );
    assert_eq!(
        client.post("/sources", &Value::Null).is(405)["type"],
        "/problems/method-not-allowed"
    );
}

#[test]
fn what_cannot_be_read_is_a_problem_and_not_a_failure() {
    let running = Running::with_organisation();
    let client = running.as_role(Role::Analyst);
    let path = "/api/v1/what-if";
    let large = "x".repeat(2 << 20);
    client.send("POST", path, Some(("application/json", b"{"))).is(400);
    client.send("POST", path, Some(("text/plain", b"{}"))).is(415);
    assert_eq!(client.post(path, &json!({ "remove_assets": [large] })).status, 413);
    client.post(path, &json!({ "remove_asset": ["x"] })).is(422);
    assert_eq!(client.post(path, &json!({})).is(422)["type"], "/problems/invalid");
    client.post(path, &json!({ "remove_assets": ["nobody"] })).is(404);
    client.get("/api/v1/jobs?limit=many").is(400);
}

#[test]
fn an_upload_without_files_or_with_something_else_is_refused_and_told_in_its_job() {
    let running = Running::empty();
    let client = running.as_role(Role::Analyst);
    let send = |fields: &[(&str, &str)]| {
        let (media_type, body) = form(fields, &[]);
        client.send("POST", "/api/v1/uploads", Some((&media_type, &body)))
    };
    assert_eq!(send(&[]).is(422)["title"], "The upload has no files.");
    assert_eq!(
        send(&[("other", "x")]).is(422)["title"],
        "The form has a field \"other\"."
    );
    assert_eq!(send(&[("source", &"x".repeat(500))]).status, 422);
    client
        .send("POST", "/api/v1/uploads", Some(("text/plain", b"x")))
        .is(400);
    let jobs = client.get("/api/v1/jobs").is(200);
    for job in jobs["items"].as_array().expect("jobs") {
        assert_eq!(job["state"], "failed");
        assert!(job["problem"]["title"].is_string());
    }
}

#[test]
fn a_worker_that_dies_fails_its_job_and_nothing_else() {
    let running = Running::with_organisation();
    let client = running.as_role(Role::Analyst);
    let job = client.post("/api/v1/generations", &Value::Null).is(202);
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id"));
    let begun = std::time::Instant::now();
    let job = loop {
        let job = client.get(&path).is(200);
        if job["state"] != "running" {
            break job;
        }
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(
        (&job["state"], &job["problem"]["title"]),
        (&json!("failed"), &json!("The work ended unexpectedly."))
    );
    assert_eq!(client.get("/api/v1/state").is(200)["generation"], 1);
}

#[test]
fn numbers_of_the_server_are_for_those_who_may_read_them() {
    let running = Running::with_organisation();
    let client = running.as_role(Role::Administrator);
    client.get("/api/v1/state").is(200);
    let numbers = client.get("/metrics").text();
    for expected in [
        "postern_requests_total{method=\"GET\",route=\"/api/v1/state\",status=\"200\"}",
        "postern_generation 1",
        "postern_request_seconds_bucket",
    ] {
        assert!(numbers.contains(expected), "{expected} is not in {numbers}");
    }
}
