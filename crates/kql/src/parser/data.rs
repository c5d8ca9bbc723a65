//! Operators and sources with a grammar of their own: `datatable`, `find`, `parse`, `mv-apply`, `make-series`, ...

use super::parameter::name_value;
use super::{ListShape, Parser};
use crate::ast::{
    Expansion, Expr, ExprKind, Find, FindProject, ForkBranch, MakeSeries, MvApply, Operator, OperatorKind, Parameter,
    ParsePart, PartitionBody, Scan, ScanStep, SeriesAggregate, SeriesRange, TopNested,
};
use crate::lexer::TokenKind;
use crate::{Code, Diagnostic, Span, Type};

const PARSE_KV_OPTIONS: [&str; 6] = ["escape", "greedy", "kv_delimiter", "pair_delimiter", "quote", "regex"];

impl Parser<'_> {
    /// `datatable(a:string)["x", ...]`.
    pub(super) fn datatable(&mut self) -> Expr {
        let start = self.advance().span;
        self.parameters(&[]);
        let columns = self.row_schema();
        let mut values = Vec::new();
        if self.require(TokenKind::LeftBracket, "`[` and the values") {
            self.take(TokenKind::Comma);
            let list = self.nested(|parser| parser.list("a constant", ListShape::TrailingComma, Self::literal));
            values = list.unwrap_or_default();
            if !self.is_recovering && !self.at_kind(TokenKind::RightBracket) {
                self.expected("a constant or `]`");
            }
            self.close(TokenKind::RightBracket, "`]`");
        }
        Expr {
            kind: ExprKind::DataTable { columns, values },
            span: self.span_from(start),
        }
    }

    /// `externaldata(a:string)[uri] with (format="csv")`.
    pub(super) fn external_data(&mut self) -> Expr {
        let start = self.advance().span;
        let mut properties = self.parameters(&[]);
        let columns = self.row_schema();
        let mut uris = Vec::new();
        if self.require(TokenKind::LeftBracket, "`[` and the sources") {
            let list = self.nested(|parser| parser.list("a source", ListShape::TrailingComma, Self::pipe));
            uris = list.unwrap_or_default();
            self.close(TokenKind::RightBracket, "`]`");
        }
        if self.take_word("with").is_some() {
            properties.extend(self.free_properties());
        }
        Expr {
            kind: ExprKind::ExternalData {
                columns,
                uris,
                properties,
            },
            span: self.span_from(start),
        }
    }

    /// `datascope = hotcache`, which says where the service looks; here everything is in one place.
    pub(super) fn data_scope(&mut self) {
        if self.at_word("datascope") && self.ahead(1).kind == TokenKind::Assign {
            let span = self.span();
            self.at += 2;
            if matches!(self.word(), "all" | "hotcache") {
                self.advance();
            } else {
                self.expected("`all` or `hotcache`");
            }
            self.unsupported(span, "`datascope`");
        }
    }

    pub(super) fn facet(&mut self) -> OperatorKind {
        self.require_word("by");
        let by = self.list("a column", ListShape::OneOrMore, Self::simple_path);
        let with = self.take_word("with").map(|_| {
            if self.take(TokenKind::LeftParenthesis).is_none() {
                return vec![self.required_operator()];
            }
            let operators = self.nested(Self::operators);
            self.close(TokenKind::RightParenthesis, "`)`");
            operators.unwrap_or_default()
        });
        OperatorKind::Facet { by, with }
    }

    /// An operator and those that follow it behind pipes, with no table in front.
    pub(super) fn operators(&mut self) -> Vec<Operator> {
        let mut operators = vec![self.required_operator()];
        self.recover_in_pipe();
        self.more_operators(&mut operators);
        operators
    }

    pub(super) fn fork(&mut self) -> OperatorKind {
        let mut branches = Vec::new();
        loop {
            let length = match self.peek() {
                TokenKind::LeftParenthesis => 0,
                _ => self.name_length(0),
            };
            let has_name = length > 0 && self.ahead(length).kind == TokenKind::Assign;
            if !has_name && !self.at_kind(TokenKind::LeftParenthesis) {
                break;
            }
            let name = if has_name { self.name() } else { None };
            self.take(TokenKind::Assign);
            if !self.require(TokenKind::LeftParenthesis, "`(`") {
                break;
            }
            let operators = self.nested(Self::operators);
            self.close(TokenKind::RightParenthesis, "`)`");
            branches.push(ForkBranch {
                name,
                operators: operators.unwrap_or_default(),
            });
        }
        if branches.is_empty() {
            self.expected("`(` and the operators of a branch");
        }
        OperatorKind::Fork(branches)
    }

    pub(super) fn find(&mut self) -> OperatorKind {
        let tables = self.searched_tables();
        if tables.is_some() {
            self.require_word("where");
        } else {
            self.take_word("where");
        }
        let predicate = self.require_unnamed();
        let mut project = FindProject::Smart;
        if self.take_word("project").is_some() {
            let (columns, has_pack) = self.find_columns();
            project = FindProject::Columns { columns, has_pack };
        } else {
            self.take_word("project-smart");
        }
        if let Some(token) = self.take_word("__projectAway") {
            let (columns, _) = self.find_columns();
            self.unsupported(token.span, "`__projectAway`");
            project = FindProject::Away { columns };
        }
        OperatorKind::Find(Box::new(Find {
            tables: tables.unwrap_or_default(),
            predicate,
            project,
        }))
    }

    /// `name`, `name:type`, `*` and whether `pack(*)` is among them.
    fn find_columns(&mut self) -> (Vec<Expr>, bool) {
        let mut has_pack = false;
        let columns = self.list("a column", ListShape::OneOrMore, |parser| {
            if parser.take_word("pack").is_some() {
                parser.require(TokenKind::LeftParenthesis, "`(*)`");
                parser.require(TokenKind::Star, "`*`");
                parser.close(TokenKind::RightParenthesis, "`)`");
                has_pack = true;
                return Some(None);
            }
            if let Some(star) = parser.star() {
                return Some(Some(star));
            }
            let name = parser.name()?;
            if parser.take(TokenKind::Colon).is_some() {
                parser.type_name(true);
            }
            Some(Some(super::expression::name_expr(name)))
        });
        (columns.into_iter().flatten().collect(), has_pack)
    }

    /// `in (T1, U*)`.
    fn searched_tables(&mut self) -> Option<Vec<Expr>> {
        self.take_word("in")?;
        self.require(TokenKind::LeftParenthesis, "`(`");
        let tables = self.list("a table", ListShape::OneOrMore, |parser| {
            let table = parser.wildcard_path()?;
            if let Some(bar) = parser.take(TokenKind::Bar) {
                parser.unsupported(bar.span, "an operator inside the list of tables");
                parser.require_word("as");
                parser.require_name("a name");
            }
            Some(table)
        });
        self.close(TokenKind::RightParenthesis, "`)`");
        Some(tables)
    }

    pub(super) fn search(&mut self) -> OperatorKind {
        self.data_scope();
        let tables = self.searched_tables().unwrap_or_default();
        let predicate = match self.unnamed() {
            Some(predicate) => predicate,
            None => self.star_predicate(),
        };
        OperatorKind::Search { tables, predicate }
    }

    /// `*` or `* and condition`.
    fn star_predicate(&mut self) -> Expr {
        let Some(star) = self.star() else {
            return self.or_missing(None);
        };
        let Some(and) = self.take_word("and") else { return star };
        let right = self.require_unnamed();
        Expr {
            span: star.span.to(right.span),
            kind: ExprKind::Binary {
                operator: crate::ast::BinaryOperator::And,
                operator_span: and.span,
                left: Box::new(star),
                right: Box::new(right),
            },
        }
    }

    // Expansion of arrays

    fn expansions(&mut self, ends: &[&str]) -> Vec<Expansion> {
        self.list("an expression", ListShape::OneOrMore, |parser| {
            let next = parser.ahead(1).kind;
            let is_name = matches!(next, TokenKind::Comma | TokenKind::Assign) || parser.word_ahead(1) == "to";
            if ends.contains(&parser.word()) && !is_name {
                return None;
            }
            let value = parser.named()?;
            let to = match parser.take_word("to") {
                Some(_) => parser.target_type(),
                None => None,
            };
            Some(Expansion { value, to })
        })
    }

    /// `typeof(long)` behind `to`.
    fn target_type(&mut self) -> Option<Type> {
        if !self.at_word("typeof") || self.ahead(1).kind != TokenKind::LeftParenthesis {
            self.expected("`typeof(...)`");
            return None;
        }
        match self.type_of().kind {
            ExprKind::TypeOf { ty, .. } => ty,
            _ => None,
        }
    }

    pub(super) fn mv_expand(&mut self) -> OperatorKind {
        let columns = self.expansions(&["limit"]);
        let limit = self.take_word("limit").map(|_| self.require_unnamed());
        OperatorKind::MvExpand { columns, limit }
    }

    pub(super) fn mv_apply(&mut self, parameters: &[Parameter]) -> MvApply {
        let mut apply = MvApply {
            columns: self.expansions(&["limit", "id", "on"]),
            limit: self.take_word("limit").map(|_| self.require_unnamed()),
            item_index: name_value(parameters, "with_itemindex"),
            body: Vec::new(),
        };
        if let Some(token) = self.take_word("id") {
            self.unsupported(token.span, "`id` of `mv-apply`");
            self.require_unnamed();
        }
        self.require_word("on");
        apply.body = self.body_in_parentheses();
        apply
    }

    /// `( operator | operator ... )`.
    pub(super) fn body_in_parentheses(&mut self) -> Vec<Operator> {
        if !self.require(TokenKind::LeftParenthesis, "`(` and operators") {
            return Vec::new();
        }
        let body = self.nested(Self::operators);
        self.close(TokenKind::RightParenthesis, "`)`");
        body.unwrap_or_default()
    }

    // Texts

    pub(super) fn parse_pattern(&mut self) -> (Expr, Vec<ParsePart>) {
        let value = self.require_unnamed();
        let mut pattern = Vec::new();
        if !self.require_word("with") {
            return (value, pattern);
        }
        loop {
            if let Some(star) = self.take(TokenKind::Star) {
                pattern.push(ParsePart::Skip(star.span));
            } else if self.at_kind(TokenKind::String) {
                let (text, span) = self.joined_strings();
                pattern.push(ParsePart::Text { text, span });
            } else if let Some(name) = self.declared_name() {
                let ty = self.take(TokenKind::Colon).and_then(|_| self.type_name(false));
                pattern.push(ParsePart::Capture { name, ty });
            } else {
                return (value, pattern);
            }
        }
    }

    pub(super) fn parse_kv(&mut self) -> OperatorKind {
        let value = self.require_unnamed();
        self.require_word("as");
        let columns = self.row_schema();
        let with = if self.take_word("with").is_some() {
            self.properties(&PARSE_KV_OPTIONS)
        } else {
            Vec::new()
        };
        OperatorKind::ParseKv { value, columns, with }
    }

    pub(super) fn reduce(&mut self) -> OperatorKind {
        self.require_word("by");
        let by = self.require_named();
        let mut with = Vec::new();
        if self.take_word("with").is_some() {
            loop {
                let before = with.len();
                with.extend(self.parameters(&["characters", "threshold"]));
                if with.len() == before {
                    self.expected("`threshold=` or `characters=`");
                    break;
                }
                if self.take(TokenKind::Comma).is_none() {
                    break;
                }
            }
        }
        OperatorKind::Reduce { by, with }
    }

    // Groups of rows

    pub(super) fn partition(&mut self) -> OperatorKind {
        self.require_word("by");
        let by = self.simple_path();
        let by = self.or_missing(by);
        if let Some(token) = self.take_word("in") {
            self.unsupported(token.span, "`in` of `partition`");
            let scope = self.call().or_else(|| self.literal());
            self.or_missing(scope);
        }
        let body = match self.peek() {
            TokenKind::LeftBrace => {
                self.advance();
                let query = self.nested(|parser| {
                    let query = parser.pipe();
                    parser.or_missing(query)
                });
                self.close(TokenKind::RightBrace, "`}`");
                PartitionBody::Query(Box::new(query.unwrap_or_else(|| self.error_here())))
            }
            _ => PartitionBody::Operators(self.body_in_parentheses()),
        };
        OperatorKind::Partition { by, body }
    }

    /// `__partitionby column id guid ( operators )`.
    pub(super) fn partition_by(&mut self) -> OperatorKind {
        let by = self.simple_path();
        let by = self.or_missing(by);
        let ids = self.take_word("id").map(|_| {
            let id = self.literal();
            vec![self.or_missing(id)]
        });
        let body = self.body_in_parentheses();
        OperatorKind::PartitionBy { by, ids, body }
    }

    pub(super) fn top_nested(&mut self) -> Option<TopNested> {
        self.take_word("top-nested")?;
        let count = match self.word() {
            "of" => None,
            _ => self.named(),
        };
        self.require_word("of");
        let of = self.require_named();
        let mut with_others = None;
        if self.take_word("with").is_some() {
            self.require_word("others");
            self.require(TokenKind::Assign, "`=`");
            with_others = Some(self.require_unnamed());
        }
        self.require_word("by");
        let by = self.ordered();
        let (by, is_ascending) = match by {
            Some(by) => (by.value, by.is_ascending),
            None => (self.or_missing(None), None),
        };
        Some(TopNested {
            count,
            of,
            with_others,
            by,
            is_ascending,
        })
    }

    // Series

    pub(super) fn make_series(&mut self) -> MakeSeries {
        let aggregates = self.list("an aggregate", ListShape::OneOrMore, |parser| {
            if matches!(parser.word(), "on" | "from" | "in") {
                return None;
            }
            let value = parser.named()?;
            let default = parser.take_word("default").map(|_| {
                parser.require(TokenKind::Assign, "`=`");
                parser.require_named()
            });
            Some(SeriesAggregate { value, default })
        });
        self.require_word("on");
        let on = self.require_named();
        let range = match self.word() {
            "from" | "to" | "step" => {
                let from = self.take_word("from").map(|_| self.require_unnamed());
                let to = self.take_word("to").map(|_| self.require_unnamed());
                self.require_word("step");
                let step = self.require_unnamed();
                SeriesRange::FromTo { from, to, step }
            }
            _ => self.series_in_range(),
        };
        let by = match self.take_word("by") {
            Some(_) => self.named_list(ListShape::OneOrMore),
            None => Vec::new(),
        };
        MakeSeries {
            aggregates,
            on,
            range,
            by,
        }
    }

    /// `in range(from, to, step)`.
    fn series_in_range(&mut self) -> SeriesRange {
        let start = self.span();
        let mut bounds = Vec::new();
        if self.take_word("in").is_none() {
            self.expected("`from`, `step` or `in range(...)`");
        } else {
            self.require_word("range");
            if self.require(TokenKind::LeftParenthesis, "`(`") {
                bounds = self
                    .nested(|parser| parser.named_list(ListShape::Any))
                    .unwrap_or_default();
                self.close(TokenKind::RightParenthesis, "`)`");
            }
        }
        if bounds.len() != 3 && !self.is_recovering {
            let span = self.span_from(start);
            let message = "`in range(...)` takes a start, an end and a step";
            self.report(Diagnostic::error(Code::Arguments, span, message));
        }
        let mut bounds = bounds.into_iter();
        let mut next = || bounds.next().unwrap_or_else(|| self.error_here());
        SeriesRange::InRange {
            from: next(),
            to: next(),
            step: next(),
        }
    }

    // Scan

    pub(super) fn scan(&mut self) -> Scan {
        let mut scan = Scan {
            order_by: Vec::new(),
            partition_by: Vec::new(),
            declare: Vec::new(),
            steps: Vec::new(),
        };
        if self.take_word("order").is_some() {
            self.require_word("by");
            scan.order_by = self.ordered_list();
        }
        if self.take_word("partition").is_some() {
            self.require_word("by");
            scan.partition_by = self.list("a column", ListShape::OneOrMore, Self::unnamed);
        }
        if self.take_word("declare").is_some() {
            scan.declare = self.function_parameters(ListShape::Any);
        }
        self.require_word("with");
        if self.require(TokenKind::LeftParenthesis, "`(` and steps") {
            self.nested(|parser| {
                while parser.at_word("step") {
                    scan.steps.push(parser.scan_step());
                }
            });
            self.close(TokenKind::RightParenthesis, "`step` or `)`");
        }
        scan
    }

    fn scan_step(&mut self) -> ScanStep {
        self.advance();
        let name = match self.declared_name() {
            Some(name) => name,
            None => self.missing_name("the name of a step"),
        };
        let is_optional = self.take_word("optional").is_some();
        let mut output = None;
        if self.take_word("output").is_some() {
            self.require(TokenKind::Assign, "`=`");
            if matches!(self.word(), "all" | "last" | "none") {
                output = Some(self.word_name());
            } else {
                self.expected("`all`, `last` or `none`");
            }
        }
        self.require(TokenKind::Colon, "`:`");
        let condition = self.require_unnamed();
        let mut assignments = Vec::new();
        if self.take(TokenKind::Arrow).is_some() {
            assignments = self.list("an assignment", ListShape::OneOrMore, |parser| {
                let start = parser.span();
                let name = parser.declared_name()?;
                parser.require(TokenKind::Assign, "`=`");
                let value = Box::new(parser.require_unnamed());
                Some(Expr {
                    kind: ExprKind::Named {
                        names: vec![name],
                        has_parentheses: false,
                        value,
                    },
                    span: parser.span_from(start),
                })
            });
        }
        self.require(TokenKind::Semicolon, "`;` behind the step");
        ScanStep {
            name,
            is_optional,
            output,
            condition,
            assignments,
        }
    }

    /// `inline_external_table (a:string) kind=storage ... (uris)`: a table in files that the query names.
    pub(super) fn inline_external_table(&mut self) -> Expr {
        let start = self.span();
        self.unsupported(start, "`inline_external_table`");
        self.skip_to_boundary();
        Expr {
            kind: ExprKind::Error,
            span: self.span_from(start),
        }
    }

    /// `macro-expand` runs a query once for each database of a group; here is one.
    pub(super) fn macro_expand(&mut self, keyword: Span) -> OperatorKind {
        self.unsupported(keyword, "`macro-expand`");
        self.skip_to_boundary();
        OperatorKind::Error
    }
}
