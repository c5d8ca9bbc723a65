//! The real binary in a folder of its own: what people see, what programs read, and how it exits.

mod exposure;
mod hunt;
mod serve;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const DOMAIN: &str = "S-1-5-21-11-22-33";
/// Within the window of the collections in `testdata`.
const EVALUATED_AT: &str = "2026-01-13T00:00:00Z";
/// Within the window of the sample organisation.
const ORGANISATION_AT: &str = "2026-11-03T00:00:00Z";
const PATIENCE: Duration = Duration::from_secs(60);

/// A data folder that vanishes with the test.
struct Postern {
    folder: TempDir,
    evaluated_at: &'static str,
}

impl Postern {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            folder,
            evaluated_at: EVALUATED_AT,
        }
    }

    /// With the collection `corp` imported.
    fn with_corp() -> Self {
        let postern = Self::new();
        postern.done(&["import", &testdata("corp")]);
        postern
    }

    /// With the sample organisation imported, which has something of everything.
    fn with_organisation() -> Self {
        let postern = Self {
            evaluated_at: ORGANISATION_AT,
            ..Self::new()
        };
        let files = postern.path("organisation");
        postern.done(&["sample", "organisation", "--out", &files]);
        postern.done(&["import", &files]);
        postern
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command
            .args(arguments)
            .env_clear()
            .env("POSTERN_DATA", self.folder.path().join("data"))
            .env("POSTERN_EVALUATED_AT", self.evaluated_at)
            .env("USER", "tester");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// Standard output of a command that ends with this exit code.
    fn exits(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {errors}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn done(&self, arguments: &[&str]) -> String {
        self.exits(0, arguments)
    }

    /// The error of a command that ends with this exit code and prints nothing else.
    fn error(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        String::from_utf8(output.stderr).expect("UTF-8").trim_end().to_owned()
    }

    /// The JSON of a command, checked against its schema.
    fn json(&self, schema: &str, arguments: &[&str]) -> Value {
        self.json_exits(0, schema, arguments)
    }

    fn json_exits(&self, code: i32, schema: &str, arguments: &[&str]) -> Value {
        let text = self.exits(code, &[arguments, &["--json"]].concat());
        let value: Value = serde_json::from_str(&text).expect("JSON");
        check(schema, &value);
        value
    }
}

fn testdata(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name)
        .display()
        .to_string()
}

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas")
}

fn check(schema: &str, value: &Value) {
    let text = fs::read_to_string(schemas().join(format!("{schema}.json"))).expect("a committed schema");
    let schema_value: Value = serde_json::from_str(&text).expect("JSON");
    let validator = jsonschema::validator_for(&schema_value).expect("a valid schema");
    let mistakes: Vec<_> = validator
        .iter_errors(value)
        .map(|it| format!("{}: {it}", it.instance_path()))
        .collect();
    assert!(mistakes.is_empty(), "{schema}: {mistakes:?}");
}

/// One text of each thing in a list.
fn texts(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter()
        .filter_map(|it| it[key].as_str().map(str::to_owned))
        .collect()
}

fn users_entry() -> String {
    format!("entry:users:{DOMAIN}")
}

fn plane() -> String {
    format!("plane:forest:{DOMAIN}")
}

#[test]
fn the_committed_schemas_are_those_of_the_binary() {
    let postern = Postern::new();
    let written = postern.path("schemas");
    postern.done(&["schema", "--write", &written]);
    let read = |folder: &Path| -> BTreeMap<_, _> {
        let files = fs::read_dir(folder)
            .expect("a folder of schemas")
            .map(|it| it.expect("an entry").path());
        files
            .map(|it| {
                (
                    it.file_name().map(ToOwned::to_owned),
                    fs::read_to_string(it).expect("a schema"),
                )
            })
            .collect()
    };
    let (now, committed) = (read(Path::new(&written)), read(&schemas()));
    assert!(
        now == committed,
        "run `cargo xtask codegen`: docs/schemas differs from what the binary prints"
    );
}

#[test]
fn the_committed_description_of_the_api_is_that_of_the_binary() {
    let committed = schemas().join("../openapi.json");
    let committed = fs::read_to_string(&committed).expect("docs/openapi.json is there");
    let printed = Postern::new().done(&["openapi"]);
    assert!(printed == committed, "run `cargo xtask codegen`, and read what changed");
}

#[test]
fn the_first_attack_path_names_people_and_gives_reasons_and_a_fix() {
    let text = Postern::with_corp().done(&["paths"]);
    for expected in [
        "1 of 1 control plane can be reached, from 1 assumed entry point; 1 attack path in 1 scenario.",
        "No initial-access source is connected",
        "any user of CORP.EXAMPLE → control plane of forest CORP.EXAMPLE",
        "critical risk, certain, 1 step, assumed entry point, new",
        "DOMAIN USERS@CORP.EXAMPLE —ForceChangePassword→ CHIEF@CORP.EXAMPLE",
        "Seen 2026-01-05 00:00 UTC in 20260105000000_users.json.",
        "Fix: ",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing in:\n{text}");
    }
    assert!(!text.contains(DOMAIN), "a SID where a name is known:\n{text}");
    assert!(!text.contains('\u{1b}'), "colour in a pipe");
}

#[test]
fn the_json_of_paths_keeps_its_contract() {
    let report = Postern::with_corp().json("paths", &["paths"]);
    assert_eq!(report["total"], 1);
    assert_eq!(report["truncated"], false);
    let path = &report["paths"][0];
    assert_eq!(
        (path["entry"].as_str(), path["target"].as_str()),
        (Some(&*users_entry()), Some(&*plane()))
    );
    assert_eq!(
        (&path["cost"], &path["risk"], &path["status"]),
        (&0.into(), &"critical".into(), &"new".into())
    );
    let step = &path["steps"][1];
    assert_eq!(step["source"], format!("{DOMAIN}-513"));
    assert_eq!(step["target"], format!("{DOMAIN}-1104"));
    assert_eq!(
        (&step["technique"], &step["label"]),
        (&"ForceChangePassword".into(), &"has role on".into())
    );
    assert_eq!(step["cost"], 0);
    assert_eq!(step["evidence"][0]["facts"][0]["fact"], "relation");
}

#[test]
fn the_json_of_inspect_keeps_its_contract() {
    let postern = Postern::new();
    let report = postern.json_exits(
        3,
        "inspect",
        &["inspect", &testdata("bad-row"), &testdata("unknown.txt")],
    );
    let [rows, unknown] = report["files"].as_array().expect("files").as_slice() else {
        panic!("{report}")
    };
    assert_eq!(rows["format"], "sharphound");
    for count in ["assets", "checks", "instances", "cves", "relations", "controls"] {
        assert!(rows[count].is_u64(), "{count}");
    }
    let reject = &rows["rejects"][0];
    assert!(
        reject["position"].as_str().is_some_and(|it| it.contains("data[1]")),
        "{reject}"
    );
    assert!(reject["reason"].as_str().is_some_and(|it| !it.is_empty()), "{reject}");
    assert_eq!(unknown["format"], Value::Null);
    assert!(!postern.folder.path().join("data").exists(), "inspect stores nothing");
}

#[test]
fn every_json_follows_its_schema() {
    let postern = Postern::with_organisation();
    let fenwick = "ADMINISTRATOR@FENWICK.EXAMPLE";
    postern.json("status", &["status"]);
    postern.json("source-list", &["source", "list"]);
    postern.json("source-rejects", &["source", "rejects", "1"]);
    postern.json("chokepoints", &["chokepoints"]);
    postern.json("blast", &["blast", fenwick, "krbtgt@fenwick.example"]);
    postern.json(
        "whatif",
        &["whatif", "--disable-technique", "HasSession", "--remove-asset", fenwick],
    );
    postern.json("asset-show", &["asset", "show", fenwick]);
    postern.json("decision", &["critical", "set", fenwick, "high"]);
    postern.json("critical-list", &["critical", "list"]);
    postern.json("decision", &["asset", "split", fenwick, "--no-build"]);
    postern.json("decision", &["asset", "merge", fenwick]);
    postern.json("rule-show", &["rule", "show", "domain-admins"]);
    postern.json("setting-list", &["setting", "list"]);
    postern.json("setting-change", &["setting", "set", "session-window-days", "7"]);
    postern.json("generation-list", &["generation", "list"]);
    postern.json("compare", &["compare", "1", "3"]);
    postern.json("build", &["build"]);
    postern.json("audit-verify", &["audit", "verify"]);
    postern.json("user-save", &["user", "add", "ann", "--role", "analyst"]);
    postern.json("user-save", &["user", "password", "ann"]);
    postern.json("user-list", &["user", "list"]);
    for edges in ["reported", "derived", "all"] {
        let graph = postern.done(&["export", "graph", "--edges", edges, "--as-of", "1"]);
        check("export-graph", &serde_json::from_str(&graph).expect("JSON"));
    }
    postern.json("source-remove", &["source", "remove", "1"]);
}

#[test]
fn rejected_rows_and_unknown_files_are_listed_and_exit_with_3() {
    let postern = Postern::new();
    let text = postern.exits(3, &["import", &testdata("bad-row"), &testdata("unknown.txt")]);
    assert!(text.contains("data[1]"), "{text}");
    assert!(text.contains("1 row was rejected; everything else went in."), "{text}");
    assert!(
        text.contains("It is source 1; `postern source rejects 1` lists"),
        "{text}"
    );
    assert!(text.contains("1 file was not taken in"), "{text}");
    assert!(
        postern
            .done(&["asset", "show", "SECOND@CORP.EXAMPLE"])
            .contains("SECOND@CORP.EXAMPLE")
    );
    assert!(postern.done(&["source", "rejects", "1"]).contains("data[1]"));
    let nothing = postern.exits(3, &["import", &testdata("unknown.txt")]);
    assert!(nothing.contains("Nothing has changed."), "{nothing}");
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let postern = Postern::with_corp();
    let report = postern.json("import", &["import", &testdata("corp")]);
    assert_eq!(report["build"]["state"], "up-to-date");
    assert_eq!(report["build"]["generation"], 1);
    assert!(
        report["files"]
            .as_array()
            .is_some_and(|files| files.iter().all(|file| file["is_known"] == true))
    );
}

#[test]
fn a_path_that_was_closed_is_gone_now_and_still_there_in_the_past() {
    let postern = Postern::with_corp();
    let text = postern.done(&["import", &testdata("corp-a-week-later")]);
    assert!(text.contains("Generation 2: 0 new attack paths, 1 gone."), "{text}");

    let now = postern.done(&["paths"]);
    assert!(
        now.contains("0 of 1 control plane can be reached; 0 attack paths"),
        "{now}"
    );
    assert!(now.contains("What was not looked at"), "{now}");
    assert!(now.contains("sessions: 1 of 2 computers answered"), "{now}");
    assert_eq!(postern.json("paths", &["paths", "--as-of", "1"])["total"], 1);

    let comparison = postern.json("compare", &["compare", "1", "2"]);
    assert_eq!(comparison["paths"]["removed"]["total"], 1);
    let gone = &comparison["paths"]["removed"]["listed"][0];
    assert_eq!(gone["status"], "resolved", "the right was looked at again: {gone}");
    assert_eq!(
        comparison["steps"]["removed"]["listed"][0]["technique"],
        "ForceChangePassword"
    );
    assert_eq!(comparison["paths"]["added"]["total"], 0);
}

#[test]
fn what_if_takes_an_asset_a_step_by_its_first_digits_or_a_technique() {
    let postern = Postern::with_corp();
    let paths = postern.json("paths", &["paths"]);
    let step = paths["paths"][0]["steps"][1]["id"].as_str().expect("an id").to_owned();
    for removal in [
        ["--remove-asset", "domain users@corp.example"],
        ["--remove-edge", &step[..8]],
        ["--disable-technique", "forcechangepassword"],
    ] {
        let report = postern.json("whatif", &[&["whatif"], removal.as_slice()].concat());
        assert_eq!(
            (&report["paths_before"], &report["paths_after"]),
            (&1.into(), &0.into()),
            "{removal:?}"
        );
        assert_eq!(report["targets_freed"][0]["id"], plane());
    }
    let text = postern.done(&["whatif", "--remove-edge", &step]);
    assert!(
        text.contains("Without DOMAIN USERS@CORP.EXAMPLE —ForceChangePassword→ CHIEF@CORP.EXAMPLE, 0 of 1 attack path"),
        "{text}"
    );
    let text = postern.done(&["whatif", "--disable-technique", "DCSync"]);
    assert!(
        text.contains("Without the technique DCSync, 1 of 1 attack path would be left."),
        "{text}"
    );
}

#[test]
fn a_route_is_found_between_assets_that_are_no_entry_point_and_no_target() {
    let postern = Postern::with_corp();
    let between = postern.json(
        "paths",
        &["paths", "--from", "clerk@corp.example", "--to", "chief@corp.example"],
    );
    let steps = between["paths"][0]["steps"].as_array().expect("steps");
    assert_eq!(
        steps.last().map(|step| &step["target_name"]),
        Some(&"CHIEF@CORP.EXAMPLE".into())
    );
    assert_eq!(between["paths"][0]["entry_name"], "CLERK@CORP.EXAMPLE");
    assert_eq!(between["paths"][0]["status"], Value::Null);
    let several = postern.json(
        "paths",
        &["paths", "--k", "5", "--from", "CLERK@CORP.EXAMPLE", "--to", &plane()],
    );
    assert!(several["total"].as_u64() > Some(1), "{several}");
    let none = postern.done(&["paths", "--from", "CHIEF@CORP.EXAMPLE", "--to", "CLERK@CORP.EXAMPLE"]);
    assert!(
        none.contains("No steps lead from CHIEF@CORP.EXAMPLE to CLERK@CORP.EXAMPLE."),
        "{none}"
    );
}

#[test]
fn ids_are_found_in_any_letter_case_and_by_names_that_are_unique() {
    let postern = Postern::with_corp();
    let sid = format!("{DOMAIN}-1104").to_lowercase();
    for id in [sid.as_str(), "chief@corp.example"] {
        assert_eq!(
            postern.json("asset-show", &["asset", "show", id])["name"],
            "CHIEF@CORP.EXAMPLE"
        );
    }
    let node = postern.json("asset-show", &["asset", "show", &sid])["node_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(
        postern.json("asset-show", &["asset", "show", &node])["id"],
        format!("{DOMAIN}-1104")
    );
    assert_eq!(
        postern.error(1, &["asset", "show", "CHEIF@CORP.EXAMPLE"]),
        "error: nothing has the id or name CHEIF@CORP.EXAMPLE; did you mean CHIEF@CORP.EXAMPLE?"
    );
    postern.done(&["import", &testdata("namesakes")]);
    let error = postern.error(1, &["asset", "show", "twin@corp.example"]);
    for sid in [1301, 1302] {
        assert!(error.contains(&format!("{DOMAIN}-{sid}")), "{error}");
    }
}

#[test]
fn a_level_set_by_hand_makes_a_target_and_can_be_taken_back() {
    let postern = Postern::with_corp();
    let text = postern.done(&["critical", "set", "HELP DESK@CORP.EXAMPLE", "very-high"]);
    assert!(
        text.contains("HELP DESK@CORP.EXAMPLE is of very high criticality."),
        "{text}"
    );
    let listed = postern.json("critical-list", &["critical", "list"]);
    assert_eq!(
        (&listed["levels"][0]["level"], &listed["levels"][0]["author"]),
        (&"very high".into(), &"tester".into())
    );
    let status = postern.json("status", &["status"]);
    assert_eq!(status["generation"]["summary"]["critical_assets"]["total"], 1);
    postern.done(&["critical", "clear", "HELP DESK@CORP.EXAMPLE"]);
    assert_eq!(
        postern.json("critical-list", &["critical", "list"])["levels"],
        Value::Array(Vec::new())
    );
}

#[test]
fn settings_are_checked_and_change_the_next_generation() {
    let postern = Postern::with_corp();
    let changed = postern.json("setting-change", &["setting", "set", "user-entries", "false"]);
    assert_eq!(
        (&changed["setting"]["value"], &changed["build"]["changes"]["paths_gone"]),
        (&false.into(), &1.into())
    );
    let none = postern.done(&["paths"]);
    assert!(none.contains("0 attack paths"), "{none}");
    assert!(none.contains("The setting user-entries is off."), "{none}");
    assert!(
        postern
            .error(1, &["setting", "set", "path-cost-max", "1000"])
            .contains("between 1 and 64")
    );
    assert!(
        postern
            .error(1, &["setting", "set", "colour", "red"])
            .contains("there is no setting colour")
    );
    assert_eq!(
        postern.json("setting-change", &["setting", "reset", "user-entries"])["setting"]["is_set"],
        false
    );
}

#[test]
fn a_rule_is_listed_previewed_and_switched() {
    let postern = Postern::with_corp();
    let selects = |key: &str| {
        let listed = postern.json("rule-list", &["rule", "list"]);
        let rules = listed["rules"].as_array().expect("rules").clone();
        let rule = rules.into_iter().find(|it| it["id"] == key).expect("the rule");
        (
            rule["is_enabled"].clone(),
            rule["set_by"].clone(),
            rule["matches"].clone(),
        )
    };
    let (is_on, by, matches) = selects("any-domain-user");
    assert_eq!((&is_on, &by), (&true.into(), &Value::Null));
    let off = postern.json("decision", &["rule", "disable", "any-domain-user"]);
    assert_eq!(off["build"]["changes"]["paths_gone"], 1);
    assert_eq!(
        selects("any-domain-user"),
        (false.into(), "tester".into(), matches.clone())
    );
    let would = postern.json("rule-preview", &["rule", "preview", "any-domain-user"]);
    assert_eq!(would["is_in_force"], false);
    assert_eq!(
        would["added"].as_array().map(Vec::len),
        matches.as_u64().map(|it| it as usize)
    );
    postern.done(&["rule", "reset", "any-domain-user"]);
    assert_eq!(selects("any-domain-user"), (true.into(), Value::Null, matches));
    let locked = postern.error(1, &["rule", "disable", "domain-admins"]);
    assert!(locked.contains("control-planes/domain-admins is locked"), "{locked}");
    let none = postern.error(1, &["rule", "disable", "nobody"]);
    assert!(none.contains("there is no rule nobody"), "{none}");
}

#[test]
fn a_rule_that_is_not_installed_is_previewed_and_its_mistakes_have_places() {
    let postern = Postern::with_corp();
    let path = postern.path("help-desks.yaml");
    let write = |query: &str| {
        let head =
            "id: help-desks\ntitle: Help desks\nscope: forest\nenabled: true\nlocked: false\nreason: They reset.";
        fs::write(&path, format!("{head}\nquery: |\n  ExposureGraphNodes\n  | {query}\n")).expect("a file");
    };
    write("where NodeName startswith 'HELP DESK'");
    let shown = postern.json("rule-preview", &["rule", "preview", &path]);
    assert_eq!(texts(&shown["added"], "name"), ["HELP DESK@CORP.EXAMPLE"]);
    write("where Nobody startswith 'HELP DESK'");
    let told = postern.error(1, &["rule", "preview", &path]);
    assert!(told.contains("query line 2, column 9"), "{told}");
}

#[test]
fn every_change_of_a_choke_point_severs_what_it_says() {
    let postern = Postern::with_organisation();
    let paths = postern.json("paths", &["paths"]);
    let report = postern.json("chokepoints", &["chokepoints"]);
    let mut changes_tried = 0;
    for point in report["choke_points"].as_array().expect("choke points") {
        let changes = point["changes"].as_array().expect("changes");
        assert!(!changes.is_empty(), "nothing to do about {}", point["name"]);
        for change in changes {
            let steps = change["steps"].as_array().expect("steps");
            assert!(steps.iter().all(|step| step["remediations"][0].is_object()), "{change}");
            let ids = steps.iter().filter_map(|step| step["id"].as_str());
            let removals: Vec<_> = ids.flat_map(|id| ["--remove-edge", id]).collect();
            let without = postern.json("whatif", &[&["whatif"], removals.as_slice()].concat());
            let gone = texts(&without["gone"]["listed"], "id");
            let left = |end: &str| -> BTreeSet<_> {
                let paths = paths["paths"].as_array().expect("paths").iter();
                let left = paths.filter(|path| !gone.iter().any(|id| path["id"] == id.as_str()));
                left.filter_map(|path| path[end].as_str()).collect()
            };
            let count = |end: &str| texts(&paths["paths"], end).into_iter().collect::<BTreeSet<_>>().len();
            let severed = (
                count("target") - left("target").len(),
                count("entry") - left("entry").len(),
            );
            let said = |key: &str| {
                point[key]
                    .as_u64()
                    .and_then(|it| usize::try_from(it).ok())
                    .expect("a count")
            };
            assert_eq!(severed, (said("targets_severed"), said("entries_severed")), "{change}");
            changes_tried += 1;
        }
    }
    assert!(changes_tried > 3, "{report}");
}

#[test]
fn what_severs_the_same_is_one_choke_point() {
    let report = Postern::with_organisation().json("chokepoints", &["chokepoints"]);
    let points = report["choke_points"].as_array().expect("choke points");
    let assets: Vec<_> = points.iter().flat_map(|point| texts(&point["assets"], "id")).collect();
    let single = |change: &&Value| change["extent"] == "step";
    let changes = points
        .iter()
        .flat_map(|point| point["changes"].as_array().expect("changes"));
    let steps: Vec<_> = changes
        .filter(single)
        .flat_map(|it| texts(&it["steps"], "id"))
        .collect();
    for ids in [&assets, &steps] {
        let distinct: BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{ids:?}");
    }
    let joined = |point: &&Value| point["assets"].as_array().is_some_and(|assets| assets.len() > 1);
    assert!(
        points.iter().any(|point| joined(&point)),
        "no stretch of several assets: {report}"
    );
}

#[test]
fn a_route_costs_as_much_as_its_steps() {
    let postern = Postern::with_organisation();
    for arguments in [["paths", "--limit", "100"], ["paths", "--k", "3"]] {
        let report = postern.json("paths", &arguments);
        for path in report["paths"].as_array().expect("paths") {
            let costs = path["steps"].as_array().expect("steps").iter();
            let sum: Option<u64> = costs.map(|step| step["cost"].as_u64()).sum();
            assert_eq!(path["cost"].as_u64(), sum, "{path}");
            assert!(path["entry_grade"].is_string(), "the entry point's grade stands apart");
        }
    }
}

#[test]
fn what_nobody_can_log_on_with_is_said_to_be_so() {
    let postern = Postern::with_organisation();
    let text = postern.done(&["paths", "--to", "krbtgt@fenwick.example"]);
    assert!(text.contains("KRBTGT@FENWICK.EXAMPLE is disabled or expired"), "{text}");
    assert!(
        !text.contains("What was not looked at"),
        "no look would change it: {text}"
    );
}

#[test]
fn a_target_behind_another_is_said_to_be_there() {
    let postern = Postern::with_organisation();
    let workstation = "WK-WS07.WORKS.ALDERMOOR.EXAMPLE";
    // The other way, of those who guess the password of a service, leads over this server.
    let server = "SQL01.ALDERMOOR.EXAMPLE";
    let path = |report: &Value| {
        let paths = report["paths"].as_array().expect("paths").clone();
        paths
            .into_iter()
            .find(|it| it["entry_name"] == "any user of WORKS.ALDERMOOR.EXAMPLE")
    };
    let before = path(&postern.json("paths", &["paths"])).expect("a path by way of the workstation");
    let ends = [&before["entry"], &before["target"]].map(|id| id.as_str().expect("an id"));
    for device in [server, workstation] {
        postern.done(&["critical", "set", device, "very-high"]);
    }
    let text = postern.done(&["paths", "--from", ends[0], "--to", ends[1]]);
    assert!(
        text.contains("But it lies behind what is reached: ") && text.contains(workstation),
        "{text}"
    );
}

#[test]
fn findings_are_listed_the_worst_first() {
    let report = Postern::with_organisation().json("asset-show", &["asset", "show", "LEGACY01.ALDERMOOR.EXAMPLE"]);
    let severities = texts(&report["findings"], "severity");
    let rank = |severity: &String| {
        ["critical", "high", "medium", "low", "info"]
            .iter()
            .position(|it| it == severity)
    };
    assert!(
        severities.len() > 1 && severities.is_sorted_by_key(rank),
        "{severities:?}"
    );
}

#[test]
fn nobody_begins_at_a_whole_control_plane() {
    let postern = Postern::with_corp();
    for arguments in [["blast", &plane()].as_slice(), &["paths", "--from", &plane()]] {
        let error = postern.error(1, arguments);
        assert!(
            error.starts_with("error: control plane of forest CORP.EXAMPLE is ")
                && error.contains("; name one, such as "),
            "{error}"
        );
    }
}

#[test]
fn what_came_and_went_is_listed_by_name() {
    let postern = Postern::with_organisation();
    postern.done(&["source", "remove", "1"]);
    let report = postern.json("compare", &["compare", "1", "2"]);
    let sorted = |list: &Value, key: &str| {
        let names = texts(&list["listed"], key);
        assert!(names.len() > 1, "{key}: {list}");
        assert!(names.is_sorted(), "{names:?}");
    };
    sorted(&report["assets"]["removed"], "name");
    sorted(&report["steps"]["removed"], "source_name");
}

#[test]
fn an_empty_variable_is_none() {
    let postern = Postern::with_corp();
    let mut command = postern.command(&["status"]);
    let output = command
        .env("POSTERN_EVALUATED_AT", "")
        .output()
        .expect("the binary starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_limit_is_named_when_it_is_hit() {
    let postern = Postern::with_organisation();
    let text = postern.done(&["paths", "--limit", "1"]);
    assert!(text.contains("The first 1 of "), "{text}");
    let report = postern.json("paths", &["paths", "--limit", "1"]);
    assert_eq!((&report["truncated"], &report["limit"]), (&true.into(), &1.into()));
    assert_eq!(report["paths"].as_array().map(Vec::len), Some(1));
}

#[test]
fn scenarios_count_every_path_once() {
    let report = Postern::with_organisation().json("paths", &["paths", "--scenarios"]);
    let counted: u64 = report["scenarios"]
        .as_array()
        .expect("scenarios")
        .iter()
        .filter_map(|it| it["paths"].as_u64())
        .sum();
    assert!(counted > 0);
    assert_eq!(Some(counted), report["total"].as_u64());
    assert_eq!(report["total"], report["summary"]["paths"]);
    assert_eq!(report["paths"], Value::Array(Vec::new()));
}

#[test]
fn reading_from_no_data_says_so_and_makes_no_folder() {
    let postern = Postern::new();
    for arguments in [
        &["status"][..],
        &["paths"],
        &["source", "list"],
        &["build"],
        &["export", "graph"],
    ] {
        let error = postern.error(1, arguments);
        assert!(error.starts_with("error: there is no data in "), "{error}");
    }
    assert!(!postern.folder.path().join("data").exists());
}

#[test]
fn wrong_usage_is_one_sentence_and_exits_with_2() {
    let postern = Postern::with_corp();
    let output = postern
        .command(&["status"])
        .env("POSTERN_EVALUATED_AT", "soon")
        .output()
        .expect("the binary starts");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: POSTERN_EVALUATED_AT is \"soon\", and has to be a time in RFC 3339 form, such as \
         2026-11-21T08:00:00Z\n"
    );
    for arguments in [
        &["whatif"][..],
        &["paths", "--as-of", "yesterday"],
        &["critical", "set", "CHIEF@CORP.EXAMPLE", "enormous"],
        &["whatif", "--disable-technique", "Magic"],
        &["paths", "--k", "0"],
        &[],
    ] {
        assert_eq!(postern.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(postern.run(&["--help"]).status.code(), Some(0));
}

#[test]
fn failures_name_what_was_being_done() {
    let postern = Postern::with_corp();
    let missing = postern.path("missing");
    assert!(
        postern
            .error(1, &["import", &missing])
            .starts_with(&format!("error: cannot read {missing}: "))
    );
    assert_eq!(
        postern.error(1, &["compare", "1", "9"]),
        "error: there is no generation 9"
    );
    assert!(
        postern
            .error(1, &["source", "remove", "9"])
            .contains("there is no source 9")
    );
    assert!(
        postern
            .error(1, &["paths", "--as-of", "2020-01-01"])
            .contains("no generation was evaluated")
    );
}

#[test]
fn without_building_the_import_is_kept_for_the_next_generation() {
    let postern = Postern::new();
    let report = postern.json("import", &["import", &testdata("corp"), "--no-build", "--no-raw"]);
    assert_eq!(report["build"]["state"], "not-built");
    assert!(postern.done(&["status"]).contains("There is no generation yet."));
    assert!(postern.error(1, &["paths"]).contains("there is no generation yet"));
    assert_eq!(postern.json("build", &["build"])["state"], "built");
    assert_eq!(postern.json("paths", &["paths"])["total"], 1);
    let sources = postern.json("source-list", &["source", "list"]);
    assert_eq!(sources["sources"][0]["files"][0]["is_raw_kept"], false);
}

#[test]
fn an_export_is_written_whole_under_its_own_name() {
    let postern = Postern::with_corp();
    let out = postern.path("graph.json");
    postern.done(&["export", "graph", "--edges", "reported", "--out", &out]);
    let graph: Value = serde_json::from_str(&fs::read_to_string(&out).expect("the export")).expect("JSON");
    let edges = graph["graph"]["edges"].as_array().expect("edges");
    let is_reported = |kind: &str| edges.iter().any(|edge| edge["kind"] == kind);
    assert!(is_reported("ForceChangePassword") && is_reported("MemberOf"));
    assert!(!Path::new(&format!("{out}.partial")).exists());
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let postern = Postern::with_organisation();
    let mut child = postern
        .command(&["export", "graph"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[cfg(unix)]
#[test]
fn an_interrupted_import_exits_with_130_and_leaves_nothing_behind() {
    let postern = Postern::new();
    let files = postern.path("large");
    postern.done(&["sample", "sharphound", "--size", "64MiB", "--out", &files]);
    let child = postern.command(&["import", &files]).spawn().expect("the binary starts");
    let ledger = postern.folder.path().join("data/ledger.sqlite");
    let started = Instant::now();
    while !ledger.exists() {
        assert!(started.elapsed() < PATIENCE, "the import does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    // The handler stands before the data folder is opened; reading 64 MiB takes much longer than this.
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill starts");
    assert!(killed.success());
    assert_eq!(child.wait_with_output().expect("it ends").status.code(), Some(130));
    let status = postern.json("status", &["status"]);
    assert_eq!(
        (&status["manifest_version"], &status["generation"]),
        (&0.into(), &Value::Null)
    );
}

#[test]
fn a_demonstration_that_was_killed_goes_on_where_it_stopped() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let postern = Postern::new();
    let mut begun = postern
        .command(&["demo", "--no-serve"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let lines = BufReader::new(begun.stdout.take().expect("a pipe")).lines();
    let second_week = lines.map_while(Result::ok).any(|line| line.contains("week 2 of 5"));
    assert!(second_week, "the second week is told");
    begun.kill().expect("kills");
    begun.wait().expect("ends");

    let text = postern.done(&["demo", "--no-serve"]);
    assert!(text.contains("week 5 of 5, 2026-01-13"), "{text}");
    let list = postern.json("generation-list", &["generation", "list"]);
    let evaluated_at: Vec<_> = list["generations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["evaluated_at"].as_str().expect("a time"))
        .collect();
    let weeks = ["2026-01-13", "2026-01-06", "2025-12-30", "2025-12-23", "2025-12-16"];
    assert_eq!(evaluated_at, weeks.map(|day| format!("{day}T00:00:00Z")));

    let again = postern.done(&["demo", "--no-serve"]);
    assert!(again.starts_with("The demonstration of 2026-01-13 is in "), "{again}");
}

#[test]
fn a_demonstration_leaves_the_data_of_others_alone() {
    let postern = Postern::with_corp();
    let before = postern.json("status", &["status"]);
    let error = postern.error(1, &["demo", "--no-serve"]);
    assert!(error.contains("holds data that is no demonstration"), "{error}");
    assert_eq!(postern.json("status", &["status"]), before);
    assert!(!Path::new(&postern.path("data/demo.json")).exists());
}

#[test]
fn who_holds_the_data_folder_makes_users_passwords_and_tokens() {
    let postern = Postern::new();
    // The first command makes the data folder, as a program's token may be needed before the first start.
    let token = postern.done(&["token", "create", "--role", "reader", "--expires-in-days", "7"]);
    assert!(token.starts_with("postern_") && token.lines().count() == 1, "{token}");
    assert!(postern.done(&["user", "list"]).starts_with("There are no users."));

    let added = postern.done(&["user", "add", "ann", "--role", "administrator"]);
    let password = |text: &str| {
        text.lines()
            .find_map(|it| it.strip_prefix("password: ").map(str::to_owned))
    };
    let first = password(&added).expect("generated");
    assert_eq!(first.split('-').map(str::len).collect::<Vec<_>>(), [5; 5], "{first}");
    let second = password(&postern.done(&["user", "password", "ANN"])).expect("generated");
    assert_ne!(first, second);
    let listed = postern.done(&["user", "list"]);
    assert!(
        listed.contains("ann") && listed.contains("administrator") && listed.contains("never"),
        "{listed}"
    );

    let given = |text: &str| {
        let mut command = postern.command(&["user", "password", "ann", "--password-stdin"]);
        command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped());
        let mut child = command
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut input = child.stdin.take().expect("an input");
        std::io::Write::write_all(&mut input, text.as_bytes()).expect("written");
        drop(input);
        child.wait_with_output().expect("ends")
    };
    let set = given("correct horse battery\nsecond line\n");
    assert_eq!(set.status.code(), Some(0), "{}", String::from_utf8_lossy(&set.stderr));
    assert!(
        !String::from_utf8_lossy(&set.stdout).contains("horse"),
        "what was given is not repeated"
    );
    for (text, reason) in [
        ("short\n", "The password is too short."),
        ("\n", "there is no password"),
    ] {
        let refused = given(text);
        assert_eq!(refused.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&refused.stderr).contains(reason), "{refused:?}");
    }

    let taken = postern.error(1, &["user", "add", "Ann", "--role", "reader"]);
    assert!(taken.contains("There is a user ann already."), "{taken}");
    let missing = postern.error(1, &["user", "password", "bob"]);
    assert!(missing.contains("There is no user bob."), "{missing}");
    postern.error(2, &["token", "create", "--role", "reader", "--expires-in-days", "366"]);
    postern.error(2, &["user", "add", "bob"]);
}
