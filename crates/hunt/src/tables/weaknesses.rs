//! What findings say of the assets that have them, and of the weaknesses themselves.

use std::collections::{BTreeMap, HashMap};

use postern_kql::Type::{Bool, DateTime, Dynamic, Real, String as Text};
use postern_model::{Phase, Table};

use super::estate::json_list;
use super::properties::Told;
use super::{EstateTables, Out, TableSpec, column};
use crate::error::HuntError;

/// Scores are kept in millionths.
pub const MICRO: f64 = 1_000_000.0;

/// Findings put together: per asset, and per CVE.
#[derive(Default)]
pub struct Weaknesses {
    pub of_asset: HashMap<u32, Insight>,
    pub cves: BTreeMap<String, Cve>,
}

/// The findings of one asset in short.
#[derive(Clone, Copy, Debug, Default)]
pub struct Insight {
    /// Findings that are more than a remark of the scanner.
    pub findings: u32,
    pub worst: Severity,
    pub max_cvss_micro: i64,
    /// Code can be run on it over the network by whoever reaches it.
    pub is_rce: bool,
    /// Who has an account on it can become its administrator.
    pub is_privilege_escalation: bool,
    pub is_exploitable: bool,
}

/// A CVE as the scanners tell it.
#[derive(Clone, Debug, Default)]
pub struct Cve {
    pub title: String,
    pub description: String,
    pub severity: Severity,
    pub cvss_micro: Option<i64>,
    pub cvss_vector: String,
    pub is_exploit_available: bool,
    pub is_kev: bool,
    pub first_seen: Option<i64>,
    pub last_seen: Option<i64>,
    pub assets: u32,
}

/// From a remark up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    #[default]
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// As findings store it.
    pub fn of(text: &str) -> Self {
        match text {
            "critical" => Self::Critical,
            "high" => Self::High,
            "medium" => Self::Medium,
            "low" => Self::Low,
            _ => Self::Info,
        }
    }

    /// As public tables write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
            Self::Info => "Informational",
        }
    }

    /// How exposed an asset is whose worst finding is this, as public tables write it.
    pub fn exposure(self) -> &'static str {
        match self {
            Self::Critical | Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
            Self::Info => "None",
        }
    }
}

/// Whether a CVSS vector says all of these (`AV:N`, `C:H`).
fn says(vector: &str, metrics: &[&str]) -> bool {
    let has = |metric: &&str| {
        vector
            .split(['/', '#', '(', ')'])
            .any(|it| it.eq_ignore_ascii_case(metric))
    };
    metrics.iter().all(has)
}

/// Over the network, without an account, with full loss of integrity: what running code there comes to. CVSS 2 says
/// `Au:N` and `I:C`, CVSS 4 `VI:H`. (FIRST, CVSS v2 guide 2.1, v3.1 and v4.0 specifications 2.)
fn is_rce(vector: &str) -> bool {
    says(vector, &["AV:N"]) && (says(vector, &["PR:N"]) || says(vector, &["Au:N"])) && is_full(vector)
}

/// From an account of the device itself, with full loss of integrity.
fn is_privilege_escalation(vector: &str) -> bool {
    says(vector, &["AV:L"]) && !says(vector, &["PR:H"]) && is_full(vector)
}

fn is_full(vector: &str) -> bool {
    [["C:H", "I:H"], ["C:C", "I:C"], ["VC:H", "VI:H"]]
        .iter()
        .any(|metrics| says(vector, metrics))
}

impl Weaknesses {
    pub fn add(&mut self, table: &Table, row: usize, node: u32) {
        let of = |name| table.schema.column(name);
        let text = |name| table.text(row, of(name));
        let severity = Severity::of(text("severity"));
        let vector = text("cvss_vector");
        let score = table.long(row, of("cvss_score_micro"));
        let cves = cves_of(text("cves"));
        let insight = self.of_asset.entry(node).or_default();
        insight.findings += u32::from(severity > Severity::Info);
        insight.worst = insight.worst.max(severity);
        if !cves.is_empty() {
            insight.max_cvss_micro = insight.max_cvss_micro.max(score.unwrap_or(0));
            insight.is_rce |= is_rce(vector);
            insight.is_privilege_escalation |= is_privilege_escalation(vector);
        }
        let flag = |name| table.bool(row, of(name)) == Some(true);
        insight.is_exploitable |= flag("is_exploitable");
        for id in cves {
            let cve = self.cves.entry(id).or_default();
            // Of several checks for one CVE the worst says what it is.
            if cve.title.is_empty() || severity > cve.severity {
                cve.title = text("title").to_owned();
                let told = Told::of(text("properties"));
                cve.description = told
                    .text("description")
                    .or_else(|| told.text("synopsis"))
                    .unwrap_or_default();
                cve.severity = severity;
                cve.cvss_micro = score;
                cve.cvss_vector = vector.to_owned();
            }
            cve.is_exploit_available |= flag("exploit_available");
            cve.is_kev |= flag("is_kev");
            let (first, last) = (table.long(row, of("first_seen")), table.long(row, of("last_seen")));
            cve.first_seen = cve.first_seen.into_iter().chain(first).min();
            cve.last_seen = cve.last_seen.max(last);
            cve.assets += 1;
        }
    }
}

/// The CVEs of a finding, each once.
pub fn cves_of(json: &str) -> Vec<String> {
    let mut cves: Vec<String> = serde_json::from_str(json).unwrap_or_default();
    cves.sort_unstable();
    cves.dedup();
    cves
}

pub static SOFTWARE_VULNERABILITIES_KB: TableSpec = TableSpec {
    name: "DeviceTvmSoftwareVulnerabilitiesKB",
    about: "What scanners tell of each CVE that they found.",
    phase: Phase::Findings,
    is_filled: true,
    columns: &[
        column("CveId", Text, "The CVE."),
        column("CvssScore", Real, "Score of the worst check for it, from 0 to 10."),
        column(
            "IsExploitAvailable",
            Bool,
            "Whether a scanner knows an exploit, or it is known to be exploited.",
        ),
        column(
            "VulnerabilitySeverityLevel",
            Text,
            "Critical, High, Medium, Low or Informational.",
        ),
        column(
            "LastModifiedTime",
            DateTime,
            "When it was last found: scanners do not tell when it was changed.",
        ),
        column("PublishedDate", DateTime, "Not known: null."),
        column("VulnerabilityDescription", Text, "What the scanner says of it."),
        column("AffectedSoftware", Dynamic, "Titles of the checks that found it."),
        column("CvssVector", Text, "The vector behind the score."),
        column(
            "IsKev",
            Bool,
            "Whether it is in the catalogue of known exploited vulnerabilities.",
        ),
    ],
    shreds: &[],
    rows: knowledge,
};

fn knowledge(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [
        id,
        score,
        exploit,
        severity,
        modified,
        description,
        software,
        vector,
        kev,
    ] = out.slots([
        "CveId",
        "CvssScore",
        "IsExploitAvailable",
        "VulnerabilitySeverityLevel",
        "LastModifiedTime",
        "VulnerabilityDescription",
        "AffectedSoftware",
        "CvssVector",
        "IsKev",
    ]);
    for (name, cve) in &tables.weaknesses()?.cves {
        out.text(id, name);
        if let Some(micro) = cve.cvss_micro {
            out.real(score, micro as f64 / MICRO);
        }
        out.bool(exploit, cve.is_exploit_available || cve.is_kev);
        out.text(severity, cve.severity.as_str());
        out.time(modified, cve.last_seen);
        out.text(description, &cve.description);
        out.text(software, &json_list(&[&cve.title]));
        out.text(vector, &cve.cvss_vector);
        out.bool(kev, cve.is_kev);
        out.end_row()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_code_needs_the_network_no_account_and_full_impact() {
        assert!(is_rce("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"));
        assert!(is_rce("CVSS2#AV:N/AC:L/Au:N/C:C/I:C/A:C"));
        assert!(!is_rce("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"));
        assert!(!is_rce("CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"));
        assert!(!is_rce(""));
        assert!(is_privilege_escalation("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"));
        assert!(!is_privilege_escalation("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"));
    }
}
