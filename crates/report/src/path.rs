//! Paths and routes, step by step.

use postern_attack::Path;
use postern_model::{EdgeId, NodeId, RelationKind};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::grade;
use crate::{FixReport, Reports, StepReport};

/// A way from one place to another.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PathReport {
    /// Id of the attack path; null for a route that was asked for between other places.
    pub id: Option<String>,
    pub entry: String,
    pub entry_name: String,
    /// `observed`, `inferred` or `assumed`; null where the entry is no entry point.
    pub basis: Option<String>,
    /// How likely an attacker gets to the entry point; no part of the cost. Null where the entry is no entry point.
    pub entry_grade: Option<String>,
    pub target: String,
    pub target_name: String,
    /// Sum of the steps' costs.
    pub cost: u32,
    /// The cost in words.
    pub grade: String,
    /// Steps that an attacker takes; assuming a foothold is none.
    pub hops: u64,
    /// `critical`, `high`, `medium` or `low`; null where the target is no target.
    pub risk: Option<String>,
    /// `new`, `active` or `reopened`; null for a route that is no attack path.
    pub status: Option<String>,
    /// Id of the scenario; null for a route that is no attack path.
    pub scenario: Option<String>,
    /// Where the route enters a control plane; null for other targets.
    pub crossing: Option<CrossingReport>,
    /// What to do: the cheapest change of the step into the target, or of the last step before it that can be changed.
    pub fix: Option<FixReport>,
    pub steps: Vec<StepReport>,
}

/// The member of a control plane at which a route arrives.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct CrossingReport {
    pub id: String,
    pub name: String,
    /// Why control of it is control of the plane.
    pub reason: String,
}

impl Reports {
    /// An attack path of this generation.
    pub fn path(&self, path: &Path) -> PathReport {
        PathReport {
            id: Some(path.id.to_string()),
            risk: Some(path.risk.as_str().to_owned()),
            status: self.generation.status.get(&path.id.0).cloned(),
            scenario: Some(path.scenario.to_string()),
            ..self.route(path.entry, path.target, path.cost, &path.route)
        }
    }

    /// A way between any two places.
    pub fn route(&self, entry: NodeId, target: NodeId, cost: u32, route: &[EdgeId]) -> PathReport {
        let steps: Vec<_> = route
            .iter()
            .filter_map(|&id| self.generation.derived.step(id))
            .collect();
        let risk = self.target(target).map(|it| self.catalog.risk.risk(it.class, cost));
        PathReport {
            id: None,
            entry: self.generation.key_of(entry),
            entry_name: self.generation.name_of(entry),
            basis: self.entry(entry).map(|it| it.basis.as_str().to_owned()),
            entry_grade: self.entry(entry).map(|it| it.grade.as_str().to_owned()),
            target: self.generation.key_of(target),
            target_name: self.generation.name_of(target),
            cost,
            grade: grade(cost).as_str().to_owned(),
            hops: steps
                .iter()
                .filter(|step| step.technique != RelationKind::AssumedFoothold)
                .count() as u64,
            risk: risk.map(|risk| risk.as_str().to_owned()),
            status: None,
            scenario: None,
            crossing: steps.last().and_then(|step| self.crossing(step.target, target)),
            fix: steps.iter().rev().find_map(|step| self.fixes(step).into_iter().next()),
            steps: steps.into_iter().map(|step| self.step(step)).collect(),
        }
    }

    fn crossing(&self, at: NodeId, target: NodeId) -> Option<CrossingReport> {
        let node = self.generation.estate.by_id(at).filter(|_| at != target)?;
        Some(CrossingReport {
            id: self.generation.key_of(at),
            name: self.generation.name_of(at),
            reason: self
                .reasons(node)
                .first()
                .map(|it| it.text.to_string())
                .unwrap_or_default(),
        })
    }
}
