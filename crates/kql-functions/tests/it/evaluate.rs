//! The interpreter over hand-made expressions: the rules of null, of kinds, and of paths.

use std::sync::Arc;

use postern_kql::ir::{Binary, PathStep, Scalar, ScalarKind, StringOperator, StringTest};
use postern_kql::{Code, Span, Type, Value};
use postern_kql_functions::{Context, Datum, Program, Values, evaluate};

fn scalar(kind: ScalarKind, ty: Type) -> Scalar {
    let span = Span::default();
    Scalar { kind, ty, span }
}

fn constant(value: Value) -> Scalar {
    let ty = value.ty();
    scalar(ScalarKind::Constant(value), ty)
}

fn long(value: i64) -> Scalar {
    constant(Value::Long(value))
}

fn string(text: &str) -> Scalar {
    constant(Value::String(text.to_owned()))
}

fn dynamic(json: &str) -> Scalar {
    constant(Value::Dynamic(json.to_owned()))
}

fn null(ty: Type) -> Scalar {
    constant(Value::Null(ty))
}

fn binary(operator: Binary, left: Scalar, right: Scalar, ty: Type) -> Scalar {
    let (left, right) = (Box::new(left), Box::new(right));
    scalar(ScalarKind::Binary { operator, left, right }, ty)
}

fn compare(operator: Binary, left: Scalar, right: Scalar) -> Scalar {
    binary(operator, left, right, Type::Bool)
}

fn value(scalar: &Scalar) -> Datum<'static> {
    evaluate(scalar, &[], &Context::default()).expect("the expression is supported")
}

fn truth(scalar: &Scalar) -> Option<bool> {
    match value(scalar) {
        Datum::Bool(truth) => Some(truth),
        Datum::Null => None,
        other => panic!("{other:?} is no truth"),
    }
}

#[test]
fn equality_is_null_only_of_two_nulls() {
    use Binary::{Equal, Less, NotEqual};
    let null = || null(Type::Long);
    let table = [
        (Equal, null(), null(), None),
        (NotEqual, null(), null(), None),
        (Equal, null(), long(5), Some(false)),
        (NotEqual, null(), long(5), Some(true)),
        (NotEqual, long(5), null(), Some(true)),
        (Less, null(), long(5), None),
        (Equal, long(5), long(5), Some(true)),
        (NotEqual, long(5), long(5), Some(false)),
    ];
    for (operator, left, right, expected) in table {
        assert_eq!(truth(&compare(operator, left, right)), expected, "{operator:?}");
    }
}

#[test]
fn and_and_or_have_three_truths() {
    let truths = [Some(true), Some(false), None];
    let side = |truth: Option<bool>| Box::new(constant(truth.map_or(Value::Null(Type::Bool), Value::Bool)));
    for left in truths {
        for right in truths {
            let both = truth(&scalar(ScalarKind::And(side(left), side(right)), Type::Bool));
            let either = truth(&scalar(ScalarKind::Or(side(left), side(right)), Type::Bool));
            let expected = match (left, right) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            assert_eq!(both, expected, "{left:?} and {right:?}");
            // De Morgan.
            let negated = |truth: Option<bool>| truth.map(|truth| !truth);
            let dual = truth(&scalar(
                ScalarKind::And(side(negated(left)), side(negated(right))),
                Type::Bool,
            ));
            assert_eq!(either, negated(dual), "{left:?} or {right:?}");
        }
    }
}

#[test]
fn arithmetic_follows_the_types() {
    use Binary::{Add, Divide, Modulo, Multiply, Subtract};
    let real = |value| constant(Value::Real(value));
    let span = |ticks| constant(Value::TimeSpan(ticks));
    let moment = |microseconds| constant(Value::DateTime(microseconds));
    let table = [
        (Divide, long(7), long(2), Type::Long, Datum::Long(3)),
        (Divide, long(-7), long(2), Type::Long, Datum::Long(-3)),
        (Divide, long(7), long(0), Type::Long, Datum::Null),
        (Divide, real(1.0), real(0.0), Type::Real, Datum::Real(f64::INFINITY)),
        (Modulo, long(-10), long(4), Type::Long, Datum::Long(2)),
        (Modulo, long(10), long(0), Type::Long, Datum::Null),
        (Divide, long(i64::MIN), long(-1), Type::Long, Datum::Long(i64::MIN)),
        (Add, null(Type::Long), long(1), Type::Long, Datum::Null),
        (Add, long(1), real(0.5), Type::Real, Datum::Real(1.5)),
        (Divide, span(150), span(100), Type::Real, Datum::Real(1.5)),
        (Multiply, long(5), span(100), Type::TimeSpan, Datum::TimeSpan(500)),
        (Multiply, span(100), real(0.5), Type::TimeSpan, Datum::TimeSpan(50)),
        (Divide, span(100), long(3), Type::TimeSpan, Datum::TimeSpan(33)),
        (Subtract, moment(10), moment(4), Type::TimeSpan, Datum::TimeSpan(60)),
        (Add, moment(10), span(10), Type::DateTime, Datum::DateTime(11)),
        // A tick before midnight is before midnight, although a moment has no ticks.
        (Subtract, moment(10), span(1), Type::DateTime, Datum::DateTime(9)),
        (
            Subtract,
            moment(-62_135_596_800_000_000),
            span(10),
            Type::DateTime,
            Datum::Null,
        ),
        (Add, dynamic("1"), long(1), Type::Long, Datum::Long(2)),
        (Add, dynamic("[1]"), long(1), Type::Long, Datum::Null),
    ];
    for (operator, left, right, ty, expected) in table {
        let expression = binary(operator, left, right, ty);
        assert_eq!(value(&expression), expected, "{expression:?}");
    }
}

#[test]
fn a_dynamic_side_is_compared_by_its_kind() {
    use Binary::{Equal, Less, NotEqual};
    let table = [
        (Less, dynamic("3"), long(4), Some(true)),
        (Less, dynamic("3.5"), long(4), Some(true)),
        (Less, dynamic("\"abc\""), long(4), None),
        (Equal, dynamic("2.5"), long(2), Some(false)),
        (Equal, dynamic("\"x\""), string("x"), Some(true)),
        (Equal, string("x"), dynamic("\"x\""), Some(true)),
        (Equal, dynamic("5"), string("5"), Some(true)),
        (Equal, dynamic("\"x\""), long(1), Some(false)),
        (NotEqual, null(Type::Dynamic), string("x"), Some(true)),
        (Equal, dynamic("true"), constant(Value::Bool(true)), Some(true)),
        (
            Equal,
            dynamic("{\"a\":1,\"b\":2}"),
            dynamic("{\"b\":2.0,\"a\":1}"),
            Some(true),
        ),
    ];
    for (operator, left, right, expected) in table {
        let expression = compare(operator, left, right);
        assert_eq!(truth(&expression), expected, "{expression:?}");
    }
}

#[test]
fn a_negated_test_of_texts_is_the_opposite() {
    let tests = [
        StringTest::Equal,
        StringTest::Has,
        StringTest::HasPrefix,
        StringTest::HasSuffix,
        StringTest::Contains,
        StringTest::StartsWith,
        StringTest::EndsWith,
        StringTest::MatchesRegex,
    ];
    let texts = ["", "a", "A", "ab_a", "ba", "aé", "\u{212A}a"];
    for test in tests {
        for is_case_sensitive in [false, true] {
            for (left, right) in texts.iter().flat_map(|left| texts.map(|right| (left, right))) {
                let text = |is_negated, right: Scalar| {
                    let operator = StringOperator {
                        test,
                        is_case_sensitive,
                        is_negated,
                    };
                    let (left, right) = (Box::new(string(left)), Box::new(right));
                    scalar(ScalarKind::Text { operator, left, right }, Type::Bool)
                };
                let plain = truth(&text(false, string(right)));
                assert_eq!(truth(&text(true, string(right))), plain.map(|truth| !truth));
                // A right side that is not known beforehand gives the same.
                let computed = scalar(ScalarKind::Cast(Box::new(string(right))), Type::String);
                assert_eq!(truth(&text(false, computed)), plain, "{left:?} {test:?} {right:?}");
            }
        }
    }
}

#[test]
fn lists_are_the_same_as_sets_and_as_values() {
    let is_in = |left: Scalar, list: Vec<Scalar>, is_case_sensitive| {
        let left = Box::new(left);
        let is_negated = false;
        truth(&scalar(
            ScalarKind::In {
                left,
                list,
                is_case_sensitive,
                is_negated,
            },
            Type::Bool,
        ))
    };
    let long_list = |count: i64| (0..count).map(long).collect::<Vec<_>>();
    for count in [3, 100] {
        assert_eq!(is_in(long(2), long_list(count), true), Some(true));
        assert_eq!(is_in(long(100), long_list(count), true), Some(false));
        assert_eq!(is_in(null(Type::Long), long_list(count), true), Some(false));
    }
    let words = |count: usize| {
        (0..count)
            .map(|index| string(&format!("Word{index}")))
            .collect::<Vec<_>>()
    };
    for count in [3, 100] {
        assert_eq!(is_in(string("word2"), words(count), true), Some(false));
        assert_eq!(is_in(string("word2"), words(count), false), Some(true));
        assert_eq!(is_in(dynamic("\"WORD2\""), words(count), false), Some(true));
    }
    assert_eq!(is_in(string("b"), vec![dynamic("[\"a\",\"b\"]")], true), Some(true));
    assert_eq!(is_in(string("b"), vec![dynamic("[]")], true), Some(false));
}

#[test]
fn terms_of_a_list() {
    let has = |list: &str, all| {
        let (left, list) = (Box::new(dynamic("{\"a\":\"x y\"}")), vec![dynamic(list)]);
        truth(&scalar(ScalarKind::HasAny { left, list, all }, Type::Bool)).expect("never null")
    };
    assert!(has("[\"Y\",\"z\"]", false));
    assert!(!has("[\"Y\",\"z\"]", true));
    assert!(has("[\"Y\",\"a\"]", true));
    assert!(!has("[]", false));
    assert!(has("[]", true));
    assert!(
        has("[null]", false),
        "a null is an empty needle, which is in every text"
    );
}

#[test]
fn a_missing_property_or_item_is_null() {
    let path = |json: &str, steps: Vec<PathStep>| {
        let base = Box::new(dynamic(json));
        value(&scalar(ScalarKind::Path { base, steps }, Type::Dynamic))
    };
    let key = |name: &str| PathStep::Key(name.to_owned());
    let json = r#"{"a":[10,{"b":null},"\"q"]}"#;
    assert_eq!(path(json, vec![key("a"), PathStep::Index(0)]), value(&dynamic("10")));
    assert_eq!(
        path(json, vec![key("a"), PathStep::Index(-1)]),
        value(&dynamic("\"\\\"q\""))
    );
    assert_eq!(
        path(json, vec![key("a"), PathStep::Computed(long(0))]),
        value(&dynamic("10"))
    );
    assert_eq!(
        path(json, vec![PathStep::Computed(string("a")), PathStep::Index(0)]),
        value(&dynamic("10"))
    );
    for steps in [
        vec![key("a"), PathStep::Index(1), key("b")],
        vec![key("a"), key("b")],
        vec![key("A")],
        vec![PathStep::Index(0)],
        vec![key("a"), PathStep::Index(3)],
        vec![key("a"), PathStep::Index(i64::MIN)],
    ] {
        assert_eq!(path(json, steps.clone()), Datum::Null, "{steps:?}");
    }
}

#[test]
fn what_cannot_be_computed_is_refused_with_its_place() {
    let span = Span { start: 3, end: 9 };
    let kind = ScalarKind::Window {
        function: "row_number".to_owned(),
        arguments: Vec::new(),
    };
    let window = Scalar {
        kind,
        ty: Type::Long,
        span,
    };
    let refusal = Program::new(&window, &|_| None).expect_err("windows are their operator's");
    assert_eq!((refusal.code, refusal.span), (Code::Unsupported, span));

    let operator = StringOperator {
        test: StringTest::MatchesRegex,
        is_case_sensitive: true,
        is_negated: false,
    };
    let (left, right) = (Box::new(string("a")), Box::new(string("(")));
    let pattern = scalar(ScalarKind::Text { operator, left, right }, Type::Bool);
    let refusal = Program::new(&pattern, &|_| None).expect_err("the pattern is none");
    assert_eq!(refusal.code, Code::Arguments);
}

fn call(function: &str, arguments: Vec<Scalar>, ty: Type) -> Scalar {
    let function = function.to_owned();
    scalar(ScalarKind::Call { function, arguments }, ty)
}

#[test]
fn a_failed_assertion_fails_the_query_with_its_message() {
    let assert = |truth| call("assert", vec![constant(Value::Bool(truth)), string("no!")], Type::Bool);
    assert_eq!(value(&assert(true)), Datum::Bool(true));
    let refusal = Program::new(&assert(false), &|_| None).expect_err("it fails");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::Arguments, "no!"));
    let column = scalar(ScalarKind::Column(0), Type::Bool);
    let refusal = Program::new(&call("assert", vec![column, string("no!")], Type::Bool), &|_| None);
    assert_eq!(refusal.expect_err("a row is not known yet").code, Code::Unsupported);
}

#[test]
fn only_the_chosen_branch_is_computed_and_chance_is_drawn_for_each_row() {
    let rand = || call("rand", Vec::new(), Type::Real);
    let program = Program::new(&rand(), &|_| None).expect("supported");
    let cx = Context::default();
    assert_ne!(program.run(&Values(&[]), &cx), program.run(&Values(&[]), &cx));

    let choice = call("iff", vec![null(Type::Bool), long(1), long(2)], Type::Long);
    assert_eq!(value(&choice), Datum::Long(2));
    // A text has no null, whatever its function says.
    let empty = call("tostring", vec![null(Type::Long)], Type::String);
    assert_eq!(value(&empty), Datum::string(""));
}

#[test]
fn a_value_has_the_type_that_was_bound() {
    let half = || dynamic("1.5");
    let sum = binary(Binary::Add, half(), long(1), Type::Long);
    assert_eq!(value(&sum), Datum::Long(2));
    let yes = || constant(Value::Bool(true));
    let chosen = |ty| call("iff", vec![yes(), half(), null(ty)], ty);
    assert_eq!(value(&chosen(Type::Real)), Datum::Real(1.5));
    assert_eq!(value(&chosen(Type::String)), Datum::string("1.5"));
    assert_eq!(value(&chosen(Type::DateTime)), Datum::Null);
    let packed = call("iff", vec![yes(), long(1), dynamic("2")], Type::Dynamic);
    assert_eq!(value(&packed), value(&dynamic("1")));
}

#[test]
fn rows_of_sub_queries_are_handed_in() {
    let table = Arc::new(postern_kql::ir::Tabular {
        columns: Vec::new(),
        op: postern_kql::ir::Op::Rows { rows: Vec::new() },
        span: Span::default(),
        is_open: false,
    });
    let rows: Arc<[Datum<'static>]> = vec![Datum::Long(7), Datum::Long(8)].into();
    let run = |kind, ty| {
        let expression = scalar(kind, ty);
        let program = Program::new(&expression, &|_| Some(Arc::clone(&rows))).expect("supported");
        program.run(&Values(&[]), &Context::default()).into_owned()
    };
    assert_eq!(
        run(ScalarKind::ToScalar(Arc::clone(&table)), Type::Long),
        Datum::Long(7)
    );
    let membership = ScalarKind::InTable {
        left: Box::new(long(8)),
        table,
        is_case_sensitive: true,
        is_negated: true,
    };
    assert_eq!(run(membership, Type::Bool), Datum::Bool(false));
}
