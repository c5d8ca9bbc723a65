//! Aggregates: one value from many rows.

use postern_kql::ir::Aggregate;

use crate::Datum;

/// Collects rows of one group. Parts of a group may be collected apart and merged, in the order of the rows.
pub trait Accumulator: Send {
    /// One row's arguments, constants included.
    fn update(&mut self, arguments: &[Datum<'_>]);

    /// What was collected, as bytes that [`Accumulator::merge`] of the same aggregate reads.
    fn state(&self) -> Vec<u8>;

    fn merge(&mut self, state: &[u8]);

    fn finish(&self) -> Datum<'static>;

    /// Bytes of memory that are held.
    fn size(&self) -> usize;
}

/// A fresh accumulator of an aggregate, or `None` where there is no such function.
pub fn accumulator(aggregate: &Aggregate) -> Option<Box<dyn Accumulator>> {
    let _ = aggregate;
    None
}
