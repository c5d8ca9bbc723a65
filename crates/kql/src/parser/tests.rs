//! Whole queries: what they become, and what is said about broken ones.

use super::*;
use crate::ast::{BinaryOperator, Expr, ExprKind, OperatorKind, StatementKind};
use crate::{Type, Value};

/// The only query of a text that has no errors.
fn query(text: &str) -> Expr {
    let mut parsed = parse(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    match parsed.script.statements.pop().map(|statement| statement.kind) {
        Some(StatementKind::Query(expr)) => expr,
        other => panic!("no query in {text}: {other:?}"),
    }
}

/// What a printed expression is, with every operation in parentheses.
fn shape(text: &str) -> String {
    let print = format!("print {text}");
    match query(&print).kind {
        ExprKind::Source(operator) => match operator.kind {
            OperatorKind::Print(values) => shown(&values[0], &print),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn shown(expr: &Expr, text: &str) -> String {
    match &expr.kind {
        ExprKind::Binary {
            left,
            right,
            operator_span,
            ..
        } => format!(
            "({} {} {})",
            shown(left, text),
            operator_span.text(text),
            shown(right, text)
        ),
        ExprKind::Negate(value) => format!("(-{})", shown(value, text)),
        ExprKind::Member { base, name } => format!("{}.{}", shown(base, text), name.text),
        ExprKind::Index { base, index } => format!("{}[{}]", shown(base, text), shown(index, text)),
        ExprKind::Parenthesized(inner) => shown(inner, text),
        _ => expr.span.text(text).to_owned(),
    }
}

/// The constant that is printed.
fn constant(text: &str) -> Value {
    match query(&format!("print {text}")).kind {
        ExprKind::Source(operator) => match operator.kind {
            OperatorKind::Print(mut values) => match values.pop().map(|value| value.kind) {
                Some(ExprKind::Literal(value)) => value,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Diagnostics as people see them: line, column, message.
fn complaints(text: &str) -> Vec<String> {
    let told = parse(text).diagnostics.into_iter().map(|found| {
        let at = crate::span::Position::of(text, found.span.start);
        let hint = found.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}:{} {}{hint}", at.line, at.column, found.message)
    });
    told.collect()
}

#[test]
fn operators_bind_as_the_language_says() {
    for (text, expected) in [
        ("a or b and c == d + e * f", "(a or (b and (c == (d + (e * f)))))"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c % d", "(((a / b) * c) % d)"),
        // Operators of texts bind tighter than arithmetic.
        (r#"a has "x" + b"#, r#"((a has "x") + b)"#),
        ("-a.b[0].c < 1", "((-a.b[0].c) < 1)"),
        ("a < b == c", "((a < b) == c)"),
        (
            r#"a =~ "x" and b !contains_cs "y""#,
            r#"((a =~ "x") and (b !contains_cs "y"))"#,
        ),
    ] {
        assert_eq!(shape(text), expected);
    }
}

#[test]
fn comparisons_do_not_chain() {
    for text in ["print 1 == 1 == 1", "print a < b < c", r#"print a has "b" has "c""#] {
        assert_eq!(parse(text).diagnostics.len(), 1, "{text}");
    }
}

#[test]
fn constants_have_the_types_that_they_are_written_in() {
    assert_eq!(constant("1"), Value::Long(1));
    assert_eq!(constant("0x1F"), Value::Long(31));
    assert_eq!(constant("1.5e3"), Value::Real(1500.0));
    assert_eq!(constant("int(7)"), Value::Int(7));
    assert_eq!(constant("long(null)"), Value::Null(Type::Long));
    assert_eq!(constant("decimal(1.50)"), Value::Decimal("1.50".to_owned()));
    assert_eq!(constant("2h"), Value::TimeSpan(72_000_000_000));
    assert_eq!(constant("datetime(1970-01-02)"), Value::DateTime(86_400_000_000));
    assert_eq!(constant("real(-inf)"), Value::Real(f64::NEG_INFINITY));
    assert_eq!(constant(r#"'a' "b" @'c\'"#), Value::String("abc\\".to_owned()));
    assert_eq!(constant("h'secret'"), Value::String("secret".to_owned()));
}

#[test]
fn dynamic_is_kept_as_canonical_json() {
    for (text, json) in [
        (
            r#"dynamic({"a": [1, 2.0, -3], 'b': {"c": null}})"#,
            r#"{"a":[1,2.0,-3],"b":{"c":null}}"#,
        ),
        (r#"dynamic({"a": 1, "b": 2, "a": 3})"#, r#"{"a":3,"b":2}"#),
        (
            r#"dynamic([datetime(2020-01-01), 1h, "x\ty"])"#,
            r#"["2020-01-01T00:00:00.0000000Z","01:00:00","x\ty"]"#,
        ),
        (r#"dynamic("text")"#, r#""text""#),
    ] {
        assert_eq!(constant(text), Value::Dynamic(json.to_owned()));
    }
    assert_eq!(constant("dynamic(null)"), Value::Null(Type::Dynamic));
}

#[test]
fn keywords_are_names_where_the_language_takes_them() {
    for text in [
        "T | where count > 1 and id == 2 and step < 3",
        "T | extend by = 1, where = 2, ['kind'] = 3",
        "T | project a.kind, nodes, edges",
        "let take = 5; T | take take",
        "T | summarize count = count() by bin(t, 1h)",
        "T | sort by order asc, limit nulls first",
    ] {
        assert_eq!(complaints(text), [""; 0], "{text}");
    }
    assert_eq!(
        complaints("T | where kind2 == 1 | extend kind = 2"),
        ["1:31 the keyword `kind` cannot be a name here (write it in brackets: ['kind'])"]
    );
    assert_eq!(
        complaints("T | where by == 1"),
        ["1:11 the keyword `by` cannot be a name here (write it in brackets: ['by'])"]
    );
}

#[test]
fn every_operator_of_the_language_is_read() {
    for text in [
        "T | as hint.materialized=true X",
        "T | assert-schema (a:int, b:string)",
        "T | consume",
        "T | count as N",
        "T | distinct *",
        "T | evaluate hint.distribution=per_node bag_unpack(d, 'p_') : (*, a:string)",
        "T | facet by a, b with (where c > 1 | take 5)",
        "find withsource=S in (A, B*) where x == 1 project a, b:string, pack(*)",
        "T | fork x=(where a > 1 | count) (take 3)",
        "T | getschema",
        "T | invoke f(1)",
        "T | join kind=leftouter hint.strategy=broadcast (U | where b == 1) on a, $left.c == $right.d",
        "T | join U on a",
        "T | lookup kind=inner (U) on a",
        "T | make-series n=count() default=0, max(x) on t from ago(1d) to now() step 1h by a, b",
        "T | make-series count() on t in range(ago(1d), now(), 1h)",
        "T | mv-apply with_itemindex=i e = d to typeof(string), f limit 5 on (where e == 1 | top 1 by e)",
        "T | mv-expand kind=array a, b = c to typeof(long) limit 10",
        "T | mvexpand a",
        "T | parse kind=regex flags=Ui s with * 'a' b:int 'c' * 'd' e",
        "T | parse-where s with 'x=' x:long * 'y' y",
        "T | parse-kv s as (a:string, b:int) with (pair_delimiter=' ', kv_delimiter='=', quote='\"', greedy=true)",
        "T | partition hint.strategy=native by a (top 1 by b)",
        "T | partition by a { U | where x == 1 }",
        "print a=1, 'b'",
        "T | project",
        "T | project a, b=c+1, (d, e) = f(x)",
        "T | project-away a*, *b, c",
        "T | project-by-names dynamic(['a'])",
        "T | project-keep *",
        "T | project-rename a=b",
        "T | project-reorder a asc, b*, c granny-desc",
        "range i from 1 to 10 step 2",
        "T | reduce kind=source by s with threshold=0.5, characters='x'",
        "T | render timechart with (title='x', ycolumns=a, b, ymin=-1, legend=hidden)",
        "T | render barchart kind=stacked",
        "T | sample 5",
        "T | sample-distinct 5 of a",
        "T | scan order by t asc partition by u declare (n:long=0) with (step s1 output=all: a > 1 => n = s1.n + 1; \
         step s2 optional: b; )",
        "search kind=case_sensitive in (T, U) 'x' and a: 'y'",
        "search *",
        "T | serialize n = row_number()",
        "T | summarize hint.strategy=shuffle count(), x=max(a) by b, bin(t, 1h)",
        "T | summarize by a",
        "T | summarize count() by t bin=1h",
        "T | take 5",
        "T | top 5 by a desc nulls last",
        "T | top-hitters 3 of a by b",
        "T | top-nested 2 of a with others='x' by max(b) desc, top-nested of c by d=count()",
        "union kind=inner withsource=S isfuzzy=true T, (U | take 1), V*",
        "T | where a between (1 .. 5) and b !in~ ('x', 'y') and c has_any (dynamic(['z'])) and d in (U | project d)",
        "E | make-graph a --> b with N on id, M on key",
        "E | make-graph a --> b with_node_id=n partitioned-by p (graph-match (x)-->(y) project x.n)",
        "E | make-graph a --> b with N on id | graph-match cycles=none (a)-[e*1..5]->(b)<--(c), (b)--(d)-[f]-(g) \
         where a.x == 1 and all(e, y > 2) project a.x, n=b.y",
        "E | make-graph a --> b with_node_id=n | graph-shortest-paths output=all (a)-[e*1..9]->(b) project a",
        "E | make-graph a --> b with_node_id=n | graph-to-table nodes as N with_node_id=i, edges as D with_source_id=s",
        "E | make-graph a --> b with_node_id=n | graph-mark-components kind=strong with_component_id=c",
        "E | make-graph a --> b with_node_id=n | graph-where-nodes x > 1 | graph-where-edges y == 2 \
         | graph-match (a) project a.n",
        "externaldata(a:string, b:int)[@'https://x/y.csv'] with (format='csv', ignoreFirstRecord=true)",
        "datatable(a:string, b:dynamic)['x', dynamic([1]), 'y', dynamic(null)]",
        "let f = (T:(a:string, b:long), n:int = 5) { let x = 1; T | where b > n + x }; f(T, 3)",
        "let f = view () { T }; let g = (T:(*)) { T | count; }; f() | invoke g()",
        "let m = materialize(T | take 1); union m, m",
        "set querytrace; set notruncation = true; declare query_parameters(a:string = 'x', b:long); print a",
        "print toscalar(T | count), cluster('c').database('d').T, x['a'].b.['c'].d(1)",
    ] {
        assert_eq!(complaints(text), [""; 0], "{text}");
    }
}

#[test]
fn what_is_known_and_not_run_is_refused_by_name() {
    for (text, expected) in [
        (".show tables", "1:1 a management command is not supported"),
        (
            "inline_external_table(a:int) kind=storage ('x')",
            "1:1 `inline_external_table` is not supported",
        ),
        ("macro-expand g as x (x.T)", "1:1 `macro-expand` is not supported"),
        ("T | join (U) where a == b", "1:14 `join ... where` is not supported"),
        (
            "T | mv-apply x id guid(null) on (take 1)",
            "1:16 `id` of `mv-apply` is not supported",
        ),
    ] {
        assert_eq!(complaints(text), [expected]);
        assert!(parse(text).is_grammatical(), "{text}");
    }
}

#[test]
fn errors_are_told_where_they_are_and_once() {
    for (text, expected) in [
        ("T | where", "1:10 expected an expression after `where`"),
        ("T | sort a", "1:10 expected `by` after `sort`, found `a`"),
        (
            "T | wher a == 1",
            "1:5 `wher` is not an operator (did you mean `where`?)",
        ),
        (
            "T | sort by a = 1 = 2",
            "1:19 expected `|` or `;` after `1`, found `=` (`==` compares, `=` names a value)",
        ),
        ("T\n| where f(a", "2:12 expected `)` after `a`"),
        (
            "T | where a == 'x",
            "1:18 this string is not closed (strings of several lines stand between ``` and ```)",
        ),
        (
            r"T | where a == 'x\q'",
            "1:18 the backslash begins no known escape (write it twice, or put @ in front of the string)",
        ),
        ("T | project a,", "1:15 expected an expression after `,`"),
        (
            "where a == 1",
            "1:1 `where` needs a table in front of it (write Table | where ...)",
        ),
        ("print datetime(foo)", "1:7 `foo` is not a value of type datetime"),
        (
            "T | where a == 1 && b == 2",
            "1:18 expected `|` or `;` after `1`, found `&` (`and` joins conditions that must both hold)",
        ),
        (
            "T | where a == 1 || b == 2",
            "1:19 expected an operator, such as `where` or `summarize` after `|`, found `|` (`or` joins conditions of \
             which one must hold)",
        ),
        (
            "T | where a in 'x'",
            "1:16 expected `(` after `in`, found `'x'` (values stand in parentheses: in (...))",
        ),
        ("T ^ 1", "1:3 expected `|` or `;` after `T`, found `^`"),
        ("T | join kind=inner U on", "1:25 expected a column after `on`"),
    ] {
        assert_eq!(complaints(text), [expected], "{text}");
    }
}

#[test]
fn after_an_error_the_next_operators_and_statements_are_read() {
    let text = "let x = ; T | where a == | project b | sort c | take 5; U | count";
    let parsed = parse(text);
    assert_eq!(parsed.script.statements.len(), 3);
    let StatementKind::Query(Expr {
        kind: ExprKind::Pipe { operators, .. },
        ..
    }) = &parsed.script.statements[1].kind
    else {
        panic!("{parsed:?}");
    };
    let keywords: Vec<_> = operators.iter().map(|operator| operator.keyword.text(text)).collect();
    assert_eq!(keywords, ["where", "project", "sort", "take"]);
    assert_eq!(parsed.diagnostics.len(), 3, "{:?}", parsed.diagnostics);
}

#[test]
fn long_conditions_are_shallow_and_long_lists_are_fine() {
    let condition = vec!["a == 1"; 20_000].join(" or ");
    assert!(parse(&format!("T | where {condition}")).is_grammatical());
    let list = vec!["'10.0.0.1'"; 100_000].join(",");
    for text in [
        format!("T | where a in ({list})"),
        format!("let x = dynamic([{list}]); x"),
        format!("datatable(a:string)[{list}]"),
    ] {
        assert!(parse(&text).is_grammatical());
    }
}

#[test]
fn many_parts_beside_one_another_are_no_nesting() {
    let named: Vec<String> = (0..3_000)
        .map(|index| format!("c{index} = f(a, -b.c[{index}])"))
        .collect();
    for text in [
        format!("T | project {}", named.join(", ")),
        format!("T{}", " | where a + 1 > 2 | join (U | take 1) on b".repeat(1_000)),
        format!("union {}", vec!["(T | take 1)"; 1_000].join(", ")),
        "let f = (x:long) { x + 1 }; let y = f(1) + 2; ".repeat(1_000),
        format!(
            "let f = () {{ {} 1 }}",
            "let x = a + b; let g = () { 1 }; ".repeat(1_000)
        ),
    ] {
        assert!(parse(&text).is_grammatical(), "{:?}", parse(&text).diagnostics);
    }
}

#[test]
fn a_chain_of_conditions_is_balanced_and_keeps_its_order() {
    assert_eq!(shape("a and b and c and d"), "((a and b) and (c and d))");
    assert_eq!(shape("a or b or c"), "(a or (b or c))");
    assert_eq!(shape("a and b or c and d"), "((a and b) or (c and d))");
    let text = "print a and b and c";
    let ExprKind::Source(operator) = query(text).kind else {
        panic!("no print")
    };
    let OperatorKind::Print(values) = operator.kind else {
        panic!("no print")
    };
    let ExprKind::Binary { operator, .. } = values[0].kind else {
        panic!("no and")
    };
    assert_eq!(operator, BinaryOperator::And);
}

/// Texts that nest as deep as they are long, in every way that the grammar nests.
fn towers(levels: usize) -> Vec<String> {
    let tower = |open: &str, middle: &str, close: &str| open.repeat(levels) + middle + &close.repeat(levels);
    let query = |text: String| format!("T | where {text}");
    vec![
        query(tower("(", "a", ")")),
        query(tower("f(", "a", ")")),
        query(tower("a[", "0", "]")),
        query(tower("not(a and b or c + -d * f(", "0", "))")),
        query(tower("a in (", "0", ")")),
        query(tower("a in (T | where ", "a", ")")),
        query(tower("a between (1 .. ", "2", ")")),
        query(format!("a{}", ".b".repeat(levels))),
        query(format!("a{}", "[0]".repeat(levels))),
        query(format!("a{}", " + 1".repeat(levels))),
        query(tower("-(", "1", ")")),
        format!("print {}", tower("dynamic(", "1", ")")),
        format!("print dynamic({})", tower("[", "1", "]")),
        format!("print dynamic({})", tower("{'a':", "1", "}")),
        tower("T | join (", "U", ") on a"),
        tower("T | union (", "U", ")"),
        tower("T | mv-apply x on (where toscalar(", "U", ") == 1)"),
        tower("T | partition by x (fork (", "count", "))"),
        tower("let f = () { ", "1", " };"),
        tower("union (", "T", ")"),
        "(".repeat(levels),
        "T | where f(".repeat(levels),
        "T|".repeat(levels),
        "let f = (){".repeat(levels),
    ]
}

#[test]
fn no_text_overflows_the_stack_of_a_small_thread() {
    for levels in [NESTING_DEPTH_MAX - 10, 20_000] {
        for text in towers(levels) {
            let shown: String = text.chars().take(40).collect();
            let parsing = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
                let parsed = parse(&text);
                let copy = parsed.script.clone();
                copy == parsed.script
            });
            assert!(parsing.unwrap().join().unwrap(), "{shown}");
        }
    }
}

#[test]
fn beyond_the_limits_a_query_is_refused_once() {
    for text in towers(20_000).iter().take(14) {
        let found = parse(text).diagnostics;
        let limits = found.iter().filter(|diagnostic| diagnostic.code == Code::Limit).count();
        assert_eq!(limits, 1, "{:?}", found.first());
    }
    let pipe = format!("T{}", "| take 1".repeat(PIPE_OPERATORS_MAX + 2));
    assert_eq!(parse(&pipe).diagnostics[0].code, Code::Limit);
    let long = " ".repeat(TEXT_BYTES_MAX + 1);
    assert_eq!(parse(&long).diagnostics[0].code, Code::Limit);
}
