//! Roles that change the members of groups. Groups that can be assigned to roles are left to the highest of them.

use postern_model::RelationKind;

use super::role::{self, Role};
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

/// Of any group.
const OF_ALL_GROUPS: [&str; 2] = [role::GLOBAL_ADMINISTRATOR, role::PRIVILEGED_ROLE_ADMINISTRATOR];

/// Of groups that cannot be assigned to roles.
const OF_ORDINARY_GROUPS: [&str; 7] = [
    role::GROUPS_ADMINISTRATOR,
    role::DIRECTORY_WRITERS,
    role::IDENTITY_GOVERNANCE_ADMINISTRATOR,
    role::USER_ADMINISTRATOR,
    role::INTUNE_ADMINISTRATOR,
    role::KNOWLEDGE_ADMINISTRATOR,
    role::KNOWLEDGE_MANAGER,
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>], sets: &mut Sets) {
    for role in roles {
        let set = match role {
            _ if role.is_one_of(&OF_ALL_GROUPS) => Set::AllGroups,
            _ if role.is_one_of(&OF_ORDINARY_GROUPS) => Set::Groups,
            _ => continue,
        };
        sets.reach(view, steps, RelationKind::AzAddMembers, role.index, set, role.fact());
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, GLOBAL_ADMINISTRATOR, GROUPS_ADMINISTRATOR, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn groups() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud(GROUPS_ADMINISTRATOR, NodeKind::AzRole, |_| {});
        sketch.cloud(GLOBAL_ADMINISTRATOR, NodeKind::AzRole, |_| {});
        sketch.entra("CREW", NodeKind::AzGroup, |it| it.is_assignable_to_role = Some(false));
        sketch.entra("HOLDERS", NodeKind::AzGroup, |it| it.is_assignable_to_role = Some(true));
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzAddMembers,
            source: GROUPS_ADMINISTRATOR,
            target: "CREW",
            estate: groups,
            near_misses: &[
                ("is of the same tenant", |it| {
                    it.move_elsewhere("CREW");
                }),
                ("cannot be assigned to roles", |it| {
                    it.edit_entra("CREW", |it| it.is_assignable_to_role = Some(true));
                }),
                ("is known not to be for roles", |it| {
                    it.edit_entra("CREW", |it| it.is_assignable_to_role = None);
                }),
                ("is changed in Entra", |it| {
                    it.edit_entra("CREW", |it| it.is_synchronised = Some(true));
                }),
                ("is filled by hand", |it| {
                    it.edit_entra("CREW", |it| it.is_dynamic = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzAddMembers,
            source: GLOBAL_ADMINISTRATOR,
            target: "HOLDERS",
            estate: groups,
            near_misses: &[
                ("is of the same tenant", |it| {
                    it.move_elsewhere("HOLDERS");
                }),
                ("is changed in Entra", |it| {
                    it.edit_entra("HOLDERS", |it| it.is_synchronised = Some(true));
                }),
                ("is the highest role", |it| {
                    it.edit_entra(GLOBAL_ADMINISTRATOR, |it| it.template = Some("another".to_owned()));
                }),
            ],
        },
    ];
}
