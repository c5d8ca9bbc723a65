//! Nessus XML, version 2 (`NessusClientData_v2`): hosts, open ports and results of plugins.
//!
//! Start at [`read`]. A `ReportHost` becomes an object (`host.rs`), each of its `ReportItem`s a finding
//! (`item.rs`) and, where it names a port, a service. What the scan has looked at is told host by host:
//!
//! * plugin families that the policy switched on in full, and those that only the results name; a family of
//!   which single plugins were chosen was not looked at as a whole, so its absent results prove nothing;
//! * the ports, when port scanners were switched on or a port of the host is named;
//! * of a host that did not answer, or whose scan was cut short: no family.
//!
//! Rows may repeat: a plugin can report one port twice, and a host can be listed twice. Equal ids mean one
//! host, equal (subject, weakness, locator) one finding.
//!
//! **Invariant:** the file is read once, from front to back; memory grows with the number of hosts and of
//! distinct checks (both limited below), and not with the results.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;

use jiff::Timestamp;
use postern_model::schema::{COVERED, FINDINGS, OBJECTS, SERVICES};
use postern_model::{Cell, CellCoverage, Coverage, Facet, NodeKind, ObjectClass, Value};

use crate::chunks::Chunks;
use crate::{Counts, Format, IngestError, Input, Probe, Sink, Summary, io_error, rewind};
use host::{Scan, Tags};
use item::Item;
use xml::Xml;

mod host;
mod item;
mod xml;

pub use host::{CLOUD_TAGS_MAX, TAG_BYTES_MAX};
pub use item::{LIST_VALUE_BYTES_MAX, LIST_VALUES_MAX, PLUGIN_OUTPUT_BYTES_MAX, TEXT_BYTES_MAX};

/// A file may list this many hosts.
pub const HOSTS_MAX: usize = 1_000_000;

/// Length of a host's name in a report. A DNS name has at most 253 bytes, a web target is a URL.
pub const HOST_NAME_BYTES_MAX: usize = 2_048;

/// A file may name this many plugin families. Nessus has about a hundred.
pub const FAMILIES_MAX: usize = 1_000;

/// A file may name this many distinct CVE ids, and as many distinct plugins.
pub const DISTINCT_MAX: usize = 1_000_000;

/// Hosts times the plugin families that were looked at on them.
pub const COVERED_ROWS_MAX: usize = 200_000_000;

/// Services of one host, in all protocols.
pub const SERVICES_MAX: usize = 2 * u16::MAX as usize;

/// The family of a plugin that names none.
const FAMILY_UNNAMED: &str = "unnamed";

/// The family whose plugins look for open ports.
const FAMILY_PORT_SCANNERS: &str = "Port scanners";

/// Positions of the first two cells of every file.
const CELL_PROPERTIES: u16 = 0;
const CELL_PORTS: u16 = 1;

pub static FORMAT: Format = Format {
    id: "nessus",
    title: "Nessus XML",
    dates_itself: true,
    sniff: |probe: &mut Probe<'_, '_>| Ok(sniff(probe.head)),
    read,
};

const ROOT: &[u8] = b"<NessusClientData";

/// Whether the beginning of a file looks like a Nessus export, of this version or of the first.
fn sniff(head: &[u8]) -> bool {
    is_utf16(head) || head.trim_ascii_start().starts_with(b"<") && names_root(head)
}

fn names_root(head: &[u8]) -> bool {
    head.windows(ROOT.len()).any(|window| window == ROOT)
}

/// Whether it would look like one if it were not in UTF-16. Other programs write XML so when they save it again.
fn is_utf16(head: &[u8]) -> bool {
    let begins = [&b"\xFF\xFE<\0"[..], b"\xFE\xFF\0<", b"<\0?\0", b"\0<\0?"];
    begins.iter().any(|begin| head.starts_with(begin)) && {
        let letters: Vec<u8> = head.iter().copied().filter(|&byte| byte != 0).collect();
        names_root(&letters)
    }
}

/// Reads a file of this format.
///
/// `input.site` names the network that was scanned: the boundary of all cells, and part of the hosts' ids
/// (`host:<site>:<name>`), as two sites may use the same addresses.
///
/// # Errors
/// [`IngestError::Unsupported`] for version 1 of the format; [`IngestError::Malformed`] when the XML is
/// broken, cut short or above a limit; [`IngestError::Io`] and [`IngestError::Sink`] as they come.
fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    let name = input.name;
    let site = input.site.unwrap_or("");
    if is_wide(&mut input)? {
        return Err(IngestError::Malformed {
            name: name.to_owned(),
            position: "byte 0".to_owned(),
            reason: "it is written in UTF-16; export it again, or save it as UTF-8".to_owned(),
        });
    }
    let mut xml = Xml::new(input);
    let mut report = Report::new(site, Chunks::new(sink));
    if !xml.next_child()? {
        return Err(IngestError::Unknown { name: name.to_owned() });
    }
    match xml.tag_name() {
        "NessusClientData_v2" => {}
        "NessusClientData" => {
            return Err(IngestError::Unsupported {
                name: name.to_owned(),
                found: "a Nessus export of version 1".to_owned(),
                understood: "exports of version 2 (.nessus)",
            });
        }
        _ => return Err(IngestError::Unknown { name: name.to_owned() }),
    }
    while xml.next_child()? {
        match xml.tag_name() {
            "Policy" => report.read_policy(&mut xml)?,
            "Report" => report.read_report(&mut xml)?,
            _ => xml.skip()?,
        }
    }
    if xml.next_child()? {
        return Err(xml.malformed("something follows the end of the report".to_owned()));
    }
    if let Some((first, bytes)) = xml.repaired() {
        let reason = format!("bytes that are not UTF-8: {bytes}; each is read as a question mark");
        report.chunks.reject(format!("byte {first}"), reason);
    }
    report.finish(&xml)
}

/// Whether the first characters are of two bytes each; the reader is left at the start.
fn is_wide(input: &mut Input<'_>) -> Result<bool, IngestError> {
    let mut head = Vec::new();
    let read = Read::take(&mut *input.bytes, 4).read_to_end(&mut head);
    read.map_err(|cause| io_error(input.name, cause))?;
    rewind(input)?;
    Ok(head.contains(&0))
}

/// What has been read so far.
struct Report<'a> {
    site: &'a str,
    chunks: Chunks<'a>,
    cells: Cells,
    /// Plugin families that the policy names, and how much of them it has chosen.
    policy: BTreeMap<String, Chosen>,
    /// Hosts in the order of their first appearance; `by_id` says where each one is.
    hosts: Vec<Seen>,
    by_id: HashMap<String, usize>,
    plugins: HashSet<u64>,
    cves: HashSet<String>,
    instances: u64,
}

/// How many plugins of a family a policy has chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Chosen {
    #[default]
    None,
    Some,
    All,
}

impl Chosen {
    fn of(status: &str) -> Self {
        match status {
            _ if status.eq_ignore_ascii_case("enabled") => Self::All,
            _ if status.eq_ignore_ascii_case("mixed") => Self::Some,
            _ => Self::None,
        }
    }
}

/// What a host was looked at for, kept until all families are known.
struct Seen {
    id: String,
    observed_at: Option<Timestamp>,
    /// A whole scan without credentials, and one with them.
    whole: [bool; 2],
    has_services: bool,
}

/// One host while its element is read.
struct Current {
    id: String,
    tags: Tags,
    credentialed: bool,
    answered: bool,
    services: BTreeMap<(String, u16), String>,
    has_results: bool,
}

impl<'a> Report<'a> {
    fn new(site: &'a str, chunks: Chunks<'a>) -> Self {
        Self {
            site,
            chunks,
            cells: Cells::new(site),
            policy: BTreeMap::new(),
            hosts: Vec::new(),
            by_id: HashMap::new(),
            plugins: HashSet::new(),
            cves: HashSet::new(),
            instances: 0,
        }
    }

    /// Reads `Policy`, of which only the choice of plugin families matters.
    fn read_policy(&mut self, xml: &mut Xml<'_>) -> Result<(), IngestError> {
        while xml.next_child()? {
            if xml.tag_name() != "FamilySelection" {
                xml.skip()?;
                continue;
            }
            while xml.next_child()? {
                let (mut family, mut status) = (String::new(), String::new());
                while xml.next_child()? {
                    match xml.tag_name() {
                        "FamilyName" => family = xml.text(TEXT_BYTES_MAX)?.text,
                        "Status" => status = xml.text(TEXT_BYTES_MAX)?.text,
                        _ => xml.skip()?,
                    }
                }
                let chosen = Chosen::of(&status);
                if self.policy.len() < FAMILIES_MAX && !family.is_empty() {
                    let known = self.policy.entry(family).or_default();
                    *known = chosen.max(*known);
                } else if !family.is_empty() && chosen != Chosen::None {
                    let reason = format!("the policy names more than {FAMILIES_MAX} plugin families");
                    self.chunks.reject(xml.position(), reason);
                }
            }
        }
        Ok(())
    }

    fn read_report(&mut self, xml: &mut Xml<'_>) -> Result<(), IngestError> {
        while xml.next_child()? {
            if xml.tag_name() == "ReportHost" {
                self.read_host(xml)?;
            } else {
                xml.skip()?;
            }
        }
        Ok(())
    }

    fn read_host(&mut self, xml: &mut Xml<'_>) -> Result<(), IngestError> {
        let position = xml.position();
        let name = match xml.attributes(["name"]) {
            Ok([Some(name)]) if !name.is_empty() && name.len() <= HOST_NAME_BYTES_MAX => name,
            Ok([name]) => {
                let fault = match name {
                    Some(name) if !name.is_empty() => format!("whose name has more than {HOST_NAME_BYTES_MAX} bytes"),
                    _ => "without name".to_owned(),
                };
                self.chunks
                    .reject(position, format!("a ReportHost {fault} is left out with its results"));
                return xml.skip();
            }
            Err(reason) => {
                self.chunks
                    .reject(position, format!("a ReportHost is left out: {reason}"));
                return xml.skip();
            }
        };
        let mut current = Current {
            id: format!("host:{}:{}", self.site, name.to_lowercase()),
            tags: Tags::default(),
            credentialed: false,
            answered: true,
            services: BTreeMap::new(),
            has_results: false,
        };
        while xml.next_child()? {
            match xml.tag_name() {
                "HostProperties" => {
                    let position = xml.position();
                    current.tags.read(xml)?;
                    current.credentialed = current.tags.is_credentialed();
                    if current.credentialed && current.has_results {
                        let reason = format!(
                            "the properties of {name} stand behind its results: those count as not credentialed"
                        );
                        self.chunks.reject(position, reason);
                    }
                }
                "ReportItem" => self.read_item(xml, &mut current)?,
                _ => xml.skip()?,
            }
        }
        self.end_host(xml, current, &name, position)
    }

    fn read_item(&mut self, xml: &mut Xml<'_>, current: &mut Current) -> Result<(), IngestError> {
        let position = xml.position();
        let item = match Item::read(xml)? {
            Ok(item) => item,
            Err(reason) => {
                self.chunks.reject(position, reason);
                return Ok(());
            }
        };
        let Some(cell) = self.cells.plugins(&item.family, current.credentialed) else {
            let reason = format!("the file names more than {FAMILIES_MAX} plugin families");
            self.chunks.reject(position, reason);
            return Ok(());
        };
        current.has_results = true;
        self.instances += 1;
        self.plugins.insert(item.plugin);
        for cve in &item.cves {
            if !self.cves.contains(cve) {
                self.cves.insert(cve.clone());
            }
        }
        if self.plugins.len() > DISTINCT_MAX || self.cves.len() > DISTINCT_MAX {
            return Err(xml.malformed(format!("more than {DISTINCT_MAX} distinct plugins or CVE ids")));
        }
        current.answered &= !item.is_dead_host;

        let locator = match item.port {
            0 => String::new(),
            port => format!("{}/{port}", item.protocol),
        };
        self.chunks.push(
            &FINDINGS,
            &[
                Value::Long(i64::from(cell)),
                Value::Text(&current.id),
                Value::Text(&format!("nessus:{}", item.plugin)),
                Value::Text(&locator),
                Value::Text(&item.title),
                Value::Text(item.severity),
                Value::Text(&json(&item.cves)),
                Value::Text(&item.cvss_vector),
                item.cvss_score_micro.map_or(Value::Null, Value::Long),
                item.exploit_available.map_or(Value::Null, Value::Bool),
                Value::Text(&json(&item.properties)),
            ],
        )?;
        if item.port > 0 {
            if current.services.len() >= SERVICES_MAX {
                let reason = format!(
                    "{} has more than {SERVICES_MAX} services; {locator} is left out",
                    current.id
                );
                self.chunks.reject(position, reason);
                return Ok(());
            }
            let known = current.services.entry((item.protocol, item.port)).or_default();
            // A question mark says that the scanner goes by the port number alone.
            if known.is_empty() || (known.ends_with('?') && !item.service.is_empty()) {
                *known = item.service;
            }
        }
        Ok(())
    }

    fn end_host(&mut self, xml: &Xml<'_>, current: Current, name: &str, position: String) -> Result<(), IngestError> {
        let scan = current.tags.scan().unwrap_or_else(|reason| {
            self.chunks
                .reject(position, format!("when {name} was scanned is not known: {reason}"));
            Scan {
                observed_at: None,
                is_interrupted: false,
            }
        });
        for ((protocol, port), service) in &current.services {
            self.chunks.push(
                &SERVICES,
                &[
                    Value::Long(i64::from(CELL_PORTS)),
                    Value::Text(&current.id),
                    Value::Text(protocol),
                    Value::Long(i64::from(*port)),
                    Value::Text(service),
                ],
            )?;
        }
        let host = current.tags.into_host(name, self.site);
        self.chunks.push(
            &OBJECTS,
            &[
                Value::Long(i64::from(CELL_PROPERTIES)),
                Value::Text(&current.id),
                Value::Text(&current.id),
                Value::Text(NodeKind::Host.as_str()),
                Value::Text(&host.name),
                Value::Text(&json(&host.properties)),
            ],
        )?;

        let seen = match self.by_id.get(&current.id) {
            Some(&index) => &mut self.hosts[index],
            None => {
                if self.hosts.len() == HOSTS_MAX {
                    return Err(xml.malformed(format!("more than {HOSTS_MAX} hosts")));
                }
                self.by_id.insert(current.id.clone(), self.hosts.len());
                self.hosts.push(Seen {
                    id: current.id,
                    observed_at: None,
                    whole: [false; 2],
                    has_services: false,
                });
                let last = self.hosts.len() - 1;
                &mut self.hosts[last]
            }
        };
        seen.observed_at = seen.observed_at.max(scan.observed_at);
        seen.whole[usize::from(current.credentialed)] |= current.answered && !scan.is_interrupted;
        seen.has_services |= !current.services.is_empty();
        Ok(())
    }

    /// Says what was looked at on each host, now that all families are known.
    fn finish(mut self, xml: &Xml<'_>) -> Result<Summary, IngestError> {
        let in_full = self.policy.iter().filter(|(_, chosen)| **chosen == Chosen::All);
        let mut families: Vec<String> = in_full.map(|(family, _)| family.clone()).collect();
        families.extend(
            self.cells
                .families()
                .into_iter()
                .filter(|it| !self.policy.contains_key(it)),
        );
        let are_ports_scanned = self
            .policy
            .iter()
            .any(|(family, chosen)| family.eq_ignore_ascii_case(FAMILY_PORT_SCANNERS) && *chosen != Chosen::None)
            || families.iter().any(|it| it.eq_ignore_ascii_case(FAMILY_PORT_SCANNERS));
        // Cells of a whole scan, without credentials and with them.
        let mut whole = [Vec::new(), Vec::new()];
        for credentialed in [false, true] {
            let index = usize::from(credentialed);
            if self.hosts.iter().any(|host| host.whole[index]) {
                whole[index] = families
                    .iter()
                    .filter_map(|it| self.cells.plugins(it, credentialed))
                    .collect();
            }
        }
        let mut rows = 0;
        let mut cells: Vec<u16> = Vec::new();
        for host in &self.hosts {
            cells.clear();
            cells.push(CELL_PROPERTIES);
            if host.has_services || (are_ports_scanned && host.whole.contains(&true)) {
                cells.push(CELL_PORTS);
            }
            for (is_whole, whole) in host.whole.iter().zip(&whole) {
                if *is_whole {
                    cells.extend_from_slice(whole);
                }
            }
            cells.sort_unstable();
            cells.dedup();
            rows += cells.len();
            if rows > COVERED_ROWS_MAX {
                let reason = format!("hosts times plugin families is more than {COVERED_ROWS_MAX}");
                return Err(xml.malformed(reason));
            }
            let observed_at = host
                .observed_at
                .map_or(Value::Null, |at| Value::Long(at.as_microsecond()));
            for &cell in &cells {
                let row = [Value::Long(i64::from(cell)), Value::Text(&host.id), observed_at];
                self.chunks.push(&COVERED, &row)?;
            }
        }
        self.chunks.finish()?;
        Ok(Summary {
            cells: self.cells.list,
            observed_at: self.hosts.iter().filter_map(|host| host.observed_at).max(),
            counts: Counts {
                assets: self.hosts.len() as u64,
                checks: self.plugins.len() as u64,
                instances: self.instances,
                cves: self.cves.len() as u64,
                ..Counts::default()
            },
        })
    }
}

/// The cells of a file, in the order of their first use.
struct Cells {
    boundary: String,
    list: Vec<CellCoverage>,
    /// Cells of a plugin family, without credentials and with them.
    by_family: HashMap<String, [Option<u16>; 2]>,
}

impl Cells {
    fn new(boundary: &str) -> Self {
        let mut cells = Self {
            boundary: boundary.to_owned(),
            list: Vec::new(),
            by_family: HashMap::new(),
        };
        cells.add(Facet::Properties);
        cells.add(Facet::Ports);
        cells
    }

    /// Position of a plugin family's cell. `None` when the file names too many families.
    fn plugins(&mut self, family: &str, credentialed: bool) -> Option<u16> {
        let index = usize::from(credentialed);
        if let Some(cell) = self.by_family.get(family).and_then(|cells| cells[index]) {
            return Some(cell);
        }
        if self.by_family.len() >= FAMILIES_MAX && !self.by_family.contains_key(family) {
            return None;
        }
        let cell = self.add(Facet::Plugins {
            family: family.to_owned(),
            credentialed,
        });
        self.by_family.entry(family.to_owned()).or_default()[index] = Some(cell);
        Some(cell)
    }

    /// All families that have a cell, sorted.
    fn families(&self) -> Vec<String> {
        let mut families: Vec<_> = self.by_family.keys().cloned().collect();
        families.sort_unstable();
        families
    }

    fn add(&mut self, facet: Facet) -> u16 {
        let position = u16::try_from(self.list.len()).expect("families are limited far below this");
        self.list.push(CellCoverage {
            cell: Cell::new(self.boundary.as_str(), ObjectClass::Hosts, facet),
            coverage: Coverage::Subjects,
        });
        position
    }
}

/// Canonical JSON: sorted keys, no white space.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and their lists are JSON")
}

#[cfg(test)]
mod tests;
