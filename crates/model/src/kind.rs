//! The kinds of assets and relations that Postern knows, with the field's own spelling.
//!
//! Node kinds of a directory are those of the SharpHound and AzureHound formats; relation kinds double as technique
//! names (DESIGN 4: "technique (fine kind)").

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($variant,)* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// Reads the exact spelling of [`Self::as_str`], letter case ignored.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => return Some($name::$variant),)*
                    _ => {}
                }
                $(if text.eq_ignore_ascii_case($text) { return Some($name::$variant); })*
                None
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

vocabulary! {
    /// What an asset is. `Base` is a directory principal of which only the id is known.
    NodeKind {
        Base = "Base",
        User = "User",
        Computer = "Computer",
        Group = "Group",
        Gpo = "GPO",
        Ou = "OU",
        Container = "Container",
        Domain = "Domain",
        LocalGroup = "ADLocalGroup",
        LocalUser = "ADLocalUser",
        AiaCa = "AIACA",
        RootCa = "RootCA",
        EnterpriseCa = "EnterpriseCA",
        NtAuthStore = "NTAuthStore",
        CertTemplate = "CertTemplate",
        IssuancePolicy = "IssuancePolicy",
        Host = "Host",
        NetworkSegment = "NetworkSegment",
        Internet = "Internet",
        EntryPoint = "EntryPoint",
        ControlPlane = "ControlPlane",
        AzTenant = "AZTenant",
        AzUser = "AZUser",
        AzGroup = "AZGroup",
        AzDevice = "AZDevice",
        AzApp = "AZApp",
        AzServicePrincipal = "AZServicePrincipal",
        AzRole = "AZRole",
        AzManagementGroup = "AZManagementGroup",
        AzSubscription = "AZSubscription",
        AzResourceGroup = "AZResourceGroup",
        AzVm = "AZVM",
        AzVmScaleSet = "AZVMScaleSet",
        AzKeyVault = "AZKeyVault",
        AzFunctionApp = "AZFunctionApp",
        AzWebApp = "AZWebApp",
        AzLogicApp = "AZLogicApp",
        AzAutomationAccount = "AZAutomationAccount",
        AzContainerRegistry = "AZContainerRegistry",
        AzManagedCluster = "AZManagedCluster",
        AzStorageAccount = "AZStorageAccount",
        AzStorageContainer = "AZStorageContainer",
    }
}

impl NodeKind {
    /// A thing one can run code on: it is held as user or as admin.
    pub fn is_device(self) -> bool {
        matches!(self, Self::Computer | Self::Host | Self::AzDevice | Self::AzVm)
    }

    /// An account or group that can be granted rights.
    pub fn is_principal(self) -> bool {
        matches!(
            self,
            Self::User
                | Self::Computer
                | Self::Group
                | Self::LocalGroup
                | Self::LocalUser
                | Self::Base
                | Self::AzUser
                | Self::AzGroup
                | Self::AzDevice
                | Self::AzServicePrincipal
        )
    }

    /// A means of control and no asset in itself: never counted in a blast radius, never "secure this"
    /// (DESIGN 5).
    pub fn is_means(self) -> bool {
        !matches!(
            self,
            Self::User
                | Self::Computer
                | Self::Host
                | Self::EnterpriseCa
                | Self::LocalUser
                | Self::ControlPlane
                | Self::AzUser
                | Self::AzDevice
                | Self::AzServicePrincipal
                | Self::AzVm
                | Self::AzVmScaleSet
                | Self::AzKeyVault
                | Self::AzFunctionApp
                | Self::AzWebApp
                | Self::AzLogicApp
                | Self::AzAutomationAccount
                | Self::AzContainerRegistry
                | Self::AzManagedCluster
                | Self::AzStorageAccount
                | Self::AzStorageContainer
        )
    }
}

vocabulary! {
    /// What one asset is to another, as reported or as derived. Also the names of techniques.
    RelationKind {
        MemberOf = "MemberOf",
        Contains = "Contains",
        ContainsIdentity = "ContainsIdentity",
        PropagatesAcesTo = "PropagatesACEsTo",
        GpLink = "GPLink",
        HasSession = "HasSession",
        MemberOfLocalGroup = "MemberOfLocalGroup",
        LocalToComputer = "LocalToComputer",
        RemoteInteractiveLogonRight = "RemoteInteractiveLogonRight",
        SqlAdmin = "SQLAdmin",
        AllowedToDelegate = "AllowedToDelegate",
        AllowedToAct = "AllowedToAct",
        CoerceToTgt = "CoerceToTGT",
        HasSidHistory = "HasSIDHistory",
        DumpSmsaPassword = "DumpSMSAPassword",
        DcFor = "DCFor",
        GetChanges = "GetChanges",
        GetChangesAll = "GetChangesAll",
        GetChangesInFilteredSet = "GetChangesInFilteredSet",
        OwnsRaw = "OwnsRaw",
        WriteOwnerRaw = "WriteOwnerRaw",
        OwnsLimitedRights = "OwnsLimitedRights",
        WriteOwnerLimitedRights = "WriteOwnerLimitedRights",
        GenericAll = "GenericAll",
        GenericWrite = "GenericWrite",
        WriteDacl = "WriteDacl",
        AllExtendedRights = "AllExtendedRights",
        ForceChangePassword = "ForceChangePassword",
        AddMember = "AddMember",
        AddSelf = "AddSelf",
        WriteSpn = "WriteSPN",
        AddKeyCredentialLink = "AddKeyCredentialLink",
        AddAllowedToAct = "AddAllowedToAct",
        WriteAccountRestrictions = "WriteAccountRestrictions",
        WriteGpLink = "WriteGPLink",
        WriteAltSecurityIdentities = "WriteAltSecurityIdentities",
        WritePublicInformation = "WritePublicInformation",
        ReadLapsPassword = "ReadLAPSPassword",
        ReadGmsaPassword = "ReadGMSAPassword",
        SameForestTrust = "SameForestTrust",
        CrossForestTrust = "CrossForestTrust",
        SpoofSidHistory = "SpoofSIDHistory",
        AbuseTgtDelegation = "AbuseTGTDelegation",
        Enroll = "Enroll",
        ManageCa = "ManageCA",
        ManageCertificates = "ManageCertificates",
        DelegatedEnrollmentAgent = "DelegatedEnrollmentAgent",
        WritePkiNameFlag = "WritePKINameFlag",
        WritePkiEnrollmentFlag = "WritePKIEnrollmentFlag",
        PublishedTo = "PublishedTo",
        HostsCaService = "HostsCAService",
        RootCaFor = "RootCAFor",
        NtAuthStoreFor = "NTAuthStoreFor",
        OidGroupLink = "OIDGroupLink",
        LocatedIn = "LocatedIn",
        RoutesTrafficTo = "RoutesTrafficTo",
        AdminTo = "AdminTo",
        CanRdp = "CanRDP",
        CanPsRemote = "CanPSRemote",
        ExecuteDcom = "ExecuteDCOM",
        Owns = "Owns",
        WriteOwner = "WriteOwner",
        DcSync = "DCSync",
        SyncLapsPassword = "SyncLAPSPassword",
        ExploitRemoteCode = "ExploitRemoteCode",
        AssumedFoothold = "AssumedFoothold",
        AzContains = "AZContains",
        AzMemberOf = "AZMemberOf",
        AzOwns = "AZOwns",
        AzRunsAs = "AZRunsAs",
        AzHasRole = "AZHasRole",
        AzRoleEligible = "AZRoleEligible",
        AzAppAdmin = "AZAppAdmin",
        AzCloudAppAdmin = "AZCloudAppAdmin",
        AzMgApplicationReadWriteAll = "AZMGApplication_ReadWrite_All",
        AzMgAppRoleAssignmentReadWriteAll = "AZMGAppRoleAssignment_ReadWrite_All",
        AzMgDirectoryReadWriteAll = "AZMGDirectory_ReadWrite_All",
        AzMgGroupReadWriteAll = "AZMGGroup_ReadWrite_All",
        AzMgGroupMemberReadWriteAll = "AZMGGroupMember_ReadWrite_All",
        AzMgRoleManagementReadWriteDirectory = "AZMGRoleManagement_ReadWrite_Directory",
        AzMgServicePrincipalEndpointReadWriteAll = "AZMGServicePrincipalEndpoint_ReadWrite_All",
        AzOwner = "AZOwner",
        AzContributor = "AZContributor",
        AzUserAccessAdministrator = "AZUserAccessAdministrator",
        AzVmContributor = "AZVMContributor",
        AzVmAdminLogin = "AZVMAdminLogin",
        AzKeyVaultContributor = "AZKeyVaultContributor",
        AzGetSecrets = "AZGetSecrets",
        AzManagedIdentity = "AZManagedIdentity",
        SyncedToEntraUser = "SyncedToEntraUser",
        SyncedToAdUser = "SyncedToADUser",
        AzGlobalAdmin = "AZGlobalAdmin",
        AzPrivilegedRoleAdmin = "AZPrivilegedRoleAdmin",
        AzPrivilegedAuthAdmin = "AZPrivilegedAuthAdmin",
        AzAddSecret = "AZAddSecret",
        AzResetPassword = "AZResetPassword",
        AzAddMembers = "AZAddMembers",
        AzExecuteCommand = "AZExecuteCommand",
        AzMgAddSecret = "AZMGAddSecret",
        AzMgAddMember = "AZMGAddMember",
        AzMgGrantRole = "AZMGGrantRole",
        AzMgGrantAppRoles = "AZMGGrantAppRoles",
    }
}

impl RelationKind {
    /// Rights in an access control list, as `Aces[].RightName` of SharpHound spells them
    /// (`Owns` and `WriteOwner` are rewritten while reading; the raw kinds are accepted too).
    pub fn is_acl_right(self) -> bool {
        use RelationKind::*;
        matches!(
            self,
            GetChanges
                | GetChangesAll
                | GetChangesInFilteredSet
                | OwnsRaw
                | WriteOwnerRaw
                | OwnsLimitedRights
                | WriteOwnerLimitedRights
                | GenericAll
                | GenericWrite
                | WriteDacl
                | AllExtendedRights
                | ForceChangePassword
                | AddMember
                | AddSelf
                | WriteSpn
                | AddKeyCredentialLink
                | AddAllowedToAct
                | WriteAccountRestrictions
                | WriteGpLink
                | WriteAltSecurityIdentities
                | WritePublicInformation
                | ReadLapsPassword
                | ReadGmsaPassword
                | Enroll
                | ManageCa
                | ManageCertificates
                | DelegatedEnrollmentAgent
                | WritePkiNameFlag
                | WritePkiEnrollmentFlag
                | Owns
                | WriteOwner
        )
    }

    /// The public vocabulary of the exposure graph for this kind. The catalog's technique files say the
    /// same; a test holds the two together.
    pub fn label(self) -> &'static str {
        use RelationKind::*;
        match self {
            MemberOf | MemberOfLocalGroup | AzMemberOf => "member of",
            Contains | ContainsIdentity | PropagatesAcesTo | LocalToComputer | AzContains => "contains",
            DumpSmsaPassword => "has credentials of",
            AllowedToDelegate | AllowedToAct | HasSidHistory | CoerceToTgt | SpoofSidHistory | AbuseTgtDelegation => {
                "can impersonate as"
            }
            CanRdp | RemoteInteractiveLogonRight => "CanRemoteInteractiveLogonTo",
            AdminTo | CanPsRemote | ExecuteDcom | SqlAdmin | AzVmAdminLogin => "can authenticate to",
            HasSession | ReadLapsPassword | ReadGmsaPassword | SyncLapsPassword | AzRunsAs | AzManagedIdentity
            | SyncedToEntraUser | SyncedToAdUser => "can authenticate as",
            RoutesTrafficTo | ExploitRemoteCode => "routes traffic to",
            LocatedIn => "located in",
            SameForestTrust | CrossForestTrust => "trusts",
            GpLink | DcFor | PublishedTo | HostsCaService | RootCaFor | NtAuthStoreFor | OidGroupLink => "maintains",
            AssumedFoothold => "used by",
            _ => "has role on",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_text() {
        for &kind in NodeKind::ALL {
            assert_eq!(NodeKind::parse(kind.as_str()), Some(kind));
        }
        for &kind in RelationKind::ALL {
            assert_eq!(RelationKind::parse(&kind.as_str().to_uppercase()), Some(kind));
        }
        assert_eq!(NodeKind::parse("Toaster"), None);
    }
}
