//! The few things of the generation before that tell why a path is new or gone.

use std::collections::HashSet;

use postern_attack::{Entry, Path, Target, tables as attack_tables};
use postern_ledger::{GenerationRecord, LedgerError};
use postern_model::schema::{ColumnSpec, ColumnType, ENTRIES, PATHS, Phase, TARGETS};
use postern_model::{EdgeId, Schema};

use crate::engine::blocking;
use crate::generation::number_of;
use crate::{Engine, Generation, Inputs, Result};

/// Steps without why they are: of all that a generation holds the reasons are most.
static STEP_IDS: Schema = Schema {
    name: "steps",
    phase: Phase::Derive,
    columns: &[ColumnSpec {
        name: "id",
        kind: ColumnType::Id,
        in_digest: true,
        is_added: false,
    }],
};

/// What is kept of the generation before another one.
pub struct Previous {
    pub record: GenerationRecord,
    /// `None` where another version has built it.
    pub inputs: Option<Inputs>,
    pub paths: Vec<Path>,
    pub entries: Vec<Entry>,
    pub targets: Vec<Target>,
    /// Steps on routes of the later generation that were there before.
    pub known_steps: HashSet<EdgeId>,
}

impl Engine {
    /// Reads what is left to say of the generation before one; `None` where there is none, or none any more.
    ///
    /// # Errors
    /// Those of lake and ledger.
    pub async fn previous(&self, of: &Generation) -> Result<Option<Previous>> {
        let record = match self.ledger.generation(of.record.number - 1).await {
            Ok(record) => record,
            Err(LedgerError::NoSuchGeneration { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let on_routes: HashSet<u128> = of
            .analysis
            .paths
            .iter()
            .flat_map(|path| path.route.iter().map(|step| step.0))
            .collect();
        let (lake, number) = (self.lake.clone(), number_of(&record)?);
        blocking(move || {
            let steps = lake.read_generation_table(number, &STEP_IDS)?;
            Ok(Some(Previous {
                inputs: serde_json::from_value(record.inputs.clone()).ok(),
                paths: attack_tables::read_paths(&lake.read_generation_table(number, &PATHS)?)?,
                entries: attack_tables::read_entries(&lake.read_generation_table(number, &ENTRIES)?)?,
                targets: attack_tables::read_targets(&lake.read_generation_table(number, &TARGETS)?)?,
                known_steps: (0..steps.rows())
                    .map(|row| steps.id(row, 0))
                    .filter(|step| on_routes.contains(step))
                    .map(EdgeId)
                    .collect(),
                record,
            }))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use postern_model::schema::STEPS;

    use super::*;

    #[test]
    fn the_ids_of_steps_are_a_column_of_the_table_of_steps() {
        let column = &STEPS.columns[STEPS.column(STEP_IDS.columns[0].name)];
        assert_eq!((STEP_IDS.name, STEP_IDS.phase), (STEPS.name, STEPS.phase));
        assert_eq!(column.kind, STEP_IDS.columns[0].kind);
    }
}
