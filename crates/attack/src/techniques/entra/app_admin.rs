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
