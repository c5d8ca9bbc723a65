//! Sets of objects of a tenant that one role or permission reaches all of, each a virtual vertex.
//!
//! A set has steps to its members only where something leads to the set.

use std::collections::BTreeSet;
use std::sync::Arc;

use postern_model::estate::{Estate, Node, NodeIndex};
use postern_model::{NodeKind, RelationKind};

use super::{
    dynamic_groups, has_password, is_managed_by_tenant, not_assignable, of, synchronised, takes_members, takes_secrets,
};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::Fact;
use crate::techniques::sets;
use crate::view::View;

/// What is reached together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// Whose password the tenant keeps.
    Users,
    /// Those of [`Set::Users`] whom no role protects.
    UsersWithoutRoles,
    /// Those of [`Set::Users`] whose password comes from Active Directory.
    SynchronisedUsers,
    /// Groups whose rule reads what administrators of users may write.
    GroupsByRule,
    /// Groups whose rule takes in whom anybody of the tenant may invite.
    GroupsByInvitation,
    /// Groups that can be assigned no role, and take members.
    Groups,
    /// Groups that take members, those included that can be assigned to roles.
    AllGroups,
    /// Applications and service principals that take secrets.
    Applications,
    /// Those of [`Set::Applications`] that are service principals.
    ServicePrincipals,
}

impl Set {
    const ALL: [Self; 9] = [
        Self::Users,
        Self::UsersWithoutRoles,
        Self::SynchronisedUsers,
        Self::GroupsByRule,
        Self::GroupsByInvitation,
        Self::Groups,
        Self::AllGroups,
        Self::Applications,
        Self::ServicePrincipals,
    ];

    fn key(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::UsersWithoutRoles => "users-without-roles",
            Self::SynchronisedUsers => "synchronised-users",
            Self::GroupsByRule => "groups-by-rule",
            Self::GroupsByInvitation => "groups-by-invitation",
            Self::Groups => "groups",
            Self::AllGroups => "all-groups",
            Self::Applications => "applications",
            Self::ServicePrincipals => "service-principals",
        }
    }

    fn name(self, tenant: &str) -> String {
        match self {
            Self::Users => format!("any user of {tenant}"),
            Self::UsersWithoutRoles => format!("any user of {tenant} without roles"),
            Self::SynchronisedUsers => format!("any synchronised user of {tenant}"),
            Self::GroupsByRule => format!("any group of {tenant} that a rule fills"),
            Self::GroupsByInvitation => format!("any group of {tenant} whose rule takes in whom one invites"),
            Self::Groups => format!("any group of {tenant} that cannot hold roles"),
            Self::AllGroups => format!("any group of {tenant}"),
            Self::Applications => format!("any application of {tenant}"),
            Self::ServicePrincipals => format!("any service principal of {tenant}"),
        }
    }

    /// `set:<what>:<tenant id>`.
    fn vertex(self, estate: &Estate, tenant: &str) -> Virtual {
        let node = estate.by_key.get(tenant).map(|&index| estate.node(index));
        let name = node.map_or(tenant, |node| &node.name);
        sets::vertex(self.key(), tenant, self.name(name))
    }

    /// Why an object is in the set, and how hard that makes the step; `None` when it is not.
    fn member(self, view: &View<'_>, node: &Node) -> Option<(Vec<Fact>, Manner)> {
        let mut facts = Vec::new();
        let mut manner = Manner::default();
        let is_open = |group| takes_members(group) && is_managed_by_tenant(group);
        match self {
            Self::Users | Self::UsersWithoutRoles => {
                if node.kind != NodeKind::AzUser || !has_password(node) || !is_managed_by_tenant(node) {
                    return None;
                }
                if self == Self::UsersWithoutRoles {
                    // Where nobody looked at roles nothing is known of who is protected.
                    let is_plain = of(node).roles.as_ref().is_some_and(Vec::is_empty);
                    if !is_plain || of(node).is_in_role_group != Some(false) {
                        return None;
                    }
                    facts.push(view.property_fact(node, "directoryroles", "[]", "holds no role that protects it"));
                }
                if let Some(fact) = synchronised(view, node) {
                    let technique = view.world.catalog.technique(RelationKind::AnyOf);
                    manner.grade = technique.map(|it| it.grade_when("synchronised"));
                    facts.push(fact);
                }
            }
            Self::Groups => {
                let is_ordinary = of(node).is_assignable_to_role == Some(false) && is_open(node);
                if node.kind != NodeKind::AzGroup || !is_ordinary {
                    return None;
                }
                facts.push(not_assignable(view, node));
            }
            Self::SynchronisedUsers => {
                if node.kind != NodeKind::AzUser || !has_password(node) {
                    return None;
                }
                facts.push(synchronised(view, node)?);
            }
            Self::GroupsByRule | Self::GroupsByInvitation => {
                let (rule, text) = match self {
                    Self::GroupsByRule => (
                        dynamic_groups::writable(node)?,
                        "is filled by a rule over what can be written",
                    ),
                    _ => (
                        dynamic_groups::open(node)?,
                        "is filled by a rule that takes in guests by what they are called",
                    ),
                };
                facts.push(view.property_fact(node, "membershiprule", rule, text));
            }
            Self::AllGroups if node.kind == NodeKind::AzGroup && is_open(node) => {}
            Self::Applications if takes_secrets(node) => {}
            Self::ServicePrincipals if takes_secrets(node) && node.kind == NodeKind::AzServicePrincipal => {}
            Self::AllGroups | Self::Applications | Self::ServicePrincipals => return None,
        }
        if facts.is_empty() {
            let text = format!("{} is one of them", node.name);
            facts.push(Fact::BuiltIn { text: text.into() });
        }
        Some((facts, manner))
    }
}

/// The sets that something leads to.
#[derive(Default)]
pub struct Sets(BTreeSet<(Arc<str>, Set)>);

impl Sets {
    /// Adds a step to a set of the source's tenant.
    pub fn reach(
        &mut self,
        view: &View<'_>,
        steps: &mut Steps<'_, '_>,
        technique: RelationKind,
        source: NodeIndex,
        set: Set,
        fact: Fact,
    ) {
        let tenant = &view.node(source).boundary;
        if tenant.is_empty() {
            return;
        }
        self.0.insert((tenant.clone(), set));
        let vertex = set.vertex(view.world.estate, tenant);
        steps.add_to_set(technique, source, &vertex, vec![fact]);
    }

    /// Adds the steps from the sets to their members.
    pub fn derive(self, view: &View<'_>, steps: &mut Steps<'_, '_>) {
        for (tenant, set) in self.0 {
            let vertex = set.vertex(view.world.estate, &tenant);
            for (index, node) in view.all_assets().filter(|(_, node)| node.boundary == tenant) {
                if let Some((facts, manner)) = set.member(view, node) {
                    steps.add_member(&vertex, Vertex::Asset(index), manner, facts);
                }
            }
        }
    }
}

/// Every set that steps over an estate may begin or end at.
pub fn all(estate: &Estate) -> Vec<Virtual> {
    let tenants: BTreeSet<Arc<str>> = estate
        .nodes
        .iter()
        .filter(|node| matches!(node.kind, NodeKind::AzRole | NodeKind::AzServicePrincipal))
        .map(|node| node.boundary.clone())
        .collect();
    tenants
        .into_iter()
        .flat_map(|tenant| Set::ALL.map(|set| set.vertex(estate, &tenant)))
        .collect()
}
