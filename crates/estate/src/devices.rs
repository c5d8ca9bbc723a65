//! Which objects are one device, and which only look alike (DESIGN 4, "Merging").
//!
//! Accounts never merge. A scanner's host joins a directory computer by fully qualified name, or by
//! NetBIOS name inside a site; hosts of several scans join each other by fully qualified name. An IP
//! address alone joins nothing. Whatever is not clear-cut becomes a conflict and stays apart.
//!
//! **Invariant:** two objects whose hardware differs never become one device, nor by way of a third.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use postern_model::NodeKind;
use postern_model::estate::Conflict;

use crate::attributes::texts;
use crate::objects::{Interner, Object};

/// So many scanned hosts may have one fully qualified name; a name that more of them share names none.
const HOSTS_OF_A_NAME_MAX: usize = 64;

/// object → (the object it is anchored in, the reason).
pub type Joined = HashMap<u32, (u32, String)>;

struct Device<'a> {
    key: u32,
    is_computer: bool,
    fqdn: Option<String>,
    netbios: Option<String>,
    bios_uuid: Option<String>,
    macs: BTreeSet<String>,
    sites: &'a BTreeSet<String>,
}

/// `sites` of an object: names given with `--source`, and names of the segments it lies in.
/// `apart` holds ids (upper case) that a person has split off: they join nothing.
pub fn join(
    objects: &BTreeMap<u32, Object>,
    keys: &Interner,
    sites: &HashMap<u32, BTreeSet<String>>,
    apart: &BTreeSet<String>,
) -> (Joined, Vec<Conflict>) {
    let none = BTreeSet::new();
    let devices: Vec<_> = objects
        .iter()
        .filter(|(_, object)| object.kind.is_device() && !object.is_stub)
        .filter(|(key, _)| !apart.contains(keys.text(**key)))
        .map(|(&key, object)| describe(key, object, sites.get(&key).unwrap_or(&none)))
        .collect();
    let mut joining = Joining {
        keys,
        joined: Joined::new(),
        conflicts: Vec::new(),
    };
    joining.by_fqdn(&devices);
    joining.by_netbios(&devices);
    joining.cloned_bios_ids(&devices);
    joining.conflicts.sort();
    joining.conflicts.dedup();
    (joining.joined, joining.conflicts)
}

fn describe<'a>(key: u32, object: &Object, sites: &'a BTreeSet<String>) -> Device<'a> {
    let text = |name: &str| texts(object.properties.get(name)).into_iter().next();
    let is_computer = object.kind == NodeKind::Computer;
    let fqdn = text(if is_computer { "dnshostname" } else { "fqdn" })
        .or_else(|| is_computer.then(|| object.name.clone()))
        .map(|name| name.trim_end_matches('.').to_ascii_lowercase())
        .filter(|name| is_fully_qualified(name));
    let netbios = if is_computer {
        text("samaccountname")
    } else {
        text("netbios")
    }
    .map(|name| name.trim_end_matches('$').to_ascii_uppercase())
    .filter(|name| !name.is_empty());
    Device {
        key,
        is_computer,
        fqdn,
        netbios,
        bios_uuid: text("biosuuid").map(|uuid| uuid.to_ascii_lowercase()),
        macs: texts(object.properties.get("mac"))
            .into_iter()
            .map(|mac| mac.to_ascii_lowercase())
            .collect(),
        sites,
    }
}

/// A name that one machine alone can have: no address, and not what every machine calls itself.
fn is_fully_qualified(name: &str) -> bool {
    name.contains('.') && !name.starts_with("localhost.") && name.parse::<IpAddr>().is_err()
}

struct Joining<'a> {
    keys: &'a Interner,
    joined: Joined,
    conflicts: Vec<Conflict>,
}

impl Joining<'_> {
    fn by_fqdn(&mut self, devices: &[Device<'_>]) {
        let mut by_name = BTreeMap::<&str, Vec<&Device<'_>>>::new();
        for device in devices {
            if let Some(fqdn) = &device.fqdn {
                by_name.entry(fqdn).or_default().push(device);
            }
        }
        for (fqdn, mut alike) in by_name {
            alike.sort_by_key(|device| self.keys.text(device.key));
            let (computers, hosts): (Vec<&Device<'_>>, Vec<&Device<'_>>) =
                alike.iter().copied().partition(|device| device.is_computer);
            if alike.len() < 2 {
                continue;
            }
            if computers.len() > 1 {
                let reason = "directory computers share this fully qualified name, so no scanner host joins any";
                self.conflict("fqdn", fqdn, &alike, reason);
                continue;
            }
            if hosts.len() > HOSTS_OF_A_NAME_MAX {
                let reason = format!("more than {HOSTS_OF_A_NAME_MAX} hosts share this fully qualified name");
                self.conflict("fqdn", fqdn, &alike, &reason);
                continue;
            }
            let (contradicting, clear): (Vec<&Device<'_>>, Vec<&Device<'_>>) = alike
                .iter()
                .copied()
                .partition(|device| alike.iter().any(|other| contradict(device, other)));
            if !contradicting.is_empty() {
                let reason = "hosts share this fully qualified name, but not their hardware";
                self.conflict("fqdn", fqdn, &contradicting, reason);
            }
            let Some(anchor) = clear.iter().find(|it| it.is_computer).or(clear.first()) else {
                continue;
            };
            for host in clear.iter().filter(|host| host.key != anchor.key) {
                let reason = format!("the same fully qualified name, {fqdn}");
                self.joined.insert(host.key, (anchor.key, reason));
            }
        }
    }

    fn by_netbios(&mut self, devices: &[Device<'_>]) {
        let mut by_name = BTreeMap::<(&str, &str), Vec<&Device<'_>>>::new();
        for device in devices {
            for site in device.sites {
                if let Some(netbios) = &device.netbios {
                    by_name.entry((netbios, site)).or_default().push(device);
                }
            }
        }
        let mut hosts_of = HashMap::<u32, Vec<&Device<'_>>>::new();
        for device in devices.iter().filter(|device| !device.is_computer) {
            hosts_of.entry(self.anchor(device)).or_default().push(device);
        }
        for ((netbios, site), mut alike) in by_name {
            alike.sort_by_key(|device| self.keys.text(device.key));
            let (computers, hosts): (Vec<&Device<'_>>, Vec<&Device<'_>>) =
                alike.iter().copied().partition(|device| device.is_computer);
            // A host that has a fully qualified name is judged by that stronger name.
            let nameless: Vec<_> = hosts
                .iter()
                .copied()
                .filter(|host| host.fqdn.is_none() && !self.joined.contains_key(&host.key))
                .collect();
            let (&[computer], &[host]) = (&computers[..], &nameless[..]) else {
                if !computers.is_empty() && !nameless.is_empty() {
                    self.netbios_conflict(netbios, site, &alike);
                }
                continue;
            };
            let is_shared = hosts
                .iter()
                .any(|other| other.key != host.key && self.anchor(other) != computer.key);
            let of_computer = hosts_of.entry(computer.key).or_default();
            if is_shared || of_computer.iter().any(|other| contradict(other, host)) {
                self.netbios_conflict(netbios, site, &alike);
            } else {
                let reason = format!("the same NetBIOS name, {netbios}, in the site {site}");
                self.joined.insert(host.key, (computer.key, reason));
                of_computer.push(host);
            }
        }
    }

    fn netbios_conflict(&mut self, netbios: &str, site: &str, alike: &[&Device<'_>]) {
        let reason = format!("several devices of the site {site} share this NetBIOS name");
        self.conflict("netbios", netbios, alike, &reason);
    }

    fn anchor(&self, device: &Device<'_>) -> u32 {
        self.joined.get(&device.key).map_or(device.key, |(anchor, _)| *anchor)
    }

    fn cloned_bios_ids(&mut self, devices: &[Device<'_>]) {
        let mut by_uuid = BTreeMap::<&str, Vec<&Device<'_>>>::new();
        for device in devices {
            if let Some(uuid) = &device.bios_uuid {
                by_uuid.entry(uuid).or_default().push(device);
            }
        }
        for (uuid, mut alike) in by_uuid {
            alike.sort_by_key(|device| self.keys.text(device.key));
            let anchors: BTreeSet<_> = alike.iter().map(|device| self.anchor(device)).collect();
            if anchors.len() > 1 {
                self.conflict(
                    "bios-uuid",
                    uuid,
                    &alike,
                    "several devices report this BIOS id: a cloned image",
                );
            }
        }
    }

    fn conflict(&mut self, kind: &str, value: &str, devices: &[&Device<'_>], reason: &str) {
        self.conflicts.push(Conflict {
            kind: kind.to_owned(),
            value: value.to_owned(),
            keys: devices
                .iter()
                .map(|device| self.keys.text(device.key).to_owned())
                .collect(),
            reason: reason.to_owned(),
        });
    }
}

/// Two hosts whose BIOS ids differ, or whose network cards have nothing in common, are two machines.
fn contradict(a: &Device<'_>, b: &Device<'_>) -> bool {
    let bios = matches!((&a.bios_uuid, &b.bios_uuid), (Some(a), Some(b)) if a != b);
    let macs = !a.macs.is_empty() && !b.macs.is_empty() && a.macs.is_disjoint(&b.macs);
    bios || macs
}
