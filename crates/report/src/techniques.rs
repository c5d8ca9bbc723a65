//! Techniques, as the catalog tells them, and how often they can be used.

use postern_model::RelationKind;
use postern_model::estate::KindRole;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::page;
use crate::{ReportError, Reports, Result};

/// A way to get from one asset to another.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct TechniqueRow {
    pub id: String,
    pub title: String,
    /// The public vocabulary of the exposure graph.
    pub label: String,
    pub family: String,
    /// How likely it succeeds.
    pub grade: String,
    pub grade_reason: String,
    /// How a device has to be held to use it: `none`, `user` or `admin`.
    pub needs: String,
    /// How a device is held afterwards: `none`, `user` or `admin`.
    pub gives: String,
    /// Ids of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// What an attacker does, in a sentence or two; names the ends as `{source}` and `{target}`.
    pub explanation: String,
    /// How it would be noticed.
    pub detection: String,
    /// What can be done about it, the cheapest first.
    pub remediations: Vec<RemediationReport>,
    /// Why nothing can be done about a step itself; null where something can.
    pub no_remediation: Option<String>,
    /// What has to be looked at to find it: `computers: sessions`.
    pub inputs: Vec<String>,
    /// Steps of this technique in this generation.
    pub steps: u64,
    /// It is used to find steps. All techniques of the catalog are.
    pub is_enabled: bool,
}

/// What can be done about the steps of a technique.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct RemediationReport {
    pub id: String,
    pub title: String,
    /// Names the ends of the step as `{source}` and `{target}`.
    pub text: String,
    /// Relative effort and risk of breaking something, from 1 to 10.
    pub cost: u32,
    /// The role that can do it.
    pub owner: String,
}

page! {
    /// All techniques of the catalog, by id.
    TechniquePage of TechniqueRow
}

impl Reports {
    /// The kind of a technique, by its name in any letter case: one of the catalog, or a kind of an extension that has
    /// steps.
    ///
    /// # Errors
    /// [`ReportError::NoSuch`].
    pub fn find_technique(&self, id: &str) -> Result<RelationKind> {
        let known = RelationKind::parse(id).filter(|&it| self.catalog.technique(it).is_some());
        let of_extension = || {
            let with_steps = self.technique_steps().keys().copied();
            // Kinds of extensions may differ by letter case alone.
            let alike = with_steps.filter(|name| name.eq_ignore_ascii_case(id));
            alike
                .min_by_key(|&name| (name != id, name))
                .and_then(RelationKind::find)
        };
        let found = known.or_else(of_extension);
        found.ok_or_else(|| ReportError::NoSuch {
            what: "technique",
            id: id.to_owned(),
        })
    }

    /// All techniques of the catalog, and the kinds of extensions that have steps.
    pub fn techniques(&self) -> TechniquePage {
        let with_steps = self
            .technique_steps()
            .keys()
            .filter_map(|name| RelationKind::find(name));
        let others = with_steps.filter(|kind| matches!(kind, RelationKind::Other(_)));
        let kinds = self.catalog.techniques.keys().copied().chain(others);
        let mut items: Vec<_> = kinds.filter_map(|kind| self.technique_row(kind)).collect();
        items.sort_by(|a, b| a.id.cmp(&b.id));
        TechniquePage {
            generation: self.generation.record.number,
            total: items.len() as u64,
            offset: 0,
            limit: items.len() as u64,
            items,
        }
    }

    /// One technique.
    ///
    /// # Errors
    /// [`ReportError::NoSuch`].
    pub fn technique(&self, id: &str) -> Result<TechniqueRow> {
        let kind = self.find_technique(id)?;
        self.technique_row(kind).ok_or_else(|| ReportError::NoSuch {
            what: "technique",
            id: id.to_owned(),
        })
    }

    /// A kind of an extension has the technique of all of them, in its extension's words.
    fn technique_row(&self, kind: RelationKind) -> Option<TechniqueRow> {
        let technique = self.catalog.technique(kind)?;
        let described = match kind {
            RelationKind::Other(kind) => self.generation.estate.kind(KindRole::Relation, kind.as_str()),
            _ => None,
        };
        let title = match (kind, described) {
            (RelationKind::Other(kind), Some(it)) => format!("{} of {}", kind.as_str(), it.extension),
            (RelationKind::Other(kind), None) => kind.as_str().to_owned(),
            _ => technique.title.clone(),
        };
        let explanation = match described.map(|it| it.description.trim()) {
            Some(description) if !description.is_empty() => format!("{description} {}", technique.explanation),
            _ => technique.explanation.clone(),
        };
        let mut remediations: Vec<_> = technique
            .remediations
            .iter()
            .map(|it| RemediationReport {
                id: it.id.clone(),
                title: it.title.clone(),
                text: it.text.clone(),
                cost: it.cost,
                owner: it.owner.clone(),
            })
            .collect();
        remediations.sort_by_key(|it| it.cost);
        let input = |class: &dyn std::fmt::Display, facet: &dyn std::fmt::Display| format!("{class}: {facet}");
        Some(TechniqueRow {
            id: kind.as_str().to_owned(),
            title,
            label: technique.label.clone(),
            family: technique.family.clone(),
            grade: technique.grade.as_str().to_owned(),
            grade_reason: technique.grade_reason.clone(),
            needs: technique.needs.as_str().to_owned(),
            gives: technique.gives.as_str().to_owned(),
            attack: technique.attack.clone(),
            explanation,
            detection: technique.detection.clone(),
            remediations,
            no_remediation: technique.no_remediation.clone(),
            inputs: technique.inputs.iter().map(|it| input(&it.class, &it.facet)).collect(),
            steps: self.technique_steps().get(kind.as_str()).copied().unwrap_or_default(),
            is_enabled: true,
        })
    }
}
