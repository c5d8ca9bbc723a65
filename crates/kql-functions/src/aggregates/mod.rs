//! Aggregates: one value from many rows.
//!
//! Start at [`accumulator`]. Each module holds a family of them. Nulls count nowhere but in `count()`,
//! `make_list_with_nulls` and the columns that `arg_max` and `take_any` bring along.

mod bags;
mod counts;
mod digest;
mod distinct;
mod extremes;
mod lists;
mod percentiles;
mod sketch;
mod statistics;
mod structure;
mod sums;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use postern_kql::Type;
use postern_kql::ir::Aggregate;

use crate::order::{number, whole};
use crate::{Datum, Dynamic, Json, Kernel};

pub use crate::bytes::MalformedState;

/// Elements of a list, a set or a bag at most, and how many there are when the query does not say.
pub const ELEMENTS_MAX: usize = 1_048_576;

/// The same for the old names `makelist`, `makeset` and `make_dictionary`.
const OLD_ELEMENTS_MAX: usize = 128;

/// Functions of the values that `hll` and `tdigest` make.
pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("dcount_hll", sketch::dcount_hll),
    ("hll_merge", sketch::hll_merge),
    ("percentile_tdigest", digest::percentile_tdigest),
    ("percentiles_array_tdigest", digest::percentiles_array_tdigest),
    ("percentrank_tdigest", digest::percentrank_tdigest),
    ("rank_tdigest", digest::rank_tdigest),
    ("tdigest_merge", digest::merge_tdigest),
];

/// Collects rows of one group. Parts of a group may be collected apart and merged, in the order of the rows.
pub trait Accumulator: Send + Sync {
    /// One row's arguments, constants included.
    fn update(&mut self, arguments: &[Datum<'_>]);

    /// What was collected, as bytes that [`Accumulator::merge`] of the same aggregate reads.
    fn state(&self) -> Vec<u8>;

    /// # Errors
    /// The bytes were not written by [`Accumulator::state`] of the same aggregate.
    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState>;

    /// The result. It is asked for once, when everything is collected.
    fn finish(&mut self) -> Datum<'static>;

    /// Bytes of memory that are held.
    fn size(&self) -> usize;
}

/// A fresh accumulator of an aggregate, or `None` where there is no such function.
pub fn accumulator(aggregate: &Aggregate) -> Option<Box<dyn Accumulator>> {
    if let Some((plain, predicate)) = conditional(&aggregate.function) {
        let inner = plain_accumulator(plain, aggregate)?;
        return Some(Box::new(Conditional { inner, predicate }));
    }
    plain_accumulator(&aggregate.function, aggregate)
}

/// The function without its condition, and which argument is the condition.
fn conditional(function: &str) -> Option<(&str, usize)> {
    let plain = function.strip_suffix("_if").or_else(|| function.strip_suffix("if"))?;
    let predicate = match plain {
        "count" => 0,
        "covariance" | "covariancep" => 2,
        "avg" | "count_distinct" | "dcount" | "hll" | "make_bag" | "make_list" | "make_set" | "max" | "min"
        | "stdev" | "stdevp" | "sum" | "take_any" | "any" | "variance" | "variancep" => 1,
        _ => return None,
    };
    Some((plain, predicate))
}

fn plain_accumulator(function: &str, aggregate: &Aggregate) -> Option<Box<dyn Accumulator>> {
    let (ty, output) = (aggregate.ty, aggregate.output);
    let argument = aggregate
        .arguments
        .first()
        .map_or(Type::Dynamic, |argument| argument.ty);
    Some(match function {
        "count" => Box::<counts::Count>::default(),
        "count_distinct" => Box::<distinct::CountDistinct>::default(),
        "dcount" => Box::new(sketch::DistinctEstimate::counting()),
        "hll" => Box::new(sketch::DistinctEstimate::sketching()),
        "hll_merge" => Box::<sketch::MergeSketches>::default(),
        "sum" => Box::new(sums::Sum::new(ty)),
        "avg" => Box::new(sums::Average::new(ty)),
        "min" => Box::new(extremes::Extreme::new(Ordering::Less, ty)),
        "max" => Box::new(extremes::Extreme::new(Ordering::Greater, ty)),
        "arg_min" | "argmin" => Box::new(extremes::ArgExtreme::new(Ordering::Less, output, ty)),
        "arg_max" | "argmax" => Box::new(extremes::ArgExtreme::new(Ordering::Greater, output, ty)),
        "take_any" | "any" => Box::new(extremes::TakeAny::new(output, ty)),
        "stdev" => Box::new(statistics::Moments::new(statistics::Moment::SampleDeviation)),
        "stdevp" => Box::new(statistics::Moments::new(statistics::Moment::Deviation)),
        "variance" => Box::new(statistics::Moments::new(statistics::Moment::SampleVariance)),
        "variancep" => Box::new(statistics::Moments::new(statistics::Moment::Variance)),
        "covariance" => Box::new(statistics::Covariance::of_sample()),
        "covariancep" => Box::new(statistics::Covariance::of_population()),
        "binary_all_and" => Box::new(counts::Bits::new(|left, right| left & right)),
        "binary_all_or" => Box::new(counts::Bits::new(|left, right| left | right)),
        "binary_all_xor" => Box::new(counts::Bits::new(|left, right| left ^ right)),
        "make_list" => Box::new(lists::List::new(ELEMENTS_MAX)),
        "makelist" => Box::new(lists::List::new(OLD_ELEMENTS_MAX)),
        "make_list_with_nulls" => Box::new(lists::List::with_nulls()),
        "make_set" => Box::new(lists::Set::new(ELEMENTS_MAX)),
        "makeset" => Box::new(lists::Set::new(OLD_ELEMENTS_MAX)),
        "make_bag" => Box::new(bags::Bag::new(ELEMENTS_MAX)),
        "make_dictionary" => Box::new(bags::Bag::new(OLD_ELEMENTS_MAX)),
        "buildschema" => Box::<structure::Structure>::default(),
        "percentile" | "percentiles" => Box::new(percentiles::Percentiles::one(argument, ty, output, false)),
        "percentilew" | "percentilesw" => Box::new(percentiles::Percentiles::one(argument, ty, output, true)),
        "percentiles_array" | "percentile_array" => Box::new(percentiles::Percentiles::all(argument, false)),
        "percentilesw_array" | "percentilew_array" => Box::new(percentiles::Percentiles::all(argument, true)),
        "tdigest" => Box::<digest::MakeDigest>::default(),
        "tdigest_merge" | "merge_tdigest" => Box::<digest::MergeDigests>::default(),
        _ => return None,
    })
}

/// Collects the rows for which a condition holds.
struct Conditional {
    inner: Box<dyn Accumulator>,
    predicate: usize,
}

impl Accumulator for Conditional {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if arguments.get(self.predicate) != Some(&Datum::Bool(true)) {
            return;
        }
        if self.predicate + 1 == arguments.len() {
            self.inner.update(&arguments[..self.predicate]);
        } else {
            // `dcountif(x, condition, accuracy)` and `make_list_if(x, condition, size)`.
            let mut rest = arguments.to_vec();
            rest.remove(self.predicate);
            self.inner.update(&rest);
        }
    }

    fn state(&self) -> Vec<u8> {
        self.inner.state()
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        self.inner.merge(state)
    }

    fn finish(&mut self) -> Datum<'static> {
        self.inner.finish()
    }

    fn size(&self) -> usize {
        self.inner.size() + size_of::<Self>()
    }
}

/// The empty value of a type: a string is never null.
fn empty(ty: Type) -> Datum<'static> {
    if ty == Type::String {
        Datum::string("")
    } else {
        Datum::Null
    }
}

/// A number as the given type; what is not one stays as it is.
fn number_as(datum: Datum<'static>, ty: Type) -> Datum<'static> {
    if datum.ty() == Some(ty) {
        return datum;
    }
    let converted = match ty {
        Type::Int => whole(&datum)
            .and_then(|value| i32::try_from(value).ok())
            .map(Datum::Int),
        Type::Long => whole(&datum).map(Datum::Long),
        Type::Real => number(&datum).map(Datum::Real),
        Type::Decimal => number(&datum)
            .and_then(|value| value.try_into().ok())
            .map(Datum::Decimal),
        Type::Dynamic => Some(Datum::dynamic(crate::convert::json(&datum))),
        _ => None,
    };
    converted.unwrap_or(datum)
}

/// The size of a list that a query asks for in an argument.
fn elements_max(argument: Option<&Datum<'_>>, otherwise: usize) -> usize {
    argument
        .and_then(whole)
        .map_or(otherwise, |size| usize::try_from(size).unwrap_or(0).min(ELEMENTS_MAX))
}

fn dynamic_text(text: String) -> Datum<'static> {
    Datum::Dynamic(Dynamic::Text(text.into()))
}

/// The items of a JSON array's canonical text.
fn items(text: &str) -> Result<Vec<Json>, MalformedState> {
    match Json::parse(text) {
        Ok(Json::Array(items)) => Ok(items),
        _ => Err(MalformedState),
    }
}
