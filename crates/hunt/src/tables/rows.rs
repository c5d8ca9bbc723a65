//! Where the rows of a generation come from.

use std::collections::BTreeMap;

use postern_lake::{Lake, LakeError};
use postern_model::schema::Schema;
use postern_model::{NodeKind, Table};

use crate::error::HuntError;

/// The stored tables of one generation, or of one that is being built: the phases that have not run yet have no rows.
///
/// Calls block, on the disk or for as long as it takes; they come from threads that may.
pub trait EstateRows: Send + Sync {
    /// Calls `each` with every chunk of a table, always in the same order. A chunk has the columns of `schema`, perhaps
    /// among others: places of columns are to be found by name.
    ///
    /// # Errors
    /// Those of `each`, which end the reading; [`HuntError::Table`].
    fn each(
        &self,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table) -> Result<(), HuntError>,
    ) -> Result<(), HuntError>;

    /// Ends of steps that are no assets: they are found again from the estate and stored nowhere.
    fn virtual_nodes(&self) -> Vec<VirtualNode>;

    /// The files that were imported; what they are called is in the ledger, not in the lake.
    fn sources(&self) -> Vec<SourceRow>;

    /// The clock of the generation, in microseconds since 1970.
    fn evaluated_at(&self) -> i64;
}

/// An end of steps that is no asset: "any user of a domain", the network of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualNode {
    pub id: u128,
    pub key: String,
    pub name: String,
    pub kind: NodeKind,
}

/// An imported file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRow {
    /// The id that columns named `Sources` hold.
    pub id: String,
    /// What people called the source.
    pub name: String,
    pub file: String,
    pub format: String,
    /// Microseconds since 1970.
    pub imported_at: Option<i64>,
    pub observed_from: Option<i64>,
    pub observed_to: Option<i64>,
}

/// Tables in memory: those that the phases of a build have made so far.
#[derive(Default)]
pub struct MemoryRows {
    /// By name, in chunks.
    pub tables: BTreeMap<&'static str, Vec<Table>>,
    pub evaluated_at: i64,
    pub virtual_nodes: Vec<VirtualNode>,
    pub sources: Vec<SourceRow>,
}

impl MemoryRows {
    /// Adds a chunk of a table.
    pub fn add(&mut self, chunk: Table) {
        self.tables.entry(chunk.schema.name).or_default().push(chunk);
    }
}

impl EstateRows for MemoryRows {
    fn each(
        &self,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table) -> Result<(), HuntError>,
    ) -> Result<(), HuntError> {
        let chunks = self.tables.get(schema.name);
        chunks.into_iter().flatten().try_for_each(each)
    }

    fn virtual_nodes(&self) -> Vec<VirtualNode> {
        self.virtual_nodes.clone()
    }

    fn sources(&self) -> Vec<SourceRow> {
        self.sources.clone()
    }

    fn evaluated_at(&self) -> i64 {
        self.evaluated_at
    }
}

/// A generation in the lake.
pub struct LakeRows {
    pub lake: Lake,
    /// The number under which the lake keeps it.
    pub number: u64,
    pub evaluated_at: i64,
    pub virtual_nodes: Vec<VirtualNode>,
    pub sources: Vec<SourceRow>,
}

/// Either side of a reading that failed.
enum Failed {
    Lake(LakeError),
    Hunt(HuntError),
}

impl From<LakeError> for Failed {
    fn from(error: LakeError) -> Self {
        Self::Lake(error)
    }
}

impl EstateRows for LakeRows {
    fn each(
        &self,
        schema: &'static Schema,
        each: &mut dyn FnMut(&Table) -> Result<(), HuntError>,
    ) -> Result<(), HuntError> {
        let done = self
            .lake
            .read_generation_chunks(self.number, schema, |chunk| each(&chunk).map_err(Failed::Hunt));
        done.map_err(|failed| match failed {
            Failed::Hunt(error) => error,
            Failed::Lake(cause) => HuntError::Table {
                table: schema.name.to_owned(),
                cause: cause.into(),
            },
        })
    }

    fn virtual_nodes(&self) -> Vec<VirtualNode> {
        self.virtual_nodes.clone()
    }

    fn sources(&self) -> Vec<SourceRow> {
        self.sources.clone()
    }

    fn evaluated_at(&self) -> i64 {
        self.evaluated_at
    }
}
