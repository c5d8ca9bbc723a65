//! The reader as a whole: files that nobody meant, and files that somebody made to do harm.

use std::time::{Duration, Instant};

use postern_model::{Coverage, Facet};

use super::cursor::LISTS_BYTES_MAX;
use super::output::{ID_BYTES_MAX, PROPERTIES_BYTES_MAX};
use super::record::PRODUCT_MAX;
use super::*;
use crate::SinkError;
use crate::chunks::REJECTS_MAX;
use crate::testing::{Huge, Kept};

/// Generous: the tests run unoptimised, beside others.
const PATIENCE: Duration = Duration::from_secs(60);

const DOMAIN: &str = "S-1-5-21-1-2-3";

/// Reads a file in which a unit is repeated, and keeps what came out but the rows, of which it keeps the number.
fn read_made(head: &str, unit: &str, times: u64, tail: &str) -> (Result<Summary, IngestError>, Rows) {
    let mut rows = Rows::default();
    let began = Instant::now();
    let outcome = Huge::new(head, unit, unit.len() as u64 * times, tail).read_into(&mut rows);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    (outcome, rows)
}

/// Counts rows.
#[derive(Default)]
struct Rows {
    relations: usize,
    objects: usize,
    longest_text: usize,
    rejects: Vec<postern_model::Reject>,
}

impl Sink for Rows {
    fn rows(&mut self, rows: postern_model::Batch) -> Result<(), SinkError> {
        match rows.schema.name {
            "relations" => self.relations += rows.rows(),
            "objects" => self.objects += rows.rows(),
            _ => {}
        }
        Ok(())
    }

    fn reject(&mut self, reject: postern_model::Reject) {
        self.longest_text = self.longest_text.max(reject.reason.len());
        self.rejects.push(reject);
    }
}

impl Rows {
    fn reasons(&self) -> Vec<&str> {
        self.rejects.iter().map(|it| &*it.reason).collect()
    }
}

fn tail(kind: &str) -> String {
    format!(r#"],"meta":{{"methods":65,"type":"{kind}","count":1,"version":6}}}}"#)
}

/// A group that goes in, behind one that does not.
fn good_group() -> String {
    format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-7","Members":[{{"ObjectIdentifier":"{DOMAIN}-8","ObjectType":"User"}}]}}"#
    )
}

#[test]
fn a_record_of_three_gigabytes_is_left_out_with_its_limit_named_and_the_rest_goes_in() {
    let unit = "x".repeat(1 << 20);
    let head = r#"{"data":[{"ObjectIdentifier":"S-1-5-21-1-2-3-9","Properties":{"name":""#;
    let tail = format!(r#""}}}},{}{}"#, good_group(), tail("groups"));
    let (summary, rows) = read_made(head, &unit, 3 << 10, &tail);
    let summary = summary.unwrap();
    assert_eq!(
        rows.reasons(),
        [format!("the record is longer than {RECORD_BYTES_MAX} bytes")]
    );
    assert_eq!((rows.objects, rows.relations), (1, 1));
    assert_eq!(rows.rejects[0].position, "data[0], byte 9");
    let unread = Coverage::Whole {
        unread: vec![format!("{DOMAIN}-9")],
    };
    let members = summary.cells.iter().find(|it| it.cell.facet == Facet::Members);
    assert_eq!(members.map(|it| &it.coverage), Some(&unread));
}

#[test]
fn a_number_a_nest_or_an_array_that_does_not_end_within_the_limit_is_left_out_too() {
    let tail = format!("1}},{}{}", good_group(), tail("groups"));
    let deep = format!("]{tail}");
    let times = (RECORD_BYTES_MAX as u64 >> 20) + 1;
    for (unit, tail) in [("1", &tail), ("null,", &deep)] {
        let unit = unit.repeat((1 << 20) / unit.len());
        let head = if tail == &deep {
            r#"{"data":[{"ObjectIdentifier":"a","Members":["#
        } else {
            r#"{"data":[{"ObjectIdentifier":"a","x":"#
        };
        let (summary, rows) = read_made(head, &unit, times, tail);
        summary.unwrap();
        assert_eq!((rows.relations, rows.rejects.len()), (1, 1), "{:?}", rows.reasons());
    }
}

#[test]
fn a_line_of_three_gigabytes_that_is_no_collection_is_refused_with_one_sentence() {
    let unit = "x".repeat(1 << 20);
    for (head, tail) in [(r#"{"meta":""#, r#""}"#), (r#"{""#, r#"":1}"#)] {
        let (outcome, _) = read_made(head, &unit, 3 << 10, tail);
        let sentence = outcome.unwrap_err().to_string();
        assert!(sentence.starts_with("file is not a known format"), "{sentence}");
    }
}

#[test]
fn ten_thousand_brackets_are_one_reject() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let nest = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let text = format!(
            r#"{{"note":{nest},"data":[{nest},{{"ObjectIdentifier":"b","Properties":{{"x":{nest}}}}},{}{}"#,
            good_group(),
            tail("groups")
        );
        let mut kept = Kept::default();
        kept.read(text.as_bytes()).unwrap();
        assert_eq!(kept.rejects.len(), 2, "{:?}", kept.rejects);
        assert!(kept.rejects.iter().any(|it| it.reason.contains("nested less deeply")));
        assert_eq!(kept.rows("relations", &["source"]).len(), 1);
    }
}

#[test]
fn a_million_members_of_one_group_go_in() {
    let member = format!(r#"{{"ObjectIdentifier":"{DOMAIN}-1001","ObjectType":"User"}},"#);
    let head = format!(r#"{{"data":[{{"ObjectIdentifier":"{DOMAIN}-600","Members":["#);
    let tail = format!("{}]}}{}", &member[..member.len() - 1], tail("groups"));
    let (summary, rows) = read_made(&head, &member, 999_999, &tail);
    let summary = summary.unwrap();
    assert_eq!(
        (rows.relations, rows.rejects.len()),
        (1_000_000, 0),
        "{:?}",
        rows.reasons()
    );
    assert_eq!(summary.counts.relations, 1, "it is one member, a million times");
}

#[test]
fn a_record_whose_lists_take_too_much_memory_is_left_out_with_the_limit_named() {
    let tail = format!("{{}}]}},{}{}", good_group(), tail("groups"));
    let head = r#"{"data":[{"ObjectIdentifier":"a","Members":["#;
    let (summary, rows) = read_made(head, "{},", 5_000_000, &tail);
    summary.unwrap();
    assert_eq!(
        rows.reasons(),
        [format!("its lists take more than {LISTS_BYTES_MAX} bytes of memory")]
    );
    assert_eq!(rows.relations, 1);
}

#[test]
fn a_file_of_nothing_but_bad_records_lists_some_and_counts_the_others() {
    for bad in ["{},", r#"{"Aces":7},"#, "[],"] {
        let tail = format!("{{}}{}", tail("groups"));
        let (summary, rows) = read_made(r#"{"data":["#, bad, 500_000, &tail);
        assert!(summary.unwrap().cells.is_empty());
        assert_eq!(rows.rejects.len() as u64, REJECTS_MAX + 1);
        assert_eq!(
            rows.reasons().last(),
            Some(&"490001 more are left out; the first 10000 are listed")
        );
    }
}

#[test]
fn lists_that_multiply_are_left_out_beyond_their_limit() {
    let principals = |count: usize| vec![r#"{"ObjectIdentifier":"a"}"#; count].join(",");
    let count = PRODUCT_MAX.isqrt() + 1;
    let ou = format!(
        r#"{{"ObjectIdentifier":"ou","GPOChanges":{{"LocalAdmins":[{0}],"AffectedComputers":[{0}]}}}}"#,
        principals(count)
    );
    let text = format!(r#"{{"data":[{ou}{}"#, tail("ous"));
    let (summary, rows) = read_made(&text, "-", 0, "");
    summary.unwrap();
    assert_eq!(rows.relations, 0);
    assert!(
        rows.reasons()[0].contains("are more than 10000000 relations"),
        "{:?}",
        rows.reasons()
    );
}

#[test]
fn ids_names_and_properties_without_end_stay_out_of_rows_and_sentences() {
    let long = "x".repeat(ID_BYTES_MAX + 1);
    let huge = "x".repeat(PROPERTIES_BYTES_MAX);
    let records = [
        format!(r#"{{"ObjectIdentifier":"{long}"}}"#),
        format!(r#"{{"ObjectIdentifier":"{DOMAIN}-1","Properties":{{"a":"{huge}"}}}}"#),
        format!(
            r#"{{"ObjectIdentifier":"{DOMAIN}-2","Members":[{{"ObjectIdentifier":"{long}"}}],
            "Aces":[{{"PrincipalSID":"a","RightName":"{long}"}},
              {{"PrincipalSID":"{long}","RightName":"GenericAll"}}]}}"#
        ),
        good_group(),
    ];
    let text = format!(r#"{{"data":[{}{}"#, records.join(","), tail("groups"));
    let (summary, rows) = read_made(&text, "-", 0, "");
    let summary = summary.unwrap();
    assert_eq!((rows.relations, rows.objects), (1, 2));
    assert!(rows.longest_text < 500, "{}", rows.longest_text);
    let reasons = rows.reasons();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert_eq!(reasons[0], "the ObjectIdentifier is longer than 4096 bytes");
    assert_eq!(reasons[1], "the properties are longer than 4194304 bytes");
    assert!(
        reasons[3].starts_with("2 rows are left out: an id is longer"),
        "{reasons:?}"
    );
    let is_whole = |facet| {
        let cell = summary.cells.iter().find(|it| it.cell.facet == facet);
        cell.is_some_and(|it| matches!(it.coverage, Coverage::Whole { .. }))
    };
    assert!(!is_whole(Facet::Members), "an object without an id was passed over");
}

#[test]
fn what_is_wrong_inside_a_record_stays_inside_it() {
    for bad in [
        "{\"ObjectIdentifier\":\"a\",\"Properties\":{\"description\":\"tab\there\"}}",
        "{\"ObjectIdentifier\":\"a\",\"Properties\":{\"description\":\"\0\"}}",
        r#"{"ObjectIdentifier":"a" "Members":[]}"#,
        r#"{"ObjectIdentifier":"a","Members":[1 2]}"#,
        r#"{"ObjectIdentifier":"a","n":01}"#,
        r#"{"ObjectIdentifier":"a","x":"\ud800","Properties":{"name":"\ud800"}}"#,
        r#"{"ObjectIdentifier":"a","Members":{"ObjectIdentifier":"b"}}"#,
        r#"{"ObjectIdentifier":["a"]}"#,
        r#""text""#,
        "12",
        "[[]]",
    ] {
        let text = format!(r#"{{"data":[{bad},{} ,{bad} {}"#, good_group(), tail("groups"));
        let mut kept = Kept::default();
        kept.read(text.as_bytes())
            .unwrap_or_else(|error| panic!("{bad}: {error}"));
        assert_eq!(kept.rejects.len(), 2, "{bad}: {:?}", kept.rejects);
        assert_eq!(kept.rows("relations", &["source"]).len(), 1, "{bad}");
    }
}

#[test]
fn of_a_key_that_is_repeated_the_last_counts() {
    let record = format!(
        r#"{{"ObjectIdentifier":"x","ObjectIdentifier":"{DOMAIN}-1","Members":[{{"ObjectIdentifier":"b"}}],
        "members":[{{"ObjectIdentifier":"c","objectidentifier":"d"}}],"Properties":{{"name":"A"}},
        "Properties":{{"name":"B","NAME":"C"}}}}"#
    );
    let text = format!(r#"{{"data":[{record}],"data":[{}{}"#, good_group(), tail("groups"));
    let mut kept = Kept::default();
    kept.read(text.as_bytes()).unwrap();
    assert_eq!(kept.rows("objects", &["id", "name"])[0], [&format!("{DOMAIN}-1"), "C"]);
    assert_eq!(
        kept.rows("relations", &["source"]),
        [["D".to_owned()], [format!("{DOMAIN}-8")]]
    );
}

#[test]
fn an_object_that_is_listed_twice_is_one_object_and_both_records_count() {
    let record = |member: &str| {
        format!(r#"{{"ObjectIdentifier":"{member}","Members":[{{"ObjectIdentifier":"m"}}],"Properties":{{"a":1}}}}"#)
    };
    let text = format!(
        r#"{{"data":[{},{}{}"#,
        record("s-1-5-21-1-2-3-9"),
        record("S-1-5-21-1-2-3-9"),
        tail("groups")
    );
    let mut kept = Kept::default();
    let summary = kept.read(text.as_bytes()).unwrap();
    let ids: std::collections::BTreeSet<_> = kept.rows("objects", &["id"]).into_iter().collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(summary.counts.assets, 2);
}

#[test]
fn a_list_of_principals_may_hold_ids_alone_in_every_format() {
    let text = format!(
        r#"{{"data":[{{"ObjectIdentifier":"{DOMAIN}-1","AllowedToDelegate":["{DOMAIN}-2",null,"host.example"]}}{}"#,
        tail("users")
    );
    let mut kept = Kept::default();
    kept.read(text.as_bytes()).unwrap();
    assert_eq!(
        kept.rows("relations", &["target", "target_kind"]),
        [["S-1-5-21-1-2-3-2", "Computer"], ["HOST.EXAMPLE", "Computer"]]
    );
}

#[test]
fn before_format_6_the_domain_of_an_account_stands_in_its_properties() {
    let record = format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-1000","PrimaryGroupSID":"{DOMAIN}-516","Properties":{{"domainsid":"{DOMAIN}",
        "unconstraineddelegation":true}}}}"#
    );
    for (version, wanted) in [(5, 1), (4, 1), (6, 0)] {
        let text = format!(r#"{{"data":[{record}],"meta":{{"methods":0,"type":"computers","version":{version}}}}}"#);
        let mut kept = Kept::default();
        kept.read(text.as_bytes()).unwrap();
        let kinds = kept.rows("relations", &["kind"]);
        let count = |kind: &str| kinds.iter().filter(|it| it[0] == kind).count();
        assert_eq!(
            (count("DCFor"), count("ContainsIdentity"), count("CoerceToTGT")),
            (wanted, wanted, 0)
        );
    }
}

#[test]
fn a_type_that_is_not_known_is_told_as_such() {
    let text = format!(r#"{{"data":[{{"ObjectIdentifier":"a"}}{}"#, tail("sites"));
    let sentence = Kept::default().read(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        sentence,
        "file is a SharpHound file of the unknown type `sites`; SharpHound formats 3 to 6 are understood"
    );
}

#[test]
fn registry_values_are_read_by_either_name() {
    for name in ["Value", "Result"] {
        let record = format!(
            r#"{{"ObjectIdentifier":"{DOMAIN}-1","DCRegistryData":{{
            "CertificateMappingMethods":{{"Collected":true,"FailureReason":null,"{name}":31}},
            "StrongCertificateBindingEnforcement":{{"Collected":true,"{name}":"-1"}},
            "VulnerableNetlogonSecurityDescriptor":{{"Collected":true,"{name}":"O:BA"}}}}}}"#
        );
        let text = format!(r#"{{"data":[{record}{}"#, tail("computers"));
        let mut kept = Kept::default();
        kept.read(text.as_bytes()).unwrap();
        let properties = kept.rows("objects", &["properties"]);
        let found: serde_json::Value = serde_json::from_str(&properties[1][0]).unwrap();
        assert_eq!(found["certificatemappingmethodsraw"], 31);
        assert_eq!(found["strongcertificatebindingenforcementraw"], -1);
        assert_eq!(found["vulnerablenetlogonsecuritydescriptor"], "O:BA");
    }
}

#[test]
fn every_case_that_breaks_off_anywhere_is_refused() {
    for case in crate::testing::cases(FORMAT.id) {
        let bytes = crate::testing::input_of(&case);
        let end = bytes.trim_ascii_end().len();
        for length in 0..end {
            let mut rows = Rows::default();
            let outcome = crate::read(
                Input {
                    name: "file",
                    length: length as u64,
                    bytes: &mut std::io::Cursor::new(&bytes[..length]),
                    site: None,
                },
                &mut rows,
            );
            assert!(outcome.is_err(), "{}: {length} bytes", case.display());
        }
    }
}

#[test]
fn the_domain_is_the_first_seven_parts_of_a_sid() {
    let domain = Some("S-1-5-21-1-2-3");
    assert_eq!(domain_of_id("S-1-5-21-1-2-3-1104-544"), domain);
    assert_eq!(domain_of_id("S-1-5-21-1-2-3-500"), domain);
    assert_eq!(domain_of_id("S-1-5-21-1-2-3"), domain);
    assert_eq!(domain_of_id("S-1-5-21-1-2"), None);
    assert_eq!(domain_of_id("S-1-5-21-1-2-"), None);
    assert_eq!(domain_of_id("EXAMPLE.ORG-S-1-5-11"), None);
}

#[test]
fn kinds_are_read_in_any_spelling() {
    assert_eq!(kind_of("IssuancePolicies"), NodeKind::IssuancePolicy);
    assert_eq!(kind_of("computer"), NodeKind::Computer);
    assert_eq!(kind_of("LocalGroup"), NodeKind::LocalGroup);
    assert_eq!(kind_of("ForeignSecurityPrincipal"), NodeKind::Base);
}
