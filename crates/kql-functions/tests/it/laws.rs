//! What holds for all values: texts against the regex engine, paths against trees, conversions there and back.

use std::borrow::Cow;

use postern_kql::Type;
use postern_kql_functions::path::{Place, follow};
use postern_kql_functions::text::Needle;
use postern_kql_functions::{Datum, Dynamic, Json, convert, operators};
use proptest::prelude::*;
use regex::RegexBuilder;

/// Short texts of few letters, so that they meet: with case, marks, and characters outside ASCII.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            'a', 'A', 'b', 'B', '1', '_', ' ', '.', 'é', 'É', 'ß', 'ſ', 'S', 'K',
        ]),
        0..8,
    )
    .prop_map(|characters| characters.into_iter().collect())
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::Long),
        any::<f64>()
            .prop_filter("JSON has no others", |value| value.is_finite())
            .prop_map(Json::Real),
        "[a-z\"\\\\\\n{}\\[\\],:é]{0,6}".prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            prop::collection::btree_map("[ab\"\\\\]{0,2}", inner, 0..5)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

fn place() -> impl Strategy<Value = Place<'static>> {
    prop_oneof![
        "[ab\"\\\\]{0,2}".prop_map(|key| Place::Key(Cow::Owned(key))),
        (-4..5_i64).prop_map(Place::Index),
    ]
}

proptest! {
    // Patterns take their time to compile.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_needle_is_found_as_the_regex_engine_finds_it(text in text(), needle in text(), is_case_sensitive: bool) {
        let matches = |before: &str, after: &str| {
            RegexBuilder::new(&format!("{before}{}{after}", regex::escape(&needle)))
                .case_insensitive(!is_case_sensitive)
                .build()
                .expect("an escaped text is a pattern")
                .is_match(&text)
        };
        let is_term = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        let (opens, closes) = (is_term(needle.chars().next()), is_term(needle.chars().next_back()));
        let before = if opens { r"(?:\A|[^\p{Alphabetic}\p{N}])" } else { "" };
        let after = if closes { r"(?:\z|[^\p{Alphabetic}\p{N}])" } else { "" };
        let found = Needle::new(needle.as_str(), is_case_sensitive);
        prop_assert_eq!(found.is_in(&text), matches("", ""));
        prop_assert_eq!(found.starts(&text), matches(r"\A", ""));
        prop_assert_eq!(found.ends(&text), matches("", r"\z"));
        prop_assert_eq!(found.equals(&text), matches(r"\A", r"\z"));
        prop_assert_eq!(found.is_term_in(&text), matches(before, after));
        prop_assert_eq!(found.is_term_prefix_in(&text), matches(before, ""));
        prop_assert_eq!(found.is_term_suffix_in(&text), matches("", after));
    }
}

proptest! {
    #[test]
    fn a_path_leads_in_a_text_to_where_it_leads_in_the_tree(
        tree in json(),
        steps in prop::collection::vec(place(), 0..4),
    ) {
        let text = tree.to_string();
        prop_assert_eq!(Json::parse(&text).expect("canonical text is JSON"), tree.clone());
        let places = || steps.iter().cloned().map(Some);
        let in_tree = follow(Dynamic::Tree(Cow::Borrowed(&tree)), places());
        let in_text = follow(Dynamic::Text(Cow::Borrowed(&text)), places());
        prop_assert_eq!(in_text.map(|value| convert::json(&value)), in_tree.map(|value| convert::json(&value)));
    }

    #[test]
    fn a_json_value_has_the_same_kind_as_text_and_as_tree(tree in json()) {
        let text = Dynamic::Text(Cow::Owned(tree.to_string()));
        prop_assert_eq!(convert::of_kind(&text), convert::kind_of_tree(&tree).into_owned());
    }

    #[test]
    fn what_is_written_reads_back_equal(
        long: i64,
        real: f64,
        moment in -62_135_596_800_000_000..253_402_300_800_000_000_i64,
        span: i64,
        guid: u128,
    ) {
        for value in [
            Datum::Long(long),
            Datum::Real(real),
            Datum::DateTime(moment),
            Datum::TimeSpan(span),
            Datum::Guid(guid),
        ] {
            let Some(ty) = value.ty() else { continue };
            let text = convert::cast(&value, Type::String);
            let back = convert::cast(&text, ty);
            let is_nan = matches!(value, Datum::Real(value) if value.is_nan());
            let is_least_span = ty == Type::TimeSpan && span == i64::MIN;
            prop_assert!(back == value || is_nan || is_least_span, "{text:?} of {value:?}");
        }
    }

    #[test]
    fn of_three_orders_one_holds(left: i64, right: f64) {
        use postern_kql::ir::Binary::{Equal, Greater, Less};
        let (left, right) = (Datum::Long(left), Datum::Real(right));
        let holds = |operator| operators::binary(operator, &left, &right, Type::Bool) == Datum::Bool(true);
        let count = [Less, Equal, Greater].into_iter().filter(|operator| holds(*operator)).count();
        let is_nan = matches!(right, Datum::Real(value) if value.is_nan());
        prop_assert_eq!(count, usize::from(!is_nan));
    }
}
