//! What is known of one asset.

use jiff::Timestamp;
use postern_model::Facet;
use postern_model::estate::{Finding, Node, NodeIndex, Reason};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{ReportError, Reports, Result};

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct AssetReport {
    pub generation: i64,
    /// The strongest original id.
    pub id: String,
    pub node_id: String,
    pub name: String,
    pub kind: String,
    /// Domain SID or site; empty when unknown.
    pub boundary: String,
    pub boundary_name: String,
    /// Only referred to by other objects; its own record was never read.
    pub is_stub: bool,
    /// Nobody can log on with it: disabled or expired.
    pub is_unusable: bool,
    /// `very high`, `high`, `medium` or `low`.
    pub criticality: Option<String>,
    /// Name of the control plane that it is part of.
    pub control_plane: Option<String>,
    /// Why it is critical or part of a control plane.
    pub reasons: Vec<ReasonReport>,
    /// Why an attacker may begin here.
    pub entry_point: Option<String>,
    /// Attack paths whose cheapest route passes here, begins or ends here.
    pub paths: u64,
    /// Steps that end and begin here.
    pub steps_in: u64,
    pub steps_out: u64,
    /// The objects that were found to be this asset.
    pub original_objects: Vec<ObjectReport>,
    pub identifiers: Vec<IdentifierReport>,
    /// What some source has looked at.
    pub looked_at: Vec<String>,
    /// Files that speak of it.
    pub files: Vec<String>,
    /// RFC 3339.
    pub first_seen: String,
    /// RFC 3339.
    pub last_seen: String,
    pub findings: Vec<FindingReport>,
    /// `tcp/445`, with the service's name where it is known.
    pub services: Vec<String>,
    #[schema(value_type = Object)]
    pub properties: Map<String, Value>,
    #[serde(skip)]
    pub known: Vec<Facet>,
    #[serde(skip)]
    pub seen: (Timestamp, Timestamp),
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ReasonReport {
    /// Id of the catalog's rule, or `decision`.
    pub rule: String,
    pub text: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ObjectReport {
    pub id: String,
    pub kind: String,
    /// Why it belongs here.
    pub reason: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct IdentifierReport {
    pub kind: String,
    pub value: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct FindingReport {
    pub id: String,
    pub weakness: String,
    pub title: String,
    pub severity: String,
    /// `tcp/445`, or empty.
    pub locator: String,
    pub cves: Vec<String>,
    /// Known to be exploited or exploit at hand, over the network and without an account.
    pub is_exploitable: bool,
}

impl Reports {
    /// An asset, by original id or node id.
    ///
    /// # Errors
    /// [`ReportError::NoSuch`].
    pub fn find_asset(&self, id: &str) -> Result<NodeIndex> {
        self.generation.estate.find(id).ok_or_else(|| ReportError::NoSuch {
            what: "asset",
            id: id.to_owned(),
        })
    }

    /// What is known of an asset.
    ///
    /// # Errors
    /// Those of [`Self::steps`].
    pub fn asset(&self, index: NodeIndex) -> Result<AssetReport> {
        let generation = &self.generation;
        let estate = &generation.estate;
        let node: &Node = estate.node(index);
        let classification = &generation.classification;
        let plane = classification.plane_of.get(index as usize).copied().flatten();
        let level = classification.criticality.get(index as usize).copied().flatten();
        let reasons = self.reasons(index).iter().map(|it| ReasonReport {
            rule: it.rule.to_string(),
            text: it.text.to_string(),
        });
        let services = self.services_by_node().of(index).iter();
        let steps = self.steps()?;
        Ok(AssetReport {
            generation: generation.record.number,
            id: node.key.to_string(),
            node_id: node.id.to_string(),
            name: node.name.to_string(),
            kind: node.kind.as_str().to_owned(),
            boundary: node.boundary.to_string(),
            boundary_name: self.boundary_name(&node.boundary),
            is_stub: node.is_stub,
            is_unusable: node.is_unusable_account(generation.inputs.evaluated_at),
            criticality: level.map(|level| level.as_str().to_owned()),
            control_plane: plane.map(|plane| classification.planes[plane as usize].name.to_string()),
            reasons: reasons.collect(),
            entry_point: self.entry(node.id).map(|entry| entry.reason.to_string()),
            paths: self.path_index().through(node.id.0).count() as u64,
            steps_in: steps.into(index).len() as u64,
            steps_out: steps.out_of(index).len() as u64,
            original_objects: node
                .facets
                .iter()
                .map(|it| ObjectReport {
                    id: it.key.to_string(),
                    kind: it.kind.as_str().to_owned(),
                    reason: it.reason.to_string(),
                })
                .collect(),
            identifiers: node
                .identifiers
                .iter()
                .map(|it| IdentifierReport {
                    kind: it.kind.to_string(),
                    value: it.value.to_string(),
                })
                .collect(),
            looked_at: node.known.iter().map(ToString::to_string).collect(),
            known: node.known.to_vec(),
            files: self.files(&node.seen),
            first_seen: node.seen.first.to_string(),
            last_seen: node.seen.last.to_string(),
            findings: self.findings_of(index).into_iter().map(FindingReport::new).collect(),
            services: services
                .map(|&row| &estate.services[row as usize])
                .map(|it| format!("{}/{} {}", it.protocol, it.port, it.name).trim_end().to_owned())
                .collect(),
            properties: serde_json::from_str(&node.properties).unwrap_or_default(),
            seen: (node.seen.first, node.seen.last),
        })
    }

    /// Why an asset is critical or part of a control plane.
    pub(crate) fn reasons(&self, index: NodeIndex) -> &[Reason] {
        let all = &self.generation.classification.reasons;
        let begin = all.partition_point(|it| it.node < index);
        let end = all.partition_point(|it| it.node <= index);
        &all[begin..end]
    }

    /// What scanners found on an asset, the worst first.
    pub(crate) fn findings_of(&self, index: NodeIndex) -> Vec<&Finding> {
        let all = &self.generation.estate.findings;
        let mut found: Vec<_> = self
            .findings_by_node()
            .of(index)
            .iter()
            .map(|&row| &all[row as usize])
            .collect();
        // Others, such as `info`, are the least.
        let rank = |it: &Finding| {
            let known = ["critical", "high", "medium", "low"];
            known
                .iter()
                .position(|&name| *name == *it.severity)
                .unwrap_or(known.len())
        };
        found.sort_by(|a, b| {
            let order = |it: &Finding| (!it.is_exploitable, rank(it));
            order(a)
                .cmp(&order(b))
                .then_with(|| a.title.cmp(&b.title))
                .then_with(|| a.locator.cmp(&b.locator))
        });
        found
    }
}

impl FindingReport {
    pub fn new(finding: &Finding) -> Self {
        Self {
            id: finding.id.to_string(),
            weakness: finding.weakness.to_string(),
            title: finding.title.to_string(),
            severity: finding.severity.to_string(),
            locator: finding.locator.to_string(),
            cves: finding.cves.iter().map(ToString::to_string).collect(),
            is_exploitable: finding.is_exploitable,
        }
    }
}
