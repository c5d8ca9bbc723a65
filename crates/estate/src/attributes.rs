//! Properties as text to the attributes that rules read.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use postern_model::estate::{
    AccountAttributes, Activation, Attributes, DomainAttributes, EntraAttributes, HostAttributes, PkiAttributes,
};
use serde_json::Value;

use crate::concluded::{HOLDERS_OF_TWO_ROLES, IS_HOST_KNOWN};
use crate::entra::{DIRECTORY_ROLES, IN_RESTRICTED_UNIT, IN_ROLE_GROUP};
use crate::sign_in;

/// The application id of Microsoft Graph, in every tenant.
const MICROSOFT_GRAPH: &str = "00000003-0000-0000-c000-000000000000";

pub type Properties = BTreeMap<String, Value>;

/// Reads a JSON object; keys in lower case, nulls left out (a null says nothing).
pub fn parse(text: &str) -> Properties {
    let Ok(raw) = serde_json::from_str::<BTreeMap<String, Value>>(text) else {
        return Properties::new();
    };
    raw.into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.to_ascii_lowercase(), value))
        .collect()
}

/// Reads properties as a generation stores them: [`parse`] was there before.
pub fn stored(text: &str) -> Properties {
    serde_json::from_str(text).unwrap_or_default()
}

pub fn attributes(properties: &Properties) -> Attributes {
    let flag = |key: &str| properties.get(key).and_then(as_bool);
    let text = |key: &str| properties.get(key).and_then(Value::as_str).map(Arc::from);
    Attributes {
        enabled: flag("enabled"),
        expires_at: ["accountexpires", "accountexpirationdate"]
            .iter()
            .find_map(|key| properties.get(*key))
            .and_then(expiry),
        is_dc: flag("isdc"),
        is_read_only_dc: flag("isreadonlydc"),
        is_acl_protected: flag("isaclprotected"),
        operating_system: text("operatingsystem"),
        has_laps: flag("haslaps").or_else(|| has_laps_expiry(properties)),
        has_spn: flag("hasspn"),
        dont_require_preauth: flag("dontreqpreauth"),
        unconstrained_delegation: flag("unconstraineddelegation"),
        is_sensitive: flag("sensitive"),
        is_gmsa: flag("gmsa"),
        is_smsa: flag("msa"),
        has_user_rights: flag("hasura"),
        admin_count: flag("admincount"),
        has_ca_list: flag("calistcollected"),
        ds_heuristics: text("dsheuristics"),
        distinguished_name: text("distinguishedname"),
        sam_account_name: text("samaccountname"),
        addresses: ["cidrs", "ip"]
            .iter()
            .flat_map(|key| texts(properties.get(*key)))
            .collect(),
        account: account(properties),
        domain: domain(properties),
        host: host(properties),
        pki: pki(properties),
        entra: entra(properties),
    }
}

/// Where a source gives the directory's own attributes: that a password of LAPS, the old one or that of Windows, has a
/// day on which it is to be changed. Without one nothing is told, as few sources give these.
fn has_laps_expiry(properties: &Properties) -> Option<bool> {
    let mut days = ["ms-mcs-admpwdexpirationtime", "mslaps-passwordexpirationtime"]
        .iter()
        .filter_map(|key| properties.get(*key));
    days.any(|day| expiry(day).is_some()).then_some(true)
}

/// Something, unless no property told anything.
fn told<T: Default + PartialEq>(read: T) -> Option<Box<T>> {
    (read != T::default()).then(|| Box::new(read))
}

fn account(properties: &Properties) -> Option<Box<AccountAttributes>> {
    let flag = |key: &str| properties.get(key).and_then(as_bool);
    told(AccountAttributes {
        password_set_at: properties.get("pwdlastset").and_then(expiry),
        is_password_not_required: flag("passwordnotreqd"),
        does_password_never_expire: flag("pwdneverexpires"),
        encryption_types: encryption_types(properties),
        is_dmsa: flag("dmsa"),
        has_never_logged_on: has_never_logged_on(properties),
        user_account_control: properties.get("useraccountcontrol").and_then(as_integer),
        managed_by: text(properties, "managedby"),
        cacheable: either_list(properties, ["revealondemandgroup", "msds-revealondemandgroup"]),
        never_cacheable: either_list(properties, ["neverrevealgroup", "msds-neverrevealgroup"]),
        is_trusted_to_authenticate: flag("trustedtoauth"),
        is_admin_sd_holder_protected: flag("adminsdholderprotected"),
        certificate_mappings: texts(properties.get("altsecurityidentities")).into(),
        email: text(properties, "email"),
        synchronises_from: text(properties, "description").and_then(|it| synchronises_from(&it)),
    })
}

/// Names of encryption types, also where the flags of `msDS-SupportedEncryptionTypes` ([MS-KILE] 2.2.7) are told as a
/// number. No flag at all means that nobody has chosen, as when the attribute is not there.
fn encryption_types(properties: &Properties) -> Option<Box<[String]>> {
    const FLAGS: [(i64, &str); 5] = [
        (0x1, "DES-CBC-CRC"),
        (0x2, "DES-CBC-MD5"),
        (0x4, "RC4-HMAC-MD5"),
        (0x8, "AES128-CTS-HMAC-SHA1-96"),
        (0x10, "AES256-CTS-HMAC-SHA1-96"),
    ];
    let told = properties.get("supportedencryptiontypes")?;
    match as_integer(told) {
        Some(flags) => Some(
            FLAGS
                .iter()
                .filter(|(flag, _)| flags & flag != 0)
                .map(|(_, name)| (*name).to_owned())
                .collect(),
        ),
        None => Some(texts(Some(told)).into()),
    }
}

/// Of the two times that a directory keeps, one controller's own and the one that all share, those that are told all
/// say "never".
fn has_never_logged_on(properties: &Properties) -> Option<bool> {
    let mut times = ["lastlogon", "lastlogontimestamp"]
        .iter()
        .filter_map(|key| properties.get(*key))
        .peekable();
    times.peek()?;
    Some(times.all(|time| expiry(time).is_none()))
}

/// The list under the first of two names that there is.
fn either_list(properties: &Properties, names: [&str; 2]) -> Option<Box<[String]>> {
    names.iter().find_map(|name| list(properties, name))
}

fn domain(properties: &Properties) -> Option<Box<DomainAttributes>> {
    told(DomainAttributes {
        functional_level: text(properties, "functionallevel").or_else(|| number_as_text(properties, "functionallevel")),
        netbios: text(properties, "netbios"),
        machine_account_quota: properties.get("machineaccountquota").and_then(as_integer),
        blocks_inheritance: properties.get("blocksinheritance").and_then(as_bool),
        gpo_status: text(properties, "gpostatus").or_else(|| {
            let flags = properties.get("gpostatus").and_then(as_integer)?;
            Some(flags.to_string())
        }),
    })
}

fn host(properties: &Properties) -> Option<Box<HostAttributes>> {
    let flag = |key: &str| properties.get(key).and_then(as_bool);
    let number = |key: &str| properties.get(key).and_then(as_integer);
    told(HostAttributes {
        requires_smb_signing: flag("smbsigning"),
        runs_web_client: flag("webclientrunning"),
        restricts_outbound_ntlm: flag("restrictoutboundntlm"),
        is_outbound_ntlm_default: flag("restrictoutboundntlmisdefault"),
        has_ldap: flag("ldapavailable"),
        has_ldaps: flag("ldapsavailable"),
        requires_ldap_signing: flag("ldapsigning"),
        requires_ldap_channel_binding: flag("ldapsepa"),
        certificate_mapping_methods: number("certificatemappingmethodsraw"),
        strong_certificate_binding: number("strongcertificatebindingenforcementraw"),
    })
}

fn pki(properties: &Properties) -> Option<Box<PkiAttributes>> {
    let flag = |key: &str| properties.get(key).and_then(as_bool);
    let number = |key: &str| properties.get(key).and_then(as_integer);
    // The registry of an authority was read: what is told of it was collected.
    let collected = |key: &str| flag("caregistrycollected").or_else(|| flag(key));
    let names = |name: &str, bit: i64| {
        properties
            .get("certificatenameflag")
            .and_then(|it| has_flag(it, name, bit))
    };
    let upper = |key: &str| {
        texts(properties.get(key))
            .iter()
            .map(|it| it.to_ascii_uppercase())
            .collect()
    };
    told(PkiAttributes {
        schema_version: number("schemaversion"),
        authorized_signatures: number("authorizedsignatures"),
        requires_manager_approval: flag("requiresmanagerapproval"),
        authentication_enabled: flag("authenticationenabled"),
        schannel_enabled: flag("schannelauthenticationenabled"),
        enrollee_supplies_subject: flag("enrolleesuppliessubject"),
        no_security_extension: flag("nosecurityextension"),
        effective_ekus: list(properties, "effectiveekus"),
        application_policies: list(properties, "applicationpolicies"),
        certificate_policies: list(properties, "certificatepolicy"),
        san_requires_upn: flag("subjectaltrequireupn"),
        san_requires_dns: flag("subjectaltrequiredns"),
        san_requires_domain_dns: flag("subjectaltrequiredomaindns"),
        san_requires_spn: flag("subjectaltrequirespn"),
        san_requires_email: flag("subjectaltrequireemail"),
        subject_requires_common_name: names("SUBJECT_REQUIRE_COMMON_NAME", 0x4000_0000),
        subject_requires_dns: names("SUBJECT_REQUIRE_DNS_AS_CN", 0x1000_0000),
        subject_requires_email: flag("subjectrequireemail").or_else(|| names("SUBJECT_REQUIRE_EMAIL", 0x2000_0000)),
        oid: text(properties, "oid"),
        ca_name: text(properties, "caname"),
        does_user_specify_san: flag("isuserspecifiessanenabled"),
        is_user_specifies_san_collected: collected("isuserspecifiessanenabledcollected"),
        has_vulnerable_endpoint: flag("hasvulnerableendpoint"),
        disabled_extensions: list(properties, "disabledextensions"),
        is_disabled_extensions_collected: collected("disabledextensionscollected"),
        requires_rpc_encryption: flag("rpcencryptionenforced"),
        has_enrollment_agent_restrictions: flag("hasenrollmentagentrestrictions"),
        is_enrollment_agent_restrictions_collected: flag("enrollmentagentrestrictionscollected"),
        separates_roles: flag("roleseparationenabled"),
        holders_of_two_roles: texts(properties.get(HOLDERS_OF_TWO_ROLES)).into(),
        is_host_known: flag(IS_HOST_KNOWN),
        thumbprint: text(properties, "certthumbprint").map(|it| it.to_ascii_uppercase()),
        chain: upper("certchain"),
        thumbprints: upper("certthumbprints"),
        template_oid: text(properties, "certtemplateoid"),
    })
}

/// The computer in the description that Entra Connect gives the account that it makes for itself: `... running on
/// computer NAME configured to synchronize to tenant ...`, with or without quotes.
fn synchronises_from(description: &str) -> Option<String> {
    let (_, rest) = description.split_once("running on computer ")?;
    let (computer, rest) = rest.split_once(' ')?;
    let computer = computer.trim_matches(['\'', '"']);
    let is_so = rest.starts_with("configured to synchronize to tenant") && !computer.is_empty();
    is_so.then(|| computer.to_ascii_uppercase())
}

/// A text that is not empty.
fn text(properties: &Properties, key: &str) -> Option<String> {
    let text = properties.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// What looks like a number, and is a name: functional level 2016.
fn number_as_text(properties: &Properties, key: &str) -> Option<String> {
    properties.get(key)?.as_i64().map(|number| number.to_string())
}

/// A list, which may be empty; `None` where there is none.
fn list(properties: &Properties, key: &str) -> Option<Box<[String]>> {
    properties.get(key).map(|value| texts(Some(value)).into())
}

/// Whether a flag is in a set, which collectors write as the names of its flags or as a number.
fn has_flag(set: &Value, name: &str, bit: i64) -> Option<bool> {
    if let Some(number) = as_integer(set) {
        return Some(number & bit != 0);
    }
    let names = set.as_str()?;
    Some(names.split(',').any(|it| it.trim().eq_ignore_ascii_case(name)))
}

/// Collectors write numbers as such and as text.
fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The attributes of an object of a tenant.
fn entra(properties: &Properties) -> Option<Box<EntraAttributes>> {
    let flag = |key: &str| properties.get(key).and_then(as_bool);
    let upper = |key: &str| text(properties, key).map(|it| it.to_ascii_uppercase());
    let is = |key: &str, value: &str| {
        let text = properties.get(key).and_then(Value::as_str)?;
        Some(text.eq_ignore_ascii_case(value))
    };
    let template = properties.get("templateid").and_then(Value::as_str);
    // A list of policies, which may be empty.
    let named = |key: &str| properties.get(key).map(|value| !texts(Some(value)).is_empty());
    // Groups without a rule name no type at all.
    let types = texts(properties.get("grouptypes"));
    let is_group = properties.contains_key("isassignabletorole");
    let is_paused = is("membershipruleprocessingstate", "Paused") == Some(true);
    let rule = text(properties, "membershiprule");
    let has_rule = rule.is_some();
    let membership_rule = rule.filter(|_| !is_paused);
    let is_of_dynamic_type = types.iter().any(|it| it.eq_ignore_ascii_case("DynamicMembership"));
    let roles = properties.get(DIRECTORY_ROLES).map(|roles| texts(Some(roles)));
    let approvers = ["enduserassignmentuserapprovers", "enduserassignmentgroupapprovers"];
    let approvers = approvers.iter().any(|key| properties.contains_key(*key)).then(|| {
        let ids = approvers.iter().flat_map(|key| texts(properties.get(*key)));
        ids.map(|id| id.to_ascii_uppercase()).collect()
    });
    let read = EntraAttributes {
        template: template.map(str::to_ascii_lowercase),
        activation: Activation {
            requires_approval: flag("enduserassignmentrequiresapproval"),
            requires_mfa: flag("enduserassignmentrequiresmfa"),
            requires_context: flag("enduserassignmentrequirescapauthenticationcontext"),
            requires_justification: flag("enduserassignmentrequiresjustification"),
            requires_ticket: flag("enduserassignmentrequiresticketinformation"),
        },
        approvers,
        roles,
        is_in_role_group: flag(IN_ROLE_GROUP),
        is_guest: is("usertype", "Guest"),
        requires_mfa: named(sign_in::MFA),
        requires_managed_device: named(sign_in::MANAGED_DEVICE),
        binds_tokens: named(sign_in::BOUND_TOKENS),
        blocks_device_code: named(sign_in::NO_DEVICE_CODE),
        is_mfa_registered: flag("ismfaregistered"),
        is_in_restricted_unit: flag(IN_RESTRICTED_UNIT),
        is_restricted: flag("ismembermanagementrestricted"),
        is_synchronised: flag("onpremsyncenabled"),
        on_premises_sid: upper("onpremid"),
        user_principal_name: None,
        is_assignable_to_role: flag("isassignabletorole"),
        is_dynamic: (is_group || has_rule).then_some(is_of_dynamic_type || has_rule),
        membership_rule,
        is_joined: is("trusttype", "AzureAd"),
        is_managed: flag("ismanaged"),
        is_managed_identity: is("serviceprincipaltype", "ManagedIdentity"),
        is_graph: is("appid", MICROSOFT_GRAPH),
        is_protected_by_roles: flag("enablerbacauthorization"),
        takes_shared_keys: flag("allowsharedkeyaccess"),
        has_no_local_accounts: flag("disablelocalaccounts"),
    };
    // Accounts of Active Directory have such a name too.
    let is_of_tenant = properties.contains_key("tenantid") || read != EntraAttributes::default();
    is_of_tenant.then(|| {
        let user_principal_name = text(properties, "userprincipalname");
        Box::new(EntraAttributes {
            user_principal_name,
            ..read
        })
    })
}

/// A text, or the texts of an array.
pub fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Collectors write booleans as such, as numbers and as text.
pub fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// When an account expires: seconds since 1970, ticks of 100 ns since 1601 as the directory itself keeps
/// them, or RFC 3339 text. Zero, negative and the directory's largest number all mean "never".
fn expiry(value: &Value) -> Option<Timestamp> {
    const TICKS_PER_SECOND: i64 = 10_000_000;
    const SECONDS_1601_TO_1970: i64 = 11_644_473_600;
    /// Seconds beyond the year 5138 can only be ticks.
    const SECONDS_MAX: i64 = 100_000_000_000;
    let number = match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|number| number as i64))?,
        Value::String(text) => match text.parse() {
            Ok(number) => number,
            Err(_) => return text.parse().ok(),
        },
        _ => return None,
    };
    match number {
        ..=0 | i64::MAX => None,
        1..=SECONDS_MAX => Timestamp::from_second(number).ok(),
        _ => Timestamp::from_second(number / TICKS_PER_SECOND - SECONDS_1601_TO_1970).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_expiry_reads_the_same_in_seconds_ticks_and_text() {
        let expected = "2024-01-01T00:00:00Z".parse::<Timestamp>().ok();
        assert_eq!(expiry(&json!(1_704_067_200)), expected);
        assert_eq!(expiry(&json!("133485408000000000")), expected);
        assert_eq!(expiry(&json!("2024-01-01T00:00:00Z")), expected);
    }

    #[test]
    fn an_account_that_never_expires_has_no_expiry() {
        for never in [json!(0), json!(-1), json!(9_223_372_036_854_775_807_i64), json!("0")] {
            assert_eq!(expiry(&never), None, "{never}");
        }
    }

    #[test]
    fn the_names_that_a_template_asks_for_are_read_from_words_and_from_bits() {
        let template = |flags: &str| {
            let read = attributes(&parse(&format!(r#"{{"certificatenameflag":{flags}}}"#)));
            read.pki
                .map(|it| (it.subject_requires_common_name, it.subject_requires_dns))
        };
        let common_name = Some((Some(true), Some(false)));
        assert_eq!(
            template(r#""SUBJECT_ALT_REQUIRE_UPN, SUBJECT_REQUIRE_COMMON_NAME""#),
            common_name
        );
        assert_eq!(template("1073741824"), common_name);
        // As the signed number that the directory keeps.
        assert_eq!(template(r#""-1879048192""#), Some((Some(false), Some(true))));
        assert_eq!(template(r#""""#), Some((Some(false), Some(false))));
        assert_eq!(template("null"), None);
    }

    #[test]
    fn what_an_authority_s_registry_says_was_collected_whatever_the_directory_says_later() {
        let read = |marker: &str| {
            let text = format!(r#"{{"isuserspecifiessanenabledcollected":false{marker}}}"#);
            attributes(&parse(&text))
                .pki
                .and_then(|it| it.is_user_specifies_san_collected)
        };
        assert_eq!(read(""), Some(false));
        assert_eq!(read(r#","caregistrycollected":true"#), Some(true));
    }

    #[test]
    fn encryption_types_read_the_same_as_names_and_as_flags() {
        let types = |json: &str| attributes(&parse(json)).account.and_then(|it| it.encryption_types);
        let aes = types(r#"{"supportedencryptiontypes":24}"#).expect("flags");
        assert!(
            aes.iter().all(|name| name.starts_with("AES")) && aes.len() == 2,
            "{aes:?}"
        );
        assert_eq!(
            types(r#"{"supportedencryptiontypes":"4"}"#).expect("flags")[0],
            "RC4-HMAC-MD5"
        );
        assert_eq!(types(r#"{"supportedencryptiontypes":0}"#).as_deref(), Some(&[][..]));
        assert_eq!(
            types(r#"{"supportedencryptiontypes":["RC4-HMAC-MD5"]}"#).as_deref(),
            Some(&["RC4-HMAC-MD5".to_owned()][..])
        );
    }

    #[test]
    fn an_account_has_never_logged_on_when_every_time_that_is_told_says_so() {
        let never = |json: &str| attributes(&parse(json)).account.and_then(|it| it.has_never_logged_on);
        assert_eq!(never(r#"{"lastlogon":0,"lastlogontimestamp":-1}"#), Some(true));
        assert_eq!(never(r#"{"lastlogon":0,"lastlogontimestamp":1700000000}"#), Some(false));
        assert_eq!(never(r#"{"lastlogon":0}"#), Some(true));
        assert_eq!(never(r#"{"email":"x"}"#), None);
    }

    #[test]
    fn laps_of_either_kind_is_told_by_a_flag_or_by_when_the_password_expires() {
        let has_laps = |json: &str| attributes(&parse(json)).has_laps;
        assert_eq!(has_laps(r#"{"haslaps":true}"#), Some(true));
        assert_eq!(
            has_laps(r#"{"msLAPS-PasswordExpirationTime":133485408000000000}"#),
            Some(true)
        );
        assert_eq!(
            has_laps(r#"{"ms-Mcs-AdmPwdExpirationTime":"133485408000000000"}"#),
            Some(true)
        );
        assert_eq!(
            has_laps(r#"{"haslaps":false,"mslaps-passwordexpirationtime":1}"#),
            Some(false)
        );
        assert_eq!(has_laps(r#"{"mslaps-passwordexpirationtime":0}"#), None);
        assert_eq!(has_laps("{}"), None);
    }

    #[test]
    fn booleans_may_come_as_text_or_number() {
        let read = attributes(&parse(r#"{"Enabled":"False","hasspn":1,"haslaps":null}"#));
        assert_eq!(
            (read.enabled, read.has_spn, read.has_laps),
            (Some(false), Some(true), None)
        );
    }
}
