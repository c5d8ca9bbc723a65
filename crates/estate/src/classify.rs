//! Phase 3: control planes, and assets that are critical beside them (DESIGN 5).
//!
//! A control plane is that of a forest or of an Entra tenant; the catalog's rules say of which of the two they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use postern_catalog::{Catalog, Evaluate, Expansion, PlaneScope};
use postern_model::estate::{Classification, Estate, KnownIdentifier, NodeIndex, Plane, Reason};
use postern_model::{Criticality, NodeKind, Phase, RelationKind};
use roaring::RoaringBitmap;

use crate::names::is_broad_group;
use crate::rules::EstateRules;
use crate::{EstateError, Result};

/// A level that a person gave an asset, by any of its identifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandSetLevel {
    pub identifier: String,
    /// `None` takes away the level that a rule would give.
    pub level: Option<Criticality>,
    pub author: String,
}

/// Finds the control plane of each forest and each tenant by the catalog's rules, and sets the levels that people gave.
///
/// * `levels`: where several name one asset, the last one stands.
/// * `now`: the clock of the build; rules may ask for it.
///
/// # Errors
/// [`EstateError::Rule`] for a rule whose query is unknown.
pub fn classify(estate: &Estate, catalog: &Catalog, levels: &[HandSetLevel], now: Timestamp) -> Result<Classification> {
    let rules = EstateRules::new(estate, now);
    let realms: Vec<Realm> = forests(estate).into_iter().chain(tenants(estate)).collect();
    let members_of = members_by_group(estate);
    let mut classification = Classification {
        planes: realms.iter().map(|realm| realm.plane.clone()).collect(),
        plane_of: vec![None; estate.nodes.len()],
        criticality: vec![None; estate.nodes.len()],
        reasons: Vec::new(),
    };
    let realm_of: HashMap<&str, u32> = realms
        .iter()
        .enumerate()
        .flat_map(|(at, realm)| {
            realm
                .plane
                .domains
                .iter()
                .map(move |domain| (domain.as_str(), at as u32))
        })
        .collect();

    let mut members = vec![RoaringBitmap::new(); realms.len()];
    let mut reasons = BTreeSet::new();
    for rule in catalog.control_planes.iter().filter(|rule| rule.enabled) {
        let selected = rules
            .nodes(&rule.query, Phase::Classify)
            .map_err(|cause| EstateError::Rule {
                rule: rule.id.clone(),
                cause,
            })?;
        let of_scope = (0..).zip(&realms).zip(&mut members);
        for ((realm, _), members) in of_scope.filter(|((_, realm), _)| realm.scope == rule.scope) {
            let own: RoaringBitmap = selected
                .iter()
                .filter(|&node| realm_of.get(&*estate.node(node).boundary) == Some(&realm))
                .collect();
            let all = match rule.expansion {
                Expansion::None => own.clone(),
                Expansion::Members => expand_members(estate, &members_of, &own),
                Expansion::Contents => expand_contents(estate, &own),
            };
            for node in &all {
                let text = if own.contains(node) {
                    rule.reason.clone()
                } else {
                    match rule.expansion {
                        Expansion::Contents => format!("inside: {}", rule.title),
                        Expansion::Members | Expansion::None => format!("a member of: {}", rule.title),
                    }
                };
                reasons.insert(Reason {
                    node,
                    rule: rule.id.clone(),
                    text,
                });
            }
            *members |= all;
        }
    }
    for members in &mut members {
        for (node, text) in holders(estate, members) {
            members.insert(node);
            reasons.insert(Reason {
                node,
                rule: "holds-control-plane".to_owned(),
                text,
            });
        }
    }
    for (at, members) in members.iter().enumerate() {
        for node in members {
            classification.plane_of[node as usize].get_or_insert(at as u32);
        }
    }
    for (node, plane) in classification.plane_of.iter().enumerate() {
        if let Some(plane) = plane {
            classification.planes[*plane as usize].members.push(node as NodeIndex);
        }
    }
    set_levels(estate, levels, &mut classification, &mut reasons);
    classification.reasons = reasons.into_iter().collect();
    Ok(classification)
}

/// What a control plane is the control of.
struct Realm {
    scope: PlaneScope,
    plane: Plane,
}

/// Tenants that were collected; of others nothing is known but their names.
fn tenants(estate: &Estate) -> Vec<Realm> {
    let tenants = estate.nodes.iter().filter(|node| node.kind == NodeKind::AzTenant);
    let mut found: Vec<_> = tenants
        .filter(|node| estate.coverage.iter().any(|coverage| *coverage.boundary == *node.key))
        .map(|node| Realm {
            scope: PlaneScope::Tenant,
            plane: Plane {
                key: format!("plane:tenant:{}", node.key),
                name: format!("control plane of tenant {}", node.name),
                members: Vec::new(),
                domains: vec![node.key.to_string()],
            },
        })
        .collect();
    found.sort_by(|a, b| a.plane.key.cmp(&b.plane.key));
    found
}

/// Domains joined by trusts inside a forest; a domain whose trusts nobody looked at stands alone. Forests
/// of which no domain was collected are left out: nothing is known of what they hold.
fn forests(estate: &Estate) -> Vec<Realm> {
    let domains: BTreeMap<NodeIndex, &str> = (0..estate.nodes.len() as NodeIndex)
        .filter(|&node| estate.node(node).kind == NodeKind::Domain)
        .map(|node| (node, &*estate.node(node).key))
        .collect();
    let mut forest_of: BTreeMap<NodeIndex, NodeIndex> = domains.keys().map(|&node| (node, node)).collect();
    for relation in estate
        .relations
        .iter()
        .filter(|relation| relation.kind == RelationKind::SameForestTrust)
    {
        let (Some(&a), Some(&b)) = (forest_of.get(&relation.source), forest_of.get(&relation.target)) else {
            continue;
        };
        if a != b {
            forest_of
                .values_mut()
                .filter(|forest| **forest == b)
                .for_each(|forest| *forest = a);
        }
    }
    let mut groups = BTreeMap::<NodeIndex, Vec<NodeIndex>>::new();
    for (domain, forest) in forest_of {
        groups.entry(forest).or_default().push(domain);
    }
    let mut forests: Vec<Realm> = groups
        .into_values()
        .filter(|domains| domains.iter().any(|&domain| is_collected(estate, domain)))
        .map(|members| {
            let root = root_of(estate, &members);
            let mut sids: Vec<String> = members.iter().map(|domain| domains[domain].to_owned()).collect();
            sids.sort();
            Realm {
                scope: PlaneScope::Forest,
                plane: Plane {
                    key: format!("plane:forest:{}", estate.node(root).key),
                    name: format!("control plane of forest {}", estate.node(root).name),
                    members: Vec::new(),
                    domains: sids,
                },
            }
        })
        .collect();
    forests.sort_by(|a, b| a.plane.key.cmp(&b.plane.key));
    forests
}

/// A domain is collected when its own record, or any record inside it, was read.
fn is_collected(estate: &Estate, domain: NodeIndex) -> bool {
    let domain = estate.node(domain);
    !domain.is_stub || estate.coverage.iter().any(|coverage| coverage.boundary == *domain.key)
}

/// The domain that others name as forest root, else the one that holds Enterprise Admins (RID 519 exists
/// in the root only), else the one with the shortest name, else the smallest SID.
fn root_of(estate: &Estate, domains: &[NodeIndex]) -> NodeIndex {
    let named: BTreeSet<String> = domains
        .iter()
        .filter_map(|&domain| {
            let properties = crate::attributes::parse(&estate.node(domain).properties);
            Some(properties.get("forestrootidentifier")?.as_str()?.to_ascii_uppercase())
        })
        .collect();
    let order = |domain: NodeIndex| {
        let node = estate.node(domain);
        let holds_enterprise_admins = estate
            .find(&format!("{}-519", node.key))
            .is_some_and(|group| !estate.node(group).is_stub);
        (
            !named.contains(&*node.key),
            !holds_enterprise_admins,
            node.name.len(),
            node.key.clone(),
        )
    };
    domains
        .iter()
        .copied()
        .min_by_key(|&domain| order(domain))
        .expect("a forest has a domain")
}

/// Members of groups, and holders of roles, by the group or role.
fn members_by_group(estate: &Estate) -> HashMap<NodeIndex, Vec<NodeIndex>> {
    let mut members = HashMap::<NodeIndex, Vec<NodeIndex>>::new();
    for relation in estate.relations.iter().filter(|relation| match relation.kind {
        RelationKind::MemberOf | RelationKind::AzMemberOf => true,
        RelationKind::AzHasRole => relation.is_tenant_wide(),
        _ => false,
    }) {
        members.entry(relation.target).or_default().push(relation.source);
    }
    members
}

/// Groups and their members at any depth. Groups that hold nearly everybody are not entered: were Domain
/// Users a member of Domain Admins, that membership is the finding, not a reason to trust all users.
fn expand_members(
    estate: &Estate,
    members_of: &HashMap<NodeIndex, Vec<NodeIndex>>,
    start: &RoaringBitmap,
) -> RoaringBitmap {
    let mut reached = start.clone();
    let mut open: Vec<NodeIndex> = start.iter().collect();
    while let Some(group) = open.pop() {
        for &member in members_of.get(&group).into_iter().flatten() {
            if !is_broad_group(&estate.node(member).key) && reached.insert(member) {
                open.push(member);
            }
        }
    }
    reached
}

fn expand_contents(estate: &Estate, start: &RoaringBitmap) -> RoaringBitmap {
    let mut contents = HashMap::<NodeIndex, Vec<NodeIndex>>::new();
    for relation in estate
        .relations
        .iter()
        .filter(|relation| relation.kind == RelationKind::Contains)
    {
        contents.entry(relation.source).or_default().push(relation.target);
    }
    let mut reached = start.clone();
    let mut open: Vec<NodeIndex> = start.iter().collect();
    while let Some(container) = open.pop() {
        for &content in contents.get(&container).into_iter().flatten() {
            if reached.insert(content) {
                open.push(content);
            }
        }
    }
    reached
}

/// Units and containers around members at any depth, and policies linked to those or to the domain: who
/// controls one of them controls a member. They bring in nothing further.
fn holders(estate: &Estate, members: &RoaringBitmap) -> Vec<(NodeIndex, String)> {
    let mut parents = HashMap::<NodeIndex, Vec<NodeIndex>>::new();
    let mut policies = HashMap::<NodeIndex, Vec<NodeIndex>>::new();
    for relation in &estate.relations {
        match relation.kind {
            RelationKind::Contains => parents.entry(relation.target).or_default().push(relation.source),
            RelationKind::GpLink => policies.entry(relation.target).or_default().push(relation.source),
            _ => {}
        }
    }
    let mut found = BTreeMap::<NodeIndex, String>::new();
    let mut open: Vec<NodeIndex> = members.iter().collect();
    let mut seen = members.clone();
    while let Some(node) = open.pop() {
        let name = &estate.node(node).name;
        let around = parents
            .get(&node)
            .into_iter()
            .flatten()
            .map(|&parent| (parent, "contains"));
        let applied = policies
            .get(&node)
            .into_iter()
            .flatten()
            .map(|&policy| (policy, "applies to"));
        for (holder, verb) in around.chain(applied) {
            if seen.insert(holder) {
                found.insert(holder, format!("{verb} {name}"));
                // Containers inside containers; a policy has nothing around it that matters.
                if verb == "contains" {
                    open.push(holder);
                }
            }
        }
    }
    found.into_iter().collect()
}

fn set_levels(
    estate: &Estate,
    levels: &[HandSetLevel],
    classification: &mut Classification,
    reasons: &mut BTreeSet<Reason>,
) {
    let named = named_by(estate, levels);
    for set in levels {
        let by_identifier = || *named.get(&set.identifier.to_ascii_uppercase())?;
        let Some(node) = estate.find(&set.identifier).or_else(by_identifier) else {
            continue;
        };
        classification.criticality[node as usize] = set.level;
        let level = set.level.map_or("none", Criticality::as_str);
        reasons.insert(Reason {
            node,
            rule: "decision".to_owned(),
            text: format!("level {level}, set by {}", set.author),
        });
    }
}

/// The assets that levels name by an identifier other than their id; `None` where several assets have it.
fn named_by(estate: &Estate, levels: &[HandSetLevel]) -> HashMap<String, Option<NodeIndex>> {
    let wanted: BTreeSet<String> = levels
        .iter()
        .filter(|set| estate.find(&set.identifier).is_none())
        .map(|set| set.identifier.to_ascii_uppercase())
        .collect();
    let mut named = HashMap::new();
    if wanted.is_empty() {
        return named;
    }
    for (index, node) in (0..).zip(&estate.nodes) {
        for KnownIdentifier { identifier, .. } in &node.identifiers {
            let value = identifier.value.to_ascii_uppercase();
            if wanted.contains(&value) {
                let holder = named.entry(value).or_insert(Some(index));
                *holder = holder.filter(|&held| held == index);
            }
        }
    }
    named
}
