//! An account of Active Directory and its user of Entra: who has one has the other.

use postern_model::RelationKind;

use super::super::as_reported;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::SyncedToEntraUser]);
    for relation in view.relations(RelationKind::SyncedToAdUser) {
        // The synchronisation account has no right over accounts that the directory protects as administrators.
        if view.node(relation.target).attributes.admin_count != Some(true) {
            steps.add_reported(relation);
        }
    }
}
