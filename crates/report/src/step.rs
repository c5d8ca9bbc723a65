//! Steps: what an attacker does, why it can be done, and what can be done about it.

use jiff::Timestamp;
use postern_attack::{Derivation, Fact, Step, can_go};
use postern_catalog::Remediation;
use postern_model::estate::{BECAUSE, Finding, NodeIndex, Relation, Seen};
use postern_model::{EdgeId, NodeId, RelationKind};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Reports;
use crate::words::grade;

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct FixReport {
    /// Id of the step that is broken.
    pub step: String,
    pub title: String,
    pub text: String,
    /// Relative effort and risk of breaking something, from 1 to 10.
    pub cost: u32,
    /// The role that can do it.
    pub owner: String,
}

/// Something an attacker who holds the source can do to get hold of the target.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct StepReport {
    /// For `whatif --remove-edge`.
    pub id: String,
    pub source: String,
    pub source_name: String,
    pub target: String,
    pub target_name: String,
    pub technique: String,
    /// The public vocabulary of the exposure graph.
    pub label: String,
    pub cost: u32,
    pub grade: String,
    /// Rests on a setting, a product's default or an assumption, and on nothing that was seen.
    pub is_assumed: bool,
    /// What an attacker does, in a sentence or two.
    pub explanation: String,
    /// Ids of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// How the step would be noticed.
    pub detection: String,
    /// Every reason for the step, the cheapest first.
    pub evidence: Vec<DerivationReport>,
    /// What could be done about it; empty where nobody can change it.
    pub remediations: Vec<FixReport>,
}

/// One reason for a step: while all of these facts hold, so does the step.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct DerivationReport {
    pub cost: u32,
    pub facts: Vec<FactReport>,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct FactReport {
    /// `relation`, `property`, `finding`, `service`, `absence`, `default`, `setting`, `built-in` or
    /// `assumption`.
    pub fact: String,
    /// A sentence without a full stop.
    pub text: String,
    /// Of the relation or finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the relation is between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<RelationFact>,
    /// The asset that has the property, service or weakness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_name: Option<String>,
    /// Of the property or setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// When it was last seen. RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<String>,
    /// The files that say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    #[serde(skip)]
    pub observed: Option<Timestamp>,
}

/// A relation as a reason for a step.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct RelationFact {
    pub kind: String,
    pub source: String,
    pub source_name: String,
    pub source_kind: String,
    pub target: String,
    pub target_name: String,
    pub target_kind: String,
    /// Of a relation that follows from properties of both ends: what they have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl Reports {
    pub fn step(&self, step: &Step) -> StepReport {
        let (source_name, target_name) = self.ends(step);
        let technique = self.catalog.technique(step.technique);
        StepReport {
            id: step.id.to_string(),
            source: self.generation.key_of(step.source),
            target: self.generation.key_of(step.target),
            technique: step.technique.as_str().to_owned(),
            label: step.label().to_owned(),
            cost: step.cost,
            grade: grade(step.cost).as_str().to_owned(),
            is_assumed: step.is_assumed || step.technique == RelationKind::AssumedFoothold,
            explanation: technique.map_or_else(String::new, |it| it.explain(&source_name, &target_name)),
            attack: technique.map_or_else(Vec::new, |it| it.attack.clone()),
            detection: technique.map_or_else(String::new, |it| it.detect(&source_name, &target_name)),
            evidence: step.derivations().iter().map(|it| self.derivation(it)).collect(),
            remediations: self.fixes(step),
            source_name,
            target_name,
        }
    }

    /// What can be done about a step, the cheapest first; nothing where a reason for it is beyond anyone's reach.
    pub fn fixes(&self, step: &Step) -> Vec<FixReport> {
        let Some(technique) = self.catalog.technique(step.technique) else {
            return Vec::new();
        };
        if !can_go(&self.generation.world(&self.catalog), step) {
            return Vec::new();
        }
        let mut remediations: Vec<&Remediation> = technique.remediations.iter().collect();
        remediations.sort_by_key(|it| it.cost);
        let (source, target) = self.ends(step);
        remediations
            .into_iter()
            .map(|it| FixReport {
                step: step.id.to_string(),
                title: it.title.clone(),
                text: it.instruct(&source, &target),
                cost: it.cost,
                owner: it.owner.clone(),
            })
            .collect()
    }

    pub(crate) fn ends(&self, step: &Step) -> (String, String) {
        (
            self.generation.name_of(step.source),
            self.generation.name_of(step.target),
        )
    }

    pub(crate) fn derivation(&self, derivation: &Derivation) -> DerivationReport {
        DerivationReport {
            cost: derivation.cost,
            facts: derivation.facts.iter().map(|it| self.fact(it)).collect(),
        }
    }

    fn fact(&self, fact: &Fact) -> FactReport {
        let plain = |kind: &str| FactReport {
            fact: kind.to_owned(),
            text: fact.text(&self.generation.estate),
            id: None,
            relation: None,
            subject: None,
            subject_name: None,
            name: None,
            value: None,
            observed_at: None,
            files: Vec::new(),
            observed: None,
        };
        let about = |kind: &str, node: NodeId, name: String| FactReport {
            subject: Some(self.generation.key_of(node)),
            subject_name: Some(self.generation.name_of(node)),
            name: Some(name),
            ..plain(kind)
        };
        match fact {
            Fact::Relation { id } => match self.relation(*id) {
                Some(relation) => FactReport {
                    id: Some(id.to_string()),
                    relation: Some(self.relation_fact(relation)),
                    ..self.seen_by(&relation.seen, plain("relation"))
                },
                None => plain("relation"),
            },
            Fact::Finding { id } => match self.finding(*id) {
                Some(finding) => {
                    let node = &self.generation.estate.node(finding.node);
                    FactReport {
                        id: Some(id.to_string()),
                        subject: Some(node.key.to_string()),
                        subject_name: Some(node.name.clone()),
                        ..self.seen_by(&finding.seen, plain("finding"))
                    }
                }
                None => plain("finding"),
            },
            Fact::Property(it) => {
                let fact = FactReport {
                    value: Some(it.value.clone()),
                    ..about("property", it.node, it.name.clone())
                };
                let estate = &self.generation.estate;
                let node = estate.by_id(it.node).map(|index| estate.node(index));
                match node.and_then(|node| node.told_by(&it.name)) {
                    Some((_, seen)) => self.seen_by(seen, fact),
                    None => fact,
                }
            }
            Fact::Service(it) => about("service", it.node, format!("{}/{}", it.protocol, it.port)),
            Fact::Absence(it) => about("absence", it.node, it.name.clone()),
            Fact::Default(it) => FactReport {
                value: Some(it.value.clone()),
                ..about("default", it.node, it.name.clone())
            },
            Fact::Setting(it) => FactReport {
                name: Some(it.name.clone()),
                ..plain("setting")
            },
            Fact::BuiltIn { .. } => plain("built-in"),
            Fact::Query { .. } => plain("query"),
            Fact::Assumption { .. } => plain("assumption"),
        }
    }

    fn relation_fact(&self, relation: &Relation) -> RelationFact {
        let estate = &self.generation.estate;
        let (source, target) = estate.keys_of(relation);
        let (from, to) = (estate.node(relation.source), estate.node(relation.target));
        RelationFact {
            kind: relation.kind.as_str().to_owned(),
            source: source.to_owned(),
            source_name: from.name.clone(),
            source_kind: from.kind.as_str().to_owned(),
            target: target.to_owned(),
            target_name: to.name.clone(),
            target_kind: to.kind.as_str().to_owned(),
            because: because(relation),
        }
    }

    /// The reported relation with this id.
    pub fn relation(&self, id: EdgeId) -> Option<&Relation> {
        self.generation.estate.relation(id)
    }

    /// The finding with this id.
    pub fn finding(&self, id: EdgeId) -> Option<&Finding> {
        self.generation.estate.finding(id)
    }

    /// The files that speak of something. One that was removed since is named by its snapshot's id.
    pub fn files(&self, seen: &Seen) -> Vec<String> {
        let file = |snapshot: &String| self.files.get(snapshot).unwrap_or(snapshot).clone();
        seen.sources.iter().map(file).collect()
    }

    /// Adds who saw something, and when.
    fn seen_by(&self, seen: &Seen, fact: FactReport) -> FactReport {
        FactReport {
            observed: Some(seen.last),
            observed_at: Some(seen.last.to_string()),
            files: self.files(seen),
            ..fact
        }
    }

    /// A step or relation as `A —technique→ B`, a finding as `title on A`; its id where the generation has none such.
    pub fn edge_name(&self, id: EdgeId) -> String {
        let estate = &self.generation.estate;
        let name = |index: NodeIndex| estate.node(index).name.as_str();
        if let Some(step) = self.generation.derived.step(id) {
            let (source, target) = self.ends(step);
            return format!("{source} —{}→ {target}", step.technique);
        }
        if let Some(it) = self.relation(id) {
            return format!("{} —{}→ {}", name(it.source), it.kind, name(it.target));
        }
        match self.finding(id) {
            Some(it) => format!("{} on {}", it.title, name(it.node)),
            None => id.to_string(),
        }
    }
}

/// What the ends of a concluded relation have in common.
fn because(relation: &Relation) -> Option<String> {
    let properties: Map<String, Value> = serde_json::from_str(&relation.properties).ok()?;
    Some(properties.get(BECAUSE)?.as_str()?.to_owned())
}
