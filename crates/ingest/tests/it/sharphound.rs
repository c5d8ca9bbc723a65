//! SharpHound files as a whole: what comes out of bytes, in which cells.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::PathBuf;

use postern_ingest::{IngestError, Input, Sink, SinkError, Summary, read, sniff};
use postern_model::schema::{COVERED, OBJECTS, RELATIONS};
use postern_model::{Batch, Coverage, Facet, ObjectClass, Reject};
use proptest::prelude::*;

/// All that came out of a file, as text.
#[derive(Default)]
struct Rows {
    /// (cell, subject, id, kind, name, properties)
    objects: Vec<(usize, String, String, String, String, String)>,
    /// (cell, subject, source, kind, target, properties)
    relations: Vec<(usize, String, String, String, String, String)>,
    kinds: BTreeMap<String, BTreeSet<String>>,
    covered: Vec<(usize, String)>,
    rejects: Vec<Reject>,
}

impl Sink for Rows {
    fn rows(&mut self, rows: Batch) -> Result<(), SinkError> {
        for row in 0..rows.rows() {
            let cell = rows
                .long(row, 0)
                .and_then(|cell| usize::try_from(cell).ok())
                .expect("every row has a cell");
            let text = |name: &str| rows.text(row, rows.schema.column(name)).to_owned();
            if rows.schema.name == OBJECTS.name {
                self.objects.push((
                    cell,
                    text("subject"),
                    text("id"),
                    text("kind"),
                    text("name"),
                    text("properties"),
                ));
            } else if rows.schema.name == RELATIONS.name {
                self.kinds
                    .entry(text("source"))
                    .or_default()
                    .insert(text("source_kind"));
                self.kinds
                    .entry(text("target"))
                    .or_default()
                    .insert(text("target_kind"));
                let (source, target) = (text("source"), text("target"));
                self.relations
                    .push((cell, text("subject"), source, text("kind"), target, text("properties")));
            } else {
                assert_eq!(rows.schema.name, COVERED.name);
                self.covered.push((cell, text("subject")));
            }
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

impl Rows {
    fn edges(&self) -> BTreeSet<(&str, &str, &str)> {
        self.relations
            .iter()
            .map(|(_, _, source, kind, target, _)| (&**source, &**kind, &**target))
            .collect()
    }

    fn edges_of(&self, kind: &str) -> Vec<(&str, &str)> {
        let all = self.edges().into_iter();
        all.filter(|(_, it, _)| *it == kind)
            .map(|(source, _, target)| (source, target))
            .collect()
    }

    /// Properties of the object in cells of a facet.
    fn properties(&self, summary: &Summary, facet: Facet, id: &str) -> Vec<serde_json::Value> {
        self.objects
            .iter()
            .filter(|row| summary.cells[row.0].cell.facet == facet && row.2 == id)
            .map(|row| serde_json::from_str(&row.5).expect("properties are JSON"))
            .collect()
    }

    fn covered_in(&self, summary: &Summary, boundary: &str, facet: Facet) -> BTreeSet<&str> {
        self.covered
            .iter()
            .filter(|(cell, _)| {
                summary.cells[*cell].cell.boundary == boundary && summary.cells[*cell].cell.facet == facet
            })
            .map(|(_, subject)| &**subject)
            .collect()
    }
}

fn parse(bytes: &[u8]) -> (Result<Summary, IngestError>, Rows) {
    let mut rows = Rows::default();
    let mut reader = Cursor::new(bytes);
    let input = Input {
        name: "file.json",
        bytes: &mut reader,
        length: bytes.len() as u64,
        site: None,
    };
    (read(input, &mut rows), rows)
}

fn parsed(json: &str) -> (Summary, Rows) {
    let (summary, rows) = parse(json.as_bytes());
    (summary.unwrap_or_else(|error| panic!("{error}\n{json}")), rows)
}

fn sentence(json: &str) -> String {
    parse(json.as_bytes())
        .0
        .expect_err("the file is refused as a whole")
        .to_string()
}

/// All methods but the loops, as a number.
const ALL: i64 = 521_215;

fn file(kind: &str, methods: i64, records: &[&str]) -> String {
    format!(
        r#"{{"data":[{}],"meta":{{"methods":{methods},"type":"{kind}","count":7,"version":6}}}}"#,
        records.join(",")
    )
}

fn coverage<'a>(summary: &'a Summary, boundary: &str, facet: Facet) -> Option<&'a Coverage> {
    let mut found = summary
        .cells
        .iter()
        .filter(|it| it.cell.boundary == boundary && it.cell.facet == facet);
    let first = found.next();
    assert!(found.next().is_none(), "a cell is declared once");
    first.map(|it| &it.coverage)
}

fn whole() -> Option<&'static Coverage> {
    static WHOLE: Coverage = Coverage::Whole { unread: Vec::new() };
    Some(&WHOLE)
}

const DOMAIN: &str = "S-1-5-21-1-2-3";

/// A user with one right on it.
fn user(rid: u32) -> String {
    format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-{rid}","Properties":{{"name":"U{rid}@A.EXAMPLE","domainsid":"{DOMAIN}",
        "distinguishedname":"CN=U{rid},DC=A,DC=EXAMPLE","enabled":true}},"PrimaryGroupSID":"{DOMAIN}-513",
        "Aces":[{{"PrincipalSID":"{DOMAIN}-512","PrincipalType":"Group","RightName":"GenericAll","IsInherited":true}}],
        "ContainedBy":{{"ObjectIdentifier":"ab-1","ObjectType":"OU"}},"IsACLProtected":false}}"#
    )
}

#[test]
fn meta_may_stand_first_and_a_byte_order_mark_before_it() {
    let (_, last) = parsed(&file("users", ALL, &[&user(1001)]));
    let first = format!(
        "\u{feff} {{ \"meta\" : {{\"version\":6,\"type\":\"Users\",\"methods\":{ALL},\"count\":0}},
        \"data\" : [ {} ] }}\n",
        user(1001)
    );
    let (summary, rows) = parsed(&first);
    assert_eq!(rows.edges(), last.edges());
    assert_eq!(
        rows.edges().into_iter().collect::<Vec<_>>(),
        [
            ("AB-1", "Contains", "S-1-5-21-1-2-3-1001"),
            ("AB-1", "PropagatesACEsTo", "S-1-5-21-1-2-3-1001"),
            ("S-1-5-21-1-2-3-1001", "MemberOf", "S-1-5-21-1-2-3-513"),
            ("S-1-5-21-1-2-3-512", "GenericAll", "S-1-5-21-1-2-3-1001"),
        ]
    );
    assert_eq!((summary.counts.assets, summary.counts.relations), (4, 4));
}

#[test]
fn meta_between_other_keys_and_far_from_the_end_is_found() {
    let filler = "x".repeat(100_000);
    let json = format!(
        r#"{{"note":{{"meta":{{"type":"groups"}}}},"data":[{}],
        "meta":{{"type":"users","version":5,"methods":0}},"more":"{filler}"}}"#,
        user(1001)
    );
    let (_, rows) = parsed(&json);
    assert_eq!(rows.edges_of("MemberOf").len(), 1);
    let hidden = r#"{"data":["\"meta\":{\"type\":\"users\"}"],"note":"},\"meta\":{}"}"#;
    assert_eq!(sentence(hidden), Unknown.to_string());
}

/// The sentence for a file that is in no known format.
struct Unknown;

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        IngestError::Unknown {
            name: "file.json".to_owned(),
        }
        .fmt(f)
    }
}

#[test]
fn files_that_are_not_understood_are_refused_with_one_sentence() {
    for (json, wanted) in [
        (
            r#"{"data":[],"meta":{"type":"users","version":7}}"#,
            "is SharpHound format 7; SharpHound formats 3 to 6",
        ),
        (
            r#"{"users":[],"meta":{"type":"users","version":2,"count":0}}"#,
            "is SharpHound format 2, which names everything by its name; SharpHound formats 3 to 6",
        ),
        (
            r#"{"users":[{"ObjectIdentifier":"a"},"#,
            "the file ends too early in data[1]: it was cut off",
        ),
        (r#"{"data":[{"ObjectIdentifier":"a"}]}"#, "there is no `meta`"),
        (
            r#"{"data":[{"ObjectIdentifier":"a"},"#,
            "the file ends too early in data[1]: it was cut off",
        ),
        (
            r#"{"data":[{"ObjectIdentifier":"a""#,
            "the file ends too early in data[0]: it was cut off",
        ),
        (
            r#"{"data":{},"meta":{"type":"users","version":6}}"#,
            "`data` is no array",
        ),
        (
            r#"{"meta":{"type":"users","version":6}}"#,
            "there is no array of records, `data`",
        ),
        ("", "is empty"),
        ("plain text", "is not a known format"),
        (r#"{"a":1}"#, "is not a known format"),
        ("[]", "is not a known format"),
    ] {
        let sentence = sentence(json);
        assert!(
            sentence.starts_with("file.json ") && sentence.contains(wanted),
            "{json}: {sentence}"
        );
    }
}

#[test]
fn json_in_utf_16_is_refused_with_what_to_do() {
    let text = format!("\u{feff}{}", file("users", ALL, &[&user(1001)]));
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let sentence = parse(&bytes).0.expect_err("UTF-16").to_string();
    assert_eq!(
        sentence,
        "file.json at byte 0: the text is UTF-16; save it as UTF-8 and import it again"
    );
}

#[test]
fn an_empty_file_of_records_says_nothing() {
    let (summary, rows) = parsed(&file("users", ALL, &[]));
    assert!(summary.cells.is_empty() && rows.objects.is_empty() && rows.rejects.is_empty());
}

#[test]
fn a_bad_record_is_rejected_with_its_place_and_the_rest_goes_in() {
    let bad = format!(r#"{{"ObjectIdentifier":"{DOMAIN}-1002","Aces":"none"}}"#);
    let (summary, rows) = parsed(&file("users", ALL, &[&user(1001), &bad, &user(1003)]));
    assert_eq!(rows.rejects.len(), 1);
    assert!(
        rows.rejects[0].position.starts_with("data[1], byte "),
        "{}",
        rows.rejects[0].position
    );
    assert!(
        rows.rejects[0].reason.contains("an array is expected"),
        "{}",
        rows.rejects[0].reason
    );
    assert_eq!(rows.edges_of("MemberOf").len(), 2);
    let unread = Coverage::Whole {
        unread: vec![format!("{DOMAIN}-1002")],
    };
    assert_eq!(coverage(&summary, DOMAIN, Facet::Acl), Some(&unread));
}

#[test]
fn a_record_that_is_no_utf_8_is_rejected_alone() {
    let mut bytes = file("users", ALL, &[&user(1001), &user(1002), &user(1003)]).into_bytes();
    let at = bytes.windows(5).position(|window| window == b"U1002").unwrap();
    bytes[at] = 0xE9;
    let (summary, rows) = parse(&bytes);
    assert!(summary.is_ok());
    assert_eq!(rows.rejects.len(), 1);
    assert!(rows.rejects[0].reason.contains("UTF-8"));
    assert_eq!(rows.edges_of("MemberOf").len(), 2);
}

#[test]
fn nulls_everywhere_are_nothing() {
    let keys = "Properties Aces IsDeleted IsACLProtected ContainedBy PrimaryGroupSID AllowedToDelegate HasSIDHistory \
        SPNTargets UnconstrainedDelegation DomainSID IsDC AllowedToAct DumpSMSAPassword Sessions PrivilegedSessions \
        RegistrySessions LocalGroups UserRights DCRegistryData SmbInfo IsWebClientRunning NTLMRegistryData Members \
        ChildObjects Links Trusts GPOChanges InheritanceHashes HostingComputer EnabledCertTemplates CARegistryData \
        HttpEnrollmentEndpoints GroupLink Status";
    let nulls: Vec<_> = keys.split_whitespace().map(|key| format!("\"{key}\":null")).collect();
    let record = format!(r#"{{"ObjectIdentifier":"{DOMAIN}-1001",{}}}"#, nulls.join(","));
    for kind in "computers users groups domains ous gpos containers certtemplates enterprisecas rootcas aiacas \
        ntauthstores issuancepolicies"
        .split_whitespace()
    {
        let (summary, rows) = parsed(&file(kind, ALL, &[&record, "null"]));
        assert_eq!((rows.objects.len(), rows.relations.len()), (1, 0), "{kind}");
        assert_eq!(rows.objects[0].5, "{}");
        // The record that is null altogether has no id.
        assert_eq!(rows.rejects.len(), 1);
        assert_eq!(summary.counts.assets, 1);
    }
}

#[test]
fn a_right_that_is_not_known_is_reported_once_with_its_count() {
    let ace = r#"{"PrincipalSID":"S-1-5-21-1-2-3-7","PrincipalType":"User","RightName":"Juggle"}"#;
    let record = |rid: u32| format!(r#"{{"ObjectIdentifier":"{DOMAIN}-{rid}","Aces":[{ace},{ace}]}}"#);
    let (summary, rows) = parsed(&file("users", ALL, &[&record(1), &record(2)]));
    assert_eq!(rows.rejects.len(), 1);
    assert_eq!(
        rows.rejects[0].reason,
        "the right `Juggle` is not known; 4 entries with it are left out"
    );
    assert_eq!(coverage(&summary, DOMAIN, Facet::Acl), whole());
}

#[test]
fn an_object_s_right_on_itself_is_no_relation() {
    let record = format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-1","Aces":[
        {{"PrincipalSID":"{DOMAIN}-1","PrincipalType":"User","RightName":"GenericAll"}},
        {{"PrincipalSID":"{DOMAIN}-9","PrincipalType":"User","RightName":"Owns"}},
        {{"PrincipalSID":"{DOMAIN}-8","PrincipalType":"User","RightName":"WriteOwner","IsInherited":"true"}}]}}"#
    );
    let (summary, rows) = parsed(&file("users", ALL, &[&record]));
    assert_eq!(
        rows.edges()
            .into_iter()
            .map(|(source, kind, _)| (source, kind))
            .collect::<Vec<_>>(),
        [("S-1-5-21-1-2-3-8", "WriteOwnerRaw"), ("S-1-5-21-1-2-3-9", "OwnsRaw")]
    );
    let owner = rows.properties(&summary, Facet::Acl, &format!("{DOMAIN}-1"));
    assert_eq!(owner[0]["ownersid"], format!("{DOMAIN}-9"));
}

#[test]
fn a_session_loop_touches_neither_access_control_lists_nor_properties() {
    let computer = format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-1001","Properties":{{"name":"PC.A.EXAMPLE","domainsid":"{DOMAIN}"}},
        "Aces":[],"PrimaryGroupSID":null,"AllowedToAct":[],"IsACLProtected":false,"LocalGroups":[],"UserRights":[],
        "Sessions":{{"Collected":true,"FailureReason":null,"Results":[
            {{"UserSID":"{DOMAIN}-7","ComputerSID":"{DOMAIN}-1001"}}]}},
        "PrivilegedSessions":{{"Collected":false,"Results":[]}},"DomainSID":"{DOMAIN}"}}"#
    );
    let (summary, rows) = parsed(&file("computers", 1 << 3 | 1 << 10, &[&computer]));
    let facets: BTreeSet<_> = summary
        .cells
        .iter()
        .map(|it| (it.cell.facet.clone(), it.coverage.clone()))
        .map(|it| (it.0, format!("{:?}", it.1)))
        .collect();
    assert_eq!(
        facets.into_iter().collect::<Vec<_>>(),
        [
            (Facet::Properties, "Mention".to_owned()),
            (Facet::Sessions, "Subjects".to_owned())
        ]
    );
    assert_eq!(
        rows.edges_of("HasSession"),
        [("S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-7")]
    );
    assert_eq!(rows.covered, [(1, format!("{DOMAIN}-1001"))]);
}

#[test]
fn a_host_that_did_not_answer_is_not_covered() {
    let computer = |rid: u32, collected: bool| {
        format!(
            r#"{{"ObjectIdentifier":"{DOMAIN}-{rid}","Properties":{{"domainsid":"{DOMAIN}"}},
            "Sessions":{{"Collected":{collected},"Results":[]}},
            "LocalGroups":[{{"Collected":{collected},"ObjectIdentifier":"{DOMAIN}-{rid}-544","Name":"ADMINISTRATORS@X",
                "Results":[{{"ObjectIdentifier":"{DOMAIN}-512","ObjectType":"Group"}}],
                "LocalNames":[{{"ObjectIdentifier":"{DOMAIN}-{rid}-500","PrincipalName":"ADMIN@X"}}]}},
              {{"Collected":{collected},"ObjectIdentifier":"{DOMAIN}-{rid}-555","Name":"RDP@X","Results":[]}},
              {{"Collected":{collected},"ObjectIdentifier":"{DOMAIN}-{rid}-1001","Name":"Direct Access Users@X"}}],
            "UserRights":[{{"Collected":{collected},"Privilege":"SeRemoteInteractiveLogonRight",
                "Results":[{{"ObjectIdentifier":"{DOMAIN}-513","ObjectType":"Group"}}]}}],
            "SmbInfo":{{"Collected":{collected},"Result":{{"SigningEnabled":false}}}},
            "NTLMRegistryData":{{"Collected":{collected},"Result":{{"RestrictSendingNtlmTraffic":null}}}}}}"#
        )
    };
    let (summary, rows) = parsed(&file("computers", ALL, &[&computer(1, true), &computer(2, false)]));
    for facet in [
        Facet::Sessions,
        Facet::LocalGroups,
        Facet::UserRights,
        Facet::Smb,
        Facet::Ntlm,
    ] {
        assert_eq!(
            coverage(&summary, DOMAIN, facet.clone()),
            Some(&Coverage::Subjects),
            "{facet}"
        );
        assert_eq!(
            rows.covered_in(&summary, DOMAIN, facet.clone()),
            [&*format!("{DOMAIN}-1")].into(),
            "{facet}"
        );
    }
    assert_eq!(
        rows.edges_of("LocalToComputer"),
        [
            ("S-1-5-21-1-2-3-1-1001", "S-1-5-21-1-2-3-1"),
            ("S-1-5-21-1-2-3-1-544", "S-1-5-21-1-2-3-1")
        ]
    );
    let host = format!("{DOMAIN}-1");
    assert_eq!(rows.properties(&summary, Facet::UserRights, &host)[0]["hasura"], true);
    let answer = |facet| rows.properties(&summary, facet, &host).remove(0);
    assert_eq!(answer(Facet::Smb), serde_json::json!({"smbsigning":false}));
    assert_eq!(
        answer(Facet::Ntlm),
        serde_json::json!({"restrictoutboundntlm":false,"restrictoutboundntlmisdefault":true})
    );
    assert_eq!(coverage(&summary, DOMAIN, Facet::WebClient), None);
    assert!(
        rows.objects
            .iter()
            .any(|row| row.2 == "S-1-5-21-1-2-3-1-500" && row.4 == "ADMIN@X")
    );
}

#[test]
fn only_the_home_domain_is_seen_as_a_whole() {
    let container = |id: &str, domain: &str, place: &str| {
        format!(
            r#"{{"ObjectIdentifier":"{id}","Properties":{{"domainsid":"{domain}",
            "distinguishedname":"CN=X,{place}DC=A,DC=EXAMPLE","whencreated":1}},"Aces":[]}}"#
        )
    };
    let root = "S-1-5-21-9-9-9";
    let records = [
        container("a", DOMAIN, ""),
        container("b", root, "CN=CONFIGURATION,"),
        container("c", root, "CN=SITES,CN=CONFIGURATION,"),
    ];
    let records: Vec<_> = records.iter().map(|it| &**it).collect();
    let (summary, rows) = parsed(&file("containers", ALL, &records));
    assert_eq!(coverage(&summary, DOMAIN, Facet::Acl), whole());
    assert_eq!(coverage(&summary, root, Facet::Acl), Some(&Coverage::Subjects));
    assert_eq!(rows.covered_in(&summary, root, Facet::Acl), ["B", "C"].into());
    assert!(summary.cells.iter().all(|it| it.cell.class == ObjectClass::Containers));
}

#[test]
fn what_is_said_of_another_domain_s_well_known_group_belongs_to_the_home_domain() {
    let group = |id: &str, domain: &str, place: &str, member: &str| {
        format!(
            r#"{{"ObjectIdentifier":"{id}","Properties":{{"domainsid":"{domain}"{place}}},"Aces":[],
            "Members":[{{"ObjectIdentifier":"{member}","ObjectType":"Computer"}}]}}"#
        )
    };
    let own = group(
        &format!("{DOMAIN}-512"),
        DOMAIN,
        r#","distinguishedname":"CN=X,DC=A""#,
        "S-1-5-21-1-2-3-500",
    );
    let foreign = group("ROOT.EXAMPLE-S-1-5-9", "S-1-5-21-9-9-9", "", "S-1-5-21-1-2-3-1000");
    let (summary, rows) = parsed(&file("groups", ALL, &[&foreign, &own]));
    let boundaries: BTreeSet<_> = summary.cells.iter().map(|it| &*it.cell.boundary).collect();
    assert_eq!(boundaries, [DOMAIN].into());
    assert_eq!(rows.edges_of("MemberOf").len(), 2);
    assert_eq!(coverage(&summary, DOMAIN, Facet::Members), whole());
}

#[test]
fn data_beside_the_methods_covers_its_own_object_only() {
    let plain = format!(r#"{{"ObjectIdentifier":"{DOMAIN}-5","Properties":{{"domainsid":"{DOMAIN}"}},"Aces":[]}}"#);
    let (summary, rows) = parsed(&file("users", 1 << 9, &[&user(1001), &plain]));
    assert_eq!(coverage(&summary, DOMAIN, Facet::Properties), whole());
    assert_eq!(coverage(&summary, DOMAIN, Facet::Acl), Some(&Coverage::Subjects));
    assert_eq!(
        rows.covered_in(&summary, DOMAIN, Facet::Acl),
        [&*format!("{DOMAIN}-1001")].into()
    );
}

#[test]
fn untold_methods_cover_what_the_records_tell() {
    let (summary, _) = parsed(&file("users", 0, &[&user(1001), &user(1002)]));
    for facet in [Facet::Properties, Facet::Acl, Facet::Containment, Facet::Members] {
        assert_eq!(coverage(&summary, DOMAIN, facet.clone()), whole(), "{facet}");
    }
    assert_eq!(coverage(&summary, DOMAIN, Facet::SpnTargets), None);
}

#[test]
fn deleted_objects_are_mentions_in_cells_of_their_own() {
    let (summary, rows) = parsed(&file("deleted", 46_067, &[r#""e75f""#, &format!("\"{DOMAIN}-21\"")]));
    assert_eq!(
        rows.objects.iter().map(|row| &*row.2).collect::<Vec<_>>(),
        ["E75F", "S-1-5-21-1-2-3-21"]
    );
    let flagged = format!(r#"{{"ObjectIdentifier":"{DOMAIN}-22","IsDeleted":true,"Properties":{{}}}}"#);
    let (of_users, users) = parsed(&file("users", ALL, &[&flagged, &user(1001)]));
    assert_eq!(coverage(&of_users, DOMAIN, Facet::Tombstones), Some(&Coverage::Mention));
    assert!(
        users
            .objects
            .iter()
            .any(|row| row.2 == format!("{DOMAIN}-22") && row.3 == "Base" && row.5.is_empty())
    );
    for cell in summary.cells {
        assert_eq!(
            (cell.cell.class, cell.coverage),
            (ObjectClass::Deleted, Coverage::Mention)
        );
    }
}

#[test]
fn sessions_of_a_file_of_their_own_cover_their_computers() {
    let session = |user: u32| format!(r#"{{"ComputerSID":"{DOMAIN}-1","UserSID":"{DOMAIN}-{user}","LogonType":2}}"#);
    let (summary, rows) = parsed(&file("sessions", 0, &[&session(5), &session(6), r#"{"UserSID":"x"}"#]));
    assert_eq!(summary.cells.len(), 1);
    assert_eq!(summary.cells[0].cell.class, ObjectClass::Computers);
    assert_eq!(coverage(&summary, DOMAIN, Facet::Sessions), Some(&Coverage::Subjects));
    assert_eq!(rows.relations[0].5, r#"{"logontype":2}"#);
    assert_eq!(
        (rows.relations.len(), rows.covered.len(), rows.rejects.len()),
        (2, 1, 1)
    );
}

#[test]
fn trusts_are_edges_in_the_direction_of_the_way_in() {
    let trust = |sid: &str, direction: &str, kind: &str, filtering: bool, delegation: bool| {
        format!(
            r#"{{"TargetDomainSid":"{sid}","TargetDomainName":"{sid}.EXAMPLE","IsTransitive":true,
            "SidFilteringEnabled":{filtering},"TGTDelegationEnabled":{delegation},"TrustAttributes":"32",
            "TrustDirection":{direction},"TrustType":{kind}}}"#
        )
    };
    let domain = format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}","Properties":{{"domainsid":"{DOMAIN}","minpwdlength":"7",
        "lockoutthreshold":"many","expirepasswordsonsmartcardonlyaccounts":"True"}},"Trusts":[{}]}}"#,
        [
            trust("child", r#""Bidirectional""#, r#""ParentChild""#, false, true),
            trust("in", "1", "\"Forest\"", false, true),
            trust("out", "\"Outbound\"", "3", false, true),
            trust("safe", "3", "2", true, false),
            trust("odd", r#""Sideways""#, r#""Forest""#, true, false),
        ]
        .join(",")
    );
    let (summary, rows) = parsed(&file("domains", ALL, &[&domain]));
    let edges: Vec<_> = rows.edges().into_iter().collect();
    assert_eq!(
        edges,
        [
            ("CHILD", "SameForestTrust", DOMAIN),
            ("IN", "AbuseTGTDelegation", DOMAIN),
            ("IN", "CrossForestTrust", DOMAIN),
            ("OUT", "SpoofSIDHistory", DOMAIN),
            (DOMAIN, "CrossForestTrust", "OUT"),
            (DOMAIN, "CrossForestTrust", "SAFE"),
            (DOMAIN, "SameForestTrust", "CHILD"),
            ("SAFE", "CrossForestTrust", DOMAIN),
        ]
    );
    assert!(
        rows.objects
            .iter()
            .any(|row| row.2 == "CHILD" && row.4 == "child.EXAMPLE" && row.3 == "Domain")
    );
    assert_eq!(rows.rejects.len(), 1, "a direction that is not known is told");
    let properties = &rows.properties(&summary, Facet::Properties, DOMAIN)[0];
    assert_eq!(properties["minpwdlength"], 7);
    assert_eq!(properties["lockoutthreshold"], "many");
    assert_eq!(properties["expirepasswordsonsmartcardonlyaccounts"], true);
}

#[test]
fn delegation_of_a_domain_controller_is_no_coercion() {
    let computer = |rid: u32, rest: &str| {
        format!(r#"{{"ObjectIdentifier":"{DOMAIN}-{rid}","UnconstrainedDelegation":true,{rest}}}"#)
    };
    let records = [
        computer(1, &format!(r#""IsDC":true,"DomainSID":"{DOMAIN}","Properties":{{}}"#)),
        computer(2, &format!(r#""IsDC":false,"DomainSID":"{DOMAIN}","Properties":{{}}"#)),
        computer(
            3,
            &format!(r#""Properties":{{"unconstraineddelegation":false,"domainsid":"{DOMAIN}"}}"#),
        ),
        computer(4, r#""Properties":{"domain":"A.EXAMPLE"}"#),
    ];
    let records: Vec<_> = records.iter().map(|it| &**it).collect();
    let (summary, rows) = parsed(&file("computers", ALL, &records));
    assert_eq!(rows.edges_of("DCFor"), [("S-1-5-21-1-2-3-1", DOMAIN)]);
    assert_eq!(rows.edges_of("CoerceToTGT"), [("S-1-5-21-1-2-3-2", DOMAIN)]);
    assert_eq!(
        rows.edges_of("ContainsIdentity"),
        [(DOMAIN, "S-1-5-21-1-2-3-1"), (DOMAIN, "S-1-5-21-1-2-3-2")]
    );
    let dc = &rows.properties(&summary, Facet::Properties, &format!("{DOMAIN}-1"))[0];
    assert_eq!((&dc["isdc"], &dc["domainsid"]), (&true.into(), &DOMAIN.into()));
}

#[test]
fn a_ca_s_own_list_is_told_apart_from_the_directory_s() {
    let ace = |principal: &str, kind: &str, right: &str| {
        format!(r#"{{"PrincipalSID":"{principal}","PrincipalType":"{kind}","RightName":"{right}"}}"#)
    };
    let directory = [
        ace("d", "User", "Enroll"),
        ace("h", "Computer", "ManageCA"),
        ace("g", "Group", "GenericAll"),
    ]
    .join(",");
    let own = [
        ace("o", "Group", "Owns"),
        ace("l", "ADLocalGroup", "ManageCA"),
        ace("e", "Group", "Enroll"),
        ace("m", "Group", "ManageCertificates"),
    ]
    .join(",");
    let ca = |collected: bool| {
        format!(
            r#"{{"ObjectIdentifier":"ca","Properties":{{"domainsid":"{DOMAIN}"}},"HostingComputer":"h",
            "EnabledCertTemplates":[{{"ObjectIdentifier":"t1"}},{{"ObjectIdentifier":"t2"}}],"Aces":[{directory}],
            "CARegistryData":{{"CASecurity":{{"Collected":{collected},"Data":[{own}]}},
              "IsUserSpecifiesSanEnabled":{{"Collected":{collected},"Value":true}},
              "DisabledExtensions":{{"Collected":{collected},"Value":["1.3.6.1.4.1.311.25.2"]}},
              "RPCEncryptionEnforced":{{"Collected":{collected},"Value":false}},
              "EnrollmentAgentRestrictions":{{"Collected":{collected},"Restrictions":[
                {{"AccessType":"AccessAllowedCallback","Agent":{{"ObjectIdentifier":"a"}},"AllTemplates":true}},
                {{"AccessType":"AccessDeniedCallback","Agent":{{"ObjectIdentifier":"b"}},"AllTemplates":true}}]}}}},
            "HttpEnrollmentEndpoints":[{{"Collected":{collected},"Result":{{"Url":"https://x/\"y\"",
              "ADCSWebEnrollmentHTTPS":true,"ADCSWebEnrollmentEPA":false}}}}]}}"#
        )
    };
    let (summary, rows) = parsed(&file("enterprisecas", ALL, &[&ca(true)]));
    assert_eq!(
        rows.edges().into_iter().collect::<Vec<_>>(),
        [
            ("A", "DelegatedEnrollmentAgent", "T1"),
            ("A", "DelegatedEnrollmentAgent", "T2"),
            ("D", "Enroll", "CA"),
            ("E", "Enroll", "CA"),
            ("G", "GenericAll", "CA"),
            ("H", "HostsCAService", "CA"),
            ("H", "ManageCA", "CA"),
            ("M", "ManageCertificates", "CA"),
            ("T1", "PublishedTo", "CA"),
            ("T2", "PublishedTo", "CA"),
        ]
    );
    let registry = &rows.properties(&summary, Facet::CaRegistry, "CA")[0];
    assert_eq!(registry["isuserspecifiessanenabled"], true);
    assert_eq!(registry["hasenrollmentagentrestrictions"], true);
    assert_eq!(registry["calistcollected"], true);
    assert_eq!(registry["caregistrycollected"], true);
    assert_eq!(registry["disabledextensions"][0], "1.3.6.1.4.1.311.25.2");
    assert_eq!(registry["rpcencryptionenforced"], false);
    let own = |(_, _, source, kind, _, properties): &&(_, _, String, String, _, String)| {
        (properties.contains("islistofca")).then(|| format!("{source} {kind}"))
    };
    let marked: BTreeSet<_> = rows.relations.iter().filter_map(|it| own(&it)).collect();
    assert_eq!(
        marked,
        ["E Enroll", "H ManageCA", "M ManageCertificates"]
            .map(str::to_owned)
            .into()
    );
    assert_eq!(
        rows.properties(&summary, Facet::HostSettings, "CA")[0]["hasvulnerableendpoint"],
        true
    );

    let (summary, rows) = parsed(&file("enterprisecas", ALL, &[&ca(false)]));
    assert_eq!(rows.edges_of("Enroll"), [("D", "CA")]);
    assert_eq!(coverage(&summary, DOMAIN, Facet::CaRegistry), None);
    assert_eq!(coverage(&summary, DOMAIN, Facet::HostSettings), None);
}

#[test]
fn policies_change_local_groups_of_the_computers_they_reach() {
    let ou = format!(
        r#"{{"ObjectIdentifier":"ou-1","Properties":{{"domainsid":"{DOMAIN}"}},
        "Links":[{{"GUID":"gpo-1","IsEnforced":true}},{{"Guid":"gpo-2","IsEnforced":null}}],
        "ChildObjects":[{{"ObjectIdentifier":"{DOMAIN}-1","ObjectType":"Computer"}}],
        "GPOChanges":{{"LocalAdmins":[{{"ObjectIdentifier":"{DOMAIN}-7","ObjectType":"User"}}],"DcomUsers":[],
          "AffectedComputers":[{{"ObjectIdentifier":"{DOMAIN}-1","ObjectType":"Computer"}}]}}}}"#
    );
    let (summary, rows) = parsed(&file("ous", ALL, &[&ou]));
    assert_eq!(rows.edges_of("GPLink"), [("GPO-1", "OU-1"), ("GPO-2", "OU-1")]);
    assert_eq!(
        rows.edges_of("MemberOfLocalGroup"),
        [("S-1-5-21-1-2-3-7", "S-1-5-21-1-2-3-1-544")]
    );
    assert_eq!(
        rows.edges_of("LocalToComputer"),
        [("S-1-5-21-1-2-3-1-544", "S-1-5-21-1-2-3-1")]
    );
    assert_eq!(rows.kinds["S-1-5-21-1-2-3-1-544"], ["ADLocalGroup".to_owned()].into());
    assert_eq!(coverage(&summary, DOMAIN, Facet::GpoChanges), whole());
    let enforced: Vec<_> = rows
        .relations
        .iter()
        .filter(|row| row.3 == "GPLink")
        .map(|row| &*row.5)
        .collect();
    assert_eq!(enforced, [r#"{"enforced":true}"#, r#"{"enforced":false}"#]);
}

#[test]
fn members_given_by_distinguished_name_keep_it() {
    let group = format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-600","Members":[
        {{"ObjectIdentifier":"DN=CN=Jo,DC=a","ObjectType":"Base"}},{{"ObjectIdentifier":"s-1-5-21-1-2-3-7"}}]}}"#
    );
    let (_, rows) = parsed(&file("groups", ALL, &[&group]));
    assert_eq!(
        rows.edges_of("MemberOf"),
        [
            ("DN=CN=Jo,DC=a", "S-1-5-21-1-2-3-600"),
            ("S-1-5-21-1-2-3-7", "S-1-5-21-1-2-3-600")
        ]
    );
}

#[test]
fn properties_are_kept_as_they_stand_and_renamed_where_collectors_were() {
    let computer = format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-1","Properties":{{ "name":"PC","ldapenabled":true,
        "ldapsigning":null,"odd":{{"a":[1,"\u00e9"]}} }},
        "IsDC":true,"IsACLProtected":true}}"#
    );
    let (summary, rows) = parsed(&file("computers", ALL, &[&computer]));
    let properties = &rows.properties(&summary, Facet::Properties, &format!("{DOMAIN}-1"))[0];
    assert_eq!(
        *properties,
        serde_json::json!({"name":"PC","odd":{"a":[1,"é"]},"isdc":true,"isaclprotected":true})
    );
    let ldap = &rows.properties(&summary, Facet::Ldap, &format!("{DOMAIN}-1"))[0];
    assert_eq!(*ldap, serde_json::json!({"ldapavailable":true}));
    assert_eq!(rows.objects[0].4, "PC");
}

#[test]
fn a_record_longer_than_what_is_read_at_once_goes_in() {
    let members: Vec<_> = (1_000..61_000)
        .map(|rid| format!(r#"{{"ObjectIdentifier":"{DOMAIN}-{rid}","ObjectType":"User"}}"#))
        .collect();
    let group = format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-513","Members":[{}]}}"#,
        members.join(",")
    );
    let (summary, rows) = parsed(&file("groups", ALL, &[&group, &group.replace("-513\"", "-514\"")]));
    assert_eq!(rows.edges_of("MemberOf").len(), 120_000);
    assert_eq!(summary.counts.relations, 120_000);
}

fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("POSTERN_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: the shared data is not at {}", folder.display());
    None
}

#[test]
fn the_public_fixture_yields_every_edge_and_node_that_its_own_project_finds() {
    let Some(data) = shared_data() else { return };
    let fixture = data.join("bloodhound-ce/fixtures/Version6JSON");
    let mut edges = BTreeSet::new();
    let mut nodes = BTreeSet::new();
    for entry in std::fs::read_dir(fixture.join("raw")).unwrap() {
        let path = entry.unwrap().path();
        let (summary, rows) = parse(&std::fs::read(&path).unwrap());
        summary.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(rows.rejects, [], "{}", path.display());
        nodes.extend(rows.objects.iter().map(|row| row.2.clone()));
        for (_, _, source, kind, target, _) in rows.relations {
            nodes.extend([source.clone(), target.clone()]);
            edges.insert((source, kind, target));
        }
    }
    let text = std::fs::read_to_string(fixture.join("ingest/ingested.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let wanted_edges: BTreeSet<_> = expected["graph"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| {
            (
                text(&edge["start"]["value"]),
                text(&edge["kind"]),
                text(&edge["end"]["value"]),
            )
        })
        .collect();
    let wanted_nodes: BTreeSet<_> = expected["graph"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| text(&node["id"]))
        .collect();
    assert_eq!((wanted_edges.len(), wanted_nodes.len()), (750, 109));
    assert_eq!(
        wanted_edges.difference(&edges).collect::<Vec<_>>(),
        Vec::<&(String, String, String)>::new()
    );
    assert_eq!(
        wanted_nodes.difference(&nodes).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(
        edges.difference(&wanted_edges).collect::<Vec<_>>(),
        Vec::<&(String, String, String)>::new()
    );
    assert_eq!(
        nodes.difference(&wanted_nodes).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

#[test]
fn the_public_sample_of_three_domains_is_read_without_a_reject() {
    let Some(data) = shared_data() else { return };
    for entry in std::fs::read_dir(data.join("bloodhound-docs/ad_sampledata")).unwrap() {
        let path = entry.unwrap().path();
        let (summary, rows) = parse(&std::fs::read(&path).unwrap());
        let summary = summary.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(rows.rejects, [], "{}", path.display());
        let homes: BTreeSet<_> = summary
            .cells
            .iter()
            .filter(|it| matches!(it.coverage, Coverage::Whole { .. }))
            .map(|it| &*it.cell.boundary)
            .collect();
        assert_eq!(homes.len(), 1, "{}", path.display());
        for (_, _, id, _, _, properties) in &rows.objects {
            let is_json = properties.is_empty() || serde_json::from_str::<serde_json::Value>(properties).is_ok();
            assert!(is_json, "{id}: {properties}");
        }
    }
}

/// A small file with something of everything.
fn sample() -> Vec<u8> {
    let computer = format!(
        r#"{{"ObjectIdentifier":"{DOMAIN}-9","Properties":{{"name":"\u00e9\"","n":-1.5e3,"a":[true,null]}},"IsDC":true,
        "DomainSID":"{DOMAIN}","LocalGroups":[{{"Collected":true,"ObjectIdentifier":"x","Name":"y","Results":[{{}}]}}],
        "Sessions":{{"Collected":true,"Results":[{{"UserSID":"u","ComputerSID":"c"}}]}}}}"#
    );
    file("computers", ALL, &[&computer, &user(1), "7", &user(2)]).into_bytes()
}

#[test]
fn every_truncation_is_an_error_and_no_panic() {
    let bytes = sample();
    assert!(parse(&bytes).0.is_ok());
    for end in 0..bytes.len() {
        assert!(parse(&bytes[..end]).0.is_err(), "{end}");
    }
}

proptest! {
    #[test]
    fn no_change_of_bytes_is_a_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let mut bytes = sample();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (outcome, rows) = parse(&bytes);
        if outcome.is_ok() {
            for (_, _, _, _, _, properties) in &rows.objects {
                prop_assert!(properties.is_empty() || serde_json::from_str::<serde_json::Value>(properties).is_ok());
            }
        }
    }

    #[test]
    fn any_text_is_recognised_or_refused(text in r#"\{?"?(data|meta)?"?:?[\[\]{}",:a-z0-9]{0,40}"#) {
        let mut reader = Cursor::new(text.as_bytes());
        let mut input = Input { name: "x", bytes: &mut reader, length: text.len() as u64, site: None };
        let is_known = sniff(&mut input).is_ok();
        let is_read = parse(text.as_bytes()).0.is_ok();
        prop_assert!(is_known || !is_read);
    }
}
