//! Rows on their way to a [`Sink`]: gathered into chunks of one table each, bounded in rows and bytes.

use postern_model::batch::BATCH_ROWS_MAX;
use postern_model::{Batch, Reject, Schema, Value};

use crate::{IngestError, Sink};

/// A chunk is handed on when its texts reach this many bytes, although it could hold more rows.
const CHUNK_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A file's rejected rows are listed up to this number; those behind it are counted.
pub(crate) const REJECTS_MAX: u64 = 10_000;

pub(crate) struct Chunks<'a> {
    sink: &'a mut dyn Sink,
    /// One open chunk for each table that has had a row, with the bytes of its texts.
    open: Vec<(Batch, usize)>,
    rejects: u64,
}

impl<'a> Chunks<'a> {
    pub(crate) fn new(sink: &'a mut dyn Sink) -> Self {
        Self {
            sink,
            open: Vec::new(),
            rejects: 0,
        }
    }

    /// Appends a row to a table: one value for each column, in the order of the schema.
    pub(crate) fn push(&mut self, schema: &'static Schema, row: &[Value<'_>]) -> Result<(), IngestError> {
        let index = match self.open.iter().position(|(it, _)| std::ptr::eq(it.schema, schema)) {
            Some(index) => index,
            None => {
                self.open.push((Batch::new(schema), 0));
                self.open.len() - 1
            }
        };
        let (table, bytes) = &mut self.open[index];
        table.push(row);
        *bytes += row.iter().map(text_bytes).sum::<usize>();
        if table.rows() >= BATCH_ROWS_MAX || *bytes >= CHUNK_BYTES_MAX {
            *bytes = 0;
            let full = std::mem::replace(table, Batch::new(schema));
            self.sink.rows(full)?;
        }
        Ok(())
    }

    pub(crate) fn reject(&mut self, position: String, reason: String) {
        self.rejects += 1;
        if self.rejects <= REJECTS_MAX {
            self.sink.reject(Reject { position, reason });
        }
    }

    /// Hands on what is left.
    pub(crate) fn finish(self) -> Result<(), IngestError> {
        for (table, _) in self.open {
            if !table.is_empty() {
                self.sink.rows(table)?;
            }
        }
        let unlisted = self.rejects.saturating_sub(REJECTS_MAX);
        if unlisted > 0 {
            self.sink.reject(Reject {
                position: String::new(),
                reason: format!("{unlisted} more rows were left out; the first {REJECTS_MAX} are listed"),
            });
        }
        Ok(())
    }
}

fn text_bytes(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Null | Value::Long(_) | Value::Bool(_) | Value::Id(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use postern_model::schema::COVERED;

    use super::*;
    use crate::SinkError;

    #[derive(Default)]
    struct Sizes {
        chunks: Vec<usize>,
        rejects: Vec<Reject>,
    }

    impl Sink for Sizes {
        fn rows(&mut self, rows: Batch) -> Result<(), SinkError> {
            self.chunks.push(rows.rows());
            Ok(())
        }

        fn reject(&mut self, reject: Reject) {
            self.rejects.push(reject);
        }
    }

    fn push(chunks: &mut Chunks<'_>, subject: &str) {
        let row = [Value::Long(0), Value::Text(subject), Value::Null];
        chunks.push(&COVERED, &row).unwrap();
    }

    #[test]
    fn a_chunk_ends_at_its_row_limit_and_nothing_is_left_behind() {
        let mut sizes = Sizes::default();
        let mut chunks = Chunks::new(&mut sizes);
        for _ in 0..=BATCH_ROWS_MAX {
            push(&mut chunks, "host");
        }
        chunks.finish().unwrap();
        assert_eq!(sizes.chunks, [BATCH_ROWS_MAX, 1]);
    }

    #[test]
    fn a_chunk_of_long_texts_ends_at_its_byte_limit() {
        let mut sizes = Sizes::default();
        let mut chunks = Chunks::new(&mut sizes);
        let long = "x".repeat(CHUNK_BYTES_MAX / 2);
        for _ in 0..3 {
            push(&mut chunks, &long);
        }
        chunks.finish().unwrap();
        assert_eq!(sizes.chunks, [2, 1]);
    }

    #[test]
    fn rejects_behind_the_limit_are_counted() {
        let mut sizes = Sizes::default();
        let mut chunks = Chunks::new(&mut sizes);
        for _ in 0..REJECTS_MAX + 3 {
            chunks.reject(String::new(), "bad".to_owned());
        }
        chunks.finish().unwrap();
        assert_eq!(sizes.rejects.len() as u64, REJECTS_MAX + 1);
        assert!(sizes.rejects.last().unwrap().reason.starts_with("3 more rows"));
    }
}
