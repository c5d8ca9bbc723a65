//! The tree of a query as it is written. Names are not resolved here, and nothing is simplified: parentheses, unnamed
//! columns and hints stay, since naming rules and the editor need them.
//!
//! What could not be parsed is an [`ExprKind::Error`] or a [`OperatorKind::Error`] with a diagnostic beside it.

use crate::{Span, Type, Value};

/// A name with its place. Bracketed names (`['a b']`) are kept without brackets and quotes.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub text: String,
    pub span: Span,
    /// Written as `['...']`, so that it is never a keyword.
    pub is_quoted: bool,
}

/// The whole text: statements parted by semicolons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `let name = expression`, scalar or tabular.
    Let { name: Name, value: Expr },
    /// `let name = (parameters) { body }`.
    Function { name: Name, function: Function },
    /// `let name = materialize(...)` is a `Let`; a query is any expression that stands alone.
    Query(Expr),
    /// `set option = value`.
    Set { name: Name, value: Option<Expr> },
    /// `declare query_parameters(name:type = default, ...)`.
    QueryParameters(Vec<FunctionParameter>),
    /// `declare pattern name = (...)[...] { ... }`.
    Pattern(Box<PatternDeclaration>),
    /// `alias database`, `restrict access`, and others that Postern does not run; the text says which.
    Other(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub parameters: Vec<FunctionParameter>,
    /// Statements in front of the result (`let`s), and the result; `None` after a syntax error.
    pub statements: Vec<Statement>,
    pub result: Option<Box<Expr>>,
    pub is_view: bool,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FunctionParameter {
    pub name: Name,
    pub ty: ParameterType,
    pub default: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParameterType {
    Scalar(Type),
    /// `(*)`: any table.
    AnyTable,
    /// `(a:string, b:long)`; `is_open` when `*` stands beside the columns.
    Table {
        columns: Vec<ColumnDeclaration>,
        is_open: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDeclaration {
    pub name: Name,
    pub ty: Type,
}

/// `declare pattern app = (applicationId:string)[scope:string] { ("a").["b"] = { ... }; ... }`.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternDeclaration {
    pub name: Name,
    pub parameters: Vec<FunctionParameter>,
    pub path_parameter: Option<FunctionParameter>,
    pub cases: Vec<PatternCase>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PatternCase {
    pub arguments: Vec<Expr>,
    pub path: Option<Expr>,
    pub body: Function,
}

/// Any expression, scalar or tabular: the grammar cannot tell them apart, the binder can.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Literal(Value),
    /// `typeof(string)`, or `typeof(*, a:string)` / `typeof(a:string, b:long)` as `columns`.
    TypeOf {
        ty: Option<Type>,
        columns: Vec<ColumnDeclaration>,
        has_star: bool,
    },
    Name(Name),
    /// A name with `*` in it, where the grammar takes one (`union`, `project-away`, `search in`).
    Wildcard(String),
    /// `*` alone.
    Star,
    /// `base.name`.
    Member {
        base: Box<Expr>,
        name: Name,
    },
    /// `base[index]`.
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    /// `name(arguments)`; `base.name(arguments)` for `cluster(..).database(..)`.
    Call {
        base: Option<Box<Expr>>,
        name: Name,
        arguments: Vec<Argument>,
    },
    Negate(Box<Expr>),
    Plus(Box<Expr>),
    Binary {
        operator: BinaryOperator,
        operator_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `left in (a, b)`, `!in`, `in~`, `has_any`, `has_all`; `list` may be one table or one array.
    List {
        operator: ListOperator,
        operator_span: Span,
        left: Box<Expr>,
        list: Vec<Expr>,
    },
    Between {
        is_negated: bool,
        left: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    /// `name = value` and `(a, b) = value`, where the grammar takes it.
    Named {
        names: Vec<Name>,
        has_parentheses: bool,
        value: Box<Expr>,
    },
    Parenthesized(Box<Expr>),
    /// `source | operator | operator ...`.
    Pipe {
        source: Box<Expr>,
        operators: Vec<Operator>,
    },
    DataTable {
        columns: Vec<ColumnDeclaration>,
        values: Vec<Expr>,
    },
    ExternalData {
        columns: Vec<ColumnDeclaration>,
        uris: Vec<Expr>,
        properties: Vec<Parameter>,
    },
    /// `print`, `range`, `union` and `find`, `search`, `evaluate`, `invoke` that begin a query without a pipe.
    Source(Box<Operator>),
    /// A function without a name: the body of `toscalar({...})` and the like.
    Function(Function),
    /// Nothing could be parsed here, or it is missing.
    Error,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `name = value`.
    pub name: Option<Name>,
    pub value: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    Or,
    And,
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
    String(StringOperator),
}

/// A comparison of texts: what is compared, with or without case, negated or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StringOperator {
    pub test: StringTest,
    pub is_case_sensitive: bool,
    pub is_negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StringTest {
    /// `=~`, `!~`: equal without regard to case.
    Equal,
    Has,
    HasPrefix,
    HasSuffix,
    Contains,
    StartsWith,
    EndsWith,
    /// `matches regex`; always with case unless the pattern says otherwise.
    MatchesRegex,
    /// `like` and `notlike`, old forms.
    Like,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListOperator {
    In { is_case_sensitive: bool, is_negated: bool },
    HasAny,
    HasAll,
}

/// `name = value` or `name` in front of an operator's own parts: `kind=inner`, `hint.strategy=shuffle`, `isfuzzy=true`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// With dots, as written: `hint.remote`.
    pub name: Name,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    pub kind: OperatorKind,
    pub parameters: Vec<Parameter>,
    /// The keyword alone, for diagnostics.
    pub keyword: Span,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum OperatorKind {
    As(Name),
    AssertSchema(Vec<ColumnDeclaration>),
    Consume,
    Count {
        as_name: Option<Name>,
    },
    Distinct(Vec<Expr>),
    /// The expression is the call of the plug-in; `schema` the columns after `:`.
    Evaluate {
        call: Expr,
        schema: Option<RowSchema>,
    },
    Extend(Vec<Expr>),
    Facet {
        by: Vec<Expr>,
        with: Option<Vec<Operator>>,
    },
    Find(Box<Find>),
    Fork(Vec<ForkBranch>),
    GetSchema,
    GraphMarkComponents,
    GraphMatch(Box<GraphMatch>),
    /// As `graph-match`; `output=` is among the parameters.
    GraphShortestPaths(Box<GraphMatch>),
    GraphToTable(Vec<GraphOutput>),
    /// `graph-where-nodes` and `graph-where-edges`.
    GraphWhereNodes(Expr),
    GraphWhereEdges(Expr),
    Invoke(Expr),
    /// `right` is the table or expression in parentheses.
    Join {
        right: Box<Expr>,
        on: Vec<Expr>,
    },
    Lookup {
        right: Box<Expr>,
        on: Vec<Expr>,
    },
    MakeGraph(Box<MakeGraph>),
    MakeSeries(Box<MakeSeries>),
    MvApply(Box<MvApply>),
    MvExpand {
        columns: Vec<Expansion>,
        limit: Option<Expr>,
    },
    /// `kind` and `flags` are among the parameters.
    Parse {
        value: Expr,
        pattern: Vec<ParsePart>,
    },
    ParseWhere {
        value: Expr,
        pattern: Vec<ParsePart>,
    },
    ParseKv {
        value: Expr,
        columns: Vec<ColumnDeclaration>,
        with: Vec<Parameter>,
    },
    /// `partition by column (query)`; the query begins with its first operator, or is a `{ }` with a source.
    Partition {
        by: Expr,
        body: PartitionBody,
    },
    PartitionBy {
        by: Expr,
        ids: Option<Vec<Expr>>,
        body: Vec<Operator>,
    },
    Print(Vec<Expr>),
    Project(Vec<Expr>),
    ProjectAway(Vec<Expr>),
    ProjectByNames(Vec<Expr>),
    ProjectKeep(Vec<Expr>),
    ProjectRename(Vec<Expr>),
    ProjectReorder(Vec<Reordered>),
    Range {
        name: Name,
        from: Expr,
        to: Expr,
        step: Expr,
    },
    Reduce {
        by: Expr,
        with: Vec<Parameter>,
    },
    Render {
        chart: Option<Name>,
        properties: Vec<Parameter>,
    },
    Sample(Expr),
    SampleDistinct {
        count: Expr,
        of: Expr,
    },
    Scan(Box<Scan>),
    Search {
        tables: Vec<Expr>,
        predicate: Expr,
    },
    Serialize(Vec<Expr>),
    Sort(Vec<Ordered>),
    Summarize {
        aggregates: Vec<Expr>,
        by: Vec<Expr>,
        bin: Option<Expr>,
    },
    Take(Expr),
    Top {
        count: Expr,
        by: Vec<Ordered>,
    },
    TopHitters {
        count: Expr,
        of: Expr,
        by: Option<Expr>,
    },
    TopNested(Vec<TopNested>),
    Union(Vec<Expr>),
    Where(Expr),
    /// Known to the language and not run by Postern (`execute-and-cache`, `macro-expand`, ...), or not known.
    Error,
}

/// `: (a:string, *)` after a plug-in.
#[derive(Clone, Debug, PartialEq)]
pub struct RowSchema {
    pub columns: Vec<ColumnDeclaration>,
    /// `*`: the columns of the input come first.
    pub has_star: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ordered {
    pub value: Expr,
    /// `None`: not written, so descending.
    pub is_ascending: Option<bool>,
    /// `None`: not written, so first when ascending and last when descending.
    pub nulls_first: Option<bool>,
}

/// `project-reorder a*, b asc`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reordered {
    pub value: Expr,
    pub order: Option<ReorderedOrder>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReorderedOrder {
    Ascending,
    Descending,
    GrannyAscending,
    GrannyDescending,
}

/// `mv-expand name = value to typeof(long)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expansion {
    /// A `Named`, or the value alone.
    pub value: Expr,
    pub to: Option<Type>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MvApply {
    pub columns: Vec<Expansion>,
    pub limit: Option<Expr>,
    pub item_index: Option<Name>,
    pub body: Vec<Operator>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PartitionBody {
    Operators(Vec<Operator>),
    Query(Box<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ForkBranch {
    pub name: Option<Name>,
    pub operators: Vec<Operator>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParsePart {
    Text {
        text: String,
        span: Span,
    },
    /// `*`.
    Skip(Span),
    Capture {
        name: Name,
        ty: Option<Type>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct MakeSeries {
    pub aggregates: Vec<SeriesAggregate>,
    pub on: Expr,
    pub range: SeriesRange,
    pub by: Vec<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SeriesAggregate {
    /// A `Named`, or the aggregate alone.
    pub value: Expr,
    pub default: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SeriesRange {
    /// `from a to b step c`; `from` and `to` may be left out.
    FromTo {
        from: Option<Expr>,
        to: Option<Expr>,
        step: Expr,
    },
    /// `in range(a, b, c)`, the old form.
    InRange { from: Expr, to: Expr, step: Expr },
}

#[derive(Clone, Debug, PartialEq)]
pub struct TopNested {
    pub count: Option<Expr>,
    /// A `Named`, or the value alone.
    pub of: Expr,
    pub with_others: Option<Expr>,
    /// The aggregate, perhaps `Named`.
    pub by: Expr,
    pub is_ascending: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    pub tables: Vec<Expr>,
    pub predicate: Expr,
    pub project: FindProject,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FindProject {
    Smart,
    Columns { columns: Vec<Expr>, has_pack: bool },
    Away { columns: Vec<Expr> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    pub order_by: Vec<Ordered>,
    pub partition_by: Vec<Expr>,
    pub declare: Vec<FunctionParameter>,
    pub steps: Vec<ScanStep>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ScanStep {
    pub name: Name,
    pub is_optional: bool,
    /// `output = all | last | none`.
    pub output: Option<Name>,
    pub condition: Expr,
    /// `a = b`, each a `Named`.
    pub assignments: Vec<Expr>,
}

/// `make-graph source --> target with nodes on id, ...`.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeGraph {
    pub source: Name,
    pub target: Name,
    /// Node tables with the column of their ids; empty when `with_node_id` or nothing is given.
    pub nodes: Vec<(Expr, Name)>,
    pub with_node_id: Option<Name>,
    pub partitioned_by: Option<(Name, Vec<Operator>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GraphMatch {
    pub patterns: Vec<GraphPattern>,
    pub filter: Option<Expr>,
    /// `None` when `project` is missing (then all variables' columns are given).
    pub project: Option<Vec<Expr>>,
}

/// A chain: node, edge, node, edge, ..., node.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphPattern {
    pub nodes: Vec<GraphNode>,
    /// One fewer than nodes; edge `i` lies between node `i` and `i + 1`.
    pub edges: Vec<GraphEdge>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GraphNode {
    /// `None` for `()`.
    pub name: Option<Name>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GraphEdge {
    /// `None` for `-->` and `-[*1..3]->`.
    pub name: Option<Name>,
    pub direction: EdgeDirection,
    /// `*min..max`.
    pub range: Option<(Expr, Expr)>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeDirection {
    /// `-->`
    Right,
    /// `<--`
    Left,
    /// `--`
    Both,
}

/// `nodes as N with_node_id=id` or `edges as E with_source_id=a with_target_id=b`.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphOutput {
    pub is_nodes: bool,
    pub as_name: Option<Name>,
    pub parameters: Vec<Parameter>,
    pub span: Span,
}
