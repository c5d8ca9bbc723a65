//! Names of `let`s and parameters: a name hides one from outside, and is declared once in its own script or function.

use crate::common::World;

#[test]
fn a_name_is_declared_once_in_a_script_and_in_a_function() {
    let world = World::exposure();
    for (query, twice) in [
        ("let x = 1; let x = 2; print x", "x"),
        ("let f = () { 1 }; let f = 2; print f", "f"),
        ("let T = print a = 1; let T = print b = 1; T", "T"),
        ("let f = (x:long) { let x = 2; x }; print f(1)", "x"),
        ("declare query_parameters(a:long = 1); let a = 2; print a", "a"),
    ] {
        assert_eq!(
            world.columns(query),
            Err(format!("`{twice}` is declared twice")),
            "{query}"
        );
    }
}

#[test]
fn a_name_may_hide_one_from_outside() {
    let world = World::exposure();
    for query in [
        "let x = 1; let f = (x:long) { x }; print f(2)",
        "let x = 1; let f = () { let x = 2; x }; print f()",
        "let f = (x:long) { let y = x; y }; let y = 3; print f(y) + f(4)",
        "let g = () { let y = 1; y }; let f = () { let y = g(); y }; print f()",
    ] {
        assert_eq!(world.columns(query), Ok("print_0:long".to_owned()), "{query}");
    }
    let hiding = "let ExposureGraphNodes = print a = 1; ExposureGraphNodes";
    assert_eq!(world.columns(hiding), Ok("a:long".to_owned()));
}
