//! What an observation covers: the unit in which a newer import may replace an older one (DESIGN 3.1).

use serde::{Deserialize, Serialize};

use crate::kind::NodeKind;

/// (boundary, object class, facet). Two snapshots compete only inside one cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// Domain SID, tenant id, scanned site. Empty when the content does not tell.
    pub boundary: String,
    pub class: ObjectClass,
    pub facet: Facet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectClass {
    Users,
    Computers,
    Groups,
    Domains,
    Ous,
    Containers,
    Gpos,
    /// Each kind of certificate-service object is collected into a file of its own, so each is a class of
    /// its own: one of them must not replace another.
    CertTemplates,
    EnterpriseCas,
    RootCas,
    AiaCas,
    NtAuthStores,
    IssuancePolicies,
    Hosts,
    Segments,
    /// Objects named as deleted; their class is not told.
    Deleted,
    /// Objects of kinds that Postern does not know, and what extensions say of such kinds.
    Extensions,
    /// The first of those of an Entra tenant; see [`Self::is_of_tenant`].
    Tenants,
    /// Accounts of Entra are kept apart from those of Active Directory: no collector lists both.
    EntraUsers,
    EntraGroups,
    EntraDevices,
    Applications,
    ServicePrincipals,
    AdministrativeUnits,
    /// Policies of conditional access.
    SignInPolicies,
    DirectoryRoles,
    ManagementGroups,
    Subscriptions,
    ResourceGroups,
    VirtualMachines,
    ScaleSets,
    KeyVaults,
    FunctionApps,
    WebApps,
    LogicApps,
    AutomationAccounts,
    ContainerRegistries,
    ManagedClusters,
    StorageAccounts,
    StorageContainers,
    /// Trust in tokens of others; listed by the application that it signs in to.
    FederatedCredentials,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Facet {
    /// That the object exists, and its attributes.
    Properties,
    Acl,
    Containment,
    /// Group members and primary groups.
    Members,
    Trusts,
    GpoLinks,
    /// Local group changes that group policy makes.
    GpoChanges,
    SpnTargets,
    Sessions,
    PrivilegedSessions,
    RegistrySessions,
    LocalGroups,
    UserRights,
    /// Whether a computer asks for signed SMB.
    Smb,
    /// What the registry of a computer says about NTLM.
    Ntlm,
    /// Whether a computer's web client runs.
    WebClient,
    /// What a domain controller asks of LDAP and LDAPS.
    Ldap,
    /// How the registry of a domain controller maps certificates to accounts.
    DcRegistry,
    /// Whether the host of a certification authority lets anybody relay to its web enrolment. In sources of before
    /// there were the facets above: what is in those of them that are about any computer.
    HostSettings,
    CaRegistry,
    CertServices,
    /// Objects reported as deleted.
    Tombstones,
    Ports,
    /// Results of one plugin family of a scanner; credentialed and not are apart.
    Plugins {
        family: String,
        credentialed: bool,
    },
    Network,
    /// Owners of groups, applications, service principals and devices.
    Owners,
    /// Who holds a role: of the directory, of an application, or on a resource.
    RoleAssignments,
    /// Who may activate a role for a time.
    RoleEligibility,
    /// What activating a role asks for, and who approves it.
    RolePolicies,
    /// Who may read what a key vault keeps, by the vault's own list.
    AccessPolicies,
    /// As whom an application may act, by a consent of theirs or of an administrator's.
    Consents,
    /// With what a user has registered to sign in.
    AuthenticationMethods,
    /// The rule that says who is in a group.
    MembershipRules,
    /// Relations that a file states without saying what it has looked at.
    Statements,
    /// What an extension says of its kinds.
    Kinds,
}

impl Facet {
    /// Sampled facets are a union over a window: not seeing a session again is no proof of its end.
    pub fn is_sampled(&self) -> bool {
        matches!(self, Self::Sessions | Self::PrivilegedSessions | Self::RegistrySessions)
    }

    /// Of all computers only domain controllers can answer.
    pub fn is_of_domain_controllers(&self) -> bool {
        matches!(self, Self::Ldap | Self::DcRegistry)
    }
}

impl Cell {
    pub fn new(boundary: impl Into<String>, class: ObjectClass, facet: Facet) -> Self {
        Self {
            boundary: boundary.into(),
            class,
            facet,
        }
    }
}

impl ObjectClass {
    /// Whether objects of this class belong to an Entra tenant.
    pub fn is_of_tenant(self) -> bool {
        self >= Self::Tenants
    }

    /// Whether objects of this class are in the directory of every Entra tenant.
    pub fn is_of_directory(self) -> bool {
        (Self::Tenants..=Self::DirectoryRoles).contains(&self)
    }

    /// The class of objects of a kind; `None` for kinds that no collector lists as such.
    pub fn of(kind: NodeKind) -> Option<Self> {
        Some(match kind {
            NodeKind::User => Self::Users,
            NodeKind::Computer => Self::Computers,
            NodeKind::Group => Self::Groups,
            NodeKind::Domain => Self::Domains,
            NodeKind::Ou => Self::Ous,
            NodeKind::Container => Self::Containers,
            NodeKind::Gpo => Self::Gpos,
            NodeKind::AiaCa => Self::AiaCas,
            NodeKind::RootCa => Self::RootCas,
            NodeKind::EnterpriseCa => Self::EnterpriseCas,
            NodeKind::NtAuthStore => Self::NtAuthStores,
            NodeKind::CertTemplate => Self::CertTemplates,
            NodeKind::IssuancePolicy => Self::IssuancePolicies,
            NodeKind::Host => Self::Hosts,
            NodeKind::NetworkSegment | NodeKind::Internet => Self::Segments,
            NodeKind::Other(_) => Self::Extensions,
            NodeKind::AzTenant => Self::Tenants,
            NodeKind::AzUser => Self::EntraUsers,
            NodeKind::AzGroup => Self::EntraGroups,
            NodeKind::AzDevice => Self::EntraDevices,
            NodeKind::AzApp => Self::Applications,
            NodeKind::AzServicePrincipal => Self::ServicePrincipals,
            NodeKind::AzAdministrativeUnit => Self::AdministrativeUnits,
            NodeKind::AzConditionalAccessPolicy => Self::SignInPolicies,
            NodeKind::AzRole => Self::DirectoryRoles,
            NodeKind::AzManagementGroup => Self::ManagementGroups,
            NodeKind::AzSubscription => Self::Subscriptions,
            NodeKind::AzResourceGroup => Self::ResourceGroups,
            NodeKind::AzVm => Self::VirtualMachines,
            NodeKind::AzVmScaleSet => Self::ScaleSets,
            NodeKind::AzKeyVault => Self::KeyVaults,
            NodeKind::AzFunctionApp => Self::FunctionApps,
            NodeKind::AzWebApp => Self::WebApps,
            NodeKind::AzLogicApp => Self::LogicApps,
            NodeKind::AzAutomationAccount => Self::AutomationAccounts,
            NodeKind::AzContainerRegistry => Self::ContainerRegistries,
            NodeKind::AzManagedCluster => Self::ManagedClusters,
            NodeKind::AzStorageAccount => Self::StorageAccounts,
            NodeKind::AzStorageContainer => Self::StorageContainers,
            NodeKind::AzFederatedIdentityCredential => Self::FederatedCredentials,
            _ => return None,
        })
    }
}

impl std::fmt::Display for ObjectClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Users => "users",
            Self::Computers => "computers",
            Self::Groups => "groups",
            Self::Domains => "domains",
            Self::Ous => "organisational units",
            Self::Containers => "containers",
            Self::Gpos => "group policies",
            Self::CertTemplates => "certificate templates",
            Self::EnterpriseCas => "enterprise CAs",
            Self::RootCas => "root CAs",
            Self::AiaCas => "AIA CAs",
            Self::NtAuthStores => "NTAuth stores",
            Self::IssuancePolicies => "issuance policies",
            Self::Hosts => "hosts",
            Self::Segments => "network segments",
            Self::Deleted => "deleted objects",
            Self::Extensions => "objects of extensions",
            Self::Tenants => "tenants",
            Self::EntraUsers => "Entra users",
            Self::EntraGroups => "Entra groups",
            Self::EntraDevices => "Entra devices",
            Self::Applications => "applications",
            Self::ServicePrincipals => "service principals",
            Self::AdministrativeUnits => "administrative units",
            Self::SignInPolicies => "conditional access policies",
            Self::DirectoryRoles => "directory roles",
            Self::ManagementGroups => "management groups",
            Self::Subscriptions => "subscriptions",
            Self::ResourceGroups => "resource groups",
            Self::VirtualMachines => "virtual machines",
            Self::ScaleSets => "scale sets",
            Self::KeyVaults => "key vaults",
            Self::FunctionApps => "function apps",
            Self::WebApps => "web apps",
            Self::LogicApps => "logic apps",
            Self::AutomationAccounts => "automation accounts",
            Self::ContainerRegistries => "container registries",
            Self::ManagedClusters => "managed clusters",
            Self::StorageAccounts => "storage accounts",
            Self::StorageContainers => "storage containers",
            Self::FederatedCredentials => "federated credentials",
        })
    }
}

impl std::fmt::Display for Facet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Properties => "properties",
            Self::Acl => "access control lists",
            Self::Containment => "containment",
            Self::Members => "members",
            Self::Trusts => "trusts",
            Self::GpoLinks => "policy links",
            Self::GpoChanges => "policy changes",
            Self::SpnTargets => "service targets",
            Self::Sessions => "sessions",
            Self::PrivilegedSessions => "privileged sessions",
            Self::RegistrySessions => "registry sessions",
            Self::LocalGroups => "local groups",
            Self::UserRights => "user rights",
            Self::Smb => "SMB signing",
            Self::Ntlm => "NTLM settings",
            Self::WebClient => "web client",
            Self::Ldap => "LDAP settings",
            Self::DcRegistry => "domain controller registry",
            Self::HostSettings => "host settings",
            Self::CaRegistry => "CA registry",
            Self::CertServices => "certificate services",
            Self::Tombstones => "deletions",
            Self::Ports => "open ports",
            Self::Network => "network",
            Self::Owners => "owners",
            Self::RoleAssignments => "role assignments",
            Self::RoleEligibility => "eligible roles",
            Self::RolePolicies => "activation rules",
            Self::AccessPolicies => "access policies",
            Self::Consents => "consents",
            Self::AuthenticationMethods => "authentication methods",
            Self::MembershipRules => "membership rules",
            Self::Statements => "statements",
            Self::Kinds => "kinds",
            Self::Plugins { family, credentialed } => {
                return write!(
                    f,
                    "{family} ({})",
                    if *credentialed {
                        "credentialed"
                    } else {
                        "not credentialed"
                    }
                );
            }
        })
    }
}
