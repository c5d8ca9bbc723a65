//! Ids of resources: a path from the subscription down. They are in upper case here.

use std::borrow::Cow;

use postern_model::{NodeKind, ObjectClass};

const SUBSCRIPTIONS: &str = "/SUBSCRIPTIONS/";
const MANAGEMENT_GROUPS: &str = "/PROVIDERS/MICROSOFT.MANAGEMENT/MANAGEMENTGROUPS/";

/// What the format calls a kind of resource, behind `AZ`.
pub const KINDS: [(&str, NodeKind, ObjectClass); 14] = [
    (
        "ManagementGroup",
        NodeKind::AzManagementGroup,
        ObjectClass::ManagementGroups,
    ),
    ("Subscription", NodeKind::AzSubscription, ObjectClass::Subscriptions),
    ("ResourceGroup", NodeKind::AzResourceGroup, ObjectClass::ResourceGroups),
    ("VM", NodeKind::AzVm, ObjectClass::VirtualMachines),
    ("VMScaleSet", NodeKind::AzVmScaleSet, ObjectClass::ScaleSets),
    ("KeyVault", NodeKind::AzKeyVault, ObjectClass::KeyVaults),
    ("FunctionApp", NodeKind::AzFunctionApp, ObjectClass::FunctionApps),
    ("WebApp", NodeKind::AzWebApp, ObjectClass::WebApps),
    ("LogicApp", NodeKind::AzLogicApp, ObjectClass::LogicApps),
    (
        "AutomationAccount",
        NodeKind::AzAutomationAccount,
        ObjectClass::AutomationAccounts,
    ),
    (
        "ContainerRegistry",
        NodeKind::AzContainerRegistry,
        ObjectClass::ContainerRegistries,
    ),
    (
        "ManagedCluster",
        NodeKind::AzManagedCluster,
        ObjectClass::ManagedClusters,
    ),
    (
        "StorageAccount",
        NodeKind::AzStorageAccount,
        ObjectClass::StorageAccounts,
    ),
    (
        "StorageContainer",
        NodeKind::AzStorageContainer,
        ObjectClass::StorageContainers,
    ),
];

/// The path of a subscription, of which some records name the last part alone.
pub fn subscription(id: Cow<'_, str>) -> Cow<'_, str> {
    if id.is_empty() || id.starts_with('/') {
        id
    } else {
        Cow::Owned(format!("{SUBSCRIPTIONS}{id}"))
    }
}

/// What a resource lies in, as its id says. Subscriptions and management groups lie in the tenant, which theirs does
/// not name.
pub fn container(id: &str) -> Option<(&str, NodeKind)> {
    if let Some((account, _)) = id.split_once("/BLOBSERVICES/") {
        return Some((account, NodeKind::AzStorageAccount));
    }
    match id.split_once("/PROVIDERS/") {
        Some((group, _)) => level(group),
        None => {
            let parent = &id[..id.find("/RESOURCEGROUPS/")?];
            level(parent)
        }
    }
}

/// The path of a resource group of this name, in the subscription that a resource lies in.
pub fn group_beside(id: &str, name: &str) -> Option<String> {
    let (subscription, _) = id.split_once("/RESOURCEGROUPS/")?;
    (!name.is_empty() && !name.contains('/')).then(|| format!("{subscription}/RESOURCEGROUPS/{name}"))
}

/// A place where a role can be given for all that lies in it; `None` for a single resource and for the root.
pub fn level(scope: &str) -> Option<(&str, NodeKind)> {
    if let Some(name) = scope.strip_prefix(MANAGEMENT_GROUPS) {
        return (!name.contains('/')).then_some((scope, NodeKind::AzManagementGroup));
    }
    let parts: Vec<_> = scope.strip_prefix(SUBSCRIPTIONS)?.split('/').collect();
    match parts[..] {
        [subscription] if !subscription.is_empty() => Some((scope, NodeKind::AzSubscription)),
        [_, "RESOURCEGROUPS", group] if !group.is_empty() => Some((scope, NodeKind::AzResourceGroup)),
        _ => None,
    }
}

/// Whether what is granted at `scope` is granted on the resource. Which management group lies above a subscription no
/// id says; an assignment there would not be listed for the resource were it not above.
pub fn is_within(id: &str, scope: &str) -> bool {
    let is_below = || {
        id.strip_prefix(scope.trim_end_matches('/'))
            .is_some_and(|rest| rest.starts_with('/'))
    };
    scope == id || scope.starts_with(MANAGEMENT_GROUPS) || is_below()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VM: &str = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.COMPUTE/VIRTUALMACHINES/V";

    #[test]
    fn a_resource_lies_in_its_group_and_that_in_its_subscription() {
        let group = "/SUBSCRIPTIONS/S/RESOURCEGROUPS/R";
        assert_eq!(container(VM), Some((group, NodeKind::AzResourceGroup)));
        assert_eq!(container(group), Some(("/SUBSCRIPTIONS/S", NodeKind::AzSubscription)));
        assert_eq!(container("/SUBSCRIPTIONS/S"), None);
        assert_eq!(container("/PROVIDERS/MICROSOFT.MANAGEMENT/MANAGEMENTGROUPS/M"), None);
    }

    #[test]
    fn a_role_reaches_what_lies_below_its_scope_and_nothing_beside_it() {
        for scope in [VM, "/SUBSCRIPTIONS/S/RESOURCEGROUPS/R", "/SUBSCRIPTIONS/S", "/"] {
            assert!(is_within(VM, scope), "{scope}");
        }
        for scope in ["/SUBSCRIPTIONS/S/RESOURCEGROUPS/R2", "/SUBSCRIPTIONS/T"] {
            assert!(!is_within(VM, scope), "{scope}");
        }
    }
}
