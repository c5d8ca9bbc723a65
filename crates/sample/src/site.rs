//! A domain in the making: staff, groups, computers and what is planted among them, by name.
//!
//! Start at [`Site`]. The organisations here ([`crate::organisation`], [`crate::demo`]) are written with it. It counts
//! relative identifiers up, so equal calls in equal order give equal SIDs whatever the seed.

use jiff::Timestamp;
use postern_model::kind::{NodeKind, RelationKind};

use crate::dice::Dice;
use crate::records::*;
use crate::standard::{DAY, Directory, Place, Realm, ace_of, inside, local_group, protect, rid, session};

pub const OFFICE: &str = "SEGMENT-OFFICE";
pub const SERVERS: &str = "SEGMENT-SERVERS";
pub const DMZ: &str = "SEGMENT-DMZ";
pub const INTEGRATION: &str = "SEGMENT-INTEGRATION";
pub const TREATMENT: &str = "SEGMENT-TREATMENT";
pub const WORKS_OFFICE: &str = "SEGMENT-WORKS-OFFICE";
pub const WORKS_SERVERS: &str = "SEGMENT-WORKS-SERVERS";

pub const SERVER_OS: &str = "Windows Server 2022 Standard";
pub const OLD_SERVER_OS: &str = "Windows Server 2008 R2 Standard";
pub const WORKSTATION_OS: &str = "Windows 11 Enterprise";

const FIRST_NAMES: &[&str] = &[
    "Ada", "Bram", "Cleo", "Dario", "Esra", "Finn", "Greta", "Hanno", "Iris", "Jonas", "Käthe", "Luca", "Maeve",
    "Nils", "Orla", "Pavel", "Quinn", "Rosa", "Stellan", "Théa", "Ugo", "Vera", "Wim", "Yara", "Zoltán",
];
const LAST_NAMES: &[&str] = &[
    "Abbott",
    "Bianchi",
    "Castellan",
    "Dahl",
    "Eastman",
    "Fitzgerald",
    "Göransson",
    "Holloway",
    "Ibarra",
    "Jansen",
    "Kerr",
    "Lindgren",
    "Mortimer",
    "Nagy",
    "O'Dell",
    "Pereira",
    "Quigley",
    "Romero",
    "Strand",
    "Trevelyan",
    "Underhill",
    "Vance",
    "Whitlock",
    "Yardley",
    "Zeman",
];

const FIRST_RID: u64 = 1_101;

/// Streams of choices, one for each question.
#[derive(Clone, Copy)]
pub enum Stream {
    Names,
    Passwords,
    Sessions,
    Groups,
}

/// More than any organisation here has of staff, so that the choices of two groups never meet.
const MEMBER_DRAWS: u64 = 1_000_000;

/// A domain in the making.
pub struct Site {
    pub directory: Directory,
    seed: u64,
    next_rid: u64,
    places: Vec<(&'static str, Place)>,
    departments: Vec<(&'static str, Principal)>,
    pub staff: Vec<Principal>,
    pub hosts: Vec<Located>,
    /// The segments of workstations and domain controllers.
    pub office: &'static str,
    pub servers: &'static str,
}

/// Where a computer stands in the network.
pub struct Located {
    pub computer: usize,
    pub segment: &'static str,
    pub ip: String,
}

impl Site {
    pub fn new(fqdn: &str, sid: &str, forest_sid: &str, seed: u64, collected_at: Timestamp) -> Self {
        let realm = Realm::new(fqdn, sid, forest_sid, collected_at);
        // Containers keep their identifiers under every seed: they belong to the domain, not to its staff.
        let guids = domain_dice(sid);
        let mut directory = Directory::new(realm, |number| guids.guid(number));
        let policy = guids.guid(POLICY_GUID);
        let gpo = directory.realm.new_gpo(&policy, "Default Domain Policy");
        directory.gpos.push(gpo);
        directory.domain.links.push(Link {
            is_enforced: false,
            guid: policy,
        });
        Self {
            directory,
            seed,
            next_rid: FIRST_RID,
            places: Vec::new(),
            departments: Vec::new(),
            staff: Vec::new(),
            hosts: Vec::new(),
            office: OFFICE,
            servers: SERVERS,
        }
    }

    pub fn dice(&self, stream: Stream) -> Dice {
        let domain = domain_dice(&self.directory.realm.sid).value(0);
        Dice::new(self.seed ^ domain, stream as u64)
    }

    pub fn new_rid(&mut self) -> u64 {
        self.next_rid += 1;
        self.next_rid - 1
    }

    pub fn trust(&mut self, other: &Realm, trust_type: &'static str, direction: &'static str) {
        self.directory.domain.trusts.push(Trust {
            target_domain_sid: other.sid.clone(),
            target_domain_name: other.fqdn.clone(),
            is_transitive: trust_type == "ParentChild",
            sid_filtering_enabled: trust_type != "ParentChild",
            tgt_delegation_enabled: trust_type == "ParentChild",
            trust_direction: direction,
            trust_type,
        });
    }

    pub fn ous(&mut self, names: &[&'static str]) {
        let guids = domain_dice(&self.directory.realm.sid);
        for (&name, number) in names.iter().zip(OU_GUID_FIRST..) {
            let guid = guids.guid(number);
            let ou = self.directory.realm.new_ou(&guid, name, &self.directory.realm.root());
            let place = inside(&guid, NodeKind::Ou, &ou.properties.common.distinguishedname);
            self.directory.ous.push(ou);
            self.places.push((name, place));
        }
    }

    /// # Panics
    /// When [`Self::ous`] was not told the name: a mistake in this file. So below.
    pub fn place(&self, ou: &str) -> Place {
        let found = self.places.iter().find(|(name, _)| *name == ou);
        found.unwrap_or_else(|| panic!("no organisational unit {ou}")).1.clone()
    }

    pub fn user(&mut self, sam: &str, ou: &str) -> Principal {
        let rid = self.new_rid();
        self.user_as(rid, sam, ou)
    }

    /// An account under an identifier that [`Self::new_rid`] gave before.
    fn user_as(&mut self, rid: u64, sam: &str, ou: &str) -> Principal {
        let mut user = self.directory.realm.new_user(rid, sam, &self.place(ou));
        user.properties.displayname = Some(sam.to_owned());
        let days = self.dice(Stream::Passwords).below(rid, 170) as i64;
        user.properties.pwdlastset = self.directory.realm.days_ago(days);
        self.directory.users.push(user);
        self.directory.realm.user(rid)
    }

    /// An employee of a department. The account is named after the person, in ASCII.
    pub fn person(&mut self, name: &str, department: &'static str) -> Principal {
        let plain: String = name
            .to_lowercase()
            .chars()
            .map(|character| match character {
                ' ' => '.',
                'á' => 'a',
                'ä' => 'a',
                'é' => 'e',
                'ö' | 'ø' => 'o',
                other => other,
            })
            .filter(|character| character.is_ascii_alphabetic() || *character == '.')
            .collect();
        let taken = |sam: &str| {
            self.directory
                .users
                .iter()
                .any(|user| user.properties.samaccountname == sam)
        };
        let sam = match (2..).map(|number| format!("{plain}{number}")).find(|sam| !taken(sam)) {
            Some(numbered) if taken(&plain) => numbered,
            _ => plain,
        };
        let principal = self.user(&sam, "Staff");
        let email = format!("{sam}@{}", self.directory.realm.fqdn.to_lowercase());
        let properties = &mut self.user_mut(&principal).properties;
        properties.displayname = Some(name.to_owned());
        properties.email = Some(email);
        properties.title = Some(department.to_owned());
        if let Some((_, group)) = self.departments.iter().find(|(it, _)| *it == department) {
            let group = group.object_identifier.clone();
            self.directory.group_mut(&group).members.push(principal.clone());
        }
        principal
    }

    pub fn staff(&mut self, count: u64, departments: &[&'static str]) {
        for &department in departments {
            let group = self.group(department, "Staff", &[]);
            self.departments.push((department, group));
        }
        for number in 0..count {
            self.join(number);
        }
    }

    /// One more employee. The number decides name and department.
    pub fn join(&mut self, number: u64) -> Principal {
        let dice = self.dice(Stream::Names);
        let departments: Vec<&'static str> = self.departments.iter().map(|(name, _)| *name).collect();
        let first = dice.pick(3 * number, FIRST_NAMES);
        let last = dice.pick(3 * number + 1, LAST_NAMES);
        let principal = self.person(&format!("{first} {last}"), dice.pick(3 * number + 2, &departments));
        self.staff.push(principal.clone());
        principal
    }

    /// A group of each name, with some of the staff.
    pub fn spread_staff(&mut self, names: &[&str]) {
        let dice = self.dice(Stream::Groups);
        for (number, name) in (0..).zip(names) {
            let group = self.group(name, "Staff", &[]);
            let share = 3 + dice.below(number, 40);
            let offset = (number + 1) * MEMBER_DRAWS;
            let members: Vec<Principal> = (0..)
                .zip(&self.staff)
                .filter(|(member, _)| dice.chance(offset + member, share, 100))
                .map(|(_, principal)| principal.clone())
                .collect();
            self.directory.group_mut(&group.object_identifier).members = members;
        }
    }

    pub fn group(&mut self, name: &str, ou: &str, members: &[&Principal]) -> Principal {
        let rid = self.new_rid();
        let mut group = self.directory.realm.new_group(rid, name, &self.place(ou));
        group.members.extend(members.iter().copied().cloned());
        self.directory.groups.push(group);
        self.directory.realm.group(rid)
    }

    pub fn join_domain_admins(&mut self, user: &Principal) {
        let group = self.directory.realm.account(rid::DOMAIN_ADMINS);
        self.directory.group_mut(&group).members.push(user.clone());
        let realm = self.directory.realm.clone();
        let user = self.user_mut(user);
        user.properties.admincount = true;
        protect(&realm, &mut user.common, &mut user.properties.common);
    }

    pub fn user_mut(&mut self, user: &Principal) -> &mut User {
        let id = &user.object_identifier;
        let found = self
            .directory
            .users
            .iter_mut()
            .find(|it| it.common.object_identifier == *id);
        found.unwrap_or_else(|| panic!("no user {id}"))
    }

    pub fn grant(&mut self, group: &Principal, holder: &Principal, right: RelationKind) {
        self.directory.grant_on_group(&group.object_identifier, holder, right);
    }

    pub fn grant_on_user(&mut self, user: &Principal, holder: &Principal, right: RelationKind) {
        self.user_mut(user).common.aces.push(ace_of(holder, right, false));
    }

    /// Gives a right on all users of an organisational unit, by inheritance.
    pub fn delegate(&mut self, ou: &str, holder: &Principal, right: RelationKind) {
        let place = self.place(ou).parent.object_identifier;
        for user in &mut self.directory.users {
            let parent = user.common.contained_by.as_ref();
            if parent.is_some_and(|parent| parent.object_identifier == place) {
                user.common.aces.push(ace_of(holder, right, true));
            }
        }
    }

    /// Gives a right on an organisational unit itself, and so on what inherits from it.
    pub fn grant_on_ou(&mut self, ou: &str, holder: &Principal, right: RelationKind) {
        self.ou_mut(ou).common.aces.push(ace_of(holder, right, false));
    }

    /// A group policy linked to an organisational unit; `editors` may change it.
    pub fn policy(&mut self, name: &str, ou: &str, editors: &[&Principal]) {
        let guid = domain_dice(&self.directory.realm.sid).guid(POLICY_GUID + self.directory.gpos.len() as u64);
        let mut gpo = self.directory.realm.new_gpo(&guid, name);
        let rights = editors.iter().map(|it| ace_of(it, RelationKind::GenericWrite, false));
        gpo.common.aces.extend(rights);
        self.directory.gpos.push(gpo);
        self.ou_mut(ou).links.push(Link {
            is_enforced: false,
            guid,
        });
    }

    fn ou_mut(&mut self, name: &str) -> &mut Ou {
        let id = self.place(name).parent.object_identifier;
        let found = self
            .directory
            .ous
            .iter_mut()
            .find(|ou| ou.common.object_identifier == id);
        found.unwrap_or_else(|| panic!("no organisational unit {name}"))
    }

    /// A service account with a service name, whose password somebody set years ago.
    pub fn service_account(&mut self, sam: &str, service: &str, host: &str, password_age_days: i64) -> Principal {
        let rid = self.new_rid();
        self.service_account_as(rid, sam, service, host, password_age_days)
    }

    /// As [`Self::service_account`], under an identifier that [`Self::new_rid`] gave before.
    pub fn service_account_as(
        &mut self,
        rid: u64,
        sam: &str,
        service: &str,
        host: &str,
        password_age_days: i64,
    ) -> Principal {
        let principal = self.user_as(rid, sam, "Service Accounts");
        let name = format!("{service}/{host}.{}", self.directory.realm.fqdn);
        let password_set = self.directory.realm.days_ago(password_age_days);
        let properties = &mut self.user_mut(&principal).properties;
        properties.hasspn = true;
        properties.serviceprincipalnames = vec![name];
        properties.pwdlastset = password_set;
        properties.pwdneverexpires = true;
        principal
    }

    /// Takes lasting dates back by so many days: those of an earlier collection, told again in a later one.
    pub fn age_by(&mut self, days: i64) {
        let seconds = days * DAY;
        let directory = &mut self.directory;
        for user in &mut directory.users {
            user.properties.pwdlastset -= seconds;
            user.properties.common.whencreated -= seconds;
        }
        for computer in &mut directory.computers {
            computer.properties.common.whencreated -= seconds;
        }
        for group in &mut directory.groups {
            group.properties.common.whencreated -= seconds;
        }
    }

    pub fn controllers(&mut self, count: u64) {
        for number in 1..=count {
            let name = format!("DC{number:02}");
            let position = self.computer(&name, "Domain Controllers", self.servers, SERVER_OS, &[]);
            let group = self.directory.realm.account(rid::DOMAIN_CONTROLLERS);
            let computer = &mut self.directory.computers[position];
            computer.is_dc = true;
            computer.properties.isdc = true;
            // Controllers delegate without constraint by design.
            computer.properties.unconstraineddelegation = true;
            computer.primary_group_sid = group;
            // A controller has no local groups of its own: its administrators are the domain's.
            computer.local_groups.clear();
        }
    }

    pub fn server(&mut self, name: &str, segment: &'static str, operating_system: &str, administrators: &[&Principal]) {
        self.computer(name, "Servers", segment, operating_system, administrators);
    }

    pub fn workstation(&mut self, name: &str, administrators: &[&Principal]) {
        let position = self.computer(name, "Workstations", self.office, WORKSTATION_OS, administrators);
        let computer = &mut self.directory.computers[position];
        computer.properties.haslaps = true;
        for &administrator in administrators {
            let right = ace_of(administrator, RelationKind::ReadLapsPassword, true);
            computer.common.aces.push(right);
        }
    }

    /// A computer that answered the collector. Returns its position among the directory's computers.
    pub fn computer(
        &mut self,
        name: &str,
        ou: &str,
        segment: &'static str,
        operating_system: &str,
        administrators: &[&Principal],
    ) -> usize {
        let rid = self.new_rid();
        let realm = &self.directory.realm;
        let mut computer = realm.new_computer(rid, name, &self.place(ou));
        computer.properties.operatingsystem = Some(operating_system.to_owned());
        let mut members = vec![realm.group(rid::DOMAIN_ADMINS)];
        members.extend(administrators.iter().copied().cloned());
        computer.local_groups = vec![
            local_group(&computer, rid::BUILTIN_ADMINISTRATORS, members),
            local_group(&computer, rid::REMOTE_DESKTOP_USERS, Vec::new()),
        ];
        for sessions in [
            &mut computer.sessions,
            &mut computer.privileged_sessions,
            &mut computer.registry_sessions,
        ] {
            *sessions = Sessions::of(Vec::new());
        }
        self.directory.computers.push(computer);
        let position = self.directory.computers.len() - 1;
        self.hosts.push(Located {
            computer: position,
            segment,
            ip: address(segment, position),
        });
        position
    }

    pub fn computer_mut(&mut self, name: &str) -> &mut Computer {
        let name = format!("{name}.{}", self.directory.realm.fqdn);
        let computers = &mut self.directory.computers;
        let found = computers.iter_mut().find(|it| it.properties.common.name == name);
        found.unwrap_or_else(|| panic!("no computer {name}"))
    }

    pub fn principal_of(&mut self, computer: &str) -> Principal {
        Principal::new(
            self.computer_mut(computer).common.object_identifier.clone(),
            NodeKind::Computer,
        )
    }

    pub fn add_administrator(&mut self, computer: &str, principal: &Principal) {
        self.computer_mut(computer).local_groups[0]
            .results
            .push(principal.clone());
    }

    pub fn add_remote_desktop_user(&mut self, computer: &str, principal: &Principal) {
        self.computer_mut(computer).local_groups[1]
            .results
            .push(principal.clone());
    }

    pub fn log_on(&mut self, user: &Principal, computer: &str) {
        let computer = self.computer_mut(computer);
        let session = session(user, computer);
        computer.privileged_sessions.results.push(session);
    }

    /// Employees at their workstations. One workstation in five did not answer.
    pub fn daily_sessions(&mut self) {
        self.sessions_of_day(0, |name| name.contains("-WS") && !name.contains("-WS07."));
    }

    /// Employees at those of the computers that `is_asked` takes by name. Everybody stays at the same computer; which
    /// one in five does not answer is another matter each day.
    pub fn sessions_of_day(&mut self, day: u64, is_asked: impl Fn(&str) -> bool) {
        let dice = self.dice(Stream::Sessions);
        for (number, computer) in (0..).zip(&mut self.directory.computers) {
            if !is_asked(&computer.properties.common.name) {
                continue;
            }
            if dice.chance(2 * (number + day * COMPUTERS_MAX), 1, 5) {
                silence(computer);
                continue;
            }
            let user = &self.staff[dice.below(2 * number + 1, self.staff.len() as u64) as usize];
            let session = session(user, computer);
            computer.privileged_sessions.results.push(session);
        }
    }
}

/// More than any organisation here has, so that the choices of two days never meet.
const COMPUTERS_MAX: u64 = 1_000_000;

/// The collector did not reach the computer.
pub fn silence(computer: &mut Computer) {
    computer.local_groups.clear();
    computer.status = Some(Status {
        connectable: false,
        error: "PortNotOpen",
    });
    for sessions in [
        &mut computer.sessions,
        &mut computer.privileged_sessions,
        &mut computer.registry_sessions,
    ] {
        *sessions = Sessions::not_collected();
    }
}

/// The address of a site's computer by its number. The wide segments go on in their next block of addresses.
fn address(segment: &str, position: usize) -> String {
    let number = position + 10;
    let (block, last) = (1 + number / 250, number % 250);
    match segment {
        OFFICE => format!("10.10.{block}.{last}"),
        SERVERS => format!("10.20.{block}.{last}"),
        WORKS_OFFICE => format!("10.60.{block}.{last}"),
        WORKS_SERVERS => format!("10.70.{block}.{last}"),
        DMZ => format!("10.30.0.{last}"),
        INTEGRATION => format!("10.40.0.{last}"),
        _ => format!("10.50.0.{last}"),
    }
}

/// Numbers of GUIDs inside a domain; [`Directory::new`] takes the first few.
const POLICY_GUID: u64 = 50;
const OU_GUID_FIRST: u64 = 100;

/// Choices that belong to a domain and to no seed.
pub fn domain_dice(sid: &str) -> Dice {
    let digits = sid
        .bytes()
        .fold(0u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Dice::new(digits, 0)
}
