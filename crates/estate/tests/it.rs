//! The estate from outside: snapshots in memory, resolved, and looked at.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use jiff::Timestamp;
use postern_catalog::{Catalog, KnownExploited};
use postern_estate::{EstateError, FactSource, HandSetLevel, Snapshot, classify, resolve, tables};
use postern_model::estate::Estate;
use postern_model::schema::{COVERED, OBJECTS, RELATIONS};
use postern_model::{
    Cell, CellCoverage, Coverage, Criticality, Facet, ObjectClass, RelationKind, Schema, Settings, Table, Value,
};
use proptest::prelude::*;

const DOMAIN: &str = "S-1-5-21-1-2-3";

/// Snapshots and their rows.
#[derive(Clone, Default)]
struct Facts {
    snapshots: Vec<Snapshot>,
    tables: BTreeMap<(String, &'static str), Table>,
    /// Snapshots whose objects were read.
    read: RefCell<BTreeSet<String>>,
}

impl FactSource for Facts {
    fn each(
        &self,
        snapshot: &str,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table),
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        if schema.name == OBJECTS.name {
            self.read.borrow_mut().insert(snapshot.to_owned());
        }
        if let Some(table) = self.tables.get(&(snapshot.to_owned(), schema.name)) {
            each(table);
        }
        Ok(())
    }
}

impl Facts {
    /// Begins a file observed on a day of January 2024; rows that follow belong to it.
    fn file(&mut self, day: i64) -> &mut Self {
        let at = Timestamp::from_second(1_704_067_200 + (day - 1) * 86_400).expect("a day of 2024");
        let id = format!("{:032x}", self.snapshots.len() + 1);
        self.snapshots.push(Snapshot {
            id,
            observed_at: at,
            cells: Vec::new(),
            site: None,
        });
        self
    }

    fn site(&mut self, site: &str) -> &mut Self {
        self.snapshots.last_mut().expect("a file").site = Some(site.to_owned());
        self
    }

    fn cell(&mut self, class: ObjectClass, facet: Facet, coverage: Coverage) -> i64 {
        self.cell_of(DOMAIN, class, facet, coverage)
    }

    fn cell_of(&mut self, boundary: &str, class: ObjectClass, facet: Facet, coverage: Coverage) -> i64 {
        let cells = &mut self.snapshots.last_mut().expect("a file").cells;
        cells.push(CellCoverage {
            cell: Cell::new(boundary, class, facet),
            coverage,
        });
        cells.len() as i64 - 1
    }

    fn row(&mut self, schema: &'static Schema, row: &[Value<'_>]) {
        let id = self.snapshots.last().expect("a file").id.clone();
        self.tables
            .entry((id, schema.name))
            .or_insert_with(|| Table::new(schema))
            .push(row);
    }

    fn object(&mut self, cell: i64, id: &str, kind: &str, name: &str, properties: &str) -> &mut Self {
        self.row(
            &OBJECTS,
            &[
                Value::Long(cell),
                Value::Text(id),
                Value::Text(id),
                Value::Text(kind),
                Value::Text(name),
                Value::Text(properties),
            ],
        );
        self
    }

    fn relation(&mut self, cell: i64, subject: &str, source: &str, kind: &str, target: &str) -> &mut Self {
        let row = [subject, source, "User", target, "Computer", kind, ""].map(Value::Text);
        self.row(&RELATIONS, &[&[Value::Long(cell)], &row[..]].concat());
        self
    }

    fn covered(&mut self, cell: i64, subject: &str) -> &mut Self {
        self.row(&COVERED, &[Value::Long(cell), Value::Text(subject), Value::Null]);
        self
    }

    fn resolve(&self) -> Estate {
        self.resolve_apart(&BTreeSet::new())
    }

    fn resolve_apart(&self, apart: &BTreeSet<String>) -> Estate {
        resolve(
            &self.snapshots,
            self,
            &Settings::default(),
            &KnownExploited::default(),
            apart,
        )
        .expect("resolves")
    }
}

fn whole() -> Coverage {
    Coverage::Whole { unread: Vec::new() }
}

fn keys(estate: &Estate) -> Vec<&str> {
    let mut keys: Vec<_> = estate.nodes.iter().map(|node| &*node.key).collect();
    keys.sort_unstable();
    keys
}

fn has_relation(estate: &Estate, source: &str, kind: RelationKind, target: &str) -> bool {
    estate
        .relations
        .iter()
        .any(|it| it.kind == kind && estate.keys_of(it) == (source, target))
}

/// A collection of users on a day.
fn users(facts: &mut Facts, day: i64, ids: &[&str]) {
    facts.file(day);
    let cell = facts.cell(ObjectClass::Users, Facet::Properties, whole());
    for id in ids {
        facts.object(
            cell,
            id,
            "User",
            &format!("{id}@CORP"),
            &format!(r#"{{"enabled":true,"day":{day}}}"#),
        );
    }
}

#[test]
fn a_newer_whole_observation_removes_what_it_does_not_see() {
    let mut facts = Facts::default();
    users(&mut facts, 1, &["S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"]);
    users(&mut facts, 2, &["S-1-5-21-1-2-3-1001"]);
    assert_eq!(keys(&facts.resolve()), ["S-1-5-21-1-2-3-1001"]);
}

#[test]
fn an_older_collection_imported_late_enters_history_and_not_the_present() {
    let mut facts = Facts::default();
    users(&mut facts, 5, &["S-1-5-21-1-2-3-1001"]);
    users(&mut facts, 1, &["S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"]);
    let estate = facts.resolve();
    assert_eq!(keys(&estate), ["S-1-5-21-1-2-3-1001"]);
    assert!(
        estate.nodes[0].properties.contains(r#""day":5"#),
        "{}",
        estate.nodes[0].properties
    );
}

#[test]
fn a_file_that_newer_ones_have_replaced_is_not_read() {
    let mut facts = Facts::default();
    users(&mut facts, 1, &["S-1-5-21-1-2-3-1001"]);
    session(&mut facts, 1, "S-1-5-21-1-2-3-1001");
    users(&mut facts, 20, &["S-1-5-21-1-2-3-1001"]);
    facts.resolve();
    let current = &facts.snapshots[2].id;
    assert_eq!(facts.read.borrow().iter().collect::<Vec<_>>(), [current]);
}

#[test]
fn a_record_that_could_not_be_read_does_not_remove_its_object() {
    let mut facts = Facts::default();
    users(&mut facts, 1, &["S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"]);
    facts.file(2);
    let unread = Coverage::Whole {
        unread: vec!["S-1-5-21-1-2-3-1002".to_owned()],
    };
    let cell = facts.cell(ObjectClass::Users, Facet::Properties, unread);
    facts.object(cell, "S-1-5-21-1-2-3-1001", "User", "A@CORP", "{}");
    assert_eq!(keys(&facts.resolve()), ["S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"]);
}

#[test]
fn a_session_loop_keeps_what_it_did_not_look_at() {
    let mut facts = Facts::default();
    users(&mut facts, 1, &["S-1-5-21-1-2-3-1001"]);
    let acl = facts.cell(ObjectClass::Users, Facet::Acl, whole());
    facts.relation(
        acl,
        "S-1-5-21-1-2-3-1001",
        "S-1-5-21-1-2-3-512",
        "GenericAll",
        "S-1-5-21-1-2-3-1001",
    );
    facts.file(3);
    let mention = facts.cell(ObjectClass::Users, Facet::Properties, Coverage::Mention);
    facts.object(mention, "S-1-5-21-1-2-3-1001", "User", "S-1-5-21-1-2-3-1001@CORP", "{}");
    let estate = facts.resolve();
    assert!(has_relation(
        &estate,
        "S-1-5-21-1-2-3-512",
        RelationKind::GenericAll,
        "S-1-5-21-1-2-3-1001"
    ));
    let user = estate.node(estate.find("S-1-5-21-1-2-3-1001").expect("the user"));
    assert_eq!(user.attributes.enabled, Some(true), "a mention takes no attribute away");
}

fn local_admins(facts: &mut Facts, day: i64, computer: &str, admin: Option<&str>) {
    facts.file(day);
    let cell = facts.cell(ObjectClass::Computers, Facet::LocalGroups, Coverage::Subjects);
    facts.covered(cell, computer);
    if let Some(admin) = admin {
        facts.relation(cell, computer, admin, "MemberOfLocalGroup", &format!("{computer}-544"));
    }
}

#[test]
fn a_computer_that_does_not_answer_keeps_its_local_admins_and_one_that_answers_loses_them() {
    let (silent, answering) = ("S-1-5-21-1-2-3-2001", "S-1-5-21-1-2-3-2002");
    let mut facts = Facts::default();
    local_admins(&mut facts, 1, silent, Some("S-1-5-21-1-2-3-1001"));
    local_admins(&mut facts, 1, answering, Some("S-1-5-21-1-2-3-1001"));
    local_admins(&mut facts, 2, answering, None);
    let estate = facts.resolve();
    let is_admin = |computer: &str| {
        has_relation(
            &estate,
            "S-1-5-21-1-2-3-1001",
            RelationKind::MemberOfLocalGroup,
            &format!("{computer}-544"),
        )
    };
    assert!(is_admin(silent));
    assert!(!is_admin(answering));
}

fn session(facts: &mut Facts, day: i64, user: &str) {
    let computer = "S-1-5-21-1-2-3-2001";
    facts.file(day);
    let cell = facts.cell(ObjectClass::Computers, Facet::Sessions, Coverage::Subjects);
    facts.covered(cell, computer);
    facts.relation(cell, computer, computer, "HasSession", user);
}

#[test]
fn sessions_of_the_window_are_united_and_older_ones_are_left_out() {
    let mut facts = Facts::default();
    session(&mut facts, 1, "S-1-5-21-1-2-3-1001");
    session(&mut facts, 7, "S-1-5-21-1-2-3-1002");
    session(&mut facts, 20, "S-1-5-21-1-2-3-1003");
    let estate = facts.resolve();
    let has = |user: &str| has_relation(&estate, "S-1-5-21-1-2-3-2001", RelationKind::HasSession, user);
    assert!(!has("S-1-5-21-1-2-3-1001"), "19 days older than the newest look");
    assert!(has("S-1-5-21-1-2-3-1002"), "13 days older, and not seen again");
    assert!(has("S-1-5-21-1-2-3-1003"));
}

#[test]
fn a_deleted_object_goes_with_its_relations_and_comes_back_when_it_is_seen_again() {
    let mut facts = Facts::default();
    users(&mut facts, 1, &["S-1-5-21-1-2-3-1001"]);
    let acl = facts.cell(ObjectClass::Users, Facet::Acl, whole());
    facts.relation(
        acl,
        "S-1-5-21-1-2-3-1001",
        "S-1-5-21-1-2-3-512",
        "GenericAll",
        "S-1-5-21-1-2-3-1001",
    );
    facts.file(2);
    let gone = facts.cell(ObjectClass::Deleted, Facet::Tombstones, Coverage::Mention);
    facts.object(gone, "S-1-5-21-1-2-3-1001", "Base", "", "{}");
    assert_eq!(keys(&facts.resolve()), Vec::<&str>::new());
    users(&mut facts, 3, &["S-1-5-21-1-2-3-1001"]);
    assert_eq!(keys(&facts.resolve()), ["S-1-5-21-1-2-3-1001"]);
}

#[test]
fn what_a_computer_that_is_gone_once_answered_goes_with_it() {
    let (gone, there) = ("S-1-5-21-1-2-3-2001", "S-1-5-21-1-2-3-2002");
    let admin = "S-1-5-21-1-2-3-1001";
    let mut facts = Facts::default();
    let collect = |facts: &mut Facts, day: i64, computers: &[&str]| {
        users(facts, day, &[admin]);
        let cell = facts.cell(ObjectClass::Groups, Facet::Properties, whole());
        facts.object(cell, "S-1-5-21-1-2-3-513", "Group", "", "{}");
        let cell = facts.cell(ObjectClass::Computers, Facet::Properties, whole());
        for id in computers {
            facts.object(cell, id, "Computer", "", "{}");
        }
    };
    collect(&mut facts, 1, &[gone, there]);
    for computer in [gone, there] {
        local_admins(&mut facts, 1, computer, Some(admin));
        let group = format!("{computer}-544");
        facts.relation(0, computer, &group, "LocalToComputer", computer);
        facts.object(0, &group, "ADLocalGroup", "ADMINISTRATORS", "{}");
    }
    collect(&mut facts, 2, &[there]);
    let estate = facts.resolve();
    assert_eq!(estate.find(gone), None);
    assert_eq!(estate.find(&format!("{gone}-544")), None);
    assert!(estate.find(&format!("{there}-544")).is_some());

    local_admins(&mut facts, 3, gone, Some(admin));
    assert!(
        facts.resolve().find(&format!("{gone}-544")).is_some(),
        "seen again since"
    );
}

#[test]
fn a_principal_of_which_no_collection_was_whole_is_not_gone() {
    let mut facts = Facts::default();
    local_admins(&mut facts, 1, "S-1-5-21-1-2-3-2001", Some("S-1-5-21-1-2-3-1001"));
    users(&mut facts, 2, &["S-1-5-21-1-2-3-1002"]);
    assert!(
        facts.resolve().find("S-1-5-21-1-2-3-1001").is_some(),
        "it may be a group"
    );
}

#[test]
fn a_name_that_two_objects_share_means_the_same_one_in_any_order() {
    let (old, new) = (
        "AAAA0000-0000-0000-0000-000000000002",
        "AAAA0000-0000-0000-0000-000000000001",
    );
    let unit = |facts: &mut Facts, day: i64, id: &str| {
        facts.file(day);
        let cell = facts.cell(ObjectClass::Ous, Facet::Properties, Coverage::Subjects);
        facts.object(cell, id, "OU", "", r#"{"distinguishedname":"OU=A,DC=CORP"}"#);
    };
    for is_old_first in [true, false] {
        let mut facts = Facts::default();
        if is_old_first {
            unit(&mut facts, 1, old);
            unit(&mut facts, 2, new);
        } else {
            unit(&mut facts, 2, new);
            unit(&mut facts, 1, old);
        }
        let cell = facts.cell(ObjectClass::Users, Facet::Containment, whole());
        facts.relation(
            cell,
            "S-1-5-21-1-2-3-1001",
            "DN=OU=A,DC=CORP",
            "Contains",
            "S-1-5-21-1-2-3-1001",
        );
        let estate = facts.resolve();
        assert!(
            has_relation(&estate, new, RelationKind::Contains, "S-1-5-21-1-2-3-1001"),
            "the one seen last, old first: {is_old_first}"
        );
    }
}

#[test]
fn a_distinguished_name_is_the_same_in_any_letter_case_also_beyond_ascii() {
    let mut facts = Facts::default();
    facts.file(1);
    let cell = facts.cell(ObjectClass::Ous, Facet::Properties, whole());
    facts.object(cell, "OU-1", "OU", "", r#"{"distinguishedname":"OU=Größe,DC=corp"}"#);
    let cell = facts.cell(ObjectClass::Users, Facet::Containment, whole());
    facts.relation(
        cell,
        "S-1-5-21-1-2-3-1001",
        "DN=ou=größe,dc=CORP",
        "Contains",
        "S-1-5-21-1-2-3-1001",
    );
    assert!(has_relation(
        &facts.resolve(),
        "OU-1",
        RelationKind::Contains,
        "S-1-5-21-1-2-3-1001"
    ));
}

fn computer(facts: &mut Facts, id: &str, name: &str) {
    facts.file(1);
    let cell = facts.cell(ObjectClass::Computers, Facet::Properties, whole());
    let sam = name.split('.').next().unwrap_or(name);
    facts.object(cell, id, "Computer", name, &format!(r#"{{"samaccountname":"{sam}$"}}"#));
}

fn host(facts: &mut Facts, id: &str, name: &str, properties: &str) {
    facts.file(1);
    let cell = facts.cell(ObjectClass::Hosts, Facet::Properties, Coverage::Subjects);
    facts.covered(cell, id);
    facts.object(cell, id, "Host", name, properties);
}

#[test]
fn a_scanner_host_joins_the_directory_computer_of_its_full_name() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    host(
        &mut facts,
        "host::10.0.0.5",
        "file01.corp.local",
        r#"{"fqdn":"file01.corp.local","ip":["10.0.0.5"]}"#,
    );
    let estate = facts.resolve();
    assert_eq!(keys(&estate), ["S-1-5-21-1-2-3-2001"]);
    let device = &estate.nodes[0];
    assert_eq!(device.facets.len(), 2);
    assert_eq!(
        &*device.facets[1].reason,
        "the same fully qualified name, file01.corp.local"
    );
    assert_eq!(device.attributes.addresses, ["10.0.0.5"]);
    assert_eq!(estate.find("HOST::10.0.0.5"), estate.find("S-1-5-21-1-2-3-2001"));
}

/// What a domain controller says of itself, in a file of its own.
/// A file that only states things, of another tool.
fn statements(facts: &mut Facts, day: i64) -> [i64; 2] {
    facts.file(day);
    [Facet::Properties, Facet::Statements].map(|facet| facts.cell(ObjectClass::Extensions, facet, Coverage::Mention))
}

#[test]
fn an_object_lies_in_the_domain_that_it_names_where_its_id_is_no_sid() {
    let mut facts = Facts::default();
    facts.file(1);
    let nodes = facts.cell_of("", ObjectClass::Extensions, Facet::Properties, Coverage::Mention);
    facts.object(nodes, "S-1-2-3", "Domain", "LAB.EXAMPLE", "{}");
    facts.object(nodes, "PC1", "Computer", "PC1", r#"{"domainsid":"s-1-2-3"}"#);
    facts.object(nodes, "PC2", "Computer", "PC2", r#"{"domainsid":"S-1-9-9"}"#);
    let estate = facts.resolve();
    let boundary = |key: &str| &*estate.node(estate.find(key).expect("an asset")).boundary;
    assert_eq!(
        ["S-1-2-3", "PC1", "PC2"].map(boundary),
        ["S-1-2-3", "S-1-2-3", "S-1-9-9"]
    );
}

fn matching(json: &str) -> String {
    format!("MATCH={json}")
}

#[test]
fn ends_that_are_told_by_name_or_properties_are_found_whatever_was_imported_first() {
    let okta = |facts: &mut Facts| {
        let [nodes, _] = statements(facts, 1);
        facts.object(
            nodes,
            "O1",
            "Okta_User",
            "Jane@corp.example",
            r#"{"tenant":"a","port":1433}"#,
        );
        facts.object(
            nodes,
            "O2",
            "Okta_User",
            "jim@corp.example",
            r#"{"tenant":"A","port":1434.0,"on":true}"#,
        );
        facts.object(
            nodes,
            "O3",
            "Okta_Group",
            "jim@corp.example",
            r#"{"kinds":["Okta_Group","Okta_Thing"]}"#,
        );
    };
    let github = |facts: &mut Facts| {
        let [_, edges] = statements(facts, 2);
        for (target, end) in [
            ("G1", r#"{"kind":"Okta_User","equal":{"name":"JANE@corp.example"}}"#),
            ("G2", r#"{"kind":"okta_thing","equal":{"name":"jim@corp.example"}}"#),
            ("G3", r#"{"equal":{"port":1434,"tenant":"A"}}"#),
            ("G4", r#"{"equal":{"objectid":"o1"}}"#),
            ("G5", r#"{"equal":{"on":true}}"#),
        ] {
            facts.relation(edges, target, &matching(end), "GH_SyncedTo", target);
        }
    };
    let kind = RelationKind::of("GH_SyncedTo").expect("a name");
    for is_okta_first in [true, false] {
        let mut facts = Facts::default();
        if is_okta_first {
            okta(&mut facts);
            github(&mut facts);
        } else {
            github(&mut facts);
            okta(&mut facts);
        }
        let estate = facts.resolve();
        assert_eq!(estate.conflicts, []);
        for (source, target) in [("O1", "G1"), ("O3", "G2"), ("O2", "G3"), ("O1", "G4"), ("O2", "G5")] {
            assert!(has_relation(&estate, source, kind, target), "{source} {target}");
        }
        assert_eq!(estate.nodes.len(), 8, "no end is left as text");
    }
}

#[test]
fn an_end_that_fits_nothing_or_several_objects_is_a_conflict_and_its_relations_are_left_out() {
    let mut facts = Facts::default();
    let [nodes, edges] = statements(&mut facts, 1);
    for id in ["A2", "A1"] {
        facts.object(nodes, id, "X_User", "twin", "{}");
    }
    for target in ["B1", "B2"] {
        let twin = matching(r#"{"equal":{"name":"twin"}}"#);
        facts.relation(edges, &twin, &twin, "X_Knows", target);
        facts.relation(edges, target, target, "X_Owns", "A1");
    }
    let nobody = matching(r#"{"kind":"X_User","equal":{"mail":"nobody@x"}}"#);
    facts.relation(edges, "B1", "B1", "X_Knows", &nobody);
    let estate = facts.resolve();
    assert_eq!(keys(&estate), ["A1", "A2", "B1", "B2"]);
    assert_eq!(estate.relations.len(), 2);
    let conflicts: Vec<_> = estate
        .conflicts
        .iter()
        .map(|it| (it.value.as_str(), it.keys.join(","), it.reason.as_str()))
        .collect();
    assert_eq!(
        conflicts,
        [
            (
                r#"mail "nobody@x", kind X_User"#,
                "B1".to_owned(),
                "no object fits; the relation that has it is left out"
            ),
            (
                r#"name "twin""#,
                "A1,A2".to_owned(),
                "2 objects fit; the 2 relations that have it are left out"
            ),
        ]
    );
}

#[test]
fn an_end_told_by_what_too_many_objects_have_is_not_looked_for() {
    let mut facts = Facts::default();
    let [nodes, edges] = statements(&mut facts, 1);
    for number in 0..=1_000 {
        facts.object(nodes, &format!("A{number}"), "X_User", "jane", "{}");
    }
    let jane = matching(r#"{"equal":{"name":"jane"}}"#);
    facts.relation(edges, "B", "B", "X_Knows", &jane);
    let estate = facts.resolve();
    assert!(estate.relations.is_empty());
    let reasons: Vec<_> = estate.conflicts.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["1001 objects have the rarest of its properties, more than 1000; the relation that has it is left out"]
    );
}

#[test]
fn a_scanned_host_stands_back_behind_the_computer_of_its_name() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    host(
        &mut facts,
        "host::file01",
        "FILE01.CORP.LOCAL",
        r#"{"fqdn":"other.corp.local"}"#,
    );
    let [_, edges] = statements(&mut facts, 2);
    let file01 = matching(r#"{"kind":"Base","equal":{"name":"file01.corp.local"}}"#);
    facts.relation(edges, "X", "X", "X_RunsOn", &file01);
    let any = matching(r#"{"equal":{"name":"file01.corp.local"}}"#);
    facts.relation(edges, "Y", "Y", "X_RunsOn", &any);
    let estate = facts.resolve();
    let kind = RelationKind::of("X_RunsOn").expect("a name");
    for source in ["X", "Y"] {
        assert!(has_relation(&estate, source, kind, "S-1-5-21-1-2-3-2001"), "{source}");
    }
}

#[test]
fn a_statement_adds_to_what_a_collector_says_of_an_object_and_replaces_nothing() {
    let id = "S-1-5-21-1-2-3-1001";
    for day_of_statement in [1, 9] {
        let mut facts = Facts::default();
        users(&mut facts, 5, &[id]);
        facts.file(day_of_statement);
        let cell = facts.cell(ObjectClass::Users, Facet::Properties, Coverage::Mention);
        facts.object(cell, id, "User", "OTHER NAME", r#"{"enabled":false,"source":"tool"}"#);
        let estate = facts.resolve();
        let node = &estate.nodes[0];
        assert_eq!(
            (estate.nodes.len(), node.is_stub, node.attributes.enabled),
            (1, false, Some(true))
        );
        assert_eq!(node.name, format!("{id}@CORP"));
        // What is older than a look at all users is over.
        assert_eq!(
            node.properties.contains("tool"),
            day_of_statement == 9,
            "{}",
            node.properties
        );
    }
}

#[test]
fn a_newer_look_ends_what_was_stated_of_members_and_a_statement_ends_nothing() {
    let (user, group) = ("S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-512");
    let collected = |facts: &mut Facts, day: i64, member: Option<&str>| {
        facts.file(day);
        let cell = facts.cell(ObjectClass::Groups, Facet::Members, whole());
        if let Some(member) = member {
            facts.relation(cell, group, member, "MemberOf", group);
        }
    };
    let stated = |facts: &mut Facts, day: i64, member: &str| {
        facts.file(day);
        let cell = facts.cell(ObjectClass::Groups, Facet::Members, Coverage::Mention);
        facts.relation(cell, group, member, "MemberOf", group);
    };
    let mut facts = Facts::default();
    collected(&mut facts, 1, Some(user));
    stated(&mut facts, 2, "S-1-5-21-1-2-3-1002");
    assert_eq!(facts.resolve().relations.len(), 2);
    collected(&mut facts, 3, None);
    assert_eq!(facts.resolve().relations.len(), 0);
}

#[test]
fn a_statement_of_today_moves_no_window_past_what_was_looked_at() {
    let mut facts = Facts::default();
    session(&mut facts, 1, "S-1-5-21-1-2-3-1001");
    let is_there = |facts: &Facts| !facts.resolve().relations.is_empty();
    let mut later = facts.clone();
    session(&mut later, 30, "S-1-5-21-1-2-3-1002");
    assert_eq!(later.resolve().relations.len(), 1);
    let [nodes, _] = statements(&mut facts, 30);
    facts.object(nodes, "X", "X_Thing", "", "{}");
    assert!(is_there(&facts));
}

fn host_settings(facts: &mut Facts, day: i64, id: &str, properties: &str) {
    facts.file(day);
    let cell = facts.cell(ObjectClass::Computers, Facet::Smb, Coverage::Subjects);
    facts.covered(cell, id).object(cell, id, "Computer", "", properties);
}

#[test]
fn a_computer_that_answers_one_question_anew_keeps_its_other_answers() {
    const COMPUTER: &str = "S-1-5-21-1-2-3-2001";
    let mut facts = Facts::default();
    computer(&mut facts, COMPUTER, "FILE01.CORP.LOCAL");
    for (day, facet, answer) in [
        (2, Facet::Smb, r#"{"smbsigning":true}"#),
        (2, Facet::Ntlm, r#"{"restrictoutboundntlm":true}"#),
        (3, Facet::Smb, r#"{"smbsigning":false}"#),
    ] {
        facts.file(day);
        let cell = facts.cell(ObjectClass::Computers, facet, Coverage::Subjects);
        facts
            .covered(cell, COMPUTER)
            .object(cell, COMPUTER, "Computer", "", answer);
    }
    let estate = facts.resolve();
    let host = estate.nodes[0].attributes.host.as_deref().expect("answers");
    assert_eq!(
        (host.requires_smb_signing, host.restricts_outbound_ntlm),
        (Some(false), Some(true))
    );
}

/// Of a property of the only asset: its object, its files by number, and the first and the last day.
fn told(estate: &Estate, property: &str) -> (String, Vec<u8>, [String; 2]) {
    let (object, seen) = estate.nodes[0].told_by(property).expect("an object");
    let files = seen
        .sources
        .iter()
        .map(|id| u8::from_str_radix(id, 16).expect("a number"));
    let days = [seen.first, seen.last].map(|at| at.strftime("%d").to_string());
    (object.key.to_string(), files.collect(), days)
}

#[test]
fn every_property_names_its_object_the_files_that_tell_it_and_its_age() {
    const COMPUTER: &str = "S-1-5-21-1-2-3-2001";
    let mut facts = Facts::default();
    computer(&mut facts, COMPUTER, "FILE01.CORP.LOCAL");
    host_settings(&mut facts, 3, COMPUTER, r#"{"smbsigning":true}"#);
    host_settings(&mut facts, 4, COMPUTER, r#"{"samaccountname":"OTHER$"}"#);
    let scanned = r#"{"fqdn":"file01.corp.local","ip":["10.0.0.5"],"samaccountname":"FILE01$"}"#;
    host(&mut facts, "host::f", "file01", scanned);
    let estate = facts.resolve();
    let read = tables::read(&Written::of(&estate)).expect("reads back");
    for estate in [&estate, &read] {
        let by_computer = |file, day: &str| (COMPUTER.to_owned(), vec![file], [day, day].map(str::to_owned));
        // The newest look at the settings overrules the one before.
        assert_eq!(told(estate, "samaccountname"), by_computer(1, "01"));
        let by_host = ("host::f".to_uppercase(), vec![4], ["01", "01"].map(str::to_owned));
        assert_eq!(told(estate, "ip"), by_host);
        let address = |kind: &str| {
            let identifiers = &estate.nodes[0].identifiers;
            let known = identifiers.iter().find(|it| &*it.identifier.kind == kind);
            known.expect("is known").seen.sources.len()
        };
        assert_eq!((address("ip"), address("fqdn")), (1, 3));
        assert_eq!(estate.nodes[0].facets[0].seen.sources.len(), 2);
    }
}

#[test]
fn files_that_say_the_same_of_an_object_are_all_named_and_others_are_not() {
    const COMPUTER: &str = "S-1-5-21-1-2-3-2001";
    let mut facts = Facts::default();
    computer(&mut facts, COMPUTER, "FILE01.CORP.LOCAL");
    host_settings(
        &mut facts,
        3,
        COMPUTER,
        r#"{"samaccountname":"FILE01$","smbsigning":true}"#,
    );
    let estate = facts.resolve();
    let days = |first: &str, last: &str| [first, last].map(str::to_owned);
    let read = tables::read(&Written::of(&estate)).expect("reads back");
    for estate in [&estate, &read] {
        assert_eq!(
            told(estate, "samaccountname"),
            (COMPUTER.to_owned(), vec![1, 2], days("01", "03"))
        );
        assert_eq!(
            told(estate, "smbsigning"),
            (COMPUTER.to_owned(), vec![2], days("03", "03"))
        );
    }
}

#[test]
fn an_address_alone_joins_nothing() {
    let mut facts = Facts::default();
    host(&mut facts, "host:a:10.0.0.5", "10.0.0.5", r#"{"ip":["10.0.0.5"]}"#);
    host(&mut facts, "host:b:10.0.0.5", "10.0.0.5", r#"{"ip":["10.0.0.5"]}"#);
    assert_eq!(facts.resolve().nodes.len(), 2);
}

#[test]
fn a_full_name_in_two_forests_is_a_conflict_and_joins_nothing() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    facts.file(1);
    facts.snapshots.last_mut().expect("a file").cells.push(CellCoverage {
        cell: Cell::new("S-1-5-21-7-7-7", ObjectClass::Computers, Facet::Properties),
        coverage: whole(),
    });
    facts.object(0, "S-1-5-21-7-7-7-2001", "Computer", "FILE01.CORP.LOCAL", "{}");
    host(&mut facts, "host::f", "file01", r#"{"fqdn":"file01.corp.local"}"#);
    let estate = facts.resolve();
    assert_eq!(estate.nodes.len(), 3);
    assert_eq!(estate.conflicts.len(), 1);
    assert_eq!(estate.conflicts[0].value, "file01.corp.local");
}

#[test]
fn a_netbios_name_joins_inside_one_site_only() {
    let build = |site: &str| {
        let mut facts = Facts::default();
        computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
        facts.site("berlin");
        host(&mut facts, "host::file01", "FILE01", r#"{"netbios":"FILE01"}"#);
        facts.site(site);
        facts.resolve().nodes.len()
    };
    assert_eq!(build("berlin"), 1);
    assert_eq!(build("paris"), 2);
}

#[test]
fn hosts_with_one_name_and_different_hardware_stay_apart() {
    let mut facts = Facts::default();
    host(
        &mut facts,
        "host:a:f",
        "f",
        r#"{"fqdn":"f.corp.local","mac":["00:00:00:00:00:01"]}"#,
    );
    host(
        &mut facts,
        "host:b:f",
        "f",
        r#"{"fqdn":"f.corp.local","mac":["00:00:00:00:00:02"]}"#,
    );
    let estate = facts.resolve();
    assert_eq!((estate.nodes.len(), estate.conflicts.len()), (2, 1));
}

#[test]
fn two_machines_of_one_name_do_not_meet_in_a_third_record() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    for (site, mac) in [("a", "01"), ("b", "02")] {
        let properties = format!(r#"{{"fqdn":"file01.corp.local","mac":["00:00:00:00:00:{mac}"]}}"#);
        host(&mut facts, &format!("host:{site}:file01"), "file01", &properties);
    }
    let estate = facts.resolve();
    assert_eq!((estate.nodes.len(), estate.conflicts.len()), (3, 1));
    assert_eq!(estate.conflicts[0].keys, ["HOST:A:FILE01", "HOST:B:FILE01"]);
}

#[test]
fn a_computer_joined_by_its_full_name_takes_no_other_machine_by_netbios() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    facts.site("berlin");
    let joined = r#"{"fqdn":"file01.corp.local","mac":["00:00:00:00:00:01"]}"#;
    host(&mut facts, "host:berlin:10.0.0.1", "file01", joined);
    facts.site("berlin");
    let other = r#"{"netbios":"FILE01","mac":["00:00:00:00:00:02"]}"#;
    host(&mut facts, "host:berlin:10.0.0.2", "FILE01", other);
    facts.site("berlin");
    let estate = facts.resolve();
    assert_eq!((estate.nodes.len(), estate.conflicts.len()), (2, 1));
}

#[test]
fn a_netbios_name_that_a_machine_of_another_domain_shares_joins_nothing() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    facts.site("berlin");
    host(&mut facts, "host:berlin:10.0.0.1", "FILE01", r#"{"netbios":"FILE01"}"#);
    facts.site("berlin");
    let elsewhere = r#"{"netbios":"FILE01","fqdn":"file01.dmz.local"}"#;
    host(&mut facts, "host:berlin:10.0.0.2", "FILE01", elsewhere);
    facts.site("berlin");
    let estate = facts.resolve();
    assert_eq!((estate.nodes.len(), estate.conflicts.len()), (3, 1));
    assert_eq!(estate.conflicts[0].kind, "netbios");
}

#[test]
fn a_name_that_names_no_machine_joins_nothing() {
    for name in ["localhost.localdomain", "10.0.0.5"] {
        let mut facts = Facts::default();
        for site in ["a", "b"] {
            let properties = format!(r#"{{"fqdn":"{name}"}}"#);
            host(&mut facts, &format!("host:{site}:h"), "h", &properties);
        }
        assert_eq!(facts.resolve().nodes.len(), 2, "{name}");
    }
}

#[test]
fn an_empty_source_name_is_no_site() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    facts.site("");
    host(&mut facts, "host::file01", "FILE01", r#"{"netbios":"FILE01"}"#);
    facts.site("");
    assert_eq!(facts.resolve().nodes.len(), 2);
}

#[test]
fn a_computer_that_is_gone_is_not_counted_among_those_that_answered() {
    let (gone, there, new) = ("S-1-5-21-1-2-3-2001", "S-1-5-21-1-2-3-2002", "S-1-5-21-1-2-3-2003");
    let mut facts = Facts::default();
    local_admins(&mut facts, 1, gone, None);
    local_admins(&mut facts, 1, there, None);
    facts.file(2);
    let cell = facts.cell(ObjectClass::Computers, Facet::Properties, whole());
    for id in [there, new] {
        facts.object(cell, id, "Computer", "", "{}");
    }
    let coverage = &facts.resolve().coverage[0];
    let answered = coverage.facets[&(ObjectClass::Computers, Facet::LocalGroups)];
    assert_eq!((answered.answered, answered.total), (1, 2));
}

#[test]
fn a_host_that_joined_a_computer_is_still_one_of_its_site() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    host(&mut facts, "host::a", "file01", r#"{"fqdn":"file01.corp.local"}"#);
    host(&mut facts, "host::b", "other", "{}");
    facts.file(1);
    let ports = facts.cell(ObjectClass::Hosts, Facet::Ports, Coverage::Subjects);
    facts.covered(ports, "host::b");
    let coverage = &facts.resolve().coverage[0];
    let answered = coverage.facets[&(ObjectClass::Hosts, Facet::Ports)];
    assert_eq!((answered.answered, answered.total), (1, 2));
}

#[test]
fn a_merge_that_a_person_took_back_stays_undone() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    host(&mut facts, "host::f", "file01", r#"{"fqdn":"file01.corp.local"}"#);
    assert_eq!(facts.resolve().nodes.len(), 1);
    assert_eq!(
        facts.resolve_apart(&BTreeSet::from(["HOST::F".to_owned()])).nodes.len(),
        2
    );
}

#[test]
fn a_well_known_group_has_a_name_though_no_record_describes_it() {
    let mut facts = Facts::default();
    facts.file(1);
    let cell = facts.cell(ObjectClass::Domains, Facet::Properties, whole());
    facts.object(cell, DOMAIN, "Domain", "CORP.LOCAL", "{}");
    let acl = facts.cell(ObjectClass::Domains, Facet::Acl, whole());
    facts.relation(acl, DOMAIN, "S-1-5-21-1-2-3-512", "GenericAll", DOMAIN);
    facts.relation(acl, DOMAIN, "S-1-5-21-1-2-3-4711", "GenericAll", DOMAIN);
    let estate = facts.resolve();
    let name = |id: &str| estate.node(estate.find(id).expect("the group")).name.clone();
    assert_eq!(name("S-1-5-21-1-2-3-512"), "DOMAIN ADMINS@CORP.LOCAL");
    assert_eq!(name("S-1-5-21-1-2-3-4711"), "(CORP.LOCAL) S-1-5-21-1-2-3-4711");
}

#[test]
fn an_object_of_another_programs_graph_belongs_to_the_domain_that_it_names_or_lies_in() {
    let mut facts = Facts::default();
    let said = |facts: &mut Facts, boundary: &str, class, id: &str, kind: &str| {
        let cell = facts.cell_of(boundary, class, Facet::Properties, Coverage::Mention);
        facts.object(cell, id, kind, id, "{}");
    };
    facts.file(1);
    said(&mut facts, "CORP-SID", ObjectClass::Domains, "NODE-1", "Domain");
    said(&mut facts, "CORP-SID", ObjectClass::Users, "EVE", "User");
    said(&mut facts, "", ObjectClass::Ous, "SALES", "OU");
    said(&mut facts, "", ObjectClass::Users, "BOB", "User");
    said(&mut facts, "", ObjectClass::Users, "LEO", "User");
    let cell = facts.cell_of("", ObjectClass::Ous, Facet::Containment, Coverage::Mention);
    for (source, target) in [("NODE-1", "SALES"), ("SALES", "BOB")] {
        let row = [source, source, "", target, "", "Contains", ""].map(Value::Text);
        facts.row(&RELATIONS, &[&[Value::Long(cell)], &row[..]].concat());
    }
    let estate = facts.resolve();
    let boundary = |key: &str| estate.node(estate.find(key).expect("an asset")).boundary.to_string();
    for (key, domain) in [
        ("NODE-1", "NODE-1"),
        ("EVE", "NODE-1"),
        ("SALES", "NODE-1"),
        ("BOB", "NODE-1"),
        ("LEO", ""),
    ] {
        assert_eq!(boundary(key), domain, "{key}");
    }
}

#[test]
fn members_of_domain_admins_are_in_the_control_plane_and_domain_users_are_not() {
    let mut facts = Facts::default();
    facts.file(1);
    let cell = facts.cell(ObjectClass::Groups, Facet::Properties, whole());
    facts.object(cell, DOMAIN, "Domain", "CORP.LOCAL", "{}");
    for rid in [512, 513, 1500] {
        facts.object(
            cell,
            &format!("{DOMAIN}-{rid}"),
            "Group",
            &format!("G{rid}@CORP.LOCAL"),
            "{}",
        );
    }
    let members = facts.cell(ObjectClass::Groups, Facet::Members, whole());
    for (member, group) in [(1500, 512), (1001, 1500), (513, 512), (1002, 513)] {
        let (member, group) = (format!("{DOMAIN}-{member}"), format!("{DOMAIN}-{group}"));
        facts.relation(members, &group, &member, "MemberOf", &group);
    }
    let estate = facts.resolve();
    let catalog = Catalog::embedded().expect("the embedded catalog is valid");
    let levels = [HandSetLevel {
        identifier: format!("{DOMAIN}-1002"),
        level: Some(Criticality::High),
        author: "ada".to_owned(),
    }];
    let classification = classify(&estate, &catalog, &levels, Timestamp::UNIX_EPOCH).expect("classifies");
    let node = |rid: u32| estate.find(&format!("{DOMAIN}-{rid}")).expect("the principal") as usize;
    assert_eq!(classification.planes.len(), 1);
    assert_eq!(classification.planes[0].key, format!("plane:forest:{DOMAIN}"));
    assert_eq!(classification.plane_of[node(512)], Some(0));
    assert_eq!(classification.plane_of[node(1001)], Some(0), "a member of a member");
    assert_eq!(
        classification.plane_of[node(513)],
        None,
        "everybody is not an administrator"
    );
    assert_eq!(classification.plane_of[node(1002)], None);
    assert_eq!(classification.criticality[node(1002)], Some(Criticality::High));
}

#[test]
fn a_level_finds_its_asset_by_any_identifier_that_no_other_has_and_the_last_one_stands() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    for name in ["a", "b"] {
        host(&mut facts, &format!("host::{name}"), name, r#"{"ip":["10.0.0.5"]}"#);
    }
    let estate = facts.resolve();
    let catalog = Catalog::embedded().expect("the embedded catalog is valid");
    let level = |identifier: &str, level| HandSetLevel {
        identifier: identifier.to_owned(),
        level: Some(level),
        author: "ada".to_owned(),
    };
    let levels = [
        level("S-1-5-21-1-2-3-2001", Criticality::High),
        level("FILE01.corp.local", Criticality::Low),
        level("10.0.0.5", Criticality::High),
    ];
    let classification = classify(&estate, &catalog, &levels, Timestamp::UNIX_EPOCH).expect("classifies");
    let of = |id: &str| classification.criticality[estate.find(id).expect("the asset") as usize];
    assert_eq!(of("S-1-5-21-1-2-3-2001"), Some(Criticality::Low));
    assert_eq!(
        (of("host::a"), of("host::b")),
        (None, None),
        "two assets have the address"
    );
}

/// The tables of an estate, chunk by chunk.
struct Written(Vec<Table>);

impl Written {
    fn of(estate: &Estate) -> Self {
        Self(tables::write(estate).flat_map(|(_, chunks)| chunks).collect())
    }
}

impl tables::TableSource for Written {
    type Error = EstateError;

    fn each(
        &self,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table) -> Result<(), EstateError>,
    ) -> Result<(), EstateError> {
        let chunks = self.0.iter().filter(|table| table.schema.name == schema.name);
        chunks.into_iter().try_for_each(each)
    }
}

#[test]
fn an_estate_reads_back_from_its_tables() {
    let mut facts = Facts::default();
    computer(&mut facts, "S-1-5-21-1-2-3-2001", "FILE01.CORP.LOCAL");
    host(
        &mut facts,
        "host::f",
        "file01",
        r#"{"fqdn":"file01.corp.local","ip":["10.0.0.5"]}"#,
    );
    session(&mut facts, 2, "S-1-5-21-1-2-3-1001");
    let estate = facts.resolve();
    let written = Written::of(&estate);
    let read = tables::read(&written).expect("reads back");
    for (before, after) in written.0.iter().zip(&Written::of(&read).0) {
        assert_eq!(before.columns, after.columns, "table {}", before.schema.name);
    }
    assert_eq!(read.nodes[0].attributes, estate.nodes[0].attributes);
    assert_eq!(read.by_key, estate.by_key);
}

/// One of the things that happen to a directory, as a file.
#[derive(Clone, Debug)]
enum Event {
    Users(Vec<u8>),
    LocalAdmins(u8, Option<u8>),
    Session(u8),
    Deleted(u8),
}

fn event() -> impl Strategy<Value = (i64, Event)> {
    let user = 0u8..4;
    let what = prop_oneof![
        prop::collection::vec(user.clone(), 0..4).prop_map(Event::Users),
        (user.clone(), prop::option::of(user.clone()))
            .prop_map(|(computer, admin)| Event::LocalAdmins(computer, admin)),
        user.clone().prop_map(Event::Session),
        user.prop_map(Event::Deleted),
    ];
    (1i64..30, what)
}

fn digests(events: &[(i64, Event)]) -> Vec<u128> {
    let id = |user: u8| format!("{DOMAIN}-{}", 1000 + u32::from(user));
    let mut facts = Facts::default();
    for (day, event) in events {
        match event {
            Event::Users(ids) => {
                let ids: Vec<_> = ids.iter().map(|user| id(*user)).collect();
                users(&mut facts, *day, &ids.iter().map(String::as_str).collect::<Vec<_>>());
            }
            Event::LocalAdmins(computer, admin) => {
                let admin = admin.map(id);
                local_admins(&mut facts, *day, &format!("{DOMAIN}-200{computer}"), admin.as_deref());
            }
            Event::Session(user) => session(&mut facts, *day, &id(*user)),
            Event::Deleted(user) => {
                facts.file(*day);
                let gone = facts.cell(ObjectClass::Deleted, Facet::Tombstones, Coverage::Mention);
                facts.object(gone, &id(*user), "Base", "", "{}");
            }
        }
    }
    Written::of(&facts.resolve()).0.iter().map(Table::digest).collect()
}

proptest! {
    #[test]
    fn the_estate_does_not_depend_on_the_order_of_imports(
        (events, shuffled) in prop::collection::vec(event(), 0..8)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        prop_assert_eq!(digests(&events), digests(&shuffled));
    }
}

#[test]
fn two_reports_of_a_route_let_through_the_ports_of_both() {
    let route = |facts: &mut Facts, ports: &str| {
        facts.file(1);
        let cell = facts.cell(ObjectClass::Segments, Facet::Network, whole());
        let ends = [
            "dmz",
            "dmz",
            "NetworkSegment",
            "lan",
            "NetworkSegment",
            "RoutesTrafficTo",
            ports,
        ]
        .map(Value::Text);
        facts.row(&RELATIONS, &[&[Value::Long(cell)], &ends[..]].concat());
    };
    let mut facts = Facts::default();
    route(&mut facts, r#"{"ports":["tcp/443"]}"#);
    route(&mut facts, r#"{"ports":["tcp/22","tcp/443"]}"#);
    let estate = facts.resolve();
    assert_eq!(estate.relations.len(), 1);
    assert_eq!(&*estate.relations[0].properties, r#"{"ports":["tcp/22","tcp/443"]}"#);
}

/// Certificate services of a domain, as one file or, row by row, as many.
fn certificate_services(facts: &mut Facts, rows: &[(&str, &str, &str)], files: bool) {
    facts.file(1);
    let mut cell = facts.cell(ObjectClass::EnterpriseCas, Facet::Properties, Coverage::Mention);
    for (id, kind, properties) in rows {
        if files {
            facts.file(1);
            cell = facts.cell(ObjectClass::EnterpriseCas, Facet::Properties, Coverage::Mention);
        }
        facts.object(cell, id, kind, id, properties);
    }
    for (source, kind, target) in [
        ("AGENTS", "PublishedTo", "ISSUING"),
        ("ANY", "PublishedTo", "ISSUING"),
        ("OLD", "PublishedTo", "ISSUING"),
        ("SIGNED", "PublishedTo", "ISSUING"),
        ("ROOT", "RootCAFor", DOMAIN),
    ] {
        facts.relation(cell, "", source, kind, target);
    }
}

const CERTIFICATE_SERVICES: &[(&str, &str, &str)] = &[
    ("ROOT", "RootCA", r#"{"certthumbprint":"aa","certchain":["AA"]}"#),
    ("CROSS", "AIACA", r#"{"certthumbprint":"BB","certchain":["BB","AA"]}"#),
    (
        "ISSUING",
        "EnterpriseCA",
        r#"{"certthumbprint":"BB","certchain":["BB","AA"]}"#,
    ),
    (
        "STRANGER",
        "EnterpriseCA",
        r#"{"certthumbprint":"CC","certchain":["CC"]}"#,
    ),
    ("STORE", "NTAuthStore", r#"{"certthumbprints":["bb"]}"#),
    ("POLICY", "IssuancePolicy", r#"{"certtemplateoid":"1.2.3"}"#),
    (
        "AGENTS",
        "CertTemplate",
        r#"{"schemaversion":2,"effectiveekus":["1.3.6.1.4.1.311.20.2.1"],"certificatepolicy":["1.2.3"]}"#,
    ),
    (
        "ANY",
        "CertTemplate",
        r#"{"schemaversion":2,"effectiveekus":["2.5.29.37.0"]}"#,
    ),
    ("OLD", "CertTemplate", r#"{"schemaversion":"1","effectiveekus":[]}"#),
    (
        "SIGNED",
        "CertTemplate",
        r#"{"schemaversion":2,"effectiveekus":["1.3.6.1.5.5.7.3.2"],"authorizedsignatures":1,
            "applicationpolicies":["1.3.6.1.4.1.311.20.2.1"]}"#,
    ),
    (
        "UNPUBLISHED",
        "CertTemplate",
        r#"{"schemaversion":2,"effectiveekus":["1.3.6.1.4.1.311.20.2.1"]}"#,
    ),
];

/// Source, kind and target of what was concluded, sorted.
fn concluded(estate: &Estate) -> Vec<String> {
    let mut found: Vec<_> = estate
        .relations
        .iter()
        .filter(|it| it.is_concluded())
        .map(|it| {
            let (source, target) = estate.keys_of(it);
            format!("{source} {} {target}", it.kind)
        })
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn what_names_one_certificate_or_policy_is_related_whatever_was_imported_first() {
    let mut facts = Facts::default();
    certificate_services(&mut facts, CERTIFICATE_SERVICES, false);
    let estate = facts.resolve();
    assert_eq!(
        concluded(&estate),
        [
            "AGENTS EnrollOnBehalfOf OLD",
            "AGENTS EnrollOnBehalfOf SIGNED",
            "AGENTS ExtendedByPolicy POLICY",
            "ANY EnrollOnBehalfOf OLD",
            "CROSS IssuedSignedBy ROOT",
            "ISSUING EnterpriseCAFor CROSS",
            "ISSUING IssuedSignedBy ROOT",
            "ISSUING TrustedForNTAuth STORE",
            "OLD EnrollOnBehalfOf OLD",
        ]
    );
    assert!(estate.relations.is_sorted_by_key(|it| (it.source, it.target, it.kind)));

    let backwards: Vec<_> = CERTIFICATE_SERVICES.iter().rev().copied().collect();
    let mut facts = Facts::default();
    certificate_services(&mut facts, &backwards, true);
    assert_eq!(concluded(&facts.resolve()), concluded(&estate));
}

#[test]
fn of_an_authority_it_is_told_whether_a_source_names_its_computer() {
    let mut facts = Facts::default();
    certificate_services(&mut facts, CERTIFICATE_SERVICES, false);
    facts.relation(0, "", "S-1-5-21-1-2-3-1001", "HostsCAService", "ISSUING");
    let estate = facts.resolve();
    let is_known = |id: &str| {
        let index = estate.find(id).expect("an authority");
        let pki = estate.node(index).attributes.pki.as_deref();
        pki.and_then(|it| it.is_host_known)
    };
    assert_eq!((is_known("ISSUING"), is_known("STRANGER")), (Some(true), None));
}

#[test]
fn of_an_authority_that_separates_roles_it_is_told_who_holds_two() {
    let told = |of_authority: &'static str, properties: &'static str| {
        let mut rows = CERTIFICATE_SERVICES.to_vec();
        rows.iter_mut().find(|row| row.0 == "ISSUING").expect("a row").2 = of_authority;
        let mut facts = Facts::default();
        certificate_services(&mut facts, &rows, false);
        for (holder, kind) in [
            ("S-1-5-21-1-2-3-1001", "ManageCA"),
            ("S-1-5-21-1-2-3-1001", "ManageCertificates"),
            ("S-1-5-21-1-2-3-1002", "ManageCA"),
            ("S-1-5-21-1-2-3-1003", "ManageCertificates"),
        ] {
            let row = ["", holder, "User", "ISSUING", "EnterpriseCA", kind, properties].map(Value::Text);
            facts.row(&RELATIONS, &[&[Value::Long(0)], &row[..]].concat());
        }
        let estate = facts.resolve();
        let pki = estate
            .node(estate.find("ISSUING").expect("an authority"))
            .attributes
            .pki
            .clone();
        pki.map(|it| it.holders_of_two_roles.to_vec()).unwrap_or_default()
    };
    let separated = r#"{"roleseparationenabled":true}"#;
    assert_eq!(told(separated, ""), ["S-1-5-21-1-2-3-1001"]);
    assert_eq!(told(r#"{"roleseparationenabled":false}"#, ""), [""; 0]);
    // Where the list of the authority itself was collected, that of its object grants nothing.
    let listed = r#"{"roleseparationenabled":true,"calistcollected":true}"#;
    assert_eq!(told(listed, ""), [""; 0]);
    assert_eq!(told(listed, r#"{"islistofca":true}"#), ["S-1-5-21-1-2-3-1001"]);
}

#[test]
fn a_conclusion_needs_each_of_its_grounds() {
    let with = |id: &str, properties: &'static str| {
        let mut rows = CERTIFICATE_SERVICES.to_vec();
        rows.iter_mut().find(|row| row.0 == id).expect("a row").2 = properties;
        let mut facts = Facts::default();
        certificate_services(&mut facts, &rows, false);
        concluded(&facts.resolve())
    };
    for (id, properties, lost) in [
        (
            "STORE",
            r#"{"certthumbprints":["CC"]}"#,
            "ISSUING TrustedForNTAuth STORE",
        ),
        (
            "POLICY",
            r#"{"certtemplateoid":"1.2"}"#,
            "AGENTS ExtendedByPolicy POLICY",
        ),
        // A certificate for any purpose is no agent's where the template asks for one.
        (
            "AGENTS",
            r#"{"effectiveekus":["1.3.6.1.4.1.311.20.2.1","2.5.29.37.0"]}"#,
            "AGENTS EnrollOnBehalfOf SIGNED",
        ),
        ("AGENTS", "{}", "AGENTS EnrollOnBehalfOf OLD"),
        (
            "OLD",
            r#"{"schemaversion":2,"effectiveekus":[]}"#,
            "AGENTS EnrollOnBehalfOf OLD",
        ),
        (
            "SIGNED",
            r#"{"schemaversion":2,"authorizedsignatures":0,"applicationpolicies":["1.3.6.1.4.1.311.20.2.1"]}"#,
            "AGENTS EnrollOnBehalfOf SIGNED",
        ),
        // The issuing authority no longer chains to a root of the domain.
        ("ISSUING", r#"{"certchain":["BB"]}"#, "ISSUING IssuedSignedBy ROOT"),
        ("ROOT", r#"{"certthumbprint":"DD"}"#, "AGENTS EnrollOnBehalfOf OLD"),
    ] {
        let found = with(id, properties);
        assert!(!found.iter().any(|it| it == lost), "{id} {properties}: {found:?}");
    }

    let (policy, others): (Vec<_>, Vec<_>) = CERTIFICATE_SERVICES.iter().partition(|row| row.0 == "POLICY");
    let mut facts = Facts::default();
    certificate_services(&mut facts, &others, false);
    let class = ObjectClass::IssuancePolicies;
    let of_another = facts.cell_of("S-1-5-21-9-9-9", class, Facet::Properties, Coverage::Mention);
    facts.object(of_another, "POLICY", "IssuancePolicy", "POLICY", policy[0].2);
    let found = concluded(&facts.resolve());
    assert!(!found.iter().any(|it| it.contains("ExtendedByPolicy")), "{found:?}");
}

#[test]
fn a_relation_that_a_file_states_is_not_concluded_and_no_file_can_mark_it_so() {
    let mut facts = Facts::default();
    certificate_services(&mut facts, CERTIFICATE_SERVICES, false);
    let row = [
        "",
        "ISSUING",
        "EnterpriseCA",
        "STORE",
        "NTAuthStore",
        "TrustedForNTAuth",
    ];
    let properties = r#"{"because":"it was read","isconcluded":true}"#;
    let texts = row.into_iter().chain([properties]).map(Value::Text);
    facts.row(
        &RELATIONS,
        &[Value::Long(0)].into_iter().chain(texts).collect::<Vec<_>>(),
    );
    let estate = facts.resolve();
    let trusted: Vec<_> = estate
        .relations
        .iter()
        .filter(|it| it.kind == RelationKind::TrustedForNtAuth)
        .collect();
    assert_eq!(trusted.len(), 1);
    assert_eq!(&*trusted[0].properties, r#"{"because":"it was read"}"#);
}

#[test]
fn the_admin_sd_holder_protects_the_marked_accounts_of_its_domain() {
    let mut facts = Facts::default();
    facts.file(1);
    let cell = facts.cell(ObjectClass::Users, Facet::Properties, Coverage::Mention);
    let of_another = facts.cell_of(
        "S-1-5-21-9-9-9",
        ObjectClass::Users,
        Facet::Properties,
        Coverage::Mention,
    );
    facts
        .object(
            cell,
            "HOLDER",
            "Container",
            "ADMINSDHOLDER@CORP",
            r#"{"distinguishedname":"CN=AdminSDHolder,CN=System,DC=CORP,DC=LOCAL"}"#,
        )
        .object(
            cell,
            "USERS",
            "Container",
            "USERS@CORP",
            r#"{"distinguishedname":"CN=USERS,DC=CORP,DC=LOCAL"}"#,
        )
        .object(
            cell,
            "S-1-5-21-1-2-3-500",
            "User",
            "",
            r#"{"adminsdholderprotected":true}"#,
        )
        .object(
            cell,
            "S-1-5-21-1-2-3-1001",
            "User",
            "",
            r#"{"adminsdholderprotected":false}"#,
        )
        .object(cell, "S-1-5-21-1-2-3-1002", "User", "", "{}")
        .object(
            of_another,
            "S-1-5-21-9-9-9-500",
            "User",
            "",
            r#"{"adminsdholderprotected":true}"#,
        );
    assert_eq!(
        concluded(&facts.resolve()),
        ["HOLDER ProtectAdminGroups S-1-5-21-1-2-3-500"]
    );
}
