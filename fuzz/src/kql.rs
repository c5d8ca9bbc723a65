//! The hunting language: texts of any kind are parsed and bound, and what comes out keeps its promises.

use std::sync::{Arc, LazyLock};

use postern_kql::complete::{complete, hover};
use postern_kql::lexer::{self, TokenKind};
use postern_kql::parser::DIAGNOSTICS_MAX;
use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use postern_kql::{Column, Diagnostic, Options, Type, bind, parse};

use crate::mutate::Random;

/// Which part of the language front end is fuzzed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Parse,
    Bind,
}

impl Part {
    pub fn of_family(family: &str) -> Option<Self> {
        match family {
            "kql_parse" => Some(Self::Parse),
            "kql_bind" => Some(Self::Bind),
            _ => None,
        }
    }

    /// # Panics
    /// When a promise is broken.
    pub fn check(self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        match self {
            Self::Parse => check_parse(&text),
            Self::Bind => check_bind(&text, bytes),
        }
    }
}

/// Texts that are parsed twice are shorter.
const AGAIN_BYTES_MAX: usize = 1_000;

/// Completion and hover are asked for one text of so many.
const EDITED_EVERY: usize = 4;

fn check_parse(text: &str) {
    let mut end = 0;
    for token in lexer::tokens(text, usize::MAX) {
        assert!(token.span.start >= end, "tokens follow one another");
        assert!(
            token.kind == TokenKind::End || token.span.end > token.span.start,
            "tokens have a text"
        );
        end = token.span.end;
    }
    assert_eq!(end as usize, text.len(), "tokens leave nothing out at the end");
    let parsed = parse(text);
    assert!(parsed.diagnostics.len() <= DIAGNOSTICS_MAX);
    check_places(text, &parsed.diagnostics);
    for statement in &parsed.script.statements {
        assert!(
            is_place(text, statement.span.start, statement.span.end),
            "a statement lies in the text"
        );
    }
    if text.len() < AGAIN_BYTES_MAX {
        // As text, since a number that is none differs from itself.
        let (tree, again) = (format!("{parsed:?}"), format!("{:?}", parse(text)));
        assert_eq!(tree, again, "equal texts give equal trees");
    }
}

fn check_bind(text: &str, bytes: &[u8]) {
    let parsed = parse(text);
    let bound = bind(&parsed.script, text, &Hunting, &Options::default());
    check_places(text, &bound.diagnostics);
    if let Some(query) = &bound.query {
        for output in &query.outputs {
            let mut names: Vec<&str> = output.table.columns.iter().map(|column| column.name.as_str()).collect();
            names.sort_unstable();
            assert!(
                names.windows(2).all(|pair| pair[0] != pair[1]),
                "names of columns are unique: {names:?}"
            );
        }
    }
    let sum = bytes.iter().fold(0, |sum: usize, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
    });
    if sum % EDITED_EVERY != 0 {
        return;
    }
    let caret = sum / EDITED_EVERY % (text.len() + 1);
    let completions = complete(text, caret, &Hunting);
    let replace = completions.replace;
    assert!(
        is_place(text, replace.start, replace.end),
        "what is replaced lies in the text"
    );
    if let Some(hover) = hover(text, caret, &Hunting) {
        assert!(
            is_place(text, hover.span.start, hover.span.end),
            "what is told about lies in the text"
        );
    }
}

fn check_places(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        assert!(
            is_place(text, diagnostic.span.start, diagnostic.span.end),
            "{diagnostic:?}"
        );
        assert!(
            !diagnostic.message.is_empty() && !diagnostic.message.contains('\n'),
            "{diagnostic:?}"
        );
    }
}

fn is_place(text: &str, start: u32, end: u32) -> bool {
    start <= end && text.get(start as usize..end as usize).is_some()
}

/// Two tables, a table function and a stored function: enough for every kind of name.
struct Hunting;

static TABLES: LazyLock<Vec<Arc<Table>>> = LazyLock::new(|| {
    let table = |name: &str, columns: &[(&str, Type)]| {
        Arc::new(Table {
            name: name.to_owned(),
            columns: columns.iter().map(|(name, ty)| Column::new(*name, *ty)).collect(),
            description: String::new(),
            column_descriptions: Vec::new(),
        })
    };
    vec![
        table(
            "ExposureGraphNodes",
            &[
                ("NodeId", Type::String),
                ("NodeLabel", Type::String),
                ("NodeName", Type::String),
                ("NodeProperties", Type::Dynamic),
                ("CriticalityLevel", Type::Int),
                ("FirstSeen", Type::DateTime),
            ],
        ),
        table(
            "ExposureGraphEdges",
            &[
                ("EdgeId", Type::String),
                ("EdgeLabel", Type::String),
                ("SourceNodeId", Type::String),
                ("TargetNodeId", Type::String),
                ("EdgeProperties", Type::Dynamic),
                ("Cost", Type::Long),
                ("IsTraversable", Type::Bool),
            ],
        ),
        table(
            "Findings",
            &[
                ("NodeId", Type::String),
                ("Severity", Type::String),
                ("CvssScore", Type::Real),
            ],
        ),
        table(
            "T",
            &[
                ("a", Type::Dynamic),
                ("b", Type::Long),
                ("x", Type::String),
                ("t", Type::TimeSpan),
            ],
        ),
    ]
});

impl Schema for Hunting {
    fn table(&self, name: &str) -> Found<Arc<Table>> {
        TABLES
            .iter()
            .find(|table| table.name == name)
            .map_or(Found::No, |table| Found::Yes(table.clone()))
    }

    fn table_function(&self, name: &str) -> Option<Arc<TableFunction>> {
        self.table_functions()
            .into_iter()
            .find(|function| function.name == name)
    }

    fn stored_function(&self, name: &str) -> Option<Arc<StoredFunction>> {
        self.stored_functions()
            .into_iter()
            .find(|function| function.name == name)
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        TABLES.clone()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        vec![Arc::new(StoredFunction {
            name: "U".to_owned(),
            declaration: "(T:(*), n:long = 1) { T | take n }".to_owned(),
            description: String::new(),
        })]
    }
}

/// Pieces that begin, end and join parts of queries.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ",",
    ";",
    ":",
    ".",
    "..",
    "=",
    "==",
    "=~",
    "!in",
    "in~",
    "-",
    "--",
    "-->",
    "-[e*1..3]->",
    "*",
    "+",
    "/",
    "%",
    "<",
    "and",
    "or",
    "not(",
    "by",
    "on",
    "of",
    "to typeof(long)",
    "with",
    "as",
    "kind=inner",
    "hint.strategy=shuffle",
    "| where",
    "| project",
    "| extend",
    "| summarize count() by",
    "| join (",
    "| mv-expand",
    "| mv-apply x on (",
    "| parse x with *",
    "| make-series count() on t step 1h",
    "| partition by x (",
    "| fork (",
    "| top-nested 1 of x by count()",
    "| scan with (step s: true;)",
    "| union",
    "| make-graph a --> b with",
    "| graph-match (n)-[e]->(m) where n.x == 1 project",
    "let f = (x:long) {",
    "let x =",
    "materialize(",
    "toscalar(",
    "dynamic([1, {'a': 2}])",
    "datetime(2020-01-01)",
    "1d",
    "1.5",
    "0x1F",
    "9223372036854775807",
    "'a'",
    "@\"b\"",
    "```c```",
    "['d e']",
    "$left.x == $right.x",
    "T",
    "ExposureGraphNodes",
    "NodeProperties.a[0]['b']",
    "// c\n",
    "datatable(a:long, b:string)[",
    "print",
    "range i from 1 to 9 step 1",
    "externaldata(a:string)['u']",
    "search",
    "find",
    "evaluate bag_unpack(",
    "render timechart with (",
    "\u{feff}",
    "\u{0}",
    "é",
];

/// Changes a query at the borders of its tokens.
pub fn mutate(data: &[u8], max_size: usize, random: &mut Random) -> Vec<u8> {
    /// How often a part is repeated, to nest and to chain.
    const REPEATS: [usize; 5] = [2, 10, 101, 250, 3_000];

    let text = String::from_utf8_lossy(data).into_owned();
    let tokens = lexer::tokens(&text, usize::MAX);
    let any = |random: &mut Random| {
        let token = tokens[random.below(tokens.len())];
        (token.span.start as usize, token.span.end as usize)
    };
    let (start, end) = any(random);
    let (from, to) = any(random);
    let (low, high) = (start.min(from), end.max(to));
    let piece = PIECES[random.below(PIECES.len())];
    let changed = match random.below(7) {
        0 => format!("{}{}", &text[..start], &text[end..]),
        1 => format!("{}{}", &text[..low], &text[high..]),
        2 => format!("{}{} {}", &text[..end], &text[from..to], &text[end..]),
        3 => format!("{} {piece} {}", &text[..start], &text[start..]),
        4 => format!("{}{piece}{}", &text[..start], &text[end..]),
        5 => {
            let times = REPEATS[random.below(REPEATS.len())].min(max_size / (high - low + 1) + 1);
            format!("{}{}{}", &text[..low], text[low..high].repeat(times), &text[high..])
        }
        _ => format!("{}{}{} {}", &text[..start], &text[low..high], piece, &text[start..]),
    };
    let mut changed = changed.into_bytes();
    changed.truncate(max_size);
    changed
}
