//! What only Entra has: twins of accounts, roles over one application, and who is protected by the roles they hold.
//!
//! An Entra user and its account of Active Directory stay two assets, joined by two relations; that is so only where
//! both were read. Who holds a role decides who may reset their password. That no role is held is an answer too, so
//! it is written down as a property: it must not come and go with a relation that somebody imagines away.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use postern_model::estate::{BoundaryCoverage, Node, NodeIndex, Relation};
use postern_model::{Facet, NodeKind, ObjectClass, RelationKind};
use serde_json::Value;

use crate::attributes::{attributes, parse};
use crate::names;
use crate::objects::{Interner, Object};
use crate::relations::RawRelation;

/// The property that lists the roles of a user, by the ids of their templates; there only if they were looked at.
pub const DIRECTORY_ROLES: &str = "directoryroles";
/// The property of a user who is protected as a member or owner of a group that can be assigned to roles.
pub const IN_ROLE_GROUP: &str = "inroleassignablegroup";

/// The property of what lies in a unit that only administrators of that unit manage.
pub const IN_RESTRICTED_UNIT: &str = "inrestrictedunit";

/// The tenant in the id of a role, `<role>@<tenant>`.
pub fn tenant_of_role(key: &str) -> Option<&str> {
    key.split_once('@').map(|(_, tenant)| tenant)
}

/// Gives roles over one application, which name it by its object, the id by which everything else knows it. Some
/// collectors name an application so for its owners too.
pub fn resolve_applications(relations: &mut [RawRelation], objects: &BTreeMap<u32, Object>, keys: &Interner) {
    let is_over_one = |kind| {
        matches!(
            kind,
            RelationKind::AzAppAdmin | RelationKind::AzCloudAppAdmin | RelationKind::AzOwns
        )
    };
    if !relations.iter().any(|it| is_over_one(it.kind)) {
        return;
    }
    let by_object: HashMap<u32, u32> = objects
        .iter()
        .filter(|(_, object)| object.kind == NodeKind::AzApp)
        .filter_map(|(&key, object)| Some((keys.find(object.properties.get("objectid")?.as_str()?)?, key)))
        .collect();
    for relation in relations.iter_mut().filter(|it| is_over_one(it.kind)) {
        if let Some(&app) = by_object.get(&relation.target) {
            relation.target = app;
        }
    }
}

/// Leaves out what was said of principals before a look at all of their tenant missed them. An id does not tell its
/// tenant, so that of the relation's other end is taken.
///
/// * `listed`: tenant → since when all its users, groups and service principals are known.
pub fn drop_missed(
    relations: &mut Vec<RawRelation>,
    objects: &BTreeMap<u32, Object>,
    keys: &Interner,
    listed: &HashMap<&str, Timestamp>,
) {
    if listed.is_empty() {
        return;
    }
    let own = |key: u32| objects.get(&key).filter(|it| !it.is_stub);
    let listed_at = |key: u32| {
        let tenant = own(key).map_or_else(|| tenant_of_role(keys.text(key)), |it| Some(it.boundary.as_str()));
        listed.get(tenant?)
    };
    let is_principal = |kind| {
        matches!(
            kind,
            NodeKind::Base | NodeKind::AzUser | NodeKind::AzGroup | NodeKind::AzServicePrincipal
        )
    };
    relations.retain(|it| {
        let is_of_directory = matches!(
            it.kind,
            RelationKind::AzMemberOf | RelationKind::AzOwns | RelationKind::AzHasRole | RelationKind::AzRoleEligible
        );
        let missed = |end: u32, kind, other: u32| {
            let is_gone = || listed_at(other).is_some_and(|listed_at| it.at < *listed_at);
            is_principal(kind) && own(end).is_none() && is_gone()
        };
        let is_missed = || missed(it.source, it.source_kind, it.target) || missed(it.target, it.target_kind, it.source);
        !is_of_directory || !is_missed()
    });
}

/// Joins each synchronised user with the account that its properties name, where no file has said so.
pub fn conclude_twins(relations: &mut Vec<RawRelation>, objects: &BTreeMap<u32, Object>, keys: &mut Interner) {
    let stated: BTreeSet<(u32, u32)> = relations
        .iter()
        .filter(|it| it.kind == RelationKind::SyncedToAdUser)
        .map(|it| (it.source, it.target))
        .collect();
    let users = objects
        .iter()
        .filter(|(_, it)| it.kind == NodeKind::AzUser && !it.is_stub);
    for (&user, object) in users {
        let entra = attributes(&object.properties).entra.unwrap_or_default();
        let Some(sid) = entra.on_premises_sid.filter(|_| entra.is_synchronised == Some(true)) else {
            continue;
        };
        let account = keys.number_of_id(&sid);
        if stated.contains(&(user, account)) {
            continue;
        }
        let snapshot = object.told_by("onpremid").snapshots.first().copied();
        let Some(snapshot) = snapshot else { continue };
        let towards_ad = RawRelation {
            source: user,
            target: account,
            source_kind: NodeKind::AzUser,
            target_kind: NodeKind::User,
            kind: RelationKind::SyncedToAdUser,
            properties: keys.number(""),
            snapshot,
            at: object.last,
        };
        relations.push(RawRelation {
            source: account,
            target: user,
            source_kind: NodeKind::User,
            target_kind: NodeKind::AzUser,
            kind: RelationKind::SyncedToEntraUser,
            ..towards_ad
        });
        relations.push(towards_ad);
    }
}

/// Leaves out twins whose account is none: something else has its id, or a look at all users of its domain did not
/// find it. In a domain that nobody has looked at it is taken to be there.
///
/// * `is_listed`: whether all users of a domain are known.
pub fn drop_lonely_twins(
    relations: &mut Vec<RawRelation>,
    objects: &BTreeMap<u32, Object>,
    keys: &Interner,
    is_listed: impl Fn(&str) -> bool,
) {
    let is_account = |key: u32| match objects.get(&key).filter(|it| it.kind != NodeKind::Base) {
        Some(object) if !object.is_stub => object.kind == NodeKind::User,
        _ => !names::domain_sid(keys.text(key)).is_some_and(&is_listed),
    };
    relations.retain(|it| match it.kind {
        RelationKind::SyncedToEntraUser => is_account(it.source),
        RelationKind::SyncedToAdUser => is_account(it.target),
        _ => true,
    });
}

/// Finds the tenant of objects that do not say it themselves: that of what contains them.
pub fn find_tenants(objects: &mut BTreeMap<u32, Object>, relations: &[RawRelation], keys: &Interner) {
    let needs = |object: &Object| {
        object.boundary.is_empty() && ObjectClass::of(object.kind).is_some_and(ObjectClass::is_of_tenant)
    };
    if !objects.values().any(needs) {
        return;
    }
    let mut contents = HashMap::<u32, Vec<u32>>::new();
    for relation in relations.iter().filter(|it| it.kind == RelationKind::AzContains) {
        contents.entry(relation.source).or_default().push(relation.target);
    }
    let mut open: Vec<(u32, String)> = objects
        .iter()
        .filter(|(_, object)| object.kind == NodeKind::AzTenant)
        .map(|(&tenant, _)| (tenant, keys.text(tenant).to_owned()))
        .collect();
    // Of two tenants that claim to contain one thing, the first in order of their ids, whatever was imported first.
    open.sort_by(|a, b| b.1.cmp(&a.1));
    let mut seen = BTreeSet::new();
    while let Some((container, tenant)) = open.pop() {
        if !seen.insert(container) {
            continue;
        }
        for &content in contents.get(&container).into_iter().flatten() {
            if let Some(object) = objects.get_mut(&content).filter(|it| it.kind != NodeKind::AzTenant) {
                if needs(object) {
                    object.boundary.clone_from(&tenant);
                }
                open.push((content, tenant.clone()));
            }
        }
    }
    for (&tenant, object) in objects
        .iter_mut()
        .filter(|(_, object)| object.kind == NodeKind::AzTenant)
    {
        if object.boundary.is_empty() {
            keys.text(tenant).clone_into(&mut object.boundary);
        }
    }
}

/// Writes down which roles each user holds, directly and through groups, where role assignments were looked at. A file
/// that states who holds a role of a tenant is taken to state it of all of them.
pub fn mark_roles(nodes: &mut [Node], relations: &[Relation], coverage: &[BoundaryCoverage]) {
    let assignments = (ObjectClass::DirectoryRoles, Facet::RoleAssignments);
    let looked_at = coverage.iter().filter(|it| it.facets.contains_key(&assignments));
    let stated = relations.iter().filter(|it| it.kind == RelationKind::AzHasRole);
    let tenants: BTreeSet<String> = looked_at
        .map(|it| it.boundary.clone())
        .chain(stated.map(|it| nodes[it.target as usize].boundary.to_string()))
        .filter(|tenant| !tenant.is_empty())
        .collect();
    if tenants.is_empty() {
        return;
    }
    let mut groups_of = HashMap::<NodeIndex, Vec<NodeIndex>>::new();
    let mut roles_of = HashMap::<NodeIndex, Vec<NodeIndex>>::new();
    let mut owned_by = HashMap::<NodeIndex, Vec<NodeIndex>>::new();
    for relation in relations {
        let list = match relation.kind {
            RelationKind::AzMemberOf => &mut groups_of,
            // A role in an administrative unit protects its holder all the same.
            RelationKind::AzHasRole => &mut roles_of,
            RelationKind::AzOwns => &mut owned_by,
            _ => continue,
        };
        list.entry(relation.source).or_default().push(relation.target);
    }
    let is_role_group = |group: NodeIndex| {
        let entra = nodes[group as usize].attributes.entra.as_deref();
        entra.is_some_and(|it| it.is_assignable_to_role == Some(true))
    };
    let mut found = Vec::new();
    for (user, node) in (0..).zip(nodes.iter()) {
        if node.kind != NodeKind::AzUser || node.is_stub || !tenants.contains(&*node.boundary) {
            continue;
        }
        let mut around = BTreeSet::from([user]);
        let mut open: Vec<NodeIndex> = vec![user];
        while let Some(at) = open.pop() {
            for &group in groups_of.get(&at).into_iter().flatten() {
                if around.insert(group) {
                    open.push(group);
                }
            }
        }
        let roles: BTreeSet<String> = around
            .iter()
            .flat_map(|at| roles_of.get(at).into_iter().flatten())
            .filter_map(|&role| nodes[role as usize].role_template())
            .collect();
        let owned = owned_by.get(&user).into_iter().flatten().copied();
        let is_protected = around.iter().copied().chain(owned).any(is_role_group);
        found.push((user, roles, is_protected));
    }
    for (user, roles, is_protected) in found {
        write_down(
            &mut nodes[user as usize],
            [
                (DIRECTORY_ROLES, roles.into_iter().map(Value::from).collect()),
                (IN_ROLE_GROUP, is_protected.into()),
            ],
        );
    }
}

/// Writes down what lies in a unit that keeps administrators of the whole tenant out.
pub fn mark_restricted(nodes: &mut [Node], relations: &[Relation]) {
    let members: BTreeSet<NodeIndex> = relations
        .iter()
        .filter(|it| it.kind == RelationKind::AzMemberOfUnit)
        .filter(|it| {
            let unit = nodes[it.target as usize].attributes.entra.as_deref();
            unit.is_some_and(|unit| unit.is_restricted == Some(true))
        })
        .map(|it| it.source)
        .collect();
    for member in members {
        write_down(&mut nodes[member as usize], [(IN_RESTRICTED_UNIT, true.into())]);
    }
}

/// Gives an asset properties that follow from its relations.
pub fn write_down<const COUNT: usize>(node: &mut Node, concluded: [(&str, Value); COUNT]) {
    let mut properties = parse(&node.properties);
    properties.extend(concluded.map(|(name, value)| (name.to_owned(), value)));
    node.attributes.entra = attributes(&properties).entra;
    node.properties = serde_json::to_string(&properties).expect("a map of JSON values is JSON");
}
