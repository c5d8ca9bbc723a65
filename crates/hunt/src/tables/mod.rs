//! The tables of hunting (DESIGN 4): their names and columns, and their rows out of one generation.
//!
//! Start at [`ALL`], the list of tables. Each module below has the columns of some tables as a [`TableSpec`] and a
//! function that makes their rows from the stored tables of a generation ([`EstateRows`]), wherever those come from: a
//! lake, or the memory of a running build. [`Out`] takes the rows and keeps the columns that were asked for, so that
//! nothing is computed that no query wants. [`EstateTables`] is one generation with what its tables share;
//! [`provider`] shows a table to the query engine.
//!
//! **Invariant:** a table's columns are those of DESIGN 4 first, in that order, then ours; public tables have the
//! public columns first. Columns are only ever added behind.

mod devices;
mod edges;
mod empty;
mod estate;
mod findings;
mod identities;
mod nodes;
mod out;
mod paths;
mod properties;
pub mod provider;
mod rows;
mod sources;
mod weaknesses;

use std::sync::Arc;

use postern_kql::schema::Table;
use postern_kql::{Column, Type};
use postern_model::Phase;

use crate::error::HuntError;

pub use estate::{EstateTables, hex};
pub use out::Out;
pub use rows::{EstateRows, LakeRows, MemoryRows, SourceRow, VirtualNode};

/// A column, and what it says.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSpec {
    pub name: &'static str,
    pub ty: Type,
    pub about: &'static str,
}

/// A column of a [`TableSpec`].
const fn column(name: &'static str, ty: Type, about: &'static str) -> ColumnSpec {
    ColumnSpec { name, ty, about }
}

/// A part of a dynamic column that is kept as a column of its own, so that a query which reads only that part does not
/// parse the whole. Its values are of type `dynamic`, exactly those that the path would give.
#[derive(Clone, Copy, Debug)]
pub struct Shred {
    /// The dynamic column.
    pub column: &'static str,
    pub path: &'static [&'static str],
    /// The column that holds the part. It stands behind the table's own and no query can name it.
    pub name: &'static str,
}

/// A table: what it is called, what it has, how its rows are made.
pub struct TableSpec {
    pub name: &'static str,
    pub about: &'static str,
    /// The phase of a build that makes its rows. A rule of an earlier phase cannot name it.
    pub phase: Phase,
    /// False where nothing in Postern makes such rows yet.
    pub is_filled: bool,
    pub columns: &'static [ColumnSpec],
    pub shreds: &'static [Shred],
    rows: fn(&EstateTables, &mut Out<'_>) -> Result<(), HuntError>,
}

/// All tables, in the order in which people should see them.
pub static ALL: &[&TableSpec] = &[
    &nodes::TABLE,
    &edges::TABLE,
    &findings::FINDINGS,
    &paths::ATTACK_PATHS,
    &paths::ENTRY_POINTS,
    &paths::CHOKE_POINTS,
    &paths::EVENTS,
    &findings::SIGHTINGS,
    &sources::TABLE,
    &empty::CONTROL_RESULTS,
    &empty::RECOMMENDATIONS,
    &empty::METRICS,
    &empty::METRIC_HISTORY,
    &devices::DEVICE_INFO,
    &devices::DEVICE_NETWORK_INFO,
    &devices::SOFTWARE_VULNERABILITIES,
    &weaknesses::SOFTWARE_VULNERABILITIES_KB,
    &devices::SOFTWARE_INVENTORY,
    &empty::SECURE_CONFIGURATION,
    &empty::SECURE_CONFIGURATION_KB,
    &identities::IDENTITY_INFO,
];

impl TableSpec {
    /// The table of this name, letter case included.
    pub fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|spec| spec.name == name)
    }

    /// As the binder sees it.
    pub fn table(&self) -> Arc<Table> {
        let columns = self.columns.iter();
        Arc::new(Table {
            name: self.name.to_owned(),
            columns: columns.clone().map(|it| Column::new(it.name, it.ty)).collect(),
            description: self.description(),
            column_descriptions: columns.map(|it| (it.name.to_owned(), it.about.to_owned())).collect(),
        })
    }

    /// What it is, and whether it has rows.
    pub fn description(&self) -> String {
        match self.is_filled {
            true => self.about.to_owned(),
            false => format!("{} Nothing fills it yet: it has no rows.", self.about),
        }
    }

    /// Its own columns, and behind them those that hold parts of dynamic ones.
    fn stored_columns(&self) -> impl Iterator<Item = (&'static str, Type)> {
        let own = self.columns.iter().map(|it| (it.name, it.ty));
        own.chain(self.shreds.iter().map(|it| (it.name, Type::Dynamic)))
    }
}

#[cfg(test)]
mod tests;
