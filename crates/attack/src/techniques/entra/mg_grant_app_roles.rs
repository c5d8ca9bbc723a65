//! Who may grant permissions may grant themselves the one that grants roles.

use postern_model::RelationKind;

use super::permission::granted;
use super::tenant_of;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in granted(view, RelationKind::AzMgAppRoleAssignmentReadWriteAll) {
        if let Some(tenant) = tenant_of(view, view.node(relation.source)) {
            let facts = vec![view.relation_fact(relation)];
            steps.add(RelationKind::AzMgGrantAppRoles, relation.source, tenant, facts);
        }
    }
}
