//! Queries with a caret (`^`) in them, and what is proposed there.

use std::sync::Arc;

use super::*;
use crate::schema::{Parameter, StoredFunction, TableFunction};
use crate::{Column, Type};

struct World;

fn tables() -> Vec<Arc<Table>> {
    let table = |name: &str, columns: &[(&str, Type)]| {
        Arc::new(Table {
            name: name.to_owned(),
            columns: columns.iter().map(|(name, ty)| Column::new(*name, *ty)).collect(),
            description: format!("All {name}."),
            column_descriptions: columns
                .iter()
                .map(|(name, _)| ((*name).to_owned(), format!("The {name}.")))
                .collect(),
        })
    };
    vec![
        table(
            "Nodes",
            &[
                ("NodeId", Type::String),
                ("Level", Type::Int),
                ("Properties", Type::Dynamic),
            ],
        ),
        table(
            "Edges",
            &[("Source", Type::String), ("Target", Type::String), ("a b", Type::Long)],
        ),
    ]
}

fn blast_radius() -> Arc<TableFunction> {
    Arc::new(TableFunction {
        name: "blast_radius".to_owned(),
        parameters: vec![Parameter {
            name: "from".to_owned(),
            ty: Type::String,
            is_optional: false,
        }],
        columns: vec![Column::new("Reached", Type::String)],
        description: "What is reached.".to_owned(),
    })
}

impl Schema for World {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        tables()
            .into_iter()
            .find(|table| table.name == name)
            .map_or(Found::No, Found::Yes)
    }

    fn table_function(&self, name: &str) -> Option<Arc<TableFunction>> {
        (name == "blast_radius").then(blast_radius)
    }

    fn stored_function(&self, name: &str) -> Option<Arc<StoredFunction>> {
        self.stored_functions()
            .into_iter()
            .find(|function| function.name == name)
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        tables()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        vec![blast_radius()]
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        vec![Arc::new(StoredFunction {
            name: "Recent".to_owned(),
            declaration: "(T:(*), days:int = 7) { T }".to_owned(),
            description: "What is new.".to_owned(),
        })]
    }
}

fn at(text: &str) -> Completions {
    let caret = text.find('^').expect("a caret");
    complete(&text.replace('^', ""), caret, &World)
}

fn labels(text: &str) -> Vec<String> {
    at(text).items.into_iter().map(|item| item.label).collect()
}

/// All of these are proposed.
fn proposes(text: &str, expected: &[&str]) {
    let labels = labels(text);
    for label in expected {
        assert!(
            labels.iter().any(|found| found == label),
            "{text}: no {label} in {labels:?}"
        );
    }
}

/// None of these is proposed.
fn spares(text: &str, unwanted: &[&str]) {
    let labels = labels(text);
    for label in unwanted {
        assert!(!labels.iter().any(|found| found == label), "{text}: {label}");
    }
}

#[test]
fn a_query_begins_with_a_table_a_source_or_a_statement() {
    for text in ["^", "let x = 1; ^", "No^"] {
        proposes(text, &["Nodes"]);
    }
    proposes(
        "^",
        &["Edges", "blast_radius", "Recent", "let", "print", "union", "datatable"],
    );
    proposes("let x = 1; let t = Nodes | take 1; ^", &["t"]);
    spares("let x = 1; ^", &["x", "where", "NodeId"]);
}

#[test]
fn behind_a_pipe_stand_operators() {
    for text in [
        "Nodes | ^",
        "Nodes |^",
        "Nodes\n| wh^",
        "Nodes | mv-apply Properties on (^",
        "Nodes | fork (^",
    ] {
        proposes(text, &["where"]);
    }
    assert_eq!(labels("Nodes | summ^"), ["summarize"]);
    assert_eq!(labels("Nodes | project-aw^ | take 1"), ["project-away"]);
    spares("Nodes | ^", &["Nodes", "NodeId", "and"]);
}

#[test]
fn a_value_is_a_column_a_name_or_a_function() {
    proposes(
        "let x = 1; Nodes | where ^",
        &["NodeId", "Level", "x", "tostring", "ago"],
    );
    proposes("Nodes | where Level == 1 and ^ | take 1", &["NodeId", "isnotempty"]);
    proposes("Nodes | extend a = strcat(NodeId, ^)", &["NodeId", "tostring"]);
    proposes("Nodes | project Level, ^", &["NodeId"]);
    proposes("Nodes | extend Total = 1 | where ^", &["Total", "NodeId"]);
    proposes("Nodes | project Level | where ^", &["Level"]);
    spares("Nodes | project Level | where ^", &["NodeId", "Nodes", "count", "sum"]);
    proposes("Edges | where ^", &["a b"]);
    let inserted: Vec<_> = at("Edges | where a^")
        .items
        .into_iter()
        .filter(|item| item.label == "a b")
        .collect();
    assert_eq!(inserted[0].insert, "['a b']");
}

#[test]
fn aggregates_stand_in_front_of_by_and_columns_behind() {
    proposes("Nodes | summarize ^", &["count", "dcount", "hint.strategy"]);
    proposes("Nodes | summarize a = ma^", &["max", "make_set"]);
    proposes("Nodes | summarize count() by ^", &["NodeId", "bin"]);
    spares("Nodes | summarize count() by ^", &["dcount", "make_set"]);
    spares("Nodes | summarize max(^)", &["dcount"]);
}

#[test]
fn behind_a_value_stand_comparisons_and_the_next_part() {
    proposes("Nodes | where NodeId ^", &["==", "has", "and", "in"]);
    proposes("Nodes | summarize count() ^", &["by"]);
    proposes("Nodes | top 5 ^", &["by"]);
    proposes("Nodes | sort by Level ^", &["asc", "desc", "nulls last"]);
    proposes("Nodes | join kind=inner (Edges) ^", &["on"]);
    proposes("Nodes | mv-expand Properties ^", &["to typeof(", "limit"]);
    proposes("Nodes | render timechart ^", &["with"]);
    spares("Nodes | where NodeId ^", &["NodeId", "tostring", "where"]);
}

#[test]
fn parameters_and_their_values_are_those_of_the_operator() {
    proposes("Nodes | join ^", &["kind", "hint.strategy", "Edges"]);
    let kinds = labels("Nodes | join kind=^");
    assert!(kinds.contains(&"leftanti".to_owned()) && kinds.len() == 9, "{kinds:?}");
    assert_eq!(labels("Nodes | join hint.strategy=sh^"), ["shuffle"]);
    assert_eq!(labels("Nodes | mv-expand kind=^"), ["bag", "array"]);
    proposes("Nodes | render ^", &["timechart", "piechart"]);
    proposes("Nodes | render timechart with (^", &["title", "ycolumns"]);
    assert_eq!(labels("Nodes | render timechart with (legend=^"), ["visible", "hidden"]);
    proposes("Nodes | evaluate ^", &["bag_unpack", "pivot"]);
    assert_eq!(labels("Nodes | sort ^"), ["by"]);
}

#[test]
fn tables_stand_where_operators_take_them() {
    for text in [
        "Nodes | union ^",
        "union Nodes, ^",
        "Nodes | join (^",
        "Nodes | lookup ^",
        "let t = ^",
    ] {
        proposes(text, &["Edges"]);
    }
    proposes("Nodes | where NodeId in (^", &["Edges", "NodeId"]);
    proposes("print toscalar(^", &["Nodes"]);
    proposes("Edges | make-graph Source --> Target with ^", &["Nodes"]);
    proposes("Nodes | join (Edges | where ^", &["Source"]);
    proposes("Nodes | join (Edges) on $left.^", &["NodeId"]);
}

#[test]
fn what_has_columns_of_its_own_is_proposed_with_its_dot_and_they_behind_it() {
    let graph = "Edges | make-graph Source --> Target with Nodes on NodeId | graph-match (n)-[e]->(m) ";
    proposes(&format!("{graph}where ^"), &["n", "e", "m", "tostring"]);
    spares(&format!("{graph}where ^"), &["NodeId", "Source"]);
    let of_node = format!("{graph}where n.^");
    proposes(&of_node, &["NodeId", "Level"]);
    spares(&of_node, &["Source", "tostring"]);
    proposes(&format!("{graph}where n.Level > 1 project e.^"), &["Source"]);
    proposes("Nodes | join (Edges) on ^", &["$left", "$right"]);
    assert_eq!(labels("Nodes | join (Edges) on $left.NodeId == $right.S^"), ["Source"]);
    let caret = format!("{graph}where n.Le^vel > 1");
    let hovered = hover(&caret.replace('^', ""), caret.find('^').expect("a caret"), &World);
    assert_eq!(hovered.map(|hover| hover.title).as_deref(), Some("Level: int"));
}

#[test]
fn nothing_is_proposed_in_texts_comments_new_names_and_behind_dots_of_values() {
    for text in [
        "Nodes | where NodeId == 'a^'",
        "Nodes | where NodeId == \"a^",
        "Nodes // wh^",
        "let ^",
        "Nodes | as ^",
        "Nodes | where Properties.^",
        "Nodes | where Level > datetime(20^",
        "datatable (^",
    ] {
        assert_eq!(labels(text), [""; 0], "{text}");
    }
    proposes("datatable (a:^", &["string", "dynamic"]);
    proposes("Nodes | where 'a//b' has ^", &["NodeId"]);
}

#[test]
fn a_suggestion_takes_the_place_of_the_word_at_the_caret() {
    let replaced = |text: &str| at(text).replace.text(&text.replace('^', "")).to_owned();
    assert_eq!(replaced("Nodes | project-a^way x"), "project-away");
    assert_eq!(replaced("Nodes | where No^de"), "Node");
    assert_eq!(replaced("Nodes | where ^"), "");
    assert_eq!(replaced("Nodes | where a-b^"), "b");
}

#[test]
fn what_is_typed_comes_first() {
    let labels = labels("Nodes | where to^");
    assert!(labels[0].starts_with("to"), "{labels:?}");
    assert!(labels.contains(&"tostring".to_owned()));
}

#[test]
fn a_name_under_the_pointer_says_what_it_is() {
    let told = |text: &str| {
        let caret = text.find('^').expect("a caret");
        hover(&text.replace('^', ""), caret, &World).map(|hover| hover.title)
    };
    assert_eq!(told("Nodes | where Le^vel == 1").as_deref(), Some("Level: int"));
    assert_eq!(
        told("No^des | take 1").as_deref(),
        Some("Nodes(NodeId: string, Level: int, Properties: dynamic)")
    );
    assert_eq!(told("Nodes | wh^ere Level == 1").as_deref(), Some("where condition"));
    assert_eq!(told("Nodes | where NodeId h^as 'x'").as_deref(), Some("has"));
    assert_eq!(told("let limi^t = 5; Nodes | take limit"), None);
    assert_eq!(
        told("let most = 5; Nodes | take mo^st").as_deref(),
        Some("let most: long")
    );
    assert_eq!(
        told("bla^st_radius('x')").as_deref(),
        Some("blast_radius(from: string)")
    );
    assert_eq!(
        told("Nodes | invoke Rec^ent()").as_deref(),
        Some("Recent(T:(*), days:int = 7)")
    );
    assert!(told("Nodes | extend a = st^rlen(NodeId)").is_some_and(|title| title.starts_with("strlen(")));
    assert_eq!(told("Nodes | where NodeId == 'Le^vel'"), None);
    let hover = hover("Nodes | project Level", 17, &World).expect("a column");
    assert_eq!(hover.documentation.as_deref(), Some("The Level."));
}

#[test]
fn every_operator_of_the_parser_is_known_here() {
    for name in crate::parser::OPERATORS {
        assert!(operators::find(name).is_some(), "{name}");
    }
    for operator in operators::OPERATORS {
        assert!(crate::parser::OPERATORS.contains(&operator.name), "{}", operator.name);
        assert!(
            operator.sentence.ends_with('.') && operator.syntax.starts_with(operator.name),
            "{}",
            operator.name
        );
    }
}

#[test]
fn any_caret_in_any_text_is_answered() {
    let texts = [
        "let f = (T:(*), n:int = 5) { T | where Level > n }; Nodes | invoke f(3) | summarize count() by bin(Level, 2)",
        "Nodes | join kind=leftouter (Edges | where Source has \"x\") on $left.NodeId == $right.Source // é\n| take 5",
        "Edges | make-graph Source --> Target with Nodes on NodeId | graph-match (a)-[e*1..3]->(b) where a.x == 1",
        "((([[{{|||,,;;..=''\"\"``` let set declare | | mv-apply x on (partition by y (scan with (step s: ",
        "é\u{0}\u{feff}ß | where 'ü",
    ];
    for text in texts {
        for caret in 0..=text.len() + 1 {
            let completions = complete(text, caret, &World);
            assert!(completions.replace.end as usize <= text.len());
            hover(text, caret, &World);
        }
    }
}
