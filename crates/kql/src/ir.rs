//! A bound query: every name resolved, every expression typed, `let`s and functions inlined. It is what executes.
//!
//! Columns are referred to by their index in the row that an expression sees: the columns of the operator's input (for
//! `Project`, `Where`, ...), or of the element for what stands inside `all()`, `any()`, `map()` of a graph pattern.
//! Whoever runs it needs no scopes.
//!
//! Shared parts (a `let` that is used twice) share their `Arc`; only [`Op::Materialize`] promises to run once.

use std::sync::Arc;

pub use crate::ast::{EdgeDirection, StringOperator, StringTest};
use crate::{Column, Span, Type, Value};

/// The results of a query, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub outputs: Vec<Output>,
    pub marks: Marks,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// `as name`, the name of a `fork` branch, of a facet, of a table of `graph-to-table`.
    pub name: Option<String>,
    pub table: Arc<Tabular>,
    pub render: Option<Render>,
    /// The value of a query that is a scalar expression (`1 + 2`): one row, one column, no table in the language.
    pub is_scalar: bool,
}

/// `render` as metadata: how the writer wants to see the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Render {
    /// `table`, `barchart`, `timechart`, ...
    pub chart: String,
    /// As written: `title`, `xcolumn`, `ycolumns`, `series`, `kind`, ...
    pub properties: Vec<(String, String)>,
}

/// What can be said of the query as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// Tables and table functions that are read, sorted.
    pub tables: Vec<String>,
    /// Each row of the result depends on one row of one table alone, so that changed rows can be evaluated by
    /// themselves.
    pub is_row_local: bool,
    /// Why the result depends on the order of rows or on chance: the operator and its place. Empty: it does not.
    pub order_dependent: Vec<(String, Span)>,
}

/// A table-valued expression and the columns that it yields. Column names are unique.
#[derive(Clone, Debug, PartialEq)]
pub struct Tabular {
    pub columns: Vec<Column>,
    pub op: Op,
    pub span: Span,
    /// The columns depend on the rows and are not known (`bag_unpack` in the editor); names that are not found are
    /// taken to be `dynamic` columns.
    pub is_open: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A table of the schema; `columns` are all of its columns, in its order.
    Table {
        name: String,
    },
    TableFunction {
        name: String,
        arguments: Vec<Scalar>,
    },
    /// A named source of the administrator.
    External {
        name: String,
    },
    /// `datatable`, `print`, `getschema`: rows of constant expressions.
    Rows {
        rows: Vec<Vec<Scalar>>,
    },
    Range {
        from: Scalar,
        to: Scalar,
        step: Scalar,
    },
    Where {
        input: Arc<Tabular>,
        predicate: Scalar,
    },
    /// `project`, `extend`, `project-away`, ...: one expression for each of `columns`. Window functions
    /// ([`ScalarKind::Window`]) may stand anywhere inside; they see the input in its order.
    Project {
        input: Arc<Tabular>,
        values: Vec<Scalar>,
    },
    /// `columns` are the keys, then one for each aggregate. `distinct` is this without aggregates.
    Summarize {
        input: Arc<Tabular>,
        keys: Vec<Scalar>,
        aggregates: Vec<Aggregate>,
    },
    Sort {
        input: Arc<Tabular>,
        by: Vec<SortKey>,
    },
    /// From here on the order of the rows is meaningful.
    Serialize {
        input: Arc<Tabular>,
    },
    Take {
        input: Arc<Tabular>,
        count: Scalar,
    },
    Top {
        input: Arc<Tabular>,
        count: Scalar,
        by: Vec<SortKey>,
    },
    TopNested {
        input: Arc<Tabular>,
        levels: Vec<TopNestedLevel>,
    },
    Sample {
        input: Arc<Tabular>,
        count: Scalar,
    },
    SampleDistinct {
        input: Arc<Tabular>,
        count: Scalar,
        of: Scalar,
    },
    /// `columns` are all of the left, then all of the right, with distinct names; for semi and anti joins only
    /// those of the side that is kept. `on` holds pairs of expressions of equal type, over the left and the right
    /// row. `lookup` is a `LeftOuter` or `Inner` with a `Project` above.
    Join {
        kind: JoinKind,
        left: Arc<Tabular>,
        right: Arc<Tabular>,
        on: Vec<(Scalar, Scalar)>,
    },
    /// Every input has the columns of the union already.
    Union {
        inputs: Vec<Arc<Tabular>>,
    },
    MvExpand {
        input: Arc<Tabular>,
        expand: Expand,
    },
    /// `body` reads the expanded rows of one input row as [`Op::Input`]; its result is joined with the input's row:
    /// `columns` are those columns of the input that `kept` names, then the columns of the body.
    MvApply {
        input: Arc<Tabular>,
        expand: Expand,
        kept: Vec<usize>,
        body: Arc<Tabular>,
    },
    /// The rows that the enclosing `MvApply` or `Partition` hands to its body.
    Input,
    /// The captures are appended to, or take the place of, columns of the input: `columns[outputs[i]]` is capture i.
    Parse {
        input: Arc<Tabular>,
        parse: Parse,
    },
    ParseKv {
        input: Arc<Tabular>,
        value: Scalar,
        outputs: Vec<usize>,
        keys: Vec<String>,
        options: ParseKvOptions,
    },
    MakeSeries {
        input: Arc<Tabular>,
        series: Box<MakeSeries>,
    },
    /// The body runs once for each value of the key, over its rows as [`Op::Input`]; results follow one another.
    Partition {
        input: Arc<Tabular>,
        by: Scalar,
        body: Arc<Tabular>,
    },
    Scan {
        input: Arc<Tabular>,
        scan: Box<Scan>,
    },
    Reduce {
        input: Arc<Tabular>,
        by: Scalar,
        threshold: Option<Scalar>,
        characters: Option<String>,
    },
    /// A plug-in with columns of its own: `bag_unpack`, `pivot`, `narrow`, `ipv4_lookup`, ... Names are lower case.
    Evaluate {
        plugin: String,
        input: Option<Arc<Tabular>>,
        arguments: Vec<PluginArgument>,
    },
    /// `id` is unique in the query: computed once, kept in memory.
    Materialize {
        id: u32,
        input: Arc<Tabular>,
    },
    GraphMatch {
        graph: Arc<Graph>,
        matching: Box<Matching>,
    },
    /// `id`: whether a column with the hash of the id stands in front of the properties.
    GraphNodes {
        graph: Arc<Graph>,
        id: bool,
    },
    /// `source` and `target`: whether columns with the hashes of the ends' ids stand in front of the properties.
    GraphEdges {
        graph: Arc<Graph>,
        source: bool,
        target: bool,
    },
    /// Fails the query when the input's columns are not these; else the input.
    AssertSchema {
        input: Arc<Tabular>,
    },
}

/// An argument of a plug-in. Arguments stand in the order of the parameters, those that were named
/// (`bag_unpack(d, columnsConflict='keep_source')`) included; one that was left out before another that was not is a
/// null of its type. `ipv4_lookup(T, a, b, c, d, return_unmatched=true)` ends with that scalar, after all columns.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginArgument {
    Scalar(Scalar),
    /// A column of the input.
    Column(usize),
    Table(Arc<Tabular>),
    /// A column of the table that stands before it among the arguments.
    TableColumn(usize),
    /// An aggregate over the input's rows (`pivot(a, sum(b))`).
    Aggregate(Aggregate),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// The left side loses all but one row of each key first.
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    LeftAnti,
    RightSemi,
    RightAnti,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    pub value: Scalar,
    pub is_ascending: bool,
    pub nulls_first: bool,
}

/// A call of an aggregate function.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Canonical name, lower case: `count`, `dcountif`, `make_set`, `arg_max`, ...
    pub function: String,
    /// What is computed for each row, constants (`percentile`'s 95) included. For `arg_max(x, *)` and
    /// `take_any(*)` the binder has written out the columns.
    pub arguments: Vec<Scalar>,
    /// The type of the result. For functions with several results (`arg_max`, `take_any(a, b)`, `percentiles`) the
    /// binder makes one aggregate for each: `output` says which it is, counted from 0.
    pub ty: Type,
    pub output: usize,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    pub items: Vec<ExpandItem>,
    /// The column that counts from 0, by its index in the expanded row.
    pub item_index: Option<usize>,
    /// Rows of one input row at most.
    pub limit: Option<Scalar>,
    /// `kind=array`: a property of a bag becomes `[key, value]` instead of `{key: value}`.
    pub bags_as_arrays: bool,
    /// The expanded row: columns of the input (perhaps replaced), new columns appended, then the item index.
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExpandItem {
    /// Over the input's row; `dynamic`.
    pub value: Scalar,
    /// Which column of the expanded row it gives.
    pub output: usize,
    /// `to typeof(...)`; `dynamic` when not written.
    pub ty: Type,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    pub kind: ParseKind,
    /// Of `kind=regex`: `i`, `s`, `m`, `U`.
    pub flags: String,
    pub value: Scalar,
    pub pattern: Vec<ParsePart>,
    /// `columns[outputs[i]]` is the i-th capture.
    pub outputs: Vec<usize>,
    /// `parse-where`: rows that do not match are left out.
    pub drops_unmatched: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParseKind {
    Simple,
    Relaxed,
    Regex,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParsePart {
    Text(String),
    Skip,
    Capture(Type),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParseKvOptions {
    pub pair_delimiter: Option<String>,
    pub kv_delimiter: Option<String>,
    /// Pairs of an opening and a closing character.
    pub quote: Vec<(char, char)>,
    pub escape: Option<char>,
    pub greedy: bool,
    pub regex: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MakeSeries {
    /// Each with the value of empty bins.
    pub aggregates: Vec<(Aggregate, Option<Scalar>)>,
    pub on: Scalar,
    pub from: Option<Scalar>,
    pub to: Option<Scalar>,
    pub step: Scalar,
    /// `in range(...)`: the end is included.
    pub includes_end: bool,
    /// `kind=nonempty`: no input gives one series.
    pub nonempty: bool,
    /// `columns` are the keys, then the aggregates, then the axis.
    pub keys: Vec<Scalar>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TopNestedLevel {
    /// `None`: all values.
    pub count: Option<Scalar>,
    pub of: Scalar,
    /// A row with this value stands for what was left out.
    pub others: Option<Scalar>,
    pub by: Aggregate,
    pub is_ascending: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    pub match_id: Option<String>,
    pub sort: Vec<SortKey>,
    pub partition: Vec<Scalar>,
    /// Declared columns with their defaults; they follow the input's columns.
    pub declared: Vec<(Column, Scalar)>,
    pub steps: Vec<ScanStep>,
}

/// In `condition` and `assignments` a column index below the number of input columns is the current row; from there on,
/// step by step, the input columns and declared columns of that step's last match.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanStep {
    pub name: String,
    pub is_optional: bool,
    pub output: ScanOutput,
    pub condition: Scalar,
    /// (index of the declared column, value).
    pub assignments: Vec<(usize, Scalar)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScanOutput {
    All,
    Last,
    None,
}

/// A typed expression of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    pub kind: ScalarKind,
    pub ty: Type,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ScalarKind {
    Constant(Value),
    /// A column of the row, by index.
    Column(usize),
    /// A built-in function: canonical name, lower case (synonyms are resolved: `todynamic` is `parse_json`). The
    /// binder has written out what looks at column names (`pack_all()`, `column_ifexists`, `bag_pack_columns`).
    Call {
        function: String,
        arguments: Vec<Scalar>,
    },
    Negate(Box<Scalar>),
    /// Both sides have equal types, but for datetime and timespan arithmetic, and where one side is `dynamic`.
    Binary {
        operator: Binary,
        left: Box<Scalar>,
        right: Box<Scalar>,
    },
    And(Box<Scalar>, Box<Scalar>),
    Or(Box<Scalar>, Box<Scalar>),
    /// A test of texts; the left side may be `dynamic` (its text is tested).
    Text {
        operator: StringOperator,
        left: Box<Scalar>,
        right: Box<Scalar>,
    },
    /// Whether a value is among the values of a list; an element that is an array stands for its elements.
    In {
        left: Box<Scalar>,
        list: Vec<Scalar>,
        is_case_sensitive: bool,
        is_negated: bool,
    },
    /// Whether it is among the values of the first column of a table.
    InTable {
        left: Box<Scalar>,
        table: Arc<Tabular>,
        is_case_sensitive: bool,
        is_negated: bool,
    },
    /// `has_any`, `has_all`.
    HasAny {
        left: Box<Scalar>,
        list: Vec<Scalar>,
        all: bool,
    },
    HasAnyTable {
        left: Box<Scalar>,
        table: Arc<Tabular>,
        all: bool,
    },
    Between {
        value: Box<Scalar>,
        low: Box<Scalar>,
        high: Box<Scalar>,
        is_negated: bool,
    },
    /// `base.a.b[0]`, steps fused. The base is `dynamic`, and so is the result.
    Path {
        base: Box<Scalar>,
        steps: Vec<PathStep>,
    },
    /// A conversion that the language makes by itself (int to long, long to real, ...), never `dynamic`'s.
    Cast(Box<Scalar>),
    /// The first column of the first row, or null; computed once.
    ToScalar(Arc<Tabular>),
    /// A function of the order of rows: `row_number`, `prev`, `next`, `row_cumsum`, `row_rank_dense`,
    /// `row_rank_min`, `row_window_session`. Canonical name, lower case.
    Window {
        function: String,
        arguments: Vec<Scalar>,
    },
    /// Inside a graph operator: a property of a variable of the pattern. For a variable-length edge the result is the
    /// array along the path (`dynamic`).
    Property {
        variable: usize,
        column: usize,
    },
    /// `all(e, condition)`, `any(e, condition)`, `map(e, value)` over the edges of a variable-length edge, or over
    /// its inner nodes. In `value` a `Column` is a property of the element.
    OverPath {
        over: OverPath,
        variable: usize,
        inner_nodes: bool,
        value: Box<Scalar>,
    },
    /// `node_id(n)`, `node_degree_in(n)`, `node_degree_out(n)`, `labels(x)`; without a variable (inside `OverPath`)
    /// it is about the element.
    GraphFunction {
        function: GraphFunction,
        variable: Option<usize>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OverPath {
    All,
    Any,
    Map,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GraphFunction {
    NodeId,
    DegreeIn,
    DegreeOut,
    Labels,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PathStep {
    Key(String),
    /// From the end when negative.
    Index(i64),
    /// An index or a key that is computed.
    Computed(Scalar),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// A graph-valued expression: columns of its nodes and of its edges.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    pub nodes: Vec<Column>,
    pub edges: Vec<Column>,
    pub op: GraphOp,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum GraphOp {
    /// The edge table's columns are the edges' properties; ends are named by `source` and `target`. Node tables add
    /// properties by id: `Graph::nodes` is the union of their columns (or `[with_node_id: type]` without tables).
    Make {
        edges: Arc<Tabular>,
        source: usize,
        target: usize,
        /// The table, the column of the id, and for each of its columns the index in `Graph::nodes`.
        nodes: Vec<(Arc<Tabular>, usize, Vec<usize>)>,
    },
    /// Appends a node column with the number of the component.
    MarkComponents {
        input: Arc<Graph>,
        strong: bool,
    },
    /// Keeps nodes (edges) for which the predicate, over their columns, holds.
    WhereNodes {
        input: Arc<Graph>,
        predicate: Scalar,
    },
    WhereEdges {
        input: Arc<Graph>,
        predicate: Scalar,
    },
}

/// `graph-match` and `graph-shortest-paths`. `Tabular::columns` name the values of `project`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    pub mode: MatchMode,
    /// Nodes and edges of the patterns; equal node names are one variable.
    pub variables: Vec<Variable>,
    /// With [`ScalarKind::Property`] and its kin; no `Column` outside `OverPath`. A plain property of a variable-length
    /// edge has been rewritten to `all(...)`.
    pub filter: Option<Scalar>,
    pub project: Vec<Scalar>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchMode {
    Match(Cycles),
    /// One (`all: false`) or all shortest paths for each pair of ends.
    ShortestPaths {
        all: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cycles {
    /// Edges and nodes may repeat.
    All,
    /// No node twice in a match.
    None,
    /// No edge twice in a match; the default.
    UniqueEdges,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// `None` for an anonymous one.
    pub name: Option<String>,
    pub kind: VariableKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum VariableKind {
    Node,
    /// Between two node variables, in the order in which they are written.
    Edge {
        left: usize,
        right: usize,
        direction: EdgeDirection,
        length: Option<(u32, u32)>,
    },
}

impl Op {
    /// The tables directly below.
    pub fn inputs(&self) -> Vec<&Arc<Tabular>> {
        match self {
            Op::Table { .. }
            | Op::TableFunction { .. }
            | Op::External { .. }
            | Op::Rows { .. }
            | Op::Range { .. }
            | Op::Input
            | Op::GraphMatch { .. }
            | Op::GraphNodes { .. }
            | Op::GraphEdges { .. } => Vec::new(),
            Op::Where { input, .. }
            | Op::Project { input, .. }
            | Op::Summarize { input, .. }
            | Op::Sort { input, .. }
            | Op::Serialize { input }
            | Op::Take { input, .. }
            | Op::Top { input, .. }
            | Op::TopNested { input, .. }
            | Op::Sample { input, .. }
            | Op::SampleDistinct { input, .. }
            | Op::MvExpand { input, .. }
            | Op::Parse { input, .. }
            | Op::ParseKv { input, .. }
            | Op::MakeSeries { input, .. }
            | Op::Scan { input, .. }
            | Op::Reduce { input, .. }
            | Op::Materialize { input, .. }
            | Op::AssertSchema { input } => vec![input],
            Op::MvApply { input, body, .. } | Op::Partition { input, body, .. } => vec![input, body],
            Op::Join { left, right, .. } => vec![left, right],
            Op::Union { inputs } => inputs.iter().collect(),
            Op::Evaluate { input, arguments, .. } => {
                let tables = arguments.iter().filter_map(|argument| match argument {
                    PluginArgument::Table(table) => Some(table),
                    _ => None,
                });
                input.iter().chain(tables).collect()
            }
        }
    }

    /// The expressions of the operator itself, for an operator that works on rows one after the other; those of others
    /// are their own matter.
    pub fn row_scalars(&self) -> Vec<&Scalar> {
        fn expand(expand: &Expand) -> Vec<&Scalar> {
            expand
                .items
                .iter()
                .map(|item| &item.value)
                .chain(&expand.limit)
                .collect()
        }
        match self {
            Op::Project { values, .. } => values.iter().collect(),
            Op::TopNested { levels, .. } => levels
                .iter()
                .flat_map(|level| {
                    let constants = level.count.iter().chain(&level.others);
                    constants.chain([&level.of]).chain(&level.by.arguments)
                })
                .collect(),
            Op::SampleDistinct { count, of, .. } => vec![count, of],
            Op::MvExpand { expand: it, .. } | Op::MvApply { expand: it, .. } => expand(it),
            Op::Parse { parse, .. } => vec![&parse.value],
            Op::ParseKv { value, .. } => vec![value],
            Op::Partition { by, .. } => vec![by],
            Op::MakeSeries { series, .. } => {
                let aggregates = series.aggregates.iter();
                let values = aggregates.flat_map(|(aggregate, default)| aggregate.arguments.iter().chain(default));
                let ends = series.from.iter().chain(&series.to);
                values
                    .chain([&series.on, &series.step])
                    .chain(ends)
                    .chain(&series.keys)
                    .collect()
            }
            Op::Scan { scan, .. } => {
                let steps = scan.steps.iter().flat_map(|step| {
                    let assigned = step.assignments.iter().map(|(_, value)| value);
                    assigned.chain([&step.condition])
                });
                let sorted = scan.sort.iter().map(|key| &key.value);
                let declared = scan.declared.iter().map(|(_, default)| default);
                steps.chain(sorted).chain(&scan.partition).chain(declared).collect()
            }
            Op::Reduce { by, threshold, .. } => threshold.iter().chain([by]).collect(),
            Op::Evaluate { arguments, .. } => arguments
                .iter()
                .flat_map(|argument| match argument {
                    PluginArgument::Scalar(scalar) => std::slice::from_ref(scalar),
                    PluginArgument::Aggregate(aggregate) => aggregate.arguments.as_slice(),
                    PluginArgument::Column(_) | PluginArgument::Table(_) | PluginArgument::TableColumn(_) => &[],
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The input of an operator that works on rows one after the other and is none of a table engine.
    pub fn row_input(&self) -> Option<&Arc<Tabular>> {
        match self {
            Op::TopNested { input, .. }
            | Op::SampleDistinct { input, .. }
            | Op::MvExpand { input, .. }
            | Op::Parse { input, .. }
            | Op::ParseKv { input, .. }
            | Op::MakeSeries { input, .. }
            | Op::Scan { input, .. }
            | Op::Reduce { input, .. } => Some(input),
            Op::Evaluate { input, .. } => input.as_ref(),
            _ => None,
        }
    }
}
