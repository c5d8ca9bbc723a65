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

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, TENANT, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn permitted() -> Sketch {
        let mut sketch = tenant();
        for key in ["SP", "GRAPH", "OTHER"] {
            sketch.cloud(key, NodeKind::AzServicePrincipal, |_| {});
        }
        sketch.relate("SP", RelationKind::AzMgAppRoleAssignmentReadWriteAll, "GRAPH");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzMgGrantAppRoles,
        source: "SP",
        target: TENANT,
        estate: permitted,
        near_misses: &[
            ("an application holds it", |it| {
                it.cloud("SP", NodeKind::AzUser, |_| {});
            }),
            ("is enabled", |it| {
                it.edit("SP", |it| it.enabled = Some(false));
            }),
            ("is of the same tenant", |it| {
                it.move_elsewhere("SP");
            }),
        ],
    }];
}
