//! One `ReportItem`: a result of a plugin on a host, as a finding.
//!
//! Start at [`Item::read`]. Texts that differ from run to run, or repeat the plugin's description, are kept
//! up to the limits below; what was cut is named in the property `cut`.
//!
//! # Source
//! Tenable, "Nessus file format" (the export format version 2), and exports of Nessus 5 to 10, Tenable.sc
//! and Tenable Web App Scanning.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::xml::Xml;
use crate::IngestError;

/// A plugin's output is kept up to this many bytes.
pub const PLUGIN_OUTPUT_BYTES_MAX: usize = 16 * 1024;

/// Any other text of an item is kept up to this many bytes.
pub const TEXT_BYTES_MAX: usize = 4 * 1024;

/// An item keeps this many values of each list (CVE ids, cross references).
pub const LIST_VALUES_MAX: usize = 4_000;

/// Each of them is kept up to this many bytes.
pub const LIST_VALUE_BYTES_MAX: usize = 256;

/// A CVSS base score of 10 in micro-units.
const SCORE_MICRO_MAX: i64 = 10_000_000;

pub(super) struct Item {
    pub(super) plugin: u64,
    pub(super) family: String,
    /// Lower case; empty where the port is 0.
    pub(super) protocol: String,
    /// 0 for a check without a port.
    pub(super) port: u16,
    pub(super) service: String,
    pub(super) title: String,
    pub(super) severity: &'static str,
    /// Distinct, upper case, sorted.
    pub(super) cves: Vec<String>,
    pub(super) cvss_vector: String,
    pub(super) cvss_score_micro: Option<i64>,
    pub(super) exploit_available: Option<bool>,
    pub(super) properties: BTreeMap<&'static str, Json>,
    /// The plugin says that the host did not answer, so that nothing else was looked at.
    pub(super) is_dead_host: bool,
}

/// The "Ping the remote host" plugin, which reports hosts that do not answer.
const PING_PLUGIN: u64 = 10_180;

/// The tag of an item. Everything else stands in child elements.
struct Tag {
    plugin: u64,
    port: u16,
    protocol: String,
    service: String,
    severity: String,
    name: String,
    family: String,
}

/// The child elements of an item.
#[derive(Default)]
struct Body {
    texts: BTreeMap<&'static str, String>,
    lists: BTreeMap<&'static str, Vec<String>>,
    /// Versions 4, 3 and 2, the best first.
    cvss: [Cvss; 3],
    is_exploit: Option<bool>,
    cut: Vec<&'static str>,
}

#[derive(Default)]
struct Cvss {
    vector: Option<String>,
    score: Option<String>,
}

/// What a child element is to a finding.
#[derive(Clone, Copy)]
enum Field {
    Text(&'static str),
    List(&'static str),
    /// Position in [`Body::cvss`].
    Vector(usize),
    Score(usize),
    /// `true` or `false`: says that an exploit is at hand. Only the first of these also says that none is.
    ExploitAvailable,
    ExploitKnown,
    Other,
}

impl Field {
    fn of(element: &str) -> Self {
        match element {
            "cve" => Self::List("cve"),
            "cwe" => Self::List("cwe"),
            "xref" => Self::List("xrefs"),
            "cpe" => Self::List("cpe"),
            "cvss4_vector" => Self::Vector(0),
            "cvss3_vector" => Self::Vector(1),
            "cvss_vector" => Self::Vector(2),
            "cvss4_base_score" | "cvssv4" => Self::Score(0),
            "cvss3_base_score" | "cvssv3" => Self::Score(1),
            "cvss_base_score" | "cvss" => Self::Score(2),
            "exploit_available" => Self::ExploitAvailable,
            "exploited_by_malware" | "exploited_by_nessus" => Self::ExploitKnown,
            framework if framework.starts_with("exploit_framework_") => Self::ExploitKnown,
            "plugin_name" => Self::Text("plugin_name"),
            "plugin_output" => Self::Text("plugin_output"),
            "plugin_type" => Self::Text("plugin_type"),
            "plugin_publication_date" => Self::Text("plugin_publication_date"),
            "plugin_modification_date" => Self::Text("plugin_modification_date"),
            "patch_publication_date" => Self::Text("patch_publication_date"),
            "vuln_publication_date" => Self::Text("vuln_publication_date"),
            "risk_factor" => Self::Text("risk_factor"),
            "synopsis" => Self::Text("synopsis"),
            "solution" => Self::Text("solution"),
            "exploitability_ease" => Self::Text("exploitability_ease"),
            "exploit_code_maturity" => Self::Text("exploit_code_maturity"),
            "vpr_score" => Self::Text("vpr_score"),
            "epss_score" => Self::Text("epss_score"),
            "unsupported_by_vendor" => Self::Text("unsupported_by_vendor"),
            "compliance-check-name" => Self::Text("compliance_check_name"),
            "compliance-result" => Self::Text("compliance_result"),
            _ => Self::Other,
        }
    }
}

impl Item {
    /// Reads the `ReportItem` that was just opened, to its end. The inner error is the reason why it cannot
    /// be taken in.
    pub(super) fn read(xml: &mut Xml<'_>) -> Result<Result<Self, String>, IngestError> {
        let tag = Tag::read(xml);
        let body = Body::read(xml)?;
        Ok(tag.map(|tag| Self::new(tag, body)))
    }

    fn new(tag: Tag, mut body: Body) -> Self {
        let mut properties = BTreeMap::new();
        let severity = body.severity(&tag.severity, &mut properties);
        let exploit_available = body.exploit_available();
        let (cvss_vector, cvss_score_micro) = body.best_cvss(&mut properties);
        let is_dead_host = tag.plugin == PING_PLUGIN
            && body
                .texts
                .get("plugin_output")
                .is_some_and(|output| output.contains("considered as dead"));
        let plugin_name = body.texts.remove("plugin_name").unwrap_or_default();
        let title = [tag.name, plugin_name]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_else(|| format!("Plugin {}", tag.plugin));
        let mut cves = body.lists.remove("cve").unwrap_or_default();
        cves.sort_unstable();

        properties.insert("pluginFamily", tag.family.as_str().into());
        if !tag.service.is_empty() {
            properties.insert("svc_name", tag.service.as_str().into());
        }
        properties.extend(body.texts.into_iter().map(|(name, text)| (name, text.into())));
        properties.extend(body.lists.into_iter().map(|(name, values)| (name, values.into())));
        if !body.cut.is_empty() {
            properties.insert("cut", body.cut.into());
        }
        Self {
            plugin: tag.plugin,
            family: tag.family,
            protocol: if tag.port == 0 { String::new() } else { tag.protocol },
            port: tag.port,
            service: tag.service,
            title,
            severity,
            cves,
            cvss_vector,
            cvss_score_micro,
            exploit_available,
            properties,
            is_dead_host,
        }
    }
}

impl Tag {
    fn read(xml: &Xml<'_>) -> Result<Self, String> {
        let [plugin, port, protocol, service, severity, name, family] = xml.attributes([
            "pluginID",
            "port",
            "protocol",
            "svc_name",
            "severity",
            "pluginName",
            "pluginFamily",
        ])?;
        let plugin = match plugin.as_deref() {
            None | Some("") => return Err("a ReportItem without pluginID".to_owned()),
            Some(text) => text.parse().map_err(|_| format!("pluginID {text:?} is not a number"))?,
        };
        let port = match port.as_deref() {
            // Tenable leaves it out where a check has no port.
            None | Some("") => 0,
            Some(text) => text
                .parse()
                .map_err(|_| format!("port {text:?} of plugin {plugin} is not a port"))?,
        };
        let protocol = protocol.unwrap_or_default().to_ascii_lowercase();
        let is_word = !protocol.is_empty() && protocol.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if port > 0 && !is_word {
            return Err(format!("port {port} of plugin {plugin} has protocol {protocol:?}"));
        }
        let family = family.filter(|family| !family.is_empty());
        Ok(Self {
            plugin,
            port,
            protocol,
            service: service.unwrap_or_default(),
            severity: severity.unwrap_or_default(),
            name: name.unwrap_or_default(),
            family: family.unwrap_or_else(|| super::FAMILY_UNNAMED.to_owned()),
        })
    }
}

impl Body {
    fn read(xml: &mut Xml<'_>) -> Result<Self, IngestError> {
        let mut body = Self::default();
        while xml.next_child()? {
            match Field::of(xml.tag_name()) {
                Field::Text(name) => {
                    let bytes_max = if name == "plugin_output" {
                        PLUGIN_OUTPUT_BYTES_MAX
                    } else {
                        TEXT_BYTES_MAX
                    };
                    let it = xml.text(bytes_max)?;
                    if it.is_cut {
                        body.cut(name);
                    }
                    if !it.text.is_empty() {
                        body.texts.entry(name).or_insert(it.text);
                    }
                }
                Field::List(name) => {
                    let it = xml.text(LIST_VALUE_BYTES_MAX)?;
                    if it.is_cut {
                        body.cut(name);
                    }
                    body.add(name, it.text);
                }
                Field::Vector(version) => body.cvss[version].vector = Some(xml.text(TEXT_BYTES_MAX)?.text),
                Field::Score(version) => body.cvss[version].score = Some(xml.text(TEXT_BYTES_MAX)?.text),
                Field::ExploitAvailable => match is_true(&xml.text(TEXT_BYTES_MAX)?.text) {
                    Some(false) => body.is_exploit = body.is_exploit.or(Some(false)),
                    Some(true) => body.is_exploit = Some(true),
                    None => {}
                },
                Field::ExploitKnown => {
                    if is_true(&xml.text(TEXT_BYTES_MAX)?.text) == Some(true) {
                        body.is_exploit = Some(true);
                    }
                }
                Field::Other => xml.skip()?,
            }
        }
        Ok(body)
    }

    fn cut(&mut self, name: &'static str) {
        if !self.cut.contains(&name) {
            self.cut.push(name);
        }
    }

    fn add(&mut self, name: &'static str, text: String) {
        let text = if name == "cve" { text.to_ascii_uppercase() } else { text };
        let values = self.lists.entry(name).or_default();
        if text.is_empty() || values.contains(&text) {
            return;
        }
        if values.len() < LIST_VALUES_MAX {
            values.push(text);
        } else {
            self.cut(name);
        }
    }

    /// The scanner's own number; where it gives none, its risk factor. A text that is neither is kept.
    fn severity(&self, number: &str, properties: &mut BTreeMap<&'static str, Json>) -> &'static str {
        match number {
            "0" => return "info",
            "1" => return "low",
            "2" => return "medium",
            "3" => return "high",
            "4" => return "critical",
            "" => {}
            other => {
                properties.insert("severity_text", other.into());
            }
        }
        let risk = self.texts.get("risk_factor").map_or("", String::as_str);
        ["low", "medium", "high", "critical"]
            .into_iter()
            .find(|severity| risk.eq_ignore_ascii_case(severity))
            .unwrap_or("info")
    }

    /// Whether an exploit is at hand, as any of the scanner's statements says; none of them: unknown.
    fn exploit_available(&self) -> Option<bool> {
        let text = |name| self.texts.get(name).map_or("", |text: &String| text.as_str());
        let ease = text("exploitability_ease");
        let maturity = text("exploit_code_maturity");
        // A proof of concept is not counted: the scanner itself says that no exploit is available then.
        let is_functional = ["high", "functional"]
            .iter()
            .any(|it| maturity.eq_ignore_ascii_case(it));
        if ease.eq_ignore_ascii_case("exploits are available") || is_functional {
            return Some(true);
        }
        if ease.eq_ignore_ascii_case("no known exploits are available") {
            return self.is_exploit.or(Some(false));
        }
        self.is_exploit
    }

    /// Vector and score of the newest version of CVSS that has a vector; without any, the newest score.
    fn best_cvss(&self, properties: &mut BTreeMap<&'static str, Json>) -> (String, Option<i64>) {
        let mut vectors = [const { None }; 3];
        let mut scores = [None; 3];
        for (version, cvss) in self.cvss.iter().enumerate() {
            if let Some(text) = cvss.vector.as_deref().filter(|text| !text.is_empty()) {
                vectors[version] = vector(text, version);
                if vectors[version].is_none() {
                    properties.insert("cvss_vector_text", text.into());
                }
            }
            if let Some(text) = cvss.score.as_deref().filter(|text| !text.is_empty()) {
                scores[version] = score_micro(text);
                if scores[version].is_none() {
                    properties.insert("cvss_score_text", text.into());
                }
            }
        }
        let newest_score = scores.iter().flatten().next().copied();
        match vectors.iter().position(Option::is_some) {
            Some(best) => (vectors[best].take().unwrap_or_default(), scores[best].or(newest_score)),
            None => (String::new(), newest_score),
        }
    }
}

fn is_true(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A CVSS vector as its specification writes it: `CVSS:4.0/...`, `CVSS:3.1/...`, and without a prefix for
/// version 2. `version` is a position in [`Body::cvss`]. `None` when it is no vector.
fn vector(text: &str, version: usize) -> Option<String> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let (prefix, metrics) = match version {
        0 => split_prefix(text, "CVSS:4.", "CVSS:4.0"),
        1 => split_prefix(text, "CVSS:3.", "CVSS:3.0"),
        _ => ("", text.strip_prefix("CVSS2#").unwrap_or(text)),
    };
    let is_metric = |metric: &str| {
        metric.split_once(':').is_some_and(|(name, value)| {
            let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            is_word(name) && is_word(value)
        })
    };
    if !metrics.starts_with("AV:") || !metrics.split('/').all(is_metric) {
        return None;
    }
    Some(if prefix.is_empty() {
        metrics.to_owned()
    } else {
        format!("{prefix}/{metrics}")
    })
}

/// Splits `CVSS:3.1/AV:N/...`. A vector without prefix gets the first prefix of its version, as Tenable.sc
/// leaves it out.
fn split_prefix<'t>(text: &'t str, major: &str, first: &'static str) -> (&'t str, &'t str) {
    match text.split_once('/') {
        Some((prefix, metrics)) if prefix.starts_with(major) => (prefix, metrics),
        _ => (first, text),
    }
}

/// A decimal between 0 and 10 in micro-units, digits behind the sixth left out.
pub(super) fn score_micro(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 2 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let micro: i64 = format!("{fraction:0<6}")[..6].parse().ok()?;
    let score = whole.parse::<i64>().ok()? * 1_000_000 + micro;
    (score <= SCORE_MICRO_MAX).then_some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_exact_and_nothing_but_a_score_is_one() {
        for (text, expected) in [
            ("9.8", Some(9_800_000)),
            ("10.0", Some(10_000_000)),
            ("10", Some(10_000_000)),
            ("0.0", Some(0)),
            ("7.", Some(7_000_000)),
            ("0.12345678", Some(123_456)),
            ("10.1", None),
            ("-1.0", None),
            ("", None),
            (".5", None),
            ("1e1", None),
            ("N/A", None),
        ] {
            assert_eq!(score_micro(text), expected, "{text}");
        }
    }

    #[test]
    fn vectors_are_written_as_their_specification_does() {
        for (text, version, expected) in [
            (
                "CVSS2#AV:N/AC:L/Au:N/C:C/I:C/A:C",
                2,
                Some("AV:N/AC:L/Au:N/C:C/I:C/A:C"),
            ),
            ("(AV:N/AC:L/Au:N/C:C/I:C/A:C)", 2, Some("AV:N/AC:L/Au:N/C:C/I:C/A:C")),
            ("CVSS:3.1/AV:N/AC:L/PR:N", 1, Some("CVSS:3.1/AV:N/AC:L/PR:N")),
            ("AV:N/AC:L/PR:N", 1, Some("CVSS:3.0/AV:N/AC:L/PR:N")),
            ("CVSS:4.0/AV:N/AC:L/AT:N", 0, Some("CVSS:4.0/AV:N/AC:L/AT:N")),
            ("CVSS:3.1", 1, None),
            ("see vendor", 2, None),
            ("AV:N/", 2, None),
        ] {
            assert_eq!(vector(text, version).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_exploit_is_at_hand_when_any_statement_says_so() {
        let body = |ease: &str, maturity: &str, is_exploit| Body {
            texts: BTreeMap::from([
                ("exploitability_ease", ease.to_owned()),
                ("exploit_code_maturity", maturity.to_owned()),
            ]),
            is_exploit,
            ..Body::default()
        };
        for (ease, maturity, stated, expected) in [
            ("Exploits are available", "", None, Some(true)),
            ("No exploit is required", "High", Some(false), Some(true)),
            ("No exploit is required", "PoC", Some(false), Some(false)),
            ("No known exploits are available", "", None, Some(false)),
            ("No known exploits are available", "", Some(true), Some(true)),
            ("", "", None, None),
        ] {
            assert_eq!(
                body(ease, maturity, stated).exploit_available(),
                expected,
                "{ease}, {maturity}"
            );
        }
    }
}
