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

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, HELPDESK, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn permitted() -> Sketch {
        let mut sketch = tenant();
        for key in ["SP", "GRAPH", "OTHER"] {
            sketch.cloud(key, NodeKind::AzServicePrincipal, |_| {});
        }
        sketch.cloud(HELPDESK, NodeKind::AzRole, |_| {});
        sketch.relate("SP", RelationKind::AzMgRoleManagementReadWriteDirectory, "GRAPH");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzMgGrantRole,
        source: "SP",
        target: HELPDESK,
        estate: permitted,
        near_misses: &[
            ("an application holds it", |it| {
                it.cloud("SP", NodeKind::AzUser, |_| {});
            }),
            ("is enabled", |it| {
                it.edit("SP", |it| it.enabled = Some(false));
            }),
            ("is of the same tenant", |it| {
                it.move_elsewhere(HELPDESK);
            }),
        ],
    }];
}
