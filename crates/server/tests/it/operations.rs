//! Every operation of the description, called: who may, who may not, and whether the answer is as described.

use std::fs;
use std::io::Read;
use std::path::Path;

use postern_server::auth::{Permission, Role};
use postern_server::{PREFIX, X_PERMISSION};
use postern_testkit::http::Client;
use serde_json::{Value, json};

use crate::support::Running;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

struct Operation {
    method: String,
    path: String,
    permission: Option<Permission>,
    description: Value,
}

fn description() -> Value {
    serde_json::to_value(postern_server::description()).expect("JSON")
}

/// Those of the description, and the two of the server itself.
fn operations() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in description()["paths"].as_object().expect("paths") {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let name = operation[X_PERMISSION]
                .as_str()
                .expect("every operation names its permission");
            let permission = Permission::ALL.iter().copied().find(|it| it.as_str() == name);
            assert!(
                permission.is_some() || name == "anyone",
                "{path} needs the unknown {name}"
            );
            assert_eq!(
                permission.is_some(),
                !operation["security"].is_null(),
                "{method} {path}"
            );
            operations.push(Operation {
                method: method.to_uppercase(),
                path: format!("{PREFIX}{path}"),
                permission,
                description: operation.clone(),
            });
        }
    }
    let own = [("/healthz", None), ("/metrics", Some(Permission::ReadAudit))];
    operations.extend(own.map(|(path, permission)| Operation {
        method: "GET".to_owned(),
        path: path.to_owned(),
        permission,
        description: Value::Null,
    }));
    operations
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Only the status: live events never end.
    fn status(&self, client: &Client) -> u16 {
        let path = self.path.replace("{id}", "unknown").replace("{name}", "unknown");
        let mut stream = client.begin(&self.method, &path, "application/json", 2);
        std::io::Write::write_all(&mut stream, b"{}").expect("sends");
        let mut line = [0; 12];
        stream.read_exact(&mut line).expect("an answer");
        String::from_utf8_lossy(&line[9..]).parse().expect("a status")
    }
}

#[test]
fn nobody_calls_an_operation_without_its_permission() {
    let running = Running::with_organisation();
    let operations = operations();
    assert!(operations.len() > 45, "{} operations are described", operations.len());
    for operation in &operations {
        let name = operation.name();
        let Some(permission) = operation.permission else {
            assert!(
                ![401, 403].contains(&operation.status(&running.client)) || name.contains("session"),
                "{name}"
            );
            continue;
        };
        assert_eq!(operation.status(&running.client), 401, "{name} without credentials");
        let wrong = running.client.with("authorization", "Bearer postern_wrong");
        assert_eq!(operation.status(&wrong), 401, "{name} with a wrong token");
        let least = permission.least_role();
        for role in Role::ALL {
            // Each with a session of its own: one of them ends it.
            let status = operation.status(&running.as_role(role));
            match role < least {
                true => assert_eq!(status, 403, "{name} as {}", role.as_str()),
                false => assert!(![401, 403].contains(&status), "{name} as {}: {status}", role.as_str()),
            }
        }
    }
}

#[test]
fn who_is_not_signed_in_can_sign_in_and_see_that_the_server_works() {
    let open: Vec<_> = operations()
        .iter()
        .filter(|operation| operation.permission.is_none())
        .map(Operation::name)
        .collect();
    assert_eq!(open, ["POST /api/v1/session", "GET /healthz"]);
}

/// The compiler refuses a handler without a permission in `operations!`; this refuses one beside it.
#[test]
fn nothing_is_routed_beside_the_operations() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let text = fs::read_to_string(&path).expect("text");
            for routing in [".route(", ".route_service(", ".nest_service(", "axum::routing"] {
                assert!(!text.contains(routing), "{} in {}", routing, path.display());
            }
        }
    }
    assert!(files > 40, "{files} files");
}

#[test]
fn every_answer_is_as_described() {
    let running = Running::with_organisation();
    let client = running.as_role(Role::Administrator);
    let mut checked = 0;
    for operation in operations() {
        let content = &operation.description["responses"]["200"]["content"]["application/json"]["schema"];
        if operation.method != "GET" || operation.path.contains('{') || content["$ref"].is_null() {
            continue;
        }
        let query = if operation.path.ends_with("/search") {
            "?q=corp"
        } else {
            ""
        };
        let answer = client.get(&format!("{}{query}", operation.path)).is(200);
        conforms(content, &answer, &operation.name());
        checked += 1;
    }
    assert!(checked >= 15, "{checked} answers were checked");
    let gone = client.get("/api/v1/jobs/unknown");
    assert_eq!(gone.header("content-type"), Some("application/problem+json"));
    conforms(
        &json!({ "$ref": "#/components/schemas/Problem" }),
        &gone.is(404),
        "a problem",
    );
}

/// Checks an answer against a schema of the description.
fn conforms(schema: &Value, answer: &Value, name: &str) {
    let mut document = schema.clone();
    document["components"] = description()["components"].clone();
    let validator = jsonschema::validator_for(&document).expect("the description holds a schema");
    let wrong: Vec<String> = validator
        .iter_errors(answer)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
}

/// A decision is taken over the API, the next generation is built, and the page of the asset shows it.
#[test]
fn a_device_is_split_and_merged_again() {
    let running = Running::with_organisation();
    let client = running.as_role(Role::Analyst);
    let asset = |id: &str| client.get(&format!("/api/v1/assets/{id}")).is(200);
    let devices = client.get("/api/v1/assets?view=devices&limit=500").is(200);
    let ids = devices["items"].as_array().expect("a list").iter();
    let merged = ids
        .map(|it| asset(it["id"].as_str().expect("an id")))
        .find(|it| it["original_objects"].as_array().is_some_and(|it| it.len() > 1))
        .expect("a scanned computer of the directory");
    let (whole, part) = (&merged["id"], &merged["original_objects"][1]["id"]);
    let (whole, part) = (whole.as_str().expect("an id"), part.as_str().expect("an id"));
    let objects = merged["original_objects"].clone();
    let decide = |apart: bool| {
        let answer = client.json(
            "PUT",
            &format!("/api/v1/assets/{part}/apart"),
            &json!({ "apart": apart }),
        );
        assert_eq!(answer.is(202), json!({ "pending": true }));
        running.build();
    };

    decide(true);
    let split = asset(part);
    assert_eq!(split["id"], part);
    assert_eq!(split["original_objects"][0]["set_apart"]["by"], Role::Analyst.as_str());
    let rest = asset(whole)["original_objects"].as_array().map(Vec::len);
    assert_eq!(rest, objects.as_array().map(|it| it.len() - 1));

    decide(false);
    assert_eq!(asset(part)["id"], whole);
    assert_eq!(asset(whole)["original_objects"], objects);
}
