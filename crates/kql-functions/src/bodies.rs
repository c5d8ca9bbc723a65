//! `mv-apply` and `partition`: a body that runs over the rows of one input row, or of one value of a key.
//!
//! A row that expands to nothing gives nothing, as in `mv-expand`; its body is not run.

use std::sync::Arc;

use postern_kql::ir::{Expand, Scalar, Tabular};
use postern_kql::{Code, Diagnostic};

use crate::bytes::Writer;
use crate::evaluate::{Program, Values};
use crate::keys::KeySet;
use crate::rows::expand::Expansion;
use crate::rows::{Out, Preparation, RowError, RowOperator};
use crate::small::{Outside, OwnedRow, Prepared};
use crate::{Context, Datum};

/// Rows that `partition` holds, since a partition is whole only behind the last row.
pub const PARTITIONED_ROWS_MAX: usize = 2_000_000;

/// What the body reads besides its rows.
pub type Shared = Arc<dyn Outside + Send + Sync>;

/// The machine of `mv-apply`.
pub struct MvApply {
    expansion: Expansion,
    kept: Vec<usize>,
    body: Prepared,
    outside: Shared,
}

impl MvApply {
    /// `kept` are the columns of the input that stand in front of those of the body.
    ///
    /// # Errors
    /// The body holds what cannot run in one.
    pub fn new(
        expand: &Expand,
        kept: &[usize],
        body: &Arc<Tabular>,
        outside: Shared,
        with: &Preparation<'_>,
    ) -> Result<Self, Diagnostic> {
        Ok(Self {
            expansion: Expansion::new(expand, with)?,
            kept: kept.to_vec(),
            body: Prepared::new(body, outside.as_ref(), with.cx)?,
            outside,
        })
    }
}

impl RowOperator for MvApply {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let mut expanded: Vec<OwnedRow> = Vec::new();
        self.expansion.expand(row, cx, &mut |row| {
            if expanded.len() == crate::small::ROWS_MAX {
                return Err(RowError::Limit {
                    what: "rows in one body of `mv-apply`",
                    max: crate::small::ROWS_MAX,
                });
            }
            expanded.push(owned(row));
            Ok(())
        })?;
        if expanded.is_empty() {
            return Ok(());
        }
        for result in self.body.run(self.outside.as_ref(), &expanded, cx).map_err(failed)? {
            let kept = self
                .kept
                .iter()
                .map(|column| row.get(*column).map_or(Datum::Null, Datum::borrowed));
            let whole: Vec<Datum<'_>> = kept.chain(result.iter().map(Datum::borrowed)).collect();
            out(&whole)?;
        }
        Ok(())
    }
}

/// The machine of `partition`.
pub struct Partition {
    by: Program,
    body: Prepared,
    outside: Shared,
    keys: KeySet,
    partitions: Vec<Vec<OwnedRow>>,
    rows: usize,
    bytes: usize,
}

impl Partition {
    /// # Errors
    /// The body holds what cannot run in one.
    pub fn new(by: &Scalar, body: &Arc<Tabular>, outside: Shared, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        Ok(Self {
            by: Program::new(by, with.subqueries)?,
            body: Prepared::new(body, outside.as_ref(), with.cx)?,
            outside,
            keys: KeySet::default(),
            partitions: Vec::new(),
            rows: 0,
            bytes: 0,
        })
    }
}

impl RowOperator for Partition {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        if self.rows == PARTITIONED_ROWS_MAX {
            return Err(RowError::Limit {
                what: "rows in a `partition`",
                max: PARTITIONED_ROWS_MAX,
            });
        }
        let mut key = Writer(Vec::new());
        key.key(&self.by.run(&Values(row), cx));
        let (index, is_new) = self.keys.insert(&key.0);
        if is_new {
            self.partitions.push(Vec::new());
        }
        let row = owned(row);
        self.rows += 1;
        self.bytes += row.iter().map(bytes_of).sum::<usize>();
        self.partitions[index].push(row);
        Ok(())
    }

    fn finish(&mut self, cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        for rows in std::mem::take(&mut self.partitions) {
            for result in self.body.run(self.outside.as_ref(), &rows, cx).map_err(failed)? {
                out(&result)?;
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.bytes + self.keys.size()
    }
}

fn owned(row: &[Datum<'_>]) -> OwnedRow {
    row.iter().map(|datum| datum.clone().into_owned()).collect()
}

fn bytes_of(datum: &Datum<'_>) -> usize {
    let text = match datum {
        Datum::String(text) => text.len(),
        Datum::Dynamic(value) => value.text().len(),
        _ => 0,
    };
    size_of::<Datum<'_>>() + text
}

fn failed(diagnostic: Diagnostic) -> RowError {
    match diagnostic.code {
        Code::Limit => RowError::Limit {
            what: "rows in one body",
            max: crate::small::ROWS_MAX,
        },
        _ => RowError::Rows(diagnostic.message),
    }
}
