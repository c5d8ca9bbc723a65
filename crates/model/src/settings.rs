//! Settings that change what a generation holds. The catalog documents each; the ledger keeps the values.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Sampled facts count for this many days, back from the newest observation of their boundary.
    pub session_window_days: u32,
    /// A path costs at most this much in total.
    pub path_cost_max: u32,
    /// Every host of a site reaches every other: routes made this way are marked assumed.
    pub flat_network_within_a_site: bool,
    /// "Any domain user" of each domain is an assumed entry point.
    pub user_entries: bool,
    /// "Any workstation" of each domain whose sessions were collected is an assumed entry point.
    pub workstation_entries: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_window_days: 14,
            path_cost_max: 24,
            flat_network_within_a_site: false,
            user_entries: true,
            workstation_entries: true,
        }
    }
}
