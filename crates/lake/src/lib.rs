//! Immutable Parquet on an object store: snapshots and generations.
