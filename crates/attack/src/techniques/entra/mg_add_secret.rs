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
