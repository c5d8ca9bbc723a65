//! What the exposure graph calls kinds of assets: labels and categories, in the public vocabulary where there is one.

use crate::NodeKind;

/// The label of a weakness.
pub const CVE: &str = "Cve";
pub const CVE_CATEGORIES: &[&str] = &["finding", "security_finding", "vulnerability"];

/// Label and categories of a kind. Azure resources have the path of their provider, in lower case.
///
/// * `is_managed_identity`: of a service principal, whether it is the identity of a resource.
pub fn of(kind: NodeKind, is_managed_identity: bool) -> (String, &'static [&'static str]) {
    use NodeKind::*;
    let (label, categories): (&str, &[&str]) = match kind {
        Computer => ("device", &["compute", "device", "computer_account"]),
        Host | AzDevice => ("device", &["compute", "device"]),
        AzVm => (
            "microsoft.compute/virtualmachines",
            &["compute", "device", "virtual_machine"],
        ),
        AzVmScaleSet => (
            "microsoft.compute/virtualmachinescalesets",
            &["compute", "virtual_machine"],
        ),
        User | AzUser | LocalUser => ("user", &["identity", "identities", "user_account"]),
        Group | AzGroup => ("group", &["identity", "identities", "user_group"]),
        LocalGroup => ("group", &["identity", "identities", "local_group"]),
        AzServicePrincipal if is_managed_identity => {
            ("managedidentity", &["identity", "identities", "service_account"])
        }
        AzServicePrincipal => ("serviceprincipal", &["identity", "identities", "service_account"]),
        AzApp => ("Microsoft Entra OAuth App", &["identity", "identities", "application"]),
        AzRole => ("directoryrole", &["access", "role"]),
        AzAdministrativeUnit => ("administrativeunit", &["environment"]),
        AzConditionalAccessPolicy => ("conditionalaccesspolicy", &["policy"]),
        AzFederatedIdentityCredential => ("federatedidentitycredential", &["secret"]),
        AzTenant => ("tenant", &["environment"]),
        AzManagementGroup => ("microsoft.management/managementgroups", &["environment"]),
        AzSubscription => ("microsoft.resources/subscriptions", &["environment", "subscription"]),
        AzResourceGroup => ("microsoft.resources/subscriptions/resourcegroups", &["environment"]),
        AzKeyVault => ("microsoft.keyvault/vaults", &["secret", "resource"]),
        AzStorageAccount => ("microsoft.storage/storageaccounts", &["data", "resource"]),
        AzStorageContainer => (
            "microsoft.storage/storageaccounts/blobservices/containers",
            &["data", "resource"],
        ),
        AzFunctionApp | AzWebApp => ("microsoft.web/sites", &["compute", "resource"]),
        AzLogicApp => ("microsoft.logic/workflows", &["compute", "resource"]),
        AzAutomationAccount => ("microsoft.automation/automationaccounts", &["compute", "resource"]),
        AzContainerRegistry => ("microsoft.containerregistry/registries", &["container", "resource"]),
        AzManagedCluster => (
            "microsoft.containerservice/managedclusters",
            &["compute", "container", "resource"],
        ),
        Domain => ("domain", &["environment"]),
        Ou => ("organizationalunit", &["environment"]),
        Container => ("container", &["environment"]),
        Gpo => ("grouppolicy", &["policy"]),
        EnterpriseCa | RootCa | AiaCa => ("certificateauthority", &["certificate_service"]),
        NtAuthStore => ("certificatestore", &["certificate_service"]),
        CertTemplate => ("certificatetemplate", &["certificate_service"]),
        IssuancePolicy => ("issuancepolicy", &["certificate_service"]),
        NetworkSegment => ("networksegment", &["network"]),
        Internet => ("internet", &["network"]),
        EntryPoint => ("entrypoint", &["virtual"]),
        ControlPlane => ("controlplane", &["virtual"]),
        ObjectSet => ("objectset", &["virtual"]),
        Base => ("unknown", &[]),
        Other(kind) => return (kind.as_str().to_ascii_lowercase(), &[]),
    };
    (label.to_owned(), categories)
}

/// Whether the kind is an asset of a cloud provider, with a resource id.
pub fn is_azure_resource(key: &str) -> bool {
    key.get(..15)
        .is_some_and(|start| start.eq_ignore_ascii_case("/subscriptions/"))
}
