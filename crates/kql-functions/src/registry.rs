//! Which kernel computes which scalar function.

use crate::{Context, Datum};

/// Computes one value. The arguments have the types that the binder checked, nulls included; kernels are total.
pub type Kernel = for<'a> fn(&Context, &[Datum<'a>]) -> Datum<'a>;

/// The tables of the modules that hold kernels: canonical name, lower case, and kernel.
const TABLES: &[&[(&str, Kernel)]] = &[
    crate::addresses::FUNCTIONS,
    crate::aggregates::FUNCTIONS,
    crate::arrays::FUNCTIONS,
    crate::bags::FUNCTIONS,
    crate::bits::FUNCTIONS,
    crate::conditions::FUNCTIONS,
    crate::conversions::FUNCTIONS,
    crate::datetimes::FUNCTIONS,
    crate::encodings::FUNCTIONS,
    crate::formats::FUNCTIONS,
    crate::geography::FUNCTIONS,
    crate::hashes::FUNCTIONS,
    crate::maths::FUNCTIONS,
    crate::parsing::FUNCTIONS,
    crate::patterns::FUNCTIONS,
    crate::rounding::FUNCTIONS,
    crate::series::FUNCTIONS,
    crate::sets::FUNCTIONS,
    crate::special::FUNCTIONS,
    crate::strings::FUNCTIONS,
    crate::units::FUNCTIONS,
    crate::urls::FUNCTIONS,
    crate::user_agent::FUNCTIONS,
    crate::xml::FUNCTIONS,
];

/// The kernel of a scalar function by its canonical name.
pub fn kernel(name: &str) -> Option<Kernel> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .find(|(function, _)| *function == name)
        .map(|(_, kernel)| *kernel)
}
