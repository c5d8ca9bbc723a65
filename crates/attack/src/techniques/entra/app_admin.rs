//! Administrators of one application add a secret to it, and sign in as it.

use postern_model::RelationKind;

use super::takes_secrets;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for kind in [RelationKind::AzAppAdmin, RelationKind::AzCloudAppAdmin] {
        for relation in view.relations(kind) {
            if takes_secrets(view.node(relation.target)) {
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

    fn administrator() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
        sketch.relate("BOB", RelationKind::AzAppAdmin, "SP");
        sketch.relate("BOB", RelationKind::AzCloudAppAdmin, "SP");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzAppAdmin,
            source: "BOB",
            target: "SP",
            estate: administrator,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is enabled", |it| {
                    it.edit("SP", |it| it.enabled = Some(false));
                }),
                ("takes credentials", |it| {
                    it.edit_entra("SP", |it| it.is_managed_identity = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzCloudAppAdmin,
            source: "BOB",
            target: "SP",
            estate: administrator,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is enabled", |it| {
                    it.edit("SP", |it| it.enabled = Some(false));
                }),
                ("takes credentials", |it| {
                    it.edit_entra("SP", |it| it.is_managed_identity = Some(true));
                }),
            ],
        },
    ];
}
