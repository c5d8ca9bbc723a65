//! The records of a SharpHound collection, version 6: field for field what the collector writes.
//!
//! Start at [`write_collection`]. Identifiers are SIDs for accounts and GUIDs for the rest; built-in
//! groups carry the domain's name in front (`CORP.EXAMPLE-S-1-5-32-544`); times are seconds since 1970,
//! 0 for unknown and -1 for never.
//!
//! # Source
//! The published BloodHound sample collections, read field by field.

use std::io::{self, Write};

use postern_model::kind::{NodeKind, RelationKind};
use serde::{Serialize, Serializer};

/// The version of the format, `meta.version`.
const FORMAT_VERSION: u32 = 6;

/// Bits of `meta.methods`: what the collector was told to look at.
pub mod methods {
    pub const SESSION: u32 = 1 << 3;
    const CA_REGISTRY: u32 = 1 << 16;
    const DC_REGISTRY: u32 = 1 << 17;
    const CERT_SERVICES: u32 = 1 << 18;
    const SESSION_LOOP: u32 = 1 << 10;
    const LOGGED_ON_LOOP: u32 = 1 << 11;

    pub const CERTIFICATES: u32 = CA_REGISTRY | DC_REGISTRY | CERT_SERVICES;

    /// Everything but the loops and certificate services.
    pub const ALL: u32 = (1 << 19) - 1 - CA_REGISTRY - DC_REGISTRY - CERT_SERVICES - SESSION_LOOP - LOGGED_ON_LOOP;
}

/// Writes `{"data":[...],"meta":{...}}`, one record at a time, and returns the number of records.
pub fn write_collection<T: Serialize>(
    out: &mut dyn Write,
    kind: &str,
    methods: u32,
    records: impl IntoIterator<Item = T>,
) -> io::Result<u64> {
    let mut count = 0;
    // One record is assembled in memory, so that the serialiser's many small writes stay there.
    let mut text = Vec::with_capacity(16 * 1024);
    out.write_all(b"{\"data\":[")?;
    for record in records {
        text.clear();
        if count > 0 {
            text.push(b',');
        }
        serde_json::to_writer(&mut text, &record)?;
        out.write_all(&text)?;
        count += 1;
    }
    write!(
        out,
        "],\"meta\":{{\"methods\":{methods},\"type\":\"{kind}\",\"count\":{count},\"version\":{FORMAT_VERSION}}}}}"
    )?;
    Ok(count)
}

/// Version of AzureHound's format, `meta.version`.
const AZURE_FORMAT_VERSION: u32 = 5;

/// Writes a collection of AzureHound, whose records are each an object of `kind` and `data`.
pub fn write_azure(out: &mut dyn Write, records: &[serde_json::Value]) -> io::Result<u64> {
    out.write_all(b"{\"data\":[")?;
    for (number, record) in records.iter().enumerate() {
        if number > 0 {
            out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut *out, record)?;
    }
    let count = records.len();
    write!(
        out,
        "],\"meta\":{{\"type\":\"azure\",\"version\":{AZURE_FORMAT_VERSION},\"count\":{count}}}}}"
    )?;
    Ok(count as u64)
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Principal {
    pub object_identifier: String,
    #[serde(serialize_with = "node_kind")]
    pub object_type: NodeKind,
}

impl Principal {
    pub fn new(id: impl Into<String>, kind: NodeKind) -> Self {
        Self {
            object_identifier: id.into(),
            object_type: kind,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ace {
    #[serde(rename = "PrincipalSID")]
    pub principal_sid: String,
    #[serde(serialize_with = "node_kind")]
    pub principal_type: NodeKind,
    #[serde(serialize_with = "relation_kind")]
    pub right_name: RelationKind,
    pub is_inherited: bool,
}

/// What every record carries beside its own fields.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Common {
    pub aces: Vec<Ace>,
    pub object_identifier: String,
    pub is_deleted: bool,
    #[serde(rename = "IsACLProtected")]
    pub is_acl_protected: bool,
    pub contained_by: Option<Principal>,
}

/// The properties that every kind of object has. Names and distinguished names are in upper case.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub struct CommonProperties {
    pub domain: String,
    pub name: String,
    pub distinguishedname: String,
    pub domainsid: String,
    pub isaclprotected: bool,
    pub description: Option<String>,
    pub whencreated: i64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    pub properties: UserProperties,
    pub allowed_to_delegate: Vec<Principal>,
    #[serde(rename = "PrimaryGroupSID")]
    pub primary_group_sid: String,
    #[serde(rename = "HasSIDHistory")]
    pub has_sid_history: Vec<Principal>,
    #[serde(rename = "SPNTargets")]
    pub spn_targets: Vec<SpnTarget>,
    #[serde(flatten)]
    pub common: Common,
}

#[derive(Clone, Debug, Serialize)]
pub struct UserProperties {
    #[serde(flatten)]
    pub common: CommonProperties,
    pub samaccountname: String,
    pub sensitive: bool,
    pub dontreqpreauth: bool,
    pub passwordnotreqd: bool,
    pub unconstraineddelegation: bool,
    pub pwdneverexpires: bool,
    pub enabled: bool,
    pub trustedtoauth: bool,
    pub lastlogon: i64,
    pub lastlogontimestamp: i64,
    pub pwdlastset: i64,
    /// Left out where the account never expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accountexpires: Option<i64>,
    pub serviceprincipalnames: Vec<String>,
    pub hasspn: bool,
    pub displayname: Option<String>,
    pub email: Option<String>,
    pub title: Option<String>,
    pub homedirectory: Option<String>,
    pub userpassword: Option<String>,
    pub unixpassword: Option<String>,
    pub unicodepassword: Option<String>,
    pub sfupassword: Option<String>,
    pub logonscript: Option<String>,
    pub admincount: bool,
    pub sidhistory: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SpnTarget {
    #[serde(rename = "ComputerSID")]
    pub computer_sid: String,
    pub port: u16,
    pub service: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Computer {
    pub properties: ComputerProperties,
    #[serde(rename = "PrimaryGroupSID")]
    pub primary_group_sid: String,
    pub allowed_to_delegate: Vec<Principal>,
    pub allowed_to_act: Vec<Principal>,
    #[serde(rename = "HasSIDHistory")]
    pub has_sid_history: Vec<Principal>,
    #[serde(rename = "DumpSMSAPassword")]
    pub dump_smsa_password: Vec<Principal>,
    pub sessions: Sessions,
    pub privileged_sessions: Sessions,
    pub registry_sessions: Sessions,
    pub local_groups: Vec<LocalGroup>,
    pub user_rights: Vec<UserRight>,
    #[serde(rename = "DCRegistryData")]
    pub dc_registry_data: DcRegistryData,
    #[serde(flatten)]
    pub answers: HostAnswers,
    pub status: Option<Status>,
    #[serde(rename = "IsDC")]
    pub is_dc: bool,
    #[serde(rename = "DomainSID")]
    pub domain_sid: String,
    #[serde(flatten)]
    pub common: Common,
}

#[derive(Clone, Debug, Serialize)]
pub struct ComputerProperties {
    #[serde(flatten)]
    pub common: CommonProperties,
    pub samaccountname: String,
    pub haslaps: bool,
    pub enabled: bool,
    pub unconstraineddelegation: bool,
    pub trustedtoauth: bool,
    pub isdc: bool,
    pub lastlogon: i64,
    pub lastlogontimestamp: i64,
    pub pwdlastset: i64,
    pub serviceprincipalnames: Vec<String>,
    pub email: Option<String>,
    pub operatingsystem: Option<String>,
    pub sidhistory: Vec<String>,
    /// Service names; left out where there is no delegation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowedtodelegate: Vec<String>,
    /// Of a domain controller whose services were tried.
    #[serde(flatten)]
    pub ldap: Option<LdapSettings>,
}

/// One way of asking a computer who is logged on.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Sessions {
    pub results: Vec<Session>,
    pub collected: bool,
    pub failure_reason: Option<&'static str>,
}

impl Sessions {
    pub fn not_collected() -> Self {
        Self {
            results: Vec::new(),
            collected: false,
            failure_reason: None,
        }
    }

    pub fn of(results: Vec<Session>) -> Self {
        Self {
            results,
            collected: true,
            failure_reason: None,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Session {
    #[serde(rename = "UserSID")]
    pub user_sid: String,
    #[serde(rename = "ComputerSID")]
    pub computer_sid: String,
}

/// A row of a `sessions` file, which a session loop writes.
#[derive(Clone, Debug, Serialize)]
pub struct LoopSession {
    #[serde(rename = "UserSID")]
    pub user_sid: String,
    #[serde(rename = "ComputerSID")]
    pub computer_sid: String,
    #[serde(rename = "LogonType")]
    pub logon_type: u32,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LocalGroup {
    pub object_identifier: String,
    pub name: String,
    pub results: Vec<Principal>,
    pub local_names: Vec<LocalName>,
    pub collected: bool,
    pub failure_reason: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LocalName {
    pub object_identifier: String,
    pub principal_name: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserRight {
    pub privilege: &'static str,
    pub results: Vec<Principal>,
    pub local_names: Vec<LocalName>,
    pub collected: bool,
    pub failure_reason: Option<&'static str>,
}

/// Null where it was not collected.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DcRegistryData {
    pub certificate_mapping_methods: Option<RegistryNumber>,
    pub strong_certificate_binding_enforcement: Option<RegistryNumber>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegistryNumber {
    pub value: i64,
    pub collected: bool,
    pub failure_reason: Option<&'static str>,
}

impl RegistryNumber {
    pub fn of(value: i64) -> Self {
        Self {
            value,
            collected: true,
            failure_reason: None,
        }
    }
}

/// What a computer answered about its own settings; left out where it was not asked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HostAnswers {
    #[serde(rename = "SmbInfo", skip_serializing_if = "Option::is_none")]
    pub smb: Option<Answer<SmbSettings>>,
    #[serde(rename = "NTLMRegistryData", skip_serializing_if = "Option::is_none")]
    pub ntlm: Option<Answer<NtlmSettings>>,
    #[serde(rename = "IsWebClientRunning", skip_serializing_if = "Option::is_none")]
    pub web_client: Option<Answer<bool>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer<T> {
    pub result: T,
    pub collected: bool,
    pub failure_reason: Option<&'static str>,
}

impl<T> Answer<T> {
    pub fn of(result: T) -> Self {
        Self {
            result,
            collected: true,
            failure_reason: None,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SmbSettings {
    pub signing_enabled: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NtlmSettings {
    /// 0, 1, 2: allow, audit, deny.
    pub restrict_sending_ntlm_traffic: u32,
}

/// What was found when the directory services of a domain controller were tried.
#[derive(Clone, Debug, Serialize)]
pub struct LdapSettings {
    pub ldapavailable: bool,
    pub ldapsavailable: bool,
    pub ldapsigning: bool,
    pub ldapsepa: bool,
}

/// Why a computer was not asked.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Status {
    pub connectable: bool,
    pub error: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Group {
    pub properties: GroupProperties,
    pub members: Vec<Principal>,
    #[serde(flatten)]
    pub common: Common,
}

#[derive(Clone, Debug, Serialize)]
pub struct GroupProperties {
    #[serde(flatten)]
    pub common: CommonProperties,
    pub samaccountname: String,
    pub admincount: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Domain {
    #[serde(rename = "GPOChanges")]
    pub gpo_changes: GpoChanges,
    pub properties: DomainProperties,
    pub child_objects: Vec<Principal>,
    pub trusts: Vec<Trust>,
    pub links: Vec<Link>,
    #[serde(flatten)]
    pub common: Common,
}

#[derive(Clone, Debug, Serialize)]
pub struct DomainProperties {
    #[serde(flatten)]
    pub common: CommonProperties,
    pub functionallevel: &'static str,
    pub collected: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Trust {
    pub target_domain_sid: String,
    pub target_domain_name: String,
    pub is_transitive: bool,
    pub sid_filtering_enabled: bool,
    #[serde(rename = "TGTDelegationEnabled")]
    pub tgt_delegation_enabled: bool,
    pub trust_direction: &'static str,
    pub trust_type: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Link {
    #[serde(rename = "IsEnforced")]
    pub is_enforced: bool,
    #[serde(rename = "GUID")]
    pub guid: String,
}

/// Members that group policy puts into local groups, and the computers it reaches.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GpoChanges {
    pub local_admins: Vec<Principal>,
    pub remote_desktop_users: Vec<Principal>,
    pub dcom_users: Vec<Principal>,
    #[serde(rename = "PSRemoteUsers")]
    pub ps_remote_users: Vec<Principal>,
    pub affected_computers: Vec<Principal>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ou {
    #[serde(rename = "GPOChanges")]
    pub gpo_changes: GpoChanges,
    pub properties: OuProperties,
    pub links: Vec<Link>,
    pub child_objects: Vec<Principal>,
    #[serde(flatten)]
    pub common: Common,
}

#[derive(Clone, Debug, Serialize)]
pub struct OuProperties {
    #[serde(flatten)]
    pub common: CommonProperties,
    pub blocksinheritance: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Container {
    pub properties: ContainerProperties,
    pub child_objects: Vec<Principal>,
    #[serde(flatten)]
    pub common: Common,
}

/// The collector says less of containers than of anything else.
#[derive(Clone, Debug, Serialize)]
pub struct ContainerProperties {
    pub domain: String,
    pub name: String,
    pub distinguishedname: String,
    pub domainsid: String,
    pub isaclprotected: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Gpo {
    pub properties: GpoProperties,
    #[serde(flatten)]
    pub common: Common,
}

#[derive(Clone, Debug, Serialize)]
pub struct GpoProperties {
    #[serde(flatten)]
    pub common: CommonProperties,
    pub gpcpath: String,
}

fn node_kind<S: Serializer>(kind: &NodeKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

fn relation_kind<S: Serializer>(kind: &RelationKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}
