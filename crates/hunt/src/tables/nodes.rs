//! `ExposureGraphNodes`: assets, what stands for many of them, and the CVEs that were found.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::IpAddr;

use postern_kql::Type::{DateTime, Dynamic, Int, String as Text};
use postern_model::schema::{IDENTIFIERS, NODES, OPEN_SERVICES};
use postern_model::{NodeKind, Phase, Table};

use super::estate::{Exposed, Index, Level, hex, json_list, push_json_text};
use super::out::Slot;
use super::properties::{Told, family, platform};
use super::weaknesses::{Cve, Insight, MICRO, Severity};
use super::{EstateTables, Out, Shred, TableSpec, column};
use crate::error::HuntError;
use postern_model::label::is_azure_resource;

const fn raw(path: &'static [&'static str], name: &'static str) -> Shred {
    Shred {
        column: "NodeProperties",
        path,
        name,
    }
}

pub static TABLE: TableSpec = TableSpec {
    name: "ExposureGraphNodes",
    about: "Assets of the exposure graph, what stands for many of them (any user of a domain), and CVEs found.",
    phase: Phase::Resolve,
    is_filled: true,
    columns: &[
        column("NodeId", Text, "Unique id of the node."),
        column(
            "NodeLabel",
            Text,
            "What it is: `device`, `user`, `group`, `microsoft.compute/virtualmachines`, `Cve`, ...",
        ),
        column("NodeName", Text, "What people call it."),
        column(
            "Categories",
            Dynamic,
            "Array of categories: `device`, `identity`, `compute`, `virtual_machine`, ...",
        ),
        column(
            "NodeProperties",
            Dynamic,
            "Properties and insights, under `rawData`. A flag that is false is left out.",
        ),
        column(
            "EntityIds",
            Dynamic,
            "All known identifiers, as an array of `{type, id}`.",
        ),
        column(
            "CriticalityLevel",
            Int,
            "0 very high, 1 high, 2 medium, 3 low; null for none.",
        ),
        column(
            "Sources",
            Dynamic,
            "Ids of the files that speak of it; see the table `Sources`.",
        ),
        column(
            "Known",
            Dynamic,
            "Array of facets that some source has looked at: tells false from not looked at.",
        ),
        column("FirstSeen", DateTime, "When a source first saw it."),
        column("LastSeen", DateTime, "When a source last saw it."),
    ],
    shreds: &[
        raw(
            &["rawData", "criticalityLevel"],
            "NodeProperties.rawData.criticalityLevel",
        ),
        raw(
            &["rawData", "exposedToInternet"],
            "NodeProperties.rawData.exposedToInternet",
        ),
        raw(
            &["rawData", "IsInternetFacing"],
            "NodeProperties.rawData.IsInternetFacing",
        ),
        raw(
            &["rawData", "isInternetFacing"],
            "NodeProperties.rawData.isInternetFacing",
        ),
        raw(
            &["rawData", "vulnerableToRCE"],
            "NodeProperties.rawData.vulnerableToRCE",
        ),
        raw(
            &["rawData", "VulnerableToPrivilegeEscalation"],
            "NodeProperties.rawData.VulnerableToPrivilegeEscalation",
        ),
        raw(
            &["rawData", "highRiskVulnerabilityInsights"],
            "NodeProperties.rawData.highRiskVulnerabilityInsights",
        ),
        raw(&["rawData", "exposureScore"], "NodeProperties.rawData.exposureScore"),
        raw(&["rawData", "deviceName"], "NodeProperties.rawData.deviceName"),
        raw(&["rawData", "osType"], "NodeProperties.rawData.osType"),
        raw(&["rawData", "accountUpn"], "NodeProperties.rawData.accountUpn"),
    ],
    rows,
};

/// Where identifiers of an asset are known by a public name; others are called by their own, in capitals.
const IDENTIFIER_TYPES: &[(&str, &str)] = &[
    ("sid", "SecurityIdentifier"),
    ("fqdn", "Fqdn"),
    ("netbios", "NetBiosName"),
    ("ip", "IpAddress"),
    ("mac", "MacAddress"),
    ("upn", "UserPrincipalName"),
    ("sam-account-name", "SamAccountName"),
    ("distinguished-name", "DistinguishedName"),
    ("bios-uuid", "BiosUuid"),
    ("scanner-host", "ScannerHost"),
    ("segment", "NetworkSegment"),
];

/// Columns of the table.
struct Slots {
    id: Slot,
    label: Slot,
    name: Slot,
    categories: Slot,
    properties: Slot,
    entity_ids: Slot,
    level: Slot,
    sources: Slot,
    known: Slot,
    first_seen: Slot,
    last_seen: Slot,
    shreds: Vec<(&'static str, Slot)>,
}

impl Slots {
    fn of(out: &Out<'_>) -> Self {
        let [
            id,
            label,
            name,
            categories,
            properties,
            entity_ids,
            level,
            sources,
            known,
            first_seen,
            last_seen,
        ] = out.slots([
            "NodeId",
            "NodeLabel",
            "NodeName",
            "Categories",
            "NodeProperties",
            "EntityIds",
            "CriticalityLevel",
            "Sources",
            "Known",
            "FirstSeen",
            "LastSeen",
        ]);
        let shreds = TABLE.shreds.iter().filter_map(|shred| {
            let [slot] = out.slots([shred.name]);
            slot.is_wanted().then(|| (shred.path[1], slot))
        });
        Self {
            id,
            label,
            name,
            categories,
            properties,
            entity_ids,
            level,
            sources,
            known,
            first_seen,
            last_seen,
            shreds: shreds.collect(),
        }
    }

    fn wants_insights(&self) -> bool {
        self.properties.is_wanted() || !self.shreds.is_empty()
    }

    fn place(&self, index: &Index, place: u32, id: u128, out: &mut Out<'_>) {
        out.text(self.id, hex(id).as_str());
        out.text(self.label, index.label(place));
        out.text(self.name, index.name(place));
        out.text(self.categories, index.categories(place));
    }
}

fn rows(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let slots = Slots::of(out);
    let index = tables.index()?;
    let insights = match slots.wants_insights() {
        true => Some(Insights::new(tables)?),
        false => None,
    };
    let entity_ids = match slots.entity_ids.is_wanted() {
        true => entity_ids(tables, index)?,
        false => Vec::new(),
    };
    let levels = match slots.level.is_wanted() {
        true => Some(tables.levels()?),
        false => None,
    };
    let mut place = 0;
    tables.each_row(&NODES, |table, row| {
        let of = |name| table.schema.column(name);
        let id = table.id(row, of("id"));
        slots.place(index, place, id, out);
        if let Some(insights) = &insights {
            let told = Told::of(table.text(row, of("properties")));
            let raw_data = insights.raw_data(index, place, table, row, &told);
            if slots.properties.is_wanted() {
                out.text(slots.properties, &raw_data.node_properties(&told));
            }
            for &(name, slot) in &slots.shreds {
                if let Some(value) = raw_data.get(name).or_else(|| told.raw(name)) {
                    out.text(slot, value);
                }
            }
        }
        if let Some(ids) = entity_ids.get(place as usize) {
            out.text(slots.entity_ids, &format!("[{ids}]"));
        }
        if let Some(level) = levels.and_then(|levels| levels.get(&place)) {
            out.int(slots.level, level.level);
        }
        out.text(slots.sources, list_or_empty(table.text(row, of("sources"))));
        out.text(slots.known, list_or_empty(table.text(row, of("known"))));
        out.time(slots.first_seen, table.long(row, of("first_seen")));
        out.time(slots.last_seen, table.long(row, of("last_seen")));
        place += 1;
        out.end_row()
    })?;
    let cves = &tables.weaknesses()?.cves;
    for (id, place) in index.others() {
        slots.place(index, place, id, out);
        let mut raw_data = RawData::default();
        match cves.get(index.key(place)).filter(|_| index.kind(place).is_none()) {
            Some(cve) => {
                describe_cve(cve, &mut raw_data);
                out.text(
                    slots.entity_ids,
                    &format!("[{}]", entity_id("CveId", index.name(place))),
                );
                out.time(slots.first_seen, cve.first_seen);
                out.time(slots.last_seen, cve.last_seen);
            }
            None => {
                raw_data.flag("isVirtual", true);
                out.text(
                    slots.entity_ids,
                    &format!("[{}]", entity_id("PosternId", index.key(place))),
                );
            }
        }
        if slots.properties.is_wanted() {
            out.text(slots.properties, &raw_data.node_properties(&Told::default()));
        }
        out.text(slots.sources, "[]");
        out.text(slots.known, "[]");
        out.end_row()?;
    }
    Ok(())
}

fn list_or_empty(json: &str) -> &str {
    if json.is_empty() { "[]" } else { json }
}

/// What the graph knows of assets beside what their sources tell.
struct Insights<'a> {
    of_asset: &'a HashMap<u32, Insight>,
    levels: &'a HashMap<u32, Level>,
    exposure: &'a HashMap<u32, Exposed>,
    /// Open ports of each asset.
    ports: HashMap<u32, Vec<(String, i64)>>,
}

impl<'a> Insights<'a> {
    fn new(tables: &'a EstateTables) -> Result<Self, HuntError> {
        let index = tables.index()?;
        let mut ports: HashMap<u32, Vec<(String, i64)>> = HashMap::new();
        tables.each_row(&OPEN_SERVICES, |table, row| {
            let of = |name| table.schema.column(name);
            let place = index.place(table.id(row, of("node")));
            if let (Some(place), Some(port)) = (place, table.long(row, of("port"))) {
                let protocol = table.text(row, of("protocol")).to_owned();
                ports.entry(place).or_default().push((protocol, port));
            }
            Ok(())
        })?;
        Ok(Self {
            of_asset: &tables.weaknesses()?.of_asset,
            levels: tables.levels()?,
            exposure: tables.exposure()?,
            ports,
        })
    }

    /// The properties with public names of an asset.
    fn raw_data(&self, index: &Index, place: u32, table: &Table, row: usize, told: &Told<'_>) -> RawData {
        let kind = index.kind(place).unwrap_or(NodeKind::Base);
        let key = index.key(place);
        let mut found = RawData::default();
        if kind.is_device() {
            found.text("deviceName", index.name(place));
            self.device(place, told, &mut found);
        }
        if matches!(
            kind,
            NodeKind::User | NodeKind::AzUser | NodeKind::LocalUser | NodeKind::AzServicePrincipal
        ) {
            account(kind, key, index.name(place), told, &mut found);
        }
        if is_azure_resource(key) {
            found.text("resourceId", &key.to_ascii_lowercase());
        }
        if let Some(tenant) = told.text("tenantid") {
            found.text("tenantId", &tenant);
        }
        if let Some(enabled) = told.flag("enabled") {
            found.json("accountEnabled", enabled.to_string());
        }
        if let Some(insight) = self.of_asset.get(&place) {
            weakness(*insight, &mut found);
        }
        if let Some(exposed) = self.exposure.get(&place) {
            found.json("exposedToInternet", exposed_json(exposed));
            found.flag("IsInternetFacing", true);
            found.flag("isInternetFacing", true);
        }
        if let Some(level) = self.levels.get(&place) {
            found.json("criticalityLevel", level_json(level));
            if let Some(plane) = &level.plane {
                found.text("controlPlane", plane);
            }
        }
        if table.bool(row, table.schema.column("is_stub")) == Some(true) {
            found.flag("isStub", true);
        }
        found.text("posternKind", kind.as_str());
        found.text("objectId", key);
        found.text("boundary", table.text(row, table.schema.column("boundary")));
        found
    }

    fn device(&self, place: u32, told: &Told<'_>, found: &mut RawData) {
        if let Some(system) = told.text("operatingsystem") {
            let platform = platform(&system);
            found.text("osType", family(&platform));
            found.text("osPlatform", &platform);
            found.text("osVersionFriendlyName", &system);
        }
        let addresses = told.texts("ip");
        if let Some(public) = addresses.iter().find(|it| it.parse().is_ok_and(|it| is_public(&it))) {
            found.text("publicIP", public);
        }
        if !addresses.is_empty() {
            found.json("ipAddresses", json_list(&addresses));
        }
        if told.flag("isdc") == Some(true) {
            found.text("deviceRole", "DomainController");
        }
        if let Some(ports) = self.ports.get(&place) {
            let ports: Vec<_> = ports.iter().map(|(_, port)| port.to_string()).collect();
            found.json("openPortRanges", json_list(&ports));
        }
    }
}

/// What is known of an account.
fn account(kind: NodeKind, key: &str, name: &str, told: &Told<'_>, found: &mut RawData) {
    let upn = told.text("userprincipalname").or_else(|| told.text("upn"));
    // The name of an account of a directory is its name there and that of its domain.
    if let Some(upn) = upn.or_else(|| (kind == NodeKind::User && name.contains('@')).then(|| name.to_owned())) {
        found.text("accountUpn", &upn);
    }
    let short = told
        .text("samaccountname")
        .or_else(|| Some(name.split_once('@')?.0.to_owned()));
    found.text("accountName", short.as_deref().unwrap_or(name));
    if let Some(display) = told.text("displayname") {
        found.text("accountDisplayName", &display);
    }
    if let Some(domain) = told.text("domain") {
        found.text("accountDomain", &domain);
    }
    if let Some(email) = told.text("email").or_else(|| told.text("mail")) {
        found.text("emailAddress", &email);
    }
    match kind {
        NodeKind::AzUser | NodeKind::AzServicePrincipal => found.text("accountObjectId", &key.to_ascii_lowercase()),
        _ => found.text("accountSid", key),
    }
    if let Some(sid) = told.text("onpremid") {
        found.text("accountSid", &sid);
    }
    let roles = told.texts("directoryroles");
    if !roles.is_empty() {
        found.json("assignedRoles", json_list(&roles));
    }
}

fn weakness(insight: Insight, found: &mut RawData) {
    found.flag("vulnerableToRCE", insight.is_rce);
    found.flag("VulnerableToPrivilegeEscalation", insight.is_privilege_escalation);
    found.flag("hasExploitableVulnerability", insight.is_exploitable);
    found.text("exposureScore", insight.worst.exposure());
    if insight.max_cvss_micro == 0 {
        return;
    }
    let mut json = format!("{{\"maxCvssScore\":{:?}", insight.max_cvss_micro as f64 / MICRO);
    for (name, is_so) in [
        ("hasHighOrCritical", insight.worst >= Severity::High),
        ("vulnerableToRemoteCodeExecution", insight.is_rce),
        ("vulnerableToPrivilegeEscalation", insight.is_privilege_escalation),
    ] {
        // Here a false flag is told: the object is there only where somebody looked.
        let _ = write!(json, ",\"{name}\":{is_so}");
    }
    json.push('}');
    found.json("highRiskVulnerabilityInsights", json);
}

fn describe_cve(cve: &Cve, found: &mut RawData) {
    found.text("title", &cve.title);
    found.text("severity", cve.severity.as_str());
    if let Some(micro) = cve.cvss_micro {
        found.json("cvssScore", format!("{:?}", micro as f64 / MICRO));
    }
    if !cve.cvss_vector.is_empty() {
        found.text("cvssVector", &cve.cvss_vector);
    }
    found.flag("hasExploit", cve.is_exploit_available || cve.is_kev);
    found.flag("isKnownExploited", cve.is_kev);
}

/// The documented shape: routes with their ports, and protocols as numbers of IANA.
fn exposed_json(exposed: &Exposed) -> String {
    let mut json = String::from("{\"routes\":[");
    for (at, (protocol, port)) in exposed.ports.iter().enumerate() {
        let number = match protocol.as_str() {
            "tcp" => "6",
            "udp" => "17",
            other => other,
        };
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(json, "{comma}{{\"portRanges\":[\"{port}\"],\"protocolRanges\":");
        json.push_str(&json_list(&[number]));
        json.push('}');
    }
    json.push_str("]}");
    json
}

fn level_json(level: &Level) -> String {
    let kind = if level.by_rule.is_some() { "RuleBased" } else { "Manual" };
    let mut json = format!("{{\"type\":\"{kind}\",\"criticalityLevel\":{}", level.level);
    if let Some(by_rule) = level.by_rule {
        let _ = write!(json, ",\"ruleBasedCriticalityLevel\":{by_rule}");
    }
    json.push_str(",\"ruleNames\":");
    json.push_str(&json_list(&level.rules));
    json.push('}');
    json
}

/// Reachable on the Internet by its kind: neither private nor for this host or link alone.
fn is_public(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => {
            let [first, second, ..] = it.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            !(it.is_private()
                || it.is_loopback()
                || it.is_link_local()
                || it.is_documentation()
                || it.is_unspecified()
                || it.is_broadcast()
                || it.is_multicast()
                || is_shared)
        }
        IpAddr::V6(it) => {
            !(it.is_loopback()
                || it.is_unspecified()
                || it.is_multicast()
                || it.is_unique_local()
                || it.is_unicast_link_local())
        }
    }
}

/// Members of `rawData` that have public names, their values as JSON.
#[derive(Default)]
struct RawData(Vec<(&'static str, String)>);

impl RawData {
    fn json(&mut self, name: &'static str, value: String) {
        match self.0.iter_mut().find(|(it, _)| *it == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name, value)),
        }
    }

    fn text(&mut self, name: &'static str, value: &str) {
        let mut json = String::with_capacity(value.len() + 2);
        push_json_text(&mut json, value);
        self.json(name, json);
    }

    /// A flag that is false is left out.
    fn flag(&mut self, name: &'static str, value: bool) {
        if value {
            self.json(name, "true".to_owned());
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(it, _)| *it == name)?;
        Some(value)
    }

    /// These and behind them what the sources tell under other names.
    fn node_properties(&self, told: &Told<'_>) -> String {
        let mut json = String::from("{\"rawData\":{");
        let own = self.0.iter().map(|(name, value)| (*name, value.as_str()));
        let others = told.members().filter(|(name, _)| self.get(name).is_none());
        for (at, (name, value)) in own.chain(others).enumerate() {
            if at > 0 {
                json.push(',');
            }
            push_json_text(&mut json, name);
            json.push(':');
            json.push_str(value);
        }
        json.push_str("}}");
        json
    }
}

fn entity_id(kind: &str, id: &str) -> String {
    let mut json = String::from("{\"type\":");
    push_json_text(&mut json, kind);
    json.push_str(",\"id\":");
    push_json_text(&mut json, id);
    json.push('}');
    json
}

/// The identifiers of each asset, as the inside of an array.
fn entity_ids(tables: &EstateTables, index: &Index) -> Result<Vec<String>, HuntError> {
    let mut found = vec![String::new(); index.assets as usize];
    // Under this id a device stands in the tables of devices.
    let mut place = 0;
    tables.each_row(&NODES, |table, row| {
        let ids: &mut String = &mut found[place as usize];
        if is_azure_resource(index.key(place)) {
            let resource = index.key(place).to_ascii_lowercase();
            ids.push_str(&entity_id("AzureResourceId", &resource));
        }
        if index.kind(place).is_some_and(NodeKind::is_device) {
            let id = hex(table.id(row, table.schema.column("id")));
            comma(ids);
            ids.push_str(&entity_id("DeviceInventoryId", id.as_str()));
        }
        place += 1;
        Ok(())
    })?;
    tables.each_row(&IDENTIFIERS, |table, row| {
        let of = |name| table.schema.column(name);
        let Some(place) = index.place(table.id(row, of("node"))).filter(|&it| it < index.assets) else {
            return Ok(());
        };
        let (kind, value) = (table.text(row, of("kind")), table.text(row, of("value")));
        let public = IDENTIFIER_TYPES.iter().find(|(it, _)| *it == kind);
        let public = match (public, kind, index.kind(place)) {
            (Some((_, public)), ..) => (*public).to_owned(),
            (_, "object-id", Some(NodeKind::AzDevice)) => "AadDeviceObjectId".to_owned(),
            (_, "object-id", Some(NodeKind::AzUser | NodeKind::AzGroup | NodeKind::AzServicePrincipal)) => {
                "AadObjectId".to_owned()
            }
            (_, "object-id", _) if is_azure_resource(value) => return Ok(()),
            _ => capitals(kind),
        };
        let ids = &mut found[place as usize];
        comma(ids);
        ids.push_str(&entity_id(&public, value));
        Ok(())
    })?;
    Ok(found)
}

fn comma(json: &mut String) {
    if !json.is_empty() {
        json.push(',');
    }
}

/// `object-id` as `ObjectId`.
fn capitals(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|it| it.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_graph_knows_stands_in_place_of_what_a_source_calls_the_same() {
        let told = Told::of(r#"{"deviceName":"their","x":[1]}"#);
        let mut raw_data = RawData::default();
        raw_data.text("deviceName", "ou\"r");
        raw_data.flag("vulnerableToRCE", false);
        assert_eq!(
            raw_data.node_properties(&told),
            r#"{"rawData":{"deviceName":"ou\"r","x":[1]}}"#
        );
    }

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for (address, expected) in [
            ("8.8.8.8", true),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("203.0.113.9", false),
            ("::ffff:192.168.0.1", false),
            ("2606:4700::1", true),
            ("fd00::1", false),
        ] {
            assert_eq!(is_public(&address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn identifiers_without_a_public_name_are_called_in_capitals() {
        assert_eq!(capitals("object-id"), "ObjectId");
        assert_eq!(capitals(""), "");
    }
}
