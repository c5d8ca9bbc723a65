//! Roles that change the members of groups, those excepted that can be assigned to roles.

use postern_model::RelationKind;

use super::role::{self, Role};
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

const ROLES: [&str; 7] = [
    role::GROUPS_ADMINISTRATOR,
    role::DIRECTORY_WRITERS,
    role::IDENTITY_GOVERNANCE_ADMINISTRATOR,
    role::USER_ADMINISTRATOR,
    role::INTUNE_ADMINISTRATOR,
    role::KNOWLEDGE_ADMINISTRATOR,
    role::KNOWLEDGE_MANAGER,
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>], sets: &mut Sets) {
    for role in roles.iter().filter(|it| it.is_one_of(&ROLES)) {
        let technique = RelationKind::AzAddMembers;
        sets.reach(view, steps, technique, role.index, Set::Groups, role.fact());
    }
}
