//! What is known of one asset.

use jiff::Timestamp;
use postern_ledger::{Decision, DecisionKind};
use postern_model::Facet;
use postern_model::estate::{Finding, KnownIdentifier, Node, NodeIndex, OriginalObject, Reason, Seen};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{ReportError, Reports, Result};

/// The rule of reasons that people gave.
const BY_DECISION: &str = "decision";

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
    /// Who set the criticality by hand, and when; null where nobody did.
    pub criticality_set: Option<ByHand>,
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
    /// The same one by one, by name, with who told it.
    pub facts: Vec<AssetFact>,
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
    /// RFC 3339; when a file last spoke of it.
    pub observed_at: String,
    /// Files that speak of it.
    pub files: Vec<String>,
    #[serde(skip)]
    pub observed: Timestamp,
    /// Who split it off, so that it merges with nothing; null where nobody did.
    pub set_apart: Option<ByHand>,
}

/// One property of an asset.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct AssetFact {
    pub name: String,
    pub value: Value,
    /// Id of the original object that it was told of.
    pub object: String,
    /// RFC 3339; when it was last told.
    pub observed_at: String,
    /// Files that tell it.
    pub files: Vec<String>,
    #[serde(skip)]
    pub observed: Timestamp,
}

/// A decision in force.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct ByHand {
    /// Name of the account.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// Of a criticality: `very high`, `high`, `medium`, `low` or `none`.
    pub level: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct IdentifierReport {
    pub kind: String,
    pub value: String,
    /// RFC 3339; when it was last told.
    pub observed_at: String,
    /// Files that tell it.
    pub files: Vec<String>,
    #[serde(skip)]
    pub observed: Timestamp,
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
        // An identifier that several assets have sets the level of none.
        let is_set = self.reasons(index).iter().any(|it| it.rule == BY_DECISION);
        let reasons = self.reasons(index).iter().map(|it| ReasonReport {
            rule: it.rule.to_string(),
            text: it.text.to_string(),
        });
        let services = self.services_by_node().of(index).iter();
        let steps = self.steps()?;
        let properties: Map<String, Value> = serde_json::from_str(&node.properties).unwrap_or_default();
        let decisions = self.decided_for(node);
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
            criticality_set: newest(&decisions, |it| is_set && it.kind == DecisionKind::Criticality),
            reasons: reasons.collect(),
            entry_point: self.entry(node.id).map(|entry| entry.reason.to_string()),
            paths: self.path_index().through(node.id.0).count() as u64,
            steps_in: steps.into(index).len() as u64,
            steps_out: steps.out_of(index).len() as u64,
            original_objects: node
                .facets
                .iter()
                .map(|it| self.original_object(it, &decisions))
                .collect(),
            identifiers: node
                .identifiers
                .iter()
                .map(|KnownIdentifier { identifier, seen }| IdentifierReport {
                    kind: identifier.kind.to_string(),
                    value: identifier.value.to_string(),
                    observed_at: seen.last.to_string(),
                    observed: seen.last,
                    files: self.files(seen),
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
            facts: self.facts(node, &properties),
            properties,
            seen: (node.seen.first, node.seen.last),
        })
    }

    fn original_object(&self, object: &OriginalObject, decisions: &[&Decision]) -> ObjectReport {
        let splits =
            |it: &Decision| it.kind == DecisionKind::Unmerge && it.subject.value.eq_ignore_ascii_case(&object.key);
        ObjectReport {
            id: object.key.to_string(),
            kind: object.kind.as_str().to_owned(),
            reason: object.reason.to_string(),
            observed_at: object.seen.last.to_string(),
            observed: object.seen.last,
            files: self.files(&object.seen),
            set_apart: newest(decisions, splits),
        }
    }

    fn facts(&self, node: &Node, properties: &Map<String, Value>) -> Vec<AssetFact> {
        let fact = |(name, value): (&String, &Value)| {
            let (object, seen): (&str, &Seen) = match node.told_by(name) {
                Some((object, seen)) => (&object.key, seen),
                None => (&node.key, &node.seen),
            };
            AssetFact {
                name: name.clone(),
                value: value.clone(),
                object: object.to_owned(),
                observed_at: seen.last.to_string(),
                observed: seen.last,
                files: self.files(seen),
            }
        };
        properties.iter().map(fact).collect()
    }

    /// Decisions about an asset and its objects that were in force when the generation was built, in order.
    fn decided_for(&self, node: &Node) -> Vec<&Decision> {
        let until = self.generation.inputs.decision_seq;
        let known = self.decisions.partition_point(|it| it.seq <= until);
        let mut decisions = Decision::in_force(&self.decisions[..known]);
        let names_it = |id: &str| {
            let objects = node.facets.iter().map(|it| &it.key);
            let identifiers = node.identifiers.iter().map(|it| &it.identifier.value);
            objects.chain(identifiers).any(|it| it.eq_ignore_ascii_case(id))
        };
        decisions.retain(|it| names_it(&it.subject.value));
        decisions.sort_by_key(|it| it.seq);
        decisions
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

/// The newest of some decisions in force that stands.
fn newest(decisions: &[&Decision], stands: impl Fn(&Decision) -> bool) -> Option<ByHand> {
    let decision = decisions.iter().rev().find(|it| stands(it))?;
    let level = decision.value.as_ref().and_then(|value| value.as_str());
    Some(ByHand {
        by: decision.author.clone(),
        at: decision.at.to_string(),
        level: level.map(str::to_owned),
    })
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
