//! Groups that every domain has, whether a source names them or not.
//!
//! Collectors name Authenticated Users only where some right is granted to it, and yet it is where an attack begins
//! that any account can make. The rule is that of BloodHound Community Edition's analysis: each domain that was
//! collected has these four. They are stubs that say so: see [`Node::is_concluded`].
//!
//! [`Node::is_concluded`]: postern_model::estate::Node::is_concluded

use std::collections::{BTreeMap, BTreeSet};

use postern_model::NodeKind;
use postern_model::estate::{BECAUSE, IS_CONCLUDED};
use serde_json::{Value, json};

use crate::attributes::{Properties, as_bool};
use crate::names;
use crate::objects::{Interner, Object};

/// Domain Users and Domain Computers carry the SID of their domain in front.
const OF_DOMAIN: [&str; 2] = ["513", "515"];
/// Authenticated Users and Everyone have the same SID everywhere; the name of the domain tells them apart.
const OF_ALL: [&str; 2] = ["S-1-5-11", "S-1-1-0"];

/// Adds those that no source names.
pub fn add(objects: &mut BTreeMap<u32, Object>, keys: &mut Interner) {
    for object in objects.values_mut() {
        // Only this module says what is concluded: an export of Postern's own that is read again states it.
        object.properties.remove(IS_CONCLUDED);
    }
    let is_collected = |domain: &Object| {
        let told = domain.properties.get("collected").and_then(as_bool);
        domain.kind == NodeKind::Domain && !domain.is_stub && !domain.name.is_empty() && told != Some(false)
    };
    // Of a domain whose id is no SID they may have ids of another form.
    let mut there = BTreeSet::new();
    for (&key, object) in objects.iter().filter(|(_, object)| object.kind == NodeKind::Group) {
        let key = keys.text(key);
        let ends = OF_DOMAIN.into_iter().chain(OF_ALL);
        there.extend(
            ends.filter(|end| key.strip_suffix(end).is_some_and(|it| it.ends_with('-')))
                .map(|end| (object.boundary.clone(), end)),
        );
    }
    let domains: Vec<_> = objects.iter().filter(|(_, object)| is_collected(object)).collect();
    let mut missing = Vec::new();
    for (&domain, object) in domains {
        let (sid, name) = (keys.text(domain), object.name.to_uppercase());
        let of_domain = OF_DOMAIN.map(|rid| (rid, format!("{sid}-{rid}")));
        let of_all = OF_ALL.map(|well_known| (well_known, format!("{name}-{well_known}")));
        for (end, key) in of_domain.into_iter().chain(of_all) {
            if !there.contains(&(sid.to_owned(), end)) {
                missing.push((key, group(sid, &name, object)));
            }
        }
    }
    for (key, mut group) in missing {
        if let Some((name, _)) = names::well_known(&key) {
            group.name = format!("{name}@{}", group.name);
        }
        objects.entry(keys.number_of_id(&key)).or_insert(group);
    }
}

/// Known since its domain is. Its name is still that of the domain.
fn group(sid: &str, domain: &str, of: &Object) -> Object {
    let properties: Properties = [
        (BECAUSE, json!("every domain has it")),
        (IS_CONCLUDED, Value::Bool(true)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    Object {
        kind: NodeKind::Group,
        name: domain.to_owned(),
        boundary: sid.to_owned(),
        is_stub: true,
        properties,
        told: Vec::new(),
        snapshots: of.snapshots.clone(),
        first: of.first,
        last: of.last,
        last_own: None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn object(kind: NodeKind, name: &str, properties: Value) -> Object {
        Object {
            kind,
            name: name.to_owned(),
            boundary: String::new(),
            is_stub: false,
            properties: serde_json::from_value(properties).expect("an object"),
            told: Vec::new(),
            snapshots: vec![3],
            first: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            last_own: Some(Timestamp::UNIX_EPOCH),
        }
    }

    /// Keys and names after adding, of what was not there.
    fn added(given: Vec<(&str, Object)>) -> Vec<(String, String)> {
        let mut keys = Interner::default();
        let mut objects: BTreeMap<u32, Object> = given
            .into_iter()
            .map(|(key, object)| (keys.number_of_id(key), object))
            .collect();
        let before: BTreeSet<u32> = objects.keys().copied().collect();
        add(&mut objects, &mut keys);
        let new = objects.iter().filter(|(key, _)| !before.contains(key));
        let mut found: Vec<_> = new
            .map(|(&key, object)| {
                assert!(object.is_stub && object.snapshots == [3], "{}", object.name);
                assert_eq!(object.properties.get(IS_CONCLUDED), Some(&Value::Bool(true)));
                (keys.text(key).to_owned(), object.name.clone())
            })
            .collect();
        found.sort();
        found
    }

    fn of_corp(keys: &[(&str, &str)]) -> Vec<(String, String)> {
        keys.iter()
            .map(|&(key, name)| (key.to_owned(), name.to_owned()))
            .collect()
    }

    #[test]
    fn a_collected_domain_has_four_groups_of_everybody() {
        let domain = object(NodeKind::Domain, "Corp.Local", json!({}));
        let users = object(NodeKind::Group, "DOMAIN USERS@CORP.LOCAL", json!({}));
        assert_eq!(
            added(vec![("S-1-5-21-1-2-3", domain), ("S-1-5-21-1-2-3-513", users)]),
            of_corp(&[
                ("CORP.LOCAL-S-1-1-0", "EVERYONE@CORP.LOCAL"),
                ("CORP.LOCAL-S-1-5-11", "AUTHENTICATED USERS@CORP.LOCAL"),
                ("S-1-5-21-1-2-3-515", "DOMAIN COMPUTERS@CORP.LOCAL"),
            ])
        );
    }

    #[test]
    fn a_domain_that_nobody_looked_at_has_none() {
        let mut stub = object(NodeKind::Domain, "CORP.LOCAL", json!({}));
        stub.is_stub = true;
        assert_eq!(added(vec![("S-1-5-21-1-2-3", stub)]), []);
        let named_only = object(NodeKind::Domain, "CORP.LOCAL", json!({"collected": false}));
        assert_eq!(added(vec![("S-1-5-21-1-2-3", named_only)]), []);
        let nameless = object(NodeKind::Domain, "", json!({}));
        assert_eq!(added(vec![("S-1-5-21-1-2-3", nameless)]), []);
    }

    #[test]
    fn what_a_file_says_of_being_concluded_is_forgotten() {
        let mut keys = Interner::default();
        let stated = object(NodeKind::Group, "G", json!({ IS_CONCLUDED: true }));
        let mut objects = BTreeMap::from([(keys.number_of_id("G"), stated)]);
        add(&mut objects, &mut keys);
        assert!(objects.values().all(|it| it.properties.is_empty()));
    }
}
