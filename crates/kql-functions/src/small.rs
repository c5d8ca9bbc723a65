//! Runs a table-valued expression over rows in memory, one row after the other, without a query engine.
//!
//! Bodies of `mv-apply` and `partition` run here, once for each row or partition of their input, where planning a
//! query would cost more than running it; so do the rules of the catalog, in the middle of a build. It is also the
//! simple twin that the lowering to DataFusion is compared with.
//!
//! Start at [`Prepared::new`] and [`Prepared::run`]. Tables of the schema are asked of an [`Outside`], row by row:
//! filters and projections directly above a table see its rows where they lie, so that only what is kept is copied.

use std::cell::RefCell;
use std::sync::Arc;

use postern_kql::ir::{Aggregate, JoinKind, Op, Scalar, SortKey, Tabular};
use postern_kql::{Code, Diagnostic, Span, Type};

use crate::bytes::Writer;
use crate::evaluate::{Program, Row, Values};
use crate::keys::KeySet;
use crate::order::Sorted;
use crate::rows::windows::Windows;
use crate::rows::{self, Preparation, RowError, RowOperator};
use crate::{Accumulator, Context, Datum, accumulator};

/// A row that owns its values.
pub type OwnedRow = Vec<Datum<'static>>;

/// Rows that one body may hold at a time.
pub const ROWS_MAX: usize = 1_000_000;

/// What comes from elsewhere.
pub trait Outside {
    /// Shows every row of a table of the schema. `false` when it has no such table.
    fn scan<'a>(&'a self, table: &str, see: &mut dyn FnMut(&dyn Row<'a>)) -> bool;

    /// The rows of a part of the query that was computed before (a table function, a graph); `None` when nobody did.
    fn rows(&self, table: &Arc<Tabular>) -> Option<Arc<Vec<OwnedRow>>> {
        let _ = table;
        None
    }
}

/// Nothing comes from elsewhere.
pub struct Nothing;

impl Outside for Nothing {
    fn scan<'a>(&'a self, _table: &str, _see: &mut dyn FnMut(&dyn Row<'a>)) -> bool {
        false
    }
}

/// A table-valued expression, prepared once.
pub struct Prepared {
    node: Node,
}

enum Node {
    Input,
    Given(Arc<Vec<OwnedRow>>),
    /// A table of the schema with the filters above it and, perhaps, the projection above those.
    Scan {
        table: String,
        predicates: Vec<Program>,
        values: Option<Vec<Program>>,
        columns: usize,
        span: Span,
    },
    Rows(Vec<Vec<Program>>),
    Where {
        input: Box<Node>,
        predicate: Program,
    },
    Project {
        input: Box<Node>,
        values: Vec<Program>,
    },
    Summarize {
        input: Box<Node>,
        keys: Vec<Program>,
        aggregates: Vec<(Aggregate, Vec<Program>)>,
    },
    Sort {
        input: Box<Node>,
        by: Vec<(Program, bool, bool)>,
        limit: Option<Program>,
    },
    Take {
        input: Box<Node>,
        count: Program,
    },
    Join {
        kind: JoinKind,
        left: Box<Node>,
        right: Box<Node>,
        on: Vec<(Program, Program)>,
        left_types: Vec<Type>,
        right_types: Vec<Type>,
    },
    Union(Vec<Node>),
    /// An operator on rows, whose machine is made anew for each run, with what its sub-queries gave.
    Machine {
        input: Box<Node>,
        table: Arc<Tabular>,
        subqueries: Computed,
    },
    /// The same for window functions; their columns are appended.
    Windows {
        input: Box<Node>,
        values: Vec<Scalar>,
        width: usize,
        subqueries: Computed,
    },
}

impl Prepared {
    /// # Errors
    /// The table holds what cannot run here; the diagnostic says what and where.
    pub fn new(table: &Arc<Tabular>, outside: &dyn Outside, cx: &Context) -> Result<Self, Diagnostic> {
        Ok(Self {
            node: Preparing { outside, cx }.node(table)?,
        })
    }

    /// The rows for one input.
    ///
    /// # Errors
    /// More than [`ROWS_MAX`] rows, or the limit of an operator.
    pub fn run(&self, outside: &dyn Outside, input: &[OwnedRow], cx: &Context) -> Result<Vec<OwnedRow>, Diagnostic> {
        self.node.run(&Given { outside, input }, cx)
    }
}

struct Preparing<'p> {
    outside: &'p dyn Outside,
    cx: &'p Context,
}

/// What a run is given.
struct Given<'g> {
    outside: &'g dyn Outside,
    input: &'g [OwnedRow],
}

impl Preparing<'_> {
    fn node(&self, table: &Arc<Tabular>) -> Result<Node, Diagnostic> {
        if let Some(rows) = self.outside.rows(table) {
            return Ok(Node::Given(rows));
        }
        Ok(match &table.op {
            Op::Input => Node::Input,
            Op::Rows { rows } => {
                let rows = rows.iter().map(|row| self.programs(row)).collect::<Result<_, _>>()?;
                Node::Rows(rows)
            }
            Op::Table { name } => Node::Scan {
                table: name.clone(),
                predicates: Vec::new(),
                values: None,
                columns: table.columns.len(),
                span: table.span,
            },
            Op::Where { input, predicate } => {
                let predicate = self.program(predicate)?;
                match self.node(input)? {
                    Node::Scan {
                        table,
                        mut predicates,
                        values: None,
                        columns,
                        span,
                    } => {
                        predicates.push(predicate);
                        Node::Scan {
                            table,
                            predicates,
                            values: None,
                            columns,
                            span,
                        }
                    }
                    input => Node::Where {
                        input: Box::new(input),
                        predicate,
                    },
                }
            }
            Op::Project { input, values } => {
                let subqueries = self.subqueries();
                let windows = subqueries.with(self.outside, self.cx, |with| {
                    Windows::of(values, input.columns.len(), with)
                });
                let subqueries = subqueries.finish()?;
                if let Some((_, above)) = windows? {
                    return Ok(Node::Project {
                        input: Box::new(Node::Windows {
                            input: self.boxed(input)?,
                            values: values.clone(),
                            width: input.columns.len(),
                            subqueries,
                        }),
                        values: self.programs(&above)?,
                    });
                }
                let programs = self.programs(values)?;
                match self.node(input)? {
                    Node::Scan {
                        table,
                        predicates,
                        values: None,
                        columns,
                        span,
                    } => Node::Scan {
                        table,
                        predicates,
                        values: Some(programs),
                        columns,
                        span,
                    },
                    input => Node::Project {
                        input: Box::new(input),
                        values: programs,
                    },
                }
            }
            Op::Summarize {
                input,
                keys,
                aggregates,
            } => Node::Summarize {
                input: self.boxed(input)?,
                keys: self.programs(keys)?,
                aggregates: aggregates
                    .iter()
                    .map(|aggregate| Ok((aggregate.clone(), self.programs(&aggregate.arguments)?)))
                    .collect::<Result<_, Diagnostic>>()?,
            },
            Op::Sort { input, by } => Node::Sort {
                input: self.boxed(input)?,
                by: self.sort_keys(by)?,
                limit: None,
            },
            Op::Top { input, count, by } => Node::Sort {
                input: self.boxed(input)?,
                by: self.sort_keys(by)?,
                limit: Some(self.program(count)?),
            },
            Op::Take { input, count } | Op::Sample { input, count } => Node::Take {
                input: self.boxed(input)?,
                count: self.program(count)?,
            },
            Op::Serialize { input } | Op::AssertSchema { input } => self.node(input)?,
            Op::Join { kind, left, right, on } => Node::Join {
                kind: *kind,
                left: self.boxed(left)?,
                right: self.boxed(right)?,
                on: on
                    .iter()
                    .map(|(left, right)| Ok((self.program(left)?, self.program(right)?)))
                    .collect::<Result<_, Diagnostic>>()?,
                left_types: left.columns.iter().map(|column| column.ty).collect(),
                right_types: right.columns.iter().map(|column| column.ty).collect(),
            },
            Op::Union { inputs } => Node::Union(inputs.iter().map(|input| self.node(input)).collect::<Result<_, _>>()?),
            op => match op.row_input() {
                Some(input) => self.machine(table, input)?,
                None => return Err(unsupported(table.span)),
            },
        })
    }

    fn boxed(&self, table: &Arc<Tabular>) -> Result<Box<Node>, Diagnostic> {
        Ok(Box::new(self.node(table)?))
    }

    fn machine(&self, table: &Arc<Tabular>, input: &Arc<Tabular>) -> Result<Node, Diagnostic> {
        let subqueries = self.subqueries();
        // Made once here for what it asks, and for its mistakes.
        let made = subqueries.with(self.outside, self.cx, |with| rows::prepare(table, with));
        let subqueries = subqueries.finish()?;
        made?;
        Ok(Node::Machine {
            input: self.boxed(input)?,
            table: Arc::clone(table),
            subqueries,
        })
    }

    fn subqueries(&self) -> Asking<'_, '_> {
        Asking {
            preparing: self,
            computed: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    fn program(&self, scalar: &Scalar) -> Result<Program, Diagnostic> {
        let subqueries = self.subqueries();
        let program = Program::new(scalar, &|table| subqueries.ask(table));
        subqueries.finish()?;
        program
    }

    fn first_column(&self, table: &Arc<Tabular>) -> Result<Arc<[Datum<'static>]>, Diagnostic> {
        let rows = self.node(table)?.run(
            &Given {
                outside: self.outside,
                input: &[],
            },
            self.cx,
        )?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
    }

    fn programs(&self, scalars: &[Scalar]) -> Result<Vec<Program>, Diagnostic> {
        scalars.iter().map(|scalar| self.program(scalar)).collect()
    }

    fn sort_keys(&self, by: &[SortKey]) -> Result<Vec<(Program, bool, bool)>, Diagnostic> {
        by.iter()
            .map(|key| Ok((self.program(&key.value)?, key.is_ascending, key.nulls_first)))
            .collect()
    }
}

/// A sub-query that has run, and the values of its first column.
type FirstColumn = (Arc<Tabular>, Arc<[Datum<'static>]>);

/// Runs sub-queries as they are asked for, and remembers them. What goes wrong inside one is said in its own words.
struct Asking<'a, 'p> {
    preparing: &'a Preparing<'p>,
    computed: RefCell<Vec<FirstColumn>>,
    failed: RefCell<Option<Diagnostic>>,
}

impl Asking<'_, '_> {
    fn ask(&self, table: &Arc<Tabular>) -> Option<Arc<[Datum<'static>]>> {
        match self.preparing.first_column(table) {
            Ok(values) => {
                self.computed
                    .borrow_mut()
                    .push((Arc::clone(table), Arc::clone(&values)));
                Some(values)
            }
            Err(diagnostic) => {
                self.failed.borrow_mut().get_or_insert(diagnostic);
                None
            }
        }
    }

    fn with<T>(&self, outside: &dyn Outside, cx: &Context, make: impl FnOnce(&Preparation<'_>) -> T) -> T {
        make(&Preparation {
            subqueries: &|table| self.ask(table),
            tables: &|table| outside.rows(table).map(|rows| rows.as_ref().clone()),
            cx,
        })
    }

    fn finish(self) -> Result<Computed, Diagnostic> {
        match self.failed.into_inner() {
            Some(diagnostic) => Err(diagnostic),
            None => Ok(Computed(self.computed.into_inner())),
        }
    }
}

/// Sub-queries and the values of their first column.
struct Computed(Vec<(Arc<Tabular>, Arc<[Datum<'static>]>)>);

impl Computed {
    fn with<T>(&self, given: &Given<'_>, cx: &Context, make: impl FnOnce(&Preparation<'_>) -> T) -> T {
        make(&Preparation {
            subqueries: &|table| {
                let found = self.0.iter().find(|(known, _)| Arc::ptr_eq(known, table));
                found.map(|(_, values)| Arc::clone(values))
            },
            tables: &|table| given.outside.rows(table).map(|rows| rows.as_ref().clone()),
            cx,
        })
    }
}

fn unsupported(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::Unsupported,
        span,
        "this cannot stand inside the body of `mv-apply` or `partition`",
    )
    .with_hint("give it a name with `let ... = materialize(...)` in front of the query")
}

impl Node {
    fn run(&self, given: &Given<'_>, cx: &Context) -> Result<Vec<OwnedRow>, Diagnostic> {
        let rows = match self {
            Node::Input => given.input.to_vec(),
            Node::Given(rows) => rows.as_ref().clone(),
            Node::Scan {
                table,
                predicates,
                values,
                columns,
                span,
            } => {
                let mut kept = Vec::new();
                let is_there = scan(
                    given.outside,
                    table,
                    predicates,
                    values.as_deref(),
                    *columns,
                    cx,
                    &mut kept,
                );
                if !is_there {
                    return Err(unsupported(*span));
                }
                kept
            }
            Node::Rows(rows) => rows.iter().map(|row| values(row, &[], cx)).collect(),
            Node::Where { input, predicate } => {
                let mut rows = input.run(given, cx)?;
                rows.retain(|row| predicate.holds(&Values(row), cx));
                rows
            }
            Node::Project {
                input,
                values: programs,
            } => {
                let rows = input.run(given, cx)?;
                rows.iter().map(|row| values(programs, row, cx)).collect()
            }
            Node::Summarize {
                input,
                keys,
                aggregates,
            } => summarize(&input.run(given, cx)?, keys, aggregates, cx)?,
            Node::Sort { input, by, limit } => {
                let mut rows = input.run(given, cx)?;
                sort(&mut rows, by, cx);
                if let Some(limit) = limit {
                    rows.truncate(count(limit, cx));
                }
                rows
            }
            Node::Take { input, count: limit } => {
                let mut rows = input.run(given, cx)?;
                rows.truncate(count(limit, cx));
                rows
            }
            Node::Join {
                kind,
                left,
                right,
                on,
                left_types,
                right_types,
            } => {
                let (left, right) = (left.run(given, cx)?, right.run(given, cx)?);
                join(*kind, &left, &right, on, (left_types, right_types), cx)?
            }
            Node::Union(inputs) => {
                let mut all = Vec::new();
                for input in inputs {
                    all.extend(input.run(given, cx)?);
                    check(&all)?;
                }
                all
            }
            Node::Machine {
                input,
                table,
                subqueries,
            } => {
                let rows = input.run(given, cx)?;
                match subqueries.with(given, cx, |with| rows::prepare(table, with))? {
                    Some(machine) => run_machine(machine, &rows, table.span, cx)?,
                    None => return Err(unsupported(table.span)),
                }
            }
            Node::Windows {
                input,
                values,
                width,
                subqueries,
            } => {
                let rows = input.run(given, cx)?;
                match subqueries.with(given, cx, |with| Windows::of(values, *width, with))? {
                    Some((windows, _)) => run_machine(Box::new(windows), &rows, Span::default(), cx)?,
                    None => rows,
                }
            }
        };
        check(&rows)?;
        Ok(rows)
    }
}

fn run_machine(
    mut machine: Box<dyn RowOperator>,
    rows: &[OwnedRow],
    span: Span,
    cx: &Context,
) -> Result<Vec<OwnedRow>, Diagnostic> {
    let mut out: Vec<OwnedRow> = Vec::new();
    let mut keep = |row: &[Datum<'_>]| {
        out.push(row.iter().map(|datum| datum.clone().into_owned()).collect());
        // `check` says that there are too many.
        if out.len() > ROWS_MAX {
            Err(RowError::Enough)
        } else {
            Ok(())
        }
    };
    let mut run = || {
        for row in rows {
            machine.push(row, cx, &mut keep)?;
        }
        machine.finish(cx, &mut keep)
    };
    match run() {
        Ok(()) | Err(RowError::Enough) => Ok(out),
        Err(error @ RowError::Limit { .. }) => Err(Diagnostic::error(Code::Limit, span, error.to_string())),
        Err(error) => Err(Diagnostic::error(Code::Unsupported, span, error.to_string())),
    }
}

/// Rows of a table that pass the filters. Reading goes on behind [`ROWS_MAX`], keeping does not.
fn scan<'a>(
    outside: &'a dyn Outside,
    table: &str,
    predicates: &'a [Program],
    values: Option<&'a [Program]>,
    columns: usize,
    cx: &Context,
    kept: &mut Vec<OwnedRow>,
) -> bool {
    outside.scan(table, &mut |row: &dyn Row<'a>| {
        if kept.len() > ROWS_MAX || !predicates.iter().all(|predicate| predicate.holds(row, cx)) {
            return;
        }
        kept.push(match values {
            Some(values) => values.iter().map(|program| program.run(row, cx).into_owned()).collect(),
            None => (0..columns).map(|column| row.column(column).into_owned()).collect(),
        });
    })
}

fn check(rows: &[OwnedRow]) -> Result<(), Diagnostic> {
    if rows.len() <= ROWS_MAX {
        return Ok(());
    }
    Err(Diagnostic::error(
        Code::Limit,
        Span::default(),
        format!("the body of `mv-apply` or `partition` has more than {ROWS_MAX} rows"),
    ))
}

fn values(programs: &[Program], row: &[Datum<'static>], cx: &Context) -> OwnedRow {
    programs
        .iter()
        .map(|program| program.run(&Values(row), cx).into_owned())
        .collect()
}

fn count(program: &Program, cx: &Context) -> usize {
    match program.run(&Values(&[]), cx) {
        Datum::Int(count) => usize::try_from(count).unwrap_or(0),
        Datum::Long(count) => usize::try_from(count).unwrap_or(0),
        _ => 0,
    }
}

fn key_of(values: &[Datum<'_>]) -> Vec<u8> {
    let mut key = Writer(Vec::new());
    for value in values {
        key.key(value);
    }
    key.0
}

fn summarize(
    rows: &[OwnedRow],
    keys: &[Program],
    aggregates: &[(Aggregate, Vec<Program>)],
    cx: &Context,
) -> Result<Vec<OwnedRow>, Diagnostic> {
    let fresh = || -> Result<Vec<Box<dyn Accumulator>>, Diagnostic> {
        aggregates
            .iter()
            .map(|(aggregate, _)| {
                accumulator(aggregate).ok_or_else(|| {
                    let message = format!("the aggregate `{}` is not computed here", aggregate.function);
                    Diagnostic::error(Code::Unsupported, aggregate.span, message)
                })
            })
            .collect()
    };
    let mut groups: Vec<(OwnedRow, Vec<Box<dyn Accumulator>>)> = Vec::new();
    if keys.is_empty() {
        groups.push((Vec::new(), fresh()?));
    }
    let mut known = KeySet::default();
    for row in rows {
        let index = if keys.is_empty() {
            0
        } else {
            let key = values(keys, row, cx);
            let (index, is_new) = known.insert(&key_of(&key));
            if is_new {
                groups.push((key, fresh()?));
            }
            index
        };
        for ((_, arguments), accumulator) in aggregates.iter().zip(&mut groups[index].1) {
            let arguments: Vec<Datum<'_>> = arguments.iter().map(|program| program.run(&Values(row), cx)).collect();
            accumulator.update(&arguments);
        }
    }
    Ok(groups
        .into_iter()
        .map(|(mut row, mut accumulators)| {
            row.extend(accumulators.iter_mut().map(|accumulator| accumulator.finish()));
            row
        })
        .collect())
}

fn sort(rows: &mut [OwnedRow], by: &[(Program, bool, bool)], cx: &Context) {
    rows.sort_by_cached_key(|row| {
        let keys = by.iter().map(|(program, is_ascending, nulls_first)| Sorted {
            value: program.run(&Values(row), cx).into_owned(),
            is_ascending: *is_ascending,
            nulls_first: *nulls_first,
        });
        keys.collect::<Vec<_>>()
    });
}

fn join(
    kind: JoinKind,
    left: &[OwnedRow],
    right: &[OwnedRow],
    on: &[(Program, Program)],
    (left_types, right_types): (&[Type], &[Type]),
    cx: &Context,
) -> Result<Vec<OwnedRow>, Diagnostic> {
    // A null key matches nothing.
    let key = |row: &OwnedRow, programs: &mut dyn Iterator<Item = &Program>| -> Option<Vec<u8>> {
        let values: Vec<Datum<'_>> = programs.map(|program| program.run(&Values(row), cx)).collect();
        (!values.iter().any(Datum::is_null)).then(|| key_of(&values))
    };
    let left_keys: Vec<_> = left
        .iter()
        .map(|row| key(row, &mut on.iter().map(|(left, _)| left)))
        .collect();
    let right_keys: Vec<_> = right
        .iter()
        .map(|row| key(row, &mut on.iter().map(|(_, right)| right)))
        .collect();
    let mut known = KeySet::default();
    let mut rights: Vec<Vec<usize>> = Vec::new();
    for (index, key) in right_keys.iter().enumerate() {
        if let Some(key) = key {
            let (number, is_new) = known.insert(key);
            if is_new {
                rights.push(Vec::new());
            }
            rights[number].push(index);
        }
    }
    let matches = |key: &Option<Vec<u8>>| -> &[usize] {
        let number = key.as_ref().and_then(|key| known.find(key));
        number.map_or(&[][..], |number| &rights[number])
    };
    let both = |left: &OwnedRow, right: &OwnedRow| left.iter().chain(right).cloned().collect::<OwnedRow>();
    let mut out: Vec<OwnedRow> = Vec::new();
    let mut right_is_matched = vec![false; right.len()];
    let mut seen = KeySet::default();
    for (row, key) in left.iter().zip(&left_keys) {
        if kind == JoinKind::InnerUnique && !key.as_ref().is_some_and(|key| seen.insert(key).1) {
            continue;
        }
        let found = matches(key);
        found.iter().for_each(|index| right_is_matched[*index] = true);
        match kind {
            JoinKind::LeftSemi if !found.is_empty() => out.push(row.clone()),
            JoinKind::LeftAnti if found.is_empty() => out.push(row.clone()),
            JoinKind::LeftSemi | JoinKind::LeftAnti | JoinKind::RightSemi | JoinKind::RightAnti => {}
            _ => {
                out.extend(found.iter().map(|index| both(row, &right[*index])));
                if found.is_empty() && matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter) {
                    out.push(both(row, &missing(right_types)));
                }
            }
        }
        check(&out)?;
    }
    for (row, is_matched) in right.iter().zip(right_is_matched) {
        match kind {
            JoinKind::RightSemi if is_matched => out.push(row.clone()),
            JoinKind::RightAnti if !is_matched => out.push(row.clone()),
            JoinKind::RightOuter | JoinKind::FullOuter if !is_matched => out.push(both(&missing(left_types), row)),
            _ => {}
        }
    }
    Ok(out)
}

/// The row of a side that was not found: nulls, and empty strings.
fn missing(types: &[Type]) -> OwnedRow {
    types
        .iter()
        .map(|ty| {
            if *ty == Type::String {
                Datum::string("")
            } else {
                Datum::Null
            }
        })
        .collect()
}
