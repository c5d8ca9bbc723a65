//! What a query of each role may use. The configuration file can say other numbers.

use std::time::Duration;

use postern_hunt::Budget;
use postern_ledger::Role;
use serde::Deserialize;

/// The limits of all roles: the part `[hunting]` of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub reader: RoleLimits,
    pub analyst: RoleLimits,
    pub administrator: RoleLimits,
}

/// The limits of one role, such as `[hunting.reader]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoleLimits {
    /// Queries that one person runs at the same time.
    pub queries_at_once: usize,
    /// Rows of a result; further ones are left out, and the result says so.
    pub rows: u64,
    /// Size of a result; further rows are left out, and the result says so.
    pub result_mib: u64,
    /// Matches of one graph operator; further ones are left out, and the result says so.
    pub matches: u64,
    /// Longest time that a query takes; then it fails.
    pub seconds: u64,
    /// Memory of joins, sorts, groups and graph operators; then the query fails.
    pub memory_mib: usize,
}

impl Default for RoleLimits {
    fn default() -> Self {
        Self {
            queries_at_once: 3,
            rows: 100_000,
            result_mib: 64,
            matches: 10_000_000,
            seconds: 120,
            memory_mib: 1024,
        }
    }
}

impl Limits {
    pub fn of(&self, role: Role) -> &RoleLimits {
        match role {
            Role::Reader => &self.reader,
            Role::Analyst => &self.analyst,
            Role::Administrator => &self.administrator,
        }
    }
}

impl RoleLimits {
    pub fn budget(&self) -> Budget {
        Budget {
            rows_max: self.rows,
            bytes_max: self.result_mib << 20,
            matches_max: self.matches,
            time_max: Duration::from_secs(self.seconds),
            memory_bytes_max: self.memory_mib << 20,
            ..Budget::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_says_only_what_differs() {
        let limits: Limits = toml::from_str("[reader]\nrows = 500\nseconds = 5\n").expect("limits");
        let budget = limits.of(Role::Reader).budget();
        assert_eq!((budget.rows_max, budget.time_max), (500, Duration::from_secs(5)));
        assert_eq!(budget.bytes_max, 64 << 20);
        assert_eq!(limits.of(Role::Analyst), &RoleLimits::default());
        assert!(toml::from_str::<Limits>("[reader]\nrow = 500\n").is_err());
    }
}
