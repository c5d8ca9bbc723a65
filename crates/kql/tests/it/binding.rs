//! Names, types, scopes and diagnostics of bound queries, case by case.

use crate::common::World;
use postern_kql::ir::{JoinKind, Op, ScalarKind};
use postern_kql::schema::{Parameter, TableFunction};
use postern_kql::{Bound, Code, Column, Options, Severity, Type, bind, parse};

const T: &str = "datatable(s:string, i:int, l:long, r:real, t:datetime, span:timespan, d:dynamic, b:bool)[] | ";

/// A query that begins with `|` is about a table with a column of most types.
fn over_table(query: &str) -> String {
    match query.strip_prefix('|') {
        Some(operators) => format!("{T}{operators}"),
        None => query.to_owned(),
    }
}

/// Asserts the columns of queries over a table with a column of most types.
fn gives(cases: &[(&str, &str)]) {
    let world = World::exposure();
    for (query, columns) in cases {
        let text = over_table(query);
        assert_eq!(world.columns(&text), Ok((*columns).to_owned()), "{query}");
    }
}

/// Asserts the first error of queries, and the part of the text that it points to.
fn fails(cases: &[(&str, &str, &str)]) {
    let world = World::exposure();
    for (query, place, message) in cases {
        let text = over_table(query);
        let bound = world.bind(&text);
        let error = bound
            .diagnostics
            .iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error);
        let error = error.unwrap_or_else(|| panic!("no error in {query}"));
        assert_eq!(
            (error.span.text(&text), error.message.as_str()),
            (*place, *message),
            "{query}"
        );
        assert!(bound.query.is_none(), "{query}");
    }
}

fn hint(bound: &Bound) -> Option<&str> {
    bound
        .diagnostics
        .iter()
        .find_map(|diagnostic| diagnostic.hint.as_deref())
}

#[test]
fn unnamed_columns_are_named_after_what_they_are() {
    gives(&[
        ("print 1, 'a', x = 2", "print_0:long, print_1:string, x:long"),
        (
            "| project l + 1, s, d.a.b[0], d['k'], -r",
            "Column1:long, s:string, d_a_b_0:dynamic, d_k:dynamic, Column2:real",
        ),
        (
            "| project tostring(l), strlen(s), toint(d.x), bin(l, 10)",
            "l:string, strlen_s:long, d_x:int, l1:long",
        ),
        (
            "| summarize count(), sum(i), dcount(s), make_set(s), avg(i), countif(b), max(t)",
            "count_:long, sum_i:long, dcount_s:long, set_s:dynamic, avg_i:real, countif_b:long, max_t:datetime",
        ),
        (
            "| summarize percentile(l, 95), percentiles(r, 5, 50.5) by s",
            "s:string, percentile_l_95:long, percentile_r_5:real, percentile_r_50_5:real",
        ),
        (
            "| summarize arg_max(t, s, l + 1)",
            "t:datetime, s:string, max_t_arg2:long",
        ),
        (
            "| summarize take_any(s), take_any(l) by bin(t, 1d)",
            "t:datetime, s:string, l:long",
        ),
        (
            "| summarize (early, other) = arg_min(t, l) by s",
            "s:string, early:datetime, other:long",
        ),
        ("| summarize n = count() by s, l % 2", "s:string, Column1:long, n:long"),
        ("| count", "Count:long"),
        ("| top-nested 2 of s by sum(l)", "s:string, aggregated_s:long"),
        ("| top-hitters 2 of s by l", "s:string, approximate_sum_l:long"),
    ]);
}

#[test]
fn arg_max_of_a_star_gives_each_column_once() {
    gives(&[(
        "datatable(a:string, b:long, c:datetime)[] | summarize arg_max(c, *) by a",
        "a:string, c:datetime, b:long",
    )]);
}

#[test]
fn projections_replace_rename_and_reorder() {
    gives(&[
        (
            "datatable(a:long, b:string)[] | extend b = 1, c = a",
            "a:long, b:long, c:long",
        ),
        (
            "datatable(a:long, b:string)[] | extend a, a + 1",
            "a:long, b:string, Column1:long",
        ),
        (
            "datatable(a:long, b:string)[] | project-rename x = a",
            "x:long, b:string",
        ),
        ("datatable(a:long, b1:string, b2:int)[] | project-away b*", "a:long"),
        (
            "datatable(a:long, b1:string, b2:int)[] | project-keep b*",
            "b1:string, b2:int",
        ),
        (
            "datatable(a:long, b2:string, b10:int)[] | project-reorder b* granny-asc",
            "b2:string, b10:int, a:long",
        ),
        (
            "datatable(a:long, b2:string, b10:int)[] | project-reorder b* asc",
            "b10:int, b2:string, a:long",
        ),
    ]);
    fails(&[
        (
            "datatable(a:long)[] | project a, a",
            "a",
            "the column `a` is declared twice",
        ),
        (
            "datatable(a:long)[] | project x = a, x = 1",
            "x",
            "the column `x` is declared twice",
        ),
    ]);
}

#[test]
fn arithmetic_widens_and_times_subtract() {
    gives(&[
        (
            "| project i + i, i + l, l / r, t - t, t + span, span / span, d.x + 1, d.x * 1.5",
            "Column1:long, Column2:long, Column3:real, Column4:timespan, Column5:datetime, Column6:real, Column7:long, \
             Column8:real",
        ),
        ("range x from int(1) to int(3) step int(1)", "x:int"),
        ("range x from 1 to 3 step 0.5", "x:real"),
        (
            "range t from datetime(2026-01-01) to datetime(2026-01-02) step 1h",
            "t:datetime",
        ),
        (
            "| project iff(b, s, d), iff(b, i, l), coalesce(i, r), max_of(i, l)",
            "Column1:string, Column2:long, Column3:real, Column4:long",
        ),
    ]);
    fails(&[
        ("| extend x = s + l", "+", "`+` is not defined for string and long"),
        ("| where s < 'a'", "<", "`<` is not defined for string and string"),
        ("| where l", "l", "a condition must be bool, and this is long"),
        ("| where l has 'a'", "has", "`has` is not defined for long and string"),
        (
            "| extend round(d.x)",
            "d.x",
            "`round` takes a number here, and this is dynamic",
        ),
        (
            "| extend s.a",
            "s.a",
            "a value of type string has no properties or elements",
        ),
    ]);
}

#[test]
fn joins_number_columns_that_both_sides_have() {
    gives(&[
        (
            "print a = 1, b = 2 | join kind=inner (print a = 1, c = 3) on a",
            "a:long, b:long, a1:long, c:long",
        ),
        (
            "print a = 1 | join kind=leftanti (print b = 1) on $left.a == $right.b",
            "a:long",
        ),
        (
            "print a = 1 | join kind=rightsemi (print b = 1) on $left.a == $right.b",
            "b:long",
        ),
        (
            "print a = 1, b = 2 | lookup (print a = 1, b = 3) on a",
            "a:long, b:long, b1:long",
        ),
    ]);
    fails(&[
        ("print a = 1 | join kind=inner (print b = 1) on a", "a", "no column `a`"),
        (
            "print a = 1 | join kind=inner (print a = 'x') on a",
            "a",
            "`a` is long on the left and string on the right",
        ),
        (
            "print a = 1 | join kind=some (print a = 1) on a",
            "some",
            "no kind of join is called `some`",
        ),
        (
            "print d = dynamic(1) | join kind=inner (print e = 1) on $left.d == $right.e",
            "$left.d == $right.e",
            "tables cannot be joined on dynamic values",
        ),
    ]);
}

#[test]
fn the_default_join_is_warned_of_and_marked() {
    let bound = World::exposure().bind("ExposureGraphNodes | join (ExposureGraphNodes) on NodeId");
    let warning = bound
        .diagnostics
        .iter()
        .find(|diagnostic| diagnostic.severity == Severity::Warning)
        .unwrap();
    assert_eq!(warning.code, Code::Suspicious);
    let query = bound.query.unwrap();
    assert!(matches!(
        query.outputs[0].table.op,
        Op::Join {
            kind: JoinKind::InnerUnique,
            ..
        }
    ));
    assert_eq!(query.marks.order_dependent[0].0, "innerunique");
}

#[test]
fn common_mistakes_are_warned_of() {
    let world = World::exposure();
    for (query, message) in [
        (
            "ExposureGraphNodes | where tolower(NodeName) == 'DC01'",
            "what `tolower` gives is never equal to `DC01`",
        ),
        (
            "ExposureGraphNodes | where isnotnull(NodeName)",
            "a string is never null, so `isnotnull` says nothing",
        ),
        (
            "ExposureGraphNodes | extend n = 1 | where n == '1'",
            "long is compared with string; the values are converted to long first",
        ),
        (
            "ExposureGraphNodes | extend n = prev(NodeId)",
            "`prev` depends on the order of rows, and they have none here: sort them first",
        ),
    ] {
        let bound = world.bind(query);
        assert!(bound.query.is_some(), "{query}");
        assert_eq!(bound.diagnostics[0].severity, Severity::Warning, "{query}");
        assert_eq!(bound.diagnostics[0].message, message);
    }
}

#[test]
fn a_result_has_the_name_of_an_as_at_its_end() {
    let world = World::exposure();
    let name = |query: &str| world.bind(query).query.unwrap().outputs[0].name.clone();
    assert_eq!(name("print 1 | as Result"), Some("Result".to_owned()));
    assert_eq!(name("print a = 1 | as T | union T"), None);
}

#[test]
fn unions_part_columns_of_several_types() {
    gives(&[
        (
            "union (print a = 1, b = 2), (print a = 'x')",
            "a_long:long, a_string:string, b:long",
        ),
        (
            "print a = 1 | union withsource=Source (print a = 2)",
            "Source:string, a:long",
        ),
        ("union kind=inner (print a = 1, b = 2), (print a = 3)", "a:long"),
        ("union isfuzzy=true (print a = 1), NoSuchTable", "a:long"),
    ]);
}

#[test]
fn a_star_stands_for_all_columns_in_a_test() {
    gives(&[
        ("| where * has 'x' and l > 1 | count", "Count:long"),
        ("| where * == 'x' | count", "Count:long"),
    ]);
    fails(&[(
        "print pack_array(*)",
        "pack_array",
        "there are no columns here that `*` could stand for",
    )]);
}

#[test]
fn expansions_make_rows_of_elements() {
    gives(&[
        ("print a = 1, d = dynamic([1]) | mv-expand d", "a:long, d:dynamic"),
        (
            "print a = 1, d = dynamic([1]) | mv-expand e = d to typeof(long)",
            "a:long, d:dynamic, e:long",
        ),
        (
            "print d = dynamic([1]) | mv-expand with_itemindex=i d",
            "d:dynamic, i:long",
        ),
        (
            "print a = 1, d = dynamic([1]) | mv-apply d to typeof(long) on (summarize m = max(d))",
            "a:long, m:long",
        ),
        (
            "print a = 1, d = dynamic([1]) | mv-apply e = d on (where e > 0)",
            "a:long, d:dynamic, e:dynamic",
        ),
    ]);
    fails(&[(
        "print a = 1 | mv-expand a",
        "a",
        "only dynamic values have elements, and this is long",
    )]);
}

#[test]
fn texts_and_series_become_columns() {
    gives(&[
        (
            "print s = 'a' | parse s with 'x' n:long ' ' rest",
            "s:string, n:long, rest:string",
        ),
        (
            "print s = 'a' | parse-kv s as (a:long, b:string)",
            "s:string, a:long, b:string",
        ),
        (
            "| make-series n = count() default = 0, avg(l) on t from ago(9d) to ago(1d) step 1d by s",
            "s:string, n:dynamic, avg_l:dynamic, t:dynamic",
        ),
        (
            "| scan declare (x:long = 0) with (step one: true => x = one.x + l;) | project x",
            "x:long",
        ),
        (
            "| make-series percentile(l, 95) on t step 1d",
            "percentile_l_95:dynamic, t:dynamic",
        ),
        (
            "| getschema",
            "ColumnName:string, ColumnOrdinal:long, DataType:string, ColumnType:string",
        ),
        ("| search 'a' | project ['$table'], s", "$table:string, s:string"),
        ("| evaluate narrow()", "Row:long, Column:string, Value:string"),
        (
            "| project d, l | evaluate bag_unpack(d) : (*, name:string)",
            "l:long, name:string",
        ),
    ]);
}

#[test]
fn lets_and_functions_are_written_out() {
    gives(&[
        ("let x = 5; let y = x * 2; print z = y", "z:long"),
        (
            "let N = ExposureGraphNodes | project NodeId; N | take 1",
            "NodeId:string",
        ),
        (
            "let f = (n:long, m:long = 3) { n + m }; print f(1), f(1, 2), f(m = 1, n = 2)",
            "print_0:long, print_1:long, print_2:long",
        ),
        (
            "let f = (T:(NodeId:string)) { T | project NodeId }; f(ExposureGraphNodes)",
            "NodeId:string",
        ),
        (
            "let f = (T:(*), n:long) { T | take n | count }; ExposureGraphNodes | invoke f(5)",
            "Count:long",
        ),
        ("let V = view () { print a = 1 }; V | union V", "a:long"),
        (
            "let n = toscalar(ExposureGraphNodes | count); print n + 1",
            "print_0:long",
        ),
        (
            "let x = 1; let f = () { x }; let g = (x:string) { f() }; print f(), g('a')",
            "print_0:long, print_1:long",
        ),
    ]);
    fails(&[
        (
            "let f = (n:long) { n }; print f()",
            "f()",
            "`f` is called with the wrong arguments",
        ),
        (
            "let f = () { g() }; let g = () { f() }; print f()",
            "g",
            "no function `g`",
        ),
        (
            "let f = (T:(Missing:string)) { T }; f(ExposureGraphNodes)",
            "ExposureGraphNodes",
            "the table has no column `Missing`",
        ),
    ]);
}

#[test]
fn a_function_sees_the_names_of_its_own_place() {
    let bound = World::exposure().bind("let x = 1; let f = () { x }; let g = () { let x = 'a'; f() }; print g()");
    let table = &bound.query.unwrap().outputs[0].table;
    assert_eq!(table.columns, [Column::new("print_0", Type::Long)]);
}

#[test]
fn names_that_are_not_known_come_with_the_nearest() {
    let world = World::exposure();
    let bound = world.bind("ExposureGraphNodes | where nodename == 'a'");
    assert_eq!(bound.diagnostics[0].message, "no column `nodename`");
    assert_eq!(hint(&bound), Some("did you mean `NodeName`?"));
    let bound = world.bind("ExposureGraphNode | take 1");
    assert_eq!(bound.diagnostics[0].code, Code::UnknownName);
    assert_eq!(hint(&bound), Some("did you mean `ExposureGraphNodes`?"));
    let bound = world.bind("print tostrin(1)");
    assert_eq!(hint(&bound), Some("did you mean `tostring`?"));
}

#[test]
fn one_mistake_makes_one_diagnostic() {
    let bound = World::exposure().bind(
        "ExposureGraphNodes | extend x = nosuch(NodeId) | where x > 3 and round(x, 1) > 2 | summarize sum(x) by NodeId",
    );
    assert_eq!(bound.diagnostics.len(), 1, "{:?}", bound.diagnostics);
}

#[test]
fn what_does_not_run_is_refused_by_name_and_place() {
    let world = World::exposure();
    for (query, place) in [
        ("print geo_point_to_s2cell(1.0, 2.0)", "geo_point_to_s2cell"),
        (
            "print series_decompose_anomalies(dynamic([1]))",
            "series_decompose_anomalies",
        ),
        ("print 1 | evaluate python(typeof(*), 'x')", "python"),
        ("cluster('a').database('b') | take 1", "cluster('a').database('b')"),
        (
            "externaldata(a:string)['https://example.org/a.csv']",
            "externaldata(a:string)['https://example.org/a.csv']",
        ),
    ] {
        let bound = world.bind(query);
        let error = &bound.diagnostics[0];
        assert_eq!(
            (error.code, error.span.text(query)),
            (Code::Unsupported, place),
            "{query}"
        );
    }
}

#[test]
fn tables_of_a_later_phase_say_so() {
    let bound = World::exposure().bind("LaterTable | take 1");
    assert_eq!(bound.diagnostics[0].code, Code::LaterPhase);
    assert_eq!(bound.diagnostics[0].message, "`LaterTable` is made by a later phase");
}

#[test]
fn queries_are_marked_row_local_or_global() {
    let world = World::exposure();
    let is_row_local = |query: &str| world.bind(query).query.unwrap().marks.is_row_local;
    assert!(is_row_local(
        "ExposureGraphNodes | where NodeLabel == 'a' | extend x = strlen(NodeName) | project x"
    ));
    assert!(!is_row_local("ExposureGraphNodes | summarize count()"));
    assert!(!is_row_local(
        "ExposureGraphNodes | where NodeId in (ExposureGraphEdges | project SourceNodeId)"
    ));
    assert!(!is_row_local("ExposureGraphNodes | extend n = row_number()"));
    let marks =
        world.bind("ExposureGraphNodes | join kind=inner (ExposureGraphEdges) on $left.NodeId == $right.SourceNodeId");
    assert_eq!(
        marks.query.unwrap().marks.tables,
        ["ExposureGraphEdges", "ExposureGraphNodes"]
    );
}

#[test]
fn queries_that_depend_on_order_or_chance_are_marked() {
    let world = World::exposure();
    let marks = |query: &str| {
        let marks = world.bind(query).query.unwrap().marks.order_dependent;
        marks.into_iter().map(|(what, _)| what).collect::<Vec<_>>()
    };
    assert_eq!(marks("ExposureGraphNodes | take 5"), ["take"]);
    assert_eq!(marks("ExposureGraphNodes | sort by NodeId | take 5"), [""; 0]);
    assert_eq!(
        marks("ExposureGraphNodes | summarize take_any(NodeName) by NodeLabel"),
        ["take_any"]
    );
    assert_eq!(marks("ExposureGraphNodes | extend x = rand()"), ["rand"]);
    assert_eq!(marks("ExposureGraphNodes | extend n = row_number()"), ["row_number"]);
    assert_eq!(
        marks("ExposureGraphNodes | sort by NodeId asc | extend n = row_number()"),
        [""; 0]
    );
    assert_eq!(
        marks("ExposureGraphNodes | summarize max(NodeName) by NodeLabel"),
        [""; 0]
    );
}

#[test]
fn stored_functions_are_bound_where_they_are_called() {
    let world = World::exposure()
        .with_function(
            "Devices",
            "(label:string = 'device') { ExposureGraphNodes | where NodeLabel == label | project NodeId }",
        )
        .with_function("Broken", "() { ExposureGraphNodes | where Nothing == 1 }");
    assert_eq!(world.columns("Devices | count"), Ok("Count:long".to_owned()));
    assert_eq!(world.columns("Devices('x') | take 1"), Ok("NodeId:string".to_owned()));
    let query = "ExposureGraphNodes | join kind=inner (Broken()) on NodeId";
    let bound = world.bind(query);
    assert_eq!(bound.diagnostics[0].message, "no column `Nothing`");
    assert_eq!(bound.diagnostics[0].span.text(query), "Broken()");
}

#[test]
fn table_functions_take_constants_by_place_or_name() {
    let mut world = World::exposure();
    let parameter = |name: &str, ty, is_optional| Parameter {
        name: name.to_owned(),
        ty,
        is_optional,
    };
    world.table_functions.push(std::sync::Arc::new(TableFunction {
        name: "attack_paths".to_owned(),
        parameters: vec![
            parameter("entry", Type::String, false),
            parameter("limit", Type::Long, true),
        ],
        columns: vec![Column::new("EntryId", Type::String)],
        description: String::new(),
    }));
    assert_eq!(world.columns("attack_paths('a')"), Ok("EntryId:string".to_owned()));
    assert_eq!(
        world.columns("attack_paths(limit = 5, entry = 'a') | take 1"),
        Ok("EntryId:string".to_owned())
    );
    assert_eq!(
        world.columns("attack_paths()"),
        Err("`attack_paths` needs `entry`".to_owned())
    );
    assert_eq!(
        world.columns("attack_paths(1)"),
        Err("`entry` is string, and this is long".to_owned())
    );
}

#[test]
fn paths_into_dynamic_values_are_one_step() {
    let bound = World::exposure()
        .bind("ExposureGraphNodes | project x = parse_json(NodeProperties).rawData[\"criticality Level\"][-1].a");
    let query = bound.query.unwrap();
    let Op::Project { values, .. } = &query.outputs[0].table.op else {
        panic!("no projection")
    };
    let ScalarKind::Path { steps, .. } = &values[0].kind else {
        panic!("no path")
    };
    assert_eq!(steps.len(), 4);
}

#[test]
fn the_caret_sees_columns_and_lets() {
    let text = "let limit = 3; ExposureGraphNodes | extend Length = strlen(NodeName) | where Len";
    let options = Options {
        caret: Some(text.len() as u32),
        ..Options::default()
    };
    let world = World::exposure();
    let bound = bind(&parse(text).script, text, &world, &options);
    let seen = bound.at_caret.unwrap();
    assert!(
        seen.columns
            .iter()
            .any(|column| column.name == "Length" && column.ty == Type::Long)
    );
    assert!(seen.names.iter().any(|(name, _)| name == "limit"));
}

#[test]
fn parameters_of_a_query_have_values_or_defaults() {
    let world = World::exposure();
    let text = "declare query_parameters(days:long = 7, label:string); print days, label";
    assert!(world.columns(text).is_err());
    let options = Options {
        parameters: vec![("label".to_owned(), postern_kql::Value::String("a".to_owned()))],
        ..Options::default()
    };
    let bound = bind(&parse(text).script, text, &world, &options);
    assert_eq!(bound.query.unwrap().outputs[0].table.columns.len(), 2);
}
