//! The `HostProperties` of one host: what it is called, where it answers, when it was looked at.
//!
//! Start at [`Tags::read`], then [`Tags::into_host`].

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value as Json;

use super::xml::Xml;
use crate::IngestError;

/// A tag's text is kept up to this many bytes.
pub const TAG_BYTES_MAX: usize = 64 * 1024;

/// A host keeps this many tags of cloud instances.
pub const CLOUD_TAGS_MAX: usize = 64;

/// The tags that say something about the host itself. Scanners write many more, which are skipped.
const TAGS: [&str; 23] = [
    "agent-uuid",
    "agent_uuid",
    "bios-uuid",
    "credentialed_scan",
    "host-fqdn",
    "host-fqdns",
    "host-ip",
    "host-rdns",
    "host-uuid",
    "host_end",
    "host_end_timestamp",
    "host_start",
    "host_start_timestamp",
    "hostname",
    "ipv4",
    "ipv6",
    "mac-address",
    "netbios-name",
    "operating-system",
    "policy-used",
    "system-type",
    "tenable-uuid",
    "tenable_uuid",
];

/// Beginnings of tags that hold ids and places of cloud instances.
const CLOUD_PREFIXES: [&str; 3] = ["aws-", "azure-", "gcp-"];

/// The tags of a host by name in lower case. A tag that occurs again is appended as a line.
#[derive(Default)]
pub(super) struct Tags {
    texts: BTreeMap<String, String>,
    cloud: BTreeMap<String, String>,
}

/// A host as an object.
pub(super) struct Host {
    pub(super) name: String,
    pub(super) properties: BTreeMap<String, Json>,
}

/// When a host was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) observed_at: Option<Timestamp>,
    /// The scan of this host began and its end is not told: it may not have looked at everything.
    pub(super) is_interrupted: bool,
}

impl Tags {
    /// Reads the `HostProperties` that was just opened, to its end.
    pub(super) fn read(&mut self, xml: &mut Xml<'_>) -> Result<(), IngestError> {
        while xml.next_child()? {
            let name = match xml.attributes(["name"]) {
                Ok([Some(name)]) if xml.tag_name() == "tag" => name,
                _ => {
                    xml.skip()?;
                    continue;
                }
            };
            let known = name.to_ascii_lowercase();
            let is_cloud = CLOUD_PREFIXES.iter().any(|prefix| known.starts_with(prefix));
            if is_cloud && self.cloud.len() < CLOUD_TAGS_MAX {
                let text = xml.text(TAG_BYTES_MAX)?.text;
                self.cloud.insert(name, text);
            } else if TAGS.contains(&known.as_str()) {
                let text = xml.text(TAG_BYTES_MAX)?.text;
                let all = self.texts.entry(known).or_default();
                if all.len() + text.len() < TAG_BYTES_MAX {
                    all.push('\n');
                    all.push_str(&text);
                }
            } else {
                xml.skip()?;
            }
        }
        Ok(())
    }

    fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", |text| text.trim())
    }

    fn first_line(&self, name: &str) -> &str {
        self.text(name).lines().next().unwrap_or("").trim()
    }

    pub(super) fn is_credentialed(&self) -> bool {
        self.first_line("credentialed_scan").eq_ignore_ascii_case("true")
    }

    /// When the host was looked at. The error is a time that cannot be read.
    pub(super) fn scan(&self) -> Result<Scan, String> {
        let read = |epoch: &str, text: &str| -> Result<Option<Timestamp>, String> {
            let (epoch, text) = (self.first_line(epoch), self.first_line(text));
            if epoch.is_empty() && text.is_empty() {
                return Ok(None);
            }
            match parse_epoch(epoch).or_else(|| parse_time(text)) {
                Some(at) => Ok(Some(at)),
                None => Err(format!(
                    "cannot read the time {:?}",
                    if text.is_empty() { epoch } else { text }
                )),
            }
        };
        let start = read("host_start_timestamp", "host_start");
        match read("host_end_timestamp", "host_end")? {
            Some(end) => Ok(Scan {
                observed_at: Some(end),
                is_interrupted: false,
            }),
            None => start.map(|start| Scan {
                observed_at: start,
                is_interrupted: start.is_some(),
            }),
        }
    }

    /// What the tags say about the host that the report calls `report_name`.
    pub(super) fn into_host(self, report_name: &str, site: &str) -> Host {
        let mut properties: BTreeMap<String, Json> = BTreeMap::new();
        let mut set = |name: &str, text: &str| {
            if !text.is_empty() {
                properties.insert(name.to_owned(), text.into());
            }
        };

        let mut fqdns = Vec::new();
        let listed = FqdnEntry::names(self.text("host-fqdns"));
        let candidates = self.text("host-fqdn").lines().chain(listed.iter().map(String::as_str));
        for candidate in candidates.chain([self.first_line("hostname"), report_name]) {
            if let Some(fqdn) = fqdn(candidate) {
                push_distinct(&mut fqdns, fqdn);
            }
        }
        let fqdn_first = fqdns.first().cloned().unwrap_or_default();
        set("fqdn", &fqdn_first);
        set("rdns", self.first_line("host-rdns").trim_end_matches('.'));
        set("hostname", self.first_line("hostname"));

        // `CORP\DC01` where the scanner has seen the workgroup or domain as well.
        let netbios = self.first_line("netbios-name");
        let (netbios_domain, netbios) = netbios.rsplit_once('\\').unwrap_or(("", netbios));
        set("netbios", netbios);
        set("netbiosdomain", netbios_domain);

        let systems: Vec<_> = self.text("operating-system").lines().map(str::trim).collect();
        set("operatingsystem", systems.first().copied().unwrap_or(""));
        set("systemtype", self.first_line("system-type"));
        set("biosuuid", &self.first_line("bios-uuid").to_ascii_lowercase());
        set("policy", self.first_line("policy-used"));
        set("reportname", report_name);
        set("site", site);
        let first_of = |names: &[&str]| {
            let told = names
                .iter()
                .map(|name| self.first_line(name))
                .find(|text| !text.is_empty());
            told.unwrap_or("").to_ascii_lowercase()
        };
        set("tenableuuid", &first_of(&["tenable_uuid", "tenable-uuid", "host-uuid"]));
        set("agentuuid", &first_of(&["agent-uuid", "agent_uuid"]));
        for (name, text) in &self.cloud {
            set(name, text);
        }

        let mut addresses: Vec<IpAddr> = Vec::new();
        for name in ["host-ip", "ipv4", "ipv6"] {
            let words = self.text(name).split(|it: char| it.is_whitespace() || it == ',');
            words
                .filter_map(|word| word.parse().ok())
                .for_each(|it| push_distinct(&mut addresses, it));
        }
        if let Ok(address) = report_name.parse() {
            push_distinct(&mut addresses, address);
        }
        let mut macs = Vec::new();
        let words = self
            .text("mac-address")
            .split(|it: char| it.is_whitespace() || it == ',');
        words.filter_map(mac).for_each(|it| push_distinct(&mut macs, it));

        let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        let mut set_list = |name: &str, values: Vec<String>| {
            if !values.is_empty() {
                properties.insert(name.to_owned(), values.into());
            }
        };
        set_list("ip", addresses);
        set_list("mac", macs);
        if systems.len() > 1 {
            set_list("operatingsystems", systems.into_iter().map(str::to_owned).collect());
        }
        let name = [&fqdn_first, netbios, report_name]
            .into_iter()
            .find(|name| !name.is_empty());
        let name = name.unwrap_or_default().to_owned();
        set_list("fqdns", fqdns);
        properties.insert("credentialed".to_owned(), self.is_credentialed().into());
        Host { name, properties }
    }
}

/// An entry of `host-fqdns`, which is JSON inside the text.
#[derive(Deserialize)]
struct FqdnEntry {
    #[serde(rename = "FQDN", alias = "fqdn", default)]
    fqdn: String,
}

impl FqdnEntry {
    /// The names in a list; none where it cannot be read, as `host-fqdn` says the most important one too.
    fn names(json: &str) -> Vec<String> {
        let entries: Vec<Self> = serde_json::from_str(json).unwrap_or_default();
        entries.into_iter().map(|entry| entry.fqdn).collect()
    }
}

/// A fully qualified name in lower case, out of a name or, as web scanners write it, a URL. `None` for an
/// address, and for a name without a domain.
fn fqdn(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', ':', '?']).next().unwrap_or("");
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_name = name.contains('.') && name.split('.').all(is_label) && name.parse::<IpAddr>().is_err();
    is_name.then_some(name)
}

/// Six octets as `00:0c:29:ab:cd:ef`.
fn mac(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|it| !matches!(it, ':' | '-' | '.')).collect();
    if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let octets: Vec<&str> = (0..6).map(|octet| &digits[octet * 2..octet * 2 + 2]).collect();
    Some(octets.join(":"))
}

fn push_distinct<T: PartialEq>(values: &mut Vec<T>, value: T) {
    if !values.contains(&value) {
        values.push(value);
    }
}

fn parse_epoch(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// `Thu May  3 11:02:44 2018`, whose zone is not told and is taken to be UTC, or ISO 8601.
fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_weekday, month, day, clock, year] = words[..] else {
        return None;
    };
    let time = DateTime::strptime("%b %d %H:%M:%S %Y", format!("{month} {day} {clock} {year}")).ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(texts: &[(&str, &str)]) -> Tags {
        Tags {
            texts: texts
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
            cloud: BTreeMap::new(),
        }
    }

    #[test]
    fn times_are_read_in_every_way_that_scanners_write_them() {
        for (text, expected) in [
            ("Thu May  3 11:02:44 2018", "2018-05-03T11:02:44Z"),
            ("Wed Mar 09 22:55:00 2011", "2011-03-09T22:55:00Z"),
            ("2021-03-12T14:35:34.341269+00:00", "2021-03-12T14:35:34.341269Z"),
        ] {
            assert_eq!(parse_time(text).unwrap().to_string(), expected);
        }
        for text in ["", "yesterday", "Thu May 33 11:02:44 2018", "Thu May 3 11:02:44"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_scan_outranks_its_start_and_seconds_outrank_text() {
        let scan = tags(&[
            ("host_start", "Thu May  3 11:02:44 2018"),
            ("host_end", "Thu May  3 13:00:00 2018"),
            ("host_end_timestamp", "1525345364"),
        ])
        .scan()
        .unwrap();
        assert_eq!(scan.observed_at.unwrap().to_string(), "2018-05-03T11:02:44Z");
        assert!(!scan.is_interrupted);
        assert!(
            tags(&[("host_start", "Thu May  3 11:02:44 2018")])
                .scan()
                .unwrap()
                .is_interrupted
        );
        let untold = tags(&[]).scan().unwrap();
        assert_eq!((untold.observed_at, untold.is_interrupted), (None, false));
        assert_eq!(
            tags(&[("host_end", "soon")]).scan().unwrap_err(),
            r#"cannot read the time "soon""#
        );
    }

    #[test]
    fn a_name_is_qualified_only_with_a_domain_behind_it() {
        for (text, expected) in [
            ("DC01.Corp.Example.", Some("dc01.corp.example")),
            ("http://shop.example:8080/x", Some("shop.example")),
            ("10.0.0.1", None),
            ("https://10.0.0.1/", None),
            ("dc01", None),
            ("a..b", None),
            ("", None),
        ] {
            assert_eq!(fqdn(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn hardware_addresses_are_written_in_one_way() {
        assert_eq!(mac("00-0C-29-AB-CD-EF").unwrap(), "00:0c:29:ab:cd:ef");
        assert_eq!(mac("000c.29ab.cdef").unwrap(), "00:0c:29:ab:cd:ef");
        assert_eq!(mac("00:0C:29"), None);
    }

    #[test]
    fn a_host_is_called_by_its_best_name() {
        let name = |texts: &[(&str, &str)]| tags(texts).into_host("10.0.0.1", "").name;
        let netbios = ("netbios-name", "CORP\\DC01");
        assert_eq!(
            name(&[("host-fqdn", "dc01.corp.example"), netbios]),
            "dc01.corp.example"
        );
        assert_eq!(name(&[("host-fqdns", r#"[{"FQDN":"a.example"}]"#)]), "a.example");
        assert_eq!(name(&[netbios]), "DC01");
        assert_eq!(name(&[]), "10.0.0.1");
    }
}
