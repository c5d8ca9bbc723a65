//! Permissions of Microsoft Graph that add members to groups, those excepted that can be assigned to roles.

use postern_model::RelationKind;

use super::permission::over_sets;
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

const PERMISSIONS: [(RelationKind, Set); 4] = [
    (RelationKind::AzMgRoleManagementReadWriteDirectory, Set::AllGroups),
    (RelationKind::AzMgDirectoryReadWriteAll, Set::Groups),
    (RelationKind::AzMgGroupReadWriteAll, Set::Groups),
    (RelationKind::AzMgGroupMemberReadWriteAll, Set::Groups),
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, sets: &mut Sets) {
    over_sets(view, steps, sets, RelationKind::AzMgAddMember, &PERMISSIONS);
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
        sketch.entra("CREW", NodeKind::AzGroup, |it| it.is_assignable_to_role = Some(false));
        sketch.relate("SP", RelationKind::AzMgGroupMemberReadWriteAll, "GRAPH");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzMgAddMember,
        source: "SP",
        target: "CREW",
        estate: permitted,
        near_misses: &[
            ("an application holds it", |it| {
                it.cloud("SP", NodeKind::AzUser, |_| {});
            }),
            ("is enabled", |it| {
                it.edit("SP", |it| it.enabled = Some(false));
            }),
            ("is of the same tenant", |it| {
                it.move_elsewhere("CREW");
            }),
            ("cannot be assigned to roles", |it| {
                it.edit_entra("CREW", |it| it.is_assignable_to_role = Some(true));
            }),
            ("is changed in Entra", |it| {
                it.edit_entra("CREW", |it| it.is_synchronised = Some(true));
            }),
            ("is filled by hand", |it| {
                it.edit_entra("CREW", |it| it.is_dynamic = Some(true));
            }),
        ],
    }];
}
