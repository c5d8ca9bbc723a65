//! Imports and generations: the phases in order, committed whole.
