//! Any text is bound, quickly and without a panic: broken queries, deep ones, long ones, and those that grow when their
//! functions are written out.

use crate::common::{World, corpus};
use postern_kql::{Bound, Code};

/// A small generator of numbers, so that each run is the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end.max(1)
    }
}

/// Words and signs of a query, with the white space between them.
fn pieces(query: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = match is_word(first) {
            true => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

fn has_limit(bound: &Bound) -> bool {
    bound
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.code == Code::Limit)
}

#[test]
fn broken_queries_are_bound_without_panic() {
    let world = World::exposure();
    let mut numbers = Numbers(7);
    let mut queries = Vec::new();
    for file in ["cases.jsonl", "engine_cases.jsonl", "exposure_queries.jsonl"] {
        let Some(rows) = corpus(file) else { return };
        queries.extend(rows.iter().filter_map(|row| row["query"].as_str().map(str::to_owned)));
    }
    // Long lists of coordinates would only be the same again.
    queries.retain(|query| query.len() < 3_000);
    let all: Vec<Vec<&str>> = queries.iter().map(|query| pieces(query)).collect();
    for round in 0..3_000 {
        let mut broken = all[round % all.len()].clone();
        for _ in 0..1 + numbers.below(4) {
            if broken.is_empty() {
                break;
            }
            let at = numbers.below(broken.len());
            match numbers.below(4) {
                0 => {
                    broken.remove(at);
                }
                1 => broken.insert(at, broken[numbers.below(broken.len())]),
                2 => {
                    let other = &all[numbers.below(all.len())];
                    broken[at] = other[numbers.below(other.len())];
                }
                _ => {
                    let other = &all[numbers.below(all.len())];
                    let from = numbers.below(other.len());
                    let part = &other[from..(from + 12).min(other.len())];
                    broken.splice(at..at, part.iter().copied());
                }
            }
        }
        let text = broken.concat();
        let bound = world.bind(&text);
        for diagnostic in &bound.diagnostics {
            assert!(diagnostic.span.end as usize <= text.len(), "{text}");
            assert!(!diagnostic.message.is_empty());
        }
    }
}

#[test]
fn deep_queries_are_bound_or_refused() {
    let world = World::exposure();
    for depth in [10, 60, 95] {
        for (open, inner, close) in [
            ("(", "1", ")"),
            ("not(", "true", ")"),
            ("iff(true, ", "1", ", 2)"),
            ("-", "x", ""),
            ("toscalar(print ", "1", ")"),
            ("strcat('a', ", "'b'", ")"),
            ("case(true, 'a', ", "'b'", ")"),
            ("array_length(pack_array(", "1", "))"),
        ] {
            let expression = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
            world.bind(&format!("print x = {expression}"));
            world.bind(&format!(
                "print x = 1 | where {expression} | summarize max({expression}) by y = {expression}"
            ));
        }
        world.bind(&format!("{}ExposureGraphNodes{}", "(".repeat(depth), ")".repeat(depth)));
        world.bind(&format!(
            "ExposureGraphNodes {} {}",
            "| join kind=inner (ExposureGraphNodes".repeat(depth),
            ") on NodeId".repeat(depth)
        ));
        world.bind(&format!(
            "print x = dynamic([1]) {}| take 1{}",
            "| mv-apply x on (".repeat(depth),
            ")".repeat(depth)
        ));
        world.bind(&format!(
            "union {}print 1{}",
            "(union ".repeat(depth),
            ")".repeat(depth)
        ));
    }
}

#[test]
fn long_queries_are_bound() {
    let world = World::exposure();
    let pipe = format!("print x = 1 {}", "| extend x = x + 1 ".repeat(250));
    assert_eq!(world.columns(&pipe), Ok("x:long".to_owned()));
    let columns: Vec<String> = (0..1_000).map(|index| format!("c{index} = {index}")).collect();
    assert!(world.columns(&format!("print {}", columns.join(", "))).is_ok());
    let list: Vec<String> = (0..50_000).map(|index| format!("'value{index}'")).collect();
    let query = format!("ExposureGraphNodes | where NodeId in ({}) | count", list.join(","));
    assert_eq!(world.columns(&query), Ok("Count:long".to_owned()));
    let terms: Vec<String> = (0..2_000).map(|index| format!("NodeId == '{index}'")).collect();
    let query = format!("ExposureGraphNodes | where {} | count", terms.join(" or "));
    assert_eq!(world.columns(&query), Ok("Count:long".to_owned()));
}

#[test]
fn many_names_are_bound() {
    let world = World::exposure();
    let names: String = (0..3_900).map(|index| format!("let v{index} = {index};")).collect();
    assert_eq!(
        world.columns(&format!("{names} print v0 + v3899")),
        Ok("print_0:long".to_owned())
    );
    let more: String = (0..5_000).map(|index| format!("let v{index} = {index};")).collect();
    assert!(has_limit(&world.bind(&format!("{more} print 1"))));
}

#[test]
fn what_grows_without_bounds_is_refused() {
    let world = World::exposure();
    // Each value is twice the one before.
    let values: String = (1..60)
        .map(|index| format!("let v{index} = strcat(v{0}, v{0});", index - 1))
        .collect();
    assert!(has_limit(&world.bind(&format!("let v0 = 'a';{values} print v59"))));
    let tables: String = (1..60)
        .map(|index| format!("let t{index} = union t{0}, t{0};", index - 1))
        .collect();
    assert!(has_limit(&world.bind(&format!("let t0 = print 1;{tables} t59"))));
    let functions: String = (1..60)
        .map(|index| format!("let f{index} = (x:long) {{ f{0}(x) + f{0}(x) }};", index - 1))
        .collect();
    assert!(has_limit(
        &world.bind(&format!("let f0 = (x:long) {{ x }};{functions} print f59(1)"))
    ));
}

#[test]
fn what_grows_deep_is_refused() {
    let world = World::exposure();
    let values: String = (1..1_000)
        .map(|index| format!("let v{index} = 1 + v{};", index - 1))
        .collect();
    assert!(has_limit(&world.bind(&format!("let v0 = 1;{values} print v999"))));
    let scalars: String = (1..1_000)
        .map(|index| format!("let v{index} = toscalar(print v{} + 1);", index - 1))
        .collect();
    assert!(has_limit(&world.bind(&format!("let v0 = 1;{scalars} print v999"))));
    let tables: String = (1..1_000)
        .map(|index| format!("let t{index} = t{} | take 5;", index - 1))
        .collect();
    assert!(has_limit(&world.bind(&format!("let t0 = print 1;{tables} t999"))));
    let bodies: String = (1..200)
        .map(|index| format!("let f{index} = (x:long) {{ -(-(-(-(f{}(x) + 1)))) }};", index - 1))
        .collect();
    assert!(has_limit(
        &world.bind(&format!("let f0 = (x:long) {{ x }};{bodies} print f199(1)"))
    ));
}

#[test]
fn a_stored_function_that_calls_itself_is_refused() {
    let world = World::exposure().with_function("f", "(x:long) { f(x) + 1 }");
    assert!(has_limit(&world.bind("print f(1)")));
}
