//! How risky a path is: a table of its cost and of what it ends at (DESIGN 5).

use postern_model::Risk;
use serde::Deserialize;

use crate::check::File;

/// What a path ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetClass {
    ControlPlane,
    /// An asset of very high criticality outside every control plane.
    VeryHigh,
    High,
}

impl TargetClass {
    pub const ALL: [Self; 3] = [Self::ControlPlane, Self::VeryHigh, Self::High];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ControlPlane => "control plane",
            Self::VeryHigh => "very high",
            Self::High => "high",
        }
    }
}

/// The risks of paths up to a cost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RiskBand {
    /// The band ends here, this cost included; it begins after the band before.
    pub cost_max: u32,
    pub control_plane: Risk,
    pub very_high: Risk,
    pub high: Risk,
}

impl RiskBand {
    fn risk(&self, target: TargetClass) -> Risk {
        match target {
            TargetClass::ControlPlane => self.control_plane,
            TargetClass::VeryHigh => self.very_high,
            TargetClass::High => self.high,
        }
    }
}

/// Bands in order of cost. The table is monotone: neither a dearer path nor a lesser target is riskier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RiskTable {
    pub bands: Vec<RiskBand>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    title: Option<String>,
    reason: Option<String>,
    bands: Option<Vec<RiskBand>>,
}

impl RiskTable {
    /// The risk of a path of this cost to such a target. Beyond the last band that band counts on, so that
    /// a larger limit on the cost of paths needs no new table.
    pub fn risk(&self, target: TargetClass, cost: u32) -> Risk {
        self.bands
            .iter()
            .find(|band| cost <= band.cost_max)
            .or(self.bands.last())
            .map_or(Risk::Low, |band| band.risk(target))
    }

    pub(crate) fn read(file: &mut File<'_>) -> Self {
        let Some(source) = file.yaml::<Source>() else {
            return Self::default();
        };
        file.text("title", source.title);
        file.text("reason", source.reason);
        let bands = file.required("bands", source.bands);
        if bands.is_empty() {
            file.mistake_in("bands", "a table of risks needs at least one band");
        }
        for pair in bands.windows(2) {
            let (lower, upper) = (&pair[0], &pair[1]);
            if upper.cost_max <= lower.cost_max {
                file.mistake_in(
                    "bands",
                    format!(
                        "the band up to {} stands behind the one up to {}",
                        upper.cost_max, lower.cost_max
                    ),
                );
            }
            // Risks are ordered from critical down, so a lesser risk compares greater.
            for target in TargetClass::ALL
                .into_iter()
                .filter(|&it| upper.risk(it) < lower.risk(it))
            {
                let reason = format!(
                    "a path to a {} target would be riskier at cost {} than at cost {}",
                    target.as_str(),
                    upper.cost_max,
                    lower.cost_max
                );
                file.mistake_in("bands", reason);
            }
        }
        for band in &bands {
            if !(band.control_plane <= band.very_high && band.very_high <= band.high) {
                let reason = format!(
                    "in the band up to {} a lesser target has the higher risk",
                    band.cost_max
                );
                file.mistake_in("bands", reason);
            }
        }
        Self { bands }
    }
}
