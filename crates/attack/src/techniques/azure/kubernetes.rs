//! Kubernetes clusters: their administrator's credential, and the group that their nodes lie in.

use postern_model::{NodeKind, RelationKind};

use super::super::as_reported;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::AzNodeResourceGroup]);
    for relation in view.relations(RelationKind::AzAksClusterAdmin) {
        let cluster = view.node(relation.target);
        let setting = cluster
            .attributes
            .entra
            .as_deref()
            .and_then(|it| it.has_no_local_accounts);
        let (name, text) = ("disablelocalaccounts", "has a local account of its administrator");
        let fact = match setting {
            Some(true) => continue,
            Some(false) => view.property_fact(cluster, name, "false", text),
            None => Fact::product_default(cluster, name, "false", text),
        };
        if cluster.kind == NodeKind::AzManagedCluster {
            steps.add_reported_with(relation, vec![fact]);
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn cluster() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("CLUSTER", NodeKind::AzManagedCluster, |_| {});
        sketch.cloud("NODES", NodeKind::AzResourceGroup, |_| {});
        sketch.relate("BOB", RelationKind::AzAksClusterAdmin, "CLUSTER");
        sketch.relate("CLUSTER", RelationKind::AzNodeResourceGroup, "NODES");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzAksClusterAdmin,
            source: "BOB",
            target: "CLUSTER",
            estate: cluster,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("has local accounts", |it| {
                    it.edit_entra("CLUSTER", |it| it.has_no_local_accounts = Some(true));
                }),
                ("is a cluster", |it| {
                    it.cloud("CLUSTER", NodeKind::AzVm, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzNodeResourceGroup,
            source: "CLUSTER",
            target: "NODES",
            estate: cluster,
            near_misses: &[("keeps its nodes there", |it| {
                it.unrelate("CLUSTER", RelationKind::AzNodeResourceGroup, "NODES");
            })],
        },
    ];
}
