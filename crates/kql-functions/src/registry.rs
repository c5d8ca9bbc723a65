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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use postern_kql::functions::{FunctionKind, functions};

    use super::*;

    /// What the binder writes out, the interpreter or an operator computes, or a graph knows.
    const WITHOUT_KERNEL: &[&str] = &[
        "all",
        "any",
        "assert",
        "bag_pack_columns",
        "column_ifexists",
        "column_names_of",
        "inner_nodes",
        "labels",
        "map",
        "node_degree_in",
        "node_degree_out",
        "node_id",
        "series_stats",
        "table",
    ];

    #[test]
    fn every_scalar_function_that_is_supported_has_one_kernel_and_the_other_way_round() {
        let listed: Vec<&str> = TABLES
            .iter()
            .flat_map(|table| table.iter())
            .map(|(name, _)| *name)
            .collect();
        let kernels: BTreeSet<&str> = listed.iter().copied().collect();
        let twice: Vec<_> = kernels
            .iter()
            .filter(|name| listed.iter().filter(|other| other == name).count() > 1)
            .collect();
        assert!(twice.is_empty(), "more than one kernel: {twice:?}");

        let supported: BTreeSet<&str> = functions()
            .iter()
            .filter(|function| {
                function.kind == FunctionKind::Scalar && function.is_supported() && !function.is_window()
            })
            .map(|function| function.canonical)
            .collect();
        let without: Vec<_> = supported.difference(&kernels).collect();
        assert_eq!(without, WITHOUT_KERNEL.iter().collect::<Vec<_>>(), "without a kernel");
        let undeclared: Vec<_> = kernels.difference(&supported).collect();
        assert!(
            undeclared.is_empty(),
            "kernels of no function that is supported: {undeclared:?}"
        );
    }
}
