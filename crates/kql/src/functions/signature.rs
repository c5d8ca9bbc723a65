//! Signatures of functions as the table writes them: `regex:string!Constant, source:string -> dynamic`.

use crate::Type;

/// One way to call a function.
#[derive(Clone, Debug)]
pub struct Signature {
    pub parameters: Vec<SignatureParameter>,
    pub result: SignatureResult,
}

#[derive(Clone, Debug)]
pub struct SignatureParameter {
    pub name: &'static str,
    pub kind: ParameterKind,
    pub argument: ArgumentKind,
    /// Texts that are allowed; empty: any.
    pub values: Vec<&'static str>,
    pub repeat: Repeat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    Once,
    Optional,
    /// At least and at most so often, counted for a block of neighbours that repeat together.
    Times(u32, u32),
}

/// Types that a parameter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    Any,
    /// One of these, or what promotes to it.
    Types(Vec<Type>),
    /// A `typeof(...)`.
    TypeLiteral,
    Scalar,
    Tabular,
    Integer,
    RealOrDecimal,
    StringOrDynamic,
    StringOrArray,
    IntegerOrArray,
    DynamicArray,
    DynamicBag,
    Number,
    NumberOrBool,
    /// Numbers, times and spans of time.
    Summable,
    /// Whatever can be compared by size.
    Orderable,
    NotRealOrBool,
    NotDynamic,
    NotBool,
    /// All arguments of this kind get one type.
    CommonScalar,
    CommonNumber,
    CommonSummable,
    CommonOrderable,
    CommonScalarOrDynamic,
    /// The type of that parameter's argument.
    SameAs(usize),
}

/// What an argument must be besides its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    Expression,
    /// An expression over the elements of the first argument (a variable of a graph pattern).
    OverElement,
    StarOnly,
    StarAllowed,
    Aggregate,
    Column,
    /// A column of the first argument, a table.
    ColumnOfFirst,
    /// A column of both.
    ColumnOfBoth,
    Literal,
    LiteralNotEmpty,
    Constant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureResult {
    Type(Type),
    /// A table with these columns.
    Columns(Vec<(&'static str, Type)>),
    /// As the argument of that parameter.
    Parameter(usize),
    /// As the argument of the first parameter, `int` becoming `long`.
    Promoted,
    /// An array (`dynamic`) of the first argument's type.
    Array,
    /// The type that the argument at that parameter names; `None` the last one.
    Named(Option<usize>),
    /// The common type of all arguments.
    Common,
    /// The same, `dynamic` not counted where there is another.
    CommonNonDynamic,
    /// The widest of all numbers, at least `long`.
    Widest,
    /// Whatever the binder knows about this function.
    Custom,
}

/// Reads one signature.
pub(super) fn read(text: &'static str) -> Option<Signature> {
    let (parameters, result) = text.split_once("-> ")?;
    let parameters = match parameters.trim() {
        "" => Vec::new(),
        text => text.split(", ").map(parameter).collect::<Option<_>>()?,
    };
    Some(Signature {
        parameters,
        result: read_result(result)?,
    })
}

fn parameter(text: &'static str) -> Option<SignatureParameter> {
    let (name, rest) = text.split_once(':')?;
    let (rest, repeat) = if let Some(rest) = rest.strip_suffix('?') {
        (rest, Repeat::Optional)
    } else if let Some((rest, times)) = rest.rsplit_once('*') {
        let (least, most) = times.split_once("..")?;
        (rest, Repeat::Times(least.parse().ok()?, most.parse().ok()?))
    } else {
        (rest, Repeat::Once)
    };
    let (rest, values) = match rest.split_once('{') {
        Some((rest, values)) => (rest, values.strip_suffix('}')?.split('|').collect()),
        None => (rest, Vec::new()),
    };
    let (kind, argument) = rest.split_once('!').unwrap_or((rest, "Expression"));
    Some(SignatureParameter {
        name,
        kind: read_kind(kind)?,
        argument: match argument {
            "Expression" => ArgumentKind::Expression,
            "Expression_Parameter0_Element" => ArgumentKind::OverElement,
            "StarOnly" => ArgumentKind::StarOnly,
            "StarAllowed" => ArgumentKind::StarAllowed,
            "Aggregate" => ArgumentKind::Aggregate,
            "Column" => ArgumentKind::Column,
            "Column_Parameter0" => ArgumentKind::ColumnOfFirst,
            "Column_Parameter0_Common" => ArgumentKind::ColumnOfBoth,
            "Literal" => ArgumentKind::Literal,
            "LiteralNotEmpty" => ArgumentKind::LiteralNotEmpty,
            "Constant" => ArgumentKind::Constant,
            _ => return None,
        },
        values,
        repeat,
    })
}

fn read_kind(text: &str) -> Option<ParameterKind> {
    Some(match text {
        "Any" => ParameterKind::Any,
        "type" => ParameterKind::TypeLiteral,
        "Scalar" => ParameterKind::Scalar,
        "Tabular" => ParameterKind::Tabular,
        "Integer" => ParameterKind::Integer,
        "RealOrDecimal" => ParameterKind::RealOrDecimal,
        "StringOrDynamic" => ParameterKind::StringOrDynamic,
        "StringOrArray" => ParameterKind::StringOrArray,
        "IntegerOrArray" => ParameterKind::IntegerOrArray,
        "DynamicArray" => ParameterKind::DynamicArray,
        "DynamicBag" => ParameterKind::DynamicBag,
        "Number" => ParameterKind::Number,
        "NumberOrBool" => ParameterKind::NumberOrBool,
        "Summable" => ParameterKind::Summable,
        "Orderable" => ParameterKind::Orderable,
        "NotRealOrBool" => ParameterKind::NotRealOrBool,
        "NotDynamic" => ParameterKind::NotDynamic,
        "NotBool" => ParameterKind::NotBool,
        "CommonScalar" => ParameterKind::CommonScalar,
        "CommonNumber" => ParameterKind::CommonNumber,
        "CommonSummable" => ParameterKind::CommonSummable,
        "CommonOrderable" => ParameterKind::CommonOrderable,
        "CommonScalarOrDynamic" => ParameterKind::CommonScalarOrDynamic,
        "Parameter0" => ParameterKind::SameAs(0),
        "Parameter1" => ParameterKind::SameAs(1),
        "Parameter2" => ParameterKind::SameAs(2),
        types => ParameterKind::Types(types.split('|').map(Type::of_name).collect::<Option<_>>()?),
    })
}

fn read_result(text: &'static str) -> Option<SignatureResult> {
    Some(match text.trim() {
        "Parameter0" => SignatureResult::Parameter(0),
        "Parameter1" => SignatureResult::Parameter(1),
        "Parameter2" => SignatureResult::Parameter(2),
        "Parameter0Promoted" => SignatureResult::Promoted,
        "Parameter0Array" => SignatureResult::Array,
        "Parameter0Literal" => SignatureResult::Named(Some(0)),
        "Parameter1Literal" => SignatureResult::Named(Some(1)),
        "ParameterNLiteral" => SignatureResult::Named(None),
        "Common" => SignatureResult::Common,
        "CommonNonDynamic" => SignatureResult::CommonNonDynamic,
        "Widest" => SignatureResult::Widest,
        text => {
            if let Some(columns) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
                let columns = columns
                    .split(',')
                    .map(|column| {
                        column
                            .split_once(':')
                            .and_then(|(name, ty)| Some((name, Type::of_name(ty)?)))
                    })
                    .collect::<Option<_>>()?;
                SignatureResult::Columns(columns)
            } else {
                Type::of_name(text).map_or(SignatureResult::Custom, SignatureResult::Type)
            }
        }
    })
}
