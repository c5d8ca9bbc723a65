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

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, HELPDESK, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn holder() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud(HELPDESK, NodeKind::AzRole, |_| {});
        sketch.relate_with("BOB", RelationKind::AzHasRole, HELPDESK, r#"{"scopes":["/"]}"#);
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzHasRole,
        source: "BOB",
        target: HELPDESK,
        estate: holder,
        near_misses: &[
            ("is enabled", |it| {
                it.edit("BOB", |it| it.enabled = Some(false));
            }),
            ("is over the whole tenant", |it| {
                it.unrelate("BOB", RelationKind::AzHasRole, HELPDESK).relate_with(
                    "BOB",
                    RelationKind::AzHasRole,
                    HELPDESK,
                    r#"{"scopes":["/administrativeUnits/1"]}"#,
                );
            }),
        ],
    }];
}
