//! What was not looked at.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Reports;

/// Something that was not looked at, and what could not be evaluated therefore.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct GapReport {
    /// Domain SID or site; empty where no source of this sort was ever read.
    pub boundary: String,
    pub boundary_name: String,
    /// What was wanted: `computers: sessions`.
    pub input: String,
    pub answered: u64,
    pub total: u64,
    pub reason: String,
    /// Techniques that were not, or not everywhere, evaluated.
    pub techniques: Vec<String>,
}

impl Reports {
    /// What was not looked at, with all techniques that wanted it.
    pub fn gaps(&self) -> Vec<GapReport> {
        let mut reports: Vec<GapReport> = Vec::new();
        for gap in &self.generation.derived.gaps {
            let technique = gap.technique.as_str().to_owned();
            let known = reports
                .iter_mut()
                .find(|it| it.boundary == gap.boundary && it.input == gap.input);
            match known {
                Some(known) => known.techniques.push(technique),
                None => reports.push(GapReport {
                    boundary: gap.boundary.clone(),
                    boundary_name: self.boundary_name(&gap.boundary),
                    input: gap.input.clone(),
                    answered: gap.answered,
                    total: gap.total,
                    reason: gap.reason.clone(),
                    techniques: vec![technique],
                }),
            }
        }
        // What was never read of any domain stands last.
        let key = |it: &GapReport| (it.boundary.is_empty(), it.boundary_name.clone(), it.input.clone());
        reports.sort_by_key(key);
        reports
    }
}
