//! Roles over one kind of resource.

use postern_model::{NodeKind, RelationKind};

use crate::derived::Steps;
use crate::view::View;

/// With what they give control of. Held further up they are relations to a container, which they do not control; a
/// collector lists them again for each resource below.
const OVER_ONE_KIND: [(RelationKind, &[NodeKind]); 8] = [
    (RelationKind::AzVmContributor, &[NodeKind::AzVm, NodeKind::AzVmScaleSet]),
    (RelationKind::AzVmAdminLogin, &[NodeKind::AzVm]),
    (RelationKind::AzVmUserLogin, &[NodeKind::AzVm]),
    (RelationKind::AzAvereContributor, &[NodeKind::AzVm]),
    (
        RelationKind::AzWebsiteContributor,
        &[NodeKind::AzWebApp, NodeKind::AzFunctionApp],
    ),
    (RelationKind::AzAutomationContributor, &[NodeKind::AzAutomationAccount]),
    (RelationKind::AzLogicAppContributor, &[NodeKind::AzLogicApp]),
    (RelationKind::AzAksContributor, &[NodeKind::AzManagedCluster]),
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for (kind, over) in OVER_ONE_KIND {
        for relation in view.relations(kind) {
            if over.contains(&view.node(relation.target).kind) {
                steps.add_reported(relation);
            }
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

    fn holder() -> Sketch {
        let mut sketch = tenant();
        for (role, resource, kind) in [
            (RelationKind::AzVmContributor, "VM", NodeKind::AzVm),
            (RelationKind::AzVmAdminLogin, "VM", NodeKind::AzVm),
            (RelationKind::AzVmUserLogin, "VM", NodeKind::AzVm),
            (RelationKind::AzAvereContributor, "VM", NodeKind::AzVm),
            (RelationKind::AzWebsiteContributor, "SITE", NodeKind::AzWebApp),
            (
                RelationKind::AzAutomationContributor,
                "AUTOMATION",
                NodeKind::AzAutomationAccount,
            ),
            (RelationKind::AzLogicAppContributor, "FLOW", NodeKind::AzLogicApp),
            (RelationKind::AzAksContributor, "CLUSTER", NodeKind::AzManagedCluster),
        ] {
            sketch.cloud(resource, kind, |_| {});
            sketch.relate("BOB", role, resource);
        }
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzVmContributor,
            source: "BOB",
            target: "VM",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is of the kind that the role is over", |it| {
                    it.cloud("VM", NodeKind::AzContainerRegistry, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzVmAdminLogin,
            source: "BOB",
            target: "VM",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is of the kind that the role is over", |it| {
                    it.cloud("VM", NodeKind::AzContainerRegistry, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzVmUserLogin,
            source: "BOB",
            target: "VM",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is of the kind that the role is over", |it| {
                    it.cloud("VM", NodeKind::AzContainerRegistry, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzAvereContributor,
            source: "BOB",
            target: "VM",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is of the kind that the role is over", |it| {
                    it.cloud("VM", NodeKind::AzContainerRegistry, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzWebsiteContributor,
            source: "BOB",
            target: "SITE",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is of the kind that the role is over", |it| {
                    it.cloud("SITE", NodeKind::AzContainerRegistry, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzAutomationContributor,
            source: "BOB",
            target: "AUTOMATION",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is of the kind that the role is over", |it| {
                    it.cloud("AUTOMATION", NodeKind::AzContainerRegistry, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzLogicAppContributor,
            source: "BOB",
            target: "FLOW",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is of the kind that the role is over", |it| {
                    it.cloud("FLOW", NodeKind::AzContainerRegistry, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzAksContributor,
            source: "BOB",
            target: "CLUSTER",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is of the kind that the role is over", |it| {
                    it.cloud("CLUSTER", NodeKind::AzContainerRegistry, |_| {});
                }),
            ],
        },
    ];
}
