//! Approvers of a role get hold of it through somebody who may ask for it.

use std::collections::BTreeMap;

use postern_model::estate::{Node, NodeIndex, Relation};
use postern_model::{Facet, ObjectClass, RelationKind};

use super::of;
use super::role::{self, Role};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

/// Who approves where nobody is named. Source: Microsoft, "Configure Microsoft Entra role settings in PIM".
const APPROVERS_BY_DEFAULT: [&str; 2] = [role::GLOBAL_ADMINISTRATOR, role::PRIVILEGED_ROLE_ADMINISTRATOR];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>]) {
    let asked = Asked::of(view);
    for relation in view.relations(RelationKind::AzRoleApprover) {
        let role = view.node(relation.target);
        if of(role).activation.requires_approval == Some(false) {
            continue;
        }
        if let Some(asks) = asked.by_other_than(relation.source, relation.target) {
            steps.add_reported_with(relation, asks);
        }
    }
    for role in roles {
        let entra = of(role.node);
        let Some(named) = &entra.approvers else { continue };
        if entra.activation.requires_approval != Some(true) {
            continue;
        }
        let by_key = &view.world.estate.by_key;
        let mut approvers: Vec<NodeIndex> = named.iter().filter_map(|id| by_key.get(id.as_str()).copied()).collect();
        if named.is_empty() {
            let of_tenant = roles.iter().filter(|it| it.node.boundary == role.node.boundary);
            let by_default = of_tenant.filter(|it| it.is_one_of(&APPROVERS_BY_DEFAULT));
            approvers.extend(by_default.map(|it| it.index));
        }
        for approver in approvers {
            let Some(asks) = asked.by_other_than(approver, role.index) else {
                continue;
            };
            let mut facts = vec![names(view, role.node, approver, named.is_empty())];
            facts.extend(asks);
            steps.add(RelationKind::AzRoleApprover, approver, role.index, facts);
        }
    }
}

fn names(view: &View<'_>, role: &Node, approver: NodeIndex, is_by_default: bool) -> Fact {
    let approver = view.node(approver);
    let text = match is_by_default {
        true => "asks for approval and names nobody for it, so that the administrators of roles approve".to_owned(),
        false => format!("names {} as approver", approver.name),
    };
    view.property_fact(role, "enduserassignmentuserapprovers", &approver.key, &text)
}

/// Who may ask for a role.
struct Asked<'v, 'a> {
    view: &'v View<'a>,
    by_role: BTreeMap<NodeIndex, Vec<&'a Relation>>,
}

impl<'v, 'a> Asked<'v, 'a> {
    fn of(view: &'v View<'a>) -> Self {
        let mut by_role = BTreeMap::<_, Vec<_>>::new();
        for &relation in view.relations(RelationKind::AzRoleEligible) {
            if relation.is_tenant_wide() {
                by_role.entry(relation.target).or_default().push(relation);
            }
        }
        Self { view, by_role }
    }

    /// Why there is a request that this approver can grant: nobody approves their own. `None` where there is none.
    /// Where nobody has looked at who may ask, somebody is taken to.
    fn by_other_than(&self, approver: NodeIndex, role: NodeIndex) -> Option<Vec<Fact>> {
        let tenant = &self.view.node(role).boundary;
        let (class, facet) = (ObjectClass::DirectoryRoles, Facet::RoleEligibility);
        if !self.view.world.estate.is_covered(tenant, class, &facet) {
            return Some(Vec::new());
        }
        // One of them is reason enough: a large group may ask for a role.
        let mut asks = self.by_role.get(&role).into_iter().flatten();
        let asks = asks.find(|it| it.source != approver)?;
        Some(vec![self.view.relation_fact(asks)])
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{Facet, NodeKind, ObjectClass, RelationKind};

    use crate::cloud_lookalikes::{Cloud, GLOBAL_ADMINISTRATOR, HELPDESK, TENANT, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn approver() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("ADA", NodeKind::AzUser, |_| {});
        for role in [GLOBAL_ADMINISTRATOR, HELPDESK] {
            sketch.entra(role, NodeKind::AzRole, |it| {
                it.activation.requires_approval = Some(true)
            });
            sketch.relate_with("BOB", RelationKind::AzRoleEligible, role, r#"{"scopes":["/"]}"#);
        }
        sketch.edit_entra(HELPDESK, |it| it.approvers = Some(Box::default()));
        sketch.relate("ADA", RelationKind::AzRoleApprover, GLOBAL_ADMINISTRATOR);
        sketch.cover(TENANT, ObjectClass::DirectoryRoles, Facet::RoleEligibility);
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzRoleApprover,
            source: "ADA",
            target: GLOBAL_ADMINISTRATOR,
            estate: approver,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("ADA", |it| it.enabled = Some(false));
                }),
                ("asks for approval", |it| {
                    it.edit_entra(GLOBAL_ADMINISTRATOR, |it| it.activation.requires_approval = Some(false));
                }),
                ("somebody may ask", |it| {
                    it.unrelate("BOB", RelationKind::AzRoleEligible, GLOBAL_ADMINISTRATOR);
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzRoleApprover,
            source: GLOBAL_ADMINISTRATOR,
            target: HELPDESK,
            estate: approver,
            near_misses: &[
                ("asks for approval", |it| {
                    it.edit_entra(HELPDESK, |it| it.activation.requires_approval = None);
                }),
                ("names nobody", |it| {
                    it.edit_entra(HELPDESK, |it| it.approvers = Some(Box::new(["ADA".to_owned()])));
                }),
                ("somebody may ask", |it| {
                    it.unrelate("BOB", RelationKind::AzRoleEligible, HELPDESK);
                }),
            ],
        },
    ];
}
