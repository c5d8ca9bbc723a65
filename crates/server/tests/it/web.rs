//! What holds for every request: hosts, sites, headers, addresses of nothing.

use std::time::{Duration, Instant};

use postern_server::ServerError;
use postern_server::auth::Role;
use postern_testkit::http::{Client, answer, form};
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
    let job = running.ended(&client, &job);
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

#[test]
fn methods_that_somebody_makes_up_are_not_remembered() {
    let running = Running::empty();
    for number in 0..20 {
        running.client.send(&format!("MADEUP{number}"), "/", None);
    }
    let numbers = running.as_role(Role::Administrator).get("/metrics").text();
    let counted = "postern_requests_total{method=\"other\",route=\"console\",status=\"405\"} 20";
    assert!(numbers.contains(counted), "{numbers}");
    assert!(!numbers.contains("MADEUP"), "{numbers}");
}

#[test]
fn what_cannot_be_read_of_an_address_is_told_once() {
    let running = Running::empty();
    let client = running.as_role(Role::Reader);
    let problem = client.get("/api/v1/jobs?limit=many").is(400);
    let detail = problem["detail"].as_str().expect("a sentence");
    assert_eq!(detail.matches("invalid digit").count(), 1, "{detail}");
}

/// Sends one file, and gives back the job.
fn upload(client: &Client) -> Value {
    let (media_type, body) = form(&[], &[("x.json", b"{}")]);
    client
        .send("POST", "/api/v1/uploads", Some((&media_type, &body)))
        .is(202)
}

fn cancel(client: &Client, job: &Value) {
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id"));
    let begun = Instant::now();
    while client.get(&path).is(200)["progress"]["phase"] != "working" {
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::sleep(Duration::from_millis(20));
    }
    client.send("DELETE", &path, None).is(204);
}

/// Says that it works, and gives the rest of the worker's script a turn once nobody wants its work any more.
const WORKS_UNTIL_UNWANTED: &str = "read -r task; \
    echo '{\"progress\":{\"phase\":\"working\",\"current_file\":null,\"done_bytes\":0,\"total_bytes\":null}}'; \
    cat > /dev/null; ";

#[test]
fn a_worker_that_complains_much_does_its_work_all_the_same() {
    let script = "read -r task; i=0; while [ $i -lt 4000 ]; do echo 'this could not be deleted' >&2; i=$((i+1)); done; \
        echo '{\"done\":{}}'";
    let running = Running::with_worker(script);
    let client = running.as_role(Role::Analyst);
    let job = running.ended(&client, &upload(&client));
    assert_eq!(job["state"], "done", "{job}");
}

#[test]
fn a_cancelled_job_is_called_cancelled_only_where_its_work_was_not_done_by_then() {
    let given_up = Running::with_worker(WORKS_UNTIL_UNWANTED);
    let client = given_up.as_role(Role::Analyst);
    let job = upload(&client);
    cancel(&client, &job);
    assert_eq!(given_up.ended(&client, &job)["state"], "cancelled");

    let done = Running::with_worker(&format!("{WORKS_UNTIL_UNWANTED} echo '{{\"done\":{{\"files\":7}}}}'"));
    let client = done.as_role(Role::Analyst);
    let job = upload(&client);
    cancel(&client, &job);
    let job = done.ended(&client, &job);
    assert_eq!((&job["state"], &job["result"]["files"]), (&json!("done"), &json!(7)));
}

#[test]
fn who_cancels_a_job_and_who_orders_a_build_is_in_the_audit_log() {
    let running = Running::with_worker(WORKS_UNTIL_UNWANTED);
    let client = running.as_role(Role::Analyst);
    let job = upload(&client);
    cancel(&client, &job);
    let administrator = running.as_role(Role::Administrator);
    let entries = administrator.get("/api/v1/audit?verb=cancel-job").is(200);
    assert_eq!(entries["items"][0]["actor"], "analyst");
    assert_eq!(entries["items"][0]["detail"]["job"], job["id"]);
    let with_data = Running::with_organisation();
    let job = with_data
        .as_role(Role::Analyst)
        .post("/api/v1/generations", &Value::Null)
        .is(202);
    let administrator = with_data.as_role(Role::Administrator);
    let entries = administrator.get("/api/v1/audit?verb=order-build").is(200);
    assert_eq!(entries["items"][0]["actor"], "analyst");
    assert_eq!(entries["items"][0]["detail"]["job"], job["id"]);
}

#[test]
fn live_events_end_with_the_session_that_listens() {
    let running = Running::empty();
    let (listening, other) = (running.as_role(Role::Reader), running.as_role(Role::Analyst));
    let stays = other.begin("GET", "/api/v1/events", "", 0);
    let ends = listening.begin("GET", "/api/v1/events", "", 0);
    let begun = Instant::now();
    listening.send("DELETE", "/api/v1/session", None).is(204);
    let told = answer(ends);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(told.text().contains("event: state"), "{}", told.text());
    stays.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let mut stays = stays;
    let error = std::io::copy(&mut stays, &mut std::io::sink()).expect_err("it goes on");
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_data_folder_has_one_server_and_is_for_its_owner_only() {
    let running = Running::empty();
    let Err(refused) = running.serve_again() else {
        panic!("two servers on one data folder");
    };
    assert!(matches!(refused, ServerError::Served { .. }), "{refused}");
    running.as_role(Role::Reader).get("/api/v1/state").is(200);
    let data = running.folder.path().join("new");
    postern_engine::make_private(&data).expect("makes");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).expect("is there").permissions());
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn while_a_generation_is_loaded_nobody_is_told_that_there_is_none() {
    let running = Running::just_started();
    let client = running.as_role(Role::Reader);
    let begun = Instant::now();
    loop {
        let answer = client.get("/api/v1/overview");
        if answer.status == 200 {
            break;
        }
        let problem = answer.is(503);
        assert_eq!(problem["title"], "Generation 1 is being loaded.");
        assert!(answer.header("retry-after").is_some());
        assert!(begun.elapsed().as_secs() < 60);
    }
    let nothing = Running::empty();
    let problem = nothing.as_role(Role::Reader).get("/api/v1/overview").is(404);
    assert_eq!(problem["type"], "/problems/no-generation");
}

#[test]
fn a_build_that_is_being_cancelled_is_not_given_to_who_orders_one() {
    let running = Running::with_worker(&format!("{WORKS_UNTIL_UNWANTED} sleep 1"));
    let client = running.as_role(Role::Analyst);
    running.import_organisation();
    let order = || client.post("/api/v1/generations", &Value::Null);
    let job = order().is(202);
    assert_eq!(order().is(202)["id"], job["id"]);
    cancel(&client, &job);
    order().is(409);
    assert_eq!(running.ended(&client, &job)["state"], "cancelled");
    assert_ne!(order().is(202)["id"], job["id"]);
}

#[test]
fn who_sends_slowly_keeps_nobody_from_reading() {
    let running = Running::empty();
    let reader = running.as_role(Role::Reader);
    // More than there are places for requests.
    let slow: Vec<_> = (0..300)
        .map(|_| running.client.begin("POST", "/api/v1/session", "application/json", 100))
        .collect();
    let begun = Instant::now();
    for _ in 0..50 {
        reader.get("/api/v1/state").is(200);
        running.client.get("/healthz").is(200);
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "while all of them still wait");
    let given_up = slow.into_iter().next().map(answer).expect("one");
    assert_eq!(given_up.is(503)["type"], "/problems/too-slow");
}

#[test]
fn a_source_that_is_not_there_is_of_no_generation() {
    let running = Running::with_organisation();
    let client = running.as_role(Role::Reader);
    for path in ["/api/v1/sources/999", "/api/v1/sources/999/rejects"] {
        assert_eq!(client.get(path).is(404)["title"], "There is no source 999.");
    }
}
