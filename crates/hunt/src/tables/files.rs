//! Files as tables.
