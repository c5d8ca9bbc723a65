//! The shapes of the format, read leniently: collectors differ in the case of field names, leave fields
//! out, write `null` for any of them, and write numbers and flags as strings.
//!
//! Start at [`Record`], one element of `data` of any type but sessions. Text borrows from what is read.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Deref;

use super::cursor::{Cursor, Read, Result};

/// Text; empty where absent or null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> Read<'a> for Text<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        if cursor.null()? {
            Ok(Self::default())
        } else {
            cursor.string().map(Self)
        }
    }
}

/// JSON as it stands; `None` where absent or null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw<'a>(pub Option<&'a str>);

impl<'a> Read<'a> for Raw<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        if cursor.null()? {
            Ok(Self(None))
        } else {
            cursor.skip().map(|json| Self(Some(json)))
        }
    }
}

/// A flag, also written as a number or as text; `None` where absent, null or something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

impl Flag {
    pub fn is_true(self) -> bool {
        self.0 == Some(true)
    }
}

impl<'a> Read<'a> for Flag {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        Ok(Self(match cursor.peek()? {
            b't' => {
                cursor.word("true")?;
                Some(true)
            }
            b'f' => {
                cursor.word("false")?;
                Some(false)
            }
            b'"' => flag_of_text(cursor.string()?.trim()),
            _ => flag_of_text(cursor.skip()?),
        }))
    }
}

/// Reads a flag that a collector wrote as text.
pub fn flag_of_text(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A whole number, also written as text; `None` where absent, null or something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole(pub Option<i64>);

impl<'a> Read<'a> for Whole {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        let text = match cursor.peek()? {
            b'"' => cursor.string()?,
            _ => Cow::Borrowed(cursor.skip()?),
        };
        let text = text.trim();
        // Some collectors write whole numbers with a fraction.
        Ok(Self(text.strip_suffix(".0").unwrap_or(text).parse().ok()))
    }
}

/// An array; empty where absent or null. Elements that are null come as the element's own default.
#[derive(Clone, Debug)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// A list that has elements at all often has about so many.
const LIST_LENGTH: usize = 16;

impl<'a, T: Read<'a>> Read<'a> for List<T> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        let mut list = Vec::new();
        if !cursor.null()? {
            cursor.each_element(|cursor| {
                if list.is_empty() {
                    list.reserve(LIST_LENGTH);
                }
                cursor.take_for_list(size_of::<T>())?;
                list.push(T::read(cursor)?);
                Ok(())
            })?;
        }
        Ok(Self(list))
    }
}

/// A value, and whether there is one at all: null is none.
#[derive(Clone, Debug, Default)]
pub struct Told<T> {
    pub value: T,
    pub is_told: bool,
}

impl<'a, T: Read<'a>> Read<'a> for Told<T> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        let is_told = cursor.peek()? != b'n';
        let value = T::read(cursor)?;
        Ok(Self { value, is_told })
    }
}

/// Whether a field's name is the one meant. Collectors differ in letter case (`Guid`, `GUID`).
#[inline(always)]
pub(crate) fn is_key(found: &str, wanted: &str) -> bool {
    found == wanted || found.eq_ignore_ascii_case(wanted)
}

/// Declares a JSON object: each field with its name in the format. Unknown fields are passed over, null is
/// the empty object, of repeated fields the last one counts.
macro_rules! shape {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $key:literal $(| $other:literal)?,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name<'a> {
            $(pub $field: $type,)*
            borrowed: PhantomData<&'a str>,
        }

        impl<'a> Read<'a> for $name<'a> {
            fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
                let mut shape = Self::default();
                if cursor.null()? {
                    return Ok(shape);
                }
                const KEYS: &[&str] = &[$($key,)*];
                const JSON_KEYS: [&str; KEYS.len()] = [$(concat!("\"", $key, "\":"),)*];
                let position = |key: &str| {
                    $(
                        if is_key(key, $key) $(|| is_key(key, $other))? {
                            return KEYS.iter().position(|it| *it == $key);
                        }
                    )*
                    None
                };
                cursor.each_known(&JSON_KEYS, position, |cursor, field| {
                    let mut at = 0;
                    $(
                        if field == at {
                            shape.$field = Read::read(cursor)?;
                            return Ok(());
                        }
                        at += 1;
                    )*
                    let _ = at;
                    cursor.skip().map(drop)
                })?;
                Ok(shape)
            }
        }
    )*};
}

pub(crate) use shape;

shape! {
    /// `meta`, the part of the envelope that says what the file is.
    Meta {
        kind: Text<'a> = "type",
        methods: Whole = "methods",
        version: Whole = "version",
    }

    /// A directory object of any type; each type fills some of the fields.
    Record {
        aces: List<Ace<'a>> = "Aces",
        properties: ObjectProperties<'a> = "Properties",
        id: Text<'a> = "ObjectIdentifier",
        is_deleted: Flag = "IsDeleted",
        is_acl_protected: Flag = "IsACLProtected" | "ACLProtected",
        contained_by: Principal<'a> = "ContainedBy",
        // Users and computers.
        primary_group: Text<'a> = "PrimaryGroupSID",
        allowed_to_delegate: List<Principal<'a>> = "AllowedToDelegate",
        sid_history: List<Principal<'a>> = "HasSIDHistory",
        spn_targets: List<SpnTarget<'a>> = "SPNTargets",
        unconstrained_delegation: Flag = "UnconstrainedDelegation",
        domain_sid: Text<'a> = "DomainSID",
        // Computers.
        is_dc: Flag = "IsDC",
        allowed_to_act: List<Principal<'a>> = "AllowedToAct",
        dump_smsa_password: List<Principal<'a>> = "DumpSMSAPassword",
        sessions: Sessions<'a> = "Sessions",
        privileged_sessions: Sessions<'a> = "PrivilegedSessions",
        registry_sessions: Sessions<'a> = "RegistrySessions",
        local_groups: List<LocalGroup<'a>> = "LocalGroups",
        user_rights: List<UserRight<'a>> = "UserRights",
        dc_registry: DcRegistry<'a> = "DCRegistryData",
        smb_info: SmbInfo<'a> = "SmbInfo",
        web_client: FlagResult<'a> = "IsWebClientRunning",
        ntlm_registry: NtlmRegistry<'a> = "NTLMRegistryData",
        // Groups.
        members: List<Principal<'a>> = "Members",
        // Domains, organisational units, containers.
        child_objects: List<Principal<'a>> = "ChildObjects",
        links: List<Link<'a>> = "Links",
        trusts: Told<List<Trust<'a>>> = "Trusts",
        gpo_changes: GpoChanges<'a> = "GPOChanges",
        inheritance_hashes: Raw<'a> = "InheritanceHashes",
        // Certificate services.
        hosting_computer: Text<'a> = "HostingComputer",
        enabled_templates: List<Principal<'a>> = "EnabledCertTemplates",
        ca_registry: CaRegistry<'a> = "CARegistryData",
        endpoints: List<Endpoint<'a>> = "HttpEnrollmentEndpoints",
        group_link: Principal<'a> = "GroupLink",
        // Older collectors, see `legacy`.
        local_admins: Members<'a> = "LocalAdmins",
        remote_desktop_users: Members<'a> = "RemoteDesktopUsers",
        dcom_users: Members<'a> = "DcomUsers",
        ps_remote_users: Members<'a> = "PSRemoteUsers",
        users: List<Principal<'a>> = "Users",
        computers: List<Principal<'a>> = "Computers",
        child_ous: List<Principal<'a>> = "ChildOus",
    }

    PrincipalFields {
        id: Text<'a> = "ObjectIdentifier" | "MemberId",
        kind: Text<'a> = "ObjectType" | "MemberType",
    }

    /// An entry of an access control list.
    Ace {
        principal: Text<'a> = "PrincipalSID",
        kind: Text<'a> = "PrincipalType",
        right: Text<'a> = "RightName",
        is_inherited: Flag = "IsInherited",
        inheritance_hash: Text<'a> = "InheritanceHash",
        // Which right, where older collectors write its class into `right`; see `legacy`.
        ace_type: Text<'a> = "AceType",
    }

    SpnTarget {
        computer: Text<'a> = "ComputerSID",
        port: Whole = "Port",
        service: Text<'a> = "Service",
    }

    SessionsFields {
        is_collected: Flag = "Collected",
        results: List<Session<'a>> = "Results",
    }

    MembersFields {
        is_collected: Flag = "Collected",
        results: List<Principal<'a>> = "Results",
    }

    /// A session, inside a computer or as an element of a `sessions` file.
    Session {
        computer: Text<'a> = "ComputerSID" | "ComputerId",
        user: Text<'a> = "UserSID" | "UserId",
        logon_type: Whole = "LogonType",
    }

    LocalGroup {
        is_collected: Flag = "Collected",
        id: Text<'a> = "ObjectIdentifier",
        name: Text<'a> = "Name",
        results: List<Principal<'a>> = "Results",
        local_names: List<LocalName<'a>> = "LocalNames" | "LocalName",
    }

    LocalName {
        id: Text<'a> = "ObjectIdentifier",
        name: Text<'a> = "PrincipalName",
    }

    UserRight {
        is_collected: Flag = "Collected",
        privilege: Text<'a> = "Privilege",
        results: List<Principal<'a>> = "Results",
        local_names: List<LocalName<'a>> = "LocalNames" | "LocalName",
    }

    DcRegistry {
        certificate_mapping: NumberValue<'a> = "CertificateMappingMethods",
        strong_binding: NumberValue<'a> = "StrongCertificateBindingEnforcement",
        vulnerable_netlogon: TextValue<'a> = "VulnerableNetlogonSecurityDescriptor",
    }

    // The newest collectors write the value of a registry key as they write any other answer.
    NumberValue {
        is_collected: Flag = "Collected",
        value: Whole = "Value" | "Result",
    }

    TextValue {
        is_collected: Flag = "Collected",
        value: Text<'a> = "Value" | "Result",
    }

    FlagValue {
        is_collected: Flag = "Collected",
        value: Flag = "Value" | "Result",
    }

    TextsValue {
        is_collected: Flag = "Collected",
        value: List<Text<'a>> = "Value" | "Result",
    }

    FlagResult {
        is_collected: Flag = "Collected",
        result: Flag = "Result",
    }

    SmbInfo {
        is_collected: Flag = "Collected",
        // Collectors before 2.6 wrote the answer beside the flag.
        signing_enabled: Flag = "SigningEnabled",
        result: SmbResult<'a> = "Result",
    }

    SmbResult {
        signing_enabled: Flag = "SigningEnabled",
    }

    NtlmRegistry {
        is_collected: Flag = "Collected",
        result: NtlmValues<'a> = "Result",
    }

    NtlmValues {
        restrict_sending: Whole = "RestrictSendingNtlmTraffic",
        restrict_receiving: Whole = "RestrictReceivingNTLMTraffic",
        require_signature: Whole = "RequireSecuritySignature",
        enable_signature: Whole = "EnableSecuritySignature",
        min_server_sec: Whole = "NtlmMinServerSec",
        min_client_sec: Whole = "NtlmMinClientSec",
        compatibility_level: Whole = "LmCompatibilityLevel",
        use_machine_id: Whole = "UseMachineId",
        allowed_servers: Raw<'a> = "ClientAllowedNTLMServers",
    }

    Link {
        id: Text<'a> = "GUID",
        is_enforced: Flag = "IsEnforced",
    }

    Trust {
        target: Text<'a> = "TargetDomainSid",
        target_name: Text<'a> = "TargetDomainName",
        is_transitive: Flag = "IsTransitive",
        is_sid_filtering: Flag = "SidFilteringEnabled",
        is_tgt_delegation: Flag = "TGTDelegationEnabled",
        attributes: Whole = "TrustAttributes",
        direction: TrustDirection = "TrustDirection",
        kind: TrustKind = "TrustType",
    }

    GpoChanges {
        local_admins: List<Principal<'a>> = "LocalAdmins",
        remote_desktop_users: List<Principal<'a>> = "RemoteDesktopUsers",
        dcom_users: List<Principal<'a>> = "DcomUsers",
        ps_remote_users: List<Principal<'a>> = "PSRemoteUsers",
        affected_computers: List<Principal<'a>> = "AffectedComputers",
    }

    CaRegistry {
        security: CaSecurity<'a> = "CASecurity",
        agent_restrictions: AgentRestrictions<'a> = "EnrollmentAgentRestrictions",
        is_user_specifies_san: FlagValue<'a> = "IsUserSpecifiesSanEnabled",
        role_separation: FlagValue<'a> = "RoleSeparationEnabled",
        disabled_extensions: TextsValue<'a> = "DisabledExtensions",
        rpc_encryption: FlagValue<'a> = "RPCEncryptionEnforced",
    }

    CaSecurity {
        is_collected: Flag = "Collected",
        data: List<Ace<'a>> = "Data",
    }

    AgentRestrictions {
        is_collected: Flag = "Collected",
        restrictions: List<AgentRestriction<'a>> = "Restrictions",
    }

    AgentRestriction {
        access_type: Text<'a> = "AccessType",
        agent: Principal<'a> = "Agent",
        is_all_templates: Flag = "AllTemplates",
        template: Principal<'a> = "Template",
    }

    Endpoint {
        is_collected: Flag = "Collected",
        result: EndpointResult<'a> = "Result",
    }

    EndpointResult {
        url: Text<'a> = "Url",
        is_http: Flag = "ADCSWebEnrollmentHTTP",
        is_https: Flag = "ADCSWebEnrollmentHTTPS",
        is_epa: Flag = "ADCSWebEnrollmentEPA",
    }
}

/// A principal; some lists of older collectors hold its id alone.
#[derive(Clone, Debug, Default)]
pub struct Principal<'a> {
    pub id: Text<'a>,
    pub kind: Text<'a>,
}

impl<'a> Read<'a> for Principal<'a> {
    #[inline]
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        if cursor.peek()? == b'"' {
            return Ok(Self {
                id: Text(cursor.string()?),
                kind: Text::default(),
            });
        }
        let PrincipalFields { id, kind, .. } = Read::read(cursor)?;
        Ok(Self { id, kind })
    }
}

/// What a host answered, as an object that says whether it did, or as a list. Collectors that write a list write an
/// empty one also for a host that they could not reach, so only a list with entries is an answer.
macro_rules! answer {
    ($name:ident = $fields:ident of $entry:ident) => {
        #[derive(Clone, Debug, Default)]
        pub struct $name<'a> {
            pub is_collected: Flag,
            pub results: List<$entry<'a>>,
        }

        impl<'a> Read<'a> for $name<'a> {
            fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
                if cursor.peek()? == b'[' {
                    let results: List<$entry<'a>> = Read::read(cursor)?;
                    return Ok(Self {
                        is_collected: Flag((!results.is_empty()).then_some(true)),
                        results,
                    });
                }
                let $fields {
                    is_collected,
                    results,
                    ..
                } = Read::read(cursor)?;
                Ok(Self {
                    is_collected,
                    results,
                })
            }
        }
    };
}

answer!(Sessions = SessionsFields of Session);
answer!(Members = MembersFields of Principal);

/// A word that some collectors write as its number in the collector's own enumeration.
macro_rules! word_or_number {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $($variant,)*
            /// A word outside the enumeration, kept as it stands.
            Other(String),
            #[default]
            Absent,
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(word) => word,
                    Self::Absent => "",
                }
            }

            fn of_text(text: &str) -> Self {
                $(
                    if text.eq_ignore_ascii_case($text) || text == $number {
                        return Self::$variant;
                    }
                )*
                if text.is_empty() { Self::Absent } else { Self::Other(text.to_owned()) }
            }
        }

        impl<'a> Read<'a> for $name {
            fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
                Ok(match cursor.peek()? {
                    b'n' => {
                        cursor.word("null")?;
                        Self::Absent
                    }
                    b'"' => Self::of_text(cursor.string()?.trim()),
                    _ => Self::of_text(cursor.skip()?),
                })
            }
        }
    };
}

word_or_number! {
    /// Seen from the domain whose record it is.
    TrustDirection {
        Disabled = "0" "Disabled",
        Inbound = "1" "Inbound",
        Outbound = "2" "Outbound",
        Bidirectional = "3" "Bidirectional",
    }
}

word_or_number! {
    TrustKind {
        ParentChild = "0" "ParentChild",
        CrossLink = "1" "CrossLink",
        Forest = "2" "Forest",
        External = "3" "External",
        Unknown = "4" "Unknown",
        TreeRoot = "5" "TreeRoot",
    }
}

impl TrustKind {
    pub fn is_same_forest(&self) -> bool {
        matches!(self, Self::ParentChild | Self::CrossLink | Self::TreeRoot)
    }
}

/// An object's properties as they stand, with what is needed of them; one pass over both.
#[derive(Clone, Debug)]
pub struct ObjectProperties<'a> {
    /// A JSON object.
    pub json: &'a str,
    pub is_empty: bool,
    pub name: Text<'a>,
    pub domain: Text<'a>,
    pub domain_sid: Text<'a>,
    pub distinguished_name: Text<'a>,
    pub unconstrained_delegation: Flag,
    pub is_dc: Flag,
    pub any_ace_grants_owner_rights: Flag,
    pub any_inherited_ace_grants_owner_rights: Flag,
    pub has_acl_protected: bool,
    pub has_inheritance_hashes: bool,
    pub has_group_link: bool,
    /// What a domain controller asks of LDAP stands among them.
    pub has_ldap_keys: bool,
    /// Says more than names, ids and what every collection says of an object.
    pub has_attributes: bool,
}

impl Default for ObjectProperties<'_> {
    fn default() -> Self {
        Self {
            json: "{}",
            is_empty: true,
            name: Text::default(),
            domain: Text::default(),
            domain_sid: Text::default(),
            distinguished_name: Text::default(),
            unconstrained_delegation: Flag::default(),
            is_dc: Flag::default(),
            any_ace_grants_owner_rights: Flag::default(),
            any_inherited_ace_grants_owner_rights: Flag::default(),
            has_acl_protected: false,
            has_inheritance_hashes: false,
            has_group_link: false,
            has_ldap_keys: false,
            has_attributes: false,
        }
    }
}

/// The name of a property that says what a domain controller asks of LDAP, as newer collectors spell it.
pub fn ldap_key(key: &str) -> Option<&'static str> {
    const KEYS: [(&str, &str); 6] = [
        ("ldapavailable", "ldapavailable"),
        ("ldapenabled", "ldapavailable"),
        ("ldapsavailable", "ldapsavailable"),
        ("ldapsenabled", "ldapsavailable"),
        ("ldapsigning", "ldapsigning"),
        ("ldapsepa", "ldapsepa"),
    ];
    KEYS.iter().find(|(it, _)| is_key(key, it)).map(|(_, name)| *name)
}

/// Text; a property of another type is none.
fn text_or_none<'a>(cursor: &mut Cursor<'a>) -> Result<Text<'a>> {
    match cursor.peek()? {
        b'"' => cursor.string().map(Text),
        _ => cursor.skip().map(|_| Text::default()),
    }
}

impl<'a> Read<'a> for ObjectProperties<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        let mut it = Self::default();
        if cursor.null()? {
            return Ok(it);
        }
        let start = cursor.at();
        cursor.each_field(|cursor, key| {
            it.is_empty = false;
            // The lengths tell most keys apart from those that are needed.
            match key.len() {
                4 if is_key(key, "name") => it.name = text_or_none(cursor)?,
                4 if is_key(key, "isdc") => it.is_dc = Flag::read(cursor)?,
                6 if is_key(key, "domain") => it.domain = text_or_none(cursor)?,
                9 if is_key(key, "domainsid") => it.domain_sid = text_or_none(cursor)?,
                17 if is_key(key, "distinguishedname") => it.distinguished_name = text_or_none(cursor)?,
                14 if is_key(key, "isaclprotected") => {
                    it.has_acl_protected = true;
                    cursor.skip()?;
                }
                7..=14
                    if is_key(key, "samaccountname")
                        || is_key(key, "objectid")
                        || is_key(key, "haslaps")
                        || is_key(key, "highvalue")
                        || is_key(key, "reconcile") =>
                {
                    cursor.skip()?;
                }
                23 if is_key(key, "unconstraineddelegation") => {
                    it.has_attributes = true;
                    it.unconstrained_delegation = Flag::read(cursor)?;
                }
                26 if is_key(key, "doesanyacegrantownerrights") => {
                    it.has_attributes = true;
                    it.any_ace_grants_owner_rights = Flag::read(cursor)?;
                }
                35 if is_key(key, "doesanyinheritedacegrantownerrights") => {
                    it.has_attributes = true;
                    it.any_inherited_ace_grants_owner_rights = Flag::read(cursor)?;
                }
                length => {
                    it.has_attributes = true;
                    match length {
                        11 if is_key(key, "grouplinkid") => it.has_group_link = true,
                        8 | 11..=14 => it.has_ldap_keys |= ldap_key(key).is_some(),
                        17 => it.has_inheritance_hashes |= is_key(key, "inheritancehashes"),
                        _ => {}
                    }
                    cursor.skip()?;
                }
            }
            Ok(())
        })?;
        it.json = cursor.since(start);
        Ok(it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Read<'a>>(json: &'a str) -> T {
        T::read(&mut Cursor::new(json)).unwrap()
    }

    #[test]
    fn flags_and_numbers_are_read_from_text_too() {
        let ace: Ace<'_> = read(r#"{"IsInherited":"True","PrincipalSID":null}"#);
        assert_eq!((ace.is_inherited, &*ace.principal), (Flag(Some(true)), ""));
        let trust: Trust<'_> = read(r#"{"TrustAttributes":"32","TrustDirection":3,"TrustType":"parentchild"}"#);
        assert_eq!(trust.attributes, Whole(Some(32)));
        assert_eq!(trust.direction, TrustDirection::Bidirectional);
        assert!(trust.kind.is_same_forest());
    }

    #[test]
    fn field_names_are_read_in_any_letter_case() {
        let record: Record<'_> = read(r#"{"objectidentifier":"A","SpnTargets":[{"PORT":7}]}"#);
        assert_eq!((&*record.id, record.spn_targets[0].port), ("A", Whole(Some(7))));
    }

    #[test]
    fn null_stands_for_any_shape() {
        let record: Record<'_> = read(r#"{"Aces":[null],"ContainedBy":null,"Sessions":null,"Properties":null}"#);
        assert!(record.properties.is_empty && record.contained_by.id.is_empty());
        assert!(record.aces[0].right.is_empty());
    }
}
