//! What extensions say of kinds that Postern does not know.

use std::collections::BTreeMap;

use postern_model::estate::{ExtensionKind, KindRole};
use postern_model::schema::KINDS;

use crate::fold::{SnapshotFold, cell_of, each_row};
use crate::{FactSource, Result, Snapshot};

/// Kinds by role and name without letter case.
#[derive(Default)]
pub struct Described(BTreeMap<(KindRole, String), ExtensionKind>);

impl Described {
    /// Takes in the kinds of one snapshot that count. Where two extensions describe one kind, the first by name stands.
    pub fn add(&mut self, snapshot: &Snapshot, fold: &SnapshotFold<'_, '_>, facts: &dyn FactSource) -> Result<()> {
        each_row(snapshot, facts, &KINDS, |table, row| {
            let (extension, name) = (table.text(row, 1), table.text(row, 2));
            // A role that this version does not know was written by a newer one; the row stays in the lake.
            let Some(role) = KindRole::parse(table.text(row, 3)) else {
                return;
            };
            if fold.counts(cell_of(table, row), extension).is_none() {
                return;
            }
            let kind = ExtensionKind {
                role,
                name: name.to_owned(),
                extension: extension.to_owned(),
                display_name: table.text(row, 4).to_owned(),
                is_traversable: table.bool(row, 5),
                description: table.text(row, 6).to_owned(),
            };
            let known = self.0.entry((role, name.to_ascii_lowercase()));
            known
                .and_modify(|known| {
                    if kind < *known {
                        known.clone_from(&kind);
                    }
                })
                .or_insert(kind);
        })
    }

    /// All of them, sorted by role and name without letter case: see [`postern_model::estate::Estate::kind`].
    pub fn into_kinds(self) -> Vec<ExtensionKind> {
        self.0.into_values().collect()
    }
}
