//! The shapes of the format, read leniently: collectors differ in the case of field names, leave fields
//! out, write `null` for any of them, and write numbers and flags as strings.
//!
//! Start at [`Record`], one element of `data` of any type but sessions. Text borrows from the buffer.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Text; empty where absent or null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Text::default())
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// A flag or a whole number, also written as text; `None` where absent, null or not to be understood.
macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident($type:ty), $from_bool:expr, $from_integer:expr, $from_text:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub Option<$type>);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ScalarVisitor;

                impl<'de> Visitor<'de> for ScalarVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a flag or a number")
                    }

                    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
                        Ok($name($from_bool(flag)))
                    }

                    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                        Ok($name($from_integer(number)))
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                        Ok($name(i64::try_from(number).ok().and_then($from_integer)))
                    }

                    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                        // A whole number in a float's spelling; the cast saturates.
                        Ok($name(if number.fract() == 0.0 { $from_integer(number as i64) } else { None }))
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                        Ok($name($from_text(text.trim())))
                    }

                    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                        Ok($name(None))
                    }
                }

                deserializer.deserialize_any(ScalarVisitor)
            }
        }
    };
}

scalar! {
    Flag(bool),
    Some,
    |number: i64| Some(number != 0),
    flag_of_text
}

scalar! {
    Whole(i64),
    |flag: bool| Some(i64::from(flag)),
    Some,
    |text: &str| text.parse().ok()
}

impl Flag {
    pub fn is_true(self) -> bool {
        self.0 == Some(true)
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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = elements.next_element()? {
                    list.push(element);
                }
                Ok(List(list))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(List::default())
            }
        }

        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

/// Whether a field's name is the one meant. Collectors differ in letter case (`Guid`, `GUID`).
fn is_key(found: &str, wanted: &str) -> bool {
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

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ShapeVisitor<'a>(PhantomData<&'a str>);

                impl<'de: 'a, 'a> Visitor<'de> for ShapeVisitor<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
                        let mut shape = $name::default();
                        while let Some(key) = fields.next_key::<Text<'de>>()? {
                            $(
                                if is_key(&key, $key) $(|| is_key(&key, $other))? {
                                    shape.$field = fields.next_value()?;
                                    continue;
                                }
                            )*
                            fields.next_value::<IgnoredAny>()?;
                        }
                        Ok(shape)
                    }

                    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }
                }

                deserializer.deserialize_any(ShapeVisitor(PhantomData))
            }
        }
    )*};
}

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
        properties: Option<&'a RawValue> = "Properties",
        id: Text<'a> = "ObjectIdentifier",
        is_deleted: Flag = "IsDeleted",
        is_acl_protected: Flag = "IsACLProtected",
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
        trusts: List<Trust<'a>> = "Trusts",
        gpo_changes: GpoChanges<'a> = "GPOChanges",
        inheritance_hashes: Option<&'a RawValue> = "InheritanceHashes",
        // Certificate services.
        hosting_computer: Text<'a> = "HostingComputer",
        enabled_templates: List<Principal<'a>> = "EnabledCertTemplates",
        ca_registry: CaRegistry<'a> = "CARegistryData",
        endpoints: List<Endpoint<'a>> = "HttpEnrollmentEndpoints",
        group_link: Principal<'a> = "GroupLink",
    }

    Principal {
        id: Text<'a> = "ObjectIdentifier",
        kind: Text<'a> = "ObjectType",
    }

    /// An entry of an access control list.
    Ace {
        principal: Text<'a> = "PrincipalSID",
        kind: Text<'a> = "PrincipalType",
        right: Text<'a> = "RightName",
        is_inherited: Flag = "IsInherited",
        inheritance_hash: Text<'a> = "InheritanceHash",
    }

    SpnTarget {
        computer: Text<'a> = "ComputerSID",
        port: Whole = "Port",
        service: Text<'a> = "Service",
    }

    Sessions {
        is_collected: Flag = "Collected",
        results: List<Session<'a>> = "Results",
    }

    /// A session, inside a computer or as an element of a `sessions` file.
    Session {
        computer: Text<'a> = "ComputerSID",
        user: Text<'a> = "UserSID",
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

    NumberValue {
        is_collected: Flag = "Collected",
        value: Whole = "Value",
    }

    TextValue {
        is_collected: Flag = "Collected",
        value: Text<'a> = "Value",
    }

    FlagValue {
        is_collected: Flag = "Collected",
        value: Flag = "Value",
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
        allowed_servers: Option<&'a RawValue> = "ClientAllowedNTLMServers",
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

            fn of_number(number: i64) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    _ => Self::Other(number.to_string()),
                }
            }

            fn of_text(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($text) { return Self::$variant; })*
                match text.parse() {
                    Ok(number) => Self::of_number(number),
                    Err(_) if text.is_empty() => Self::Absent,
                    Err(_) => Self::Other(text.to_owned()),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct WordVisitor;

                impl<'de> Visitor<'de> for WordVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a word or its number")
                    }

                    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                        Ok($name::of_number(number))
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                        Ok($name::of_number(i64::try_from(number).unwrap_or(i64::MAX)))
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                        Ok($name::of_text(text.trim()))
                    }

                    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                        Ok($name::Absent)
                    }
                }

                deserializer.deserialize_any(WordVisitor)
            }
        }
    };
}

word_or_number! {
    /// Seen from the domain whose record it is.
    TrustDirection {
        Disabled = 0 "Disabled",
        Inbound = 1 "Inbound",
        Outbound = 2 "Outbound",
        Bidirectional = 3 "Bidirectional",
    }
}

word_or_number! {
    TrustKind {
        ParentChild = 0 "ParentChild",
        CrossLink = 1 "CrossLink",
        Forest = 2 "Forest",
        External = 3 "External",
        Unknown = 4 "Unknown",
        TreeRoot = 5 "TreeRoot",
    }
}

impl TrustKind {
    pub fn is_same_forest(&self) -> bool {
        matches!(self, Self::ParentChild | Self::CrossLink | Self::TreeRoot)
    }
}

/// What is needed of an object's properties; one pass over them.
#[derive(Debug, Default)]
pub struct Peek<'a> {
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
    /// Keys that are written differently by old collectors are there.
    pub has_old_ldap_keys: bool,
    pub is_empty: bool,
    /// Says more than names, ids and what every collection says of an object.
    pub has_attributes: bool,
}

impl<'a> Peek<'a> {
    pub fn of(properties: Option<&'a RawValue>) -> Result<Self, serde_json::Error> {
        match properties {
            Some(raw) => serde_json::from_str(raw.get()),
            None => Ok(Self { is_empty: true, ..Self::default() }),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Peek<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PeekVisitor<'a>(PhantomData<&'a str>);

        impl<'de: 'a, 'a> Visitor<'de> for PeekVisitor<'a> {
            type Value = Peek<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
                let mut peek = Peek { is_empty: true, ..Peek::default() };
                while let Some(key) = fields.next_key::<Text<'de>>()? {
                    peek.is_empty = false;
                    let key: &str = &key;
                    if is_key(key, "name") {
                        peek.name = fields.next_value()?;
                    } else if is_key(key, "domain") {
                        peek.domain = fields.next_value()?;
                    } else if is_key(key, "domainsid") {
                        peek.domain_sid = fields.next_value()?;
                    } else if is_key(key, "distinguishedname") {
                        peek.distinguished_name = fields.next_value()?;
                    } else if is_key(key, "isdc") {
                        peek.is_dc = fields.next_value()?;
                    } else if is_key(key, "isaclprotected") {
                        peek.has_acl_protected = true;
                        fields.next_value::<IgnoredAny>()?;
                    } else if is_key(key, "samaccountname")
                        || is_key(key, "objectid")
                        || is_key(key, "haslaps")
                        || is_key(key, "highvalue")
                        || is_key(key, "reconcile")
                    {
                        fields.next_value::<IgnoredAny>()?;
                    } else {
                        peek.has_attributes = true;
                        if is_key(key, "unconstraineddelegation") {
                            peek.unconstrained_delegation = fields.next_value()?;
                        } else if is_key(key, "doesanyacegrantownerrights") {
                            peek.any_ace_grants_owner_rights = fields.next_value()?;
                        } else if is_key(key, "doesanyinheritedacegrantownerrights") {
                            peek.any_inherited_ace_grants_owner_rights = fields.next_value()?;
                        } else {
                            peek.has_inheritance_hashes |= is_key(key, "inheritancehashes");
                            peek.has_group_link |= is_key(key, "grouplinkid");
                            peek.has_old_ldap_keys |= is_key(key, "ldapenabled") || is_key(key, "ldapsenabled");
                            fields.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(peek)
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Peek { is_empty: true, ..Peek::default() })
            }
        }

        deserializer.deserialize_any(PeekVisitor(PhantomData))
    }
}

/// The properties as they stand, key by key.
pub struct Entries<'a>(pub Vec<(Text<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<'a>(PhantomData<&'a str>);

        impl<'de: 'a, 'a> Visitor<'de> for EntriesVisitor<'a> {
            type Value = Entries<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = fields.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_numbers_are_read_from_text_too() {
        let ace: Ace<'_> = serde_json::from_str(r#"{"IsInherited":"True","PrincipalSID":null}"#).unwrap();
        assert_eq!((ace.is_inherited, &*ace.principal), (Flag(Some(true)), ""));
        let trust: Trust<'_> =
            serde_json::from_str(r#"{"TrustAttributes":"32","TrustDirection":3,"TrustType":"parentchild"}"#).unwrap();
        assert_eq!(trust.attributes, Whole(Some(32)));
        assert_eq!(trust.direction, TrustDirection::Bidirectional);
        assert!(trust.kind.is_same_forest());
    }

    #[test]
    fn field_names_are_read_in_any_letter_case() {
        let record: Record<'_> = serde_json::from_str(r#"{"objectidentifier":"A","SpnTargets":[{"PORT":7}]}"#).unwrap();
        assert_eq!((&*record.id, record.spn_targets[0].port), ("A", Whole(Some(7))));
    }

    #[test]
    fn null_stands_for_any_shape() {
        let record: Record<'_> =
            serde_json::from_str(r#"{"Aces":[null],"ContainedBy":null,"Sessions":null,"Properties":null}"#).unwrap();
        assert!(record.properties.is_none() && record.contained_by.id.is_empty());
        assert!(record.aces[0].right.is_empty());
    }
}
