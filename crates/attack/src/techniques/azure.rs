//! Roles on Azure resources, and the identities that resources run with.
//!
//! A role that is given on a subscription or a group is one step to that, which contains the resources.

use postern_model::RelationKind;

use super::Family;
use crate::derived::Steps;
use crate::view::View;

pub(crate) mod identity;
pub(crate) mod kubernetes;
pub(crate) mod resource_role;
pub(crate) mod scope_role;
pub(crate) mod storage;
pub(crate) mod vault;

pub const FAMILY: Family = Family {
    name: "azure",
    techniques: &[
        RelationKind::AzOwner,
        RelationKind::AzContributor,
        RelationKind::AzUserAccessAdministrator,
        RelationKind::AzVmContributor,
        RelationKind::AzVmAdminLogin,
        RelationKind::AzVmUserLogin,
        RelationKind::AzAvereContributor,
        RelationKind::AzWebsiteContributor,
        RelationKind::AzAutomationContributor,
        RelationKind::AzLogicAppContributor,
        RelationKind::AzAksContributor,
        RelationKind::AzAksClusterAdmin,
        RelationKind::AzListStorageKeys,
        RelationKind::AzReadBlobs,
        RelationKind::AzKeyVaultContributor,
        RelationKind::AzGetSecrets,
        RelationKind::AzManagedIdentity,
        RelationKind::AzNodeResourceGroup,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    scope_role::derive(view, steps);
    resource_role::derive(view, steps);
    kubernetes::derive(view, steps);
    storage::derive(view, steps);
    vault::derive(view, steps);
    identity::derive(view, steps);
}
