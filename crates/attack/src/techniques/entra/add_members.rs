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
