//! Roles over everything there is on a resource, or in a group of them.

use postern_model::RelationKind;

use super::super::as_reported;
use super::vault::is_protected_by_roles;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(
        view,
        steps,
        &[RelationKind::AzOwner, RelationKind::AzUserAccessAdministrator],
    );
    for relation in view.relations(RelationKind::AzContributor) {
        if !is_protected_by_roles(view.node(relation.target)) {
            steps.add_reported(relation);
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
        sketch.cloud("RESOURCES", NodeKind::AzResourceGroup, |_| {});
        sketch.entra("VAULT", NodeKind::AzKeyVault, |it| {
            it.is_protected_by_roles = Some(false)
        });
        for role in [
            RelationKind::AzOwner,
            RelationKind::AzContributor,
            RelationKind::AzUserAccessAdministrator,
        ] {
            sketch.relate("BOB", role, "RESOURCES").relate("BOB", role, "VAULT");
        }
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzOwner,
            source: "BOB",
            target: "RESOURCES",
            estate: holder,
            near_misses: &[("is enabled", |it| {
                it.edit("BOB", |it| it.enabled = Some(false));
            })],
        },
        Plant {
            technique: RelationKind::AzUserAccessAdministrator,
            source: "BOB",
            target: "RESOURCES",
            estate: holder,
            near_misses: &[("is enabled", |it| {
                it.edit("BOB", |it| it.enabled = Some(false));
            })],
        },
        Plant {
            technique: RelationKind::AzContributor,
            source: "BOB",
            target: "VAULT",
            estate: holder,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is protected by policies", |it| {
                    it.edit_entra("VAULT", |it| it.is_protected_by_roles = Some(true));
                }),
            ],
        },
    ];
}
