//! Permissions of Microsoft Graph that add secrets to any application.

use postern_model::RelationKind;

use super::permission::over_sets;
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

const PERMISSIONS: [(RelationKind, Set); 2] = [
    (RelationKind::AzMgApplicationReadWriteAll, Set::Applications),
    (RelationKind::AzMgRoleManagementReadWriteDirectory, Set::Applications),
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, sets: &mut Sets) {
    over_sets(view, steps, sets, RelationKind::AzMgAddSecret, &PERMISSIONS);
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn permitted() -> Sketch {
        let mut sketch = tenant();
        for key in ["SP", "GRAPH", "OTHER"] {
            sketch.cloud(key, NodeKind::AzServicePrincipal, |_| {});
        }
        sketch.cloud("APP", NodeKind::AzApp, |_| {});
        sketch.relate("SP", RelationKind::AzMgApplicationReadWriteAll, "GRAPH");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzMgAddSecret,
            source: "SP",
            target: "APP",
            estate: permitted,
            near_misses: &[
                ("an application holds it", |it| {
                    it.cloud("SP", NodeKind::AzUser, |_| {});
                }),
                ("is enabled", |it| {
                    it.edit("SP", |it| it.enabled = Some(false));
                }),
                ("is of the same tenant", |it| {
                    it.move_elsewhere("APP");
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzMgAddSecret,
            source: "SP",
            target: "OTHER",
            estate: permitted,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("OTHER", |it| it.enabled = Some(false));
                }),
                ("takes credentials", |it| {
                    it.edit_entra("OTHER", |it| it.is_managed_identity = Some(true));
                }),
            ],
        },
    ];
}
