//! Roles that control a whole tenant lead to the tenant, which contains the rest.

use postern_model::RelationKind;

use super::role::{self, Role};
use super::tenant_of;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>]) {
    for role in roles {
        let technique = match role.template.as_str() {
            role::GLOBAL_ADMINISTRATOR => RelationKind::AzGlobalAdmin,
            role::PRIVILEGED_ROLE_ADMINISTRATOR => RelationKind::AzPrivilegedRoleAdmin,
            role::PRIVILEGED_AUTHENTICATION_ADMINISTRATOR => RelationKind::AzPrivilegedAuthAdmin,
            _ => continue,
        };
        if let Some(tenant) = tenant_of(view, role.node) {
            steps.add(technique, role.index, tenant, vec![role.fact()]);
        }
    }
}
