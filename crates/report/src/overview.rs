//! The first page: what can be reached, what changed, how old it is.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ChangesReport, ChokePointReport, Freshness, GenerationInfo, HistoryPoint, Inventory, Reports, Result, ScenarioRow,
    Summary,
};

/// Scenarios, choke points and changes on the first page.
const FIRST: usize = 5;

/// What one reads first.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct Overview {
    pub generation: GenerationInfo,
    /// Null for the first generation.
    pub previous: Option<GenerationInfo>,
    pub summary: Summary,
    /// Attack paths of each risk.
    pub risks: Risks,
    /// The worst five.
    pub scenarios: Vec<ScenarioRow>,
    /// The five that sever most; their steps come without evidence.
    pub choke_points: Vec<ChokePointReport>,
    pub choke_points_total: u64,
    /// The fewest steps that have to go at once to part every entry point from every target, where no single element
    /// severs anything. Null where one does, and where no set of changes can part them.
    pub smallest_joint_change: Option<u32>,
    /// Sentences: why there are no attack paths. Empty where there are.
    pub why_no_paths: Vec<String>,
    /// With the worst five items.
    pub changes: ChangesReport,
    /// Each domain and site, what was not looked at for longest first.
    pub freshness: Vec<Freshness>,
    /// Parts of the estate that were not, or not everywhere, looked at.
    pub gaps: u64,
    /// Of all sources.
    pub rejected_rows: u64,
    /// Files of all sources that could not be taken in.
    pub unread_files: u64,
    /// The newest 90 generations, the oldest of them first.
    pub history: Vec<HistoryPoint>,
    pub assets: AssetCounts,
}

/// Attack paths of each risk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct Risks {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
}

/// Assets of each view; one asset may be in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct AssetCounts {
    pub devices: u64,
    pub identities: u64,
    pub cloud: u64,
    pub all: u64,
}

impl Reports {
    /// What one reads first.
    ///
    /// # Errors
    /// Those of [`Self::steps`].
    pub fn overview(&self, inventory: &Inventory, now: Timestamp) -> Result<Overview> {
        Ok(Overview {
            generation: GenerationInfo::new(&self.generation.record, now),
            previous: self.previous.as_ref().map(|it| GenerationInfo::new(&it.record, now)),
            summary: self.summary(),
            risks: self.risks(),
            scenarios: self.scenario_rows(FIRST),
            choke_points: self.first_choke_points(FIRST)?,
            choke_points_total: self.choke_places()?.places.len() as u64,
            smallest_joint_change: self.generation.analysis.smallest_joint_change,
            why_no_paths: self.why_no_paths(),
            changes: self.changes(FIRST),
            freshness: self.freshness(inventory, now),
            gaps: self.gaps().len() as u64,
            rejected_rows: inventory.rejected_rows(),
            unread_files: inventory.unread_files(),
            history: self.history(),
            assets: self.asset_counts(),
        })
    }

    /// Attack paths of each risk.
    pub fn risks(&self) -> Risks {
        let [critical, high, medium, low] = self.path_index().risks;
        Risks {
            critical,
            high,
            medium,
            low,
        }
    }
}
