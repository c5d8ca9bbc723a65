//! What functions of texts, patterns, arrays and bags answer, by the examples and the rules of their documentation.

use std::borrow::Cow;

use postern_kql_functions::{Context, Datum, Dynamic, Json, convert, kernel};

fn s(text: &str) -> Datum<'_> {
    Datum::string(text)
}

fn n(value: i64) -> Datum<'static> {
    Datum::Long(value)
}

/// A `dynamic`, given as JSON.
fn d(json: &str) -> Datum<'_> {
    if json == "null" {
        Datum::Null
    } else {
        Datum::Dynamic(Dynamic::Text(Cow::Borrowed(json)))
    }
}

fn call<'a>(name: &str, arguments: &[Datum<'a>]) -> Datum<'a> {
    let kernel = kernel(name).unwrap_or_else(|| panic!("there is no function {name}"));
    kernel(&Context::default(), arguments)
}

/// The value as text, a null as `null`, a text in quotes so that the empty one is seen.
fn shown(datum: &Datum<'_>) -> String {
    match datum {
        Datum::Null => "null".to_owned(),
        Datum::String(text) => format!("{text:?}"),
        Datum::Dynamic(value) => value.text().into_owned(),
        other => convert::text(other).into_owned(),
    }
}

/// Asserts what calls answer; arguments that are JSON give the same as trees.
fn check(table: &[(&str, &[Datum<'_>], &str)]) {
    for (name, arguments, expected) in table {
        assert_eq!(shown(&call(name, arguments)), *expected, "{name}({arguments:?})");
        let trees: Vec<Datum<'_>> = arguments
            .iter()
            .map(|argument| match argument {
                Datum::Dynamic(value) => Datum::dynamic(value.tree().into_owned()),
                other => other.clone(),
            })
            .collect();
        assert_eq!(shown(&call(name, &trees)), *expected, "{name}({trees:?}), of trees");
    }
}

#[test]
fn conditions() {
    let (yes, no) = (Datum::Bool(true), Datum::Bool(false));
    check(&[
        ("iff", &[yes.clone(), n(1), n(2)], "1"),
        ("iff", &[Datum::Null, n(1), n(2)], "2"),
        ("case", &[no.clone(), n(1), yes.clone(), n(2), n(3)], "2"),
        ("case", &[no.clone(), n(1), no.clone(), n(2), n(3)], "3"),
        ("coalesce", &[Datum::Null, n(5), n(6)], "5"),
        ("coalesce", &[s(""), s("a")], "\"a\""),
        ("coalesce", &[s(""), s("")], "\"\""),
        ("coalesce", &[Datum::Null, Datum::Null], "null"),
        ("not", &[Datum::Null], "null"),
        ("not", &[Datum::Bool(true)], "False"),
        ("isnull", &[s("")], "False"),
        ("isnull", &[d("null")], "True"),
        ("isempty", &[s("")], "True"),
        ("isempty", &[Datum::Null], "True"),
        ("isempty", &[d("\"\"")], "True"),
        ("isempty", &[d("[]")], "False"),
        ("isnotempty", &[n(0)], "True"),
        ("isnotnull", &[n(0)], "True"),
        ("gettype", &[s("a")], "\"string\""),
        ("gettype", &[n(111)], "\"long\""),
        ("gettype", &[d("1")], "\"int\""),
        ("gettype", &[d("{\"abc\":1}")], "\"dictionary\""),
        ("gettype", &[d("[1]")], "\"array\""),
        ("gettype", &[Datum::Real(123.45)], "\"real\""),
        ("gettype", &[d("null")], "\"null\""),
    ]);
}

#[test]
fn conversions() {
    check(&[
        ("tostring", &[Datum::Bool(true)], "\"True\""),
        ("tostring", &[d("true")], "\"true\""),
        ("tostring", &[d("\"x\"")], "\"x\""),
        ("tostring", &[Datum::Null], "\"\""),
        ("tostring", &[d("[1,2]")], "\"[1,2]\""),
        ("tolong", &[s("not a number")], "null"),
        ("tolong", &[s("42")], "42"),
        ("tolong", &[Datum::Real(123.5)], "123"),
        ("tolong", &[s("123.5")], "null"),
        ("toint", &[s("123")], "123"),
        ("toint", &[n(1 << 40)], "null"),
        ("toreal", &[s("123.5")], "123.5"),
        ("toreal", &[s("nan")], "NaN"),
        ("toreal", &[s("")], "null"),
        ("tobool", &[s("true")], "True"),
        ("tobool", &[n(123)], "True"),
        ("tobool", &[s("abc")], "null"),
        ("todecimal", &[s("123.45678")], "123.45678"),
        (
            "toguid",
            &[s("0123456789ab-cdef-0123-456789abcdef")],
            "01234567-89ab-cdef-0123-456789abcdef",
        ),
        ("toguid", &[s("a string that is not a guid")], "null"),
        (
            "parse_json",
            &[s("{\"b\": 1.0, \"a\":[1, null]}")],
            "{\"b\":1.0,\"a\":[1,null]}",
        ),
        ("parse_json", &[s("{\"b\":")], "\"{\\\"b\\\":\""),
        ("parse_json", &[s("")], "null"),
        ("parse_json", &[s("null")], "null"),
        (
            "dynamic_to_json",
            &[d("{\"b\":1,\"a\":{\"d\":[2],\"c\":{}}}")],
            "\"{\\\"a\\\":{\\\"c\\\":{},\\\"d\\\":[2]},\\\"b\\\":1}\"",
        ),
        ("estimate_data_size", &[n(1), s("1234567890")], "18"),
    ]);
}

#[test]
fn strings() {
    check(&[
        (
            "strcat",
            &[s("a"), s("-"), n(123), Datum::Null, Datum::Bool(false)],
            "\"a-123False\"",
        ),
        (
            "strcat_delim",
            &[s("-"), n(1), s("2"), s("A"), Datum::TimeSpan(10_000_000)],
            "\"1-2-A-00:00:01\"",
        ),
        ("strcat_delim", &[s("-"), s("a"), Datum::Null, s("b")], "\"a--b\""),
        ("strcat_array", &[d("[1,2,3]"), s("\"")], "\"1\\\"2\\\"3\""),
        ("strlen", &[s("⒦⒰⒮⒯⒪")], "5"),
        ("string_size", &[s("⒦⒰⒮⒯⒪")], "15"),
        ("strlen", &[d("\"x\"")], "1"),
        ("tolower", &[s("HÉLLO")], "\"héllo\""),
        ("toupper", &[s("héllo")], "\"HÉLLO\""),
        ("reverse", &[n(12345)], "\"54321\""),
        ("reverse", &[Datum::Real(123.45)], "\"54.321\""),
        (
            "reverse",
            &[Datum::DateTime(1_508_068_800_000_000)],
            "\"Z0000000.00:00:21T51-01-7102\"",
        ),
        ("substring", &[s("123456"), n(1)], "\"23456\""),
        ("substring", &[s("123456"), n(2), n(2)], "\"34\""),
        ("substring", &[s("ABCD"), n(0), n(2)], "\"AB\""),
        ("substring", &[s("123456"), n(-2), n(2)], "\"56\""),
        ("substring", &[s("éèê"), n(1), n(9)], "\"èê\""),
        ("substring", &[s("abc"), n(7)], "\"\""),
        ("substring", &[s("abc"), n(1), n(-1)], "\"\""),
        ("substring", &[s("abc"), n(i64::MIN), n(i64::MAX)], "\"abc\""),
        ("indexof", &[s("abcdefg"), s("cde")], "2"),
        ("indexof", &[s("abcdefg"), s("cde"), n(1), n(4)], "2"),
        ("indexof", &[s("abcdefg"), s("cde"), n(1), n(2)], "-1"),
        ("indexof", &[s("abcdefg"), s("cde"), n(3), n(4)], "-1"),
        ("indexof", &[s("abcdefg"), s("cde"), n(-5)], "2"),
        ("indexof", &[n(1_234_567), n(5), n(1), n(4)], "4"),
        ("indexof", &[s("abcdefg"), s("cde"), n(2), n(-1)], "2"),
        ("indexof", &[s("abcdefgabcdefg"), s("cde"), n(1), n(10), n(2)], "9"),
        ("indexof", &[s("abcdefgabcdefg"), s("cde"), n(1), n(-1), n(3)], "-1"),
        ("indexof", &[s("abc"), s("b"), n(0), n(-2)], "null"),
        ("indexof", &[s("éèabc"), s("b")], "3"),
        ("indexof", &[s("éèéè"), s("è"), n(0), n(-1), n(2)], "3"),
        ("indexof", &[s("abc"), s(""), n(0), n(-1), n(i64::MAX)], "-1"),
        ("indexof", &[s("abc"), s("c"), n(i64::MAX), n(i64::MAX)], "-1"),
        (
            "has_any_index",
            &[s("this is an example"), d("[\"not\",\"example\"]")],
            "1",
        ),
        ("has_any_index", &[s("Example number 2"), d("[1,2,3]")], "1"),
        ("has_any_index", &[s("x"), d("[]")], "-1"),
        ("isascii", &[s("some string")], "True"),
        ("isascii", &[s("é")], "False"),
        ("isutf8", &[s("é")], "True"),
        (
            "replace_string",
            &[s("A cat, a cat"), s("cat"), s("hamster")],
            "\"A hamster, a hamster\"",
        ),
        ("replace_string", &[s("abc"), s(""), s("x")], "\"abc\""),
        (
            "replace_strings",
            &[s("This is"), d("[\"This\",\"is\"]"), d("[\"This\",\"was\"]")],
            "\"This was\"",
        ),
        (
            "replace_strings",
            &[s("This is"), d("[\"is\",\"This\"]"), d("[\"was\",\"This\"]")],
            "\"Thwas was\"",
        ),
        (
            "replace_strings",
            &[s("This is"), d("[\"This\",\"is\"]"), d("[12345,\"was\"]")],
            "\"This was\"",
        ),
        ("split", &[s("aa_bb"), s("_")], "[\"aa\",\"bb\"]"),
        ("split", &[s("aaa_bbb_ccc"), s("_"), n(1)], "[\"bbb\"]"),
        ("split", &[s(""), s("_")], "[\"\"]"),
        ("split", &[s("a__b"), s("_")], "[\"a\",\"\",\"b\"]"),
        ("split", &[s("aabbcc"), s("bb")], "[\"aa\",\"cc\"]"),
        ("split", &[s("abc"), s("")], "[\"abc\"]"),
        ("strcmp", &[s("abc"), s("abd")], "-1"),
        ("strcmp", &[s("abc"), s("abc")], "0"),
        ("strrep", &[s("ABC"), n(2)], "\"ABCABC\""),
        ("strrep", &[n(123), n(3), s(".")], "\"123.123.123\""),
        ("strrep", &[s("a"), n(-1)], "\"\""),
        ("translate", &[s("abc"), s("x"), s("abc")], "\"xxx\""),
        ("translate", &[s("abc"), s(""), s("ab")], "\"\""),
        ("translate", &[s("krasp"), s("otsku"), s("spark")], "\"kusto\""),
        ("unicode_codepoints_from_string", &[s("Ké")], "[75,233]"),
        (
            "unicode_codepoints_to_string",
            &[d("[75,117]"), n(115), d("[]")],
            "\"Kus\"",
        ),
        ("unicode_codepoints_to_string", &[n(-1), n(0xD800), n(65)], "\"A\""),
    ]);
}

#[test]
fn patterns() {
    let guid = "82b8be2d-dfa7-4bd1-8f63-24ad26d31449";
    check(&[
        ("extract", &[s(r"-(\d{2})-"), n(1), s("15-12-2024")], "\"12\""),
        (
            "extract",
            &[s("([0-9.]+) (s|ms)$"), n(0), s("took 127.5 ms")],
            "\"127.5 ms\"",
        ),
        ("extract", &[s("([0-9.]+) (s|ms)$"), n(3), s("took 127.5 ms")], "\"\""),
        ("extract", &[s("("), n(1), s("(")], "\"\""),
        (
            "extract_all",
            &[s(r"(\d+)"), s("a set of numbers: 123, 567 and 789")],
            "[\"123\",\"567\",\"789\"]",
        ),
        (
            "extract_all",
            &[s(r"(\w)(\w+)(\w)"), s("82b8-dfa7")],
            "[[\"8\",\"2b\",\"8\"],[\"d\",\"fa\",\"7\"]]",
        ),
        (
            "extract_all",
            &[s(r"(\w)(\w+)(\w)"), d("[1,3]"), s(guid)],
            "[[\"8\",\"d\"],[\"d\",\"7\"],[\"4\",\"1\"],[\"8\",\"3\"],[\"2\",\"9\"]]",
        ),
        (
            "extract_all",
            &[s(r"(?P<first>\w)(?P<last>\w)"), d("[\"last\"]"), s("abcd")],
            "[\"b\",\"d\"]",
        ),
        ("extract_all", &[s(r"(x)"), s("abc")], "null"),
        ("countof", &[s("The cat sat on the mat"), s("at")], "3"),
        ("countof", &[s("The cat sat on the mat"), s("at"), s("normal")], "3"),
        (
            "countof",
            &[s("The cat sat on the mat"), s(r"\b.at\b"), s("regex")],
            "3",
        ),
        ("countof", &[s("ababa"), s("aba")], "2"),
        ("countof", &[s("ababa"), s("aba"), s("regex")], "1"),
        ("countof", &[s("abcabc"), s("a.c"), s("regex")], "2"),
        ("indexof_regex", &[s("abcabc"), s("a.c")], "0"),
        ("indexof_regex", &[s("abcabcdefg"), s("a.c"), n(0), n(9), n(2)], "3"),
        ("indexof_regex", &[s("abcabc"), s("a.c"), n(1), n(-1), n(2)], "-1"),
        ("indexof_regex", &[s("ababaa"), s("a.a"), n(0), n(-1), n(2)], "-1"),
        ("indexof_regex", &[s("abcabc"), s("a|ab"), n(-1)], "null"),
        ("indexof_regex", &[s("éa"), s("a"), n(1)], "1"),
        ("indexof_regex", &[s("abc"), s("x*"), n(0), n(-1), n(4)], "3"),
        ("indexof_regex", &[s("abc"), s("x*"), n(0), n(-1), n(i64::MAX)], "-1"),
        ("regex_quote", &[s("(so$me.Te^xt)")], r#""\\(so\\$me\\.Te\\^xt\\)""#),
        (
            "replace_regex",
            &[s("Number is 1"), s(r"is (\d+)"), s(r"was: \1")],
            "\"Number was: 1\"",
        ),
        ("replace_regex", &[s("aXbX"), s("X"), s(r"[\0]")], "\"a[X]b[X]\""),
        ("replace_regex", &[s("abc"), s("x"), s("y")], "\"abc\""),
        ("replace_regex", &[s("abc"), s(".*"), s("")], "\"\""),
        ("trim", &[s("--"), s("--https://bing.com--")], "\"https://bing.com\""),
        ("trim", &[s(r"[^\w]+"), s("-  Te st1// $")], "\"Te st1\""),
        ("trim_start", &[s("https://"), s("https://bing.com")], "\"bing.com\""),
        ("trim_end", &[s(r"\.com"), s("bing.com.com")], "\"bing\""),
        ("trim", &[s("-"), s("---")], "\"\""),
    ]);
}

#[test]
fn arrays() {
    let five = "[1,2,3,4,5]";
    check(&[
        ("array_length", &[d("[1,2,3,\"four\"]")], "4"),
        ("array_length", &[d("{}")], "null"),
        ("array_length", &[d("[]")], "0"),
        ("array_concat", &[d("[1]"), d("[2,3]")], "[1,2,3]"),
        (
            "array_iff",
            &[d("[true,false,true]"), d("[1,2,3]"), d("[4,5,6]")],
            "[1,5,3]",
        ),
        (
            "array_iff",
            &[d("[1,0,50]"), s("yes"), s("no")],
            "[\"yes\",\"no\",\"yes\"]",
        ),
        ("array_iff", &[d("[\"x\",null]"), n(1), n(0)], "[null,null]"),
        (
            "array_iff",
            &[d("[true,true,true]"), d("[1,2]"), d("[3,4]")],
            "[1,2,null]",
        ),
        ("array_index_of", &[d("[\"this\",\"is\",\"an\"]"), s("an")], "2"),
        ("array_index_of", &[d("[\"a\",\"b\",\"c\",\"b\"]"), s("b"), n(-2)], "3"),
        (
            "array_index_of",
            &[d("[\"a\",\"b\",\"c\",\"b\"]"), s("b"), n(0), n(-1), n(2)],
            "3",
        ),
        ("array_index_of", &[d("[1,2.0]"), n(2)], "1"),
        ("array_reverse", &[d("[1,2]")], "[2,1]"),
        ("array_rotate_left", &[d(five), n(2)], "[3,4,5,1,2]"),
        ("array_rotate_left", &[d(five), n(-2)], "[4,5,1,2,3]"),
        ("array_rotate_right", &[d(five), n(-2)], "[3,4,5,1,2]"),
        ("array_rotate_right", &[d(five), n(i64::MIN)], "[4,5,1,2,3]"),
        ("array_rotate_right", &[d("[]"), n(3)], "[]"),
        ("array_shift_left", &[d(five), n(2)], "[3,4,5,null,null]"),
        ("array_shift_left", &[d(five), n(-2)], "[null,null,1,2,3]"),
        ("array_shift_left", &[d(five), n(2), n(-1)], "[3,4,5,-1,-1]"),
        ("array_shift_right", &[d(five), n(2)], "[null,null,1,2,3]"),
        ("array_shift_right", &[d(five), n(99)], "[null,null,null,null,null]"),
        ("array_slice", &[d("[1,2,3]"), n(1), n(2)], "[2,3]"),
        ("array_slice", &[d(five), n(2), n(-1)], "[3,4,5]"),
        ("array_slice", &[d(five), n(-3), n(-2)], "[3,4]"),
        ("array_slice", &[d(five), n(3), n(1)], "[]"),
        ("array_slice", &[d(five), n(0), n(-9)], "[]"),
        (
            "array_sort_asc",
            &[d("[null,\"blue\",\"yellow\",\"green\",null]")],
            "[\"blue\",\"green\",\"yellow\",null,null]",
        ),
        (
            "array_sort_asc",
            &[d("[null,\"b\",\"a\"]"), Datum::Bool(false)],
            "[null,\"a\",\"b\"]",
        ),
        (
            "array_sort_desc",
            &[d("[1,3,2,\"a\",\"c\",\"b\"]")],
            "[3,2,1,\"c\",\"b\",\"a\"]",
        ),
        (
            "array_sort_asc",
            &[d("[1,3,4,5,2]"), d("[\"a\",\"b\",\"c\",\"d\",\"e\"]"), d("[1]")],
            "[[1,2,3,4,5],[\"a\",\"e\",\"b\",\"c\",\"d\"],null]",
        ),
        ("array_split", &[d(five), n(2)], "[[1,2],[3,4,5]]"),
        ("array_split", &[d(five), d("[1,3]")], "[[1],[2,3],[4,5]]"),
        ("array_split", &[d(five), n(-1)], "[[1,2,3,4],[5]]"),
        ("array_sum", &[d("[1,2,3.5]")], "6.5"),
        ("array_sum", &[d("[1,\"a\"]")], "null"),
        ("pack_array", &[n(1), s("a"), Datum::Null], "[1,\"a\",null]"),
        ("range", &[n(1), n(8), n(3)], "[1,4,7]"),
        ("range", &[n(1), n(3)], "[1,2,3]"),
        ("range", &[n(3), n(1), n(-1)], "[3,2,1]"),
        ("range", &[n(1), n(3), n(0)], "null"),
        (
            "range",
            &[Datum::TimeSpan(36_000_000_000), Datum::TimeSpan(72_000_000_000)],
            "[\"01:00:00\",\"02:00:00\"]",
        ),
        ("repeat", &[n(1), n(3)], "[1,1,1]"),
        ("repeat", &[n(1), n(0)], "[]"),
        ("repeat", &[n(1), n(-1)], "null"),
        ("array_shift_left", &[d("[\"a\",\"b\"]"), n(1)], "[\"b\",\"\"]"),
        ("zip", &[d("[1,3,5]"), d("[2,4,6]")], "[[1,2],[3,4],[5,6]]"),
        (
            "zip",
            &[d("[\"A\",1,1.5]"), d("[{},\"B\"]")],
            "[[\"A\",{}],[1,\"B\"],[1.5,null]]",
        ),
    ]);
    let long = call("range", &[n(1), n(1_000_000_000)]);
    assert_eq!(call("array_length", &[long]), n(1 << 20));
}

#[test]
fn sets() {
    check(&[
        ("set_union", &[d("[1,2,1,4]"), d("[1,2]"), d("[8]")], "[1,2,4,8]"),
        ("set_intersect", &[d("[1,2,1,4]"), d("[1,2]"), d("[8,1]")], "[1]"),
        ("set_difference", &[d("[1,2,3]"), d("[1,2,3]")], "[]"),
        ("set_difference", &[d("[1,2,1,4]"), d("[1]"), d("[2]")], "[4]"),
        ("set_has_element", &[d("[\"this\",\"is\"]"), s("is")], "True"),
        ("set_has_element", &[d("[\"this\"]"), s("This")], "False"),
        ("set_has_element", &[d("null"), s("is")], "null"),
        ("set_equals", &[d("[1,2,2]"), d("[2,1]")], "True"),
        ("jaccard_index", &[d("[1,2,3]"), d("[1,2,3,4]")], "0.75"),
        ("jaccard_index", &[d("[]"), d("[]")], "\"NaN\""),
    ]);
}

#[test]
fn bags() {
    let deep = r#"{"key1":123,"key2":{"prop1":"abc","prop2":"xyz"},"key3":[100,200]}"#;
    check(&[
        ("bag_has_key", &[d(deep), s("key1")], "True"),
        ("bag_has_key", &[d(deep), s("$.key2.prop1")], "True"),
        ("bag_has_key", &[d(deep), s("$.key2.prop9")], "False"),
        ("bag_has_key", &[d(deep), s("$.key3[1]")], "True"),
        ("bag_keys", &[d("{\"a\":\"b\",\"c\":123}")], "[\"a\",\"c\"]"),
        ("bag_keys", &[d("{}")], "[]"),
        ("bag_keys", &[d("[]")], "null"),
        (
            "bag_merge",
            &[d("{\"A1\":12,\"B1\":2}"), d("{\"A2\":81,\"A1\":1}")],
            "{\"A1\":12,\"B1\":2,\"A2\":81}",
        ),
        (
            "bag_pack",
            &[s("a"), n(1), s("b"), Datum::Null, s("a"), n(2)],
            "{\"a\":1,\"b\":null}",
        ),
        (
            "bag_remove_keys",
            &[d(deep), d("[\"$.key2.prop1\",\"key3\"]")],
            "{\"key1\":123,\"key2\":{\"prop2\":\"xyz\"}}",
        ),
        (
            "bag_remove_keys",
            &[d("{\"a b\":1,\"c\":2}"), d("[\"$['a b']\"]")],
            "{\"c\":2}",
        ),
        (
            "bag_set_key",
            &[d("{\"key1\":1}"), s("key3"), n(3)],
            "{\"key1\":1,\"key3\":3}",
        ),
        (
            "bag_set_key",
            &[d("{\"key1\":123}"), s("$.key2.prop1"), s("abc")],
            "{\"key1\":123,\"key2\":{\"prop1\":\"abc\"}}",
        ),
        ("bag_zip", &[d("[\"a\",\"b\",1]"), d("[1]")], "{\"a\":1,\"b\":null}"),
        ("bag_zip", &[d("[\"a\",8]"), d("1")], "{\"a\":null}"),
        ("bag_zip", &[d("\"a\""), d("[1]")], "null"),
        ("extract_json", &[s("$.name"), s("{\"name\": \"John\"}")], "\"John\""),
        ("extract_json", &[s("$.a[1].b"), s("{\"a\": [0, {\"b\": 5}]}")], "\"5\""),
        ("extract_json", &[s("$.b"), s("{\"a\": 1}")], "\"\""),
        ("treepath", &[d("{\"a\":\"b\",\"c\":123}")], "[\"['a']\",\"['c']\"]"),
        (
            "treepath",
            &[d("{\"prop1\":[1,2],\"prop2\":\"v\"}")],
            "[\"['prop1']\",\"['prop1'][0]\",\"['prop2']\"]",
        ),
        (
            "treepath",
            &[d("{\"l\":[1,\"a\",{\"x\":\"y\"}]}")],
            "[\"['l']\",\"['l'][0]\",\"['l'][0]['x']\"]",
        ),
    ]);
    let names = (0..1000).flat_map(|index| [Datum::string(format!("k{}", index % 500)), n(index)]);
    let bag = call("bag_pack", &names.collect::<Vec<_>>());
    let Datum::Dynamic(bag) = &bag else { panic!("a bag") };
    let tree = bag.tree();
    assert_eq!(tree.get("k499"), Some(&Json::Long(499)));
    assert!(matches!(tree.as_ref(), Json::Object(entries) if entries.len() == 500));
}

#[test]
fn forms() {
    let windows = |line| [s(line), s("windows")];
    check(&[
        (
            "parse_csv",
            &[s("aa,\"b,b,b\",cc,\"Title: \"\"X\"\"\"\nnext,line")],
            r#"["aa","b,b,b","cc","Title: \"X\""]"#,
        ),
        ("parse_csv", &[s("")], r#"[""]"#),
        (
            "parse_command_line",
            &windows("echo \"hello world!\""),
            r#"["echo","hello world!"]"#,
        ),
        (
            "parse_command_line",
            &windows(r#""C:\a b\c.exe" a\\b d"e f"g h"#),
            r#"["C:\\a b\\c.exe","a\\\\b","de fg","h"]"#,
        ),
        (
            "parse_command_line",
            &windows(r#"x a\\\"b c d"#),
            r#"["x","a\\\"b","c","d"]"#,
        ),
        (
            "parse_command_line",
            &windows(r#"x a\\\\"b c" d e"#),
            r#"["x","a\\\\b c","d","e"]"#,
        ),
        ("parse_command_line", &windows("x \"\""), r#"["x",""]"#),
        ("parse_version", &[s("0.0.0.5")], "5"),
        ("parse_version", &[s("0.2")], "20000000000000000"),
        ("parse_version", &[s("1.2.3.4")], "1000000020000000300000004"),
        ("parse_version", &[s("1.2.3.4.5")], "null"),
        ("parse_version", &[s("1.x")], "null"),
        (
            "parse_urlquery",
            &[s("k1=v1&k2=v2&k1=v3")],
            r#"{"Query Parameters":{"k1":"v3","k2":"v2"}}"#,
        ),
        (
            "has_ipv4",
            &[s("05:04:54 127.0.0.1 GET /favicon.ico 404"), s("127.0.0.1")],
            "True",
        ),
        ("has_ipv4", &[s("05:04:54127.0.0.1 GET"), s("127.0.0.1")], "False"),
        ("has_ipv4", &[s("05:04:54 127.0.0.256 GET"), s("127.0.0.256")], "False"),
        ("has_ipv4_prefix", &[s("05:04:54 127.0.0.1 GET"), s("127.0.")], "True"),
        ("has_ipv4_prefix", &[s("05:04:54 127.0.0.1 GET"), s("127.0")], "False"),
        (
            "has_ipv4_prefix",
            &[s("05:04:54 127.0.0.256 GET"), s("127.0.")],
            "False",
        ),
        ("has_ipv4_prefix", &[s("05:04:54127.0.0.1 GET"), s("127.0.")], "False"),
        (
            "has_any_ipv4",
            &[s("x 127.0.0.1"), d("[\"10.0.0.1\",\"127.0.0.1\"]")],
            "True",
        ),
        ("has_any_ipv4_prefix", &[s("x 127.0.0.1"), s("10."), s("127.")], "True"),
    ]);
}

#[test]
fn what_would_grow_too_large_is_null_and_is_told() {
    let tree = Json::Array(vec![Json::Long(1); 1 << 20]);
    let million = || Datum::Dynamic(Dynamic::Tree(Cow::Borrowed(&tree)));
    let long = "x".repeat(10 << 20);
    let calls: Vec<(&str, Vec<Datum<'_>>)> = vec![
        ("repeat", vec![million(), n(1_000_000)]),
        ("pack_array", vec![million(), million(), million()]),
        ("zip", vec![million(), million(), million()]),
        ("array_shift_left", vec![million(), n(1000), million()]),
        (
            "bag_pack",
            vec![s("a"), million(), s("b"), million(), s("c"), million()],
        ),
        ("strcat", vec![s(&long), s(&long)]),
        ("strrep", vec![s(&long), n(2)]),
        ("split", vec![s(&long), s("x")]),
        ("unicode_codepoints_from_string", vec![s(&long)]),
    ];
    for (name, arguments) in calls {
        let cx = Context::default();
        let kernel = kernel(name).expect("there is such a function");
        let value = kernel(&cx, &arguments);
        assert!(
            value.is_null() || value == Datum::string(""),
            "{name} makes {:.60}",
            shown(&value)
        );
        assert_eq!(cx.take_reached().len(), 1, "{name} tells");
        assert!(cx.take_reached().is_empty(), "once");
    }
}

#[test]
fn a_value_that_is_wrapped_again_and_again_ends_as_null() {
    for name in ["pack_array", "zip", "repeat", "bag_pack", "array_split"] {
        let (cx, kernel) = (Context::default(), kernel(name).expect("there is such a function"));
        let mut value = d("[1]");
        let levels = (0..1000).take_while(|_| {
            value = match name {
                "repeat" => kernel(&cx, &[value.clone(), n(1)]),
                "bag_pack" => kernel(&cx, &[s("a"), value.clone()]),
                "array_split" => kernel(&cx, &[value.clone(), n(1)]),
                "zip" => kernel(&cx, &[value.clone(), d("[1]")]),
                _ => kernel(&cx, std::slice::from_ref(&value)),
            };
            !value.is_null()
        });
        assert!((50..130).contains(&levels.count()), "{name}");
        assert_eq!(cx.take_reached().len(), 1, "{name}");
    }
    let path = format!("$.{}", vec!["a"; 100_000].join("."));
    assert_eq!(call("bag_set_key", &[d("{}"), s(&path), n(1)]), Datum::Null);
    let names = Datum::dynamic(Json::Array(vec![Json::String(path)]));
    assert_eq!(shown(&call("bag_remove_keys", &[d("{\"a\":1}"), names])), "{\"a\":1}");
}

/// The values of an object, in its order.
fn values(datum: &Datum<'_>) -> Vec<String> {
    let Datum::Dynamic(value) = datum else {
        panic!("{datum:?} is no object")
    };
    let Json::Object(entries) = value.tree().into_owned() else {
        panic!("{datum:?} is no object")
    };
    entries
        .iter()
        .map(|(_, value)| convert::json_text(value).into_owned())
        .collect()
}

#[test]
fn addresses_and_paths() {
    let url = "scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v2#fragment";
    let parsed = call("parse_url", &[s(url)]);
    let query = r#"{"k1":"v1","k2":"v2"}"#;
    let expected = [
        "scheme",
        "host",
        "1234",
        "/this/is/a/path",
        "username",
        "password",
        query,
        "fragment",
    ];
    assert_eq!(values(&parsed), expected);
    let names = r#"["Scheme","Host","Port","Path","Username","Password","Query Parameters","Fragment"]"#;
    assert_eq!(shown(&call("bag_keys", &[parsed])), names);
    let parsed = call("parse_url", &[s("https://[::1]:8/x")]);
    assert_eq!(values(&parsed), ["https", "[::1]", "8", "/x", "", "", "{}", ""]);

    let names = "Scheme,RootPath,DirectoryPath,DirectoryName,Filename,Extension,AlternateDataStreamName";
    let keys = call("bag_keys", &[call("parse_path", &[s("")])]);
    assert_eq!(convert::text(&call("strcat_array", &[keys, s(",")])), names);
    let table = [
        (
            r"C:\temp\file.txt",
            ["", "C:", r"C:\temp", "temp", "file.txt", "txt", ""],
        ),
        (r"temp\file.txt", ["", "", "temp", "temp", "file.txt", "txt", ""]),
        (
            "file://C:/temp/file.txt:some.exe",
            ["file", "C:", "C:/temp", "temp", "file.txt", "txt", "some.exe"],
        ),
        (
            r"\\shared\users\temp\file.txt.gz",
            ["", "", r"\\shared\users\temp", "temp", "file.txt.gz", "gz", ""],
        ),
        (
            "/usr/lib/temp/file.txt",
            ["", "", "/usr/lib/temp", "temp", "file.txt", "txt", ""],
        ),
        (r"\\?\C:\x", ["", "C:", "C:", "", "x", "", ""]),
        ("", [""; 7]),
    ];
    for (path, expected) in table {
        assert_eq!(values(&call("parse_path", &[s(path)])), expected, "{path}");
    }
}

#[test]
fn xml() {
    let table = [
        ("<e/>", r#"{"e":null}"#),
        ("<e>text</e>", r#"{"e":"text"}"#),
        (r#"<e name="value" />"#, r#"{"e":{"@name":"value"}}"#),
        (
            r#"<e name="value">text</e>"#,
            r##"{"e":{"@name":"value","#text":"text"}}"##,
        ),
        ("<e> <a>text</a> <b>text</b> </e>", r#"{"e":{"a":"text","b":"text"}}"#),
        ("<e> <a>text</a> <a>text</a> </e>", r#"{"e":{"a":["text","text"]}}"#),
        ("<e><a/><a/><a/></e>", r#"{"e":{"a":[null,null,null]}}"#),
        (
            "<?xml version=\"1.0\"?>\n<d><v>118.0</v><!-- no --></d>",
            r#"{"d":{"v":118.0}}"#,
        ),
        ("<e>a &lt; b &#65;</e>", r#"{"e":"a < b A"}"#),
        ("<e>", "null"),
        ("text", "null"),
        ("<a/><b/>", "null"),
    ];
    for (source, expected) in table {
        assert_eq!(shown(&call("parse_xml", &[s(source)])), expected, "{source}");
    }
    assert_eq!(call("parse_xml", &[Datum::string("<a>".repeat(10_000))]), Datum::Null);
}
