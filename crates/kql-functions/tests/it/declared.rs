//! Every function gives values of the type that it is declared to have, whatever it is given, nulls and extremes too.
//! (Where that is `dynamic` a plain value stands for itself.)

use std::collections::BTreeSet;
use std::sync::Arc;

use postern_kql::functions::{Function, FunctionKind, ParameterKind, Repeat, Signature, SignatureParameter, functions};
use postern_kql::ir::{Op, Scalar, ScalarKind};
use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Options, Type, bind, parse};
use postern_kql_functions::{Context, Datum, evaluate, kernel};

/// Calls of each way to call a function.
const CALLS: usize = 40;

/// Functions of rows, of patterns and of the schema, which `print` cannot call.
const NOT_OF_VALUES: [&str; 17] = [
    "all",
    "any",
    "assert",
    "bag_pack_columns",
    "column_ifexists",
    "column_names_of",
    "estimate_data_size",
    "inner_nodes",
    "labels",
    "map",
    "node_degree_in",
    "node_degree_out",
    "node_id",
    "pack_all",
    "bin_auto",
    "series_stats",
    "table",
];

struct Nothing;

impl Schema for Nothing {
    fn table(&self, _: &str) -> Found<Arc<Table>> {
        Found::No
    }

    fn table_function(&self, _: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _: &str) -> Option<Arc<StoredFunction>> {
        None
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        Vec::new()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        Vec::new()
    }
}

/// A small generator of choices, the same in each run.
struct Choices(u64);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }

    fn of<'c, T>(&mut self, items: &'c [T]) -> &'c T {
        &items[self.below(items.len())]
    }
}

fn literals(ty: Type) -> &'static [&'static str] {
    match ty {
        Type::Bool => &["true", "false", "bool(null)"],
        Type::Int => &["int(3)", "int(-7)", "int(null)", "int(2147483647)"],
        Type::Long => &[
            "5",
            "-2",
            "0",
            "long(null)",
            "9223372036854775807",
            "(-9223372036854775807)",
        ],
        Type::Real => &["1.5", "-0.25", "real(nan)", "real(+inf)", "real(null)", "1e300", "0.0"],
        Type::Decimal => &[
            "decimal(2.5)",
            "decimal(-79228162514264337593543950335)",
            "decimal(null)",
        ],
        Type::String => &[
            "\"abc\"",
            "\"\"",
            "\"10.0.0.1/8\"",
            "\"é\u{1F600}\"",
            "\"[1,\"",
            "\"{\\\"a\\\":1}\"",
            "\"2020-01-02\"",
            "\"a=1&b=2\"",
            "\"US/Pacific\"",
            "\"S3VzdG8=\"",
            "\"(\"",
        ],
        Type::DateTime => &[
            "datetime(2020-01-02 03:04:05.678)",
            "datetime(0001-01-01)",
            "datetime(9999-12-31 23:59:59.999)",
            "datetime(null)",
        ],
        Type::TimeSpan => &["1d", "time(-1.02:03:04.5)", "0s", "timespan(null)", "106751d"],
        Type::Guid => &["guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", "guid(null)"],
        Type::Dynamic => &[
            "dynamic([1,2.5,null,\"x\",[3]])",
            "dynamic([])",
            "dynamic({\"a\":1,\"b\":{\"c\":[]}})",
            "dynamic(null)",
            "dynamic(\"x\")",
            "dynamic(7)",
            "dynamic([3,1,2])",
            "dynamic([\"b\",\"a\"])",
        ],
    }
}

fn types(kind: &ParameterKind) -> Vec<Type> {
    let numbers = [Type::Int, Type::Long, Type::Real, Type::Decimal];
    match kind {
        ParameterKind::Types(types) => types.clone(),
        ParameterKind::Integer => vec![Type::Int, Type::Long],
        ParameterKind::RealOrDecimal => vec![Type::Real, Type::Decimal],
        ParameterKind::StringOrDynamic | ParameterKind::StringOrArray => vec![Type::String, Type::Dynamic],
        ParameterKind::IntegerOrArray => vec![Type::Int, Type::Long, Type::Dynamic],
        ParameterKind::DynamicArray | ParameterKind::DynamicBag => vec![Type::Dynamic],
        ParameterKind::Number | ParameterKind::CommonNumber => numbers.to_vec(),
        ParameterKind::NumberOrBool => [&numbers[..], &[Type::Bool]].concat(),
        ParameterKind::Summable | ParameterKind::CommonSummable => {
            [&numbers[..], &[Type::DateTime, Type::TimeSpan]].concat()
        }
        _ => Type::ALL.to_vec(),
    }
}

fn argument(parameter: &SignatureParameter, choices: &mut Choices) -> String {
    if !parameter.values.is_empty() {
        return format!("{:?}", choices.of(&parameter.values));
    }
    if parameter.kind == ParameterKind::TypeLiteral {
        return format!("typeof({})", choices.of(&Type::ALL));
    }
    // Where only bags are taken, mostly bags are given.
    if parameter.kind == ParameterKind::DynamicBag && choices.below(4) > 0 {
        return (*choices.of(&["dynamic({\"a\":1,\"b\":{\"c\":[]}})", "dynamic({})", "dynamic(null)"])).to_owned();
    }
    let ty = *choices.of(&types(&parameter.kind));
    (*choices.of(literals(ty))).to_owned()
}

fn call(function: &Function, signature: &Signature, choices: &mut Choices) -> String {
    let mut arguments = Vec::new();
    let mut repeated: Vec<&SignatureParameter> = Vec::new();
    for parameter in &signature.parameters {
        match parameter.repeat {
            Repeat::Once => arguments.push(argument(parameter, choices)),
            Repeat::Optional if choices.below(2) == 0 => break,
            Repeat::Optional => arguments.push(argument(parameter, choices)),
            Repeat::Times(..) => repeated.push(parameter),
        }
    }
    if let Some(Repeat::Times(least, most)) = repeated.first().map(|parameter| parameter.repeat) {
        let most = most.min(least + 3);
        let times = least as usize + choices.below((most - least) as usize + 1);
        let mut front: Vec<String> = (0..times)
            .flat_map(|_| repeated.clone())
            .map(|parameter| argument(parameter, choices))
            .collect();
        // What repeats stands in front of what follows it, and behind what comes before.
        let first = signature
            .parameters
            .iter()
            .position(|parameter| matches!(parameter.repeat, Repeat::Times(..)));
        let tail = arguments.split_off(first.unwrap_or(0).min(arguments.len()));
        arguments.append(&mut front);
        arguments.extend(tail);
    }
    format!("{}({})", function.name, arguments.join(", "))
}

/// The value of the one cell of a query, if the query can be bound.
fn cell(query: &str) -> Option<Scalar> {
    let parsed = parse(query);
    let bound = bind(&parsed.script, query, &Nothing, &Options::default());
    let table = bound.query?.outputs.into_iter().next()?.table;
    match &table.op {
        Op::Rows { rows } => rows.first()?.first().cloned(),
        _ => None,
    }
}

/// What the kernel itself gives, before the interpreter makes it a value of the declared type.
fn of_kernel(scalar: &Scalar, context: &Context) -> Option<Datum<'static>> {
    let ScalarKind::Call { function, arguments } = &scalar.kind else {
        return None;
    };
    let arguments: Option<Vec<Datum<'_>>> = arguments
        .iter()
        .map(|argument| evaluate(argument, &[], context).ok())
        .collect();
    Some(kernel(function)?(context, &arguments?).into_owned())
}

#[test]
fn values_have_the_type_that_their_function_is_declared_to_have() {
    let context = Context::new(1_795_305_600_000_000);
    let mut choices = Choices(1);
    let (mut wrong, mut never) = (Vec::new(), BTreeSet::new());
    for function in functions() {
        let is_of_values = function.kind == FunctionKind::Scalar
            && function.is_supported()
            && !function.is_window()
            && !NOT_OF_VALUES.contains(&function.name);
        if !is_of_values {
            continue;
        }
        let mut was_called = false;
        for signature in &function.signatures {
            for _ in 0..CALLS {
                let call = call(function, signature, &mut choices);
                let Some(scalar) = cell(&format!("print {call}")) else {
                    continue;
                };
                let value = match evaluate(&scalar, &[], &context) {
                    Ok(value) => value,
                    // A constant that is no pattern, and the like: said with its place.
                    Err(_) => continue,
                };
                was_called = true;
                let given = of_kernel(&scalar, &context).unwrap_or(Datum::Null);
                match given.ty().or(value.ty()) {
                    Some(ty) if ty != scalar.ty && scalar.ty != Type::Dynamic => {
                        wrong.push(format!("{call} is {} and gives {given:?}", scalar.ty));
                    }
                    None if scalar.ty == Type::String => wrong.push(format!("{call} is string and gives a null")),
                    _ => {}
                }
                if let Datum::DateTime(at) = value
                    && !(-62_135_596_800_000_000..=253_402_300_799_999_999).contains(&at)
                {
                    wrong.push(format!("{call} gives a moment outside of the years 1 to 9999"));
                }
            }
        }
        if !was_called {
            never.insert(function.name);
        }
    }
    wrong.sort();
    wrong.dedup_by_key(|line| line.split('(').next().unwrap_or_default().to_owned());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(never.is_empty(), "never called: {never:?}");
}
