//! Calls of built-in functions: which signature fits, what is converted, what comes out.

use crate::ast::{Argument, Expr, ExprKind, Name};
use crate::functions::{
    ArgumentKind, Function, FunctionKind, ParameterKind, Repeat, Signature, SignatureParameter, SignatureResult,
};
use crate::ir::{Scalar, ScalarKind};
use crate::{Code, Diagnostic, Span, Type};

use super::{Binder, Item, coerce, constant, names};

/// An argument as it was bound.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    Scalar(Scalar),
    Table,
    Type(Type),
    Star,
    Unknown,
}

impl Bound {
    fn describe(&self) -> String {
        match self {
            Bound::Scalar(scalar) => scalar.ty.to_string(),
            Bound::Table => "a table".to_owned(),
            Bound::Type(_) => "a type".to_owned(),
            Bound::Star => "`*`".to_owned(),
            Bound::Unknown => "unknown".to_owned(),
        }
    }

    pub fn ty(&self) -> Option<Type> {
        match self {
            Bound::Scalar(scalar) => Some(scalar.ty),
            _ => None,
        }
    }
}

/// A signature and, for each argument, its parameter.
struct Fit<'s> {
    signature: &'s Signature,
    places: Vec<usize>,
}

impl Binder<'_> {
    /// `name(arguments)`, whatever it is.
    pub fn call(&mut self, base: Option<&Expr>, name: &Name, arguments: &[Argument], span: Span) -> Item {
        if let Some(base) = base {
            return self.member_call(base, name, span);
        }
        if let Some(item) = self.pattern_call(name, arguments, span) {
            return item;
        }
        if let Some(item) = self.declared_call(name, arguments, span) {
            return item;
        }
        if let Some(item) = self.special_call(name, arguments, span) {
            return item;
        }
        match self.built_in(&name.text) {
            Some(function) if function.kind == FunctionKind::Aggregate => {
                self.aggregate_call(function, name, arguments)
            }
            Some(function) => self.scalar_call(function, name, arguments, span),
            None => {
                self.unknown_function(name);
                for argument in arguments {
                    self.item(&argument.value);
                }
                Item::Unknown
            }
        }
    }

    /// `cluster("..").database("..")` and the like.
    fn member_call(&mut self, base: &Expr, name: &Name, span: Span) -> Item {
        let mut first = base;
        while let ExprKind::Call { base: Some(inner), .. } | ExprKind::Member { base: inner, .. } = &first.kind {
            first = inner;
        }
        match &first.kind {
            ExprKind::Call { name: root, .. } if root.text == "cluster" || root.text == "database" => {
                self.unsupported(span, format!("`{}(...)`: Postern has one database, and it", root.text));
            }
            _ => self.error(
                Code::Syntax,
                name.span,
                format!("`{}` cannot be called on a value", name.text),
            ),
        }
        Item::Unknown
    }

    fn unknown_function(&mut self, name: &Name) {
        if crate::functions::function(FunctionKind::PlugIn, &name.text).is_some() {
            let message = format!("`{}` is a plug-in", name.text);
            let diagnostic = Diagnostic::error(Code::Arguments, name.span, message);
            self.report(diagnostic.with_hint(format!("write `| evaluate {}(...)`", name.text)));
            return;
        }
        let stored = self.schema.stored_functions();
        let tables = self.schema.table_functions();
        let known: Vec<&str> = crate::functions::functions()
            .iter()
            .filter(|function| function.is_supported() && function.kind != FunctionKind::PlugIn)
            .map(|function| function.name)
            .chain(stored.iter().map(|function| function.name.as_str()))
            .chain(tables.iter().map(|function| function.name.as_str()))
            .collect();
        self.unknown_name("function", &name.text, name.span, &known);
    }

    /// Reports a built-in that Postern does not run.
    pub fn refuse(&mut self, function: &Function, span: Span) {
        let what = match function.kind {
            FunctionKind::Scalar => "the function",
            FunctionKind::Aggregate => "the aggregate",
            FunctionKind::PlugIn => "the plug-in",
        };
        self.unsupported(span, format!("{what} `{}`", function.name));
    }

    #[inline(never)]
    fn scalar_call(&mut self, function: &'static Function, name: &Name, arguments: &[Argument], span: Span) -> Item {
        let bound = self.arguments(arguments);
        if !function.is_supported() {
            self.refuse(function, name.span);
            return Item::Unknown;
        }
        let bound = expand_star(function, bound, name.span, self);
        let exprs: Vec<&Expr> = arguments.iter().map(|argument| &argument.value).collect();
        let Some((bound, ty)) = self.check(function, name, bound, &exprs) else {
            return Item::Unknown;
        };
        let span = self.at(span);
        let Some(ty) = ty else { return Item::Unknown };
        let Some(mut values) = scalars(bound) else {
            return Item::Scalar(self.of_type(ty.0, span));
        };
        // A conversion to the type that the value has already is the value.
        if let [value] = values.as_slice()
            && names::is_conversion(function.name)
            && value.ty == ty.0
            && ty.0 != Type::Dynamic
        {
            let mut value = value.clone();
            value.span = span;
            return Item::Scalar(value);
        }
        if function.name == "replace" && values.len() == 3 {
            // `replace(pattern, rewrite, source)` is `replace_regex(source, pattern, rewrite)`.
            values.rotate_right(1);
        }
        if matches!(function.canonical, "isnull" | "isnotnull") && values.iter().all(|value| value.ty == Type::String) {
            let message = format!("a string is never null, so `{}` says nothing", function.name);
            let diagnostic = Diagnostic::warning(Code::Suspicious, name.span, message);
            self.report(diagnostic.with_hint("`isempty` and `isnotempty` ask whether a text is empty"));
        }
        if function.name == "assert" {
            return self.assertion(&values, span);
        }
        if matches!(function.canonical, "rand" | "new_guid") {
            self.mark(function.name, span);
        }
        if function.is_window() {
            self.window(name.span, function.name);
            return Item::Scalar(Scalar {
                kind: ScalarKind::Window {
                    function: function.canonical.to_owned(),
                    arguments: values,
                },
                ty: ty.0,
                span,
            });
        }
        let call = coerce::call(function.canonical, values, ty.0, span);
        Item::Scalar(match ty.1 {
            Some(to) if to != ty.0 => coerce::call(coerce::conversion(to), vec![call], to, span),
            _ => call,
        })
    }

    /// `assert(condition, message)`: the condition must be known before the query runs.
    fn assertion(&mut self, values: &[Scalar], span: Span) -> Item {
        let [condition, message] = values else {
            return Item::Unknown;
        };
        match constant::truth(condition) {
            Some(true) => Item::Scalar(constant::scalar(crate::Value::Bool(true), span)),
            Some(false) => {
                let message = constant::text(message).unwrap_or_default();
                self.error(Code::Arguments, span, format!("assertion failed: {message}"));
                Item::Unknown
            }
            None => {
                self.error(Code::Arguments, span, "`assert` takes a condition over constants");
                Item::Unknown
            }
        }
    }

    /// Binds arguments as they are written.
    pub fn arguments(&mut self, arguments: &[Argument]) -> Vec<Bound> {
        arguments
            .iter()
            .map(|argument| self.argument(&argument.value))
            .collect()
    }

    pub fn argument(&mut self, expr: &Expr) -> Bound {
        match &expr.kind {
            ExprKind::Star => Bound::Star,
            ExprKind::TypeOf { ty: Some(ty), .. } => Bound::Type(*ty),
            ExprKind::Named { value, .. } => self.argument(value),
            _ => match self.item(expr) {
                Item::Scalar(scalar) => Bound::Scalar(scalar),
                Item::Table(_) => Bound::Table,
                Item::Graph(_) | Item::Tables(_) => {
                    self.mismatch(expr.span, "a value belongs here");
                    Bound::Unknown
                }
                Item::Unknown => Bound::Unknown,
            },
        }
    }

    /// Chooses a signature, checks the arguments against it and converts them. The result is the type that the function
    /// computes and, where a `typeof` asks for it, the type that this becomes; `None` if no type is known.
    #[allow(clippy::type_complexity)]
    pub fn check(
        &mut self,
        function: &'static Function,
        name: &Name,
        mut arguments: Vec<Bound>,
        exprs: &[&Expr],
    ) -> Option<(Vec<Bound>, Option<(Type, Option<Type>)>)> {
        let fits: Vec<Fit> = function
            .signatures
            .iter()
            .flat_map(|signature| {
                places(signature, &arguments)
                    .into_iter()
                    .map(move |places| Fit { signature, places })
            })
            .collect();
        if fits.is_empty() {
            self.wrong_count(function, name, arguments.len());
            return None;
        }
        let best = fits
            .iter()
            .filter_map(|fit| Some((score(fit, &arguments)?, fit)))
            .max_by_key(|(score, _)| *score)
            .map(|(_, fit)| fit);
        let Some(fit) = best else {
            self.report_misfit(function, &fits[0], &arguments, exprs);
            return None;
        };
        if !self.check_kinds(function, fit, &arguments, exprs) {
            return None;
        }
        let ty = result_type(fit, &arguments, function);
        convert(fit, &mut arguments);
        Some((arguments, ty))
    }

    fn wrong_count(&mut self, function: &Function, name: &Name, given: usize) {
        let shapes: Vec<String> = function
            .signatures
            .iter()
            .map(|signature| shape(function.name, signature))
            .collect();
        let message = format!("`{}` does not take {}", function.name, counted(given));
        let diagnostic = Diagnostic::error(Code::Arguments, name.span, message);
        self.report(diagnostic.with_hint(format!("it is called as {}", shapes.join(" or "))));
    }

    fn report_misfit(&mut self, function: &Function, fit: &Fit, arguments: &[Bound], exprs: &[&Expr]) {
        let common = common_type(fit, arguments, false);
        for (index, place) in fit.places.iter().enumerate() {
            let parameter = &fit.signature.parameters[*place];
            if matches(parameter, &arguments[index], common, arguments).is_none() {
                let span = exprs.get(index).map_or_else(Span::default, |expr| expr.span);
                self.mismatch(
                    span,
                    format!(
                        "`{}` takes {} here, and this is {}",
                        function.name,
                        describe(&parameter.kind, common),
                        arguments[index].describe()
                    ),
                );
                return;
            }
        }
    }

    /// Checks what an argument must be besides its type.
    fn check_kinds(&mut self, function: &Function, fit: &Fit, arguments: &[Bound], exprs: &[&Expr]) -> bool {
        let mut fine = true;
        for (index, place) in fit.places.iter().enumerate() {
            let parameter = &fit.signature.parameters[*place];
            let Bound::Scalar(scalar) = &arguments[index] else {
                continue;
            };
            let span = exprs.get(index).map_or(scalar.span, |expr| expr.span);
            let wrong = match parameter.argument {
                ArgumentKind::Constant => !constant::is_constant(scalar),
                ArgumentKind::Literal => constant::value(scalar).is_none(),
                ArgumentKind::LiteralNotEmpty => constant::text(scalar).is_none_or(str::is_empty),
                _ => false,
            };
            if wrong {
                fine = false;
                let message = format!("`{}` takes a constant for `{}`", function.name, parameter.name);
                self.error(Code::Arguments, span, message);
                continue;
            }
            if parameter.argument == ArgumentKind::Column && !matches!(scalar.kind, ScalarKind::Column(_)) {
                fine = false;
                self.error(
                    Code::Arguments,
                    span,
                    format!("`{}` takes a column here", function.name),
                );
            }
            if !parameter.values.is_empty()
                && let Some(text) = constant::text(scalar)
                && !parameter.values.iter().any(|value| value.eq_ignore_ascii_case(text))
            {
                let message = format!("`{text}` is not a value of `{}`", parameter.name);
                let diagnostic = if parameter.argument == ArgumentKind::Literal {
                    fine = false;
                    Diagnostic::error(Code::Arguments, span, message)
                } else {
                    Diagnostic::warning(Code::Suspicious, span, message)
                };
                self.report(match super::suggest::nearest(text, &parameter.values) {
                    Some(near) => diagnostic.with_hint(format!("did you mean `{near}`?")),
                    None if parameter.values.len() <= 12 => {
                        diagnostic.with_hint(format!("it is one of {}", parameter.values.join(", ")))
                    }
                    None => diagnostic,
                });
            }
        }
        fine
    }

    /// Marks that the result depends on the order of rows, or on chance.
    pub fn mark(&mut self, what: &str, span: Span) {
        let span = self.at(span);
        self.marks.order_dependent.push((what.to_owned(), span));
    }
}

/// `pack_array(*)` and `estimate_data_size(*)`: all columns.
fn expand_star(function: &Function, arguments: Vec<Bound>, span: Span, binder: &mut Binder<'_>) -> Vec<Bound> {
    let takes_star = function.signatures.iter().any(|signature| {
        signature
            .parameters
            .iter()
            .any(|parameter| parameter.argument == ArgumentKind::StarOnly)
    });
    let ([Bound::Star], true) = (arguments.as_slice(), takes_star) else {
        return arguments;
    };
    let Some(columns) = binder.row.columns() else {
        binder.error(
            Code::Arguments,
            span,
            "there are no columns here that `*` could stand for",
        );
        return vec![Bound::Unknown];
    };
    if columns.is_open {
        return vec![Bound::Unknown];
    }
    columns
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            Bound::Scalar(Scalar {
                kind: ScalarKind::Column(index),
                ty: column.ty,
                span: Span::default(),
            })
        })
        .collect()
}

/// All values, or `None` if one is not known. Types are left out: the result's type says them.
pub(crate) fn scalars(arguments: Vec<Bound>) -> Option<Vec<Scalar>> {
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument {
            Bound::Scalar(scalar) => values.push(scalar),
            Bound::Type(_) => {}
            Bound::Table | Bound::Star | Bound::Unknown => return None,
        }
    }
    Some(values)
}

/// Which parameter each argument goes to, in every way that the counts allow.
fn places(signature: &Signature, arguments: &[Bound]) -> Vec<Vec<usize>> {
    let parameters = &signature.parameters;
    let given = arguments.len();
    let Some(first) = parameters
        .iter()
        .position(|parameter| matches!(parameter.repeat, Repeat::Times(..)))
    else {
        let required = parameters
            .iter()
            .filter(|parameter| parameter.repeat == Repeat::Once)
            .count();
        return if (required..=parameters.len()).contains(&given) {
            vec![(0..given).collect()]
        } else {
            Vec::new()
        };
    };
    let block = parameters[first..]
        .iter()
        .take_while(|parameter| matches!(parameter.repeat, Repeat::Times(..)))
        .count();
    let Repeat::Times(least, most) = parameters[first].repeat else {
        return Vec::new();
    };
    let behind = parameters.len() - first - block;
    let required_behind = parameters[first + block..]
        .iter()
        .filter(|parameter| parameter.repeat == Repeat::Once)
        .count();
    let mut found = Vec::new();
    for tail in required_behind..=behind {
        let Some(repeated) = given.checked_sub(first + tail) else {
            continue;
        };
        let times = repeated / block;
        if repeated % block != 0 || times < least as usize || times > most as usize {
            continue;
        }
        let places = (0..first)
            .chain((0..repeated).map(|index| first + index % block))
            .chain((0..tail).map(|index| first + block + index))
            .collect();
        found.push(places);
    }
    found
}

/// How well the arguments fit, or `None` if one does not.
fn score(fit: &Fit, arguments: &[Bound]) -> Option<u32> {
    let common = common_type(fit, arguments, false);
    let mut sum = 0;
    for (argument, place) in arguments.iter().zip(&fit.places) {
        sum += matches(&fit.signature.parameters[*place], argument, common, arguments)?;
    }
    Some(sum)
}

fn takes_common(kind: &ParameterKind) -> bool {
    matches!(
        kind,
        ParameterKind::CommonScalar
            | ParameterKind::CommonNumber
            | ParameterKind::CommonSummable
            | ParameterKind::CommonOrderable
            | ParameterKind::CommonScalarOrDynamic
    )
}

/// The type that all arguments of a common kind get.
fn common_type(fit: &Fit, arguments: &[Bound], ignore_dynamic: bool) -> Option<Type> {
    let mut common: Option<Type> = None;
    let mut is_any_dynamic = false;
    for (argument, place) in arguments.iter().zip(&fit.places) {
        if !takes_common(&fit.signature.parameters[*place].kind) {
            continue;
        }
        let Some(ty) = argument.ty() else { continue };
        if ignore_dynamic && ty == Type::Dynamic {
            is_any_dynamic = true;
            continue;
        }
        common = Some(match common {
            None => ty,
            Some(common) => coerce::common(common, ty)?,
        });
    }
    common.or(is_any_dynamic.then_some(Type::Dynamic))
}

/// What a dynamic value is known to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Array,
    Bag,
    /// Neither: a number, a text, ...
    Single,
}

/// Whether the value is certainly of this shape, or a single value.
fn is_shaped(argument: &Bound, shape: Shape) -> bool {
    let Bound::Scalar(scalar) = argument else { return false };
    let known = match &scalar.kind {
        ScalarKind::Constant(crate::Value::Dynamic(json)) => match json.as_bytes().first() {
            Some(b'[') => Shape::Array,
            Some(b'{') => Shape::Bag,
            _ => Shape::Single,
        },
        ScalarKind::Call { function, .. } => match function.as_str() {
            "array_concat" | "pack_array" | "range" | "repeat" | "set_difference" | "set_intersect" | "set_union" => {
                Shape::Array
            }
            "bag_merge" | "bag_pack" | "bag_remove_keys" | "bag_set_key" => Shape::Bag,
            _ => return false,
        },
        _ => return false,
    };
    known == shape || known == Shape::Single
}

fn is_summable(ty: Type) -> bool {
    ty.is_numeric() || matches!(ty, Type::DateTime | Type::TimeSpan)
}

fn is_orderable(ty: Type) -> bool {
    is_summable(ty) || matches!(ty, Type::Bool | Type::String)
}

/// How well an argument fits a parameter: the more special the better.
fn matches(parameter: &SignatureParameter, argument: &Bound, common: Option<Type>, all: &[Bound]) -> Option<u32> {
    let ty = match argument {
        Bound::Unknown => return Some(1),
        Bound::Star => {
            let takes = matches!(parameter.argument, ArgumentKind::StarOnly | ArgumentKind::StarAllowed);
            return takes.then_some(16);
        }
        Bound::Type(_) => return (parameter.kind == ParameterKind::TypeLiteral).then_some(16),
        Bound::Table => {
            return matches!(parameter.kind, ParameterKind::Tabular | ParameterKind::Any).then_some(12);
        }
        Bound::Scalar(scalar) => scalar.ty,
    };
    if parameter.argument == ArgumentKind::StarOnly {
        return None;
    }
    let of = |fits: bool, rank: u32| fits.then_some(rank);
    match &parameter.kind {
        ParameterKind::Any => Some(1),
        ParameterKind::Types(types) if types.contains(&ty) => Some(if types.len() == 1 { 16 } else { 6 }),
        ParameterKind::Types(types) => {
            let is_text =
                ty != Type::Dynamic || !(is_shaped(argument, Shape::Array) || is_shaped(argument, Shape::Bag));
            of(is_text && types.iter().any(|to| coerce::promotes(ty, *to)), 4)
        }
        ParameterKind::TypeLiteral | ParameterKind::Tabular => None,
        ParameterKind::Scalar => Some(7),
        ParameterKind::Integer => of(ty.is_integer(), 11),
        ParameterKind::RealOrDecimal => of(matches!(ty, Type::Real | Type::Decimal), 6),
        ParameterKind::StringOrDynamic | ParameterKind::StringOrArray => {
            of(matches!(ty, Type::String | Type::Dynamic), 6)
        }
        ParameterKind::IntegerOrArray => of(ty.is_integer() || ty == Type::Dynamic, 6),
        ParameterKind::DynamicArray => of(ty == Type::Dynamic && !is_shaped(argument, Shape::Bag), 6),
        ParameterKind::DynamicBag => of(ty == Type::Dynamic && !is_shaped(argument, Shape::Array), 6),
        ParameterKind::Number => of(ty.is_numeric(), 10),
        ParameterKind::NumberOrBool => of(ty.is_numeric() || ty == Type::Bool, 10),
        ParameterKind::Summable => of(is_summable(ty), 8),
        ParameterKind::Orderable => of(is_orderable(ty), 9),
        ParameterKind::NotRealOrBool => of(!matches!(ty, Type::Real | Type::Bool), 5),
        ParameterKind::NotDynamic => of(ty != Type::Dynamic, 5),
        ParameterKind::NotBool => of(ty != Type::Bool, 5),
        ParameterKind::SameAs(index) => {
            let other = all.get(*index).and_then(Bound::ty);
            of(other.is_none_or(|other| other == ty), 16)
        }
        kind => {
            let allowed = match kind {
                ParameterKind::CommonNumber => ty.is_numeric(),
                ParameterKind::CommonSummable => is_summable(ty),
                ParameterKind::CommonOrderable => is_orderable(ty),
                _ => true,
            };
            let common = common?;
            let fits = ty == common || coerce::promotes(ty, common) || common == Type::Dynamic || ty == Type::Dynamic;
            of(allowed && fits, if ty == common { 16 } else { 4 })
        }
    }
}

/// What the function computes and what that is converted to.
fn result_type(fit: &Fit, arguments: &[Bound], function: &Function) -> Option<(Type, Option<Type>)> {
    let argument = |parameter: usize| {
        let index = fit.places.iter().position(|place| *place == parameter)?;
        arguments.get(index)?.ty()
    };
    let ty = match &fit.signature.result {
        SignatureResult::Type(ty) => *ty,
        SignatureResult::Parameter(index) => argument(*index)?,
        SignatureResult::Promoted => coerce::promoted(argument(0)?),
        SignatureResult::Array => Type::Dynamic,
        SignatureResult::Common => common_type(fit, arguments, false)?,
        SignatureResult::CommonNonDynamic => common_type(fit, arguments, true)?,
        SignatureResult::Widest => {
            let types = arguments.iter().map(Bound::ty).collect::<Option<Vec<Type>>>()?;
            coerce::promoted(types.into_iter().reduce(coerce::widest)?)
        }
        SignatureResult::Named(_) => {
            let to = arguments.iter().find_map(|argument| match argument {
                Bound::Type(ty) => Some(*ty),
                _ => None,
            });
            let computed = if function.canonical.starts_with("percentile") {
                Type::Dynamic
            } else {
                Type::String
            };
            return Some((computed, to));
        }
        // All others of this sort work on arrays and bags.
        SignatureResult::Columns(_) | SignatureResult::Custom => Type::Dynamic,
    };
    Some((ty, None))
}

/// Converts arguments to the types that their parameters take.
fn convert(fit: &Fit, arguments: &mut [Bound]) {
    let common = match fit.signature.result {
        SignatureResult::CommonNonDynamic => common_type(fit, arguments, true),
        _ => common_type(fit, arguments, false),
    };
    let widest = match fit.signature.result {
        SignatureResult::Widest => arguments
            .iter()
            .filter_map(Bound::ty)
            .reduce(coerce::widest)
            .map(coerce::promoted),
        _ => None,
    };
    for (argument, place) in arguments.iter_mut().zip(&fit.places) {
        let Bound::Scalar(scalar) = argument else { continue };
        let ty = match &fit.signature.parameters[*place].kind {
            ParameterKind::Types(types) if types.contains(&scalar.ty) => continue,
            ParameterKind::Types(types) => types.iter().copied().find(|to| coerce::promotes(scalar.ty, *to)),
            ParameterKind::Number if scalar.ty.is_numeric() => widest,
            kind if takes_common(kind) => common,
            _ => None,
        };
        if let Some(ty) = ty
            && ty != scalar.ty
        {
            *scalar = coerce::to(scalar.clone(), ty);
        }
    }
}

fn counted(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        count => format!("{count} arguments"),
    }
}

/// `substring(string, start, [length])`.
pub(crate) fn shape(name: &str, signature: &Signature) -> String {
    let parameters: Vec<String> = signature
        .parameters
        .iter()
        .map(|parameter| match parameter.repeat {
            Repeat::Once => parameter.name.to_owned(),
            Repeat::Optional => format!("[{}]", parameter.name),
            Repeat::Times(..) => format!("{}, ...", parameter.name),
        })
        .collect();
    format!("`{name}({})`", parameters.join(", "))
}

fn describe(kind: &ParameterKind, common: Option<Type>) -> String {
    match kind {
        ParameterKind::Types(types) => types.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" or "),
        ParameterKind::TypeLiteral => "a type (`typeof(...)`)".to_owned(),
        ParameterKind::Tabular => "a table".to_owned(),
        ParameterKind::Integer => "int or long".to_owned(),
        ParameterKind::RealOrDecimal => "real or decimal".to_owned(),
        ParameterKind::StringOrDynamic | ParameterKind::StringOrArray => "string or dynamic".to_owned(),
        ParameterKind::IntegerOrArray => "a whole number or dynamic".to_owned(),
        ParameterKind::DynamicArray => "an array (dynamic)".to_owned(),
        ParameterKind::DynamicBag => "a bag (dynamic)".to_owned(),
        ParameterKind::Number => "a number".to_owned(),
        ParameterKind::NumberOrBool => "a number or bool".to_owned(),
        ParameterKind::Summable => "a number, datetime or timespan".to_owned(),
        ParameterKind::Orderable => "a number, datetime, timespan, string or bool".to_owned(),
        ParameterKind::NotRealOrBool => "neither real nor bool".to_owned(),
        ParameterKind::NotDynamic => "a value that is not dynamic".to_owned(),
        ParameterKind::NotBool => "a value that is not bool".to_owned(),
        _ => common.map_or_else(|| "values of one type".to_owned(), |ty| ty.to_string()),
    }
}
