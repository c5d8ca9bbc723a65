//! What the rows of the reference's assertions are about: which graph, and which question.
//!
//! [`PARTS`] follows the rows in the order of the file, each part for as many rows as it says.

use std::collections::BTreeSet;

use crate::harness::seen::{Seen, both, foreign, groups, users, without, without_groups};

/// A graph that rows are about.
pub struct Graph {
    pub files: &'static [&'static str],
    /// What the reference's test sets beside the drawing; see [`Drawing::set`](crate::harness::drawing::Drawing::set).
    pub set: &'static [&'static str],
    /// Relations that the drawing shows as a result, and that others take as given.
    pub asked: &'static [&'static str],
    /// Members of the reference's harness that are drawn under another caption.
    pub aliases: &'static [(&'static str, &'static str)],
}

/// Why rows are not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The graph, or the part of it that the row is about, is in no file of the set.
    NoFile,
    /// The test replaces the database by a double and asks what a function does with the double's rows.
    Double,
    /// Asks where in the tree an inherited entry of an access list was set. Nothing here answers that.
    NoCounterpart,
    /// The reference's list lets a unit that blocks inheritance inherit all the same. Its own analysis (`GPOAppliesTo`)
    /// and Windows do not, nor do we.
    Contradicted,
}

pub enum How {
    Asked(&'static Graph, fn(&Seen) -> BTreeSet<String>),
    Not(Reason),
}

/// So many rows of a test, in order.
pub struct Part {
    pub test: &'static str,
    pub harness: &'static str,
    pub rows: usize,
    pub how: How,
}

const fn part(test: &'static str, harness: &'static str, rows: usize, how: How) -> Part {
    Part {
        test,
        harness,
        rows,
        how,
    }
}

const fn drawn(files: &'static [&'static str]) -> Graph {
    Graph {
        files,
        set: &[],
        asked: &[],
        aliases: &[],
    }
}

use How::{Asked, Not};
use Reason::{Contradicted, Double, NoCounterpart, NoFile};

/// The drawing's two sets of holders, as those of two rights that are needed together.
const TWO_RIGHTS: &[&str] = &["Group1 -GetChanges-> Domain9", "Group2 -GetChangesAll-> Domain9"];

static SHORTCUT_AUTHENTICATED: Graph = Graph {
    set: TWO_RIGHTS,
    ..drawn(&["ShortcutHarnessAuthUsers.json"])
};
static SHORTCUT_EVERYONE: Graph = Graph {
    set: TWO_RIGHTS,
    ..drawn(&["ShortcutHarnessEveryone.json"])
};

const RDP_ALIASES: &[(&str, &str)] = &[
    ("DillonUser", "Dillon"),
    ("IrshadUser", "Irshad"),
    ("UliUser", "Uli"),
    ("EliUser", "Eli"),
    ("RohanUser", "Rohan"),
    ("AlyxUser", "Alex"),
    ("AndyUser", "Andy"),
    ("JohnUser", "John"),
    ("DomainGroupA", "Group A"),
    ("DomainGroupB", "Group B"),
    ("DomainGroupC", "Group C"),
    ("DomainGroupD", "Group D"),
    ("DomainGroupE", "Group E"),
    ("RDPDomainUsersGroup", "Domain Users"),
];

/// Drawn in no file; the members and relations of the reference's setup.
static RDP_NO_DESCENT: Graph = Graph {
    set: &[
        "RDPGroup -LocalToComputer-> Computer",
        "RDPGroup -RemoteInteractiveLogonRight-> Computer",
        "RDPDomainUsersGroup -MemberOfLocalGroup-> RDPGroup",
        "User A -MemberOf-> RDPDomainUsersGroup",
        "User B -MemberOf-> RDPDomainUsersGroup",
        "User C -MemberOf-> RDPDomainUsersGroup",
    ],
    ..drawn(&[])
};
static RDP: Graph = Graph {
    // The test says whether rights of users count; a collector says so by this flag.
    set: &["Computer.hasura=true"],
    aliases: RDP_ALIASES,
    ..drawn(&["rdpharness.json"])
};
static RDP_NO_RIGHTS: Graph = Graph {
    aliases: RDP_ALIASES,
    ..drawn(&["rdpharness.json"])
};
static RDP_GROUP_HAS_RIGHT: Graph = Graph {
    set: &[
        "Computer.hasura=true",
        "RDPGroup -RemoteInteractiveLogonRight-> Computer",
    ],
    aliases: RDP_ALIASES,
    ..drawn(&["rdpharness.json"])
};
static CITRIX: Graph = Graph {
    set: &[
        "Computer.hasura=true",
        "Rohan -MemberOfLocalGroup-> Direct Access Users Group",
    ],
    aliases: RDP_ALIASES,
    ..drawn(&["citrixRDPHarness.json"])
};
/// As drawn. With Rohan in the group of Citrix he is in both groups, and rightly found.
static CITRIX_GROUP_HAS_RIGHT: Graph = Graph {
    set: &[
        "Computer.hasura=true",
        "RDPGroup -RemoteInteractiveLogonRight-> Computer",
    ],
    aliases: RDP_ALIASES,
    ..drawn(&["citrixRDPHarness.json"])
};

static GPO: Graph = Graph {
    aliases: &[("OrganizationalUnitC", "OU C")],
    ..drawn(&["gpoenforcementharness.json"])
};

/// The drawing shows the graph twice over, and members that the reference's setup does not have.
static SESSION: Graph = Graph {
    set: &[
        "ComputerA -HasSession-> User",
        "ComputerB -HasSession-> User",
        "User -MemberOf-> GroupA",
        "User -MemberOf-> GroupB",
        "GroupB -MemberOf-> GroupC",
    ],
    ..drawn(&[])
};
static LOCAL_GROUP: Graph = drawn(&["localgroupharness.json"]);
static OUTBOUND: Graph = drawn(&["outboundcontrolharness.json"]);
static UNITS: Graph = drawn(&["oucontained.json"]);
static MEMBERSHIP: Graph = Graph {
    set: &["Computer B -MemberOf-> Group C", "Group A -MemberOf-> Group C"],
    ..drawn(&["membershipharness.json"])
};
static FOREIGN: Graph = Graph {
    set: &[
        "ForeignUser A.domainsid=S-1-5-21-7-8-9",
        "ForeignUser B.domainsid=S-1-5-21-7-8-9",
        "ForeignGroup.domainsid=S-1-5-21-7-8-9",
    ],
    ..drawn(&["foreignharness.json"])
};

static LAPS: Graph = drawn(&["synclapspassword.json"]);
static DC_SYNC: Graph = drawn(&["dcsyncharness.json"]);

static ESC1: Graph = Graph {
    aliases: &[("AuthStore2", "NTAuthStore2")],
    ..drawn(&["adcsesc1-1.json", "adcsesc1-2.json"])
};
static ESC1_AUTHENTICATED: Graph = drawn(&["adcsesc1-authusers.json"]);
static ISSUED: Graph = Graph {
    asked: &["IssuedSignedBy"],
    // The thumbprint of a certificate is the first of its chain.
    set: &[
        "EnterpriseCA1.certthumbprint=c",
        "EnterpriseCA2.certthumbprint=d",
        "EnterpriseCA3.certthumbprint=e",
        "RootCA1.certthumbprint=a",
        "RootCA2.certthumbprint=b",
        "AIACA1_1.certthumbprint=a",
        "AIACA1_2.certthumbprint=b",
        "AIACA2_1.certthumbprint=c",
        "AIACA2_2.certthumbprint=d",
        "AIACA2_3.certthumbprint=e",
    ],
    ..drawn(&["issuedsignedbyharness.json"])
};
static ENTERPRISE_CA_FOR: Graph = Graph {
    asked: &["EnterpriseCAFor"],
    ..drawn(&["enterprisecaforharness.json"])
};
static ESC3_1: Graph = drawn(&["esc3harness1.json"]);
static ESC3_2: Graph = drawn(&["esc3harness2.json"]);
static ESC4_1: Graph = drawn(&["esc4-harness-template-1.json"]);
static ESC4_2: Graph = drawn(&["esc4-harness-template-2.json"]);
static ESC4_3: Graph = drawn(&["esc4-harness-template-3.json"]);
static ESC6A_PRINCIPAL: Graph = drawn(&["esc6a-principaledges.json"]);
static ESC6A_CA: Graph = drawn(&["esc6a-eca.json"]);
static ESC6A_TEMPLATE_1: Graph = drawn(&["esc6a-template1.json"]);
static ESC6A_TEMPLATE_2: Graph = drawn(&["esc6a-template2.json"]);
static ESC9A_PRINCIPAL: Graph = drawn(&["esc9aprincipalharness.json"]);
static ESC9A_1: Graph = drawn(&["esc9aharness1.json"]);
static ESC9A_2: Graph = drawn(&["esc9aharness2.json"]);
static ESC9A_VICTIM: Graph = drawn(&["esc9aharnessvictim.json"]);
static ESC9A_CA: Graph = drawn(&["esc9aharnesseca.json"]);
static ESC9A_DC_1: Graph = drawn(&["ESC9aHarnessDC1.json"]);
static ESC9A_DC_2: Graph = drawn(&["ESC9aHarnessDC2.json"]);
static ESC9A_AUTHENTICATED: Graph = drawn(&["ESC9aHarnessAuthUsers.json"]);
static ESC10A_PRINCIPAL: Graph = drawn(&["esc10aprincipalharness.json"]);
static ESC10A_1: Graph = drawn(&["esc10aharness1.json"]);
static ESC10A_2: Graph = drawn(&["esc10aharness2.json"]);
static ESC10A_VICTIM: Graph = drawn(&["esc10aharnessvictim.json"]);
static ESC10A_CA: Graph = drawn(&["esc10aharnesseca.json"]);
static ESC10A_DC_1: Graph = drawn(&["ESC10aHarnessDC1.json"]);
static ESC10A_DC_2: Graph = drawn(&["ESC10aHarnessDC2.json"]);
static RELAY_SMB: Graph = drawn(&["CoerceAndRelayNTLMToSMB.json"]);
static RELAY_LDAP: Graph = drawn(&["CoerceAndRelayNTLMToLDAP.json"]);

static MG_APPLICATION: Graph = Graph {
    aliases: &[
        ("ServicePrincipal", "AZServicePrincipal"),
        ("MicrosoftGraph", "AZServicePrincipal n4"),
        ("ServicePrincipalB", "AZServicePrincipal n5"),
        ("Application", "AZApp"),
    ],
    ..drawn(&["AZMGApplicationReadWriteAll.json"])
};
static MG_APP_ROLE: Graph = Graph {
    aliases: MG_ALIASES,
    ..drawn(&["AZMGAppRoleAssignmentReadWriteAll.json"])
};
static MG_DIRECTORY: Graph = Graph {
    aliases: MG_ALIASES,
    ..drawn(&["AZMGDirectoryReadWriteAll.json"])
};
static MG_GROUP_MEMBER: Graph = Graph {
    aliases: MG_ALIASES,
    ..drawn(&["AZMGGroupMemberReadWriteAll.json"])
};
static MG_ENDPOINT: Graph = Graph {
    aliases: &[
        ("ServicePrincipal", "AZServicePrincipal"),
        ("MicrosoftGraph", "AZServicePrincipal n2"),
        ("ServicePrincipalB", "AZServicePrincipal n3"),
    ],
    ..drawn(&["AZMGServicePrincipalEndpointReadWriteAll.json"])
};
const MG_ALIASES: &[(&str, &str)] = &[
    ("ServicePrincipal", "AZServicePrincipal"),
    ("MicrosoftGraph", "AZServicePrincipal n3"),
    ("Group", "AZGroup"),
    ("Tenant", "AZTenant"),
];
/// What a permission of Microsoft Graph lets its holder do.
const MG_STEPS: [&str; 5] = [
    "AZMGAddSecret",
    "AZMGAddOwner",
    "AZMGAddMember",
    "AZMGGrantRole",
    "AZMGGrantAppRoles",
];

pub const PARTS: &[Part] = &[
    part("TestTenantRoles", "", 1, Not(Double)),
    part("TestRoleMembers", "", 1, Not(Double)),
    part("TestFetchTenants", "", 1, Not(Double)),
    part("TestEndNodes", "", 1, Not(Double)),
    part(
        "TestCrossProductAuthUsers",
        "ShortcutHarnessAuthUsers",
        1,
        Asked(&SHORTCUT_AUTHENTICATED, |it| it.sources("DCSync", "Domain9")),
    ),
    part(
        "TestCrossProductEveryone",
        "ShortcutHarnessEveryone",
        1,
        Asked(&SHORTCUT_EVERYONE, |it| it.sources("DCSync", "Domain9")),
    ),
    part(
        "TestFetchRDPEnsureNoDescent",
        "RDPB",
        2,
        Asked(&RDP_NO_DESCENT, |it| it.sources("CanRDP", "Computer")),
    ),
    part(
        "TestFetchRemoteDesktopUsersBitmapForComputer",
        "RDP",
        15,
        Asked(&RDP, |it| it.sources("CanRDP", "Computer")),
    ),
    part(
        "TestFetchRemoteDesktopUsersBitmapForComputer",
        "RDP",
        14,
        Asked(&RDP_NO_RIGHTS, |it| it.sources("CanRDP", "Computer")),
    ),
    part(
        "TestFetchRemoteDesktopUsersBitmapForComputer",
        "RDP",
        7,
        Asked(&RDP_GROUP_HAS_RIGHT, |it| it.sources("CanRDP", "Computer")),
    ),
    part(
        "TestFetchRDPEntityBitmapForComputer",
        "RDPHarnessWithCitrix",
        5,
        Asked(&CITRIX, |it| it.sources("CanRDP", "Computer")),
    ),
    part(
        "TestFetchRDPEntityBitmapForComputer",
        "RDPHarnessWithCitrix",
        4,
        Asked(&CITRIX_GROUP_HAS_RIGHT, |it| it.sources("CanRDP", "Computer")),
    ),
    part(
        "TestFetchACLInheritancePath",
        "ACLInheritanceHarness",
        9,
        Not(NoCounterpart),
    ),
    part(
        "TestFetchEnforcedGPOs",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.sources("GPOAppliesTo", "User C")),
    ),
    part(
        "TestFetchEnforcedGPOs",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.sources("GPOAppliesTo", "User B")),
    ),
    part("TestFetchEnforcedGPOsPaths", "GPOEnforcement", 1, Not(Contradicted)),
    part(
        "TestFetchEnforcedGPOsPaths",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| without(it.applied_to("User C"), &["User C"])),
    ),
    part("TestFetchEnforcedGPOsPaths", "GPOEnforcement", 1, Not(Contradicted)),
    part(
        "TestFetchEnforcedGPOsPaths",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.applied_to("User C")),
    ),
    part("TestFetchEnforcedGPOsPaths", "GPOEnforcement", 1, Not(Contradicted)),
    part(
        "TestFetchGPOAffectedContainerPaths",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.places_of("GPO A")),
    ),
    part(
        "TestFetchGPOAffectedContainerPaths",
        "GPOEnforcement",
        1,
        Not(Contradicted),
    ),
    part(
        "TestCreateGPOAffectedIntermediariesListDelegateAffectedContainers",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| without(it.places_of("GPO A"), &["GPO A"])),
    ),
    part(
        "TestCreateGPOAffectedIntermediariesListDelegateAffectedContainers",
        "GPOEnforcement",
        1,
        Not(Contradicted),
    ),
    part(
        "TestCreateGPOAffectedIntermediariesListDelegateAffectedContainers",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.places_of("GPO B")),
    ),
    part(
        "TestCreateGPOAffectedIntermediariesPathDelegateAffectedUsers",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.places_and_users_of("GPO A")),
    ),
    part(
        "TestCreateGPOAffectedIntermediariesPathDelegateAffectedUsers",
        "GPOEnforcement",
        1,
        Not(Contradicted),
    ),
    part(
        "TestCreateGPOAffectedResultsListDelegateAffectedUsers",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.targets("GPOAppliesTo", "GPO A")),
    ),
    part(
        "TestCreateGPOAffectedResultsListDelegateAffectedUsers",
        "GPOEnforcement",
        1,
        Not(Contradicted),
    ),
    part(
        "TestCreateGPOAffectedIntermediariesListDelegateTierZero",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| {
            both(it.targets("GPOAppliesTo", "GPO A"), &["User C", "User D"])
        }),
    ),
    part(
        "TestCreateGPOAffectedIntermediariesListDelegateTierZero",
        "GPOEnforcement",
        1,
        Not(Contradicted),
    ),
    part(
        "TestFetchComputerSessionPaths",
        "Session",
        1,
        Asked(&SESSION, |it| {
            it.around("ComputerA", it.targets("HasSession", "ComputerA"))
        }),
    ),
    part(
        "TestFetchComputerSessions",
        "Session",
        1,
        Asked(&SESSION, |it| it.targets("HasSession", "ComputerA")),
    ),
    part(
        "TestFetchGroupSessionPaths",
        "Session",
        1,
        Asked(&SESSION, |it| it.group_sessions("GroupA").1),
    ),
    part(
        "TestFetchGroupSessionPaths",
        "Session",
        1,
        Asked(&SESSION, |it| it.group_sessions("GroupC").1),
    ),
    part(
        "TestFetchGroupSessions",
        "Session",
        1,
        Asked(&SESSION, |it| it.group_sessions("GroupA").0),
    ),
    part(
        "TestFetchGroupSessions",
        "Session",
        1,
        Asked(&SESSION, |it| it.group_sessions("GroupC").0),
    ),
    part(
        "TestFetchUserSessionPaths",
        "Session",
        1,
        Asked(&SESSION, |it| it.around("User", it.sources("HasSession", "User"))),
    ),
    part(
        "TestFetchUserSessions",
        "Session",
        1,
        Asked(&SESSION, |it| it.sources("HasSession", "User")),
    ),
    part(
        "TestCreateOutboundLocalGroupPathDelegateUser",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.holdings(&["AdminTo"], "User B").1),
    ),
    part(
        "TestCreateOutboundLocalGroupListDelegateUser",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.holdings(&["AdminTo"], "User B").0),
    ),
    part(
        "TestCreateOutboundLocalGroupPathDelegateGroup",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.holdings(&["AdminTo"], "Group A").1),
    ),
    part(
        "TestCreateOutboundLocalGroupListDelegateGroup",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.holdings(&["AdminTo"], "Group A").0),
    ),
    part(
        "TestCreateOutboundLocalGroupPathDelegateComputer",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.holdings(&["AdminTo"], "Computer A").1),
    ),
    part(
        "TestCreateOutboundLocalGroupListDelegateComputer",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.holdings(&["AdminTo"], "Computer A").0),
    ),
    part(
        "TestCreateInboundLocalGroupPathDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.holders(&["AdminTo"], "Computer A").1),
    ),
    part(
        "TestCreateInboundLocalGroupPathDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.holders(&["AdminTo"], "Computer C").1),
    ),
    part(
        "TestCreateInboundLocalGroupListDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| {
            without_groups(it.holders(&["AdminTo"], "Computer A").0)
        }),
    ),
    part(
        "TestCreateInboundLocalGroupListDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| {
            without_groups(it.holders(&["AdminTo"], "Computer B").0)
        }),
    ),
    part(
        "TestCreateInboundLocalGroupListDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| {
            without_groups(it.holders(&["AdminTo"], "Computer C").0)
        }),
    ),
    part(
        "TestCreateSQLAdminPathDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| {
            it.around("Computer A", it.sources("SQLAdmin", "Computer A"))
        }),
    ),
    part(
        "TestCreateSQLAdminPathDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.around("User C", it.targets("SQLAdmin", "User C"))),
    ),
    part(
        "TestCreateSQLAdminListDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.sources("SQLAdmin", "Computer A")),
    ),
    part(
        "TestCreateSQLAdminListDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.targets("SQLAdmin", "User C")),
    ),
    part(
        "TestCreateConstrainedDelegationPathDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| {
            it.around("Computer A", it.sources("AllowedToDelegate", "Computer A"))
        }),
    ),
    part(
        "TestCreateConstrainedDelegationPathDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| {
            it.around("User D", it.targets("AllowedToDelegate", "User D"))
        }),
    ),
    part(
        "TestCreateConstrainedDelegationListDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.sources("AllowedToDelegate", "Computer A")),
    ),
    part(
        "TestCreateConstrainedDelegationListDelegate",
        "LocalGroupSQL",
        1,
        Asked(&LOCAL_GROUP, |it| it.targets("AllowedToDelegate", "User D")),
    ),
    part(
        "TestFetchOutboundADEntityControlPaths",
        "OutboundControl",
        1,
        Asked(&OUTBOUND, |it| it.holdings(&["GenericAll"], "Controller").1),
    ),
    part(
        "TestFetchOutboundADEntityControl",
        "OutboundControl",
        1,
        Asked(&OUTBOUND, |it| it.holdings(&["GenericAll"], "Controller").0),
    ),
    part(
        "TestFetchOutboundADEntityControl",
        "OutboundControl",
        1,
        Asked(&OUTBOUND, |it| {
            it.holdings(&["WriteAccountRestrictions"], "ControllerB").0
        }),
    ),
    part(
        "TestCreateOUContainedPathDelegate",
        "OUHarness",
        1,
        Asked(&UNITS, |it| it.around("OU A", it.onward("Contains", "OU A"))),
    ),
    part(
        "TestCreateOUContainedPathDelegate",
        "OUHarness",
        1,
        Asked(&UNITS, |it| it.around("OU B", it.onward("Contains", "OU B"))),
    ),
    part(
        "TestCreateOUContainedListDelegate",
        "OUHarness",
        1,
        Asked(&UNITS, |it| users(it.onward("Contains", "OU A"))),
    ),
    part(
        "TestCreateOUContainedListDelegate",
        "OUHarness",
        1,
        Asked(&UNITS, |it| users(it.onward("Contains", "OU B"))),
    ),
    part(
        "TestFetchGroupMemberPaths",
        "MembershipHarness",
        1,
        Asked(&MEMBERSHIP, |it| it.around("Group B", it.back("MemberOf", "Group B"))),
    ),
    part(
        "TestFetchGroupMembers",
        "MembershipHarness",
        1,
        Asked(&MEMBERSHIP, |it| it.back("MemberOf", "Group C")),
    ),
    part(
        "TestFetchEntityGroupMembershipPaths",
        "MembershipHarness",
        1,
        Asked(&MEMBERSHIP, |it| it.around("User A", it.onward("MemberOf", "User A"))),
    ),
    part(
        "TestFetchEntityGroupMembership",
        "MembershipHarness",
        1,
        Asked(&MEMBERSHIP, |it| it.onward("MemberOf", "User A")),
    ),
    part(
        "TestCreateForeignEntityMembershipListDelegate",
        "ForeignHarness",
        1,
        Asked(&FOREIGN, |it| groups(it.foreign_members().0)),
    ),
    part(
        "TestCreateForeignEntityMembershipListDelegate",
        "ForeignHarness",
        1,
        Asked(&FOREIGN, |it| users(it.foreign_members().0)),
    ),
    part(
        "TestCreateForeignEntityMembershipPathDelegate",
        "ForeignHarness",
        1,
        Asked(&FOREIGN, |it| groups(it.foreign_members().1)),
    ),
    part(
        "TestCreateForeignEntityMembershipPathDelegate",
        "ForeignHarness",
        1,
        Asked(&FOREIGN, |it| it.foreign_members().1),
    ),
    part(
        "TestFetchForeignAdmins",
        "ForeignHarness",
        1,
        Asked(&FOREIGN, |it| {
            users(foreign(it.holders(&["AdminTo"], "LocalComputer").0))
        }),
    ),
    part(
        "TestFetchForeignAdminPaths",
        "ForeignHarness",
        1,
        Asked(&FOREIGN, |it| it.holders(&["AdminTo"], "LocalComputer").1),
    ),
    part(
        "TestFetchForeignGPOControllers",
        "ForeignHarness",
        1,
        Asked(&FOREIGN, |it| foreign(it.sources("GenericAll", "LocalGPO"))),
    ),
    part(
        "TestFetchForeignGPOControllerPaths",
        "ForeignHarness",
        1,
        Asked(&FOREIGN, |it| {
            it.around("LocalGPO", it.sources("GenericAll", "LocalGPO"))
        }),
    ),
    part("TestFetchAllEnforcedGPOs", "GPOEnforcement", 1, Not(Contradicted)),
    part(
        "TestFetchAllEnforcedGPOs",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.sources("GPOAppliesTo", "User C")),
    ),
    part(
        "TestFetchEntityLinkedGPOList",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.reported_sources("GPLink", "Domain")),
    ),
    part(
        "TestFetchEntityLinkedGPOPaths",
        "GPOEnforcement",
        1,
        Asked(&GPO, |it| it.around("Domain", it.reported_sources("GPLink", "Domain"))),
    ),
    part(
        "TestSyncLAPSPassword",
        "SyncLAPSPasswordHarness",
        5,
        Asked(&LAPS, |it| it.sources("SyncLAPSPassword", "Computer1")),
    ),
    part(
        "TestDCSync",
        "DCSyncHarness",
        4,
        Asked(&DC_SYNC, |it| it.sources("DCSync", "Domain1")),
    ),
    part(
        "TestOwnsWriteOwnerPriorCollectorVersions",
        "OwnsWriteOwnerPriorCollectorVersions",
        2,
        Not(NoFile),
    ),
    part("TestOwnsWriteOwner", "OwnsWriteOwner", 2, Not(NoFile)),
    part("TestADCSESC1", "ADCSESC1Harness", 1, Not(NoFile)),
    part(
        "TestADCSESC1",
        "ADCSESC1Harness",
        4,
        Asked(&ESC1, |it| it.all_sources("ADCSESC1")),
    ),
    part("TestADCSESC1", "ADCSESC1Harness", 4, Not(NoFile)),
    part(
        "TestADCSESC1",
        "ADCSESC1Harness",
        7,
        Asked(&ESC1, |it| it.facts("ADCSESC1", "Group2-2", "Domain2")),
    ),
    part("TestADCSESC1", "ADCSESC1Harness", 6, Not(NoFile)),
    part(
        "TestADCSESC1",
        "ADCSESC1HarnessAuthUsers",
        2,
        Asked(&ESC1_AUTHENTICATED, |it| it.all_sources("ADCSESC1")),
    ),
    part(
        "TestIssuedSignedBy",
        "IssuedSignedByHarness",
        1,
        Asked(&ISSUED, |it| it.reported("IssuedSignedBy")),
    ),
    part(
        "TestEnterpriseCAFor",
        "EnterpriseCAForHarness",
        1,
        Asked(&ENTERPRISE_CA_FOR, |it| it.reported("EnterpriseCAFor")),
    ),
    part("TestTrustedForNTAuth", "TrustedForNTAuthHarness", 3, Not(NoFile)),
    part("TestEnrollOnBehalfOf", "EnrollOnBehalfOfHarness3", 4, Not(NoFile)),
    part(
        "TestADCSESC3",
        "ESC3Harness1",
        4,
        Asked(&ESC3_1, |it| it.all_sources("ADCSESC3")),
    ),
    part(
        "TestADCSESC3",
        "ESC3Harness2",
        2,
        Asked(&ESC3_2, |it| it.all_sources("ADCSESC3")),
    ),
    part("TestADCSESC3", "ESC3Harness3", 2, Not(NoFile)),
    part(
        "TestADCSESC4",
        "ESC4Template1",
        15,
        Asked(&ESC4_1, |it| it.all_sources("ADCSESC4")),
    ),
    part(
        "TestADCSESC4",
        "ESC4Template2",
        19,
        Asked(&ESC4_2, |it| it.all_sources("ADCSESC4")),
    ),
    part(
        "TestADCSESC4",
        "ESC4Template3",
        5,
        Asked(&ESC4_3, |it| it.all_sources("ADCSESC4")),
    ),
    part("TestADCSESC4", "ESC4Template4", 6, Not(NoFile)),
    part(
        "TestADCSESC4Composition",
        "ESC4Template1",
        8,
        Asked(&ESC4_1, |it| it.facts("ADCSESC4", "Group1.1", "Domain")),
    ),
    part(
        "TestADCSESC4Composition",
        "ESC4Template1",
        8,
        Asked(&ESC4_1, |it| it.facts("ADCSESC4", "Group1.2", "Domain")),
    ),
    part(
        "TestADCSESC4Composition",
        "ESC4Template1",
        8,
        Asked(&ESC4_1, |it| it.facts("ADCSESC4", "Group1.3", "Domain")),
    ),
    part(
        "TestADCSESC4Composition",
        "ESC4Template1",
        8,
        Asked(&ESC4_1, |it| it.facts("ADCSESC4", "Group1.4", "Domain")),
    ),
    part(
        "TestADCSESC4Composition",
        "ESC4Template1",
        8,
        Asked(&ESC4_1, |it| it.facts("ADCSESC4", "Group1.5", "Domain")),
    ),
    part(
        "TestADCSESC9a",
        "ESC9aPrincipalHarness",
        7,
        Asked(&ESC9A_PRINCIPAL, |it| it.all_sources("ADCSESC9a")),
    ),
    part(
        "TestADCSESC9a",
        "ESC9aHarness1",
        4,
        Asked(&ESC9A_1, |it| it.all_sources("ADCSESC9a")),
    ),
    part(
        "TestADCSESC9a",
        "ESC9aHarness2",
        10,
        Asked(&ESC9A_2, |it| it.all_sources("ADCSESC9a")),
    ),
    part(
        "TestADCSESC9a",
        "ESC9aHarnessVictim",
        3,
        Asked(&ESC9A_VICTIM, |it| it.all_sources("ADCSESC9a")),
    ),
    part(
        "TestADCSESC9a",
        "ESC9aHarnessECA",
        3,
        Asked(&ESC9A_CA, |it| it.all_sources("ADCSESC9a")),
    ),
    part(
        "TestADCSESC9a",
        "ESC9aHarnessDC1",
        4,
        Asked(&ESC9A_DC_1, |it| it.all_sources("ADCSESC9a")),
    ),
    part(
        "TestADCSESC9a",
        "ESC9aHarnessDC2",
        2,
        Asked(&ESC9A_DC_2, |it| it.all_sources("ADCSESC9a")),
    ),
    part(
        "TestADCSESC9a",
        "ESC9aHarnessAuthUsers",
        4,
        Asked(&ESC9A_AUTHENTICATED, |it| it.all_sources("ADCSESC9a")),
    ),
    part(
        "TestADCSESC6a",
        "ESC6aHarnessPrincipalEdges",
        3,
        Asked(&ESC6A_PRINCIPAL, |it| it.all_sources("ADCSESC6a")),
    ),
    part(
        "TestADCSESC6a",
        "ESC6aHarnessECA",
        1,
        Asked(&ESC6A_CA, |it| it.all_sources("ADCSESC6a")),
    ),
    part(
        "TestADCSESC6a",
        "ESC6aHarnessTemplate1",
        1,
        Asked(&ESC6A_TEMPLATE_1, |it| it.all_sources("ADCSESC6a")),
    ),
    part(
        "TestADCSESC6a",
        "ESC6aHarnessTemplate2",
        1,
        Asked(&ESC6A_TEMPLATE_2, |it| it.all_sources("ADCSESC6a")),
    ),
    part(
        "TestADCSESC10a",
        "ESC10aPrincipalHarness",
        7,
        Asked(&ESC10A_PRINCIPAL, |it| it.all_sources("ADCSESC10a")),
    ),
    part(
        "TestADCSESC10a",
        "ESC10aHarness1",
        4,
        Asked(&ESC10A_1, |it| it.all_sources("ADCSESC10a")),
    ),
    part(
        "TestADCSESC10a",
        "ESC10aHarness2",
        5,
        Asked(&ESC10A_2, |it| it.all_sources("ADCSESC10a")),
    ),
    part(
        "TestADCSESC10a",
        "ESC10aHarnessECA",
        3,
        Asked(&ESC10A_CA, |it| it.all_sources("ADCSESC10a")),
    ),
    part(
        "TestADCSESC10a",
        "ESC10aHarnessVictim",
        3,
        Asked(&ESC10A_VICTIM, |it| it.all_sources("ADCSESC10a")),
    ),
    part(
        "TestADCSESC10a",
        "ESC10aHarnessDC1",
        3,
        Asked(&ESC10A_DC_1, |it| it.all_sources("ADCSESC10a")),
    ),
    part(
        "TestADCSESC10a",
        "ESC10aHarnessDC2",
        2,
        Asked(&ESC10A_DC_2, |it| it.all_sources("ADCSESC10a")),
    ),
    part(
        "TestNTLMRelayToSMBComposition",
        "NTLMCoerceAndRelayNTLMToSMB",
        1,
        Asked(&RELAY_SMB, |it| {
            it.facts("CoerceAndRelayNTLMToSMB", "Group1", "Computer2")
        }),
    ),
    part(
        "TestNTLMRelayToSMBComposition",
        "NTLMCoerceAndRelayNTLMToSMB",
        1,
        Asked(&RELAY_SMB, |it| {
            it.facts("CoerceAndRelayNTLMToSMB", "Group2", "Computer9")
        }),
    ),
    part(
        "TestPostCoerceAndRelayNTLMToLDAP",
        "NTLMCoerceAndRelayNTLMToLDAP",
        1,
        Asked(&RELAY_LDAP, |it| {
            it.facts("CoerceAndRelayNTLMToLDAP", "Group1", "Computer2")
        }),
    ),
    part(
        "TestPostCoerceAndRelayNTLMToLDAP",
        "NTLMCoerceAndRelayNTLMToLDAP",
        1,
        Asked(&RELAY_LDAP, |it| {
            it.facts("CoerceAndRelayNTLMToLDAP", "Group5", "Computer7")
        }),
    ),
    part(
        "TestAZMGApplicationReadWriteAll",
        "AZMGApplicationReadWriteAllHarness",
        1,
        Asked(&MG_APPLICATION, |it| {
            it.reported_targets("AZMGApplication_ReadWrite_All", "AZServicePrincipal")
        }),
    ),
    part(
        "TestAZMGApplicationReadWriteAll",
        "AZMGApplicationReadWriteAllHarness",
        1,
        Asked(&MG_APPLICATION, |it| {
            it.reported_sources("AZMGApplication_ReadWrite_All", "AZServicePrincipal n4")
        }),
    ),
    part(
        "TestAZMGApplicationReadWriteAll",
        "AZMGApplicationReadWriteAllHarness",
        3,
        Asked(&MG_APPLICATION, |it| it.any_targets(&MG_STEPS, "AZServicePrincipal")),
    ),
    part(
        "TestAZMGApplicationReadWriteAll",
        "AZMGApplicationReadWriteAllHarness",
        1,
        Asked(&MG_APPLICATION, |it| it.any_sources(&MG_STEPS, "AZServicePrincipal n4")),
    ),
    part(
        "TestAZMGApplicationReadWriteAll",
        "AZMGApplicationReadWriteAllHarness",
        1,
        Asked(&MG_APPLICATION, |it| it.any_sources(&MG_STEPS, "AZApp")),
    ),
    part(
        "TestAZMGApplicationReadWriteAll",
        "AZMGApplicationReadWriteAllHarness",
        1,
        Asked(&MG_APPLICATION, |it| it.any_sources(&MG_STEPS, "AZServicePrincipal n5")),
    ),
    part(
        "TestAZMGAppRoleManagementReadWriteAll",
        "AZMGAppRoleManagementReadWriteAllHarness",
        1,
        Asked(&MG_APP_ROLE, |it| {
            it.reported_targets("AZMGAppRoleAssignment_ReadWrite_All", "AZServicePrincipal")
        }),
    ),
    part(
        "TestAZMGAppRoleManagementReadWriteAll",
        "AZMGAppRoleManagementReadWriteAllHarness",
        1,
        Asked(&MG_APP_ROLE, |it| {
            it.reported_sources("AZMGAppRoleAssignment_ReadWrite_All", "AZServicePrincipal n3")
        }),
    ),
    part(
        "TestAZMGAppRoleManagementReadWriteAll",
        "AZMGAppRoleManagementReadWriteAllHarness",
        1,
        Asked(&MG_APP_ROLE, |it| it.any_targets(&MG_STEPS, "AZServicePrincipal")),
    ),
    part(
        "TestAZMGAppRoleManagementReadWriteAll",
        "AZMGAppRoleManagementReadWriteAllHarness",
        1,
        Asked(&MG_APP_ROLE, |it| it.any_sources(&MG_STEPS, "AZTenant")),
    ),
    part(
        "TestAZMGDirectoryReadWriteAll",
        "AZMGDirectoryReadWriteAllHarness",
        1,
        Asked(&MG_DIRECTORY, |it| {
            it.reported_targets("AZMGDirectory_ReadWrite_All", "AZServicePrincipal")
        }),
    ),
    part(
        "TestAZMGDirectoryReadWriteAll",
        "AZMGDirectoryReadWriteAllHarness",
        1,
        Asked(&MG_DIRECTORY, |it| {
            it.reported_sources("AZMGDirectory_ReadWrite_All", "AZServicePrincipal n3")
        }),
    ),
    part(
        "TestAZMGDirectoryReadWriteAll",
        "AZMGDirectoryReadWriteAllHarness",
        1,
        Asked(&MG_DIRECTORY, |it| it.any_targets(&MG_STEPS, "AZServicePrincipal")),
    ),
    part(
        "TestAZMGDirectoryReadWriteAll",
        "AZMGDirectoryReadWriteAllHarness",
        1,
        Asked(&MG_DIRECTORY, |it| it.any_sources(&MG_STEPS, "AZGroup")),
    ),
    part(
        "TestAZMGGroupReadWriteAll",
        "AZMGGroupReadWriteAllHarness",
        4,
        Not(NoFile),
    ),
    part(
        "TestAZMGGroupMemberReadWriteAll",
        "AZMGGroupMemberReadWriteAllHarness",
        1,
        Asked(&MG_GROUP_MEMBER, |it| {
            it.reported_targets("AZMGGroupMember_ReadWrite_All", "AZServicePrincipal")
        }),
    ),
    part(
        "TestAZMGGroupMemberReadWriteAll",
        "AZMGGroupMemberReadWriteAllHarness",
        1,
        Asked(&MG_GROUP_MEMBER, |it| {
            it.reported_sources("AZMGGroupMember_ReadWrite_All", "AZServicePrincipal n3")
        }),
    ),
    part(
        "TestAZMGGroupMemberReadWriteAll",
        "AZMGGroupMemberReadWriteAllHarness",
        1,
        Asked(&MG_GROUP_MEMBER, |it| it.any_targets(&MG_STEPS, "AZServicePrincipal")),
    ),
    part(
        "TestAZMGGroupMemberReadWriteAll",
        "AZMGGroupMemberReadWriteAllHarness",
        1,
        Asked(&MG_GROUP_MEMBER, |it| it.any_sources(&MG_STEPS, "AZGroup")),
    ),
    part(
        "TestAZMGServicePrincipalEndpointReadWriteAll",
        "AZMGServicePrincipalEndpointReadWriteAllHarness",
        1,
        Asked(&MG_ENDPOINT, |it| {
            it.reported_targets("AZMGServicePrincipalEndpoint_ReadWrite_All", "AZServicePrincipal")
        }),
    ),
    part(
        "TestAZMGServicePrincipalEndpointReadWriteAll",
        "AZMGServicePrincipalEndpointReadWriteAllHarness",
        1,
        Asked(&MG_ENDPOINT, |it| {
            it.reported_sources("AZMGServicePrincipalEndpoint_ReadWrite_All", "AZServicePrincipal n2")
        }),
    ),
    part(
        "TestAZMGServicePrincipalEndpointReadWriteAll",
        "AZMGServicePrincipalEndpointReadWriteAllHarness",
        2,
        Asked(&MG_ENDPOINT, |it| it.any_targets(&MG_STEPS, "AZServicePrincipal")),
    ),
];
