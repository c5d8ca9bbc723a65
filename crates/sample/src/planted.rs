//! Look-alikes: collections in which something only looks like an attack path, each with its true twin.
//!
//! Start at [`cases`]. A case and its twin differ in one fact. In the twin the path exists; in the
//! look-alike it must not. Precision of the product is measured here first.

use std::io;

use jiff::Timestamp;
use postern_model::kind::{NodeKind, RelationKind};

use crate::nessus::{ETERNAL_BLUE, Host, Item, Report, SYN_SCANNER};
use crate::network::{NetworkMap, Route, Segment};
use crate::output::stamp;
use crate::records::{LoopSession, Sessions, methods, write_collection};
use crate::standard::{Directory, Realm, ace_of, inside, local_group, rid, session};

/// One collection and what is true of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// `disabled-user`, and `disabled-user-twin` for the true twin.
    pub name: String,
    /// The sentence that says why there is a path, or none.
    pub why: &'static str,
    /// Name and content of each file. Times of collection are in the names.
    pub files: Vec<(String, String)>,
    /// SID of the user who starts: `paths --from`.
    pub entry: String,
    /// `plane:forest:<SID>`: `paths --to`.
    pub target: String,
    pub has_path: bool,
}

/// All cases, each look-alike followed by its twin. Evaluate them at [`EVALUATED_AT`].
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for look_alike in LOOK_ALIKES {
        for (is_real, suffix, why) in [(false, "", look_alike.why_not), (true, "-twin", look_alike.why)] {
            let collection = (look_alike.build)(is_real);
            cases.push(Case {
                name: format!("{}{suffix}", look_alike.name),
                why,
                files: collection.files(),
                entry: collection.directory.realm.account(CLERK),
                target: format!("plane:forest:{}", collection.directory.realm.forest_sid),
                has_path: is_real,
            });
        }
    }
    cases
}

/// The clock under which the cases hold: a day after the newest collection.
pub const EVALUATED_AT: &str = "2026-01-21T00:00:00Z";

const COLLECTED_AT: &str = "2026-01-20T00:00:00Z";
/// Within 14 days of the newest collection of the domain, and not.
const RECENT_LOOP: &str = "2026-01-18T00:00:00Z";
const OLD_LOOP: &str = "2026-01-01T00:00:00Z";
/// Account expiry, in seconds since 1970: 2024-01-01 and 2100-01-01.
const LONG_EXPIRED: i64 = 1_704_067_200;
const FAR_FROM_EXPIRED: i64 = 4_102_444_800;

struct LookAlike {
    name: &'static str,
    why_not: &'static str,
    why: &'static str,
    /// The collection with the fact that makes the path real, or with the one that does not.
    build: fn(is_real: bool) -> Collection,
}

const LOOK_ALIKES: [LookAlike; 6] = [
    LookAlike {
        name: "disabled-user",
        why_not: "the account whose password can be reset is disabled, and a reset does not enable it",
        why: "the account whose password can be reset may add members to Domain Admins",
        build: |is_real| reset_then_add(|user| user.properties.enabled = is_real),
    },
    LookAlike {
        name: "step-inside-target",
        why_not: "the group with control of the domain is nested in Domain Admins: its members are inside already",
        why: "the group with control of the domain is no part of the control plane",
        build: step_inside_target,
    },
    LookAlike {
        name: "stale-session",
        why_not: "the administrator was seen on the workstation 19 days before the newest collection of the domain",
        why: "the administrator was seen on the workstation 2 days before the newest collection of the domain",
        build: stale_session,
    },
    LookAlike {
        name: "denied-port",
        why_not: "the firewall lets tcp/443 through and the weak service listens on tcp/445",
        why: "the firewall lets tcp/445 through, where the weak service listens",
        build: denied_port,
    },
    LookAlike {
        name: "remote-desktop-without-admin",
        why_not: "remote desktop gives a user's foothold, and another user's credentials need an administrator's",
        why: "a local administrator takes the credentials of everyone who is logged on",
        build: remote_desktop_without_admin,
    },
    LookAlike {
        name: "expired-account",
        why_not: "the account whose password can be reset expired in 2024",
        why: "the account whose password can be reset expires in 2100",
        build: |is_real| {
            reset_then_add(|user| {
                user.properties.accountexpires = Some(if is_real { FAR_FROM_EXPIRED } else { LONG_EXPIRED });
            })
        },
    },
];

const DOMAIN_SID: &str = "S-1-5-21-1407862935-2884410573-3310257461";
/// The entry of every case: a user without any right of their own.
const CLERK: u64 = 1103;
const KEEPER: u64 = 1104;
const CHIEF: u64 = 1105;
const OPERATORS: u64 = 1106;
const DESK: u64 = 1110;
const FILES: u64 = 1111;
const CONTROLLER: u64 = 1000;

const WORKSTATION_OS: &str = "Windows 11 Enterprise";
const SERVER_OS: &str = "Windows Server 2019 Standard";

struct Collection {
    directory: Directory,
    session_loop: Option<(Timestamp, LoopSession)>,
    scan: Option<(Report, NetworkMap)>,
}

impl Collection {
    /// A domain with a controller, a domain admin called chief and a clerk.
    fn new() -> Self {
        let realm = Realm::new("PLANTED.EXAMPLE", DOMAIN_SID, DOMAIN_SID, time(COLLECTED_AT));
        let mut directory = Directory::new(realm, |number| format!("9E2A7C41-5B0D-4F36-A8E1-{number:012X}"));
        for (rid, name) in [(CLERK, "clerk"), (CHIEF, "chief")] {
            let user = directory.realm.new_user(rid, name, &users_container(&directory));
            directory.users.push(user);
        }
        let chief = directory.realm.user(CHIEF);
        let domain_admins = directory.realm.account(rid::DOMAIN_ADMINS);
        directory.group_mut(&domain_admins).members.push(chief);
        let mut collection = Self {
            directory,
            session_loop: None,
            scan: None,
        };
        let controller = collection.add_computer(CONTROLLER, "DC01", SERVER_OS);
        let controllers_sid = collection.directory.realm.account(rid::DOMAIN_CONTROLLERS);
        let computer = &mut collection.directory.computers[controller];
        computer.is_dc = true;
        computer.properties.isdc = true;
        computer.primary_group_sid = controllers_sid;
        collection
    }

    /// Returns the position among the directory's computers.
    fn add_computer(&mut self, rid: u64, host: &str, operating_system: &str) -> usize {
        let place = users_container(&self.directory);
        let mut computer = self.directory.realm.new_computer(rid, host, &place);
        computer.properties.operatingsystem = Some(operating_system.to_owned());
        self.directory.computers.push(computer);
        self.directory.computers.len() - 1
    }

    fn set_local_group(&mut self, computer: usize, group_rid: u64, member: u64) {
        let member = self.directory.realm.user(member);
        let computer = &mut self.directory.computers[computer];
        let group = local_group(computer, group_rid, vec![member]);
        computer.local_groups = vec![group];
    }

    fn log_on(&mut self, user: u64, computer: usize) {
        let user = self.directory.realm.user(user);
        let computer = &mut self.directory.computers[computer];
        computer.privileged_sessions = Sessions::of(vec![session(&user, computer)]);
    }

    fn files(&self) -> Vec<(String, String)> {
        let at = stamp(time(COLLECTED_AT));
        let mut files: Vec<(String, String)> = self
            .directory
            .documents()
            .into_iter()
            .map(|(kind, fill)| (format!("{at}_{kind}.json"), text(fill)))
            .collect();
        if let Some((at, row)) = &self.session_loop {
            let content = text(|out| write_collection(out, "sessions", methods::SESSION, [row]));
            files.push((format!("{}_sessions.json", stamp(*at)), content));
        }
        if let Some((report, map)) = &self.scan {
            files.push((format!("{at}_scan.nessus"), report.to_xml()));
            files.push((format!("{at}_network.json"), map.to_json().to_string()));
        }
        files
    }
}

/// Clerk may reset keeper's password; keeper may add members to Domain Admins.
fn reset_then_add(change_keeper: impl FnOnce(&mut crate::records::User)) -> Collection {
    let mut collection = Collection::new();
    let directory = &mut collection.directory;
    let realm = directory.realm.clone();
    let mut keeper = realm.new_user(KEEPER, "keeper", &users_container(directory));
    let right = ace_of(&realm.user(CLERK), RelationKind::ForceChangePassword, false);
    keeper.common.aces.push(right);
    change_keeper(&mut keeper);
    directory.users.push(keeper);
    directory.grant_on_group(
        &realm.account(rid::DOMAIN_ADMINS),
        &realm.user(KEEPER),
        RelationKind::AddMember,
    );
    collection
}

/// Clerk is in a group that controls the domain. The group is in Domain Admins, or is not.
fn step_inside_target(is_real: bool) -> Collection {
    let mut collection = Collection::new();
    let directory = &mut collection.directory;
    let realm = directory.realm.clone();
    let mut operators = realm.new_group(OPERATORS, "Operators", &users_container(directory));
    operators.members.push(realm.user(CLERK));
    directory.groups.push(operators);
    directory
        .domain
        .common
        .aces
        .push(ace_of(&realm.group(OPERATORS), RelationKind::GenericAll, false));
    if !is_real {
        let operators = realm.group(OPERATORS);
        directory
            .group_mut(&realm.account(rid::DOMAIN_ADMINS))
            .members
            .push(operators);
    }
    collection
}

/// Clerk administers a workstation on which a session loop saw chief, lately or long ago.
fn stale_session(is_real: bool) -> Collection {
    let mut collection = Collection::new();
    let desk = collection.add_computer(DESK, "DESK01", WORKSTATION_OS);
    collection.set_local_group(desk, rid::BUILTIN_ADMINISTRATORS, CLERK);
    let realm = &collection.directory.realm;
    let row = LoopSession {
        user_sid: realm.account(CHIEF),
        computer_sid: realm.account(DESK),
        logon_type: INTERACTIVE_LOGON,
    };
    collection.session_loop = Some((time(if is_real { RECENT_LOOP } else { OLD_LOOP }), row));
    collection
}

/// `LogonType` 2: at the console.
const INTERACTIVE_LOGON: u32 = 2;

/// Clerk administers a workstation. Chief is logged on to a server in another segment, whose SMB service
/// can be exploited; the firewall between them lets that port through, or another.
fn denied_port(is_real: bool) -> Collection {
    const OFFICE: &str = "SEGMENT-OFFICE";
    const SERVERS: &str = "SEGMENT-SERVERS";
    let mut collection = Collection::new();
    let desk = collection.add_computer(DESK, "DESK01", WORKSTATION_OS);
    collection.set_local_group(desk, rid::BUILTIN_ADMINISTRATORS, CLERK);
    let files = collection.add_computer(FILES, "FILES01", SERVER_OS);
    collection.log_on(CHIEF, files);
    let realm = &collection.directory.realm;
    let report = Report {
        name: "Planted scan",
        scanned_at: time(COLLECTED_AT),
        families: Vec::new(),
        hosts: vec![Host {
            ip: "10.20.0.11".to_owned(),
            fqdn: "files01.planted.example".to_owned(),
            operating_system: SERVER_OS,
            items: [&SYN_SCANNER, &ETERNAL_BLUE]
                .map(|plugin| Item {
                    plugin,
                    port: 445,
                    service: "cifs",
                })
                .to_vec(),
        }],
    };
    let map = NetworkMap {
        segments: vec![
            Segment {
                id: OFFICE,
                name: "Office",
                cidr: "10.10.0.0/16",
            },
            Segment {
                id: SERVERS,
                name: "Servers",
                cidr: "10.20.0.0/16",
            },
        ],
        routes: vec![Route {
            from: OFFICE,
            to: SERVERS,
            ports: vec![if is_real { "tcp/445" } else { "tcp/443" }],
        }],
        located: vec![(realm.account(DESK), OFFICE), (realm.account(FILES), SERVERS)],
    };
    collection.scan = Some((report, map));
    collection
}

/// Chief is logged on to a workstation; clerk is in one local group of it.
fn remote_desktop_without_admin(is_real: bool) -> Collection {
    let mut collection = Collection::new();
    let desk = collection.add_computer(DESK, "DESK01", WORKSTATION_OS);
    let group = if is_real {
        rid::BUILTIN_ADMINISTRATORS
    } else {
        rid::REMOTE_DESKTOP_USERS
    };
    collection.set_local_group(desk, group, CLERK);
    collection.log_on(CHIEF, desk);
    collection
}

fn users_container(directory: &Directory) -> crate::standard::Place {
    let users = &directory.containers[0];
    inside(
        &users.common.object_identifier,
        NodeKind::Container,
        &users.properties.distinguishedname,
    )
}

/// # Panics
/// When one of the constants above is no time.
fn time(text: &str) -> Timestamp {
    text.parse().expect("the times above are written in RFC 3339")
}

fn text(fill: impl FnOnce(&mut dyn io::Write) -> io::Result<u64>) -> String {
    let mut bytes = Vec::new();
    fill(&mut bytes).expect("writing into memory does not fail");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The paths of leaves of a JSON text, with their values.
    fn leaves(prefix: &str, value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields
                .iter()
                .for_each(|(name, value)| leaves(&format!("{prefix}.{name}"), value, into)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(index, value)| leaves(&format!("{prefix}[{index}]"), value, into)),
            leaf => into.push(format!("{prefix}={leaf}")),
        }
    }

    fn facts(case: &Case) -> Vec<String> {
        let mut facts = Vec::new();
        for (name, content) in &case.files {
            match serde_json::from_str::<Value>(content) {
                Ok(value) => leaves(name, &value, &mut facts),
                Err(_) => facts.push(format!("{name}={content}")),
            }
        }
        facts
    }

    #[test]
    fn a_look_alike_and_its_twin_differ_in_one_fact() {
        for pair in cases().chunks(2) {
            let (look_alike, twin) = (&pair[0], &pair[1]);
            assert_eq!(format!("{}-twin", look_alike.name), twin.name);
            assert_eq!((look_alike.has_path, twin.has_path), (false, true));
            assert_eq!((&look_alike.entry, &look_alike.target), (&twin.entry, &twin.target));
            let (here, there) = (facts(look_alike), facts(twin));
            let only_here = here.iter().filter(|fact| !there.contains(fact)).count();
            let only_there = there.iter().filter(|fact| !here.contains(fact)).count();
            // A session file is named by its time, so its handful of leaves moves with the name; a group
            // has an id and a name; a member has an id and a kind.
            assert!(
                (1..=7).contains(&(only_here.max(only_there))),
                "{}: {only_here} and {only_there}",
                twin.name
            );
        }
    }

    #[test]
    fn every_look_alike_of_the_design_is_planted() {
        let names: Vec<String> = cases()
            .into_iter()
            .filter(|it| !it.has_path)
            .map(|it| it.name)
            .collect();
        assert_eq!(
            names,
            [
                "disabled-user",
                "step-inside-target",
                "stale-session",
                "denied-port",
                "remote-desktop-without-admin",
                "expired-account",
            ]
        );
    }

    #[test]
    fn the_entry_of_a_case_is_a_user_of_its_collection() {
        for case in cases() {
            let (_, users) = case
                .files
                .iter()
                .find(|(name, _)| name.ends_with("_users.json"))
                .unwrap();
            assert!(
                users.contains(&format!("\"ObjectIdentifier\":\"{}\"", case.entry)),
                "{}",
                case.name
            );
        }
    }
}
