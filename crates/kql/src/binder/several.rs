//! `fork`, `facet`, `partition`, `scan`, `serialize`, `getschema`, `invoke`, `assert-schema`.

use std::rc::Rc;
use std::sync::Arc;

use crate::ast::{self, ColumnDeclaration, Expr, ExprKind, ForkBranch, Operator, ParameterType, PartitionBody};
use crate::ir::{self, Op, Output, Scalar, ScanOutput, ScanStep, Tabular};
use crate::{Code, Column, Diagnostic, Type, Value};

use super::combine::missing;
use super::scope::{Columns, Row, Steps, Variable};
use super::{Binder, Item, coerce, constant, tabular};

impl Binder<'_> {
    pub fn fork(&mut self, input: Arc<Tabular>, branches: &[ForkBranch], operator: &Operator) -> Item {
        let mut outputs = Vec::with_capacity(branches.len());
        for branch in branches {
            let Some(table) = self.body_over(input.clone(), &branch.operators, operator) else {
                return Item::Unknown;
            };
            outputs.push(output(branch.name.as_ref().map(|name| name.text.clone()), table));
        }
        Item::Tables(outputs)
    }

    /// `facet by a, b with (...)`: a table of the operators behind `with`, and one of the values of each column.
    pub fn facet(&mut self, input: Arc<Tabular>, by: &[Expr], with: Option<&[Operator]>, operator: &Operator) -> Item {
        let span = self.at(operator.span);
        let mut outputs = Vec::new();
        if let Some(operators) = with {
            let Some(table) = self.body_over(input.clone(), operators, operator) else {
                return Item::Unknown;
            };
            outputs.push(output(None, table));
        }
        for expr in by {
            let key = self.with_row(Row::of(&input), |binder| {
                binder.note_caret(expr.span);
                binder.plain_column(expr)
            });
            let Some((index, key)) = key else { return Item::Unknown };
            if key.ty == Type::Dynamic {
                self.mismatch(expr.span, "dynamic values cannot be compared: convert the column first");
                return Item::Unknown;
            }
            let name = input.columns[index].name.clone();
            let columns = vec![
                Column::new(name.clone(), key.ty),
                Column::new(format!("count_{name}"), Type::Long),
            ];
            let op = Op::Summarize {
                input: input.clone(),
                keys: vec![key],
                aggregates: vec![ir::Aggregate {
                    function: "count".to_owned(),
                    arguments: Vec::new(),
                    ty: Type::Long,
                    output: 0,
                    span,
                }],
            };
            outputs.push(output(Some(name), tabular(columns, op, span)));
        }
        Item::Tables(outputs)
    }

    pub fn partition(&mut self, input: Arc<Tabular>, by: &Expr, body: &PartitionBody, operator: &Operator) -> Item {
        let key = self.with_row(Row::of(&input), |binder| {
            binder.note_caret(by.span);
            binder.plain_column(by)
        });
        let PartitionBody::Operators(operators) = body else {
            self.unsupported(operator.keyword, "`partition` with a query of its own in braces");
            return Item::Unknown;
        };
        let span = self.at(operator.span);
        let rows = Arc::new(Tabular {
            columns: input.columns.clone(),
            op: Op::Input,
            span,
            is_open: input.is_open,
        });
        let body = self.body_over(rows, operators, operator);
        let (Some((_, key)), Some(body)) = (key, body) else {
            return Item::Unknown;
        };
        if key.ty == Type::Dynamic {
            self.mismatch(
                by.span,
                "rows cannot be parted by dynamic values: convert the column first",
            );
            return Item::Unknown;
        }
        Item::Table(Arc::new(Tabular {
            columns: body.columns.clone(),
            is_open: body.is_open,
            op: Op::Partition { input, by: key, body },
            span,
        }))
    }

    pub fn serialize(&mut self, input: Arc<Tabular>, exprs: &[Expr], operator: &Operator) -> Item {
        let span = self.at(operator.span);
        let ordered = super::pipe::same_columns(input, |input| Op::Serialize { input }, span);
        self.is_ordered = true;
        self.extend(ordered, exprs, operator.span)
    }

    /// Names and types of the columns, as rows.
    pub fn get_schema(&mut self, input: &Tabular, operator: &Operator) -> Item {
        if let Some(parameter) = operator.parameters.first() {
            self.unsupported(parameter.name.span, format!("`{}` of `getschema`", parameter.name.text));
            return Item::Unknown;
        }
        if input.is_open {
            self.is_incomplete = true;
        }
        let span = self.at(operator.span);
        let rows = input
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                vec![
                    constant::string(column.name.clone(), span),
                    constant::scalar(Value::Long(index as i64), span),
                    constant::string(runtime_name(column.ty), span),
                    constant::string(column.ty.name(), span),
                ]
            })
            .collect();
        let columns = vec![
            Column::new("ColumnName", Type::String),
            Column::new("ColumnOrdinal", Type::Long),
            Column::new("DataType", Type::String),
            Column::new("ColumnType", Type::String),
        ];
        Item::table(columns, Op::Rows { rows }, span)
    }

    pub fn assert_schema(&mut self, input: Arc<Tabular>, declared: &[ColumnDeclaration], operator: &Operator) -> Item {
        let expected = self.declared_columns(declared);
        if !input.is_open && input.columns != expected {
            let describe = |columns: &[Column]| {
                columns
                    .iter()
                    .map(|column| format!("{}:{}", column.name, column.ty))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let message = format!(
                "the columns are {}, not {}",
                describe(&input.columns),
                describe(&expected)
            );
            self.mismatch(operator.span, message);
        }
        let span = self.at(operator.span);
        Item::Table(super::pipe::same_columns(
            input,
            |input| Op::AssertSchema { input },
            span,
        ))
    }

    /// `invoke f(x)`: the function gets the table as its first argument.
    pub fn invoke(&mut self, input: Arc<Tabular>, call: &Expr, operator: &Operator) -> Item {
        let ExprKind::Call { name, arguments, .. } = &call.kind else {
            self.error(Code::Syntax, call.span, "`invoke` takes the call of a function");
            return Item::Unknown;
        };
        let function = match self.scope.find(&name.text) {
            Some(Variable::Function(function)) => Some(function.clone()),
            Some(_) => None,
            None => match self.schema.stored_function(&name.text) {
                Some(stored) => match self.stored(&stored, name.span) {
                    Some(function) => Some(function),
                    None => return Item::Unknown,
                },
                None => None,
            },
        };
        let Some(function) = function else {
            let stored = self.schema.stored_functions();
            let known: Vec<&str> = stored.iter().map(|function| function.name.as_str()).collect();
            self.unknown_name("function", &name.text, name.span, &known);
            return Item::Unknown;
        };
        if function
            .function
            .parameters
            .first()
            .is_none_or(|first| matches!(first.ty, ParameterType::Scalar(_)))
        {
            let message = format!("`{}` does not take a table as its first argument", name.text);
            self.error(Code::Arguments, name.span, message);
            return Item::Unknown;
        }
        if !self.count_expansion(operator.span) || !self.enter(operator.span) {
            return Item::Unknown;
        }
        let item = self.with_row(Row::None, |binder| {
            binder.expand_inside(&function, arguments, call.span, Some(input))
        });
        self.leave();
        item
    }

    #[inline(never)]
    pub fn scan(&mut self, input: Arc<Tabular>, scan: &ast::Scan, operator: &Operator) -> Item {
        let span = self.at(operator.span);
        let match_id = self
            .parameter(&operator.parameters, "with_match_id")
            .map(|(name, _)| name);
        let mut declared: Vec<(Column, Scalar)> = Vec::new();
        for declaration in &scan.declare {
            let ParameterType::Scalar(ty) = declaration.ty else {
                continue;
            };
            let default = match &declaration.default {
                Some(default) => self.scalar(default).map(|default| coerce::to(default, ty)),
                None => Some(missing(ty, span)),
            };
            let Some(default) = default else { return Item::Unknown };
            declared.push((Column::new(declaration.name.text.clone(), ty), default));
        }
        let (sort, partition) = self.with_row(Row::of(&input), |binder| {
            let sort = binder.sort_keys(&scan.order_by, true);
            let partition: Option<Vec<Scalar>> = scan.partition_by.iter().map(|by| binder.scalar(by)).collect();
            (sort, partition)
        });
        if scan.order_by.is_empty() && !self.is_ordered {
            self.mark("scan", operator.keyword);
        }
        let width = input.columns.len();
        let mut all = input.columns.clone();
        all.extend(declared.iter().map(|(column, _)| column.clone()));
        let mut columns = all.clone();
        columns.extend(match_id.iter().map(|name| Column::new(name.clone(), Type::Long)));
        super::projection::make_unique(&mut columns);
        let places: Vec<(String, usize)> = scan
            .steps
            .iter()
            .enumerate()
            .map(|(index, step)| (step.name.text.clone(), width + index * all.len()))
            .collect();
        let row = Rc::new(Columns::new(all, input.is_open));
        let mut steps = Vec::with_capacity(scan.steps.len());
        for (index, step) in scan.steps.iter().enumerate() {
            let scope = Steps {
                columns: row.clone(),
                width,
                places: places.clone(),
                current: places[index].1,
            };
            let bound = self.with_row(Row::Steps(Rc::new(scope)), |binder| binder.scan_step(step, &declared));
            steps.extend(bound);
        }
        let (Some(sort), Some(partition)) = (sort, partition) else {
            return Item::Unknown;
        };
        if steps.len() != scan.steps.len() {
            self.is_incomplete = true;
            return Item::Table(Arc::new(Tabular {
                columns,
                op: Op::Rows { rows: Vec::new() },
                span,
                is_open: input.is_open,
            }));
        }
        let is_open = input.is_open;
        let scan = ir::Scan {
            match_id,
            sort,
            partition,
            declared,
            steps,
        };
        Item::Table(Arc::new(Tabular {
            columns,
            op: Op::Scan {
                input,
                scan: Box::new(scan),
            },
            span,
            is_open,
        }))
    }

    fn scan_step(&mut self, step: &ast::ScanStep, declared: &[(Column, Scalar)]) -> Option<ScanStep> {
        self.note_caret(step.condition.span);
        let condition = self.condition(&step.condition);
        let mut assignments = Vec::with_capacity(step.assignments.len());
        let mut is_known = true;
        for assignment in &step.assignments {
            let ExprKind::Named { names, value, .. } = &assignment.kind else {
                self.error(Code::Syntax, assignment.span, "a step assigns values: `name = value`");
                return None;
            };
            let name = names.first()?;
            let Some(index) = declared.iter().position(|(column, _)| column.name == name.text) else {
                let known: Vec<&str> = declared.iter().map(|(column, _)| column.name.as_str()).collect();
                let message = format!("`{}` is not declared, so the step cannot assign it", name.text);
                let mut diagnostic = Diagnostic::error(Code::UnknownName, name.span, message);
                if let Some(near) = super::suggest::nearest(&name.text, &known) {
                    diagnostic = diagnostic.with_hint(format!("did you mean `{near}`?"));
                }
                self.report(diagnostic);
                is_known = false;
                continue;
            };
            match self.scalar(value) {
                Some(value) => assignments.push((index, coerce::to(value, declared[index].0.ty))),
                None => is_known = false,
            }
        }
        let output = match step.output.as_ref().map(|output| output.text.as_str()) {
            Some("last") => ScanOutput::Last,
            Some("none") => ScanOutput::None,
            _ => ScanOutput::All,
        };
        is_known.then_some(ScanStep {
            name: step.name.text.clone(),
            is_optional: step.is_optional,
            output,
            condition: condition?,
            assignments,
        })
    }
}

fn output(name: Option<String>, table: Arc<Tabular>) -> Output {
    Output {
        name,
        table,
        render: None,
        is_scalar: false,
    }
}

/// What `getschema` calls a type.
fn runtime_name(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::String => "System.String",
        Type::DateTime => "System.DateTime",
        Type::TimeSpan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}
