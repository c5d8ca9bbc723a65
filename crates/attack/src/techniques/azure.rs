//! Roles on Azure resources, and the identities that resources run with.

use postern_model::estate::Relation;
use postern_model::{NodeKind, RelationKind};

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "azure",
    techniques: &[
        RelationKind::AzOwner,
        RelationKind::AzContributor,
        RelationKind::AzUserAccessAdministrator,
        RelationKind::AzVmContributor,
        RelationKind::AzVmAdminLogin,
        RelationKind::AzAvereContributor,
        RelationKind::AzWebsiteContributor,
        RelationKind::AzAutomationContributor,
        RelationKind::AzLogicAppContributor,
        RelationKind::AzAksContributor,
        RelationKind::AzKeyVaultContributor,
        RelationKind::AzGetSecrets,
        RelationKind::AzManagedIdentity,
        RelationKind::AzNodeResourceGroup,
    ],
    derive,
};

/// Roles over one kind of resource, with what they give control of. Held further up they are relations to a container,
/// which they do not control; a collector lists them again for each resource below.
const OVER_ONE_KIND: [(RelationKind, &[NodeKind]); 7] = [
    (RelationKind::AzVmContributor, &[NodeKind::AzVm, NodeKind::AzVmScaleSet]),
    (RelationKind::AzVmAdminLogin, &[NodeKind::AzVm]),
    (RelationKind::AzAvereContributor, &[NodeKind::AzVm]),
    (
        RelationKind::AzWebsiteContributor,
        &[NodeKind::AzWebApp, NodeKind::AzFunctionApp],
    ),
    (RelationKind::AzAutomationContributor, &[NodeKind::AzAutomationAccount]),
    (RelationKind::AzLogicAppContributor, &[NodeKind::AzLogicApp]),
    (RelationKind::AzAksContributor, &[NodeKind::AzManagedCluster]),
];

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(
        view,
        steps,
        &[
            RelationKind::AzOwner,
            RelationKind::AzUserAccessAdministrator,
            RelationKind::AzManagedIdentity,
            RelationKind::AzNodeResourceGroup,
        ],
    );
    for (kind, over) in OVER_ONE_KIND {
        for relation in view.relations(kind) {
            if over.contains(&view.node(relation.target).kind) {
                steps.add_reported(relation);
            }
        }
    }
    vaults(view, steps);
}

/// Who may change a vault may write an access policy for themselves, and read by one. Where roles protect the content,
/// policies say nothing; where policies do, roles that read say nothing.
fn vaults(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let is_protected_by_roles = |relation: &Relation| {
        let entra = view.node(relation.target).attributes.entra.as_deref();
        entra.is_some_and(|it| it.is_protected_by_roles == Some(true))
    };
    let is_vault = |relation: &Relation| view.node(relation.target).kind == NodeKind::AzKeyVault;
    for relation in view.relations(RelationKind::AzContributor) {
        if !is_protected_by_roles(relation) {
            steps.add_reported(relation);
        }
    }
    for relation in view.relations(RelationKind::AzKeyVaultContributor) {
        if is_vault(relation) && !is_protected_by_roles(relation) {
            steps.add_reported(relation);
        }
    }
    for relation in view.relations(RelationKind::AzGetSecrets) {
        if !is_vault(relation) {
            continue;
        }
        let vault = view.node(relation.target);
        if !is_protected_by_roles(relation) {
            if relation.is_granted_by("policy") {
                steps.add_reported(relation);
            }
        } else if relation.is_granted_by("role") {
            let text = "lets roles decide who reads its secrets";
            let by_roles: Fact = view.property_fact(vault, "enablerbacauthorization", "true", text);
            steps.add_reported_with(relation, vec![by_roles]);
        }
    }
}
