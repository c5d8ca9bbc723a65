//! The rules of the workspace that no compiler checks: which crate may use which, no crate twice, tidy
//! sources. Each failure says what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Who may use whom; a crate may also use what those use. Rows of crates that do not exist yet stand here
/// so that they are built in their place.
const MAY_USE: &[(&str, &[&str])] = &[
    ("postern-model", &[]),
    ("postern-graph", &[]),
    ("postern-kql", &[]),
    ("postern-kql-functions", &["postern-kql"]),
    ("postern-catalog", &["postern-model", "postern-kql-functions"]),
    ("postern-ingest", &["postern-model"]),
    ("postern-connect", &["postern-ingest"]),
    ("postern-lake", &["postern-model"]),
    ("postern-ledger", &["postern-model"]),
    ("postern-estate", &["postern-model", "postern-catalog"]),
    ("postern-attack", &["postern-model", "postern-catalog", "postern-graph"]),
    ("postern-posture", &["postern-model", "postern-catalog"]),
    (
        "postern-hunt",
        &[
            "postern-catalog",
            "postern-graph",
            "postern-kql-functions",
            "postern-lake",
        ],
    ),
    (
        "postern-engine",
        &[
            "postern-ingest",
            "postern-lake",
            "postern-ledger",
            "postern-estate",
            "postern-attack",
            "postern-posture",
        ],
    ),
    ("postern-report", &["postern-engine"]),
    ("postern-server", &["postern-report", "postern-connect", "postern-hunt"]),
    ("postern-console", &[]),
    ("postern-sample", &["postern-model"]),
    ("postern", &["postern-server", "postern-console", "postern-sample"]),
    ("postern-testkit", &[]),
    ("xtask", &[]),
];

/// Tests may use these besides.
const TESTS_MAY_USE: &[&str] = &["postern-sample", "postern-testkit"];

/// The only crates that may reach the query engine, which is most of a cold build.
const MAY_REACH_DATAFUSION: &[&str] = &["postern-hunt", "postern-server", "postern"];

/// Longest line of a source file, in characters; rustfmt leaves long comments and texts alone.
const LINE_CHARACTERS_MAX: usize = 120;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .current_dir(workspace())
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// `cargo metadata` for this machine's platform, so that nothing is downloaded for others.
fn metadata() -> Value {
    let version = run(&env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()), &["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let text = run(
        &cargo,
        &["metadata", "--format-version", "1", "--filter-platform", host],
    );
    serde_json::from_str(&text).unwrap()
}

struct Package {
    name: String,
    version: String,
    is_ours: bool,
    /// Ids of the packages that the product needs, and of those that only tests need.
    uses: Vec<String>,
    tests_use: Vec<String>,
}

/// The resolved packages, by id.
fn packages(metadata: &Value) -> BTreeMap<String, Package> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let ours: Vec<String> = list(&metadata["workspace_members"]).iter().map(text).collect();
    let mut packages = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        let id = text(&package["id"]);
        let package = Package {
            name: text(&package["name"]),
            version: text(&package["version"]),
            is_ours: ours.contains(&id),
            uses: Vec::new(),
            tests_use: Vec::new(),
        };
        packages.insert(id, package);
    }
    for node in list(&metadata["resolve"]["nodes"]) {
        let package = packages.get_mut(node["id"].as_str().unwrap()).unwrap();
        for dependency in list(&node["deps"]) {
            let id = text(&dependency["pkg"]);
            // A kind is null for the product, else "dev" or "build".
            let is_test_only = list(&dependency["dep_kinds"]).iter().all(|kind| kind["kind"] == "dev");
            if is_test_only {
                package.tests_use.push(id);
            } else {
                package.uses.push(id);
            }
        }
    }
    packages
}

/// What a crate may use: its row, and the rows of those, and so on.
fn allowed(name: &str) -> BTreeSet<&'static str> {
    let mut allowed = BTreeSet::new();
    let row_of = |name: &str| -> &'static [&'static str] {
        let row = MAY_USE.iter().find(|(it, _)| *it == name);
        row.unwrap_or_else(|| panic!("{name} has no row in MAY_USE: say whom it may use"))
            .1
    };
    let mut waiting = row_of(name).to_vec();
    while let Some(name) = waiting.pop() {
        if allowed.insert(name) {
            waiting.extend(row_of(name));
        }
    }
    allowed
}

#[test]
fn crates_use_each_other_only_as_the_table_allows() {
    let packages = packages(&metadata());
    for package in packages.values().filter(|it| it.is_ours) {
        let allowed = allowed(&package.name);
        for id in &package.uses {
            let used = &packages[id];
            assert!(
                !used.is_ours || allowed.contains(used.name.as_str()),
                "{} must not use {}: it may use {allowed:?}",
                package.name,
                used.name
            );
        }
        for id in &package.tests_use {
            let used = &packages[id];
            assert!(
                !used.is_ours || allowed.contains(used.name.as_str()) || TESTS_MAY_USE.contains(&used.name.as_str()),
                "the tests of {} must not use {}",
                package.name,
                used.name
            );
        }
    }
}

#[test]
fn only_hunting_the_server_and_the_binary_reach_datafusion() {
    let packages = packages(&metadata());
    for (id, package) in packages.iter().filter(|(_, it)| it.is_ours) {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            waiting.extend(packages[id].uses.iter().filter(|&it| reached.insert(it)));
        }
        let reaches = reached.iter().any(|id| packages[*id].name.starts_with("datafusion"));
        assert!(
            !reaches || MAY_REACH_DATAFUSION.contains(&package.name.as_str()),
            "{} reaches DataFusion",
            package.name
        );
    }
}

/// The entries of `skip` in deny.toml: crate name and version requirement.
fn allowed_twice(deny: &str) -> Vec<(String, String)> {
    deny.lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split_once('"'))
        .map(|(entry, rest)| {
            let (name, version) = entry
                .split_once(':')
                .unwrap_or_else(|| panic!("deny.toml: {entry}: write name:version"));
            assert!(rest.contains("reason = \""), "deny.toml: {entry} needs a reason");
            (name.to_owned(), version.to_owned())
        })
        .collect()
}

/// The part of a version within which releases are compatible: `1`, `0.3`, `0.0.7`.
fn compatible_part(version: &str) -> String {
    let parts: Vec<&str> = version.split(['.', '+', '-']).collect();
    let length = parts.iter().take(2).take_while(|&&part| part == "0").count() + 1;
    parts[..length.min(parts.len())].join(".")
}

#[test]
fn no_crate_is_built_in_two_versions_unless_deny_toml_says_why() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages(&metadata()).into_values() {
        versions
            .entry(package.name)
            .or_default()
            .insert(compatible_part(&package.version));
    }
    let allowed = allowed_twice(&fs::read_to_string(workspace().join("deny.toml")).unwrap());
    for (name, version) in &allowed {
        let is_needed = versions
            .get(name)
            .is_some_and(|built| built.len() > 1 && built.contains(version));
        assert!(
            is_needed,
            "deny.toml allows {name} {version} for nothing: take the entry out"
        );
    }
    for (name, mut versions) in versions {
        if versions.len() > 1 {
            versions.retain(|version| !allowed.contains(&(name.clone(), version.clone())));
        }
        assert!(
            versions.len() <= 1,
            "{name} is built in the versions {versions:?}: bring them together, or give the reason in deny.toml"
        );
    }
}

/// Versions of each package in a lock file.
fn locked(path: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(workspace().join(path)).unwrap();
    let mut locked: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for entry in text.split("[[package]]\n").skip(1) {
        let field = |name: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_matches([' ', '=', '"']).to_owned()
        };
        locked.entry(field("name")).or_default().insert(field("version"));
    }
    locked
}

#[test]
fn what_is_fuzzed_is_built_from_the_versions_that_the_product_is_built_from() {
    let (product, fuzzed) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    let shared: Vec<_> = fuzzed.iter().filter(|(name, _)| product.contains_key(*name)).collect();
    assert!(shared.len() > 20, "{shared:?}");
    for (name, versions) in shared {
        assert!(
            versions.is_subset(&product[name]),
            "fuzz/Cargo.lock has {name} {versions:?}: run `cargo xtask codegen`"
        );
    }
}

#[test]
fn versions_that_cargo_would_not_unify_differ_in_the_compatible_part() {
    for (version, part) in [
        ("1.2.3", "1"),
        ("0.3.4", "0.3"),
        ("0.0.7", "0.0.7"),
        ("0.11.1+wasi", "0.11"),
        ("2", "2"),
    ] {
        assert_eq!(compatible_part(version), part);
    }
}

/// Files of ours that people write: sources, manifests, texts. Not what others wrote (`testdata`), not what
/// is built.
fn sources() -> Vec<PathBuf> {
    const SKIPPED: &[&str] = &["target", ".git", "node_modules", "testdata", "dist"];
    const READ: &[&str] = &["rs", "toml", "md", "yaml", "yml", "sh", "ts", "tsx", "css", "sql"];
    let mut sources = Vec::new();
    let mut folders = vec![workspace()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|it| READ.contains(&it.to_string_lossy().as_ref()))
            {
                sources.push(path);
            }
        }
    }
    sources.sort();
    assert!(sources.len() > 30, "the walk found {} files", sources.len());
    sources
}

/// Says of every line of every source that breaks a rule where it stands.
fn lines_that(is_wrong: impl Fn(&Path, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        for (line, number) in text.split('\n').zip(1..) {
            if is_wrong(&path, line) {
                found.push(format!(
                    "{}:{number}",
                    path.strip_prefix(workspace()).unwrap().display()
                ));
            }
        }
    }
    found
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|it| it == extension)
}

#[test]
fn no_line_holds_a_tab_or_ends_in_white_space() {
    let found = lines_that(|_, line| line.contains('\t') || line.trim_end() != line);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_source_line_is_longer_than_the_screen() {
    let found = lines_that(|path, line| is(path, "rs") && line.chars().count() > LINE_CHARACTERS_MAX);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_is_left_to_do_without_a_reason() {
    // Put together here, so that this file does not break its own rule.
    let markers = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let found = lines_that(|path, line| {
        let mut words = line.split(|it: char| !it.is_ascii_alphanumeric() && it != '(');
        !is(path, "md") && words.any(|word| markers.contains(&word))
    });
    assert!(found.is_empty(), "write the reason as MARKER(reason): {found:#?}");
}

/// The sources that break a rule as a whole.
fn files_that(is_wrong: impl Fn(&Path, &str) -> bool) -> Vec<String> {
    let wrong = sources()
        .into_iter()
        .filter(|path| is_wrong(path, &fs::read_to_string(path).unwrap()));
    wrong
        .map(|path| path.strip_prefix(workspace()).unwrap().display().to_string())
        .collect()
}

#[test]
fn every_file_ends_with_one_line_break() {
    let found = files_that(|_, text| !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")));
    assert!(found.is_empty(), "{found:#?}");
}

/// The folders of our crates.
fn crates() -> Vec<PathBuf> {
    let mut crates: Vec<PathBuf> = fs::read_dir(workspace().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").exists())
        .collect();
    crates.push(workspace().join("xtask"));
    crates
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace_and_says_what_it_is() {
    for folder in crates() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true\n"), "{}", folder.display());
        assert!(manifest.contains("\ndescription = \""), "{}", folder.display());
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let found = files_that(|path, text| is(path, "rs") && !path.ends_with("tests.rs") && !text.starts_with("//! "));
    assert!(found.is_empty(), "these do not begin with //!: {found:#?}");
}

#[test]
fn a_crate_has_one_integration_test_binary_at_most() {
    for folder in crates() {
        let Ok(entries) = fs::read_dir(folder.join("tests")) else {
            continue;
        };
        let files = entries
            .filter(|entry| entry.as_ref().is_ok_and(|it| is(&it.path(), "rs")))
            .count();
        assert!(files <= 1, "{}: each one is linked on its own", folder.display());
    }
}
