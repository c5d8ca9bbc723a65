//! `evaluate`: plug-ins, whose columns follow rules of their own or depend on the rows.

use std::sync::Arc;

use crate::ast::{Expr, ExprKind, Name, Operator, RowSchema};
use crate::functions::{self, ArgumentKind, Function, FunctionKind, ParameterKind, Repeat, Signature};
use crate::ir::{Op, PluginArgument, ScalarKind, Tabular};
use crate::{Code, Column, Diagnostic, Span, Type};

use super::projection::make_unique;
use super::scope::{Columns, Row};
use super::{Binder, Item, coerce, constant};

/// Parameters that the table of signatures does not have.
const MORE: &[(&str, &[(&str, Type)])] = &[(
    "bag_unpack",
    &[("columnsConflict", Type::String), ("ignoredProperties", Type::Dynamic)],
)];

/// A parameter as a plug-in's arguments are matched with it.
struct Slot<'s> {
    name: &'s str,
    argument: ArgumentKind,
    kind: ParameterKind,
    is_optional: bool,
    is_repeated: bool,
}

impl Binder<'_> {
    #[inline(never)]
    pub fn evaluate(
        &mut self,
        input: Option<Arc<Tabular>>,
        call: &Expr,
        schema: Option<&RowSchema>,
        operator: &Operator,
    ) -> Item {
        let ExprKind::Call { name, arguments, .. } = &call.kind else {
            self.error(Code::Syntax, call.span, "`evaluate` takes the call of a plug-in");
            return Item::Unknown;
        };
        let Some(function) = functions::function(FunctionKind::PlugIn, &name.text) else {
            let known: Vec<&str> = functions::functions()
                .iter()
                .filter(|function| function.kind == FunctionKind::PlugIn && function.is_supported())
                .map(|function| function.name)
                .collect();
            self.unknown_name("plug-in", &name.text, name.span, &known);
            return Item::Unknown;
        };
        if !function.is_supported() {
            self.refuse(function, name.span);
            return Item::Unknown;
        }
        let Some(input) = input else {
            self.error(
                Code::Arguments,
                name.span,
                format!("`{}` needs a table before the pipe", name.text),
            );
            return Item::Unknown;
        };
        let bound = self.with_row(Row::of(&input), |binder| {
            binder.note_caret(call.span);
            binder.plugin_arguments(function, name, arguments)
        });
        let Some(bound) = bound else {
            self.is_incomplete = true;
            return Item::Table(super::pipe::unknown_table(operator.span));
        };
        let (columns, is_open) = plugin_columns(function.name, &input, &bound);
        let span = self.at(operator.span);
        let plugin = |columns, is_open| Tabular {
            columns,
            op: Op::Evaluate {
                plugin: function.canonical.to_owned(),
                input: Some(input.clone()),
                arguments: bound.clone(),
            },
            span,
            is_open,
        };
        if let Some(schema) = schema {
            let declared = self.declared_columns(&schema.columns);
            let mut all: Vec<Column> = Vec::new();
            if schema.has_star {
                let is_declared = |column: &&Column| declared.iter().any(|known| known.name == column.name);
                all.extend(columns.iter().filter(|column| !is_declared(column)).cloned());
            }
            all.extend(declared);
            return Item::Table(Arc::new(plugin(all, false)));
        }
        if !is_open || input.is_open {
            return Item::Table(Arc::new(plugin(columns, is_open || input.is_open)));
        }
        let open = plugin(columns.clone(), true);
        let failed = self.is_incomplete || self.has_errors();
        match (!failed).then(|| self.schema.discover(&open)).flatten() {
            Some(Ok(found)) => Item::Table(Arc::new(plugin(found, false))),
            Some(Err(message)) => {
                self.error(Code::Arguments, name.span, message);
                Item::Unknown
            }
            None => Item::Table(Arc::new(open)),
        }
    }

    /// Whether an error was reported, so that nothing can be run.
    fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == crate::Severity::Error)
    }

    fn plugin_arguments(
        &mut self,
        function: &'static Function,
        name: &Name,
        arguments: &[crate::ast::Argument],
    ) -> Option<Vec<PluginArgument>> {
        let signature = fitting(function, arguments.len());
        let slots = slots(function, signature);
        let mut bound: Vec<PluginArgument> = Vec::new();
        let mut behind: Vec<PluginArgument> = Vec::new();
        let mut lookup: Option<Arc<Tabular>> = None;
        let mut at = 0;
        let mut is_known = true;
        for argument in arguments {
            let (written, value) = match (&argument.name, &argument.value.kind) {
                (Some(name), _) => (Some(name), &argument.value),
                (None, ExprKind::Named { names, value, .. }) => (names.first(), value.as_ref()),
                (None, _) => (None, &argument.value),
            };
            let place = match written {
                Some(written) => slots
                    .iter()
                    .position(|slot| slot.name.eq_ignore_ascii_case(&written.text)),
                None => self.positional(function, &slots, at, value),
            };
            let Some(place) = place else {
                self.wrong_plugin_call(function, name);
                return None;
            };
            let slot = &slots[place];
            if written.is_none() {
                at = if slot.is_repeated { place } else { place + 1 };
            }
            let Some(argument) = self.plugin_argument(function, slot, value, &mut lookup) else {
                is_known = false;
                continue;
            };
            if slots[..place].iter().any(|slot| slot.is_repeated) {
                behind.push(argument);
                continue;
            }
            // What was left out before this one is null.
            while bound.len() < place && !slots[bound.len()].is_repeated {
                let ty = null_type(&slots[bound.len()].kind);
                bound.push(PluginArgument::Scalar(super::combine::missing(
                    ty,
                    argument_span(value, self),
                )));
            }
            bound.push(argument);
        }
        let required = slots
            .iter()
            .take_while(|slot| !slot.is_optional && !slot.is_repeated)
            .count();
        if is_known && bound.len() < required {
            self.wrong_plugin_call(function, name);
            return None;
        }
        bound.append(&mut behind);
        is_known.then_some(bound)
    }

    /// The parameter of an argument without a name.
    fn positional(&mut self, function: &Function, slots: &[Slot], at: usize, value: &Expr) -> Option<usize> {
        let slot = slots.get(at)?;
        let is_column = || {
            matches!(&value.kind, ExprKind::Name(name)
            if self.row.columns().is_some_and(|row| row.find(&name.text).is_some()))
        };
        // `new_activity_metrics(id, time, from, to, window, [cohort], dimensions..., [lookback])`.
        if function.name == "new_activity_metrics" && slot.name == "Cohort" && is_column() {
            return Some(at + 1);
        }
        if slot.is_repeated
            && let Some(next) = slots.get(at + 1)
            && next.kind == ParameterKind::Tabular
            && !is_column()
        {
            return Some(at + 1);
        }
        Some(at)
    }

    fn plugin_argument(
        &mut self,
        function: &Function,
        slot: &Slot,
        value: &Expr,
        lookup: &mut Option<Arc<Tabular>>,
    ) -> Option<PluginArgument> {
        match slot.argument {
            ArgumentKind::Column | ArgumentKind::ColumnOfBoth => {
                let (index, column) = self.plain_column(value)?;
                self.check_plugin_type(function, slot, column.ty, value.span)?;
                Some(PluginArgument::Column(index))
            }
            ArgumentKind::ColumnOfFirst => {
                let table = lookup.as_ref()?;
                let row = Row::Columns(std::rc::Rc::new(Columns::new(table.columns.clone(), table.is_open)));
                let (index, _) = self.with_row(row, |binder| binder.plain_column(value))?;
                Some(PluginArgument::TableColumn(index))
            }
            ArgumentKind::Aggregate => self.one_aggregate(value).map(PluginArgument::Aggregate),
            _ if slot.kind == ParameterKind::Tabular => {
                let table = self.with_row(Row::None, |binder| binder.table(value))?;
                *lookup = Some(table.clone());
                Some(PluginArgument::Table(table))
            }
            _ => {
                let scalar = self.scalar(value)?;
                self.check_plugin_type(function, slot, scalar.ty, value.span)?;
                if matches!(
                    slot.argument,
                    ArgumentKind::Constant | ArgumentKind::Literal | ArgumentKind::LiteralNotEmpty
                ) && !constant::is_constant(&scalar)
                {
                    let message = format!("`{}` takes a constant for `{}`", function.name, slot.name);
                    self.error(Code::Arguments, value.span, message);
                    return None;
                }
                let scalar = match &slot.kind {
                    ParameterKind::Types(types) if !types.contains(&scalar.ty) => match types.first() {
                        Some(ty) => coerce::to(scalar, *ty),
                        None => scalar,
                    },
                    _ => scalar,
                };
                Some(PluginArgument::Scalar(scalar))
            }
        }
    }

    fn check_plugin_type(&mut self, function: &Function, slot: &Slot, ty: Type, span: Span) -> Option<()> {
        let is_time = matches!(ty, Type::DateTime | Type::TimeSpan);
        let fits = match &slot.kind {
            ParameterKind::Types(types) => types.iter().any(|to| *to == ty || coerce::promotes(ty, *to)),
            ParameterKind::NotDynamic => ty != Type::Dynamic,
            ParameterKind::Summable => ty.is_numeric() || is_time,
            ParameterKind::Number => ty.is_numeric(),
            ParameterKind::Integer => ty.is_integer(),
            ParameterKind::DynamicBag | ParameterKind::DynamicArray => ty == Type::Dynamic,
            _ => function.name != "bag_unpack" || slot.argument != ArgumentKind::Column || ty == Type::Dynamic,
        };
        if !fits {
            self.mismatch(
                span,
                format!("`{}` cannot take {ty} for `{}`", function.name, slot.name),
            );
        }
        fits.then_some(())
    }

    fn wrong_plugin_call(&mut self, function: &Function, name: &Name) {
        let shapes: Vec<String> = function
            .signatures
            .iter()
            .map(|signature| super::call::shape(function.name, signature))
            .collect();
        let message = format!("`{}` is called with the wrong arguments", function.name);
        let diagnostic = Diagnostic::error(Code::Arguments, name.span, message);
        self.report(diagnostic.with_hint(format!("it is called as {}", shapes.join(" or "))));
    }
}

fn argument_span(value: &Expr, binder: &Binder<'_>) -> Span {
    binder.at(value.span)
}

/// The signature for so many arguments, or the last one.
fn fitting(function: &'static Function, given: usize) -> &'static Signature {
    let fits = |signature: &&Signature| {
        let required = signature
            .parameters
            .iter()
            .filter(|parameter| parameter.repeat == Repeat::Once)
            .count();
        let is_bounded = signature
            .parameters
            .iter()
            .all(|parameter| !matches!(parameter.repeat, Repeat::Times(..)));
        given >= required && (!is_bounded || given <= signature.parameters.len())
    };
    function.signatures.iter().find(fits).unwrap_or(&function.signatures[0])
}

fn slots(function: &Function, signature: &'static Signature) -> Vec<Slot<'static>> {
    let more = MORE
        .iter()
        .find(|(name, _)| *name == function.name)
        .map(|(_, more)| *more)
        .unwrap_or_default();
    signature
        .parameters
        .iter()
        .map(|parameter| Slot {
            name: parameter.name,
            argument: parameter.argument,
            kind: parameter.kind.clone(),
            is_optional: parameter.repeat != Repeat::Once,
            is_repeated: matches!(parameter.repeat, Repeat::Times(..)),
        })
        .chain(more.iter().map(|(name, ty)| Slot {
            name,
            argument: ArgumentKind::Constant,
            kind: ParameterKind::Types(vec![*ty]),
            is_optional: true,
            is_repeated: false,
        }))
        .collect()
}

fn null_type(kind: &ParameterKind) -> Type {
    match kind {
        ParameterKind::Types(types) => types.first().copied().unwrap_or(Type::Dynamic),
        ParameterKind::Summable => Type::DateTime,
        _ => Type::Dynamic,
    }
}

/// The columns that a plug-in yields, as far as they do not depend on the rows, and whether there are more.
fn plugin_columns(name: &str, input: &Tabular, arguments: &[PluginArgument]) -> (Vec<Column>, bool) {
    let column = |index: usize| input.columns.get(index).cloned();
    let place = |argument: usize| match arguments.get(argument) {
        Some(PluginArgument::Column(index)) => Some(*index),
        _ => None,
    };
    let time = place(1).and_then(column);
    // Dimensions are the columns behind the first two.
    let dimensions = || {
        arguments.iter().skip(2).filter_map(|argument| match argument {
            PluginArgument::Column(index) => column(*index),
            _ => None,
        })
    };
    let over_time = |counts: &[(&str, Type)]| {
        let mut columns: Vec<Column> = time.clone().into_iter().chain(dimensions()).collect();
        columns.extend(counts.iter().map(|(name, ty)| Column::new(*name, *ty)));
        columns
    };
    let columns = match name {
        "bag_unpack" => {
            let bag = place(0);
            let columns = (0..input.columns.len())
                .filter(|index| Some(*index) != bag)
                .filter_map(column)
                .collect();
            return (columns, true);
        }
        "pivot" => return (pivot_columns(input, arguments), true),
        "narrow" => vec![
            Column::new("Row", Type::Long),
            Column::new("Column", Type::String),
            Column::new("Value", Type::String),
        ],
        "ipv4_lookup" | "ipv6_lookup" => {
            let shared: Vec<String> = arguments
                .iter()
                .skip(3)
                .filter_map(|argument| match argument {
                    PluginArgument::Column(index) => column(*index).map(|column| column.name),
                    _ => None,
                })
                .collect();
            let mut columns = input.columns.clone();
            if let Some(PluginArgument::Table(table)) = arguments.first() {
                columns.extend(
                    table
                        .columns
                        .iter()
                        .filter(|column| !shared.contains(&column.name))
                        .cloned(),
                );
            }
            make_unique(&mut columns);
            columns
        }
        "rolling_percentile" => rolling_columns(input, arguments),
        "active_users_count" => over_time(&[("dcount", Type::Long)]),
        "activity_counts_metrics" => over_time(&[
            ("count", Type::Long),
            ("dcount", Type::Long),
            ("new_dcount", Type::Long),
            ("aggregated_dcount", Type::Long),
        ]),
        "activity_metrics" => over_time(&[
            ("dcount_values", Type::Long),
            ("dcount_newvalues", Type::Long),
            ("retention_rate", Type::Real),
            ("churn_rate", Type::Real),
        ]),
        "sliding_window_counts" => over_time(&[("Count", Type::Long), ("Dcount", Type::Long)]),
        "new_activity_metrics" => {
            let mut columns = over_time(&[
                ("dcount_new_values", Type::Long),
                ("dcount_retained_values", Type::Long),
                ("dcount_churn_values", Type::Long),
                ("retention_rate", Type::Real),
                ("churn_rate", Type::Real),
            ]);
            if let Some(time) = time.clone() {
                columns[0].name = format!("from_{}", time.name);
                columns.insert(1, Column::new(format!("to_{}", time.name), time.ty));
            }
            columns
        }
        _ => input.columns.clone(),
    };
    (columns, false)
}

/// `pivot(p, f(a), b, c)`: b, c; without them all but p and a.
fn pivot_columns(input: &Tabular, arguments: &[PluginArgument]) -> Vec<Column> {
    let listed: Vec<usize> = arguments
        .iter()
        .skip(1)
        .filter_map(|argument| match argument {
            PluginArgument::Column(index) => Some(*index),
            _ => None,
        })
        .collect();
    if !listed.is_empty() {
        return listed.iter().map(|index| input.columns[*index].clone()).collect();
    }
    let mut used: Vec<usize> = Vec::new();
    for argument in arguments {
        match argument {
            PluginArgument::Column(index) => used.push(*index),
            PluginArgument::Aggregate(aggregate) => {
                used.extend(aggregate.arguments.iter().filter_map(|argument| match argument.kind {
                    ScalarKind::Column(index) => Some(index),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    (0..input.columns.len())
        .filter(|index| !used.contains(index))
        .map(|index| input.columns[index].clone())
        .collect()
}

/// `rolling_percentile(value, percent, index, bin, bins, dimensions...)`.
fn rolling_columns(input: &Tabular, arguments: &[PluginArgument]) -> Vec<Column> {
    let number = |place: usize| match arguments.get(place) {
        Some(PluginArgument::Scalar(scalar)) => constant::value(scalar).map(super::names::fragment).unwrap_or_default(),
        _ => String::new(),
    };
    let column = |place: usize| match arguments.get(place) {
        Some(PluginArgument::Column(index)) => input.columns.get(*index).cloned(),
        _ => None,
    };
    let value = column(0);
    let mut columns: Vec<Column> = (2..arguments.len()).filter_map(column).collect();
    if let Some(value) = value {
        let name = format!("rolling_{}_percentile_{}_{}", number(4), value.name, number(1));
        columns.push(Column::new(name, value.ty));
    }
    columns
}
