//! The operators that work on rows: `parse`, `mv-expand`, `make-series`, `scan`, window functions, plug-ins.
//!
//! Each is a machine that is fed one row after another and hands rows on: see [`RowOperator`]. [`prepare`] makes it
//! from a bound node. A machine that needs all rows first keeps what it needs of them and says how much that is
//! ([`RowOperator::size`]), so that a memory budget can be kept. Limits that hold whatever the budget are constants
//! beside the machine that keeps them, and end the query with [`RowError::Limit`].
//!
//! Not here: what a table engine does well by itself (`where`, `summarize`, `sort`, `join`, ...).

pub(crate) mod calls;
pub mod expand;
mod parse;
mod parse_kv;
mod plugins;
mod read;
mod reduce;
mod sample_distinct;
mod scan;
mod series;
mod top_nested;
pub mod windows;

#[cfg(test)]
pub(crate) mod testing;

use std::fmt;
use std::sync::Arc;

use postern_kql::ir::{self, Op, Scalar};
use postern_kql::{Code, Column, Diagnostic, Span, Type};

use crate::evaluate::{Program, Subqueries};
use crate::{Context, Datum};

pub use plugins::Discovery;

/// Where rows go.
pub type Out<'o> = dyn FnMut(&[Datum<'_>]) -> Result<(), RowError> + 'o;

/// The rows of the tables that a plug-in names among its arguments, which have run before.
pub type Tables<'t> = dyn Fn(&Arc<ir::Tabular>) -> Option<Vec<Vec<Datum<'static>>>> + 't;

/// A machine that turns rows of one table into rows of another.
pub trait RowOperator: Send {
    /// Takes the next row.
    ///
    /// # Errors
    /// A limit is hit, the rows cannot be handled, or the receiver takes no more. The machine is of no use then.
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError>;

    /// Hands on what waited for the last row.
    ///
    /// # Errors
    /// As [`RowOperator::push`].
    fn finish(&mut self, cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let _ = (cx, out);
        Ok(())
    }

    /// Bytes of memory that are held.
    fn size(&self) -> usize {
        0
    }
}

/// Why no more rows are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowError {
    /// There are more of these than one query may have.
    Limit { what: &'static str, max: usize },
    /// The rows are such that the operator has no result; a sentence says why.
    Rows(String),
    /// Whoever receives the rows has enough.
    Enough,
}

impl fmt::Display for RowError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowError::Limit { what, max } => write!(formatter, "there are more than {max} {what}"),
            RowError::Rows(why) => formatter.write_str(why),
            RowError::Enough => formatter.write_str("there are enough rows"),
        }
    }
}

impl std::error::Error for RowError {}

/// What preparing may use.
pub struct Preparation<'p> {
    pub subqueries: &'p Subqueries<'p>,
    pub tables: &'p Tables<'p>,
    pub cx: &'p Context,
}

impl Preparation<'_> {
    pub(crate) fn program(&self, scalar: &Scalar) -> Result<Program, Diagnostic> {
        Program::new(scalar, self.subqueries)
    }

    pub(crate) fn programs<'s>(
        &self,
        scalars: impl IntoIterator<Item = &'s Scalar>,
    ) -> Result<Vec<Program>, Diagnostic> {
        scalars.into_iter().map(|scalar| self.program(scalar)).collect()
    }

    /// The value of an expression that no row changes.
    pub(crate) fn constant(&self, scalar: &Scalar) -> Result<Datum<'static>, Diagnostic> {
        let program = self.program(scalar)?;
        Ok(program.run(&crate::evaluate::Values(&[]), self.cx).into_owned())
    }
}

/// The machine of a node, or `None` where the node is none of those that work on rows.
///
/// # Errors
/// An expression or an option cannot be used; the diagnostic says where.
pub fn prepare(node: &ir::Tabular, with: &Preparation<'_>) -> Result<Option<Box<dyn RowOperator>>, Diagnostic> {
    Ok(Some(match &node.op {
        Op::Parse { parse, .. } => Box::new(parse::ParseRows::new(parse, node, with)?),
        Op::ParseKv {
            value,
            outputs,
            keys,
            options,
            ..
        } => Box::new(parse_kv::ParseKv::new(value, outputs, keys, options, node, with)?),
        Op::MvExpand { expand, .. } => Box::new(expand::MvExpand::new(expand, with)?),
        Op::MakeSeries { series, .. } => Box::new(series::MakeSeries::new(series, with)?),
        Op::TopNested { levels, .. } => Box::new(top_nested::TopNested::new(levels, with)?),
        Op::SampleDistinct { count, of, .. } => Box::new(sample_distinct::SampleDistinct::new(count, of, with)?),
        Op::Scan { scan, input } => Box::new(scan::ScanRows::new(scan, input.columns.len(), with)?),
        Op::Reduce {
            by,
            threshold,
            characters,
            ..
        } => Box::new(reduce::Reduce::new(
            by,
            threshold.as_ref(),
            characters.as_deref(),
            with,
        )?),
        Op::Evaluate {
            plugin,
            input,
            arguments,
        } => {
            let input = input.as_ref().map_or(&[][..], |input| &input.columns);
            plugins::prepare(plugin, input, arguments, node, with)?
        }
        _ => return Ok(None),
    }))
}

/// The columns of a node that depend on its rows (`bag_unpack`, `pivot`), to be found by showing it all rows of its
/// input; `None` for every other node.
///
/// # Errors
/// As [`prepare`].
pub fn discover(node: &ir::Tabular, with: &Preparation<'_>) -> Result<Option<Discovery>, Diagnostic> {
    match &node.op {
        Op::Evaluate {
            plugin,
            input: Some(input),
            arguments,
        } => Discovery::new(plugin, &input.columns, arguments, node.span, with),
        _ => Ok(None),
    }
}

/// The empty value of a type: a string is never null.
pub(crate) fn empty(ty: Type) -> Datum<'static> {
    if ty == Type::String {
        Datum::string("")
    } else {
        Datum::Null
    }
}

pub(crate) fn wrong(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::Arguments, span, message)
}

/// A row with room for more columns.
pub(crate) fn widened<'d>(row: &'d [Datum<'_>], width: usize) -> Vec<Datum<'d>> {
    let mut wide = Vec::with_capacity(width);
    wide.extend(row.iter().take(width).map(Datum::borrowed));
    wide.resize(width, Datum::Null);
    wide
}

pub(crate) fn owned(row: &[Datum<'_>]) -> Vec<Datum<'static>> {
    row.iter().map(|datum| datum.clone().into_owned()).collect()
}

/// Bytes that a row takes when it is kept.
pub(crate) fn row_size(row: &[Datum<'_>]) -> usize {
    row.iter().map(Datum::size).sum::<usize>() + size_of::<Vec<Datum<'_>>>()
}

pub(crate) fn names(columns: &[Column]) -> impl Iterator<Item = &str> {
    columns.iter().map(|column| column.name.as_str())
}
