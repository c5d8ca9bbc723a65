//! What the scanner says of the servers each week, and which traffic the firewalls let through.

use jiff::SignedDuration;

use super::Week;
use super::company::Company;
use crate::dice::Dice;
use crate::nessus::*;
use crate::network::{INTERNET, NetworkMap, Route, Segment};
use crate::site::{
    DMZ, INTEGRATION, Located, OFFICE, OLD_SERVER_OS, SERVERS, Site, TREATMENT, WORKS_OFFICE, WORKS_SERVERS,
};

/// The gateway for remote maintenance, which no directory knows.
pub const GATEWAY_ADDRESS: &str = "10.30.0.240";
pub const GATEWAY_NAME: &str = "maintenance-gateway.net.aldermoor.example";

/// Devices that only the scanner knows: name, the last part of the address among the servers.
const APPLIANCES: &[(&str, u8)] = &[
    ("core-switch-1", 2),
    ("core-switch-2", 3),
    ("floor-switch-1", 11),
    ("floor-switch-2", 12),
    ("floor-switch-3", 13),
    ("storage-1", 21),
    ("storage-2", 22),
    ("backup-library", 23),
    ("hypervisor-1", 31),
    ("hypervisor-2", 32),
    ("hypervisor-3", 33),
    ("ups-1", 41),
    ("printer-hall", 51),
    ("printer-finance", 52),
];

/// Everything but the information plugins that a server may show without being open to an attack.
const COMMON: &[(&Plugin, u16, &str)] = &[
    (&SMB_SIGNING, 445, "cifs"),
    (&TLS_10, 443, "www"),
    (&TLS_11, 443, "www"),
    (&SELF_SIGNED, 443, "www"),
    (&CERTIFICATE_EXPIRY, 443, "www"),
    (&MEDIUM_CIPHERS, 443, "www"),
    (&RC4, 443, "www"),
    (&WEAK_HASH, 443, "www"),
    (&NO_NLA, 3389, "msrdp"),
    (&ICMP_TIMESTAMP, 0, "general"),
];
const COMMON_ON_APPLIANCES: &[(&Plugin, u16, &str)] = &[
    (&TLS_10, 443, "www"),
    (&SELF_SIGNED, 443, "www"),
    (&WEAK_SSH_MAC, 22, "ssh"),
    (&ICMP_TIMESTAMP, 0, "general"),
];

const SEED: u64 = 97;
/// The scan begins after the directory was read.
const SCAN_LAG: SignedDuration = SignedDuration::from_hours(1);
/// Nobody has scanned the treatment plant since this week: its devices are told as they were.
const TREATMENT_SCANNED_UNTIL: u64 = 3;

pub fn report(company: &Company, week: Week) -> Report {
    let servers = company.head_office.hosts.iter().filter(|host| host.segment != OFFICE);
    let mut hosts: Vec<Host> = servers
        .filter(|host| host.segment != TREATMENT || week.number <= TREATMENT_SCANNED_UNTIL)
        .map(|host| server(&company.head_office, host, week))
        .collect();
    hosts.extend(APPLIANCES.iter().map(|&(name, last)| appliance(name, last, week)));
    hosts.push(gateway());
    let families = hosts.iter().flat_map(|host| &host.items).map(|item| item.plugin.family);
    let mut families: Vec<_> = families.collect();
    families.extend(PLANTED.iter().map(|plugin| plugin.family));
    families.sort_unstable();
    families.dedup();
    Report {
        name: "Aldermoor servers",
        scanned_at: week.collected_at + SCAN_LAG,
        families,
        hosts,
    }
}

/// What stories are made of. Their families are switched on every week.
const PLANTED: [&Plugin; 4] = [&LOG4SHELL, &ETERNAL_BLUE, &BLUE_KEEP, &SHELLSHOCK];

fn server(site: &Site, host: &Located, week: Week) -> Host {
    let properties = &site.directory.computers[host.computer].properties;
    let fqdn = properties.common.name.to_lowercase();
    let name = fqdn.split('.').next().unwrap_or_default();
    let mut items = vec![
        item(&SCAN_INFORMATION, 0, "general"),
        item(&SYN_SCANNER, 443, "www"),
        item(&SYN_SCANNER, 445, "cifs"),
        item(&SYN_SCANNER, 3389, "msrdp"),
    ];
    items.extend(common(&fqdn, COMMON, week));
    let number = week.number;
    match name {
        // Story `internet-to-the-customer-database`: from the second week on.
        "portal01" => {
            items.push(item(&SYN_SCANNER, 8443, "www"));
            if number >= 2 {
                items.push(item(&LOG4SHELL, 8443, "www"));
            }
        }
        // Story `web-shop-exposed`: from the fourth week on.
        "shop01" if number >= 4 => items.push(item(&LOG4SHELL, 443, "www")),
        // Also story `integration-bus-restored-from-backup`: updated in the third week, and restored in the fourth.
        "legacy01" => items.push(item(&ETERNAL_BLUE, 445, "cifs")),
        "esb01" if number != 3 => items.push(item(&ETERNAL_BLUE, 445, "cifs")),
        // Story `firewall-holds`.
        "hist01" => items.push(item(&BLUE_KEEP, 3389, "msrdp")),
        _ => {}
    }
    let is_old = properties.operatingsystem.as_deref() == Some(OLD_SERVER_OS);
    Host {
        ip: host.ip.clone(),
        operating_system: if is_old {
            "Microsoft Windows Server 2008 R2 Standard"
        } else {
            "Microsoft Windows Server 2022 Standard"
        },
        fqdn,
        items,
    }
}

fn appliance(name: &str, last: u8, week: Week) -> Host {
    let mut items = vec![
        item(&SCAN_INFORMATION, 0, "general"),
        item(&SYN_SCANNER, 22, "ssh"),
        item(&SYN_SCANNER, 443, "www"),
    ];
    items.extend(common(name, COMMON_ON_APPLIANCES, week));
    Host {
        ip: format!("10.20.250.{last}"),
        fqdn: format!("{name}.net.aldermoor.example"),
        operating_system: "Linux Kernel 4.14",
        items,
    }
}

/// Open to the Internet every week: where story `integration-bus-restored-from-backup` begins.
fn gateway() -> Host {
    Host {
        ip: GATEWAY_ADDRESS.to_owned(),
        fqdn: GATEWAY_NAME.to_owned(),
        operating_system: "Linux Kernel 3.10",
        items: vec![
            item(&SCAN_INFORMATION, 0, "general"),
            item(&SYN_SCANNER, 8443, "www"),
            item(&SHELLSHOCK, 8443, "www"),
        ],
    }
}

fn item(plugin: &'static Plugin, port: u16, service: &'static str) -> Item {
    Item { plugin, port, service }
}

/// What is found on a host this week. Each weakness of a host has a course of its own: there from the beginning or
/// later, there until it is fixed, or gone for a week and back.
fn common<'a>(
    host: &str,
    from: &'a [(&'static Plugin, u16, &'static str)],
    week: Week,
) -> impl Iterator<Item = Item> + 'a {
    let of_host = host
        .bytes()
        .fold(0u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let dice = Dice::new(SEED, of_host);
    let number = week.number;
    let is_there = move |index: u64| match dice.below(2 * index, 20) {
        0..8 => false,
        8..14 => true,
        14..16 => number >= 2 + dice.below(2 * index + 1, 4),
        16..19 => number < 2 + dice.below(2 * index + 1, 4),
        _ => number != 3,
    };
    (0..)
        .zip(from)
        .filter(move |(index, _)| is_there(*index))
        .map(|(_, &(plugin, port, service))| item(plugin, port, service))
}

pub fn network(company: &Company) -> NetworkMap {
    let segment = |id, name, cidr| Segment { id, name, cidr };
    let route = |from, to, ports: &[&'static str]| Route {
        from,
        to,
        ports: ports.to_vec(),
    };
    let located = [&company.head_office, &company.works].into_iter().flat_map(|site| {
        let computers = &site.directory.computers;
        let sid = |host: &Located| computers[host.computer].common.object_identifier.clone();
        site.hosts.iter().map(move |host| (sid(host), host.segment))
    });
    NetworkMap {
        segments: vec![
            segment(OFFICE, "Office", "10.10.0.0/16"),
            segment(SERVERS, "Servers", "10.20.0.0/16"),
            segment(DMZ, "DMZ", "10.30.0.0/24"),
            segment(INTEGRATION, "Integration", "10.40.0.0/24"),
            segment(TREATMENT, "Treatment plant", "10.50.0.0/24"),
            segment(WORKS_OFFICE, "Works office", "10.60.0.0/16"),
            segment(WORKS_SERVERS, "Works servers", "10.70.0.0/16"),
        ],
        routes: vec![
            route(INTERNET, DMZ, &["tcp/443", "tcp/8443"]),
            route(DMZ, INTEGRATION, &["tcp/445"]),
            route(OFFICE, SERVERS, &["tcp/443", "tcp/445", "tcp/3389"]),
            route(OFFICE, DMZ, &["tcp/443"]),
            route(OFFICE, TREATMENT, &["tcp/443"]),
            route(WORKS_OFFICE, WORKS_SERVERS, &["tcp/443", "tcp/445", "tcp/3389"]),
            route(WORKS_OFFICE, SERVERS, &["tcp/443"]),
            route(WORKS_SERVERS, TREATMENT, &["tcp/443"]),
        ],
        located: located.collect(),
    }
}
