//! Which domain an object belongs to, where its id does not tell: in graphs of other programs.
//!
//! Collectors write the SIDs of domains and of their principals, which tell. Another program may give a domain any id
//! and name its SID in the property `domainsid` (which is what readers take an object's boundary from), or say no more
//! than that the domain contains an object.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_model::{NodeKind, RelationKind};
use serde_json::Value;

use crate::objects::{Interner, Object};
use crate::relations::RawRelation;

/// Makes the boundary of every object of a domain the id of that domain's own object.
pub fn find(objects: &mut BTreeMap<u32, Object>, relations: &[RawRelation], keys: &Interner) {
    for object in objects
        .values_mut()
        .filter(|it| it.boundary.is_empty() && is_of_domain(it.kind))
    {
        if let Some(said) = object.properties.get("domainsid").and_then(Value::as_str) {
            object.boundary = said.to_ascii_uppercase();
        }
    }
    let mut ids = HashMap::new();
    for (&key, object) in objects.iter_mut().filter(|(_, object)| object.kind == NodeKind::Domain) {
        let id = keys.text(key);
        if object.boundary != id {
            let said = std::mem::replace(&mut object.boundary, id.to_owned());
            // Of two that name one SID, the first by id, whatever was imported first.
            let known = ids.entry(said).or_insert_with(|| id.to_owned());
            if id < known.as_str() {
                id.clone_into(known);
            }
        }
    }
    // What is the id of an object is not the name of another.
    ids.retain(|said, _| !said.is_empty() && keys.find(said).is_none_or(|key| !objects.contains_key(&key)));
    if !ids.is_empty() {
        for object in objects.values_mut().filter(|it| is_of_domain(it.kind)) {
            if let Some(id) = ids.get(&object.boundary) {
                object.boundary.clone_from(id);
            }
        }
    }
    look_inside(objects, relations, keys);
}

/// What lies in a domain's tree, and says of no domain, belongs to that one.
fn look_inside(objects: &mut BTreeMap<u32, Object>, relations: &[RawRelation], keys: &Interner) {
    if !objects
        .values()
        .any(|it| it.boundary.is_empty() && is_of_domain(it.kind))
    {
        return;
    }
    let mut contents = HashMap::<u32, Vec<u32>>::new();
    for relation in relations.iter().filter(|it| it.kind == RelationKind::Contains) {
        contents.entry(relation.source).or_default().push(relation.target);
    }
    let domains = objects.iter().filter(|(_, object)| object.kind == NodeKind::Domain);
    let mut open: Vec<(u32, String)> = domains.map(|(&key, _)| (key, keys.text(key).to_owned())).collect();
    // The first by id comes first here too.
    open.sort_by(|a, b| b.1.cmp(&a.1));
    let mut seen = HashSet::new();
    while let Some((container, domain)) = open.pop() {
        if !seen.insert(container) {
            continue;
        }
        for &content in contents.get(&container).into_iter().flatten() {
            if let Some(object) = objects.get_mut(&content).filter(|it| is_of_domain(it.kind)) {
                if object.kind == NodeKind::Domain {
                    continue;
                }
                if object.boundary.is_empty() {
                    object.boundary.clone_from(&domain);
                }
                open.push((content, domain.clone()));
            }
        }
    }
}

fn is_of_domain(kind: NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::Domain
            | NodeKind::User
            | NodeKind::Computer
            | NodeKind::Group
            | NodeKind::LocalGroup
            | NodeKind::Gpo
            | NodeKind::Ou
            | NodeKind::Container
            | NodeKind::AiaCa
            | NodeKind::RootCa
            | NodeKind::EnterpriseCa
            | NodeKind::NtAuthStore
            | NodeKind::CertTemplate
            | NodeKind::IssuancePolicy
    )
}
