//! The kinds of assets and relations, with the field's own spelling.
//!
//! Node kinds of a directory are those of the SharpHound and AzureHound formats; relation kinds double as technique
//! names (DESIGN 4: "technique (fine kind)"). Beside those that Postern knows there are [others](OtherKind), which
//! files bring with them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Other kinds that one process can tell apart. A file that names more of them than any extension has would
/// otherwise fill the memory: names are never given back.
pub const OTHER_KINDS_MAX: usize = 16_384;

/// The name of an other kind may have this many characters.
pub const KIND_CHARACTERS_MAX: usize = 128;

/// A kind that Postern does not know, under the name that a file gives it: an extension of OpenGraph, say, or a label
/// of another program's graph. Names are told apart by letter case, as files spell them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OtherKind(u16);

/// The names of [`OtherKind`]s, each in its place for as long as the process lives.
static OTHER_NAMES: [OnceLock<Box<str>>; OTHER_KINDS_MAX] = [const { OnceLock::new() }; OTHER_KINDS_MAX];
static OTHER_PLACES: Mutex<Option<HashMap<&'static str, u16>>> = Mutex::new(None);

impl OtherKind {
    /// The kind of this name: letters, digits and underscores, as OpenGraph allows, at most [`KIND_CHARACTERS_MAX`].
    /// `None` for any other text, and for a new name where [`OTHER_KINDS_MAX`] are known.
    pub fn of(name: &str) -> Option<Self> {
        let is_name = (1..=KIND_CHARACTERS_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return None;
        }
        let mut places = OTHER_PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        let places = places.get_or_insert_default();
        if let Some(&place) = places.get(name) {
            return Some(Self(place));
        }
        let place = places.len();
        let name = OTHER_NAMES.get(place)?.get_or_init(|| name.into());
        let place = u16::try_from(place).ok()?;
        places.insert(name, place);
        Some(Self(place))
    }

    /// The kind of this name in any letter case, if some file has named it; the first in order of those that differ
    /// by letter case alone.
    pub fn find(name: &str) -> Option<Self> {
        let places = OTHER_PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        let places = places.as_ref()?;
        let exact = places.get(name).copied();
        let alike = || {
            let alike = places.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
            alike.min_by_key(|(it, _)| **it).map(|(_, &place)| place)
        };
        exact.or_else(alike).map(Self)
    }

    pub fn as_str(self) -> &'static str {
        OTHER_NAMES[usize::from(self.0)].get().map_or("", |name| name)
    }
}

impl std::fmt::Debug for OtherKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// By name: places depend on what a process has read before.
impl Ord for OtherKind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for OtherKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($variant,)*
            /// One that a file brings with it.
            Other(OtherKind),
        }

        impl $name {
            /// Those that Postern knows.
            pub const KNOWN: &'static [$name] = &[$($name::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)*
                    $name::Other(other) => other.as_str(),
                }
            }

            /// The kind of this name: a known one in any letter case, else an other. `None` where it cannot be one;
            /// see [`OtherKind::of`].
            pub fn of(text: &str) -> Option<Self> {
                Self::parse(text).or_else(|| OtherKind::of(text).map(Self::Other))
            }

            /// The kind of this name, in any letter case, if Postern or any file knows it: for what people type.
            pub fn find(text: &str) -> Option<Self> {
                Self::parse(text).or_else(|| OtherKind::find(text).map(Self::Other))
            }

            /// How often each kind occurs.
            pub fn tally(kinds: impl IntoIterator<Item = Self>) -> BTreeMap<Self, u64> {
                // The order of the known ones is that of their declaration; others come behind.
                #[derive(Clone, Copy)]
                enum Known { $($variant,)* Others }
                let mut counts: Vec<Option<(Self, u64)>> = Vec::new();
                for kind in kinds {
                    let place = match kind {
                        $($name::$variant => Known::$variant as usize,)*
                        $name::Other(OtherKind(place)) => Known::Others as usize + usize::from(place),
                    };
                    if place >= counts.len() {
                        counts.resize(place + 1, None);
                    }
                    counts[place].get_or_insert((kind, 0)).1 += 1;
                }
                counts.into_iter().flatten().collect()
            }

            /// The known kind of this name, in any letter case.
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
        ObjectSet = "ObjectSet",
        AzTenant = "AZTenant",
        AzUser = "AZUser",
        AzGroup = "AZGroup",
        AzDevice = "AZDevice",
        AzApp = "AZApp",
        AzServicePrincipal = "AZServicePrincipal",
        AzRole = "AZRole",
        AzAdministrativeUnit = "AZAdministrativeUnit",
        AzConditionalAccessPolicy = "AZConditionalAccessPolicy",
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
        AzFederatedIdentityCredential = "AZFederatedIdentityCredential",
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
        ClaimSpecialIdentity = "ClaimSpecialIdentity",
        Contains = "Contains",
        ContainsIdentity = "ContainsIdentity",
        PropagatesAcesTo = "PropagatesACEsTo",
        GpLink = "GPLink",
        GpoAppliesTo = "GPOAppliesTo",
        CanApplyGpo = "CanApplyGPO",
        HasSession = "HasSession",
        StealsSessionToken = "StealsSessionToken",
        MemberOfLocalGroup = "MemberOfLocalGroup",
        LocalToComputer = "LocalToComputer",
        RemoteInteractiveLogonRight = "RemoteInteractiveLogonRight",
        SqlAdmin = "SQLAdmin",
        AllowedToDelegate = "AllowedToDelegate",
        AllowedToAct = "AllowedToAct",
        CoerceToTgt = "CoerceToTGT",
        CoerceAndRelayNtlmToSmb = "CoerceAndRelayNTLMToSMB",
        CoerceAndRelayNtlmToLdap = "CoerceAndRelayNTLMToLDAP",
        CoerceAndRelayNtlmToLdaps = "CoerceAndRelayNTLMToLDAPS",
        CoerceAndRelayNtlmToAdcs = "CoerceAndRelayNTLMToADCS",
        CoerceAndRelayNtlmToAdcsRpc = "CoerceAndRelayNTLMToADCSRPC",
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
        CreateChildDmsa = "CreateChildDMSA",
        CreateChildAll = "CreateChildAll",
        CreateChild = "CreateChild",
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
        HasTrustKeys = "HasTrustKeys",
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
        TrustedForNtAuth = "TrustedForNTAuth",
        IssuedSignedBy = "IssuedSignedBy",
        EnterpriseCaFor = "EnterpriseCAFor",
        ExtendedByPolicy = "ExtendedByPolicy",
        EnrollOnBehalfOf = "EnrollOnBehalfOf",
        ProtectAdminGroups = "ProtectAdminGroups",
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
        Kerberoast = "Kerberoast",
        AsRepRoast = "ASREPRoast",
        BadSuccessor = "BadSuccessor",
        RodcRevealsPassword = "RODCRevealsPassword",
        ManagesRodc = "ManagesRODC",
        WriteRodcPolicy = "WriteRODCPolicy",
        GoldenGmsa = "GoldenGMSA",
        PreCreatedComputer = "PreCreatedComputer",
        GoldenCert = "GoldenCert",
        AdcsEsc1 = "ADCSESC1",
        AdcsEsc2 = "ADCSESC2",
        AdcsEsc3 = "ADCSESC3",
        AdcsEsc4 = "ADCSESC4",
        AdcsEsc6a = "ADCSESC6a",
        AdcsEsc6b = "ADCSESC6b",
        AdcsEsc7 = "ADCSESC7",
        AdcsEsc9a = "ADCSESC9a",
        AdcsEsc9b = "ADCSESC9b",
        AdcsEsc10a = "ADCSESC10a",
        AdcsEsc10b = "ADCSESC10b",
        AdcsEsc13 = "ADCSESC13",
        AdcsEsc14b = "ADCSESC14b",
        AdcsEsc14c = "ADCSESC14c",
        AdcsEsc14d = "ADCSESC14d",
        AdcsEsc15 = "ADCSESC15",
        AdcsEsc16 = "ADCSESC16",
        ExploitRemoteCode = "ExploitRemoteCode",
        AssumedFoothold = "AssumedFoothold",
        Extension = "Extension",
        AzContains = "AZContains",
        AzMemberOf = "AZMemberOf",
        AzOwns = "AZOwns",
        AzRunsAs = "AZRunsAs",
        AzHasRole = "AZHasRole",
        AzRoleEligible = "AZRoleEligible",
        AzAppAdmin = "AZAppAdmin",
        AzCloudAppAdmin = "AZCloudAppAdmin",
        AzRoleApprover = "AZRoleApprover",
        AzMemberOfUnit = "AZMemberOfUnit",
        AzDelegatedConsent = "AZDelegatedConsent",
        AzAuthenticatesTo = "AZAuthenticatesTo",
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
        AzVmUserLogin = "AZVMUserLogin",
        AzAvereContributor = "AZAvereContributor",
        AzWebsiteContributor = "AZWebsiteContributor",
        AzAutomationContributor = "AZAutomationContributor",
        AzLogicAppContributor = "AZLogicAppContributor",
        AzAksContributor = "AZAKSContributor",
        AzAksClusterAdmin = "AZAKSClusterAdmin",
        AzListStorageKeys = "AZListStorageKeys",
        AzReadBlobs = "AZReadBlobs",
        AzKeyVaultContributor = "AZKeyVaultContributor",
        AzGetSecrets = "AZGetSecrets",
        AzGetKeys = "AZGetKeys",
        AzGetCertificates = "AZGetCertificates",
        AzManagedIdentity = "AZManagedIdentity",
        AzNodeResourceGroup = "AZNodeResourceGroup",
        SyncedToEntraUser = "SyncedToEntraUser",
        SyncedToAdUser = "SyncedToADUser",
        HoldsSyncCredentials = "HoldsSyncCredentials",
        SeamlessSso = "SeamlessSSO",
        AzJoinsByRule = "AZJoinsByRule",
        AzGlobalAdmin = "AZGlobalAdmin",
        AzPrivilegedRoleAdmin = "AZPrivilegedRoleAdmin",
        AzPrivilegedAuthAdmin = "AZPrivilegedAuthAdmin",
        AzAddSecret = "AZAddSecret",
        AzResetPassword = "AZResetPassword",
        AzAddMembers = "AZAddMembers",
        AzExecuteCommand = "AZExecuteCommand",
        AzActsAsUser = "AZActsAsUser",
        DeviceCodePhishing = "DeviceCodePhishing",
        AzMgAddSecret = "AZMGAddSecret",
        AzMgAddMember = "AZMGAddMember",
        AzMgAddOwner = "AZMGAddOwner",
        AnyOf = "AnyOf",
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
                | CreateChildDmsa
                | CreateChildAll
                | CreateChild
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

    /// Whether it can be of a thing to itself: holders of a certificate of a template may enrol for others with the
    /// same template, and who may rename itself can ask for a certificate in another's name.
    pub fn is_reflexive(self) -> bool {
        use RelationKind::*;
        matches!(
            self,
            EnrollOnBehalfOf
                | GenericAll
                | GenericWrite
                | WriteDacl
                | WritePublicInformation
                | Owns
                | OwnsRaw
                | WriteOwner
                | WriteOwnerRaw
        )
    }

    /// The public vocabulary of the exposure graph for this kind. The catalog's technique files say the
    /// same; a test holds the two together.
    pub fn label(self) -> &'static str {
        use RelationKind::*;
        match self {
            MemberOf | ClaimSpecialIdentity | MemberOfLocalGroup | AzMemberOf | AzMemberOfUnit => "member of",
            Contains | ContainsIdentity | PropagatesAcesTo | LocalToComputer | AzContains | AzNodeResourceGroup
            | AnyOf => "contains",
            DumpSmsaPassword | RodcRevealsPassword | HasTrustKeys | HoldsSyncCredentials => "has credentials of",
            AllowedToDelegate
            | AllowedToAct
            | HasSidHistory
            | CoerceToTgt
            | CoerceAndRelayNtlmToLdap
            | CoerceAndRelayNtlmToLdaps
            | CoerceAndRelayNtlmToAdcs
            | CoerceAndRelayNtlmToAdcsRpc
            | SpoofSidHistory
            | AbuseTgtDelegation
            | BadSuccessor
            | GoldenCert
            | AdcsEsc1
            | AdcsEsc2
            | AdcsEsc3
            | AdcsEsc4
            | AdcsEsc6a
            | AdcsEsc6b
            | AdcsEsc7
            | AdcsEsc9a
            | AdcsEsc9b
            | AdcsEsc10a
            | AdcsEsc10b
            | AdcsEsc13
            | AdcsEsc14b
            | AdcsEsc14c
            | AdcsEsc14d
            | AdcsEsc15
            | AdcsEsc16
            | SeamlessSso => "can impersonate as",
            CanRdp | RemoteInteractiveLogonRight => "CanRemoteInteractiveLogonTo",
            AdminTo
            | ManagesRodc
            | CoerceAndRelayNtlmToSmb
            | CanPsRemote
            | ExecuteDcom
            | SqlAdmin
            | AzVmAdminLogin
            | AzVmUserLogin => "can authenticate to",
            GoldenGmsa | HasSession | ReadLapsPassword | ReadGmsaPassword | SyncLapsPassword | Kerberoast
            | AsRepRoast | AzRunsAs | AzManagedIdentity | AzAuthenticatesTo | SyncedToEntraUser | SyncedToAdUser => {
                "can authenticate as"
            }
            PreCreatedComputer | StealsSessionToken | AzActsAsUser | DeviceCodePhishing => "can authenticate as",
            RoutesTrafficTo | ExploitRemoteCode => "routes traffic to",
            LocatedIn => "located in",
            SameForestTrust | CrossForestTrust => "trusts",
            GpLink | GpoAppliesTo | DcFor | PublishedTo | HostsCaService | RootCaFor | NtAuthStoreFor
            | OidGroupLink | TrustedForNtAuth | IssuedSignedBy | EnterpriseCaFor | ExtendedByPolicy
            | ProtectAdminGroups => "maintains",
            AssumedFoothold => "used by",
            Extension | Other(_) => "has permissions to",
            _ => "has role on",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_text() {
        for &kind in NodeKind::KNOWN {
            assert_eq!(NodeKind::parse(kind.as_str()), Some(kind));
        }
        for &kind in RelationKind::KNOWN {
            assert_eq!(RelationKind::parse(&kind.as_str().to_uppercase()), Some(kind));
        }
        assert_eq!(NodeKind::parse("Toaster"), None);
    }

    #[test]
    fn other_kinds_keep_their_spelling_and_are_in_the_order_of_their_names() {
        let kinds = ["Zz_Last", "Aa_First", "aa_first"].map(|name| RelationKind::of(name).expect("a name"));
        assert_eq!(kinds.map(RelationKind::as_str), ["Zz_Last", "Aa_First", "aa_first"]);
        assert!(kinds[1] < kinds[0] && kinds[0] < kinds[2], "{kinds:?}");
        assert_eq!(RelationKind::find("ZZ_LAST"), Some(kinds[0]));
        assert_eq!(RelationKind::find("aa_first"), Some(kinds[2]));
        assert_eq!(RelationKind::of("memberof"), Some(RelationKind::MemberOf));
        assert_eq!(RelationKind::find("Never_Named"), None);
    }

    #[test]
    fn kinds_are_counted_known_or_not() {
        let kinds = ["User", "Zz_Tallied", "Group", "User", "Zz_Tallied", "User"];
        let counts = NodeKind::tally(kinds.map(|name| NodeKind::of(name).expect("a name")));
        let counts: Vec<_> = counts.into_iter().map(|(kind, count)| (kind.as_str(), count)).collect();
        assert_eq!(counts, [("User", 3), ("Group", 1), ("Zz_Tallied", 2)]);
    }

    #[test]
    fn what_is_no_name_is_no_kind() {
        let long = "x".repeat(KIND_CHARACTERS_MAX + 1);
        for text in ["", "a b", "a-b", "é", "a\0", &long] {
            assert_eq!(NodeKind::of(text), None, "{text:?}");
        }
        assert!(NodeKind::of(&long[1..]).is_some());
    }
}
