//! Who holds a role over the whole tenant.

use postern_model::RelationKind;

use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzHasRole) {
        // A role over an administrative unit is none over the tenant; what lies in the unit no collection tells.
        if relation.is_tenant_wide() {
            steps.add_reported(relation);
        }
    }
}
