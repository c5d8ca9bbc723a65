//! Graph operators: patterns are read token by token, since `-->` and `]->` are not tokens of their own.

use super::{ListShape, Parser};
use crate::Span;
use crate::ast::{EdgeDirection, Expr, GraphEdge, GraphMatch, GraphNode, GraphOutput, GraphPattern, MakeGraph, Name};
use crate::lexer::TokenKind;

use TokenKind::{Greater, LeftBracket, Less, Minus, RightBracket};

impl Parser<'_> {
    /// Whether these tokens stand here without space between them.
    fn at_sequence(&self, kinds: &[TokenKind]) -> bool {
        kinds.iter().enumerate().all(|(index, kind)| {
            let token = self.ahead(index);
            token.kind == *kind && (index == 0 || self.ahead(index - 1).span.end == token.span.start)
        })
    }

    fn take_sequence(&mut self, kinds: &[TokenKind]) -> bool {
        let found = self.at_sequence(kinds);
        if found {
            self.at += kinds.len();
        }
        found
    }

    /// `source --> target with Nodes on Id, ... partitioned-by column (operators)`.
    pub(super) fn make_graph(&mut self) -> MakeGraph {
        let source = self.require_name("the column of the source");
        if !self.take_sequence(&[Minus, Minus, Greater]) && !self.take_sequence(&[Minus, Minus]) {
            self.expected("`-->`");
        }
        let mut graph = MakeGraph {
            source,
            target: self.require_name("the column of the target"),
            nodes: Vec::new(),
            with_node_id: None,
            partitioned_by: None,
        };
        if self.take_word("with_node_id").is_some() {
            self.require(TokenKind::Assign, "`=`");
            graph.with_node_id = Some(self.require_name("a name"));
        } else if self.take_word("with").is_some() {
            graph.nodes = self.list("a table of nodes", ListShape::OneOrMore, Self::node_table);
        }
        if self.take_word("partitioned-by").is_some() {
            let column = self.require_name("a column");
            graph.partitioned_by = Some((column, self.body_in_parentheses()));
        }
        graph
    }

    fn node_table(&mut self) -> Option<(Expr, Name)> {
        let table = self.path()?;
        self.require_word("on");
        Some((table, self.require_name("the column of the node's id")))
    }

    /// Patterns, and the `where` and `project` that belong to them.
    pub(super) fn graph_match(&mut self) -> GraphMatch {
        let patterns = self.list(
            "a pattern such as `(a)-[e]->(b)`",
            ListShape::OneOrMore,
            Self::graph_pattern,
        );
        let filter = self.take_word("where").map(|_| self.require_unnamed());
        let project = self.take_word("project").map(|_| self.named_list(ListShape::OneOrMore));
        GraphMatch {
            patterns,
            filter,
            project,
        }
    }

    /// Nodes and edges by turns; a pattern begins and ends with a node.
    fn graph_pattern(&mut self) -> Option<GraphPattern> {
        let start = self.span();
        if !self.at_kind(TokenKind::LeftParenthesis) {
            return None;
        }
        let mut pattern = GraphPattern {
            nodes: vec![self.graph_node()],
            edges: Vec::new(),
            span: start,
        };
        while let Some(edge) = self.graph_edge() {
            pattern.edges.push(edge);
            pattern.nodes.push(self.graph_node());
        }
        pattern.span = self.span_from(start);
        Some(pattern)
    }

    fn graph_node(&mut self) -> GraphNode {
        let start = self.span();
        let mut name = None;
        if self.require(TokenKind::LeftParenthesis, "a node such as `(n)`") {
            name = self.name();
            self.close(TokenKind::RightParenthesis, "`)`");
        }
        GraphNode {
            name,
            span: self.span_from(start),
        }
    }

    fn graph_edge(&mut self) -> Option<GraphEdge> {
        let start = self.span();
        let plain: [(&[TokenKind], EdgeDirection); 3] = [
            (&[Minus, Minus, Greater], EdgeDirection::Right),
            (&[Less, Minus, Minus], EdgeDirection::Left),
            (&[Minus, Minus], EdgeDirection::Both),
        ];
        for (tokens, direction) in plain {
            if self.take_sequence(tokens) {
                return Some(GraphEdge {
                    name: None,
                    direction,
                    range: None,
                    span: self.span_from(start),
                });
            }
        }
        let is_left = self.take_sequence(&[Less, Minus, LeftBracket]);
        if !is_left && !self.take_sequence(&[Minus, LeftBracket]) {
            return None;
        }
        let name = self.name();
        let range = self.edge_range();
        let is_right = self.take_sequence(&[RightBracket, Minus, Greater]);
        if !is_right && !self.take_sequence(&[RightBracket, Minus]) {
            self.expected("`]->` or `]-`");
        }
        let span = self.span_from(start);
        if is_left && is_right {
            self.report_both_arrows(span);
        }
        Some(GraphEdge {
            name,
            direction: match (is_left, is_right) {
                (true, _) => EdgeDirection::Left,
                (false, true) => EdgeDirection::Right,
                (false, false) => EdgeDirection::Both,
            },
            range,
            span,
        })
    }

    fn report_both_arrows(&mut self, span: Span) {
        use crate::{Code, Diagnostic};
        let diagnostic = Diagnostic::error(Code::Arguments, span, "an edge points to one side");
        self.report(diagnostic.with_hint("write -[e]- for an edge in either direction"));
    }

    /// `*1..3`.
    fn edge_range(&mut self) -> Option<(Expr, Expr)> {
        self.take(TokenKind::Star)?;
        let low = self.path();
        let low = self.or_missing(low);
        self.require(TokenKind::DotDot, "`..`");
        let high = self.path();
        Some((low, self.or_missing(high)))
    }

    /// `nodes as N with_node_id=id` or `edges as E with_source_id=a with_target_id=b`.
    pub(super) fn graph_output(&mut self) -> Option<GraphOutput> {
        let start = self.span();
        let is_nodes = match self.word() {
            "nodes" => true,
            "edges" => false,
            _ => return None,
        };
        self.advance();
        let as_name = self.take_word("as").map(|_| self.require_name("a name"));
        let own: &[&str] = if is_nodes {
            &["with_node_id"]
        } else {
            &["with_source_id", "with_target_id"]
        };
        let parameters = self.parameters(own);
        Some(GraphOutput {
            is_nodes,
            as_name,
            parameters,
            span: self.span_from(start),
        })
    }
}
