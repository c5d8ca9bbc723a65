//! The directory of the demonstration's company, as it was in a given week.
//!
//! Start at [`Company::in_week`]. What a story needs is planted in the same order every week, so that every account
//! keeps its SID; only rights, members and sessions come and go. New staff and new workstations come last.

use std::ops::RangeInclusive;

use postern_model::kind::RelationKind;

use super::Week;
use crate::organisation::FOREST_SID;
use crate::records::Principal;
use crate::site::{
    DMZ, INTEGRATION, OLD_SERVER_OS, SERVER_OS, SERVERS, Site, TREATMENT, WORKS_OFFICE, WORKS_SERVERS, silence,
};
use crate::standard::rid;

pub const WORKS_SID: &str = "S-1-5-21-1846630579-3302915467-2057714398";
const PARTNER_SID: &str = "S-1-5-21-3581207694-2409871653-1275509846";

/// Names and habits of the staff.
const SEED: u64 = 2_026;

const HEAD_OFFICE_STAFF: u64 = 320;
const WORKS_STAFF: u64 = 110;
const PARTNER_STAFF: u64 = 24;
const HEAD_OFFICE_WORKSTATIONS: u64 = 170;
const WORKS_WORKSTATIONS: u64 = 56;
/// People who join the head office each week, with a workstation each.
const JOINERS_A_WEEK: u64 = 3;
/// Of the first staff, so many have left before the first week: their accounts are disabled.
const LEFT_BEFORE: u64 = 14;
/// So many more leave each week.
const LEAVERS_A_WEEK: u64 = 2;

const DEPARTMENTS: &[&str] = &[
    "Finance",
    "Operations",
    "Customer Care",
    "People",
    "Facilities",
    "Network Maintenance",
    "Legal",
    "Laboratory",
    "Metering",
    "Procurement",
];

/// Applications with a server and a service account each; the account administers the server.
pub const APPLICATIONS: &[(&str, &str)] = &[
    ("svc_gis", "GIS01"),
    ("svc_docs", "DOCS01"),
    ("svc_tickets", "TICKETS01"),
    ("svc_metering", "METER01"),
    ("svc_reports", "REPORTS01"),
    ("svc_archive", "ARCHIVE01"),
    ("svc_scheduler", "SCHED01"),
    ("svc_wiki", "WIKI01"),
    ("svc_monitor", "MONITOR01"),
    ("svc_build", "BUILD01"),
    ("svc_fleet", "FLEET01"),
    ("svc_quality", "QUALITY01"),
];
/// On every so many of them a server administrator is logged on.
const ADMINISTRATOR_ON_EVERY: usize = 5;

/// Servers of the head office that play no part in a story.
const PLAIN_SERVERS: &[&str] = &[
    "FILES02",
    "FILES03",
    "PRINT02",
    "SQL02",
    "WEB01",
    "WEB02",
    "MAIL01",
    "MAIL02",
    "WSUS01",
    "DHCP01",
    "RADIUS01",
    "PROXY01",
    "PROXY02",
    "BACKUP01",
    "VCENTER01",
    "CAMERA01",
    "PHONE01",
    "INTRANET01",
    "CRMTEST01",
    "GISTEST01",
];

/// Groups that applications and shares are granted to, each with some of the staff.
const STAFF_GROUPS: &[&str] = &[
    "VPN Users",
    "Remote Desktop Staff",
    "Printer Colour",
    "Share Finance Write",
    "Share Legal Write",
    "Share People Write",
    "Share Projects Read",
    "Share Projects Write",
    "Mail Large Attachments",
    "GIS Viewers",
    "GIS Editors",
    "Tickets Agents",
    "Metering Readers",
    "Laboratory Results Read",
    "Fleet Booking",
    "Wiki Authors",
    "Archive Readers",
    "Works Council",
    "First Aiders",
    "Projector Booking",
];

/// Workstations of the head office on which a story has somebody logged on.
const STORY_WORKSTATIONS: &[&str] = &["AW-WS011.", "AW-WS020."];

/// The three domains in one week.
pub struct Company {
    pub head_office: Site,
    pub works: Site,
    pub partner: Site,
}

impl Company {
    pub fn in_week(week: Week) -> Self {
        let site = |fqdn, sid, forest| Site::new(fqdn, sid, forest, SEED, week.collected_at);
        let mut head_office = site("ALDERMOOR.EXAMPLE", FOREST_SID, FOREST_SID);
        let mut works = site("WORKS.ALDERMOOR.EXAMPLE", WORKS_SID, FOREST_SID);
        let mut partner = site("FENWICK.EXAMPLE", PARTNER_SID, PARTNER_SID);
        (works.office, works.servers) = (WORKS_OFFICE, WORKS_SERVERS);
        head_office.trust(&works.directory.realm, "ParentChild", "Bidirectional");
        works.trust(&head_office.directory.realm, "ParentChild", "Bidirectional");
        head_office.trust(&partner.directory.realm, "External", "Outbound");
        partner.trust(&head_office.directory.realm, "External", "Inbound");

        let domain_admin = fill_head_office(&mut head_office, week);
        let telemetry = fill_works(&mut works, &domain_admin, week);
        // Story `works-reaches-the-historian`: a group of one domain administers a server of the other.
        head_office.add_administrator("HIST01", &telemetry);
        fill_partner(&mut partner, week);
        for site in [&mut head_office, &mut works, &mut partner] {
            site.age_by(week.days_since_first());
        }
        Self {
            head_office,
            works,
            partner,
        }
    }

    /// The SID of an account or computer, which stands for it in every file.
    ///
    /// # Panics
    /// When no domain has it: a mistake in a story. So below.
    pub fn sid_of(&self, name: &str) -> String {
        let found = [&self.head_office, &self.works, &self.partner]
            .into_iter()
            .find_map(|site| site.find(name));
        found.unwrap_or_else(|| panic!("nobody is called {name}"))
    }
}

/// Plants what lies in the head office, and returns the domain admin who also works at the works.
fn fill_head_office(site: &mut Site, week: Week) -> Principal {
    site.ous(&[
        "Staff",
        "Servers",
        "Payroll Servers",
        "Laboratory",
        "Workstations",
        "Admins",
        "Service Accounts",
        "Contractors",
        "Domain Controllers",
    ]);
    site.staff(HEAD_OFFICE_STAFF, DEPARTMENTS);
    site.controllers(2);

    let domain_admin = site.user("adm.ferris", "Admins");
    let travelling_admin = site.user("adm.okafor", "Admins");
    let backup = site.user("svc_backup", "Service Accounts");
    for admin in [&domain_admin, &travelling_admin, &backup] {
        site.join_domain_admins(admin);
    }
    site.log_on(&domain_admin, "DC01");
    let server_admin = site.user("adm.pike", "Admins");
    let second_server_admin = site.user("adm.ruiz", "Admins");
    let server_admins = site.group("Server Admins", "Admins", &[&server_admin, &second_server_admin]);
    let desktop_admin = site.user("adm.lind", "Admins");
    let workstation_admins = site.group("Workstation Admins", "Admins", &[&desktop_admin]);
    let database_admin = site.user("adm.castell", "Admins");
    let database_admins = site.group("Database Admins", "Admins", &[&database_admin]);
    let payroll_admin = site.user("adm.vogel", "Admins");
    let payroll_admins = site.group("Payroll Admins", "Admins", &[&payroll_admin]);

    for name in ["FILES01", "SQL01", "PRINT01", "JUMP02"].iter().chain(PLAIN_SERVERS) {
        site.server(name, SERVERS, SERVER_OS, &[&server_admins]);
    }
    for (_, server) in APPLICATIONS {
        site.server(server, SERVERS, SERVER_OS, &[&server_admins]);
    }
    site.server("PORTAL01", DMZ, SERVER_OS, &[&server_admins]);
    site.server("SHOP01", DMZ, SERVER_OS, &[&server_admins]);
    site.server("LEGACY01", INTEGRATION, OLD_SERVER_OS, &[&server_admins]);
    site.server("ESB01", INTEGRATION, OLD_SERVER_OS, &[]);
    site.server("HIST01", TREATMENT, OLD_SERVER_OS, &[]);
    site.server("SQLCUST01", SERVERS, SERVER_OS, &[&database_admins]);
    site.server("BILL01", SERVERS, SERVER_OS, &[]);
    site.server("CRM01", SERVERS, SERVER_OS, &[]);
    site.computer("SQLPAY01", "Payroll Servers", SERVERS, SERVER_OS, &[&payroll_admins]);
    site.server("PENSION01", SERVERS, SERVER_OS, &[&payroll_admins]);
    site.computer("LIMS01", "Laboratory", SERVERS, SERVER_OS, &[]);
    for name in ["AW-LOBBY01", "AW-KIOSK01", "AW-RECEPTION01"] {
        site.workstation(name, &[&workstation_admins]);
    }
    for number in 1..=HEAD_OFFICE_WORKSTATIONS {
        site.workstation(&format!("AW-WS{number:03}"), &[&workstation_admins]);
    }

    // Story `help-desk-owns-server-admins`: the group, and a server with the session of a domain admin.
    let agent = site.person("Tamsin Ivory", "Customer Care");
    let trainee = site.person("Lena Brandt", "Customer Care");
    site.user_mut(&trainee).properties.dontreqpreauth = true;
    let help_desk = site.group("Help Desk", "Staff", &[&agent, &trainee]);
    site.grant(&server_admins, &help_desk, RelationKind::GenericAll);
    site.log_on(&backup, "FILES01");
    site.log_on(&agent, "AW-WS011");

    // Story `help-desk-resets-a-service-account`.
    let deploy = site.user("svc_deploy", "Service Accounts");
    site.grant_on_user(&deploy, &help_desk, RelationKind::ForceChangePassword);
    site.add_administrator("BILL01", &deploy);

    // Story `backup-operator-with-a-service-name`.
    let veeam = site.service_account("svc_veeam", "VeeamBackup", "BACKUP01", 1_480);
    let operators = site.directory.realm.builtin(rid::BACKUP_OPERATORS);
    site.directory.group_mut(&operators).members.push(veeam);

    // Story `rollout-owns-an-ou`.
    let rollout = site.service_account("svc_rollout", "HTTP", "WSUS01", 903);
    let rollout_team = site.group("Server Rollout", "Service Accounts", &[&rollout]);
    site.grant_on_ou("Payroll Servers", &rollout_team, RelationKind::GenericAll);

    // Story `anyone-edits-a-policy`.
    let everyone = site.directory.realm.group(rid::DOMAIN_USERS);
    let editors: &[&Principal] = if week.number >= 3 { &[&everyone] } else { &[] };
    site.policy("Laboratory Workstations", "Laboratory", editors);

    // Story `internet-to-the-customer-database`: the session that waits behind the exposed servers.
    site.log_on(&database_admin, "LEGACY01");

    // Story `print-server-collects-tickets`.
    let printing = site.service_account("svc_print", "HTTP", "PRINT01", 2_210);
    site.add_administrator("PRINT01", &printing);
    site.computer_mut("PRINT01").properties.unconstraineddelegation = true;

    // Story `crm-right-taken-back`.
    let crm = site.service_account("svc_crm", "MSSQLSvc", "CRM01", 1_120);
    let crm_admins = site.group("CRM Admins", "Admins", &[]);
    site.add_administrator("CRM01", &crm_admins);
    if week.number <= 2 {
        site.grant(&crm_admins, &crm, RelationKind::GenericAll);
    }

    // Story `payroll-admin-no-longer-seen`: after the second week the computer is off.
    let reception = site.user("kiosk.reception", "Staff");
    site.user_mut(&reception).properties.dontreqpreauth = true;
    site.add_administrator("AW-RECEPTION01", &reception);
    if week.number <= 2 {
        site.log_on(&payroll_admin, "AW-RECEPTION01");
    } else {
        silence(site.computer_mut("AW-RECEPTION01"));
    }

    // Story `disabled-help-desk-account`, a look-alike.
    let former = site.user("old.helpdesk", "Contractors");
    site.user_mut(&former).properties.enabled = false;
    site.grant(&server_admins, &former, RelationKind::GenericAll);
    let clerk = site.person("Mara Quill", "People");
    site.grant_on_user(&former, &clerk, RelationKind::ForceChangePassword);

    // Story `remote-desktop-is-not-administration`, a look-alike.
    let remote_worker = site.person("Noor Haddad", "Operations");
    let remote_staff = site.group("Remote Staff", "Staff", &[&remote_worker]);
    site.add_remote_desktop_user("JUMP02", &remote_staff);
    site.log_on(&travelling_admin, "JUMP02");

    // Story `firewall-holds`, a look-alike.
    let operator = site.person("Della Marsh", "Operations");
    site.add_administrator("AW-KIOSK01", &operator);

    // People whom the stories of the tenant are about.
    site.person("Ottilie Frey", "Operations");
    let developer = site.person("Piet Janssen", "Metering");
    site.user_mut(&developer).properties.dontreqpreauth = true;
    site.person("Ute Sandoval", "Operations");

    // Common weaknesses beside the stories.
    let sql = site.service_account("svc_sql", "MSSQLSvc", "SQL01", 2_555);
    site.add_administrator("SQL01", &sql);
    site.log_on(&server_admin, "SQL01");
    for (number, (account, server)) in APPLICATIONS.iter().enumerate() {
        let account = site.service_account(account, "HTTP", server, 380 + 97 * number as i64);
        site.add_administrator(server, &account);
        if number % ADMINISTRATOR_ON_EVERY == 0 {
            site.log_on(&server_admin, server);
        }
    }
    site.log_on(&desktop_admin, "AW-WS020");
    site.spread_staff(STAFF_GROUPS);

    // Last, what is not there every week. The account of story `new-chat-bot` comes first, for its SID.
    let chat_bot = site.new_rid();
    if week.number >= 5 {
        let account = site.service_account_as(chat_bot, "svc_chatbot", "HTTP", "INTRANET01", 0);
        site.created_in(5, week, &account);
        site.add_administrator("SQLCUST01", &account);
    }
    site.leave(LEFT_BEFORE + LEAVERS_A_WEEK * week.weeks_since_first());
    for number in 0..JOINERS_A_WEEK * week.weeks_since_first() {
        let joiner = site.join(HEAD_OFFICE_STAFF + number);
        site.created_in(2 + number / JOINERS_A_WEEK, week, &joiner);
        let workstation = format!("AW-WS{:03}", HEAD_OFFICE_WORKSTATIONS + 1 + number);
        site.workstation(&workstation, &[&workstation_admins]);
    }
    site.delegate("Staff", &help_desk, RelationKind::ForceChangePassword);
    // The computers of the stories answer every week, but for those that are told of otherwise.
    site.sessions_of_day(week.number, |name| {
        name.contains("-WS") && !STORY_WORKSTATIONS.iter().any(|it| name.starts_with(it))
    });
    site.always_off("AW-WS", 30..=52);
    travelling_admin
}

/// Plants what lies in the works, and returns the group that administers a server of the head office.
fn fill_works(site: &mut Site, domain_admin: &Principal, week: Week) -> Principal {
    site.ous(&[
        "Staff",
        "Servers",
        "Workstations",
        "Admins",
        "Service Accounts",
        "Domain Controllers",
    ]);
    site.staff(WORKS_STAFF, &["Treatment", "Field Crews", "Stores"]);
    site.controllers(1);
    let admin = site.user("adm.works", "Admins");
    site.join_domain_admins(&admin);
    for name in ["WK-FILES01", "WK-APP01", "WK-APP02", "WK-STORES01", "WK-TELEMETRY01"] {
        site.server(name, WORKS_SERVERS, SERVER_OS, &[]);
    }
    for number in 1..=WORKS_WORKSTATIONS {
        site.workstation(&format!("WK-WS{number:02}"), &[]);
    }

    // Story `everyone-administers-a-workstation`.
    let everyone = site.directory.realm.group(rid::DOMAIN_USERS);
    site.add_administrator("WK-WS07", &everyone);
    site.log_on(domain_admin, "WK-WS07");

    // Story `works-reaches-the-historian`, its half in this domain.
    let telemetry = site.service_account("svc_telemetry", "HTTP", "WK-TELEMETRY01", 1_900);
    let operators = site.group("Telemetry Operators", "Service Accounts", &[&telemetry]);

    site.sessions_of_day(week.number, |name| {
        name.contains("-WS") && !name.starts_with("WK-WS07.")
    });
    site.always_off("WK-WS", 40..=51);
    operators
}

/// The partner's domain, over an external trust: plain, and of no use to an attacker.
fn fill_partner(site: &mut Site, week: Week) {
    site.ous(&["Staff", "Servers", "Workstations", "Domain Controllers"]);
    site.staff(PARTNER_STAFF, &["Surveyors"]);
    site.controllers(1);
    site.server("FW-FILES01", SERVERS, SERVER_OS, &[]);
    for number in 1..=12 {
        site.workstation(&format!("FW-WS{number:02}"), &[]);
    }
    site.sessions_of_day(week.number, |name| name.contains("-WS"));
}

impl Site {
    /// The SID of an account by its name, or of a computer by its host name.
    fn find(&self, name: &str) -> Option<String> {
        let fqdn = format!("{name}.{}", self.directory.realm.fqdn);
        let user = self
            .directory
            .users
            .iter()
            .find(|it| it.properties.samaccountname == name);
        let computers = &self.directory.computers;
        let computer = || computers.iter().find(|it| it.properties.common.name == fqdn);
        user.map(|it| it.common.object_identifier.clone())
            .or_else(|| Some(computer()?.common.object_identifier.clone()))
    }

    /// Dates an account that is new in the week with this number to two days before that week's collection.
    fn created_in(&mut self, number: u64, week: Week, account: &Principal) {
        let days = 2 + 7 * (week.number - number) as i64;
        // What is told here is aged like everything else.
        let at = self.directory.realm.days_ago(days - week.days_since_first());
        let properties = &mut self.user_mut(account).properties;
        properties.common.whencreated = at;
        properties.pwdlastset = at;
    }

    /// Laptops of the field crews: in the directory, and never on when the collector asks.
    fn always_off(&mut self, prefix: &str, numbers: RangeInclusive<u32>) {
        for computer in &mut self.directory.computers {
            let name = computer.properties.common.name.split('.').next().unwrap_or_default();
            let number = name.strip_prefix(prefix).and_then(|number| number.parse().ok());
            if number.is_some_and(|number| numbers.contains(&number)) {
                silence(computer);
            }
        }
    }

    /// Disables the accounts of the first `count` of the staff.
    fn leave(&mut self, count: u64) {
        let leavers: Vec<Principal> = self.staff.iter().take(count as usize).cloned().collect();
        for leaver in leavers {
            self.user_mut(&leaver).properties.enabled = false;
        }
    }
}
