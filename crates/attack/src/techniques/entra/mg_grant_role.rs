//! Who may grant roles may grant one that controls the tenant, which leads to all that is in it.

use postern_model::{NodeKind, RelationKind};

use super::permission::granted;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in granted(view, RelationKind::AzMgRoleManagementReadWriteDirectory) {
        let tenant = &view.node(relation.source).boundary;
        for (role, _) in view
            .assets(NodeKind::AzRole)
            .filter(|(_, node)| node.boundary == *tenant)
        {
            let facts = vec![view.relation_fact(relation)];
            steps.add(RelationKind::AzMgGrantRole, relation.source, role, facts);
        }
    }
}
