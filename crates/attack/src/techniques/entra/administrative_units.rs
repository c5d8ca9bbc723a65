//! Roles over an administrative unit: they reach what lies in the unit, and nothing else.
//!
//! A role over a unit is held by somebody, and not by the role: what it reaches depends on the unit. So its steps begin
//! at the holder and lead to the set of what the role may change in the unit. A group in a unit brings the group into
//! it, and not its members. What lies in a restricted unit is managed by those who hold a role over such a unit.
//!
//! Source: Microsoft, "Assign Microsoft Entra roles with administrative unit scope", "Restricted management
//! administrative units in Microsoft Entra ID".

use std::collections::BTreeMap;

use postern_model::estate::{Estate, Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use super::reset_password::{Reach, password_reach};
use super::role_eligibility::activation;
use super::{has_password, is_managed_by_tenant, not_assignable, of, role, synchronised, takes_members};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::Fact;
use crate::techniques::sets;
use crate::view::View;

/// What a role does to some of what lies in a unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Power {
    technique: RelationKind,
    /// Of the set of those that it reaches.
    key: &'static str,
    /// The template of the role, in lower case.
    template: &'static str,
}

/// The roles that can be given over a unit, of those that control what lies there.
const POWERS: [Power; 7] = [
    Power::over_users("unit-users-authentication", role::AUTHENTICATION_ADMINISTRATOR),
    Power::over_users("unit-users-help-desk", role::HELPDESK_ADMINISTRATOR),
    Power::over_users("unit-users-password", role::PASSWORD_ADMINISTRATOR),
    Power::over_users("unit-users-user", role::USER_ADMINISTRATOR),
    Power::over_users("unit-users", role::PRIVILEGED_AUTHENTICATION_ADMINISTRATOR),
    Power::over_groups(role::GROUPS_ADMINISTRATOR),
    Power::over_groups(role::USER_ADMINISTRATOR),
];

impl Power {
    const fn over_users(key: &'static str, template: &'static str) -> Self {
        Self {
            technique: RelationKind::AzResetPassword,
            key,
            template,
        }
    }

    const fn over_groups(template: &'static str) -> Self {
        Self {
            technique: RelationKind::AzAddMembers,
            key: "unit-groups",
            template,
        }
    }

    /// What it reaches in a unit.
    fn set(self, unit: &Node) -> Virtual {
        let name = match self.technique {
            RelationKind::AzAddMembers => format!("any group in {}", unit.name),
            _ if self.template == role::PRIVILEGED_AUTHENTICATION_ADMINISTRATOR => format!("any user in {}", unit.name),
            _ => format!("any user in {} below this role", unit.name),
        };
        sets::vertex(self.key, &unit.key, name)
    }

    /// Why it reaches something in a unit, and how hard that is; `None` where it does not.
    fn reaches(self, view: &View<'_>, node: &Node) -> Option<(Vec<Fact>, Manner)> {
        match self.technique {
            RelationKind::AzAddMembers => {
                let is_ordinary = of(node).is_assignable_to_role == Some(false) && takes_members(node);
                let is_reached = node.kind == NodeKind::AzGroup && is_ordinary;
                is_reached.then(|| (vec![not_assignable(view, node)], Manner::default()))
            }
            _ => self.resets(view, node),
        }
    }

    fn resets(self, view: &View<'_>, node: &Node) -> Option<(Vec<Fact>, Manner)> {
        if node.kind != NodeKind::AzUser || !has_password(node) {
            return None;
        }
        let mut facts = Vec::new();
        if let Some(Reach::Below(allowed)) = password_reach(self.template) {
            // Where nobody looked at roles nothing is known of who is protected.
            let held = of(node).roles.as_ref()?;
            let is_below = held.iter().all(|it| allowed.contains(&it.as_str()));
            if !is_below || of(node).is_in_role_group != Some(false) {
                return None;
            }
            let text = "holds no role that protects it from this one";
            facts.push(view.property_fact(node, "directoryroles", &format!("[{}]", held.join(", ")), text));
        }
        let mut manner = Manner::default();
        if let Some(fact) = synchronised(view, node) {
            let technique = view.world.catalog.technique(RelationKind::AnyOf);
            manner.grade = technique.map(|it| it.grade_when("synchronised"));
            facts.push(fact);
        }
        Some((facts, manner))
    }
}

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let members = view.sources_by_target(RelationKind::AzMemberOfUnit);
    // Unit and power → whether its set has got its members.
    let mut reached = BTreeMap::<NodeIndex, Vec<Power>>::new();
    for kind in [RelationKind::AzHasRole, RelationKind::AzRoleEligible] {
        for relation in view.relations(kind) {
            let template = view.node(relation.target).role_template();
            for unit in units_of(view, relation) {
                let powers = POWERS.iter().filter(|it| Some(it.template) == template.as_deref());
                for power in powers {
                    add_holder(view, steps, relation, unit, *power);
                    let known = reached.entry(unit).or_default();
                    if !known.iter().any(|it| it.key == power.key) {
                        known.push(*power);
                    }
                }
            }
        }
    }
    for (unit, powers) in reached {
        let inside = members.get(&unit);
        for power in powers {
            add_members(view, steps, unit, power, inside);
        }
    }
}

/// The units that a role is given over, of those that are known.
fn units_of(view: &View<'_>, relation: &Relation) -> Vec<NodeIndex> {
    let ids = relation.units().into_iter();
    let known = ids.filter_map(|id| view.world.estate.by_key.get(id.as_str()).copied());
    known
        .filter(|&unit| view.node(unit).kind == NodeKind::AzAdministrativeUnit && !view.removal.assets.contains(&unit))
        .collect()
}

fn add_holder(view: &View<'_>, steps: &mut Steps<'_, '_>, relation: &Relation, unit: NodeIndex, power: Power) {
    let role = view.node(relation.target);
    let unit = view.node(unit);
    let mut facts = vec![
        view.relation_fact(relation),
        Fact::BuiltIn {
            text: format!("this is what the role {} may do in {}", role.name, unit.name).into(),
        },
    ];
    let mut manner = Manner::default();
    if relation.kind == RelationKind::AzRoleEligible {
        let obstacles;
        (manner, obstacles) = activation(view, role);
        facts.extend(obstacles);
    }
    let set = power.set(unit);
    let (source, target) = (Vertex::Asset(relation.source), Vertex::Virtual(&set));
    steps.add_between(power.technique, source, target, manner, facts);
}

fn add_members(
    view: &View<'_>,
    steps: &mut Steps<'_, '_>,
    unit: NodeIndex,
    power: Power,
    inside: Option<&RoaringBitmap>,
) {
    let node = view.node(unit);
    let set = power.set(node);
    let is_restricted = of(node).is_restricted == Some(true);
    for member in inside.into_iter().flatten() {
        let asset = view.node(member);
        if !is_restricted && !is_managed_by_tenant(asset) {
            continue;
        }
        let Some(relation) = view.relation(RelationKind::AzMemberOfUnit, member, unit) else {
            continue;
        };
        if let Some((more, manner)) = power.reaches(view, asset) {
            let mut facts = vec![view.relation_fact(relation)];
            facts.extend(more);
            steps.add_member(&set, Vertex::Asset(member), manner, facts);
        }
    }
}

/// Every set that these steps may lead to.
pub fn all_sets(estate: &Estate) -> Vec<Virtual> {
    let units = estate
        .nodes
        .iter()
        .filter(|it| it.kind == NodeKind::AzAdministrativeUnit);
    let mut found: Vec<_> = units.flat_map(|unit| POWERS.map(|power| power.set(unit))).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, GROUPS_ADMINISTRATOR, HELPDESK, plain, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    const OVER_UNIT: &str = r#"{"scopes":["/administrativeUnits/sales"]}"#;

    /// BOB is the help desk, and administrator of groups, of a unit with EVE and the group CREW.
    fn unit() -> Sketch {
        let mut sketch = tenant();
        for role in [HELPDESK, GROUPS_ADMINISTRATOR] {
            sketch.cloud(role, NodeKind::AzRole, |_| {});
            sketch.relate_with("BOB", RelationKind::AzHasRole, role, OVER_UNIT);
        }
        sketch.entra("SALES", NodeKind::AzAdministrativeUnit, |it| {
            it.is_restricted = Some(false)
        });
        sketch.entra("EVE", NodeKind::AzUser, plain);
        sketch.entra("CREW", NodeKind::AzGroup, |it| {
            it.is_assignable_to_role = Some(false);
            it.is_dynamic = Some(false);
        });
        sketch.relate("EVE", RelationKind::AzMemberOfUnit, "SALES");
        sketch.relate("CREW", RelationKind::AzMemberOfUnit, "SALES");
        sketch
    }

    /// EVE lies in a restricted unit, over which BOB is the help desk.
    fn restricted() -> Sketch {
        let mut sketch = unit();
        sketch.edit_entra("SALES", |it| it.is_restricted = Some(true));
        sketch.edit_entra("EVE", |it| it.is_in_restricted_unit = Some(true));
        sketch
    }

    fn eligible() -> Sketch {
        let mut sketch = unit().without("BOB", RelationKind::AzHasRole, HELPDESK);
        sketch.relate_with("BOB", RelationKind::AzRoleEligible, HELPDESK, OVER_UNIT);
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzResetPassword,
            source: "BOB",
            target: "EVE",
            estate: unit,
            near_misses: &[
                ("lies in the unit", |it| {
                    it.unrelate("EVE", RelationKind::AzMemberOfUnit, "SALES");
                }),
                ("lies in the unit itself, and not in a group that does", |it| {
                    it.unrelate("EVE", RelationKind::AzMemberOfUnit, "SALES");
                    it.relate("EVE", RelationKind::AzMemberOf, "CREW");
                }),
                ("lies in this unit, and not in another", |it| {
                    it.unrelate("EVE", RelationKind::AzMemberOfUnit, "SALES");
                    it.entra("LEGAL", NodeKind::AzAdministrativeUnit, |_| {});
                    it.relate("EVE", RelationKind::AzMemberOfUnit, "LEGAL");
                }),
                ("holds the role over the unit", |it| {
                    it.unrelate("BOB", RelationKind::AzHasRole, HELPDESK);
                }),
                ("is over a unit that is known", |it| {
                    it.unrelate("BOB", RelationKind::AzHasRole, HELPDESK);
                    it.relate_with("BOB", RelationKind::AzHasRole, HELPDESK, r#"{"scopes":["/another"]}"#);
                }),
                ("lies in no restricted unit beside", |it| {
                    it.edit_entra("EVE", |it| it.is_in_restricted_unit = Some(true));
                }),
                ("holds no role that protects them", |it| {
                    it.edit_entra("EVE", |it| {
                        it.roles = Some(vec!["62e90394-69f5-4237-9190-012177145e10".to_owned()])
                    });
                }),
                ("somebody looked at roles", |it| {
                    it.edit_entra("EVE", |it| it.roles = None);
                }),
                ("is in no group for roles", |it| {
                    it.edit_entra("EVE", |it| it.is_in_role_group = Some(true));
                }),
                ("is enabled", |it| {
                    it.edit("EVE", |it| it.enabled = Some(false));
                }),
                ("has a password in the tenant", |it| {
                    it.edit_entra("EVE", |it| it.is_guest = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzResetPassword,
            source: "BOB",
            target: "EVE",
            estate: restricted,
            near_misses: &[("holds a role over the restricted unit, not over another", |it| {
                it.edit_entra("SALES", |it| it.is_restricted = Some(false));
            })],
        },
        Plant {
            technique: RelationKind::AzResetPassword,
            source: "BOB",
            target: "EVE",
            estate: eligible,
            near_misses: &[("may activate the role", |it| {
                it.unrelate("BOB", RelationKind::AzRoleEligible, HELPDESK);
            })],
        },
        Plant {
            technique: RelationKind::AzAddMembers,
            source: "BOB",
            target: "CREW",
            estate: unit,
            near_misses: &[
                ("lies in the unit", |it| {
                    it.unrelate("CREW", RelationKind::AzMemberOfUnit, "SALES");
                }),
                ("cannot be assigned to roles", |it| {
                    it.edit_entra("CREW", |it| it.is_assignable_to_role = Some(true));
                }),
                ("is filled by people", |it| {
                    it.edit_entra("CREW", |it| it.is_dynamic = Some(true));
                }),
                ("is a role over groups", |it| {
                    it.unrelate("BOB", RelationKind::AzHasRole, GROUPS_ADMINISTRATOR);
                }),
            ],
        },
    ];

    #[test]
    fn a_role_over_a_unit_is_none_over_the_tenant() {
        let mut sketch = unit();
        sketch.entra("MALLORY", NodeKind::AzUser, plain);
        let derived = sketch.derived();
        let leads_to_role = derived.steps.iter().any(|it| it.technique == RelationKind::AzHasRole);
        assert!(!leads_to_role);
        assert!(!sketch.reaches("BOB", RelationKind::AzResetPassword, "MALLORY"));
    }

    #[test]
    fn a_restricted_unit_keeps_administrators_of_the_tenant_out() {
        let mut sketch = unit();
        assert!(sketch.reaches(HELPDESK, RelationKind::AzResetPassword, "EVE"));
        assert!(sketch.reaches(GROUPS_ADMINISTRATOR, RelationKind::AzAddMembers, "CREW"));
        for inside in ["EVE", "CREW"] {
            sketch.edit_entra(inside, |it| it.is_in_restricted_unit = Some(true));
        }
        assert!(!sketch.reaches(HELPDESK, RelationKind::AzResetPassword, "EVE"));
        assert!(!sketch.reaches(GROUPS_ADMINISTRATOR, RelationKind::AzAddMembers, "CREW"));
    }
}
