//! Roles that add secrets to any application.

use postern_model::RelationKind;

use super::role::{self, Role};
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

const ROLES: [&str; 2] = [role::APPLICATION_ADMINISTRATOR, role::CLOUD_APPLICATION_ADMINISTRATOR];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>], sets: &mut Sets) {
    for role in roles.iter().filter(|it| it.is_one_of(&ROLES)) {
        let technique = RelationKind::AzAddSecret;
        sets.reach(view, steps, technique, role.index, Set::Applications, role.fact());
    }
}
