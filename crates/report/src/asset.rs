//! What is known of one asset.

use jiff::Timestamp;
use postern_model::estate::{Estate, Node, NodeIndex};
use postern_model::{Facet, NodeId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Reports;

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

impl AssetReport {
    pub fn new(reports: &Reports, index: NodeIndex) -> Self {
        let generation = &reports.generation;
        let estate = &generation.estate;
        let node: &Node = estate.node(index);
        let classification = &generation.classification;
        let plane = classification.plane_of.get(index as usize).copied().flatten();
        let level = classification.criticality.get(index as usize).copied().flatten();
        let passes = |id: NodeId| {
            let on_route = |step: &&postern_attack::Step| step.source == id || step.target == id;
            let paths = generation.analysis.paths.iter();
            paths
                .filter(|path| {
                    path.route
                        .iter()
                        .filter_map(|&it| generation.derived.step(it))
                        .any(|it| on_route(&it))
                })
                .count() as u64
        };
        let steps = &generation.derived.steps;
        Self {
            generation: generation.record.number,
            id: node.key.to_string(),
            node_id: node.id.to_string(),
            name: node.name.clone(),
            kind: node.kind.as_str().to_owned(),
            boundary: node.boundary.to_string(),
            boundary_name: reports.boundary_name(&node.boundary),
            is_stub: node.is_stub,
            is_unusable: node.is_unusable_account(generation.inputs.evaluated_at),
            criticality: level.map(|level| level.as_str().to_owned()),
            control_plane: plane.map(|plane| classification.planes[plane as usize].name.clone()),
            reasons: classification
                .reasons
                .iter()
                .filter(|it| it.node == index)
                .map(|it| ReasonReport {
                    rule: it.rule.clone(),
                    text: it.text.clone(),
                })
                .collect(),
            entry_point: reports.entry(node.id).map(|entry| entry.reason.clone()),
            paths: passes(node.id),
            steps_in: steps.iter().filter(|step| step.target == node.id).count() as u64,
            steps_out: steps.iter().filter(|step| step.source == node.id).count() as u64,
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
            files: reports.files(&node.seen),
            first_seen: node.seen.first.to_string(),
            last_seen: node.seen.last.to_string(),
            findings: findings(estate, index),
            services: estate
                .services
                .iter()
                .filter(|it| it.node == index)
                .map(|it| format!("{}/{} {}", it.protocol, it.port, it.name).trim_end().to_owned())
                .collect(),
            properties: serde_json::from_str(&node.properties).unwrap_or_default(),
            seen: (node.seen.first, node.seen.last),
        }
    }
}

/// The worst first.
fn findings(estate: &Estate, index: NodeIndex) -> Vec<FindingReport> {
    let mut found: Vec<_> = estate
        .findings
        .iter()
        .filter(|it| it.node == index)
        .map(|it| FindingReport {
            id: it.id.to_string(),
            weakness: it.weakness.clone(),
            title: it.title.clone(),
            severity: it.severity.clone(),
            locator: it.locator.clone(),
            cves: it.cves.clone(),
            is_exploitable: it.is_exploitable,
        })
        .collect();
    let severity = |it: &FindingReport| {
        ["critical", "high", "medium", "low"]
            .iter()
            .position(|&name| name == it.severity)
    };
    // Others, such as `info`, are the least.
    found.sort_by_cached_key(|it| {
        let rank = severity(it).unwrap_or(usize::MAX);
        (!it.is_exploitable, rank, it.title.clone(), it.locator.clone())
    });
    found
}
