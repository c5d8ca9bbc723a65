//! Federated credentials: an application takes the tokens of another in place of a secret.

use postern_model::{NodeKind, RelationKind};

use super::takes_secrets;
use crate::derived::Steps;
use crate::view::View;

/// Whose tokens an application takes. It takes them for itself; the identity of a resource signs in otherwise.
pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzAuthenticatesTo) {
        let is_credential = view.node(relation.target).kind == NodeKind::AzFederatedIdentityCredential;
        if is_credential || takes_secrets(view.node(relation.target)) {
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

    fn trusted() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("CREDENTIAL", NodeKind::AzFederatedIdentityCredential, |_| {});
        sketch.cloud("WORKLOAD", NodeKind::AzServicePrincipal, |_| {});
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
        sketch.relate("WORKLOAD", RelationKind::AzAuthenticatesTo, "CREDENTIAL");
        sketch.relate("CREDENTIAL", RelationKind::AzAuthenticatesTo, "SP");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzAuthenticatesTo,
            source: "WORKLOAD",
            target: "CREDENTIAL",
            estate: trusted,
            near_misses: &[("is enabled", |it| {
                it.edit("WORKLOAD", |it| it.enabled = Some(false));
            })],
        },
        Plant {
            technique: RelationKind::AzAuthenticatesTo,
            source: "CREDENTIAL",
            target: "SP",
            estate: trusted,
            near_misses: &[
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
