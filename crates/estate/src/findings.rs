//! Scanner results to findings of assets: (asset, weakness, locator) is one finding, however many scans
//! saw it (DESIGN 4).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use postern_catalog::KnownExploited;
use postern_model::EdgeId;
use postern_model::estate::{Finding, NodeIndex, Seen, Service};
use postern_model::schema::{FINDINGS, SERVICES};

use crate::fold::{SnapshotFold, cell_of, each_row};
use crate::pool::Pool;
use crate::{FactSource, Result, Snapshot};

#[derive(Clone, Debug)]
pub struct RawFinding {
    pub subject: String,
    pub finding: Finding,
    pub at: Timestamp,
}

pub struct RawService {
    pub subject: String,
    pub service: Service,
}

/// Takes in the finding and service rows of one snapshot that count. Node indices are set later.
pub fn gather(
    findings: &mut Vec<RawFinding>,
    services: &mut Vec<RawService>,
    snapshot: &Snapshot,
    fold: &SnapshotFold<'_, '_>,
    facts: &dyn FactSource,
    kev: &KnownExploited,
) -> Result<()> {
    each_row(snapshot, facts, &FINDINGS, |table, row| {
        let Some((_, at)) = fold.counts(cell_of(table, row), table.text(row, 1)) else {
            return;
        };
        let cves: Vec<String> = serde_json::from_str(table.text(row, 6)).unwrap_or_default();
        let is_kev = cves.iter().any(|cve| kev.contains(cve));
        let exploit_available = table.bool(row, 9);
        let vector = table.text(row, 7);
        findings.push(RawFinding {
            subject: table.text(row, 1).to_ascii_uppercase(),
            at,
            finding: Finding {
                id: EdgeId::default(),
                node: 0,
                weakness: table.text(row, 2).to_owned(),
                locator: table.text(row, 3).to_owned(),
                title: table.text(row, 4).to_owned(),
                severity: table.text(row, 5).to_owned(),
                is_kev,
                is_exploitable: (is_kev || exploit_available == Some(true)) && is_remote_without_account(vector),
                cves,
                cvss_vector: vector.to_owned(),
                cvss_score_micro: table.long(row, 8),
                exploit_available,
                properties: table.text(row, 10).to_owned(),
                seen: Arc::new(Seen {
                    sources: vec![snapshot.id.clone()],
                    first: at,
                    last: at,
                }),
            },
        });
    })?;
    each_row(snapshot, facts, &SERVICES, |table, row| {
        if fold.counts(cell_of(table, row), table.text(row, 1)).is_none() {
            return;
        }
        let Some(port) = table.long(row, 3).and_then(|port| u16::try_from(port).ok()) else {
            return;
        };
        services.push(RawService {
            subject: table.text(row, 1).to_ascii_uppercase(),
            service: Service {
                node: 0,
                protocol: table.text(row, 2).to_owned(),
                port,
                name: table.text(row, 4).to_owned(),
            },
        });
    })
}

/// Attack vector network, no privileges needed. CVSS 2 calls the latter "authentication: none".
/// Source: FIRST, CVSS v3.1 and v4.0 specifications, section 2.1; CVSS v2 guide, section 2.1.
pub fn is_remote_without_account(vector: &str) -> bool {
    let has = |metric: &str| {
        vector
            .split(['/', '#', '(', ')'])
            .any(|it| it.eq_ignore_ascii_case(metric))
    };
    has("AV:N") && (has("PR:N") || has("Au:N"))
}

/// One finding per (asset, weakness, locator): the newest report stands, all are its sightings.
pub fn settle(raw: Vec<RawFinding>, index_of: impl Fn(&str) -> Option<(NodeIndex, u128)>) -> Vec<Finding> {
    let mut settled = BTreeMap::<EdgeId, (Timestamp, Finding)>::new();
    for RawFinding {
        subject,
        mut finding,
        at,
    } in raw
    {
        let Some((node, node_id)) = index_of(&subject) else {
            continue;
        };
        finding.node = node;
        finding.id = EdgeId(postern_model::hash128([
            b"finding".as_slice(),
            &node_id.to_be_bytes(),
            finding.weakness.as_bytes(),
            finding.locator.as_bytes(),
        ]));
        match settled.entry(finding.id) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert((at, finding));
            }
            std::collections::btree_map::Entry::Occupied(mut occupied) => {
                let (newest, standing) = occupied.get_mut();
                let mut seen = Seen::clone(&standing.seen);
                seen.sources.extend_from_slice(&finding.seen.sources);
                seen.sources.sort();
                seen.sources.dedup();
                seen.first = seen.first.min(at);
                seen.last = seen.last.max(at);
                if (at, &finding.title, &finding.properties) > (*newest, &standing.title, &standing.properties) {
                    *newest = at;
                    *standing = finding;
                }
                standing.seen = Arc::new(seen);
            }
        }
    }
    let mut sightings = Pool::default();
    settled
        .into_values()
        .map(|(_, mut finding)| {
            finding.seen = sightings.share(&finding.seen, Arc::clone);
            finding
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::is_remote_without_account;

    #[test]
    fn a_vector_is_remote_only_over_the_network_and_without_an_account() {
        assert!(is_remote_without_account(
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
        ));
        assert!(is_remote_without_account("CVSS2#AV:N/AC:L/Au:N/C:C/I:C/A:C"));
        assert!(!is_remote_without_account(
            "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"
        ));
        assert!(!is_remote_without_account(
            "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
        ));
        assert!(!is_remote_without_account(""));
    }
}
