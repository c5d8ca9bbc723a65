//! Who may grant permissions may grant themselves the one that grants roles.

use postern_model::RelationKind;

use super::permission::granted;
use super::tenant_of;
use crate::derived::Steps;
use crate::view::View;

const PERMISSIONS: [RelationKind; 2] = [
    RelationKind::AzMgAppRoleAssignmentReadWriteAll,
    // Through a role that grants permissions.
    RelationKind::AzMgRoleManagementReadWriteDirectory,
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let may_grant = PERMISSIONS.into_iter().flat_map(|permission| granted(view, permission));
    for relation in may_grant {
        if let Some(tenant) = tenant_of(view, view.node(relation.source)) {
            let facts = vec![view.relation_fact(relation)];
            steps.add(RelationKind::AzMgGrantAppRoles, relation.source, tenant, facts);
        }
    }
}
