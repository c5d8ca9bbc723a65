//! The demo organisation: a water company of some 400 accounts, with ways in and with things that only
//! look like ways in.
//!
//! Start at [`write`]. Two domains of one forest and a partner's domain come as SharpHound archives; an
//! older session collection, a Nessus report on part of the servers and a network map come beside them.
//! [`truths`] lists what was planted: from which identity there is a path to the forest, and from which
//! there is none although it looks so. Names and daily sessions depend on the seed; what is planted and
//! its identifiers do not.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use postern_model::kind::RelationKind;

use crate::nessus::{
    BLUE_KEEP, ETERNAL_BLUE, Host, Item, LOG4SHELL, MEDIUM_CIPHERS, Plugin, Report, SMB_SIGNING, SYN_SCANNER,
};
use crate::network::{INTERNET, NetworkMap, Route, Segment};
use crate::output::{Output, stamp};
use crate::records::*;
use crate::site::{DMZ, INTEGRATION, OFFICE, OLD_SERVER_OS, SERVER_OS, SERVERS, Site, TREATMENT};
use crate::standard::rid;
use crate::{SampleError, Written};

/// When the organisation was looked at, unless [`write_at`] says otherwise.
pub const COLLECTED_AT: Timestamp = Timestamp::constant(1_793_599_200, 0); // 2026-11-02T06:00:00Z

/// The SID of the forest's first domain; its control plane is `plane:forest:<SID>`.
pub const FOREST_SID: &str = "S-1-5-21-2310417885-1164528310-3946071254";
const WORKS_SID: &str = "S-1-5-21-1846630579-3302915467-2057714398";
const PARTNER_SID: &str = "S-1-5-21-3581207694-2409871653-1275509846";

/// The stale session collection is this much older than the rest; the window is 14 days.
const STALE_AGE: SignedDuration = SignedDuration::from_hours(35 * 24);

/// One planted fact: whether an attack path leads from `entry` to `target`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    pub why: &'static str,
    /// SID of an account: `paths --from`.
    pub entry: String,
    /// `plane:forest:<SID>`: `paths --to`.
    pub target: String,
    pub has_path: bool,
}

/// Writes the organisation's files into the folder `out`, dated [`COLLECTED_AT`].
///
/// # Errors
/// What the disk says.
pub fn write(out: &Path, seed: u64) -> Result<Written, SampleError> {
    write_at(out, seed, COLLECTED_AT)
}

/// As [`write`], looked at at another time: a demonstration should not begin with stale data.
///
/// # Errors
/// What the disk says.
pub fn write_at(out: &Path, seed: u64, collected_at: Timestamp) -> Result<Written, SampleError> {
    let organisation = Organisation::new(seed, collected_at);
    let mut written = Written::default();
    for site in [&organisation.head_office, &organisation.works, &organisation.partner] {
        let domain = site.directory.realm.fqdn.to_lowercase();
        let mut archive = Output::archive(&out.join(format!("{}_{domain}_bloodhound.zip", stamp(collected_at))))?;
        site.directory.write(&mut archive, collected_at)?;
        written.add(archive.finish()?);
    }

    let stale_at = collected_at - STALE_AGE;
    let mut archive = Output::archive(&out.join(format!("{}_sessionloop_bloodhound.zip", stamp(stale_at))))?;
    archive.document(&format!("{}_sessions.json", stamp(stale_at)), stale_at, |out| {
        write_collection(out, "sessions", methods::SESSION, &organisation.stale_sessions)
    })?;
    written.add(archive.finish()?);

    let mut folder = Output::folder(out)?;
    let report = &organisation.report;
    folder.document(
        &format!("{}_servers.nessus", stamp(collected_at)),
        collected_at,
        |out| {
            out.write_all(report.to_xml().as_bytes())?;
            Ok(report.hosts.len() as u64)
        },
    )?;
    let map = &organisation.map;
    folder.document(&format!("{}_network.json", stamp(collected_at)), collected_at, |out| {
        serde_json::to_writer_pretty(&mut *out, &map.to_json())?;
        out.write_all(b"\n")?;
        Ok(map.segments.len() as u64)
    })?;
    written.add(folder.finish()?);
    Ok(written)
}

/// What is planted. Holds for every seed, under a clock within two weeks of the collection.
pub fn truths() -> Vec<Truth> {
    Organisation::new(0, COLLECTED_AT).truths
}

struct Organisation {
    head_office: Site,
    works: Site,
    partner: Site,
    stale_sessions: Vec<LoopSession>,
    report: Report,
    map: NetworkMap,
    truths: Vec<Truth>,
}

impl Organisation {
    fn new(seed: u64, collected_at: Timestamp) -> Self {
        let mut works = Site::new("WORKS.ALDERMOOR.EXAMPLE", WORKS_SID, FOREST_SID, seed, collected_at);
        let mut partner = Site::new("FENWICK.EXAMPLE", PARTNER_SID, PARTNER_SID, seed, collected_at);
        let mut head_office = Site::new("ALDERMOOR.EXAMPLE", FOREST_SID, FOREST_SID, seed, collected_at);
        head_office.trust(&works.directory.realm, "ParentChild", "Bidirectional");
        works.trust(&head_office.directory.realm, "ParentChild", "Bidirectional");
        head_office.trust(&partner.directory.realm, "External", "Outbound");
        partner.trust(&head_office.directory.realm, "External", "Inbound");

        let mut truths = Vec::new();
        let planted = plant_head_office(&mut head_office, &mut truths);
        plant_works(&mut works, &planted.domain_admin, &mut truths);
        fill_partner(&mut partner);
        Self {
            report: scan(&head_office, collected_at),
            map: network(&head_office),
            stale_sessions: vec![planted.stale_session],
            head_office,
            works,
            partner,
            truths,
        }
    }
}

struct Planted {
    domain_admin: Principal,
    stale_session: LoopSession,
}

/// The forest's first domain: the ways in that the demonstration shows, and the look-alikes beside them.
fn plant_head_office(site: &mut Site, truths: &mut Vec<Truth>) -> Planted {
    site.ous(&[
        "Staff",
        "Servers",
        "Workstations",
        "Admins",
        "Service Accounts",
        "Contractors",
        "Domain Controllers",
    ]);
    site.staff(286, DEPARTMENTS);
    site.controllers(2);

    // Who administers what.
    let domain_admin = site.user("adm.ferris", "Admins");
    let second_domain_admin = site.user("adm.okafor", "Admins");
    let backup = site.user("svc_backup", "Service Accounts");
    for admin in [&domain_admin, &second_domain_admin, &backup] {
        site.join_domain_admins(admin);
    }
    let server_admin = site.user("adm.pike", "Admins");
    let second_server_admin = site.user("adm.ruiz", "Admins");
    let server_admins = site.group("Server Admins", "Admins", &[&server_admin, &second_server_admin]);
    let desktop_admin = site.user("adm.lind", "Admins");
    let workstation_admins = site.group("Workstation Admins", "Admins", &[&desktop_admin]);
    for name in [
        "FILES01", "FILES02", "SQL01", "SQL02", "PRINT01", "JUMP02", "APP01", "APP02", "APP03", "WEB01",
    ] {
        site.server(name, SERVERS, SERVER_OS, &[&server_admins]);
    }
    site.server("PORTAL01", DMZ, SERVER_OS, &[&server_admins]);
    site.server("LEGACY01", INTEGRATION, OLD_SERVER_OS, &[&server_admins]);
    site.server("HIST01", TREATMENT, OLD_SERVER_OS, &[&server_admins]);
    for number in 1..=58 {
        site.workstation(&format!("AW-WS{number:03}"), &[&workstation_admins]);
    }
    let mut truth = |why, entry: &Principal, has_path| truths.push(truth_of(why, entry, has_path));

    // Way in 1: the help desk controls the group of server administrators, and a server holds the backup
    // account, which somebody made a domain admin.
    site.log_on(&backup, "FILES01");
    let agent = site.person("Tamsin Ivory", "Customer Care");
    let colleague = site.person("Rory Beck", "Customer Care");
    let help_desk = site.group("Help Desk", "Staff", &[&agent, &colleague]);
    site.grant(&server_admins, &help_desk, RelationKind::GenericAll);
    truth("the help desk controls the server administrators", &agent, true);

    // Way in 2: print operators administer a server with unconstrained delegation.
    let printer = site.person("Ines Valdés", "Operations");
    let print_team = site.group("Print Team", "Staff", &[&printer]);
    site.add_administrator("PRINT01", &print_team);
    site.computer_mut("PRINT01").properties.unconstraineddelegation = true;
    truth(
        "an administered server with unconstrained delegation collects tickets",
        &printer,
        true,
    );

    // Way in 3: a service account with a service name, and a password from 2019, administers its server,
    // where a server administrator is logged on.
    let service = site.user("svc_sql", "Service Accounts");
    let password_set = site.directory.realm.days_ago(7 * 365);
    let account = site.user_mut(&service);
    account.properties.hasspn = true;
    account.properties.serviceprincipalnames = vec!["MSSQLSvc/SQL01.ALDERMOOR.EXAMPLE:1433".to_owned()];
    account.properties.pwdlastset = password_set;
    account.properties.pwdneverexpires = true;
    site.add_administrator("SQL01", &service);
    site.log_on(&server_admin, "SQL01");
    truth("a roastable service account administers its server", &service, true);

    // Way in 4: a portal on the Internet runs a known-exploited component; behind it an old server with an
    // open weakness holds a server administrator's session.
    site.log_on(&second_server_admin, "LEGACY01");
    let portal = site.principal_of("PORTAL01");
    truth(
        "the portal on the Internet reaches an old server that can be exploited",
        &portal,
        true,
    );

    // Look-alike 1: a disabled account with the help desk's right.
    let former = site.user("old.helpdesk", "Contractors");
    site.user_mut(&former).properties.enabled = false;
    site.grant(&server_admins, &former, RelationKind::GenericAll);
    let leavers_clerk = site.person("Mara Quill", "People");
    site.grant_on_user(&former, &leavers_clerk, RelationKind::ForceChangePassword);
    truth(
        "the account with the help desk's right is disabled",
        &leavers_clerk,
        false,
    );

    // Look-alike 2: an expired account that may add server administrators.
    let contractor = site.user("ext.dane", "Contractors");
    let expired = site.directory.realm.days_ago(60);
    site.user_mut(&contractor).properties.accountexpires = Some(expired);
    site.grant(&server_admins, &contractor, RelationKind::AddMember);
    let contract_manager = site.person("Leif Sørby", "Finance");
    site.grant_on_user(&contractor, &contract_manager, RelationKind::ForceChangePassword);
    truth("the contractor's account has expired", &contract_manager, false);

    // Look-alike 3: remote desktop, without administration, on a host where a domain admin is logged on.
    site.log_on(&domain_admin, "JUMP02");
    let remote_worker = site.person("Noor Haddad", "Operations");
    let remote_staff = site.group("Remote Staff", "Staff", &[&remote_worker]);
    site.add_remote_desktop_user("JUMP02", &remote_staff);
    truth(
        "remote desktop users cannot take another user's credentials",
        &remote_worker,
        false,
    );

    // Look-alike 4: a session that was seen five weeks ago.
    site.workstation("AW-LOBBY01", &[&workstation_admins]);
    let caretaker = site.person("Joss Penrose", "Facilities");
    let caretakers = site.group("Facilities Desk", "Staff", &[&caretaker]);
    site.add_administrator("AW-LOBBY01", &caretakers);
    let stale_session = LoopSession {
        user_sid: second_domain_admin.object_identifier.clone(),
        computer_sid: site.principal_of("AW-LOBBY01").object_identifier,
        logon_type: 2,
    };
    truth(
        "the domain admin's session on the lobby computer is five weeks old",
        &caretaker,
        false,
    );

    // Look-alike 5: a weak service behind a firewall that does not let its port through.
    site.log_on(&second_domain_admin, "HIST01");
    site.workstation("AW-KIOSK01", &[&workstation_admins]);
    let operator = site.person("Della Marsh", "Treatment");
    site.add_administrator("AW-KIOSK01", &operator);
    truth(
        "the firewall does not let remote desktop through to the historian",
        &operator,
        false,
    );

    // Look-alike 6: a step inside the control plane.
    site.log_on(&domain_admin, "DC01");
    truth(
        "a domain admin is inside the control plane already",
        &domain_admin,
        false,
    );

    // Last, so that it reaches everyone in the unit.
    site.delegate("Staff", &help_desk, RelationKind::ForceChangePassword);
    site.daily_sessions();
    Planted {
        domain_admin: second_domain_admin,
        stale_session,
    }
}

/// The child domain: everyone administers one workstation, and the forest's admin is logged on there.
fn plant_works(site: &mut Site, domain_admin: &Principal, truths: &mut Vec<Truth>) {
    site.ous(&["Staff", "Servers", "Workstations", "Admins", "Domain Controllers"]);
    site.staff(88, &["Treatment", "Field Crews"]);
    site.controllers(1);
    let admin = site.user("adm.works", "Admins");
    site.join_domain_admins(&admin);
    for name in ["WK-FILES01", "WK-APP01", "WK-APP02"] {
        site.server(name, SERVERS, SERVER_OS, &[]);
    }
    for number in 1..=22 {
        site.workstation(&format!("WK-WS{number:02}"), &[]);
    }
    let everyone = site.directory.realm.group(rid::DOMAIN_USERS);
    site.add_administrator("WK-WS07", &everyone);
    site.log_on(domain_admin, "WK-WS07");
    let fitter = site.person("Cato Lindqvist", "Field Crews");
    truths.push(truth_of(
        "every user of the domain administers a workstation where a domain admin is logged on",
        &fitter,
        true,
    ));
    site.daily_sessions();
}

/// The partner's domain, over an external trust: plain, and of no use to an attacker.
fn fill_partner(site: &mut Site) {
    site.ous(&["Staff", "Servers", "Workstations", "Domain Controllers"]);
    site.staff(24, &["Surveyors"]);
    site.controllers(1);
    site.server("FW-FILES01", SERVERS, SERVER_OS, &[]);
    for number in 1..=8 {
        site.workstation(&format!("FW-WS{number:02}"), &[]);
    }
    site.daily_sessions();
}

fn truth_of(why: &'static str, entry: &Principal, has_path: bool) -> Truth {
    Truth {
        why,
        entry: entry.object_identifier.clone(),
        target: format!("plane:forest:{FOREST_SID}"),
        has_path,
    }
}

/// The segments of the head office and what its firewall lets through. The old servers stand apart.
fn network(site: &Site) -> NetworkMap {
    let segment = |id, name, cidr| Segment { id, name, cidr };
    let route = |from, to, ports: &[&'static str]| Route {
        from,
        to,
        ports: ports.to_vec(),
    };
    NetworkMap {
        segments: vec![
            segment(OFFICE, "Office", "10.10.0.0/16"),
            segment(SERVERS, "Servers", "10.20.0.0/16"),
            segment(DMZ, "DMZ", "10.30.0.0/24"),
            segment(INTEGRATION, "Integration", "10.40.0.0/24"),
            segment(TREATMENT, "Treatment plant", "10.50.0.0/24"),
        ],
        routes: vec![
            route(INTERNET, DMZ, &["tcp/443", "tcp/8443"]),
            route(DMZ, INTEGRATION, &["tcp/445"]),
            route(OFFICE, SERVERS, &["tcp/443", "tcp/445", "tcp/3389"]),
            route(OFFICE, DMZ, &["tcp/443"]),
            route(OFFICE, TREATMENT, &["tcp/443"]),
        ],
        located: site
            .hosts
            .iter()
            .map(|host| {
                (
                    site.directory.computers[host.computer].common.object_identifier.clone(),
                    host.segment,
                )
            })
            .collect(),
    }
}

/// A scan of the servers, without credentials.
fn scan(site: &Site, collected_at: Timestamp) -> Report {
    let item = |plugin: &'static Plugin, port, service| Item { plugin, port, service };
    let hosts = site.hosts.iter().filter(|host| host.segment != OFFICE).map(|host| {
        let properties = &site.directory.computers[host.computer].properties;
        let fqdn = properties.common.name.to_lowercase();
        let mut items = vec![
            item(&SYN_SCANNER, 443, "www"),
            item(&SYN_SCANNER, 445, "cifs"),
            item(&SYN_SCANNER, 3389, "msrdp"),
            item(&SMB_SIGNING, 445, "cifs"),
        ];
        match fqdn.split('.').next() {
            Some("portal01") => {
                items.push(item(&SYN_SCANNER, 8443, "www"));
                items.push(item(&LOG4SHELL, 8443, "www"));
            }
            Some("legacy01") => items.push(item(&ETERNAL_BLUE, 445, "cifs")),
            Some("hist01") => items.push(item(&BLUE_KEEP, 3389, "msrdp")),
            Some("web01" | "app01" | "app02") => items.push(item(&MEDIUM_CIPHERS, 443, "www")),
            _ => {}
        }
        Host {
            ip: host.ip.clone(),
            fqdn,
            operating_system: if properties.operatingsystem.as_deref() == Some(OLD_SERVER_OS) {
                "Microsoft Windows Server 2008 R2 Standard"
            } else {
                "Microsoft Windows Server 2022 Standard"
            },
            items,
        }
    });
    Report {
        name: "Aldermoor servers",
        scanned_at: collected_at,
        families: Vec::new(),
        hosts: hosts.collect(),
    }
}

const DEPARTMENTS: &[&str] = &[
    "Finance",
    "Operations",
    "Customer Care",
    "People",
    "Facilities",
    "Treatment",
    "Legal",
    "Laboratory",
];
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_and_its_identifiers_do_not_depend_on_the_seed() {
        let planted = |seed| Organisation::new(seed, COLLECTED_AT).truths;
        assert_eq!(planted(0), planted(77));
        assert_eq!(planted(0).iter().filter(|it| it.has_path).count(), 5);
        assert_eq!(planted(0).iter().filter(|it| !it.has_path).count(), 6);
    }

    #[test]
    fn the_organisation_has_the_size_it_claims_and_no_two_objects_share_an_id() {
        let organisation = Organisation::new(1, COLLECTED_AT);
        let sites = [&organisation.head_office, &organisation.works, &organisation.partner];
        let mut ids = std::collections::HashSet::new();
        let (mut users, mut computers) = (0, 0);
        for site in sites {
            let directory = &site.directory;
            users += directory.users.len();
            computers += directory.computers.len();
            let objects = directory.users.iter().map(|it| &it.common).chain(
                directory
                    .computers
                    .iter()
                    .map(|it| &it.common)
                    .chain(directory.groups.iter().map(|it| &it.common))
                    .chain(directory.ous.iter().map(|it| &it.common))
                    .chain(directory.containers.iter().map(|it| &it.common)),
            );
            for common in objects {
                assert!(
                    ids.insert(common.object_identifier.clone()),
                    "{}",
                    common.object_identifier
                );
            }
        }
        assert!((380..=440).contains(&users), "{users}");
        assert!((105..=135).contains(&computers), "{computers}");
        for truth in &organisation.truths {
            assert!(ids.contains(&truth.entry), "{}", truth.why);
        }
    }

    #[test]
    fn equal_seeds_give_equal_files() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let (first, second) = (write(&a, 5).unwrap(), write(&b, 5).unwrap());
        assert_eq!(first.files.len(), 6);
        for (here, there) in first.files.iter().zip(&second.files) {
            assert_eq!(here.file_name(), there.file_name());
            assert_eq!(std::fs::read(here).unwrap(), std::fs::read(there).unwrap());
        }
    }

    #[test]
    fn a_scanned_host_stands_in_the_segment_of_its_address() {
        let organisation = Organisation::new(0, COLLECTED_AT);
        for host in organisation.head_office.hosts.iter() {
            let segment = organisation
                .map
                .segments
                .iter()
                .find(|it| it.id == host.segment)
                .unwrap();
            let range: postern_model::network::Cidr = segment.cidr.parse().unwrap();
            assert!(
                range.contains(host.ip.parse().unwrap()),
                "{} in {}",
                host.ip,
                segment.name
            );
        }
    }
}
