//! Operators behind a pipe, and those that begin a query.

use super::parameter::RENDER_PROPERTIES;
use super::{ListShape, Parser};
use crate::ast::{
    Expr, ExprKind, Name, Operator, OperatorKind, Ordered, Parameter, Reordered, ReorderedOrder, RowSchema,
};
use crate::lexer::{TokenKind, WordClass};
use crate::{Code, Diagnostic, Span};

/// The operators of the language, for "did you mean" and for completion.
pub const OPERATORS: [&str; 56] = [
    "as",
    "assert-schema",
    "consume",
    "count",
    "distinct",
    "evaluate",
    "extend",
    "facet",
    "filter",
    "find",
    "fork",
    "getschema",
    "graph-mark-components",
    "graph-match",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-where-edges",
    "graph-where-nodes",
    "invoke",
    "join",
    "limit",
    "lookup",
    "make-graph",
    "make-series",
    "mv-apply",
    "mv-expand",
    "mvapply",
    "mvexpand",
    "order",
    "parse",
    "parse-kv",
    "parse-where",
    "partition",
    "print",
    "project",
    "project-away",
    "project-by-names",
    "project-keep",
    "project-rename",
    "project-reorder",
    "range",
    "reduce",
    "render",
    "sample",
    "sample-distinct",
    "scan",
    "search",
    "serialize",
    "sort",
    "summarize",
    "take",
    "top",
    "top-hitters",
    "top-nested",
    "union",
    "where",
];

const CHARTS: [&str; 21] = [
    "table",
    "list",
    "barchart",
    "piechart",
    "ladderchart",
    "timechart",
    "linechart",
    "anomalychart",
    "pivotchart",
    "areachart",
    "stackedareachart",
    "scatterchart",
    "timepivot",
    "columnchart",
    "timeline",
    "3Dchart",
    "card",
    "treemap",
    "plotly",
    "graph",
    "sankey",
];

impl Parser<'_> {
    /// Whether an operator begins here, where a table or value may stand as well. Keywords that are names too are
    /// operators when what follows them says so.
    pub(super) fn at_query_operator(&self) -> bool {
        let word = self.word();
        let class = match self.peek() {
            TokenKind::Word(class) => class,
            _ => return false,
        };
        let next_is_name = matches!(
            self.ahead(1).kind,
            TokenKind::Word(WordClass::Identifier | WordClass::Name)
        );
        let next = self.word_ahead(1);
        match word {
            "evaluate" => next_is_name || self.next_is_hint() || self.bracketed_name_length(1) > 0,
            "facet" => next == "by",
            "partition" | "reduce" => next == "by" || next == "kind" || self.next_is_hint(),
            "range" => {
                let length = if next_is_name { 1 } else { self.bracketed_name_length(1) };
                length > 0 && self.word_ahead(1 + length) == "from"
            }
            "render" => CHARTS.contains(&next) || next_is_name,
            "__executeAndCache" | "macro-expand" => true,
            _ => OPERATORS.contains(&word) && class != WordClass::Name,
        }
    }

    fn next_is_hint(&self) -> bool {
        self.word_ahead(1) == "hint" && self.ahead(2).kind == TokenKind::Dot
    }

    /// The operator behind a pipe, or a diagnostic and an error node.
    pub(super) fn required_operator(&mut self) -> Operator {
        if let Some(operator) = self.operator() {
            return operator;
        }
        let start = self.span();
        if !self.is_recovering && matches!(self.peek(), TokenKind::Word(_)) {
            let word = self.word();
            let message = format!("`{}` is not an operator", super::shorten(word));
            let mut diagnostic = Diagnostic::error(Code::Syntax, start, message);
            if let Some(near) = nearest(word, &OPERATORS) {
                diagnostic = diagnostic.with_hint(format!("did you mean `{near}`?"));
            }
            self.report(diagnostic);
            self.is_recovering = true;
            self.advance();
        } else {
            self.expected("an operator, such as `where` or `summarize`");
            // What stands behind `||` is no operator either.
            self.take(TokenKind::Bar);
        }
        let span = if self.span() == start {
            self.error_here().span
        } else {
            self.span_from(start)
        };
        Operator {
            kind: OperatorKind::Error,
            parameters: Vec::new(),
            keyword: span,
            span,
        }
    }

    /// The operator at this place, or `None` when none is.
    pub(super) fn operator(&mut self) -> Option<Operator> {
        self.beside(Self::any_operator)
    }

    fn any_operator(&mut self) -> Option<Operator> {
        let keyword = self.span();
        let mut parameters = Vec::new();
        let word = self.word();
        let own: &[&str] = match word {
            "graph-shortest-paths" => &["output"],
            "graph-mark-components" => &["with_component_id"],
            "parse" | "parse-where" => &["flags"],
            "reduce" => &["threshold", "characters"],
            "union" | "macro-expand" => &["best_effort"],
            "assert-schema" | "count" | "facet" | "fork" | "getschema" | "graph-to-table" | "graph-where-edges"
            | "graph-where-nodes" | "invoke" | "parse-kv" | "print" | "project" | "project-away"
            | "project-by-names" | "project-keep" | "project-rename" | "project-reorder" | "range" | "render"
            | "top-hitters" | "top-nested" | "extend" | "__executeAndCache" => {
                return self.operator_without_parameters(keyword);
            }
            "search" => &["kind"],
            _ if OPERATORS.contains(&word) || word == "__partitionby" => &[],
            _ => return None,
        };
        self.advance();
        if word == "find" || word == "search" {
            self.data_scope();
        }
        parameters.extend(self.parameters(own));
        let kind = match word {
            "as" => OperatorKind::As(self.require_name("a name")),
            "consume" => OperatorKind::Consume,
            "distinct" => OperatorKind::Distinct(self.list("a column", ListShape::OneOrMore, |parser| {
                parser.star().or_else(|| parser.named())
            })),
            "evaluate" => self.evaluate(),
            "filter" | "where" => OperatorKind::Where(self.require_named()),
            "find" => self.find(),
            "graph-mark-components" => OperatorKind::GraphMarkComponents,
            "graph-match" => OperatorKind::GraphMatch(Box::new(self.graph_match())),
            "graph-shortest-paths" => OperatorKind::GraphShortestPaths(Box::new(self.graph_match())),
            "join" => self.join(),
            "limit" | "take" => OperatorKind::Take(self.require_named()),
            "lookup" => self.lookup(),
            "macro-expand" => self.macro_expand(keyword),
            "make-graph" => OperatorKind::MakeGraph(Box::new(self.make_graph())),
            "make-series" => OperatorKind::MakeSeries(Box::new(self.make_series())),
            "mv-apply" | "mvapply" => OperatorKind::MvApply(Box::new(self.mv_apply(&parameters))),
            "mv-expand" | "mvexpand" => self.mv_expand(),
            "order" | "sort" => {
                self.require_word("by");
                OperatorKind::Sort(self.ordered_list())
            }
            "parse" => {
                let (value, pattern) = self.parse_pattern();
                OperatorKind::Parse { value, pattern }
            }
            "parse-where" => {
                let (value, pattern) = self.parse_pattern();
                OperatorKind::ParseWhere { value, pattern }
            }
            "partition" => self.partition(),
            "__partitionby" => self.partition_by(),
            "reduce" => self.reduce(),
            "sample" => OperatorKind::Sample(self.require_named()),
            "sample-distinct" => {
                let count = self.require_named();
                self.require_word("of");
                OperatorKind::SampleDistinct {
                    count,
                    of: self.require_named(),
                }
            }
            "scan" => OperatorKind::Scan(Box::new(self.scan())),
            "search" => self.search(),
            "serialize" => OperatorKind::Serialize(self.named_list(ListShape::Any)),
            "summarize" => self.summarize(),
            "top" => {
                let count = self.require_named();
                self.require_word("by");
                // The language takes one expression; it says so itself.
                let by = self.ordered();
                let by = by.unwrap_or_else(|| Ordered {
                    value: self.or_missing(None),
                    is_ascending: None,
                    nulls_first: None,
                });
                OperatorKind::Top { count, by: vec![by] }
            }
            "union" => OperatorKind::Union(self.list("a table", ListShape::OneOrMore, Self::union_table)),
            _ => OperatorKind::Error,
        };
        Some(self.finished(keyword, kind, parameters))
    }

    fn finished(&mut self, keyword: Span, kind: OperatorKind, parameters: Vec<Parameter>) -> Operator {
        self.grow();
        Operator {
            kind,
            parameters,
            keyword,
            span: self.span_from(keyword),
        }
    }

    /// Operators in front of whose parts no parameters stand.
    fn operator_without_parameters(&mut self, keyword: Span) -> Option<Operator> {
        let mut parameters = Vec::new();
        let word = self.word();
        if word == "count" && self.ahead(1).kind == TokenKind::LeftParenthesis
            || word == "range" && self.ahead(1).kind == TokenKind::LeftParenthesis
        {
            return None;
        }
        if word == "top-nested" {
            let levels = self.list("`top-nested`", ListShape::OneOrMore, Self::top_nested);
            return Some(self.finished(keyword, OperatorKind::TopNested(levels), parameters));
        }
        self.advance();
        let kind = match word {
            "assert-schema" => OperatorKind::AssertSchema(self.row_schema()),
            "count" => OperatorKind::Count {
                as_name: self.take_word("as").map(|_| match self.peek() {
                    TokenKind::Word(WordClass::Identifier) => self.word_name(),
                    _ => self.missing_name("a name that is no keyword"),
                }),
            },
            "extend" => OperatorKind::Extend(self.named_list(ListShape::OneOrMore)),
            "facet" => self.facet(),
            "fork" => self.fork(),
            "getschema" => {
                parameters = self.parameters(&["kind"]);
                OperatorKind::GetSchema
            }
            "graph-to-table" => {
                OperatorKind::GraphToTable(self.list("`nodes` or `edges`", ListShape::OneOrMore, Self::graph_output))
            }
            "graph-where-edges" => OperatorKind::GraphWhereEdges(self.require_unnamed()),
            "graph-where-nodes" => OperatorKind::GraphWhereNodes(self.require_unnamed()),
            "invoke" => OperatorKind::Invoke(self.invoked()),
            "parse-kv" => self.parse_kv(),
            "print" => OperatorKind::Print(self.named_list(ListShape::OneOrMore)),
            "project" => OperatorKind::Project(self.named_list(ListShape::Any)),
            "project-away" => OperatorKind::ProjectAway(self.list("a column", ListShape::Any, Self::name_or_wildcard)),
            "project-by-names" => OperatorKind::ProjectByNames(self.list("a name", ListShape::Any, Self::unnamed)),
            "project-keep" => OperatorKind::ProjectKeep(self.list("a column", ListShape::Any, Self::name_or_wildcard)),
            "project-rename" => OperatorKind::ProjectRename(self.named_list(ListShape::Any)),
            "project-reorder" => OperatorKind::ProjectReorder(self.list("a column", ListShape::Any, Self::reordered)),
            "range" => {
                let name = self.require_name("a name");
                self.require_word("from");
                let from = self.require_unnamed();
                self.require_word("to");
                let to = self.require_unnamed();
                self.require_word("step");
                let step = self.require_unnamed();
                OperatorKind::Range { name, from, to, step }
            }
            "render" => {
                let chart = self.chart();
                parameters = self.legacy_render_properties();
                let properties = if self.take_word("with").is_some() {
                    self.properties(&RENDER_PROPERTIES)
                } else {
                    Vec::new()
                };
                OperatorKind::Render { chart, properties }
            }
            "top-hitters" => {
                let count = self.require_named();
                self.require_word("of");
                let of = self.require_named();
                let by = self.take_word("by").map(|_| self.require_named());
                OperatorKind::TopHitters { count, of, by }
            }
            _ => {
                self.unsupported(keyword, &format!("`{word}`"));
                OperatorKind::Error
            }
        };
        Some(self.finished(keyword, kind, parameters))
    }

    // Parts that several operators have

    pub(super) fn named_list(&mut self, shape: ListShape) -> Vec<Expr> {
        self.list("an expression", shape, Self::named)
    }

    pub(super) fn ordered_list(&mut self) -> Vec<Ordered> {
        self.list("an expression", ListShape::OneOrMore, Self::ordered)
    }

    /// `a desc nulls last`.
    pub(super) fn ordered(&mut self) -> Option<Ordered> {
        let value = self.named()?;
        let is_ascending = self
            .direction()
            .map(|order| matches!(order, ReorderedOrder::Ascending | ReorderedOrder::GrannyAscending));
        let nulls_first = if self.take_word("nulls").is_some() {
            if self.take_word("first").is_some() {
                Some(true)
            } else if self.take_word("last").is_some() {
                Some(false)
            } else {
                self.expected("`first` or `last`");
                None
            }
        } else {
            None
        };
        Some(Ordered {
            value,
            is_ascending,
            nulls_first,
        })
    }

    fn direction(&mut self) -> Option<ReorderedOrder> {
        let order = match self.word() {
            "asc" => ReorderedOrder::Ascending,
            "desc" => ReorderedOrder::Descending,
            "granny-asc" => ReorderedOrder::GrannyAscending,
            "granny-desc" => ReorderedOrder::GrannyDescending,
            _ => return None,
        };
        self.advance();
        Some(order)
    }

    fn reordered(&mut self) -> Option<Reordered> {
        let value = self.name_or_wildcard()?;
        Some(Reordered {
            value,
            order: self.direction(),
        })
    }

    pub(super) fn name_or_wildcard(&mut self) -> Option<Expr> {
        match self.wildcard() {
            Some(wildcard) => Some(wildcard),
            None => self.name().map(super::expression::name_expr),
        }
    }

    /// `a*`, `*b*`, `*`: words, numbers and stars without space between them, one star at least.
    pub(super) fn wildcard(&mut self) -> Option<Expr> {
        let is_word = |kind| {
            matches!(
                kind,
                TokenKind::Word(WordClass::Identifier | WordClass::Name | WordClass::Declared)
            )
        };
        let start = self.span();
        let mut length = match (self.peek(), self.ahead(1)) {
            (TokenKind::Star, _) => 1,
            (kind, next) if is_word(kind) && next.kind == TokenKind::Star && next.span.start == start.end => 2,
            _ => return None,
        };
        loop {
            let (before, next) = (self.ahead(length - 1), self.ahead(length));
            let continues = is_word(next.kind) || matches!(next.kind, TokenKind::Long | TokenKind::Star);
            if !continues || before.span.end != next.span.start {
                break;
            }
            length += 1;
        }
        self.at += length;
        let span = self.span_from(start);
        Some(Expr {
            kind: if length == 1 {
                ExprKind::Star
            } else {
                ExprKind::Wildcard(span.text(self.text).to_owned())
            },
            span,
        })
    }

    /// A table of `union`: in parentheses, a name, a wildcard, a path of calls and names.
    fn union_table(&mut self) -> Option<Expr> {
        if self.at_kind(TokenKind::LeftParenthesis) {
            return self.parenthesized();
        }
        self.wildcard_path()
    }

    /// `database("x").Table*`, `f(1)`, `a.b`, `T*`.
    pub(super) fn wildcard_path(&mut self) -> Option<Expr> {
        if let Some(wildcard) = self.wildcard() {
            return Some(wildcard);
        }
        let start = self.span();
        let expr = self
            .call()
            .or_else(|| self.path_name().map(super::expression::name_expr));
        let mut expr = expr?;
        loop {
            if self.at_kind(TokenKind::Dot) {
                self.advance();
                if let Some(wildcard) = self.wildcard() {
                    // The table behind a database; databases other than this one are refused by the binder.
                    expr = Expr {
                        kind: ExprKind::Member {
                            base: Box::new(expr),
                            name: Name {
                                text: wildcard.span.text(self.text).to_owned(),
                                span: wildcard.span,
                                is_quoted: false,
                            },
                        },
                        span: self.span_from(start),
                    };
                    return Some(expr);
                }
                self.at -= 1;
                expr = self.path_step(expr, start);
            } else if self.at_kind(TokenKind::LeftBracket) {
                expr = self.path_step(expr, start);
            } else {
                return Some(expr);
            }
        }
    }

    /// A name and what is taken from it, without calls: `a.b["c"]`.
    pub(super) fn simple_path(&mut self) -> Option<Expr> {
        let start = self.span();
        let mut expr = super::expression::name_expr(self.path_name()?);
        while matches!(self.peek(), TokenKind::Dot | TokenKind::LeftBracket) {
            expr = self.path_step(expr, start);
        }
        Some(expr)
    }

    /// The columns after `:` behind a plug-in.
    fn evaluate(&mut self) -> OperatorKind {
        let call = match self.call() {
            Some(call) => call,
            None => {
                self.expected("the call of a plug-in");
                self.error_here()
            }
        };
        let schema = self.take(TokenKind::Colon).map(|_| {
            let mut schema = RowSchema {
                columns: Vec::new(),
                has_star: false,
            };
            if self.require(TokenKind::LeftParenthesis, "columns in parentheses") {
                self.take(TokenKind::Comma);
                schema.has_star = self.take(TokenKind::Star).is_some();
                self.take(TokenKind::Comma);
                schema.columns = self.list("a column", ListShape::TrailingComma, Self::column_declaration);
                self.close(TokenKind::RightParenthesis, "`)`");
            }
            schema
        });
        OperatorKind::Evaluate { call, schema }
    }

    /// `f(x)`, `database("a").f(x)`.
    fn invoked(&mut self) -> Expr {
        match self.path() {
            Some(expr) if matches!(expr.kind, ExprKind::Call { .. }) => expr,
            Some(expr) => {
                let message = "`invoke` takes the call of a function";
                self.report(Diagnostic::error(Code::Syntax, expr.span, message));
                expr
            }
            None => {
                self.expected("the call of a function");
                self.error_here()
            }
        }
    }

    fn join(&mut self) -> OperatorKind {
        let right = Box::new(self.require_unnamed());
        let mut on = Vec::new();
        if self.take_word("on").is_some() {
            on = self.list("a column", ListShape::OneOrMore, Self::unnamed);
        } else if let Some(token) = self.take_word("where") {
            self.unsupported(token.span, "`join ... where`");
            self.require_unnamed();
        }
        OperatorKind::Join { right, on }
    }

    fn lookup(&mut self) -> OperatorKind {
        let right = Box::new(self.require_unnamed());
        self.require_word("on");
        let on = self.list("a column", ListShape::OneOrMore, Self::unnamed);
        OperatorKind::Lookup { right, on }
    }

    fn summarize(&mut self) -> OperatorKind {
        let aggregates = match self.word() {
            "by" if self.ahead(1).kind != TokenKind::Assign => Vec::new(),
            _ => self.named_list(ListShape::Any),
        };
        let (mut by, mut bin) = (Vec::new(), None);
        if self.take_word("by").is_some() {
            by = self.list("an expression", ListShape::OneOrMore, |parser| {
                if parser.at_old_bin() { None } else { parser.named() }
            });
            if self.at_old_bin() {
                self.at += 2;
                bin = Some(self.require_unnamed());
            }
        }
        OperatorKind::Summarize { aggregates, by, bin }
    }

    /// `bin = 1d` behind the keys of `summarize`, the old form.
    fn at_old_bin(&self) -> bool {
        self.at_word("bin")
            && self.ahead(1).kind == TokenKind::Assign
            && matches!(
                self.ahead(2).kind,
                TokenKind::Long | TokenKind::Real | TokenKind::TimeSpan | TokenKind::Typed(_)
            )
    }

    fn chart(&mut self) -> Option<Name> {
        let is_chart = CHARTS.contains(&self.word()) || self.at_kind(TokenKind::Word(WordClass::Identifier));
        if is_chart {
            return Some(self.word_name());
        }
        self.expected("the kind of a chart, such as `table` or `timechart`");
        None
    }

    /// `kind=stacked title="..." by a, b` behind the chart, the old form.
    fn legacy_render_properties(&mut self) -> Vec<Parameter> {
        const NAMES: [&str; 5] = ["accumulate", "by", "kind", "title", "with"];
        let mut properties = Vec::new();
        loop {
            let next = self.ahead(1).kind;
            let takes_value = match self.word() {
                "accumulate" | "kind" | "title" => next == TokenKind::Assign,
                "by" => true,
                "with" => next != TokenKind::LeftParenthesis,
                _ => false,
            };
            if !takes_value {
                return properties;
            }
            let name = self.word_name();
            self.take(TokenKind::Assign);
            self.parameter_value(name, &NAMES, &mut properties);
        }
    }
}

/// The word of the list that differs least from this one, when that is little.
pub(crate) fn nearest<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    const LENGTH_MAX: usize = 40;
    if word.len() > LENGTH_MAX {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let distance = |other: &str| edit_distance(lower.as_bytes(), other.as_bytes());
    let (best, nearest) = words.iter().map(|other| (distance(other), *other)).min()?;
    (best <= 1 + word.len() / 4).then_some(nearest)
}

fn edit_distance(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}
