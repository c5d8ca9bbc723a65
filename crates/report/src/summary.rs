//! What can be reached, from where, and why nothing is where nothing is.

use std::collections::BTreeSet;

use postern_catalog::Basis;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Reports;
use crate::words::{count, counted, joined};

/// What can be reached, from where: the numbers that every command that counts paths shares.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Summary {
    pub control_planes: Reached,
    /// Assets of high or very high criticality outside every control plane.
    pub critical_assets: Reached,
    pub entry_points: Vec<BasisSummary>,
    pub paths: u64,
    pub scenarios: u64,
    /// Entry points that lie inside a target.
    pub exposed_critical_assets: u64,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Reached {
    pub total: u64,
    /// At the end of some attack path.
    pub reached: u64,
}

#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct BasisSummary {
    /// `observed`, `inferred` or `assumed`.
    pub basis: String,
    pub entry_points: u64,
    /// At the beginning of some attack path.
    pub with_paths: u64,
    pub paths: u64,
}

impl Reports {
    pub fn summary(&self) -> Summary {
        let analysis = &self.generation.analysis;
        let ends: BTreeSet<_> = analysis.paths.iter().map(|path| path.target).collect();
        let starts: BTreeSet<_> = analysis.paths.iter().map(|path| path.entry).collect();
        let reached = |is_plane: bool| {
            let targets = self
                .generation
                .targets
                .iter()
                .filter(move |it| it.criticality.is_none() == is_plane);
            Reached {
                total: targets.clone().count() as u64,
                reached: targets.filter(|it| ends.contains(&it.id)).count() as u64,
            }
        };
        let basis = |basis: Basis| {
            let entries: BTreeSet<_> = self
                .generation
                .entries
                .iter()
                .filter(|it| it.basis == basis)
                .map(|it| it.id)
                .collect();
            BasisSummary {
                basis: basis.as_str().to_owned(),
                entry_points: entries.len() as u64,
                with_paths: entries.intersection(&starts).count() as u64,
                paths: analysis
                    .paths
                    .iter()
                    .filter(|path| entries.contains(&path.entry))
                    .count() as u64,
            }
        };
        Summary {
            control_planes: reached(true),
            critical_assets: reached(false),
            entry_points: [Basis::Observed, Basis::Inferred, Basis::Assumed].map(basis).to_vec(),
            paths: analysis.paths.len() as u64,
            scenarios: analysis.scenarios.len() as u64,
            exposed_critical_assets: analysis.exposed_critical.len() as u64,
        }
    }

    /// Why there are no attack paths: one sentence for each reason. Empty where there are some.
    pub fn why_no_paths(&self) -> Vec<String> {
        if !self.generation.analysis.paths.is_empty() {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        if self.generation.targets.is_empty() {
            reasons.push(
                "There is no target: no directory was imported whose control plane could be told, and no asset was \
                 set critical by hand (`postern critical set`)."
                    .to_owned(),
            );
        }
        if self.generation.entries.is_empty() {
            reasons.push(
                "There is no entry point: nothing exploitable was seen exposed to the Internet, no account in use was \
                 seen whose password could be guessed offline, and no domain was collected with the groups or \
                 sessions that assumed entry points stand on."
                    .to_owned(),
            );
        }
        if reasons.is_empty() {
            let (entries, targets) = (
                self.generation.entries.len() as u64,
                self.generation.targets.len() as u64,
            );
            reasons.push(format!(
                "None of {} is connected to any of {} by steps that cost {} or less in total.",
                counted(entries, "entry point", "entry points"),
                counted(targets, "target", "targets"),
                self.generation.settings().path_cost_max,
            ));
        }
        reasons.extend(self.entries_switched_off());
        reasons
    }

    /// The assumed entry points that a setting leaves out; `None` where there are all of them.
    fn entries_switched_off(&self) -> Option<String> {
        let settings = self.generation.settings();
        match (settings.user_entries, settings.workstation_entries) {
            (true, true) => None,
            (false, true) => Some("The setting user-entries is off.".to_owned()),
            (true, false) => Some("The setting workstation-entries is off.".to_owned()),
            (false, false) => Some("The settings user-entries and workstation-entries are off.".to_owned()),
        }
    }
}

impl Summary {
    pub fn basis(&self, basis: Basis) -> Option<&BasisSummary> {
        self.entry_points.iter().find(|it| it.basis == basis.as_str())
    }

    /// What one reads first: what can be reached, from where, in how many ways.
    pub fn headline(&self) -> String {
        let mut ends = Vec::new();
        if self.control_planes.total > 0 {
            ends.push(of(self.control_planes, "control plane", "control planes"));
        }
        if self.critical_assets.total > 0 {
            ends.push(of(self.critical_assets, "critical asset", "critical assets"));
        }
        let begun: Vec<_> = self.entry_points.iter().filter(|it| it.with_paths > 0).collect();
        let starts: Vec<_> = begun
            .iter()
            .map(|it| format!("{} {}", count(it.with_paths), it.basis))
            .collect();
        let many_starts = begun.iter().map(|it| it.with_paths).sum::<u64>() > 1;
        // Assumed ones are never added to observed ones.
        let apart: Vec<_> = begun
            .iter()
            .map(|it| format!("{} {}", count(it.paths), it.basis))
            .collect();
        let apart = if begun.len() > 1 {
            format!(" ({})", apart.join(", "))
        } else {
            String::new()
        };
        match (ends.is_empty(), starts.is_empty()) {
            (true, _) => "There is nothing to protect yet: no control plane is known, and no asset was set critical \
                          (`postern critical set ID high`)"
                .to_owned(),
            (false, true) => format!("{} can be reached; 0 attack paths", joined(&ends)),
            (false, false) => format!(
                "{} can be reached, from {} {}; {}{apart} in {}",
                joined(&ends),
                joined(&starts),
                if many_starts { "entry points" } else { "entry point" },
                counted(self.paths, "attack path", "attack paths"),
                counted(self.scenarios, "scenario", "scenarios"),
            ),
        }
    }
}

/// `2 of 3 control planes`.
fn of(reached: Reached, one: &str, many: &str) -> String {
    format!("{} of {}", count(reached.reached), counted(reached.total, one, many))
}
