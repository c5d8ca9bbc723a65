//! Names of well-known principals, and what an id tells about its domain.
//!
//! Source: Microsoft, "Well-known SIDs" and "Security identifiers" (RIDs below 1000 are the same in
//! every domain).

use postern_model::NodeKind;

/// The domain part of a principal's SID: `S-1-5-21-a-b-c` of `S-1-5-21-a-b-c-500`, and of the local
/// groups that carry a computer's SID in front. `None` for anything else.
pub fn domain_sid(id: &str) -> Option<&str> {
    const PREFIX: &str = "S-1-5-21-";
    let rest = id.strip_prefix(PREFIX)?;
    let mut dashes = rest.match_indices('-').map(|(at, _)| at);
    let end = match (dashes.next(), dashes.next(), dashes.next()) {
        (Some(_), Some(_), Some(end)) => PREFIX.len() + end,
        (Some(_), Some(_), None) => id.len(),
        _ => return None,
    };
    let sid = &id[..end];
    sid[PREFIX.len()..]
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
        .then_some(sid)
}

/// The principal of a domain that an id belongs to: itself, or the computer whose local group or account it is, or
/// that of whatever else some tool names by its SID, as `<computer SID>:1433`.
pub fn principal_of(id: &str) -> Option<&str> {
    let domain = domain_sid(id)?;
    let rest = id[domain.len()..].strip_prefix('-')?;
    let rid = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
    (rid > 0).then(|| &id[..domain.len() + 1 + rid])
}

/// `("PHANTOM.CORP", "S-1-5-32-544")` of `PHANTOM.CORP-S-1-5-32-544`: principals that every domain has
/// under the same SID carry the domain's name in front.
pub fn split_domain_prefix(id: &str) -> Option<(&str, &str)> {
    let at = id.find("-S-1-")?;
    (at > 0).then(|| (&id[..at], &id[at + 1..]))
}

/// Groups that hold nearly everybody. They are entry points, never choke points, and they do not make
/// their members privileged.
pub fn is_broad_group(id: &str) -> bool {
    let id = split_domain_prefix(id).map_or(id, |(_, sid)| sid);
    match id {
        "S-1-1-0" | "S-1-5-7" | "S-1-5-11" | "S-1-5-4" | "S-1-5-2" | "S-1-5-32-545" | "S-1-5-32-546"
        | "S-1-5-32-554" => true,
        _ => domain_sid(id).is_some_and(|domain| matches!(&id[domain.len()..], "-513" | "-514" | "-515")),
    }
}

/// Name and kind of a principal whose SID means the same everywhere.
pub fn well_known(id: &str) -> Option<(&'static str, NodeKind)> {
    use NodeKind::{Group, User};
    let sid = split_domain_prefix(id).map_or(id, |(_, sid)| sid);
    if let Some(domain) = domain_sid(sid) {
        return Some(match &sid[domain.len()..] {
            "-498" => ("ENTERPRISE READ-ONLY DOMAIN CONTROLLERS", Group),
            "-500" => ("ADMINISTRATOR", User),
            "-501" => ("GUEST", User),
            "-502" => ("KRBTGT", User),
            "-512" => ("DOMAIN ADMINS", Group),
            "-513" => ("DOMAIN USERS", Group),
            "-514" => ("DOMAIN GUESTS", Group),
            "-515" => ("DOMAIN COMPUTERS", Group),
            "-516" => ("DOMAIN CONTROLLERS", Group),
            "-517" => ("CERT PUBLISHERS", Group),
            "-518" => ("SCHEMA ADMINS", Group),
            "-519" => ("ENTERPRISE ADMINS", Group),
            "-520" => ("GROUP POLICY CREATOR OWNERS", Group),
            "-521" => ("READ-ONLY DOMAIN CONTROLLERS", Group),
            "-522" => ("CLONEABLE DOMAIN CONTROLLERS", Group),
            "-525" => ("PROTECTED USERS", Group),
            "-526" => ("KEY ADMINS", Group),
            "-527" => ("ENTERPRISE KEY ADMINS", Group),
            "-553" => ("RAS AND IAS SERVERS", Group),
            "-571" => ("ALLOWED RODC PASSWORD REPLICATION GROUP", Group),
            "-572" => ("DENIED RODC PASSWORD REPLICATION GROUP", Group),
            _ => return None,
        });
    }
    Some(match sid {
        "S-1-1-0" => ("EVERYONE", Group),
        "S-1-3-4" => ("OWNER RIGHTS", Group),
        "S-1-5-2" => ("NETWORK", Group),
        "S-1-5-4" => ("INTERACTIVE", Group),
        "S-1-5-7" => ("ANONYMOUS LOGON", Group),
        "S-1-5-9" => ("ENTERPRISE DOMAIN CONTROLLERS", Group),
        "S-1-5-10" => ("SELF", User),
        "S-1-5-11" => ("AUTHENTICATED USERS", Group),
        "S-1-5-15" => ("THIS ORGANIZATION", Group),
        "S-1-5-65-1" => ("THIS ORGANIZATION CERTIFICATE", Group),
        "S-1-18-1" => ("AUTHENTICATION AUTHORITY ASSERTED IDENTITY", Group),
        "S-1-18-4" => ("KEY TRUST", Group),
        "S-1-18-5" => ("MFA KEY PROPERTY", Group),
        "S-1-64-10" => ("NTLM AUTHENTICATION", Group),
        "S-1-64-14" => ("SCHANNEL AUTHENTICATION", Group),
        "S-1-5-18" => ("LOCAL SYSTEM", User),
        "S-1-5-19" => ("LOCAL SERVICE", User),
        "S-1-5-20" => ("NETWORK SERVICE", User),
        "S-1-5-32-544" => ("ADMINISTRATORS", Group),
        "S-1-5-32-545" => ("USERS", Group),
        "S-1-5-32-546" => ("GUESTS", Group),
        "S-1-5-32-548" => ("ACCOUNT OPERATORS", Group),
        "S-1-5-32-549" => ("SERVER OPERATORS", Group),
        "S-1-5-32-550" => ("PRINT OPERATORS", Group),
        "S-1-5-32-551" => ("BACKUP OPERATORS", Group),
        "S-1-5-32-552" => ("REPLICATOR", Group),
        "S-1-5-32-554" => ("PRE-WINDOWS 2000 COMPATIBLE ACCESS", Group),
        "S-1-5-32-555" => ("REMOTE DESKTOP USERS", Group),
        "S-1-5-32-556" => ("NETWORK CONFIGURATION OPERATORS", Group),
        "S-1-5-32-557" => ("INCOMING FOREST TRUST BUILDERS", Group),
        "S-1-5-32-558" => ("PERFORMANCE MONITOR USERS", Group),
        "S-1-5-32-559" => ("PERFORMANCE LOG USERS", Group),
        "S-1-5-32-560" => ("WINDOWS AUTHORIZATION ACCESS GROUP", Group),
        "S-1-5-32-561" => ("TERMINAL SERVER LICENSE SERVERS", Group),
        "S-1-5-32-562" => ("DISTRIBUTED COM USERS", Group),
        "S-1-5-32-568" => ("IIS_IUSRS", Group),
        "S-1-5-32-569" => ("CRYPTOGRAPHIC OPERATORS", Group),
        "S-1-5-32-573" => ("EVENT LOG READERS", Group),
        "S-1-5-32-574" => ("CERTIFICATE SERVICE DCOM ACCESS", Group),
        "S-1-5-32-575" => ("RDS REMOTE ACCESS SERVERS", Group),
        "S-1-5-32-576" => ("RDS ENDPOINT SERVERS", Group),
        "S-1-5-32-577" => ("RDS MANAGEMENT SERVERS", Group),
        "S-1-5-32-578" => ("HYPER-V ADMINISTRATORS", Group),
        "S-1-5-32-579" => ("ACCESS CONTROL ASSISTANCE OPERATORS", Group),
        "S-1-5-32-580" => ("REMOTE MANAGEMENT USERS", Group),
        "S-1-5-32-582" => ("STORAGE REPLICA ADMINISTRATORS", Group),
        _ => return None,
    })
}

/// Name of a built-in local group by its RID, for `<computer SID>-<RID>`.
pub fn local_group_name(rid: &str) -> Option<&'static str> {
    well_known(&format!("S-1-5-32-{rid}")).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_part_of_a_sid_is_its_first_seven_fields() {
        assert_eq!(domain_sid("S-1-5-21-1-2-3-500"), Some("S-1-5-21-1-2-3"));
        assert_eq!(domain_sid("S-1-5-21-1-2-3-1104-544"), Some("S-1-5-21-1-2-3"));
        assert_eq!(domain_sid("S-1-5-21-1-2-3"), Some("S-1-5-21-1-2-3"));
        assert_eq!(domain_sid("S-1-5-32-544"), None);
        assert_eq!(domain_sid("S-1-5-21-1-2"), None);
    }

    #[test]
    fn a_local_group_belongs_to_its_computer() {
        assert_eq!(principal_of("S-1-5-21-1-2-3-1104-544"), Some("S-1-5-21-1-2-3-1104"));
        assert_eq!(principal_of("S-1-5-21-1-2-3-1104"), Some("S-1-5-21-1-2-3-1104"));
        assert_eq!(principal_of("S-1-5-21-1-2-3-1104:1433"), Some("S-1-5-21-1-2-3-1104"));
        assert_eq!(principal_of("S-1-5-21-1-2-3"), None);
    }

    #[test]
    fn everybody_is_a_broad_group_and_domain_admins_are_not() {
        for id in [
            "S-1-5-21-1-2-3-513",
            "CORP.LOCAL-S-1-5-11",
            "CORP.LOCAL-S-1-1-0",
            "CORP.LOCAL-S-1-5-32-545",
        ] {
            assert!(is_broad_group(id), "{id}");
        }
        assert!(!is_broad_group("S-1-5-21-1-2-3-512"));
        assert!(!is_broad_group("S-1-5-21-1-2-3-1513"));
    }

    #[test]
    fn a_well_known_principal_has_its_name_in_any_domain() {
        assert_eq!(
            well_known("S-1-5-21-9-9-9-512"),
            Some(("DOMAIN ADMINS", NodeKind::Group))
        );
        assert_eq!(
            well_known("CORP.LOCAL-S-1-5-9").map(|it| it.0),
            Some("ENTERPRISE DOMAIN CONTROLLERS")
        );
        assert_eq!(well_known("S-1-5-21-9-9-9-4711"), None);
    }
}
