//! The server as a process: from the first start to the last signal.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use postern_testkit::http::{Answer, Client, answer, form};
use serde_json::{Value, json};

use super::Postern;

const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is so.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not in time");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A running `postern serve`.
struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    url: String,
    administrator: String,
    password: Option<String>,
}

impl Serving {
    fn start(postern: &Postern) -> Self {
        let mut command = postern.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut out = BufReader::new(child.stdout.take().expect("is piped"));
        let (mut administrator, mut password) = (String::new(), None);
        let url = loop {
            let mut line = String::new();
            assert!(
                out.read_line(&mut line).expect("reads") > 0,
                "it ended before it listened"
            );
            if let Some(found) = line.trim_end().strip_prefix("administrator name: ") {
                administrator = found.to_owned();
            }
            if let Some(found) = line.trim_end().strip_prefix("administrator password: ") {
                password = Some(found.to_owned());
            }
            if let Some(url) = line.trim_end().strip_prefix("listening on ") {
                break url.to_owned();
            }
        };
        Self {
            child,
            out,
            url,
            administrator,
            password,
        }
    }

    /// Signed in with what the first start has printed.
    fn first_client(&self) -> Client {
        let password = self
            .password
            .as_deref()
            .expect("the first start makes an administrator");
        self.sign_in(&self.administrator, password)
    }

    /// Signed in.
    fn sign_in(&self, name: &str, password: &str) -> Client {
        let client = Client::new(&self.url);
        let body = json!({ "name": name, "password": password });
        let answer = client.post("/api/v1/session", &body);
        answer.is(200);
        let cookie = answer
            .header("set-cookie")
            .expect("a cookie")
            .split(';')
            .next()
            .expect("a part");
        client.with("cookie", cookie)
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill starts").success());
    }

    /// Ends it as a service manager does; gives back what else it has printed.
    fn end(mut self) -> String {
        self.signal("-TERM");
        let begun = Instant::now();
        let status = until("the server ends", || self.child.try_wait().expect("waits"));
        assert!(status.success(), "{status}");
        assert!(begun.elapsed() < Duration::from_secs(10));
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("reads");
        rest
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn upload(client: &Client, source: &str, files: &[(&str, &[u8])]) -> Answer {
    let (media_type, body) = form(&[("source", source)], files);
    client.send("POST", "/api/v1/uploads", Some((&media_type, &body)))
}

fn job_ends(client: &Client, id: &str) -> Value {
    until("the job ends", || {
        let job = client.get(&format!("/api/v1/jobs/{id}")).is(200);
        let is_open = ["receiving", "queued", "running"]
            .iter()
            .any(|state| job["state"] == *state);
        (!is_open).then_some(job)
    })
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Everything below a folder, with names as they stand below it.
fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("lists") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").display().to_string();
                files.push((name, fs::read(&path).expect("reads")));
            }
        }
    }
    files.sort();
    files
}

fn spool_is_empty(postern: &Postern) -> Option<()> {
    let spool = postern.folder.path().join("data/uploads");
    let is_empty = fs::read_dir(spool).map_or(true, |mut entries| entries.next().is_none());
    is_empty.then_some(())
}

#[test]
fn what_is_uploaded_is_built_and_still_there_after_a_restart() {
    let postern = Postern {
        evaluated_at: super::ORGANISATION_AT,
        ..Postern::new()
    };
    let folder = postern.path("organisation");
    postern.done(&["sample", "organisation", "--out", &folder]);
    let files = files_below(Path::new(&folder));
    let serving = Serving::start(&postern);
    let password = serving
        .password
        .clone()
        .expect("the first start makes an administrator");
    let (client, name) = (serving.first_client(), serving.administrator.clone());

    let sent: Vec<(String, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (format!("loot/{name}"), bytes.as_slice()))
        .collect();
    let sent: Vec<(&str, &[u8])> = sent.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let job = upload(&client, "Berlin", &sent).is(202);
    assert_eq!((&job["kind"], &job["created_by"]), (&json!("import"), &json!(name)));
    let job = job_ends(&client, &text(&job["id"]));
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(job["title"], "Import loot");
    // Archives hold several.
    assert!(
        job["result"]["files_total"].as_u64() >= Some(files.len() as u64),
        "{job}"
    );
    assert_eq!(job["result"]["source_ids"], json!([1]));
    for file in job["result"]["files"].as_array().expect("files") {
        assert!(text(&file["path"]).starts_with("loot/"), "{file}");
    }

    let state = until("the generation is in place", || {
        let state = client.get("/api/v1/state").is(200);
        (state["generation"] == 1 && state["is_up_to_date"] == true && state["is_building"] == false).then_some(state)
    });
    assert_eq!(state["build_problem"], Value::Null);
    let generations = client.get("/api/v1/generations").is(200);
    assert!(generations["items"][0]["paths"].as_u64().expect("a number") > 0);
    let builds = client.get("/api/v1/jobs").is(200);
    assert_eq!(builds["items"][0]["kind"], "build");
    assert_eq!(builds["items"][0]["result"], json!({ "generation": 1, "is_new": true }));
    until("the spool is empty", || spool_is_empty(&postern));
    serving.end();

    let listed = postern.json("source-list", &["source", "list"]);
    assert_eq!(
        listed["sources"][0]["path"], "loot",
        "people see what they sent, not where it lay"
    );
    let serving = Serving::start(&postern);
    assert_eq!(serving.password, None, "there is an administrator already");
    let client = serving.sign_in(&name, &password);
    until("the generation is in place", || {
        (client.get("/api/v1/state").is(200)["generation"] == 1).then_some(())
    });
    let jobs = client.get("/api/v1/jobs").is(200);
    let kinds: Vec<&Value> = jobs["items"]
        .as_array()
        .expect("jobs")
        .iter()
        .map(|job| &job["kind"])
        .collect();
    assert_eq!(kinds, ["build", "import"]);
    serving.end();
}

#[test]
fn a_running_import_is_cancelled_and_leaves_nothing_behind() {
    let postern = Postern::new();
    let folder = postern.path("large");
    postern.done(&["sample", "sharphound", "--size", "64MiB", "--out", &folder]);
    let files = files_below(Path::new(&folder));
    let sent: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let serving = Serving::start(&postern);
    let client = serving.first_client();
    let id = text(&upload(&client, "", &sent).is(202)["id"]);
    let job = until("the import runs", || {
        let job = client.get(&format!("/api/v1/jobs/{id}")).is(200);
        let is_reading = job["state"] == "running" && job["progress"]["current_file"].is_string();
        assert_ne!(job["state"], "done", "too fast to be cancelled: {job}");
        is_reading.then_some(job)
    });
    assert!(job["progress"]["total_bytes"].as_u64() > Some(0), "{job}");
    let path = format!("/api/v1/jobs/{id}");
    client.send("DELETE", &path, None).is(204);
    assert_eq!(job_ends(&client, &id)["state"], "cancelled");
    client.send("DELETE", &path, None).is(409);
    until("the spool is empty", || spool_is_empty(&postern));
    assert_eq!(client.get("/api/v1/state").is(200)["manifest_version"], 0);
    // What was written is garbage at once: the upload was given up and not left to be found.
    let log = client.get("/api/v1/audit").is(200);
    let verbs: Vec<&Value> = log["items"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|it| &it["verb"])
        .collect();
    assert!(verbs.contains(&&json!("abandon-upload")), "{verbs:?}");
    serving.end();
}

#[test]
fn an_upload_that_is_being_sent_can_be_cancelled_and_ends_with_its_connection() {
    let postern = Postern::new();
    let serving = Serving::start(&postern);
    let client = serving.first_client();
    let (media_type, body) = form(&[], &[("users.json", &[b' '; 1 << 16])]);
    let receiving = || {
        let jobs = client.get("/api/v1/jobs").is(200);
        let newest = jobs["items"][0].clone();
        let is_receiving = newest["state"] == "receiving" && newest["progress"]["done_bytes"].as_u64() > Some(0);
        is_receiving.then(|| text(&newest["id"]))
    };
    for by_request in [true, false] {
        let mut stream = client.begin("POST", "/api/v1/uploads", &media_type, body.len());
        stream.write_all(&body[..body.len() / 2]).expect("the server reads");
        let id = until("the files are being received", receiving);
        if by_request {
            client.send("DELETE", &format!("/api/v1/jobs/{id}"), None).is(204);
            assert_eq!(answer(stream).is(409)["title"], "The upload was cancelled.");
        } else {
            drop(stream);
        }
        assert_eq!(job_ends(&client, &id)["state"], "cancelled");
        until("the spool is empty", || spool_is_empty(&postern));
    }
    serving.end();
}

#[test]
fn events_tell_how_a_job_goes_and_end_with_the_server() {
    let postern = Postern::new();
    let serving = Serving::start(&postern);
    let client = serving.first_client();
    let mut events = BufReader::new(client.begin("GET", "/api/v1/events", "", 0));
    let mut heard = String::new();
    while !heard.contains("event: state") {
        assert!(events.read_line(&mut heard).expect("reads") > 0, "{heard}");
    }
    let id = text(&upload(&client, "", &[("notes.txt", b"nothing that is known")]).is(202)["id"]);
    heard.clear();
    while !(heard.contains("\"done\"") && heard.contains(&id)) {
        assert!(events.read_line(&mut heard).expect("reads") > 0, "{heard}");
    }
    assert!(heard.contains("event: job"), "{heard}");
    let job = client.get(&format!("/api/v1/jobs/{id}")).is(200);
    assert_eq!(job["result"]["rejected_files"], 1, "{job}");
    serving.end();
    let mut rest = String::new();
    events
        .read_to_string(&mut rest)
        .expect("the stream ends with the server");
}

#[test]
fn a_taken_port_and_a_wrong_configuration_are_told_in_one_sentence() {
    let postern = Postern::new();
    let serving = Serving::start(&postern);
    let address = serving.url.trim_start_matches("http://").to_owned();
    let said = postern.run(&["serve", "--listen", &address]);
    assert_eq!(said.status.code(), Some(1));
    let error = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(error.contains("another program does; --listen"), "{error}");
    serving.end();

    let config = postern.path("postern.toml");
    fs::write(&config, "listen = \"127.0.0.1:0\"\nlissten = 1\n").expect("writes");
    let error = postern.error(1, &["serve", "--config", &config]);
    assert!(error.contains("lissten"), "{error}");
}

#[test]
fn a_token_from_the_command_line_is_good_for_its_role() {
    let postern = Postern::new();
    let serving = Serving::start(&postern);
    let token = postern.done(&["token", "create", "--role", "reader", "--name", "script"]);
    let client = Client::new(&serving.url).with("authorization", &format!("Bearer {}", token.trim()));
    client.get("/api/v1/state").is(200);
    assert_eq!(
        client.post("/api/v1/generations", &Value::Null).is(403)["type"],
        "/problems/not-allowed"
    );
    let wrong = Client::new(&serving.url).with("authorization", "Bearer postern_wrong");
    assert_eq!(wrong.get("/api/v1/state").is(401)["type"], "/problems/sign-in-needed");
    serving.end();
}
