//! The plug-ins of `evaluate`, by name.
//!
//! `bag_unpack` and `pivot` have columns that depend on the rows: [`Discovery`] is shown all rows first and tells them,
//! and the machine, prepared with these columns, is fed the rows a second time.

mod activity;
mod bags;
mod lookup;
mod narrow;
mod near;
mod percentile;
mod pivot;
mod timeline;

use postern_kql::ir::{PluginArgument, Tabular};
use postern_kql::{Code, Column, Diagnostic, Span};

use super::{Preparation, RowError, RowOperator, wrong};
use crate::{Context, Datum};

pub(super) fn prepare(
    plugin: &str,
    input: &[Column],
    arguments: &[PluginArgument],
    node: &Tabular,
    with: &Preparation<'_>,
) -> Result<Box<dyn RowOperator>, Diagnostic> {
    let arguments = Arguments {
        plugin,
        input,
        arguments,
        span: node.span,
        with,
    };
    Ok(match plugin {
        "active_users_count" => Box::new(activity::ActiveUsers::new(&arguments)?),
        "activity_counts_metrics" => Box::new(activity::Counts::new(&arguments)?),
        "activity_metrics" => Box::new(activity::Metrics::new(&arguments)?),
        "bag_unpack" => Box::new(bags::BagUnpack::new(&arguments, &node.columns)?),
        "ipv4_lookup" => Box::new(lookup::Lookup::new(&arguments, lookup::Family::V4)?),
        "ipv6_lookup" => Box::new(lookup::Lookup::new(&arguments, lookup::Family::V6)?),
        "narrow" => Box::new(narrow::Narrow::new(input)),
        "new_activity_metrics" => Box::new(activity::NewMetrics::new(&arguments)?),
        "pivot" => Box::new(pivot::Pivot::new(&arguments, &node.columns)?),
        "rolling_percentile" => Box::new(percentile::Rolling::new(&arguments)?),
        "rows_near" => Box::new(near::RowsNear::new(&arguments)?),
        "sliding_window_counts" => Box::new(activity::SlidingCounts::new(&arguments)?),
        other => {
            let message = format!("the plug-in {other} is not supported");
            return Err(Diagnostic::error(Code::Unsupported, node.span, message));
        }
    })
}

/// Finds the columns of a plug-in whose columns depend on its rows.
pub struct Discovery(Found);

enum Found {
    Bag(bags::BagColumns),
    Pivot(pivot::PivotColumns),
}

impl Discovery {
    pub(super) fn new(
        plugin: &str,
        input: &[Column],
        arguments: &[PluginArgument],
        span: Span,
        with: &Preparation<'_>,
    ) -> Result<Option<Self>, Diagnostic> {
        let arguments = Arguments {
            plugin,
            input,
            arguments,
            span,
            with,
        };
        Ok(Some(Self(match plugin {
            "bag_unpack" => Found::Bag(bags::BagColumns::new(&arguments)?),
            "pivot" => Found::Pivot(pivot::PivotColumns::new(&arguments)?),
            _ => return Ok(None),
        })))
    }

    /// Shows a row.
    ///
    /// # Errors
    /// There are too many columns.
    pub fn push(&mut self, row: &[Datum<'_>], cx: &Context) -> Result<(), RowError> {
        match &mut self.0 {
            Found::Bag(bag) => bag.push(row),
            Found::Pivot(pivot) => pivot.push(row, cx),
        }
    }

    /// The columns, when all rows were shown.
    ///
    /// # Errors
    /// They have no names that differ.
    pub fn finish(self) -> Result<Vec<Column>, RowError> {
        match self.0 {
            Found::Bag(bag) => bag.finish(),
            Found::Pivot(pivot) => pivot.finish(),
        }
    }
}

/// The arguments of a plug-in, by their places.
struct Arguments<'a, 'p> {
    plugin: &'a str,
    input: &'a [Column],
    arguments: &'a [PluginArgument],
    span: Span,
    with: &'a Preparation<'p>,
}

impl Arguments<'_, '_> {
    fn wrong(&self, what: &str) -> Diagnostic {
        wrong(self.span, format!("{}: {what}", self.plugin))
    }

    fn column(&self, place: usize, what: &str) -> Result<usize, Diagnostic> {
        match self.arguments.get(place) {
            Some(PluginArgument::Column(column)) if *column < self.input.len() => Ok(*column),
            _ => Err(self.wrong(&format!("argument {} is {what}, a column of the input", place + 1))),
        }
    }

    /// Null where it is not given.
    fn scalar(&self, place: usize) -> Result<Datum<'static>, Diagnostic> {
        match self.arguments.get(place) {
            Some(PluginArgument::Scalar(scalar)) => self.with.constant(scalar),
            None => Ok(Datum::Null),
            Some(_) => Err(self.wrong(&format!("argument {} is a value", place + 1))),
        }
    }

    /// All columns of the input that stand from a place on.
    fn columns_from(&self, place: usize) -> Vec<usize> {
        let rest = self.arguments.get(place..).unwrap_or_default();
        rest.iter()
            .filter_map(|argument| match argument {
                PluginArgument::Column(column) if *column < self.input.len() => Some(*column),
                _ => None,
            })
            .collect()
    }
}
