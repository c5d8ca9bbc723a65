//! What a fresh domain looks like: identifiers, default rights, built-in groups and containers.
//!
//! Start at [`Realm`], which names things and makes records with the rights that Active Directory gives
//! by default; writers change what is special. [`Directory`] is a whole small domain in memory.

use std::io;

use jiff::Timestamp;
use postern_model::kind::{NodeKind, RelationKind};

use crate::SampleError;
use crate::output::{Output, stamp};
use crate::records::*;

/// Relative identifiers of the groups and accounts that every domain has.
pub mod rid {
    pub const ADMINISTRATOR: u64 = 500;
    pub const KRBTGT: u64 = 502;
    pub const ENTERPRISE_READ_ONLY_DCS: u64 = 498;
    pub const DOMAIN_ADMINS: u64 = 512;
    pub const DOMAIN_USERS: u64 = 513;
    pub const DOMAIN_COMPUTERS: u64 = 515;
    pub const DOMAIN_CONTROLLERS: u64 = 516;
    pub const SCHEMA_ADMINS: u64 = 518;
    pub const ENTERPRISE_ADMINS: u64 = 519;
    pub const POLICY_OWNERS: u64 = 520;
    pub const KEY_ADMINS: u64 = 526;
    pub const ENTERPRISE_KEY_ADMINS: u64 = 527;
    pub const BUILTIN_ADMINISTRATORS: u64 = 544;
    pub const BUILTIN_USERS: u64 = 545;
    pub const ACCOUNT_OPERATORS: u64 = 548;
    pub const SERVER_OPERATORS: u64 = 549;
    pub const PRINT_OPERATORS: u64 = 550;
    pub const BACKUP_OPERATORS: u64 = 551;
    pub const REMOTE_DESKTOP_USERS: u64 = 555;
}

/// Seconds.
pub const DAY: i64 = 86_400;

/// A domain's names, and the moment from which its records are told.
#[derive(Clone, Debug)]
pub struct Realm {
    /// Upper case, as SharpHound writes it.
    pub fqdn: String,
    pub sid: String,
    /// SID of the forest's first domain: its Enterprise Admins rule here too.
    pub forest_sid: String,
    /// Seconds since 1970.
    pub collected_at: i64,
}

/// Where an object lies: its parent, and the parent's distinguished name.
#[derive(Clone, Debug)]
pub struct Place {
    pub parent: Principal,
    pub distinguished_name: String,
}

impl Realm {
    pub fn new(fqdn: &str, sid: &str, forest_sid: &str, collected_at: Timestamp) -> Self {
        Self {
            fqdn: fqdn.to_uppercase(),
            sid: sid.to_owned(),
            forest_sid: forest_sid.to_owned(),
            collected_at: collected_at.as_second(),
        }
    }

    pub fn account(&self, rid: u64) -> String {
        format!("{}-{rid}", self.sid)
    }

    pub fn builtin(&self, rid: u64) -> String {
        format!("{}-S-1-5-32-{rid}", self.fqdn)
    }

    pub fn user(&self, rid: u64) -> Principal {
        Principal::new(self.account(rid), NodeKind::User)
    }

    pub fn group(&self, rid: u64) -> Principal {
        Principal::new(self.account(rid), NodeKind::Group)
    }

    pub fn days_ago(&self, days: i64) -> i64 {
        self.collected_at - days * DAY
    }

    pub fn distinguished_name(&self) -> String {
        let parts: Vec<String> = self.fqdn.split('.').map(|part| format!("DC={part}")).collect();
        parts.join(",")
    }

    pub fn root(&self) -> Place {
        Place {
            parent: Principal::new(&*self.sid, NodeKind::Domain),
            distinguished_name: self.distinguished_name(),
        }
    }

    fn properties(&self, label: &str, relative_name: &str, place: &Place) -> CommonProperties {
        CommonProperties {
            domain: self.fqdn.clone(),
            name: format!("{}@{}", label.to_uppercase(), self.fqdn),
            distinguishedname: format!("{},{}", relative_name.to_uppercase(), place.distinguished_name),
            domainsid: self.sid.clone(),
            isaclprotected: false,
            description: None,
            whencreated: self.days_ago(900),
        }
    }

    fn common(&self, id: String, place: &Place, own: &[RelationKind]) -> Common {
        Common {
            aces: self.default_aces(own),
            object_identifier: id,
            is_deleted: false,
            is_acl_protected: false,
            contained_by: Some(place.parent.clone()),
        }
    }

    /// The rights that administrators hold on an object by default. `own` are those that Account
    /// Operators and Domain Admins are given on objects of its class.
    fn default_aces(&self, own: &[RelationKind]) -> Vec<Ace> {
        use RelationKind::*;
        let domain_admins = self.account(rid::DOMAIN_ADMINS);
        let enterprise_admins = format!("{}-{}", self.forest_sid, rid::ENTERPRISE_ADMINS);
        let administrators = self.builtin(rid::BUILTIN_ADMINISTRATORS);
        let mut aces = vec![ace(&domain_admins, Owns, false)];
        for &right in own {
            aces.push(ace(&self.builtin(rid::ACCOUNT_OPERATORS), right, false));
            aces.push(ace(&domain_admins, right, false));
        }
        aces.push(ace(&enterprise_admins, GenericAll, true));
        for right in [WriteDacl, WriteOwner, GenericWrite] {
            aces.push(ace(&administrators, right, true));
        }
        aces
    }

    pub fn new_user(&self, rid: u64, sam: &str, place: &Place) -> User {
        User {
            properties: UserProperties {
                common: self.properties(sam, &format!("CN={}", escape_rdn(sam)), place),
                samaccountname: sam.to_owned(),
                sensitive: false,
                dontreqpreauth: false,
                passwordnotreqd: false,
                unconstraineddelegation: false,
                pwdneverexpires: false,
                enabled: true,
                trustedtoauth: false,
                lastlogon: self.days_ago(1),
                lastlogontimestamp: self.days_ago(6),
                pwdlastset: self.days_ago(45),
                accountexpires: None,
                serviceprincipalnames: Vec::new(),
                hasspn: false,
                displayname: None,
                email: None,
                title: None,
                homedirectory: None,
                userpassword: None,
                unixpassword: None,
                unicodepassword: None,
                sfupassword: None,
                logonscript: None,
                admincount: false,
                sidhistory: Vec::new(),
            },
            allowed_to_delegate: Vec::new(),
            primary_group_sid: self.account(rid::DOMAIN_USERS),
            has_sid_history: Vec::new(),
            spn_targets: Vec::new(),
            common: self.common(self.account(rid), place, &[RelationKind::GenericAll]),
        }
    }

    /// A member computer. It has not been asked for sessions or local groups.
    pub fn new_computer(&self, rid: u64, host: &str, place: &Place) -> Computer {
        let mut common = self.properties(host, &format!("CN={host}"), place);
        common.name = format!("{}.{}", host.to_uppercase(), self.fqdn);
        let fqdn = common.name.clone();
        Computer {
            properties: ComputerProperties {
                common,
                samaccountname: format!("{}$", host.to_uppercase()),
                haslaps: false,
                enabled: true,
                unconstraineddelegation: false,
                trustedtoauth: false,
                isdc: false,
                lastlogon: self.days_ago(1),
                lastlogontimestamp: self.days_ago(3),
                pwdlastset: self.days_ago(12),
                serviceprincipalnames: vec![format!("HOST/{fqdn}"), format!("HOST/{}", host.to_uppercase())],
                email: None,
                operatingsystem: None,
                sidhistory: Vec::new(),
                allowedtodelegate: Vec::new(),
                ldap: None,
            },
            primary_group_sid: self.account(rid::DOMAIN_COMPUTERS),
            allowed_to_delegate: Vec::new(),
            allowed_to_act: Vec::new(),
            has_sid_history: Vec::new(),
            dump_smsa_password: Vec::new(),
            sessions: Sessions::not_collected(),
            privileged_sessions: Sessions::not_collected(),
            registry_sessions: Sessions::not_collected(),
            local_groups: Vec::new(),
            user_rights: Vec::new(),
            dc_registry_data: DcRegistryData::default(),
            answers: HostAnswers::default(),
            status: None,
            is_dc: false,
            domain_sid: self.sid.clone(),
            common: self.common(self.account(rid), place, &[RelationKind::GenericAll]),
        }
    }

    pub fn new_group(&self, rid: u64, name: &str, place: &Place) -> Group {
        Group {
            properties: GroupProperties {
                common: self.properties(name, &format!("CN={}", escape_rdn(name)), place),
                samaccountname: name.to_owned(),
                admincount: false,
            },
            members: Vec::new(),
            common: self.common(self.account(rid), place, &[RelationKind::GenericAll]),
        }
    }

    pub fn new_ou(&self, guid: &str, name: &str, place: &Place) -> Ou {
        Ou {
            gpo_changes: GpoChanges::default(),
            properties: OuProperties {
                common: self.properties(name, &format!("OU={}", escape_rdn(name)), place),
                blocksinheritance: false,
            },
            links: Vec::new(),
            child_objects: Vec::new(),
            common: self.common(guid.to_owned(), place, &[]),
        }
    }

    /// The place inside an organisational unit, without making its record.
    pub fn ou_place(&self, guid: &str, name: &str, place: &Place) -> Place {
        let relative_name = format!("OU={}", escape_rdn(name)).to_uppercase();
        let distinguished_name = format!("{relative_name},{}", place.distinguished_name);
        inside(guid, NodeKind::Ou, &distinguished_name)
    }

    pub fn new_container(&self, guid: &str, name: &str, place: &Place) -> Container {
        let properties = self.properties(name, &format!("CN={}", escape_rdn(name)), place);
        Container {
            properties: ContainerProperties {
                domain: properties.domain,
                name: properties.name,
                distinguishedname: properties.distinguishedname,
                domainsid: properties.domainsid,
                isaclprotected: properties.isaclprotected,
            },
            child_objects: Vec::new(),
            common: self.common(guid.to_owned(), place, &[]),
        }
    }

    /// A group policy; SharpHound does not tell the container of one.
    pub fn new_gpo(&self, guid: &str, name: &str) -> Gpo {
        let place = Place {
            parent: Principal::new(&*self.sid, NodeKind::Domain),
            distinguished_name: format!("CN=POLICIES,CN=SYSTEM,{}", self.distinguished_name()),
        };
        let mut common = self.common(guid.to_owned(), &place, &[]);
        common.contained_by = None;
        Gpo {
            properties: GpoProperties {
                common: self.properties(name, &format!("CN={{{guid}}}"), &place),
                gpcpath: format!(r"\\{0}\SYSVOL\{0}\POLICIES\{{{guid}}}", self.fqdn),
            },
            common,
        }
    }

    /// The domain itself, with the replication rights of its controllers and administrators.
    pub fn new_domain(&self) -> Domain {
        use RelationKind::*;
        let mut properties = self.properties(&self.fqdn, "", &self.root());
        properties.name = self.fqdn.clone();
        properties.distinguishedname = self.distinguished_name();
        let mut common = self.common(self.sid.clone(), &self.root(), &[]);
        common.contained_by = None;
        for right in [GetChanges, GetChangesAll] {
            common
                .aces
                .push(ace(&self.builtin(rid::BUILTIN_ADMINISTRATORS), right, false));
        }
        common
            .aces
            .push(ace(&self.account(rid::DOMAIN_CONTROLLERS), GetChangesAll, false));
        common
            .aces
            .push(ace(&self.account(rid::DOMAIN_ADMINS), AllExtendedRights, false));
        Domain {
            gpo_changes: GpoChanges::default(),
            properties: DomainProperties {
                common: properties,
                functionallevel: "2016",
                collected: true,
            },
            child_objects: Vec::new(),
            trusts: Vec::new(),
            links: Vec::new(),
            common,
        }
    }
}

/// A right that a group holds.
pub fn ace(group: &str, right: RelationKind, is_inherited: bool) -> Ace {
    ace_of(&Principal::new(group, NodeKind::Group), right, is_inherited)
}

pub fn ace_of(principal: &Principal, right: RelationKind, is_inherited: bool) -> Ace {
    Ace {
        principal_sid: principal.object_identifier.clone(),
        principal_type: principal.object_type,
        right_name: right,
        is_inherited,
    }
}

/// One hop down: the place inside this container.
pub fn inside(id: &str, kind: NodeKind, distinguished_name: &str) -> Place {
    Place {
        parent: Principal::new(id, kind),
        distinguished_name: distinguished_name.to_owned(),
    }
}

/// Members of a local group of a computer, by the relative identifier of the group.
pub fn local_group(computer: &Computer, group_rid: u64, results: Vec<Principal>) -> LocalGroup {
    let name = match group_rid {
        rid::BUILTIN_ADMINISTRATORS => "ADMINISTRATORS",
        rid::REMOTE_DESKTOP_USERS => "REMOTE DESKTOP USERS",
        _ => "IGNOREME",
    };
    LocalGroup {
        object_identifier: format!("{}-{group_rid}", computer.common.object_identifier),
        name: format!("{name}@{}", computer.properties.common.name),
        results,
        local_names: Vec::new(),
        collected: true,
        failure_reason: None,
    }
}

/// A session of a user on a computer, both by SID.
pub fn session(user: &Principal, computer: &Computer) -> Session {
    Session {
        user_sid: user.object_identifier.clone(),
        computer_sid: computer.common.object_identifier.clone(),
    }
}

/// The characters that a relative distinguished name must escape, RFC 4514 section 2.4.
pub fn escape_rdn(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A whole domain in memory; for the small ones.
#[derive(Clone, Debug)]
pub struct Directory {
    pub realm: Realm,
    pub domain: Domain,
    pub users: Vec<User>,
    pub computers: Vec<Computer>,
    pub groups: Vec<Group>,
    pub ous: Vec<Ou>,
    pub containers: Vec<Container>,
    pub gpos: Vec<Gpo>,
}

impl Directory {
    /// A domain with its built-in groups and no account but Administrator and krbtgt. `guid` numbers the
    /// containers; it must give different texts for different numbers.
    pub fn new(realm: Realm, guid: impl Fn(u64) -> String) -> Self {
        let users_dn = format!("CN=USERS,{}", realm.distinguished_name());
        let users = realm.new_container(&guid(0), "Users", &realm.root());
        let system = realm.new_container(&guid(1), "System", &realm.root());
        let system_dn = system.properties.distinguishedname.clone();
        let mut holder = realm.new_container(
            &guid(2),
            "AdminSDHolder",
            &inside(&guid(1), NodeKind::Container, &system_dn),
        );
        holder.common.is_acl_protected = true;
        holder.properties.isaclprotected = true;
        let place = inside(&guid(0), NodeKind::Container, &users_dn);

        let is_forest_root = realm.sid == realm.forest_sid;
        let mut groups = Vec::new();
        let mut named = vec![
            (rid::DOMAIN_ADMINS, "Domain Admins"),
            (rid::DOMAIN_USERS, "Domain Users"),
            (rid::DOMAIN_COMPUTERS, "Domain Computers"),
            (rid::DOMAIN_CONTROLLERS, "Domain Controllers"),
            (rid::POLICY_OWNERS, "Group Policy Creator Owners"),
            (rid::KEY_ADMINS, "Key Admins"),
        ];
        if is_forest_root {
            named.extend([
                (rid::ENTERPRISE_READ_ONLY_DCS, "Enterprise Read-only Domain Controllers"),
                (rid::SCHEMA_ADMINS, "Schema Admins"),
                (rid::ENTERPRISE_ADMINS, "Enterprise Admins"),
                (rid::ENTERPRISE_KEY_ADMINS, "Enterprise Key Admins"),
            ]);
        }
        let mut administrators = vec![realm.group(rid::DOMAIN_ADMINS), realm.user(rid::ADMINISTRATOR)];
        if is_forest_root {
            administrators.push(realm.group(rid::ENTERPRISE_ADMINS));
        }
        for (rid, name) in named {
            let mut group = realm.new_group(rid, name, &place);
            if matches!(rid, rid::DOMAIN_ADMINS | rid::SCHEMA_ADMINS | rid::ENTERPRISE_ADMINS) {
                group.members.push(realm.user(rid::ADMINISTRATOR));
                protect(&realm, &mut group.common, &mut group.properties.common);
                group.properties.admincount = true;
            }
            groups.push(group);
        }
        for (rid, name) in [
            (rid::BUILTIN_ADMINISTRATORS, "Administrators"),
            (rid::BUILTIN_USERS, "Users"),
            (rid::ACCOUNT_OPERATORS, "Account Operators"),
            (rid::SERVER_OPERATORS, "Server Operators"),
            (rid::PRINT_OPERATORS, "Print Operators"),
            (rid::BACKUP_OPERATORS, "Backup Operators"),
            (rid::REMOTE_DESKTOP_USERS, "Remote Desktop Users"),
        ] {
            let mut group = realm.new_group(rid, name, &place);
            group.common.object_identifier = realm.builtin(rid);
            group.members = match rid {
                rid::BUILTIN_ADMINISTRATORS => administrators.clone(),
                rid::BUILTIN_USERS => vec![realm.group(rid::DOMAIN_USERS)],
                _ => Vec::new(),
            };
            if !matches!(rid, rid::BUILTIN_USERS | rid::REMOTE_DESKTOP_USERS) {
                protect(&realm, &mut group.common, &mut group.properties.common);
                group.properties.admincount = true;
            }
            groups.push(group);
        }

        let mut administrator = realm.new_user(rid::ADMINISTRATOR, "Administrator", &place);
        administrator.properties.pwdneverexpires = true;
        let mut krbtgt = realm.new_user(rid::KRBTGT, "krbtgt", &place);
        krbtgt.properties.enabled = false;
        krbtgt.properties.hasspn = true;
        krbtgt.properties.serviceprincipalnames = vec!["kadmin/changepw".to_owned()];
        let mut accounts = vec![administrator, krbtgt];
        for user in &mut accounts {
            protect(&realm, &mut user.common, &mut user.properties.common);
            user.properties.admincount = true;
        }
        Self {
            domain: realm.new_domain(),
            users: accounts,
            computers: Vec::new(),
            groups,
            ous: Vec::new(),
            containers: vec![users, system, holder],
            gpos: Vec::new(),
            realm,
        }
    }

    /// The group or account list entry with this identifier.
    ///
    /// # Panics
    /// When the writer never made such a group: a mistake in the code.
    pub fn group_mut(&mut self, id: &str) -> &mut Group {
        self.groups
            .iter_mut()
            .find(|group| group.common.object_identifier == id)
            .unwrap_or_else(|| panic!("no group {id} was made"))
    }

    /// Gives `principal` a right on the group `id`.
    pub fn grant_on_group(&mut self, id: &str, principal: &Principal, right: RelationKind) {
        let right = ace_of(principal, right, false);
        self.group_mut(id).common.aces.push(right);
    }

    /// The documents of a collection: name without the leading time, and content.
    pub fn documents(&self) -> [(&'static str, DocumentWriter<'_>); 7] {
        [
            (
                "computers",
                Box::new(|out| write_collection(out, "computers", methods::ALL, &self.computers)),
            ),
            (
                "containers",
                Box::new(|out| write_collection(out, "containers", methods::ALL, &self.containers)),
            ),
            (
                "domains",
                Box::new(|out| write_collection(out, "domains", methods::ALL, [&self.domain])),
            ),
            (
                "gpos",
                Box::new(|out| write_collection(out, "gpos", methods::ALL, &self.gpos)),
            ),
            (
                "groups",
                Box::new(|out| write_collection(out, "groups", methods::ALL, &self.groups)),
            ),
            (
                "ous",
                Box::new(|out| write_collection(out, "ous", methods::ALL, &self.ous)),
            ),
            (
                "users",
                Box::new(|out| write_collection(out, "users", methods::ALL, &self.users)),
            ),
        ]
    }

    pub fn write(&self, output: &mut Output, at: Timestamp) -> Result<(), SampleError> {
        for (kind, fill) in self.documents() {
            output.document(&format!("{}_{kind}.json", stamp(at)), at, fill)?;
        }
        Ok(())
    }
}

/// Writes one document and returns how many objects are in it.
pub type DocumentWriter<'a> = Box<dyn FnOnce(&mut dyn io::Write) -> io::Result<u64> + 'a>;

/// Replaces the rights on an object by those of AdminSDHolder, which inherits nothing and which Account
/// Operators do not reach.
pub fn protect(realm: &Realm, common: &mut Common, properties: &mut CommonProperties) {
    use RelationKind::*;
    let domain_admins = realm.account(rid::DOMAIN_ADMINS);
    common.aces = vec![ace(&domain_admins, Owns, false)];
    for group in [
        realm.builtin(rid::BUILTIN_ADMINISTRATORS),
        domain_admins,
        format!("{}-{}", realm.forest_sid, rid::ENTERPRISE_ADMINS),
    ] {
        for right in [WriteDacl, WriteOwner, AllExtendedRights, GenericWrite] {
            common.aces.push(ace(&group, right, false));
        }
    }
    common.is_acl_protected = true;
    properties.isaclprotected = true;
}
