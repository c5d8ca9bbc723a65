//! Grades: how likely, how critical, how risky. Integer costs, never bare probabilities (DESIGN 5).

use serde::{Deserialize, Serialize};

/// The chance that a capable attacker who holds the source and tries succeeds within 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    Certain,
    VeryLikely,
    Likely,
    Possible,
    Hard,
    Theoretical,
}

impl Grade {
    pub const ALL: [Grade; 6] = [
        Self::Certain,
        Self::VeryLikely,
        Self::Likely,
        Self::Possible,
        Self::Hard,
        Self::Theoretical,
    ];

    /// Integer cost; each unit stands for a factor of 0.8.
    pub const fn cost(self) -> u32 {
        match self {
            Self::Certain => 0,
            Self::VeryLikely => 1,
            Self::Likely => 2,
            Self::Possible => 4,
            Self::Hard => 7,
            Self::Theoretical => 11,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::VeryLikely => "very likely",
            Self::Likely => "likely",
            Self::Possible => "possible",
            Self::Hard => "hard",
            Self::Theoretical => "theoretical",
        }
    }

    /// The grade with exactly this cost.
    pub fn of_cost(cost: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.cost() == cost)
    }
}

/// 0 very high … 3 low, as in the hunting tables; "none" is the absence of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criticality {
    VeryHigh,
    High,
    Medium,
    Low,
}

impl Criticality {
    pub const fn level(self) -> i32 {
        self as i32
    }

    pub fn of_level(level: i32) -> Option<Self> {
        [Self::VeryHigh, Self::High, Self::Medium, Self::Low]
            .into_iter()
            .find(|it| it.level() == level)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryHigh => "very high",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    Critical,
    High,
    Medium,
    Low,
}

impl Risk {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Critical, Self::High, Self::Medium, Self::Low]
            .into_iter()
            .find(|it| it.as_str() == text)
    }
}
