//! The estate as the phases after resolution see it: assets, reported relations, findings, coverage.
//!
//! Indices are positions in [`Estate::nodes`], which is sorted by [`NodeId`]; they are valid inside one
//! generation only.
//!
//! An estate of 100,000 assets has millions of relations, so what many of them say alike (who saw them, their
//! properties, the ids of assets) is held once and shared.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use crate::cell::{Facet, ObjectClass};
use crate::grade::Criticality;
use crate::id::{EdgeId, NodeId};
use crate::kind::{NodeKind, RelationKind};

/// Position of an asset in [`Estate::nodes`].
pub type NodeIndex = u32;

#[derive(Debug, Default)]
pub struct Estate {
    /// Sorted by id.
    pub nodes: Vec<Node>,
    /// Sorted by (source, target, kind).
    pub relations: Vec<Relation>,
    pub findings: Vec<Finding>,
    pub services: Vec<Service>,
    pub conflicts: Vec<Conflict>,
    pub coverage: Vec<BoundaryCoverage>,
    /// What extensions say of kinds, by role and name without letter case; see [`Self::kind`].
    pub kinds: Vec<ExtensionKind>,
    /// Original id, upper-cased → node: the strongest ids and those of facets.
    pub by_key: HashMap<Arc<str>, NodeIndex>,
    /// The ids that a file names as source and target of a relation, where one is not its asset's own key; see
    /// [`Estate::keys_of`].
    pub facet_keys: HashMap<EdgeId, (Arc<str>, Arc<str>)>,
    pub by_edge: EdgeIndex,
}

/// Finds relations and findings by id. Made when it is first asked, so the lists must not change after that.
#[derive(Debug, Default)]
pub struct EdgeIndex {
    /// Positions, in the order of ids.
    relations: OnceLock<Box<[u32]>>,
    findings: OnceLock<Box<[u32]>>,
}

/// Text of which there are few, held by many: one word wide.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedText(Option<Arc<Box<str>>>);

#[derive(Clone, Debug)]
pub struct Node {
    pub id: NodeId,
    /// The strongest original id, as the source spells it (SIDs and object ids in upper case).
    pub key: Arc<str>,
    pub kind: NodeKind,
    /// What a person calls it; the key where no name is known.
    pub name: String,
    /// Domain SID, tenant id or scanned site; empty when unknown.
    pub boundary: Arc<str>,
    /// Named by another object's record only; its own record was never read.
    pub is_stub: bool,
    /// Canonical JSON object.
    pub properties: String,
    pub attributes: Attributes,
    /// Facets that some source has looked at, sorted.
    pub known: Arc<[Facet]>,
    pub identifiers: Vec<KnownIdentifier>,
    /// The strongest first.
    pub facets: Vec<OriginalObject>,
    pub seen: Arc<Seen>,
}

/// The properties that rules read, parsed once. `None` means that no source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    pub enabled: Option<bool>,
    /// When the account expires; `None` also for "never".
    pub expires_at: Option<Timestamp>,
    pub is_dc: Option<bool>,
    pub is_read_only_dc: Option<bool>,
    pub is_acl_protected: Option<bool>,
    pub operating_system: Option<Arc<str>>,
    pub has_laps: Option<bool>,
    pub has_spn: Option<bool>,
    pub dont_require_preauth: Option<bool>,
    pub unconstrained_delegation: Option<bool>,
    /// "Account is sensitive and cannot be delegated."
    pub is_sensitive: Option<bool>,
    pub is_gmsa: Option<bool>,
    pub is_smsa: Option<bool>,
    pub has_user_rights: Option<bool>,
    pub admin_count: Option<bool>,
    /// The CA's own access list was collected; it overrules that of the directory object.
    pub has_ca_list: Option<bool>,
    pub ds_heuristics: Option<Arc<str>>,
    pub distinguished_name: Option<Arc<str>>,
    pub sam_account_name: Option<Arc<str>>,
    /// Address ranges of a network segment, IP addresses of a host.
    pub addresses: Vec<String>,
    /// What only accounts of a directory have: users and computers.
    pub account: Option<Box<AccountAttributes>>,
    /// What only domains, and the units and policies inside, have.
    pub domain: Option<Box<DomainAttributes>>,
    /// What somebody asked a computer itself, over the network.
    pub host: Option<Box<HostAttributes>>,
    /// What only objects of certificate services have.
    pub pki: Option<Box<PkiAttributes>>,
    /// What only objects of an Entra tenant have.
    pub entra: Option<Box<EntraAttributes>>,
}

/// Properties of users and computers of a directory that rules read. `None` means that no source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountAttributes {
    pub password_set_at: Option<Timestamp>,
    pub is_password_not_required: Option<bool>,
    pub does_password_never_expire: Option<bool>,
    /// Names of the encryption types of `msDS-SupportedEncryptionTypes`, as collectors write them.
    pub encryption_types: Option<Box<[String]>>,
    /// A delegated managed service account.
    pub is_dmsa: Option<bool>,
    /// All that controllers have noted of its logons is that there was none.
    pub has_never_logged_on: Option<bool>,
    /// The flags of `userAccountControl`.
    pub user_account_control: Option<i64>,
    /// Distinguished name or id of who manages it (`managedBy`).
    pub managed_by: Option<String>,
    /// Of a read-only domain controller, distinguished names or ids: whose passwords it may cache
    /// (`msDS-RevealOnDemandGroup`) and whose never (`msDS-NeverRevealGroup`).
    pub cacheable: Option<Box<[String]>>,
    pub never_cacheable: Option<Box<[String]>>,
    /// May ask for tickets to itself on behalf of anybody (protocol transition).
    pub is_trusted_to_authenticate: Option<bool>,
    /// Its access list is that of the AdminSDHolder.
    pub is_admin_sd_holder_protected: Option<bool>,
    /// Mappings of certificates in `altSecurityIdentities`.
    pub certificate_mappings: Box<[String]>,
    pub email: Option<String>,
    /// Of an account that synchronises a directory with a tenant: the name of the computer that it does so from.
    pub synchronises_from: Option<String>,
}

/// Properties of domains, organisational units and group policies that rules read. `None` means that no source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainAttributes {
    /// `2016`, `2012 R2`, as collectors write it.
    pub functional_level: Option<String>,
    pub netbios: Option<String>,
    /// How many computers anybody may join.
    pub machine_account_quota: Option<i64>,
    /// Of a unit: whether policies from above end here, unless they are enforced.
    pub blocks_inheritance: Option<bool>,
    /// Of a policy: which of its halves count, as collectors write it.
    pub gpo_status: Option<String>,
}

/// What a computer answered when it was asked, or when its services were tried. `None` means that no source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostAttributes {
    pub requires_smb_signing: Option<bool>,
    pub runs_web_client: Option<bool>,
    /// Whether it sends no NTLM to other computers.
    pub restricts_outbound_ntlm: Option<bool>,
    /// The value above is that of an unset registry value.
    pub is_outbound_ntlm_default: Option<bool>,
    /// Of a domain controller.
    pub has_ldap: Option<bool>,
    pub has_ldaps: Option<bool>,
    pub requires_ldap_signing: Option<bool>,
    pub requires_ldap_channel_binding: Option<bool>,
    /// Of a domain controller: the registry value `CertificateMappingMethods`; -1 where it is not set.
    pub certificate_mapping_methods: Option<i64>,
    /// Of a domain controller: the registry value `StrongCertificateBindingEnforcement`; -1 where it is not set.
    pub strong_certificate_binding: Option<i64>,
}

/// Properties of templates, authorities, stores and policies of certificate services that rules read. `None` means
/// that no source says. Names follow [MS-CRTD] and the properties of SharpHound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PkiAttributes {
    /// Of a template.
    pub schema_version: Option<i64>,
    pub authorized_signatures: Option<i64>,
    pub requires_manager_approval: Option<bool>,
    /// Its certificates are good for logon by Kerberos.
    pub authentication_enabled: Option<bool>,
    /// Its certificates are good for logon by TLS.
    pub schannel_enabled: Option<bool>,
    pub enrollee_supplies_subject: Option<bool>,
    /// Its certificates do not carry the SID of who asked.
    pub no_security_extension: Option<bool>,
    /// Object identifiers of what its certificates are for.
    pub effective_ekus: Option<Box<[String]>>,
    pub application_policies: Option<Box<[String]>>,
    pub certificate_policies: Option<Box<[String]>>,
    pub san_requires_upn: Option<bool>,
    pub san_requires_dns: Option<bool>,
    pub san_requires_domain_dns: Option<bool>,
    pub san_requires_spn: Option<bool>,
    pub san_requires_email: Option<bool>,
    /// The subject is the account's `cn`.
    pub subject_requires_common_name: Option<bool>,
    /// The subject is the account's `dNSHostName`.
    pub subject_requires_dns: Option<bool>,
    /// The subject holds the account's `mail`, beside what else it is.
    pub subject_requires_email: Option<bool>,
    pub oid: Option<String>,
    /// Of an enterprise authority: the common name of its certificate.
    pub ca_name: Option<String>,
    /// Of an enterprise authority: whoever asks may name the subject (EDITF_ATTRIBUTESUBJECTALTNAME2).
    pub does_user_specify_san: Option<bool>,
    pub is_user_specifies_san_collected: Option<bool>,
    pub has_vulnerable_endpoint: Option<bool>,
    pub disabled_extensions: Option<Box<[String]>>,
    pub is_disabled_extensions_collected: Option<bool>,
    /// The interface for requests over RPC asks for encryption.
    pub requires_rpc_encryption: Option<bool>,
    pub has_enrollment_agent_restrictions: Option<bool>,
    pub is_enrollment_agent_restrictions_collected: Option<bool>,
    pub separates_roles: Option<bool>,
    /// Of an enterprise authority that separates roles: keys of those whom two roles are granted to, who can use
    /// neither.
    pub holders_of_two_roles: Box<[String]>,
    /// Some source names the computer that it runs on.
    pub is_host_known: Option<bool>,
    /// Of any authority, in upper case.
    pub thumbprint: Option<String>,
    /// Thumbprints from its own certificate up to the root, in upper case.
    pub chain: Box<[String]>,
    /// Of a store of certificates, in upper case.
    pub thumbprints: Box<[String]>,
    /// Of an issuance policy.
    pub template_oid: Option<String>,
}

/// Properties of objects of an Entra tenant that rules read. `None` means that no source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntraAttributes {
    /// Of a role: the id that it has in every tenant, in lower case.
    pub template: Option<String>,
    /// Of a role: what activating it asks for.
    pub activation: Activation,
    /// Of a role: the ids of those who approve its activation, in upper case; `None` where nobody looked.
    pub approvers: Option<Box<[String]>>,
    /// Of a user: the templates of the roles that they hold, directly or through groups, in lower case.
    pub roles: Option<Vec<String>>,
    /// Of a user: whether they are a member or owner of a group that can be assigned to roles.
    pub is_in_role_group: Option<bool>,
    /// Of a user: whether they belong to another organisation.
    pub is_guest: Option<bool>,
    /// Of a user: whether a policy makes them prove a second factor for all cloud applications, from everywhere.
    pub requires_mfa: Option<bool>,
    /// Of a user: whether a policy lets them in from managed devices only, from everywhere.
    pub requires_managed_device: Option<bool>,
    /// Of a user: whether a policy binds their sign-in to the device that it was made on.
    pub binds_tokens: Option<bool>,
    /// Of a user: whether a policy keeps out who asks for a sign-in by device code from outside.
    pub blocks_device_code: Option<bool>,
    /// Of a user: whether they have a second factor at all.
    pub is_mfa_registered: Option<bool>,
    /// Of a user, group or device: whether it lies in a unit that only administrators of that unit manage.
    pub is_in_restricted_unit: Option<bool>,
    /// Of an administrative unit: whether administrators of the whole tenant are kept out of it.
    pub is_restricted: Option<bool>,
    /// Of a user or group: whether Active Directory is where it is changed.
    pub is_synchronised: Option<bool>,
    /// Of a user or group that is: the SID of its account there, in upper case.
    pub on_premises_sid: Option<String>,
    /// Of a user: the name that they sign in with.
    pub user_principal_name: Option<String>,
    /// Of a group.
    pub is_assignable_to_role: Option<bool>,
    /// Of a group: whether a rule decides who its members are.
    pub is_dynamic: Option<bool>,
    /// Of a group: that rule, unless it is paused.
    pub membership_rule: Option<String>,
    /// Of a device: whether it joined Entra, and no domain; it may also only be registered.
    pub is_joined: Option<bool>,
    /// Of a device: whether Intune, or another such service, manages it.
    pub is_managed: Option<bool>,
    /// Of a service principal: whether it is the identity of a resource, which takes no credentials.
    pub is_managed_identity: Option<bool>,
    /// Of a service principal: whether it is Microsoft Graph itself, whose permissions are those of the directory.
    pub is_graph: Option<bool>,
    /// Of a key vault: whether roles protect its content, and not its own access policies.
    pub is_protected_by_roles: Option<bool>,
    /// Of a storage account: whether its keys open it.
    pub takes_shared_keys: Option<bool>,
    /// Of a cluster: whether it has no accounts but those of Entra.
    pub has_no_local_accounts: Option<bool>,
}

/// What activating a role for some hours asks for. `None` means that no source says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// Somebody else has to agree.
    pub requires_approval: Option<bool>,
    pub requires_mfa: Option<bool>,
    /// A policy of conditional access has its say.
    pub requires_context: Option<bool>,
    pub requires_justification: Option<bool>,
    pub requires_ticket: Option<bool>,
}

/// Who told us, and between which times.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    /// Snapshot ids, sorted.
    pub sources: Vec<String>,
    pub first: Timestamp,
    pub last: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier {
    /// `sid`, `object-id`, `fqdn`, `netbios`, `ip`, `mac`, `bios-uuid`, `distinguished-name`, `upn`, ...
    pub kind: Arc<str>,
    pub value: Arc<str>,
}

/// An identifier of an asset, and who says that it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownIdentifier {
    pub identifier: Identifier,
    pub seen: Arc<Seen>,
}

/// One original object behind an asset, why it belongs to it, and who speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalObject {
    pub key: Arc<str>,
    pub kind: NodeKind,
    pub reason: Arc<str>,
    pub seen: Arc<Seen>,
    /// Who told which of the asset's properties, as far as that is not simply `seen`; see [`Node::told_by`].
    pub told: Arc<[Told]>,
}

/// Who told some properties of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Told {
    pub seen: Arc<Seen>,
    /// Names of properties, sorted. None for those of the strongest object that nobody else is named for: these
    /// are most of them, and not worth a list.
    pub names: Box<[Box<str>]>,
}

/// A relation as a file reports it.
#[derive(Clone, Debug)]
pub struct Relation {
    pub id: EdgeId,
    pub source: NodeIndex,
    pub target: NodeIndex,
    pub kind: RelationKind,
    /// Canonical JSON object, or empty.
    pub properties: SharedText,
    pub seen: Arc<Seen>,
}

#[derive(Clone, Debug)]
pub struct Finding {
    pub id: EdgeId,
    pub node: NodeIndex,
    pub weakness: String,
    /// `tcp/445`, or empty for a check without a port.
    pub locator: String,
    pub title: String,
    pub severity: String,
    pub cves: Vec<String>,
    pub cvss_vector: String,
    pub cvss_score_micro: Option<i64>,
    pub exploit_available: Option<bool>,
    pub is_kev: bool,
    /// Known to be exploited or exploit at hand, over the network and without an account.
    pub is_exploitable: bool,
    pub properties: String,
    pub seen: Arc<Seen>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    pub node: NodeIndex,
    pub protocol: String,
    pub port: u16,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Kind of the identifier that two objects share.
    pub kind: String,
    pub value: String,
    pub keys: Vec<String>,
    pub reason: String,
}

/// What a kind is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KindRole {
    Node,
    Relation,
}

impl KindRole {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Relation => "relation",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Node, Self::Relation].into_iter().find(|it| it.as_str() == text)
    }
}

/// A kind that an extension describes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExtensionKind {
    pub role: KindRole,
    /// Name of the extension.
    pub extension: String,
    /// As the extension spells it; kinds of relations compare without letter case.
    pub name: String,
    /// For people; may be empty.
    pub display_name: String,
    /// Whether an attacker gets along a relation of this kind. `None` for nodes.
    pub is_traversable: Option<bool>,
    pub description: String,
}

/// What was looked at inside one boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundaryCoverage {
    pub boundary: String,
    /// Name of the domain or site, for people.
    pub name: String,
    /// For each looked-at facet of a class: how many subjects answered, of how many known ones.
    pub facets: BTreeMap<(ObjectClass, Facet), Answered>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    pub answered: u64,
    pub total: u64,
}

impl Estate {
    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index as usize]
    }

    /// Finds an asset by original id, in any letter case, or by NodeId.
    pub fn find(&self, id: &str) -> Option<NodeIndex> {
        if let Some(&index) = self.by_key.get(id.to_ascii_uppercase().as_str()) {
            return Some(index);
        }
        self.by_id(id.parse().ok()?)
    }

    /// What an extension says of a kind, whatever the letter case of its name.
    pub fn kind(&self, role: KindRole, name: &str) -> Option<&ExtensionKind> {
        let order = |it: &ExtensionKind| {
            let letters = it.name.bytes().map(|byte| byte.to_ascii_lowercase());
            it.role
                .cmp(&role)
                .then_with(|| letters.cmp(name.bytes().map(|byte| byte.to_ascii_lowercase())))
        };
        let at = self.kinds.binary_search_by(order).ok()?;
        Some(&self.kinds[at])
    }

    pub fn by_id(&self, id: NodeId) -> Option<NodeIndex> {
        self.nodes
            .binary_search_by_key(&id, |node| node.id)
            .ok()
            .map(|index| index as NodeIndex)
    }

    /// The ids of the facets that a file names as source and target of a relation.
    pub fn keys_of(&self, relation: &Relation) -> (&str, &str) {
        match self.facet_keys.get(&relation.id) {
            Some((source, target)) => (source, target),
            None => (&self.node(relation.source).key, &self.node(relation.target).key),
        }
    }

    pub fn relation(&self, id: EdgeId) -> Option<&Relation> {
        let relations = &self.relations;
        let order = self
            .by_edge
            .relations
            .get_or_init(|| order(relations.iter().map(|it| it.id)));
        let at = order.binary_search_by_key(&id, |&at| relations[at as usize].id).ok()?;
        Some(&relations[order[at] as usize])
    }

    pub fn finding(&self, id: EdgeId) -> Option<&Finding> {
        let findings = &self.findings;
        let order = self
            .by_edge
            .findings
            .get_or_init(|| order(findings.iter().map(|it| it.id)));
        let at = order.binary_search_by_key(&id, |&at| findings[at as usize].id).ok()?;
        Some(&findings[order[at] as usize])
    }

    /// Whether a source has looked at this facet of this class inside a boundary.
    pub fn is_covered(&self, boundary: &str, class: ObjectClass, facet: &Facet) -> bool {
        self.coverage
            .iter()
            .any(|it| it.boundary == boundary && it.facets.contains_key(&(class, facet.clone())))
    }
}

/// The positions of some ids, in the order of the ids.
fn order(ids: impl Iterator<Item = EdgeId>) -> Box<[u32]> {
    let mut ids: Vec<_> = ids.zip(0u32..).collect();
    ids.sort_unstable();
    ids.into_iter().map(|(_, at)| at).collect()
}

impl Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_ref().map_or("", |text| text)
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        Self((!text.is_empty()).then(|| Arc::new(text.into())))
    }
}

impl fmt::Debug for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Hash for SharedText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        str::hash(self, state);
    }
}

impl Borrow<str> for SharedText {
    fn borrow(&self) -> &str {
        self
    }
}

/// Property of a relation that resolution has concluded from two objects, or of an asset that it has: always true.
pub const IS_CONCLUDED: &str = "isconcluded";
/// Property of what is concluded: why, for people.
pub const BECAUSE: &str = "because";

impl Node {
    /// Whether no file names it: resolution knows that it is there.
    pub fn is_concluded(&self) -> bool {
        self.is_stub && self.properties.contains("\"isconcluded\":true")
    }
}

impl Relation {
    /// What a flag among its properties says: as such or, as some programs write it, as text.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let properties = self.properties.to_ascii_lowercase();
        let (_, value) = properties.split_once(&format!("\"{name}\":"))?;
        let value = value.trim_start_matches('"');
        match (value.starts_with("true"), value.starts_with("false")) {
            (false, false) => None,
            (is_true, _) => Some(is_true),
        }
    }

    /// Whether no file reports it: resolution has concluded it from what its ends tell.
    pub fn is_concluded(&self) -> bool {
        self.properties.contains("\"isconcluded\":true")
    }

    /// Of a role of Entra that is held, or can be activated: whether it is over the whole tenant, and not over an
    /// administrative unit or a single object.
    pub fn is_tenant_wide(&self) -> bool {
        // Collectors and other programs name it `scopes` and `scope`; where none is told it is the usual one.
        !self.properties.contains("\"scope") || self.properties.contains("\"/\"")
    }

    /// Of a role of Entra that is held, or can be activated: the ids of the administrative units that it is over, in
    /// upper case. They stand in the list `scopes` of its properties, as `/administrativeUnits/<id>`.
    pub fn units(&self) -> Vec<String> {
        const PREFIX: &str = "\"/ADMINISTRATIVEUNITS/";
        let properties = self.properties.to_ascii_uppercase();
        let ids = properties.split(PREFIX).skip(1);
        ids.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .collect()
    }

    /// Whether the content of a vault may be read by `what`: a policy of the vault, or a role. Where nothing is told it
    /// is a policy, which is what the relation is named after.
    pub fn is_granted_by(&self, what: &str) -> bool {
        match self.properties.contains("\"granted\"") {
            true => self.properties.contains(&format!("\"{what}\"")),
            false => what == "policy",
        }
    }
}

impl Node {
    /// The object that a property of the asset comes from, and who told it. An asset without objects tells of none.
    pub fn told_by(&self, property: &str) -> Option<(&OriginalObject, &Arc<Seen>)> {
        let names_it = |told: &&Told| told.names.iter().any(|name| **name == *property);
        let mut named = self
            .facets
            .iter()
            .filter_map(|object| Some((object, &object.told.iter().find(names_it)?.seen)));
        named.next().or_else(|| {
            let strongest = self.facets.first()?;
            let rest = strongest.told.iter().find(|told| told.names.is_empty());
            Some((strongest, rest.map_or(&strongest.seen, |told| &told.seen)))
        })
    }

    /// The id that a role of Entra has in every tenant, in lower case; `None` for anything else. Where the role's own
    /// record is missing its key tells: the id of a built-in role is its template's.
    pub fn role_template(&self) -> Option<String> {
        if self.kind != NodeKind::AzRole {
            return None;
        }
        let told = self.attributes.entra.as_deref().and_then(|it| it.template.clone());
        told.or_else(|| Some(self.key.split('@').next()?.to_ascii_lowercase()))
    }

    /// An account that nobody can log on with at `now`: disabled or expired. Unknown counts as usable.
    pub fn is_unusable_account(&self, now: Timestamp) -> bool {
        let is_account = matches!(
            self.kind,
            NodeKind::User | NodeKind::Computer | NodeKind::AzUser | NodeKind::AzDevice | NodeKind::AzServicePrincipal
        );
        is_account
            && (self.attributes.enabled == Some(false)
                || self.attributes.expires_at.is_some_and(|expires_at| expires_at <= now))
    }
}

/// The assets whose control is control of all of a forest, and what is critical beside them (phase 3).
#[derive(Debug, Default)]
pub struct Classification {
    pub planes: Vec<Plane>,
    /// For each node: its plane, as a position in `planes`.
    pub plane_of: Vec<Option<u32>>,
    /// For each node: its level; members of a plane have none of their own here.
    pub criticality: Vec<Option<Criticality>>,
    /// Why, for people: every membership and every level, sorted by node.
    pub reasons: Vec<Reason>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// `plane:forest:<SID of the forest's root, or of the domain where trusts are unknown>`, or
    /// `plane:tenant:<tenant id>`.
    pub key: String,
    pub name: String,
    /// Sorted.
    pub members: Vec<NodeIndex>,
    /// SIDs of the domains inside, sorted; the id of a tenant.
    pub domains: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    pub node: NodeIndex,
    /// Id of the catalog's rule, or `decision`.
    pub rule: String,
    pub text: String,
}
