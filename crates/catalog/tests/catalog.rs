//! The embedded catalog is whole, and an overlay's mistakes are told as its author would want them told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use postern_catalog::{
    Basis, Catalog, CatalogError, Evaluate, EvaluateError, Foothold, NOT_TRAVERSABLE, OVERLAY_FILE_BYTES_MAX, Query,
    TargetClass, Technique,
};
use postern_model::{Grade, Phase, RelationKind, Risk, Settings};
use roaring::RoaringBitmap;
use tempfile::TempDir;

const ADD_MEMBER: &str = "techniques/acl/AddMember.yaml";

fn catalog() -> Catalog {
    Catalog::embedded().expect("the embedded catalog has no mistake")
}

fn technique(kind: RelationKind) -> Technique {
    catalog()
        .technique(kind)
        .expect("the embedded catalog has this technique")
        .clone()
}

fn embedded_text(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog");
    fs::read_to_string(folder.join(path)).expect("the file is part of the embedded catalog")
}

/// A folder with these files.
fn overlay(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    folder
}

fn load(files: &[(&str, &str)]) -> Result<Catalog, CatalogError> {
    Catalog::load(Some(overlay(files).path()))
}

/// What is wrong with the catalog under these files, as a person reads it.
fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
    match load(files) {
        Err(CatalogError::Invalid { mistakes }) => mistakes.iter().map(ToString::to_string).collect(),
        other => panic!("expected mistakes, not {other:?}"),
    }
}

/// The text without a top-level key and what belongs to it.
fn without(text: &str, key: &str) -> String {
    let mut is_inside = false;
    let kept = text.lines().filter(|line| {
        if !line.starts_with(' ') {
            is_inside = line.starts_with(&format!("{key}:"));
        }
        !is_inside
    });
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn exactly_the_traversable_kinds_are_techniques() {
    let techniques: BTreeSet<_> = catalog().techniques.into_keys().collect();
    let kinds = RelationKind::KNOWN.iter().copied();
    let traversable: BTreeSet<_> = kinds.filter(|kind| !NOT_TRAVERSABLE.contains(kind)).collect();
    assert_eq!(techniques, traversable);
}

#[test]
fn every_technique_has_every_part() {
    for (kind, technique) in catalog().techniques {
        for (part, text) in [
            ("title", &technique.title),
            ("explanation", &technique.explanation),
            ("detection", &technique.detection),
            ("grade-reason", &technique.grade_reason),
        ] {
            assert!(text.len() > 5, "{kind}: {part}");
        }
        assert!(
            technique.explanation.contains("{source}") && technique.explanation.contains("{target}"),
            "{kind}"
        );
        assert!(technique.explanation.ends_with('.'), "{kind}");
        assert!(!technique.attack.is_empty(), "{kind}");
        assert_eq!(technique.label, kind.label(), "{kind}");
        assert_ne!(
            technique.remediations.is_empty(),
            technique.no_remediation.is_none(),
            "{kind}"
        );
        for remediation in &technique.remediations {
            assert!((1..=10).contains(&remediation.cost), "{kind}: {}", remediation.id);
            let text = &remediation.text;
            assert!(
                text.contains("{source}") || text.contains("{target}") || !text.contains('{'),
                "{kind}: {text}"
            );
        }
    }
}

#[test]
fn grades_and_footholds_begin_where_the_design_puts_them() {
    use RelationKind::*;
    for (kind, grade, needs, gives) in [
        (MemberOf, Grade::Certain, Foothold::Admin, Foothold::None),
        (GenericAll, Grade::Certain, Foothold::Admin, Foothold::Admin),
        (AdminTo, Grade::Certain, Foothold::Admin, Foothold::Admin),
        (DcSync, Grade::Certain, Foothold::Admin, Foothold::None),
        (HasSession, Grade::VeryLikely, Foothold::Admin, Foothold::None),
        (AllowedToDelegate, Grade::VeryLikely, Foothold::Admin, Foothold::Admin),
        (GpoAppliesTo, Grade::VeryLikely, Foothold::None, Foothold::Admin),
        (ExecuteDcom, Grade::VeryLikely, Foothold::Admin, Foothold::User),
        (CanPsRemote, Grade::VeryLikely, Foothold::Admin, Foothold::User),
        (CanRdp, Grade::Likely, Foothold::Admin, Foothold::User),
        (ReadLapsPassword, Grade::Certain, Foothold::Admin, Foothold::Admin),
        (LocatedIn, Grade::Certain, Foothold::User, Foothold::None),
        (ExploitRemoteCode, Grade::Likely, Foothold::None, Foothold::Admin),
    ] {
        let technique = technique(kind);
        assert_eq!(
            (technique.grade, technique.needs, technique.gives),
            (grade, needs, gives),
            "{kind}"
        );
    }
    let exploit = technique(ExploitRemoteCode);
    assert_eq!(exploit.grade_when("exploit-available"), Grade::Possible);
    assert_eq!(exploit.grade_when("known-exploited"), Grade::Likely);
}

#[test]
fn an_explanation_names_both_ends() {
    assert_eq!(
        technique(RelationKind::MemberOf).explain("ALICE", "HELPDESK"),
        "ALICE belongs to the group HELPDESK, so every right that is granted to the group is also a right of ALICE."
    );
}

#[test]
fn a_missing_part_is_told_in_one_sentence() {
    let text = embedded_text(ADD_MEMBER);
    for part in [
        "id",
        "title",
        "family",
        "label",
        "attack",
        "explanation",
        "detection",
        "grade",
        "grade-reason",
        "needs",
        "gives",
        "inputs",
    ] {
        assert_eq!(
            mistakes(&[(ADD_MEMBER, &without(&text, part))]),
            [format!("{ADD_MEMBER}: `{part}` is missing")]
        );
    }
    assert_eq!(
        mistakes(&[(ADD_MEMBER, &without(&text, "remediations"))]),
        [format!(
            "{ADD_MEMBER}: `remediations` is missing; where nothing can be done, `no-remediation` says why"
        )]
    );
}

#[test]
fn a_mistake_names_its_line_and_its_reason() {
    let text = embedded_text(ADD_MEMBER);
    for (from, to, mistake) in [
        (
            "label: has role on",
            "label: member of",
            ", line 4: the label of AddMember is `has role on`",
        ),
        ("[T1098.007]", "[T9999]", ", line 5: ATT&CK has no technique T9999"),
        (
            "{source} may",
            "Somebody may",
            ", line 6: the explanation does not say {source}",
        ),
        (
            "grade: certain",
            "grade: sure",
            ", line 10, column 8: `sure` is not known here; known are certain, \
          very-likely, likely, possible, hard, theoretical",
        ),
        (
            "cost: 2",
            "cost: 11",
            ", line 18: remediation `remove-ace` costs 11; costs go from 1 to 10",
        ),
        (
            "family: acl",
            "family: sessions",
            ", line 3: `family` is sessions, and the file lies in acl",
        ),
        (
            "id: AddMember",
            "id: AddSelf",
            ", line 1: `id` is AddSelf, and the file is named AddMember: the two must \
          be the same",
        ),
        ("title: Add members", "title: ''", ", line 2: `title` is empty"),
    ] {
        assert!(text.contains(from), "{from}");
        let found = mistakes(&[(ADD_MEMBER, &text.replacen(from, to, 1))]);
        assert!(found.contains(&format!("{ADD_MEMBER}{mistake}")), "{found:?}");
    }
}

#[test]
fn all_mistakes_of_a_catalog_are_told_at_once() {
    let member = without(&without(&embedded_text(ADD_MEMBER), "detection"), "title");
    let risk = embedded_text("decision-tables/risk.yaml").replace("high: low", "high: critical");
    let error = load(&[(ADD_MEMBER, &member), ("decision-tables/risk.yaml", &risk)]).expect_err("there are mistakes");
    assert_eq!(
        error.to_string(),
        "the catalog has 4 mistakes: \
         decision-tables/risk.yaml, line 8: a path to a high target would be riskier at cost 24 than at cost 12; \
         decision-tables/risk.yaml, line 8: in the band up to 24 a lesser target has the higher risk; \
         techniques/acl/AddMember.yaml: `title` is missing; \
         techniques/acl/AddMember.yaml: `detection` is missing"
    );
}

#[test]
fn a_file_in_the_wrong_place_and_a_kind_that_leads_nowhere_are_refused() {
    let enroll = embedded_text(ADD_MEMBER).replace("id: AddMember", "id: Enroll");
    assert_eq!(
        mistakes(&[("techniques/acl/Enroll.yaml", &enroll)]),
        ["techniques/acl/Enroll.yaml, line 1: Enroll is no technique: with it alone nobody gets anywhere",]
    );
    assert_eq!(
        mistakes(&[("techniqes/AddMember.yaml", "")]),
        ["techniqes/AddMember.yaml: the catalog has no place for a file of this name"]
    );
}

#[test]
fn techniques_that_wait_for_each_other_are_refused() {
    let after = |path: &str, other: &str| format!("{}after: [{other}]\n", embedded_text(path));
    let (member, itself) = (
        after(ADD_MEMBER, "AddSelf"),
        after("techniques/acl/AddSelf.yaml", "AddMember"),
    );
    let found = mistakes(&[(ADD_MEMBER, &member), ("techniques/acl/AddSelf.yaml", &itself)]);
    assert_eq!(
        found,
        [format!("{ADD_MEMBER}: `after` leads from AddMember back to AddMember")]
    );
}

#[test]
fn the_digest_changes_with_a_text_and_with_nothing_else() {
    let text = embedded_text(ADD_MEMBER);
    let digest = catalog().digest();
    assert_eq!(load(&[(ADD_MEMBER, &text)]).expect("the same text").digest(), digest);
    let reworded = text.replace("One write, in force", "A single write, in force");
    assert_ne!(
        load(&[(ADD_MEMBER, &reworded)]).expect("a reworded text").digest(),
        digest
    );
    let settings = "settings: [{id: path-cost-max, default: 12}]";
    assert_ne!(
        load(&[("settings.yaml", settings)]).expect("another setting").digest(),
        digest
    );
}

#[test]
fn an_overlay_adds_a_rule_and_hidden_files_are_left_out() {
    let rule = "{id: kiosk, title: Kiosks, class: kiosk, basis: assumed, grade: possible, foothold: user, \
                query: {builtin: workstations}, enabled: true, reason: Anyone can touch them.}";
    let loaded = load(&[("entry-points/kiosk.yaml", rule), (".git/config", "x")]).expect("a valid overlay");
    let kiosk = loaded
        .entry_points
        .iter()
        .find(|it| it.id == "kiosk")
        .expect("the rule that was added");
    assert_eq!(
        (kiosk.basis, kiosk.grade, kiosk.foothold),
        (Basis::Assumed, Grade::Possible, Foothold::User)
    );
    assert_eq!(loaded.entry_points.len(), catalog().entry_points.len() + 1);
}

#[test]
fn an_overlay_that_is_not_there_is_an_error_that_names_it() {
    let missing = PathBuf::from("/no/such/overlay");
    let error = Catalog::load(Some(&missing)).expect_err("there is no such folder");
    assert_eq!(error.to_string(), "cannot read the catalog overlay at /no/such/overlay");
}

#[test]
fn a_file_past_the_limit_is_refused_unread() {
    let folder = overlay(&[(ADD_MEMBER, "")]);
    let path = folder.path().join(ADD_MEMBER);
    let file = fs::File::options()
        .write(true)
        .open(&path)
        .expect("the file was just made");
    file.set_len(OVERLAY_FILE_BYTES_MAX + 1).expect("a sparse file");
    let error = Catalog::load(Some(folder.path())).expect_err("the file is too large");
    assert_eq!(
        error.to_string(),
        format!(
            "the catalog overlay at {} holds more than 8388608 bytes",
            path.display()
        )
    );
}

#[test]
fn a_locked_rule_can_be_reworded_and_nothing_else() {
    let path = "control-planes/domain-admins.yaml";
    let text = embedded_text(path);
    let reworded = text.replace("title: Domain Admins", "title: Administrators of the domain");
    assert!(load(&[(path, &reworded)]).is_ok());
    let unlocked = text
        .replace("locked: true", "locked: false")
        .replace("enabled: true", "enabled: false");
    assert_eq!(
        mistakes(&[(path, &unlocked)]),
        [format!(
            "{path}, line 9: this rule is locked: it can be reworded, and not unlocked"
        )]
    );
    let narrowed = text.replace("expansion: members", "expansion: none");
    assert_eq!(
        mistakes(&[(path, &narrowed)]),
        [format!(
            "{path}, line 4: this rule is locked: it can be reworded, and not select other assets"
        )]
    );
}

/// Knows every query of the embedded catalog but `missing`, and says that each reads `made_by`.
struct Evaluator {
    names: Vec<&'static str>,
    made_by: Phase,
}

impl Evaluator {
    fn new(missing: &str, made_by: Phase) -> Self {
        let catalog = catalog();
        let names = catalog
            .entry_points
            .iter()
            .filter_map(|rule| match &rule.query {
                Query::Builtin(query) => Some(&*query.builtin.clone().leak()),
                Query::Kql(_) => None,
            })
            .filter(|name| *name != missing)
            .collect();
        Self { names, made_by }
    }
}

impl Evaluate for Evaluator {
    fn nodes(&self, query: &Query, _: Phase) -> Result<RoaringBitmap, EvaluateError> {
        Err(EvaluateError::Unknown {
            query: query.text().to_owned(),
        })
    }

    fn queries(&self) -> &[&str] {
        &self.names
    }

    fn reads(&self, query: &str) -> Option<Phase> {
        self.names.contains(&query).then_some(self.made_by)
    }
}

#[test]
fn a_query_that_nobody_knows_is_refused_with_file_and_name() {
    assert!(catalog().bind(&Evaluator::new("", Phase::Resolve)).is_ok());
    let error = catalog()
        .bind(&Evaluator::new("workstations", Phase::Resolve))
        .expect_err("a query is missing");
    let text = error.to_string();
    assert!(
        text.starts_with(
            "the catalog has a mistake: entry-points/any-workstation.yaml: there is no query `workstations`"
        ),
        "{text}"
    );
}

#[test]
fn a_query_that_reads_what_comes_later_is_refused() {
    let late = Evaluator::new("", Phase::Derive);
    assert!(catalog().bind_entry_points(&late).is_ok());
    let path = "control-planes/read-only-domain-controllers.yaml";
    let text = embedded_text(path).replace("NodeProperties.rawData.isreadonlydc == true", "CriticalityLevel == 0");
    let error = load(&[(path, &text)])
        .expect("a catalog")
        .bind_control_planes(&late)
        .expect_err("phase 3 does not come before itself");
    let wanted = "control-planes/read-only-domain-controllers.yaml, query line 2, column 9: `CriticalityLevel` is made \
                  by phase classify, and phase classify comes no later";
    assert!(error.to_string().contains(wanted), "{error}");
    assert!(
        catalog()
            .bind_entry_points(&Evaluator::new("", Phase::Entries))
            .is_err()
    );
}

#[test]
fn the_risk_table_is_the_published_one() {
    let table = catalog().risk;
    let row = |target| [0, 4, 5, 12, 13, 24, 60].map(|cost| table.risk(target, cost));
    use Risk::*;
    assert_eq!(
        row(TargetClass::ControlPlane),
        [Critical, Critical, Critical, Critical, High, High, High]
    );
    assert_eq!(
        row(TargetClass::VeryHigh),
        [Critical, Critical, High, High, Medium, Medium, Medium]
    );
    assert_eq!(row(TargetClass::High), [High, High, Medium, Medium, Low, Low, Low]);
}

#[test]
fn settings_start_as_the_model_says_and_an_overlay_changes_single_ones() {
    assert_eq!(catalog().default_settings(), &Settings::default());
    let changed = load(&[("settings.yaml", "settings: [{id: session-window-days, default: 7}]")]);
    let changed = changed.expect("a valid overlay");
    let wanted = Settings {
        session_window_days: 7,
        ..Settings::default()
    };
    assert_eq!(changed.default_settings(), &wanted);
    for (text, mistake) in [
        (
            "{id: session-window-days, default: 0}",
            "setting session-window-days: 0 days is not between 1 and 90",
        ),
        (
            "{id: path-cost-max, default: true}",
            "setting path-cost-max: the value must be a whole number",
        ),
        ("{id: colour, default: 1}", "there is no setting colour"),
    ] {
        let found = mistakes(&[("settings.yaml", &format!("settings: [{text}]"))]);
        assert_eq!(found.first(), Some(&format!("settings.yaml: {mistake}")));
    }
}

#[test]
fn the_known_exploited_list_says_where_it_comes_from() {
    let kev = catalog().kev;
    assert!(kev.contains("CVE-2017-0144") && kev.contains("cve-2017-0144"));
    assert!(!kev.contains("CVE-1999-0001") && !kev.contains(""));
    assert!(kev.get("CVE-2017-0144").is_some_and(|it| it.is_used_by_ransomware));
    assert_eq!(kev.licence(), "CC0-1.0");
    assert_eq!(kev.date().to_string(), "2025-11-14");
    assert!(kev.source().contains("cisa.gov"));
}

#[test]
fn feeds_agree_with_the_data_they_were_made_from() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("POSTERN_SHARED_DATA").map_or(workspace.join("../shared/data"), PathBuf::from);
    let read = |path: &str| fs::read_to_string(data.join("reference").join(path));
    let (Ok(kev), Ok(attack)) = (
        read("kev/known_exploited_vulnerabilities-2025-11.csv"),
        read("attack/attack-enterprise-techniques.tsv"),
    ) else {
        println!("SKIPPED: no reference data at {}", data.display());
        return;
    };
    let listed: Vec<_> = kev.lines().filter(|line| line.starts_with("CVE-")).collect();
    let ours = catalog().kev;
    assert_eq!(ours.len(), listed.len());
    for line in listed {
        let cve = line.split(',').next().unwrap_or_default();
        let added = ours
            .get(cve)
            .unwrap_or_else(|| panic!("{cve} is missing"))
            .added
            .to_string();
        assert!(line.contains(&format!(",{added},")), "{cve}: {added}");
    }
    let names = |text: &str| -> BTreeSet<String> {
        let rows = text
            .lines()
            .skip(1)
            .map(|line| line.split('\t').take(2).collect::<Vec<_>>().join("\t"));
        rows.collect()
    };
    assert_eq!(names(&embedded_text("feeds/attack/techniques.tsv")), names(&attack));
}

#[test]
fn the_document_lists_every_rule_with_its_default() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/control-plane.md");
    let document = std::fs::read_to_string(path).expect("the document");
    let mut told = BTreeMap::new();
    for row in document.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        for rule in cells[1].split(", ") {
            told.insert(rule.trim_matches('`').to_owned(), cells[3].replace('*', ""));
        }
    }
    let catalog = Catalog::embedded().expect("the embedded catalog is valid");
    let set: BTreeMap<_, _> = catalog
        .control_planes
        .iter()
        .map(|rule| {
            let default = match (rule.enabled, rule.locked) {
                (true, true) => "on, locked",
                (true, false) => "on",
                (false, _) => "off",
            };
            (rule.id.clone(), default.to_owned())
        })
        .collect();
    assert_eq!(told, set);
}

/// That each binds and runs is tested where queries run.
#[test]
fn every_example_is_a_question_with_a_query_that_parses() {
    let catalog = catalog();
    assert!(catalog.examples.len() >= 19, "{} examples", catalog.examples.len());
    for example in &catalog.examples {
        assert!(example.title.ends_with('?'), "{}: {}", example.id, example.title);
        let wrong = postern_kql::parse(&example.query).diagnostics;
        assert!(wrong.is_empty(), "{}: {wrong:#?}", example.id);
    }
}

#[test]
fn examples_are_no_input_of_a_generation() {
    let text = "id: own\ntitle: What is there?\ngroup: Own\ndescription: All.\nquery: ExposureGraphNodes\n";
    let folder = overlay(&[("hunting/own.yaml", text)]);
    let overlaid = Catalog::load(Some(folder.path())).expect("a catalog");
    assert_eq!(overlaid.digest(), catalog().digest());
    assert!(overlaid.examples.iter().any(|it| it.id == "own"));
}
