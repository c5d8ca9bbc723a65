//! A SharpHound collection of a wanted size, streamed: what the importer is measured with.
//!
//! Start at [`write`]. The shape is that of a large single domain: users are most of the bytes, with about
//! ten rights each, most of them inherited from the delegation on their organisational unit; group sizes
//! follow a power law; two computers in three answered, with their sessions and local groups. Names hold
//! what names hold: letters of many scripts, quotes, backslashes, commas.
//!
//! **Invariant:** a record is a function of (seed, its number), so the writer's memory does not grow with
//! the size: one record is in memory at a time, or a group's members.

use std::path::Path;

use jiff::Timestamp;
use postern_model::kind::{NodeKind, RelationKind};

use crate::certificates::{self, Services};
use crate::dice::Dice;
use crate::output::{Output, stamp};
use crate::records::*;
use crate::standard::{Directory, Place, Realm, ace_of, escape_rdn, local_group, rid};
use crate::{SampleError, Written};

/// Collections below this hold little beside the domain's own objects, and their size is not kept.
pub const SIZE_BYTES_MIN: u64 = 256 * 1024;
/// A domain has 2³⁰ relative identifiers; this keeps well below, at about 300 million accounts.
pub const SIZE_BYTES_MAX: u64 = 1 << 40;

/// Below this the domain's own objects count for more than the plan.
pub const ASSETS_MIN: u64 = 500;
/// Well below the identifiers that a domain has; a thousand times what is measured.
pub const ASSETS_MAX: u64 = 100_000_000;
/// Users, an eighth as many computers with two local groups each on two in three, a twelfth as many groups, and units.
/// Counted on 256 MiB; a test holds the number that comes out to within 3 %.
const ASSETS_PER_1000_USERS: u64 = 1_380;

/// Below this there are fewer groups than delegations at the root.
pub const USERS_MIN: u64 = 1_500;
/// As many users as [`ASSETS_MAX`] allows.
pub const USERS_MAX: u64 = 70_000_000;
/// Relations of a directory with delegations at its root. 50,000 users and 20,000 computers with 4,000,000 of them are
/// what people report that other programs take days for; a test holds the number to within 5 %.
pub const RELATIONS_PER_USER: u64 = 80;
/// Groups with a right over everything. This many make [`RELATIONS_PER_USER`].
const DELEGATIONS_AT_ROOT: u64 = 38;

/// When the collection claims to have been made.
const COLLECTED_AT: Timestamp = Timestamp::constant(1_788_328_800, 0); // 2026-09-02T06:00:00Z

/// Bytes of JSON for each user of the plan, with the share of computers, groups and containers that comes
/// with a user. Measured on 64 MiB; a test holds the size that comes out to within 5 % of the wanted one.
const BYTES_PER_USER: u64 = 3_400;
const USERS_PER_COMPUTER: u64 = 8;
const USERS_PER_GROUP: u64 = 12;
const USERS_PER_OU: u64 = 200;

/// Writes `<yyyymmddHHMMSS>_<type>.json` files of about `size_bytes` in total into the folder `out`.
///
/// # Errors
/// [`SampleError::TooSmall`], [`SampleError::TooLarge`], and what the disk says.
pub fn write(out: &Path, size_bytes: u64, seed: u64) -> Result<Written, SampleError> {
    let plan = Plan::for_size(size_bytes, seed)?;
    plan.write(Output::folder(out)?)
}

/// As [`write`], into one archive `out`. The size is that of the documents in it, before compression.
///
/// # Errors
/// As [`write`].
pub fn write_zip(out: &Path, size_bytes: u64, seed: u64) -> Result<Written, SampleError> {
    let plan = Plan::for_size(size_bytes, seed)?;
    plan.write(Output::archive(out)?)
}

/// As [`write`], of about `assets` assets as an import counts them: records, and the local groups of computers that
/// answered.
///
/// # Errors
/// [`SampleError::Assets`], and what the disk says.
pub fn write_assets(out: &Path, assets: u64, seed: u64) -> Result<Written, SampleError> {
    if !(ASSETS_MIN..=ASSETS_MAX).contains(&assets) {
        return Err(SampleError::Assets {
            assets,
            minimum: ASSETS_MIN,
            maximum: ASSETS_MAX,
        });
    }
    let users = assets * 1_000 / ASSETS_PER_1000_USERS;
    Plan::for_users(users, seed).write(Output::folder(out)?)
}

/// As [`write`], of a directory with `users` users, two computers for every five of them, and about
/// [`RELATIONS_PER_USER`] relations for each: administration has been delegated at its root for twenty years, and every
/// object has inherited all of it.
///
/// # Errors
/// [`SampleError::Users`], and what the disk says.
pub fn write_users(out: &Path, users: u64, seed: u64) -> Result<Written, SampleError> {
    if !(USERS_MIN..=USERS_MAX).contains(&users) {
        return Err(SampleError::Users {
            users,
            minimum: USERS_MIN,
            maximum: USERS_MAX,
        });
    }
    let plan = Plan {
        computers: users * 2 / 5,
        delegations: DELEGATIONS_AT_ROOT,
        ..Plan::for_users(users, seed)
    };
    plan.write(Output::folder(out)?)
}

/// Streams of choices; a number each, never reused.
#[derive(Clone, Copy)]
enum Stream {
    Domain,
    OuGuid,
    GpoGuid,
    User,
    UserName,
    Group,
    Computer,
    Session,
    Container,
    Certificates,
    Answers,
}

/// Writes one document of a kind.
type Document<'d> =
    dyn FnMut(&str, &mut dyn FnMut(&mut dyn std::io::Write) -> std::io::Result<u64>) -> Result<(), SampleError> + 'd;

/// Groups that may enrol, each with a share of the templates.
const ENROLLERS: u64 = 20;

const GROUP_RID_FIRST: u64 = 1_100;

struct Plan {
    realm: Realm,
    seed: u64,
    users: u64,
    computers: u64,
    groups: u64,
    ous: u64,
    /// How many groups have a right over every object, inherited from the domain.
    delegations: u64,
}

impl Plan {
    fn for_size(size_bytes: u64, seed: u64) -> Result<Self, SampleError> {
        if size_bytes < SIZE_BYTES_MIN {
            return Err(SampleError::TooSmall {
                size_bytes,
                minimum: SIZE_BYTES_MIN,
            });
        }
        if size_bytes > SIZE_BYTES_MAX {
            return Err(SampleError::TooLarge {
                size_bytes,
                maximum: SIZE_BYTES_MAX,
            });
        }
        Ok(Self::for_users(size_bytes / BYTES_PER_USER, seed))
    }

    fn for_users(users: u64, seed: u64) -> Self {
        let dice = Dice::new(seed, Stream::Domain as u64);
        let part = |index| 1_000_000_000 + dice.below(index, 3_000_000_000);
        let sid = format!("S-1-5-21-{}-{}-{}", part(0), part(1), part(2));
        Self {
            realm: Realm::new("CORP.EXAMPLE", &sid, &sid, COLLECTED_AT),
            seed,
            users,
            computers: users.div_ceil(USERS_PER_COMPUTER),
            groups: users.div_ceil(USERS_PER_GROUP),
            ous: users.div_ceil(USERS_PER_OU),
            delegations: 0,
        }
    }

    fn write(&self, mut output: Output) -> Result<Written, SampleError> {
        let built_in = self.built_in();
        let mut document = |kind: &str, fill: &mut dyn FnMut(&mut dyn std::io::Write) -> std::io::Result<u64>| {
            output.document(&format!("{}_{kind}.json", stamp(COLLECTED_AT)), COLLECTED_AT, fill)
        };
        document("computers", &mut |out| {
            let computers = (0..self.computers).map(|number| self.computer(number));
            write_collection(out, "computers", methods::ALL, computers)
        })?;
        if self.is_old() {
            self.write_certificates(&mut document)?;
        }
        document("containers", &mut |out| {
            write_collection(out, "containers", methods::ALL, &built_in.containers)
        })?;
        document("domains", &mut |out| {
            write_collection(out, "domains", methods::ALL, [&built_in.domain])
        })?;
        document("gpos", &mut |out| {
            let gpos = (0..self.gpos()).map(|number| self.gpo(number));
            write_collection(out, "gpos", methods::ALL, gpos)
        })?;
        document("groups", &mut |out| {
            let groups = (0..self.groups).map(|number| self.group(number));
            write_collection(
                out,
                "groups",
                methods::ALL,
                built_in.groups.iter().cloned().chain(groups),
            )
        })?;
        document("ous", &mut |out| {
            let ous = (0..self.ous).map(|number| self.ou(number));
            write_collection(out, "ous", methods::ALL, ous)
        })?;
        document("users", &mut |out| {
            let users = (0..self.users).map(|number| self.user(number));
            write_collection(out, "users", methods::ALL, built_in.users.iter().cloned().chain(users))
        })?;
        output.finish()
    }

    /// A directory that has been administered for long has certificate services too, and its hosts were asked more.
    fn is_old(&self) -> bool {
        self.delegations > 0
    }

    fn write_certificates(&self, document: &mut Document<'_>) -> Result<(), SampleError> {
        let servers = (DOMAIN_CONTROLLERS..self.computers).filter(|number| number.is_multiple_of(SERVER_EVERY));
        let hosts: Vec<_> = servers
            .take(certificates::AUTHORITIES)
            .map(|number| self.realm.account(self.computer_rid(number)))
            .collect();
        let enrollers: Vec<_> = (0..self.groups.min(ENROLLERS))
            .map(|number| self.realm.group(self.group_rid(self.groups - 1 - number)))
            .collect();
        let services = Services::new(&self.realm, self.dice(Stream::Certificates), &hosts, &enrollers);
        for (kind, records) in [
            ("certtemplates", services.templates),
            ("enterprisecas", services.authorities),
            ("rootcas", services.roots),
            ("ntauthstores", services.stores),
        ] {
            document(kind, &mut |out| {
                write_collection(out, kind, methods::ALL | methods::CERTIFICATES, &records)
            })?;
        }
        Ok(())
    }

    fn dice(&self, stream: Stream) -> Dice {
        Dice::new(self.seed, stream as u64)
    }

    fn group_rid(&self, number: u64) -> u64 {
        GROUP_RID_FIRST + number
    }

    fn computer_rid(&self, number: u64) -> u64 {
        GROUP_RID_FIRST + self.groups + number
    }

    fn user_rid(&self, number: u64) -> u64 {
        GROUP_RID_FIRST + self.groups + self.computers + number
    }

    /// The domain's own objects, with the controllers' first computer among them left to the plan.
    fn built_in(&self) -> Directory {
        let containers = self.dice(Stream::Container);
        let mut directory = Directory::new(self.realm.clone(), |number| containers.guid(number));
        directory.domain.links.push(Link {
            is_enforced: true,
            guid: self.dice(Stream::GpoGuid).guid(0),
        });
        let admins = self.realm.account(rid::DOMAIN_ADMINS);
        let members = (0..ADMINS.min(self.users)).map(|number| self.realm.user(self.user_rid(number)));
        directory.group_mut(&admins).members.extend(members);
        directory
    }

    fn gpos(&self) -> u64 {
        1 + self.ous / OUS_PER_GPO
    }

    fn ou_name(number: u64) -> String {
        // A comma and a plus in a name must be escaped in every distinguished name below it.
        match number % 16 {
            3 => format!("Büro Köln {number:04}"),
            7 => format!("Sales, North + West {number:04}"),
            11 => format!("Кіпр {number:04}"),
            _ => format!("Site {number:04}"),
        }
    }

    fn ou(&self, number: u64) -> Ou {
        let guid = self.dice(Stream::OuGuid).guid(number);
        let mut ou = self.realm.new_ou(&guid, &Self::ou_name(number), &self.realm.root());
        ou.common.aces.extend(self.delegation(number, DELEGATED_ON_OU));
        if number.is_multiple_of(3) {
            ou.links.push(Link {
                is_enforced: number.is_multiple_of(9),
                guid: self.dice(Stream::GpoGuid).guid(number % self.gpos()),
            });
        }
        ou
    }

    fn gpo(&self, number: u64) -> Gpo {
        let name = match number {
            0 => "Default Domain Policy".to_owned(),
            _ => format!("Baseline \"{number:03}\""),
        };
        self.realm.new_gpo(&self.dice(Stream::GpoGuid).guid(number), &name)
    }

    fn place(&self, ou: u64) -> Place {
        let guid = self.dice(Stream::OuGuid).guid(ou);
        self.realm.ou_place(&guid, &Self::ou_name(ou), &self.realm.root())
    }

    /// Rights that two groups hold on everything in an organisational unit: its help desk and its owner.
    fn delegation<'a>(&self, ou: u64, rights: &'a [RelationKind]) -> impl Iterator<Item = Ace> + 'a {
        let groups = [2 * ou, 2 * ou + 1].map(|number| self.realm.group(self.group_rid(number % self.groups)));
        let (desk, owner) = (groups[0].clone(), groups[1].clone());
        rights.iter().enumerate().map(move |(index, &right)| {
            let holder = if index == 0 { &owner } else { &desk };
            ace_of(holder, right, true)
        })
    }

    /// Rights that small groups hold on everything in the domain.
    fn inherited<'a>(&'a self, rights: &'a [RelationKind]) -> impl Iterator<Item = Ace> + 'a {
        // Large groups come first; one that may do this has a handful of members.
        let holders = (self.groups / 2..).take(self.delegations as usize);
        let holders = holders.map(|number| self.realm.group(self.group_rid(number)));
        holders
            .zip(rights.iter().cycle())
            .map(|(holder, &right)| ace_of(&holder, right, true))
    }

    fn user(&self, number: u64) -> User {
        let dice = self.dice(Stream::User);
        let draw = |choice: u64| number * USER_DRAWS + choice;
        let ou = dice.below(draw(0), self.ous);
        let (first, last) = self.person(number);
        let sam = format!("{}.{}{number}", ascii(first), ascii(last));
        let place = self.place(ou);
        let mut user = self.realm.new_user(self.user_rid(number), &sam, &place);
        // Directories name people by display name, with the comma that must be escaped there.
        let common_name = escape_rdn(&format!("{last}, {first} {number}")).to_uppercase();
        user.properties.common.distinguishedname = format!("CN={common_name},{}", place.distinguished_name);
        user.common.aces.extend(self.delegation(ou, DELEGATED_ON_USER));
        user.common.aces.extend(self.inherited(INHERITED_BY_USERS));
        let key_admins = self.realm.group(rid::KEY_ADMINS);
        user.common
            .aces
            .push(ace_of(&key_admins, RelationKind::AddKeyCredentialLink, true));
        if dice.chance(draw(1), 1, 50) {
            let friend = self.realm.user(self.user_rid(dice.below(draw(2), self.users)));
            let right = dice.pick(draw(3), ODD_RIGHTS);
            user.common.aces.push(ace_of(&friend, right, false));
        }

        let realm = &self.realm;
        let properties = &mut user.properties;
        properties.displayname = Some(format!("{first} {last}"));
        properties.email = Some(format!("{sam}@corp.example"));
        properties.title = Some(dice.pick(draw(4), TITLES).to_owned());
        properties.homedirectory = Some(format!(r"\\FS{:02}.CORP.EXAMPLE\home$\{sam}", dice.below(draw(5), 40)));
        properties.common.description = dice.chance(draw(6), 1, 3).then(|| {
            let note = dice.pick(draw(7), NOTES);
            format!("{note} ({})", Self::ou_name(ou))
        });
        properties.enabled = !dice.chance(draw(8), 1, 9);
        properties.pwdneverexpires = dice.chance(draw(9), 1, 20);
        properties.dontreqpreauth = dice.chance(draw(10), 1, 2_000);
        properties.common.whencreated = realm.days_ago(30 + dice.below(draw(11), 4_000) as i64);
        properties.pwdlastset = realm.days_ago(dice.below(draw(12), 400) as i64);
        properties.lastlogon = realm.days_ago(dice.below(draw(13), 90) as i64);
        properties.lastlogontimestamp = properties.lastlogon - 3_600;
        if dice.chance(draw(14), 1, 100) {
            let host = self.computer_name(dice.below(draw(15), self.computers));
            properties.hasspn = true;
            properties.serviceprincipalnames = vec![format!("MSSQLSvc/{host}.{}:1433", realm.fqdn)];
        }
        user
    }

    fn person(&self, number: u64) -> (&'static str, &'static str) {
        let dice = self.dice(Stream::UserName);
        (
            dice.pick(2 * number, FIRST_NAMES),
            dice.pick(2 * number + 1, LAST_NAMES),
        )
    }

    /// Group number r has about `users / 4(r + 1)` members, from a place of its own onwards.
    fn group(&self, number: u64) -> Group {
        let dice = self.dice(Stream::Group);
        let ou = dice.below(2 * number, self.ous);
        let name = format!("{} {number:05}", dice.pick(2 * number + 1, GROUP_NAMES));
        let mut group = self.realm.new_group(self.group_rid(number), &name, &self.place(ou));
        group.common.aces.extend(self.delegation(ou, DELEGATED_ON_GROUP));
        group.common.aces.extend(self.inherited(INHERITED_BY_GROUPS));
        let size = (self.users / (4 * (number + 1))).max(1);
        let start = dice.value(2 * number) % self.users;
        let step = (self.users / size).max(1);
        group.members = (0..size)
            .map(|member| self.realm.user(self.user_rid((start + member * step) % self.users)))
            .collect();
        // Every tenth group lies in a broader one. Numbers fall, so there is no circle.
        if number + 1 < self.groups && number.is_multiple_of(10) {
            group.members.push(self.realm.group(self.group_rid(number + 1)));
        }
        group
    }

    /// What a host says of its settings: most of the old defaults.
    fn answer(&self, number: u64, is_dc: bool, computer: &mut Computer) {
        let dice = self.dice(Stream::Answers);
        let chance = |choice: u64, part| dice.chance(number * ANSWER_DRAWS + choice, part, 10);
        computer.answers = HostAnswers {
            smb: Some(Answer::of(SmbSettings {
                signing_enabled: is_dc || chance(0, 3),
            })),
            ntlm: Some(Answer::of(NtlmSettings {
                restrict_sending_ntlm_traffic: if chance(1, 1) { 2 } else { 0 },
            })),
            web_client: Some(Answer::of(chance(2, 2))),
        };
        if is_dc {
            computer.properties.ldap = Some(LdapSettings {
                ldapavailable: true,
                ldapsavailable: true,
                ldapsigning: false,
                ldapsepa: number == 0,
            });
            computer.dc_registry_data = DcRegistryData {
                certificate_mapping_methods: Some(RegistryNumber::of(0x1F)),
                strong_certificate_binding_enforcement: Some(RegistryNumber::of(1)),
            };
        }
    }

    fn computer_principal(&self, number: u64) -> Principal {
        Principal::new(self.realm.account(self.computer_rid(number)), NodeKind::Computer)
    }

    fn computer_name(&self, number: u64) -> String {
        match number {
            0..DOMAIN_CONTROLLERS => format!("DC{:02}", number + 1),
            _ if number.is_multiple_of(SERVER_EVERY) => format!("SRV{number:06}"),
            _ => format!("WS{number:06}"),
        }
    }

    fn computer(&self, number: u64) -> Computer {
        let dice = self.dice(Stream::Computer);
        let draw = |choice: u64| number * COMPUTER_DRAWS + choice;
        let is_dc = number < DOMAIN_CONTROLLERS;
        let is_server = is_dc || number.is_multiple_of(SERVER_EVERY);
        let ou = dice.below(draw(0), self.ous);
        let name = self.computer_name(number);
        let mut computer = self
            .realm
            .new_computer(self.computer_rid(number), &name, &self.place(ou));
        computer.common.aces.extend(self.delegation(ou, DELEGATED_ON_COMPUTER));
        computer.common.aces.extend(self.inherited(INHERITED_BY_COMPUTERS));
        let properties = &mut computer.properties;
        properties.operatingsystem = Some(
            dice.pick(draw(1), if is_server { SERVERS } else { WORKSTATIONS })
                .to_owned(),
        );
        properties.haslaps = !is_dc && dice.chance(draw(2), 7, 10);
        properties.enabled = is_dc || !dice.chance(draw(3), 1, 15);
        properties.unconstraineddelegation = is_dc || dice.chance(draw(4), 1, 500);
        if is_server && dice.chance(draw(9), 1, 20) {
            let back_end = dice.below(draw(10), self.computers);
            let host = self.computer_name(back_end);
            properties.allowedtodelegate = vec![format!("HTTP/{host}.{}", self.realm.fqdn)];
            computer.allowed_to_delegate = vec![self.computer_principal(back_end)];
        }
        if is_server && dice.chance(draw(11), 1, 20) {
            computer.allowed_to_act = vec![self.computer_principal(dice.below(draw(12), self.computers))];
        }
        if self.is_old() {
            self.answer(number, is_dc, &mut computer);
        }
        if is_dc {
            computer.is_dc = true;
            computer.properties.isdc = true;
            computer.primary_group_sid = self.realm.account(rid::DOMAIN_CONTROLLERS);
        }
        if !dice.chance(draw(5), 2, 3) {
            computer.status = Some(Status {
                connectable: false,
                error: dice.pick(draw(6), &["PortNotOpen", "PwdLastSetOutOfRange"]),
            });
            return computer;
        }
        let sessions = self.dice(Stream::Session);
        let results = |first: u64, count: u64| {
            let user = |index| self.user_rid(sessions.below(draw(first + index), self.users));
            let results = (0..count).map(|index| Session {
                user_sid: self.realm.account(user(index)),
                computer_sid: computer.common.object_identifier.clone(),
            });
            Sessions::of(results.collect())
        };
        let privileged_sessions = results(0, sessions.below(draw(7), 4));
        let registry_sessions = results(4, sessions.below(draw(8), 2));
        computer.sessions = Sessions::of(Vec::new());
        computer.privileged_sessions = privileged_sessions;
        computer.registry_sessions = registry_sessions;
        let owner = self.realm.user(self.user_rid(dice.below(draw(7), self.users)));
        let desk = self.realm.group(self.group_rid((2 * ou) % self.groups));
        let administrators = vec![self.realm.group(rid::DOMAIN_ADMINS), desk.clone(), owner.clone()];
        computer.local_groups = vec![
            local_group(&computer, rid::BUILTIN_ADMINISTRATORS, administrators),
            local_group(&computer, rid::REMOTE_DESKTOP_USERS, vec![owner]),
        ];
        computer.user_rights = vec![UserRight {
            privilege: "SeRemoteInteractiveLogonRight",
            results: vec![desk],
            local_names: Vec::new(),
            collected: true,
            failure_reason: None,
        }];
        computer
    }
}

/// Room for the choices of one record in its stream.
const USER_DRAWS: u64 = 16;
const COMPUTER_DRAWS: u64 = 16;
const ANSWER_DRAWS: u64 = 4;

const ADMINS: u64 = 12;
const DOMAIN_CONTROLLERS: u64 = 2;
const SERVER_EVERY: u64 = 10;
const OUS_PER_GPO: u64 = 4;

/// First the right of the unit's owner, then those of its help desk.
const DELEGATED_ON_OU: &[RelationKind] = &[RelationKind::GenericAll, RelationKind::WriteGpLink];
const DELEGATED_ON_USER: &[RelationKind] = &[
    RelationKind::GenericAll,
    RelationKind::ForceChangePassword,
    RelationKind::WriteSpn,
];
const DELEGATED_ON_GROUP: &[RelationKind] = &[RelationKind::GenericAll, RelationKind::AddMember];
const DELEGATED_ON_COMPUTER: &[RelationKind] = &[
    RelationKind::GenericAll,
    RelationKind::ReadLapsPassword,
    RelationKind::WriteAccountRestrictions,
];
const INHERITED_BY_USERS: &[RelationKind] = &[
    RelationKind::ForceChangePassword,
    RelationKind::WriteSpn,
    RelationKind::AddKeyCredentialLink,
    RelationKind::GenericWrite,
    RelationKind::WritePublicInformation,
    RelationKind::AllExtendedRights,
    RelationKind::WriteDacl,
    RelationKind::GenericAll,
];
const INHERITED_BY_GROUPS: &[RelationKind] = &[
    RelationKind::AddMember,
    RelationKind::AddSelf,
    RelationKind::GenericWrite,
    RelationKind::GenericAll,
];
const INHERITED_BY_COMPUTERS: &[RelationKind] = &[
    RelationKind::WriteAccountRestrictions,
    RelationKind::ReadLapsPassword,
    RelationKind::AddKeyCredentialLink,
    RelationKind::AddAllowedToAct,
    RelationKind::GenericWrite,
    RelationKind::AllExtendedRights,
    RelationKind::GenericAll,
];
const ODD_RIGHTS: &[RelationKind] = &[
    RelationKind::GenericAll,
    RelationKind::GenericWrite,
    RelationKind::WriteDacl,
    RelationKind::WriteOwner,
    RelationKind::AllExtendedRights,
];

const FIRST_NAMES: &[&str] = &[
    "Anna",
    "Björn",
    "Chloé",
    "Dmytro",
    "Elif",
    "Fatima",
    "Giulia",
    "Håkon",
    "Inês",
    "Jürgen",
    "Katarzyna",
    "Liam",
    "Mária",
    "Noor",
    "Olga",
    "Pedro",
    "Renée",
    "Søren",
    "Tomáš",
    "Zoë",
    "李",
    "美咲",
    "Αλέξης",
    "Юлія",
];
const LAST_NAMES: &[&str] = &[
    "Andersson",
    "Brandão",
    "Červenka",
    "Dubois",
    "Eriksen",
    "Fernández",
    "Grün",
    "Håland",
    "Ivanova",
    "Jones",
    "Kowalski",
    "Lefèvre",
    "Müller",
    "Nowak",
    "O'Brien",
    "Papadopoulos",
    "Rossi",
    "Şahin",
    "Tanaka",
    "Van der Berg",
    "Weiß",
    "Yılmaz",
    "Zhang",
    "Østergård",
];
const TITLES: &[&str] = &[
    "Engineer",
    "Analyst",
    "Clerk \"B\" grade",
    "Nurse",
    "Head of R&D",
    "Techniker (Außendienst)",
    "Buyer",
    "Planner",
];
const NOTES: &[&str] = &[
    "Badge \"blue\"",
    r"Old profile in C:\Users\legacy",
    "Moved\tfrom plant 7",
    "Règle d’accès n° 4",
    "See ticket 10442\nowner unknown",
    "Kontakt: Empfang",
];
const GROUP_NAMES: &[&str] = &[
    "Role Readers",
    "Share Editors",
    "Projekt Mitglieder",
    "Équipe",
    "App Users",
    "VPN Users",
    "Printer Owners",
    "Reports \"weekly\"",
];
const SERVERS: &[&str] = &[
    "Windows Server 2022 Standard",
    "Windows Server 2019 Standard",
    "Windows Server 2016 Datacenter",
];
const WORKSTATIONS: &[&str] = &["Windows 11 Enterprise", "Windows 10 Enterprise"];

/// A name in the letters of an account name.
fn ascii(name: &str) -> String {
    let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
    if letters.is_empty() {
        "user".to_owned()
    } else {
        letters.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;

    use serde_json::Value;

    use super::*;

    fn read(written: &Written, kind: &str) -> Value {
        let end = format!("_{kind}.json");
        let path = written
            .files
            .iter()
            .find(|it| it.to_string_lossy().ends_with(&end))
            .unwrap();
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn the_size_written_is_within_five_percent_of_the_size_wanted() {
        let folder = tempfile::tempdir().unwrap();
        for size_bytes in [1 << 20, 12 << 20] {
            let written = write(folder.path(), size_bytes, 7).unwrap();
            let off = written.bytes.abs_diff(size_bytes);
            assert!(off * 20 <= size_bytes, "{} for {size_bytes}", written.bytes);
            let on_disk: u64 = written.files.iter().map(|it| fs::metadata(it).unwrap().len()).sum();
            assert_eq!(on_disk, written.bytes);
        }
    }

    #[test]
    fn as_many_assets_are_written_as_wanted_within_three_percent() {
        let folder = tempfile::tempdir().unwrap();
        for wanted in [1_000, 12_000] {
            let written = write_assets(folder.path(), wanted, 7).unwrap();
            let computers = read(&written, "computers");
            let local_groups: usize = computers["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|computer| computer["LocalGroups"].as_array().unwrap().len())
                .sum();
            let assets = written.objects + local_groups as u64;
            assert!(assets.abs_diff(wanted) * 100 <= wanted * 3, "{assets} for {wanted}");
        }
        let refused = write_assets(folder.path(), 3, 7).unwrap_err().to_string();
        assert_eq!(refused, "a collection has between 500 and 100000000 assets, and not 3");
    }

    #[test]
    fn a_directory_of_some_users_has_as_many_relations_as_said() {
        let folder = tempfile::tempdir().unwrap();
        let users = 4_000;
        let written = write_users(folder.path(), users, 7).unwrap();
        let mut relations = 0;
        for kind in ["computers", "domains", "containers", "gpos", "groups", "ous", "users"] {
            for object in read(&written, kind)["data"].as_array().unwrap() {
                relations += relations_of(object);
            }
        }
        let wanted = users * RELATIONS_PER_USER;
        assert!(relations.abs_diff(wanted) * 20 <= wanted, "{relations} for {wanted}");
        let refused = write_users(folder.path(), 3, 7).unwrap_err().to_string();
        assert_eq!(refused, "a directory has between 1500 and 70000000 users, and not 3");
    }

    /// As many as an importer reads from a record, roughly: it also counts what is named twice once.
    fn relations_of(object: &Value) -> u64 {
        let lists = ["Aces", "Members", "Links", "AllowedToDelegate", "AllowedToAct"];
        let count = |value: &Value| value.as_array().map_or(0, |list| list.len() as u64);
        let sessions = ["Sessions", "PrivilegedSessions", "RegistrySessions"];
        let groups = object["LocalGroups"].as_array().into_iter().flatten();
        let rights = object["UserRights"].as_array().into_iter().flatten();
        lists.iter().map(|list| count(&object[list])).sum::<u64>()
            + sessions.iter().map(|list| count(&object[list]["Results"])).sum::<u64>()
            + groups.map(|group| count(&group["Results"]) + 1).sum::<u64>()
            + rights.map(|right| count(&right["Results"])).sum::<u64>()
            + u64::from(object["ContainedBy"].is_object())
            + u64::from(object["PrimaryGroupSID"].is_string())
    }

    #[test]
    fn equal_arguments_give_equal_bytes_and_another_seed_others() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = |name: &str, seed| {
            let written = write_zip(&folder.path().join(name), SIZE_BYTES_MIN, seed).unwrap();
            fs::read(&written.files[0]).unwrap()
        };
        assert_eq!(bytes("a.zip", 1), bytes("b.zip", 1));
        assert_ne!(bytes("a.zip", 1), bytes("c.zip", 2));
    }

    #[test]
    fn counts_are_told_truly_and_every_named_object_has_its_record() {
        let folder = tempfile::tempdir().unwrap();
        let written = write(folder.path(), 1 << 20, 3).unwrap();
        let mut ids = HashSet::new();
        let mut objects = 0;
        for kind in ["computers", "containers", "domains", "gpos", "groups", "ous", "users"] {
            let file = read(&written, kind);
            let data = file["data"].as_array().unwrap();
            assert_eq!(file["meta"]["count"], data.len());
            assert_eq!(file["meta"]["type"], kind);
            objects += data.len() as u64;
            for record in data {
                assert!(ids.insert(record["ObjectIdentifier"].as_str().unwrap().to_owned()));
            }
        }
        assert_eq!(objects, written.objects);
        for group in read(&written, "groups")["data"].as_array().unwrap() {
            for member in group["Members"].as_array().unwrap() {
                assert!(ids.contains(member["ObjectIdentifier"].as_str().unwrap()));
            }
        }
        for user in read(&written, "users")["data"].as_array().unwrap() {
            for right in user["Aces"].as_array().unwrap() {
                assert!(ids.contains(right["PrincipalSID"].as_str().unwrap()), "{right}");
            }
        }
    }

    #[test]
    fn users_dominate_and_hold_about_ten_rights_each() {
        let folder = tempfile::tempdir().unwrap();
        let written = write(folder.path(), 4 << 20, 3).unwrap();
        let users = read(&written, "users");
        let users = users["data"].as_array().unwrap();
        let rights: usize = users.iter().map(|user| user["Aces"].as_array().unwrap().len()).sum();
        assert!(
            (9 * users.len()..12 * users.len()).contains(&rights),
            "{rights} of {}",
            users.len()
        );
        assert!(users.iter().any(|user| !user.to_string().is_ascii()));
        let path = written
            .files
            .iter()
            .find(|it| it.to_string_lossy().contains("_users"))
            .unwrap();
        let share = fs::metadata(path).unwrap().len() * 100 / written.bytes;
        assert!(share >= 60, "{share} %");
    }

    #[test]
    fn a_size_that_cannot_be_kept_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("collection");
        let error = write(&out, SIZE_BYTES_MIN - 1, 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a collection of 262143 bytes is too small to hold a domain; 262144 is the least"
        );
        assert!(!out.exists());
        assert!(matches!(
            Plan::for_size(SIZE_BYTES_MAX + 1, 0),
            Err(SampleError::TooLarge { .. })
        ));
    }
}
