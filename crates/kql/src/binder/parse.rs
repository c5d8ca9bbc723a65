//! `parse`, `parse-where`, `parse-kv`: columns out of texts.

use std::collections::HashSet;
use std::sync::Arc;

use crate::ast::{ColumnDeclaration, Expr, Operator, ParsePart};
use crate::ir::{self, Op, ParseKind, ParseKvOptions, Scalar, Tabular};
use crate::{Code, Column, Type};

use super::scope::Row;
use super::{Binder, Item, coerce};

impl Binder<'_> {
    pub fn parse(
        &mut self,
        input: Arc<Tabular>,
        value: &Expr,
        pattern: &[ParsePart],
        drops_unmatched: bool,
        operator: &Operator,
    ) -> Item {
        let value = self.text_of(&input, value);
        let kind = match self.parameter(&operator.parameters, "kind") {
            None => ParseKind::Simple,
            Some((kind, place)) => match kind.as_str() {
                "simple" => ParseKind::Simple,
                "relaxed" => ParseKind::Relaxed,
                "regex" => ParseKind::Regex,
                _ => {
                    self.error(
                        Code::Arguments,
                        place.span,
                        format!("no kind of `parse` is called `{kind}`"),
                    );
                    ParseKind::Simple
                }
            },
        };
        let flags = self
            .parameter(&operator.parameters, "flags")
            .map(|(flags, _)| flags)
            .unwrap_or_default();
        self.check_pattern(pattern);
        let mut columns = input.columns.clone();
        let mut outputs = Vec::new();
        let mut parts = Vec::with_capacity(pattern.len());
        let mut declared = HashSet::new();
        for part in pattern {
            parts.push(match part {
                ParsePart::Text { text, .. } => ir::ParsePart::Text(text.clone()),
                ParsePart::Skip(_) => ir::ParsePart::Skip,
                ParsePart::Capture { name, ty } => {
                    if !declared.insert(name.text.as_str()) {
                        self.duplicate(&name.text, name.span);
                        continue;
                    }
                    let ty = ty.unwrap_or(Type::String);
                    outputs.push(self.output(&mut columns, &name.text, ty));
                    ir::ParsePart::Capture(ty)
                }
            });
        }
        let Some(value) = value else {
            return self.unknown_rows(input, columns, operator);
        };
        let is_open = input.is_open;
        Item::Table(Arc::new(Tabular {
            columns,
            op: Op::Parse {
                input,
                parse: ir::Parse {
                    kind,
                    flags,
                    value,
                    pattern: parts,
                    outputs,
                    drops_unmatched,
                },
            },
            span: self.at(operator.span),
            is_open,
        }))
    }

    /// A column that is appended, or takes the place of the one of this name.
    fn output(&mut self, columns: &mut Vec<Column>, name: &str, ty: Type) -> usize {
        self.poisoned.remove(name);
        match columns.iter().position(|column| column.name == name) {
            Some(place) => {
                columns[place].ty = ty;
                place
            }
            None => {
                columns.push(Column::new(name, ty));
                columns.len() - 1
            }
        }
    }

    /// The text that is parsed; anything but text is written as text first.
    fn text_of(&mut self, input: &Tabular, value: &Expr) -> Option<Scalar> {
        let value = self.with_row(Row::of(input), |binder| {
            binder.note_caret(value.span);
            binder.scalar(value)
        })?;
        Some(coerce::to(value, Type::String))
    }

    fn check_pattern(&mut self, pattern: &[ParsePart]) {
        for (index, part) in pattern.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| &pattern[before]);
            match part {
                ParsePart::Text { .. } => {}
                ParsePart::Skip(span) => {
                    if matches!(pattern.get(index + 1), Some(next) if !matches!(next, ParsePart::Text { .. })) {
                        self.error(Code::Arguments, *span, "behind `*` there must be a text");
                    }
                    if let Some(ParsePart::Capture {
                        ty: None | Some(Type::String),
                        ..
                    }) = before
                    {
                        self.error(
                            Code::Arguments,
                            *span,
                            "`*` behind a text column can be read in many ways",
                        );
                    }
                }
                ParsePart::Capture { name, .. } => {
                    if matches!(before, Some(before) if !matches!(before, ParsePart::Text { .. })) {
                        self.error(Code::Arguments, name.span, "before a column there must be a text");
                    }
                }
            }
        }
    }

    pub fn parse_kv(
        &mut self,
        input: Arc<Tabular>,
        value: &Expr,
        declared: &[ColumnDeclaration],
        with: &[crate::ast::Parameter],
        operator: &Operator,
    ) -> Item {
        let value = self.text_of(&input, value);
        let named = self.declared_columns(declared);
        let mut columns = input.columns.clone();
        let mut outputs = Vec::with_capacity(named.len());
        for column in &named {
            outputs.push(self.output(&mut columns, &column.name, column.ty));
        }
        let mut options = ParseKvOptions::default();
        for option in with {
            let Some((text, _)) = self.parameter(std::slice::from_ref(option), &option.name.text) else {
                continue;
            };
            match option.name.text.as_str() {
                "pair_delimiter" => options.pair_delimiter = Some(text),
                "kv_delimiter" => options.kv_delimiter = Some(text),
                "quote" => match *text.chars().collect::<Vec<_>>() {
                    [both] => options.quote.push((both, both)),
                    [open, close] => options.quote.push((open, close)),
                    _ => self.error(Code::Arguments, option.value.span, "one or two characters belong here"),
                },
                "escape" => match *text.chars().collect::<Vec<_>>() {
                    [escape] => options.escape = Some(escape),
                    _ => self.error(Code::Arguments, option.value.span, "one character belongs here"),
                },
                "greedy" => options.greedy = text == "true",
                "regex" => options.regex = Some(text),
                name => {
                    let message = format!("`parse-kv` has no option `{name}`");
                    self.error(Code::Arguments, option.name.span, message);
                }
            }
        }
        let Some(value) = value else {
            return self.unknown_rows(input, columns, operator);
        };
        let is_open = input.is_open;
        Item::Table(Arc::new(Tabular {
            columns,
            op: Op::ParseKv {
                input,
                value,
                outputs,
                keys: named.into_iter().map(|column| column.name).collect(),
                options,
            },
            span: self.at(operator.span),
            is_open,
        }))
    }

    /// The columns are known, the rows cannot be computed.
    fn unknown_rows(&mut self, input: Arc<Tabular>, columns: Vec<Column>, operator: &Operator) -> Item {
        self.is_incomplete = true;
        Item::Table(Arc::new(Tabular {
            columns,
            op: Op::Rows { rows: Vec::new() },
            span: self.at(operator.span),
            is_open: input.is_open,
        }))
    }
}
