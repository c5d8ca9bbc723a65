//! Drawings of the reference's own tests, when they are at hand: imported as files, and asked what its tests assert.
//!
//! Start at `every_row_that_applies_passes`. Rows that do not apply are listed with a [`Reason`].

mod drawing;
mod plan;
mod seen;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use postern_testkit::shared_data;

use crate::support::{Place, files_in};
use drawing::{Drawing, Style};
use plan::{Graph, How, PARTS};
use seen::Seen;

/// Kinds that the reference's analysis makes: a drawing shows them as what is to be found.
const RESULTS: [&str; 36] = [
    "DCSync",
    "SyncLAPSPassword",
    "CanRDP",
    "GPOAppliesTo",
    "CanApplyGPO",
    "HasTrustKeys",
    "ProtectAdminGroups",
    "GoldenCert",
    "ADCSESC1",
    "ADCSESC3",
    "ADCSESC4",
    "ADCSESC6a",
    "ADCSESC6b",
    "ADCSESC9a",
    "ADCSESC9b",
    "ADCSESC10a",
    "ADCSESC10b",
    "ADCSESC13",
    "CoerceAndRelayNTLMToSMB",
    "CoerceAndRelayNTLMToADCS",
    "CoerceAndRelayNTLMToLDAP",
    "CoerceAndRelayNTLMToLDAPS",
    "SyncedToEntraUser",
    "SyncedToADUser",
    "AZGlobalAdmin",
    "AZPrivilegedRoleAdmin",
    "AZPrivilegedAuthAdmin",
    "AZAddSecret",
    "AZResetPassword",
    "AZAddMembers",
    "AZExecuteCommand",
    "AZMGAddSecret",
    "AZMGAddMember",
    "AZMGAddOwner",
    "AZMGGrantRole",
    "AZMGGrantAppRoles",
];

struct Row {
    line: usize,
    test: String,
    harness: String,
    member: String,
    expect: String,
}

fn rows(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).expect("the assertions");
    let lines = (1..).zip(text.lines()).skip(1);
    let row = |(line, text): (usize, &str)| match text.split('\t').collect::<Vec<_>>()[..] {
        [test, _, harness, _, member, expect] => Row {
            line,
            test: test.to_owned(),
            harness: harness.to_owned(),
            member: member.to_owned(),
            expect: expect.to_owned(),
        },
        _ => panic!("line {line} has other columns: {text}"),
    };
    lines.map(row).collect()
}

/// Imports a drawing as a file and asks for what was made of it.
async fn see(drawing: &Drawing, style: Style, without: &[&str]) -> Seen {
    let place = Place::new().await;
    let file = place.file("drawing.json", &drawing.document(style, without).to_string());
    let report = place.import(&[file]).await;
    let rejects: Vec<_> = report.files.iter().flat_map(|it| &it.rejects).collect();
    assert!(rejects.is_empty(), "{rejects:?}");
    Seen::new(place.current().await, drawing.captions(style))
}

fn draw(folder: &Path, graph: &Graph) -> Drawing {
    let mut drawing = Drawing::default();
    for file in graph.files {
        drawing.read(&folder.join(file));
    }
    for line in graph.set {
        drawing.set(line);
    }
    drawing
}

/// Letters and digits alone: `Group1-3` is `Group13` to the reference's tests.
fn plain(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
}

/// Whether an answer is as a row says; else what is wrong.
fn check(row: &Row, graph: &Graph, seen: &Seen, answer: &BTreeSet<String>) -> Result<(), String> {
    if row.member == "count" {
        return match row.expect == answer.len().to_string() {
            true => Ok(()),
            false => Err(format!("{} are asked for, found {answer:?}", row.expect)),
        };
    }
    let alias = graph.aliases.iter().find(|(member, _)| *member == row.member);
    let caption = alias.map_or(row.member.as_str(), |(_, caption)| caption);
    if !seen.is_drawn(|it| plain(it) == plain(caption)) {
        return Err(format!("nothing with the caption {caption} was drawn"));
    }
    let is_there = answer.iter().any(|it| plain(it) == plain(caption));
    match (row.expect.as_str(), is_there) {
        ("present", true) | ("absent", false) => Ok(()),
        (expected, _) => Err(format!("{} is to be {expected} in {answer:?}", row.member)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_that_applies_passes() {
    let Some(folder) = shared_data("bloodhound-ce") else {
        return;
    };
    let rows = rows(&folder.join("harness_assertions.tsv"));
    let drawings = folder.join("harnesses");
    let mut left = rows.iter();
    let mut known: BTreeMap<*const Graph, Seen> = BTreeMap::new();
    let (mut passed, mut failures, mut not) = (0, Vec::new(), BTreeMap::<_, usize>::new());
    for part in PARTS {
        for row in left.by_ref().take(part.rows) {
            assert_eq!(
                (&*row.test, &*row.harness),
                (part.test, part.harness),
                "line {}",
                row.line
            );
            let (graph, ask) = match part.how {
                How::Not(reason) => {
                    *not.entry(reason).or_default() += 1;
                    continue;
                }
                How::Asked(graph, ask) => (graph, ask),
            };
            let seen = match known.entry(std::ptr::from_ref(graph)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let without: Vec<_> = RESULTS.iter().chain(graph.asked).copied().collect();
                    place.insert(see(&draw(&drawings, graph), Style::Typed, &without).await)
                }
            };
            match check(row, graph, seen, &ask(seen)) {
                Ok(()) => passed += 1,
                Err(fault) => failures.push(format!("line {}: {}: {fault}", row.line, row.test)),
            }
        }
    }
    assert_eq!(left.count(), 0, "rows that no part is for");
    println!(
        "{passed} of {} rows pass, {} fail; not applicable: {not:?}",
        rows.len(),
        failures.len()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Results that are drawn, and are not those of the rule, with the reason.
const DRAWN_OTHERWISE: [(&str, &str, &str); 3] = [
    (
        "AZMGGroupMemberReadWriteAll.json",
        "AZMGAddOwner",
        "the permission GroupMember.ReadWrite.All lets nobody change owners, as the analysis says too",
    ),
    (
        "azbaseharness.json",
        "AZPrivilegedRoleAdmin",
        "the role that gives it is not drawn",
    ),
    (
        "citrixRDPHarness.json",
        "CanRDP",
        "drawn before rights of users were asked for; the rows say more",
    ),
];

/// What a drawing's results rest on, and is not drawn.
const UNDRAWN: [(&str, &str); 1] = [("rdpharness.json", "Computer.hasura=true")];

/// Drawings whose results rest on what only ids and domains tell, which captions do not.
const UNNAMED: [(&str, &str); 4] = [
    ("AZAddSecretHarness.json", "which role a node is"),
    ("synclapspassword.json", "which computers are of the domain"),
    ("rdpharness.json", "which group is that of remote desktop users"),
    ("adcsesc1-authusers.json", "which group everybody is in"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_results_that_are_drawn_are_found_and_no_others() {
    let Some(folder) = shared_data("bloodhound-ce/harnesses") else {
        return;
    };
    let mut faults = Vec::new();
    let (mut compared, mut equal) = (0, 0);
    for (path, style) in files_in(&folder)
        .iter()
        .flat_map(|it| [(it, Style::Typed), (it, Style::Bare)])
    {
        let file = path.file_name().and_then(|it| it.to_str()).expect("a name");
        let mut drawing = Drawing::default();
        drawing.read(path);
        for (_, line) in UNDRAWN.iter().filter(|(of, _)| *of == file) {
            drawing.set(line);
        }
        let is_otherwise = |kind: &str| DRAWN_OTHERWISE.iter().any(|(of, it, _)| (*of, *it) == (file, kind));
        let results = RESULTS
            .into_iter()
            .filter(|it| !drawing.drawn(it).is_empty() && !is_otherwise(it));
        let results: Vec<_> = results.collect();
        if results.is_empty() || style == Style::Bare && UNNAMED.iter().any(|(of, _)| *of == file) {
            continue;
        }
        let seen = see(&drawing, style, &RESULTS).await;
        for kind in results {
            compared += 1;
            let (drawn, found) = (drawing.drawn(kind), seen.steps(kind));
            if drawn == found {
                equal += 1;
                continue;
            }
            let missing: Vec<_> = drawn.difference(&found).collect();
            let extra: Vec<_> = found.difference(&drawn).collect();
            faults.push(format!(
                "{file}, {style:?}: {kind}: missing {missing:?}, extra {extra:?}"
            ));
        }
    }
    println!("{equal} of {compared} kinds of results are as they are drawn");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
