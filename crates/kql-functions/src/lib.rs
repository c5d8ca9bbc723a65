//! What the functions, operators and aggregates of the hunting language compute, one value at a time.
//!
//! A [`Datum`] is one value; a [`Kernel`] computes one from others; an [`Accumulator`] one from many rows. The
//! interpreter (`evaluate`) runs a whole bound expression over a row with them. `hunt` wraps these for batches, and
//! has faster forms for what is hot; the interpreter is their oracle.
//!
//! Which functions exist, with which parameters and types, is declared once in `postern_kql::functions`; a test here
//! asserts that each of them that is not computed by an operator has a kernel, and the other way round.
//!
//! **Invariant:** pure functions of their arguments and of [`Context`]: no clock, no network, no files.

#[cfg(test)]
mod testing;

pub mod addresses;
pub mod aggregates;
pub mod arguments;
pub mod arrays;
pub mod bags;
pub mod bits;
pub mod bodies;
mod bytes;
pub mod calendar;
pub mod conditions;
pub mod context;
pub mod conversions;
pub mod convert;
pub mod datetimes;
pub mod datum;
mod element;
pub mod elements;
pub mod encodings;
pub mod evaluate;
pub mod formats;
pub mod geography;
pub mod hashes;
pub mod json;
mod keys;
pub mod limits;
pub mod maths;
mod membership;
#[cfg(any(test, feature = "naive"))]
pub mod naive;
pub mod operators;
pub mod order;
pub mod parsing;
pub mod path;
pub mod patterns;
mod prepare;
pub mod punycode;
pub mod registry;
pub mod rounding;
pub mod rows;
pub mod series;
pub mod sets;
pub mod small;
pub mod special;
pub mod strings;
pub mod text;
pub mod units;
pub mod urls;
pub mod user_agent;
pub mod xml;

pub use aggregates::{Accumulator, accumulator};
pub use context::Context;
pub use datum::{Datum, Dynamic};
pub use evaluate::{Program, Row, Values, evaluate};
pub use json::Json;
pub use registry::{Kernel, kernel};
