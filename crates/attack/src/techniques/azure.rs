//! Roles on Azure resources, and the identities that resources run with.

use postern_model::{NodeKind, RelationKind};

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "azure",
    techniques: &[
        RelationKind::AzOwner,
        RelationKind::AzContributor,
        RelationKind::AzUserAccessAdministrator,
        RelationKind::AzVmContributor,
        RelationKind::AzVmAdminLogin,
        RelationKind::AzKeyVaultContributor,
        RelationKind::AzGetSecrets,
        RelationKind::AzManagedIdentity,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(
        view,
        steps,
        &[
            RelationKind::AzOwner,
            RelationKind::AzUserAccessAdministrator,
            RelationKind::AzManagedIdentity,
        ],
    );
    for kind in [RelationKind::AzVmContributor, RelationKind::AzVmAdminLogin] {
        for relation in view.relations(kind) {
            if view.node(relation.target).kind == NodeKind::AzVm {
                steps.add_reported(relation);
            }
        }
    }
    // Who may change a vault may write an access policy for themselves, and read by one. Where roles protect the
    // content, policies say nothing.
    for kind in [
        RelationKind::AzContributor,
        RelationKind::AzKeyVaultContributor,
        RelationKind::AzGetSecrets,
    ] {
        for relation in view.relations(kind) {
            let entra = view.node(relation.target).attributes.entra.as_deref();
            if entra.is_none_or(|it| it.is_protected_by_roles != Some(true)) {
                steps.add_reported(relation);
            }
        }
    }
}
