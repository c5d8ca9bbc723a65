//! Which kernel computes which scalar function.

use crate::{Context, Datum};

/// Computes one value. The arguments have the types that the binder checked, nulls included; kernels are total.
pub type Kernel = for<'a> fn(&Context, &[Datum<'a>]) -> Datum<'a>;

/// The tables of the modules that hold kernels: canonical name, lower case, and kernel.
const TABLES: &[&[(&str, Kernel)]] = &[crate::aggregates::FUNCTIONS];

/// The kernel of a scalar function by its canonical name.
pub fn kernel(name: &str) -> Option<Kernel> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .find(|(function, _)| *function == name)
        .map(|(_, kernel)| *kernel)
}
