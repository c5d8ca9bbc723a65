//! Nodes, rows and machines in few words, for the tests of the machines.

use std::sync::Arc;

use postern_kql::ir::{Aggregate, Op, Scalar, ScalarKind, Tabular};
use postern_kql::{Column, Diagnostic, Span, Type, Value};

use super::{Preparation, RowError, discover, prepare};
use crate::{Context, Datum, Json, convert};

pub(crate) type Rows = Vec<Vec<Datum<'static>>>;

pub(crate) fn columns(columns: &[(&str, Type)]) -> Vec<Column> {
    columns.iter().map(|(name, ty)| Column::new(*name, *ty)).collect()
}

pub(crate) fn node(op: Op, names: &[(&str, Type)]) -> Tabular {
    Tabular {
        columns: columns(names),
        op,
        span: Span::default(),
        is_open: false,
    }
}

pub(crate) fn table(names: &[(&str, Type)]) -> Arc<Tabular> {
    Arc::new(node(Op::Input, names))
}

pub(crate) fn column(index: usize, ty: Type) -> Scalar {
    Scalar {
        kind: ScalarKind::Column(index),
        ty,
        span: Span::default(),
    }
}

pub(crate) fn constant(datum: Datum<'_>) -> Scalar {
    let value = match datum {
        Datum::Bool(value) => Value::Bool(value),
        Datum::Int(value) => Value::Int(value),
        Datum::Long(value) => Value::Long(value),
        Datum::Real(value) => Value::Real(value),
        Datum::String(text) => Value::String(text.into_owned()),
        Datum::DateTime(value) => Value::DateTime(value),
        Datum::TimeSpan(value) => Value::TimeSpan(value),
        Datum::Dynamic(value) => Value::Dynamic(value.text().into_owned()),
        other => panic!("no constant of {other:?} is needed"),
    };
    Scalar {
        ty: value.ty(),
        kind: ScalarKind::Constant(value),
        span: Span::default(),
    }
}

pub(crate) fn aggregate(function: &str, ty: Type, arguments: Vec<Scalar>) -> Aggregate {
    Aggregate {
        function: function.to_owned(),
        arguments,
        ty,
        output: 0,
        span: Span::default(),
    }
}

pub(crate) fn dynamic(text: &str) -> Datum<'static> {
    Datum::dynamic(Json::parse(text).unwrap())
}

/// Midnights of a month of 2017.
pub(crate) fn day(day: i64) -> Datum<'static> {
    Datum::DateTime((17_166 + day) * 86_400_000_000)
}

/// Feeds the rows to the machine of the node.
pub(crate) fn run(node: &Tabular, rows: &[Vec<Datum<'_>>]) -> Result<Result<Rows, RowError>, Diagnostic> {
    run_with(node, rows, &[])
}

/// As [`run`], with the rows of the table among the arguments.
pub(crate) fn run_with(
    node: &Tabular,
    rows: &[Vec<Datum<'_>>],
    table: &[Vec<Datum<'static>>],
) -> Result<Result<Rows, RowError>, Diagnostic> {
    let cx = Context::new(0);
    let with = Preparation {
        subqueries: &|_| None,
        tables: &|_| Some(table.to_vec()),
        cx: &cx,
    };
    let mut machine = prepare(node, &with)?.expect("the node works on rows");
    let mut found = Vec::new();
    let mut out = |row: &[Datum<'_>]| {
        assert_eq!(row.len(), node.columns.len(), "a row as wide as the node says");
        found.push(super::owned(row));
        Ok(())
    };
    for row in rows {
        if let Err(error) = machine.push(row, &cx, &mut out) {
            return Ok(Err(error));
        }
    }
    if let Err(error) = machine.finish(&cx, &mut out) {
        return Ok(Err(error));
    }
    Ok(Ok(found))
}

/// The columns that depend on the rows.
pub(crate) fn discovered(node: &Tabular, rows: &[Vec<Datum<'_>>]) -> Result<Vec<Column>, RowError> {
    let cx = Context::new(0);
    let with = Preparation {
        subqueries: &|_| None,
        tables: &|_| None,
        cx: &cx,
    };
    let mut discovery = discover(node, &with).unwrap().expect("the columns depend on the rows");
    for row in rows {
        discovery.push(row, &cx)?;
    }
    discovery.finish()
}

pub(crate) fn texts(rows: &[Vec<Datum<'_>>]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|row| row.iter().map(|datum| convert::text(datum).into_owned()).collect())
        .collect()
}

/// Cells with `|` between them, one text for each row.
pub(crate) fn lines(rows: &[Vec<Datum<'_>>]) -> Vec<String> {
    texts(rows).into_iter().map(|row| row.join("|")).collect()
}
