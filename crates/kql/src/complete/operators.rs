//! What completion and hover know about operators: how they are written, what they do, which parameters they take and
//! which words follow their parts.

/// An operator behind a pipe, or one that begins a query.
#[derive(Debug)]
pub struct Operator {
    pub name: &'static str,
    /// How it is written, for people.
    pub syntax: &'static str,
    pub sentence: &'static str,
    /// Parameters in front of its parts, with the words that they take; none: any value.
    pub parameters: &'static [(&'static str, &'static [&'static str])],
    /// Words that begin a further part, in their order.
    pub clauses: &'static [&'static str],
    /// It begins a query.
    pub is_source: bool,
}

const fn operator(
    name: &'static str,
    syntax: &'static str,
    sentence: &'static str,
    parameters: &'static [(&'static str, &'static [&'static str])],
    clauses: &'static [&'static str],
) -> Operator {
    Operator {
        name,
        syntax,
        sentence,
        parameters,
        clauses,
        is_source: false,
    }
}

const fn source(mut operator: Operator) -> Operator {
    operator.is_source = true;
    operator
}

const JOIN_KINDS: &[&str] = &[
    "innerunique",
    "inner",
    "leftouter",
    "rightouter",
    "fullouter",
    "leftsemi",
    "leftanti",
    "rightsemi",
    "rightanti",
];

const STRATEGY: (&str, &[&str]) = ("hint.strategy", &["auto", "broadcast", "centralized", "shuffle"]);
const SHUFFLE_KEY: (&str, &[&str]) = ("hint.shufflekey", &[]);
const PARSE_KINDS: (&str, &[&str]) = ("kind", &["simple", "relaxed", "regex"]);
const ITEM_INDEX: (&str, &[&str]) = ("with_itemindex", &[]);

/// In the order in which people should see them: the most used first.
pub static OPERATORS: &[Operator] = &[
    operator(
        "where",
        "where condition",
        "Keeps the rows for which the condition holds.",
        &[],
        &[],
    ),
    operator(
        "project",
        "project column, name = expression, ...",
        "Gives these columns and no others, in this order.",
        &[],
        &[],
    ),
    operator(
        "extend",
        "extend name = expression, ...",
        "Appends columns, or replaces those of the same name.",
        &[],
        &[],
    ),
    operator(
        "summarize",
        "summarize name = aggregate(...), ... by key, ...",
        "Makes one row of all rows that have the same keys.",
        &[STRATEGY, SHUFFLE_KEY],
        &["by"],
    ),
    operator(
        "sort",
        "sort by column [asc | desc] [nulls first | nulls last], ...",
        "Orders the rows; descending unless it says asc.",
        &[],
        &["by"],
    ),
    operator(
        "order",
        "order by column [asc | desc] [nulls first | nulls last], ...",
        "Orders the rows; the same as sort.",
        &[],
        &["by"],
    ),
    operator(
        "join",
        "join kind=inner (table) on column, $left.a == $right.b",
        "Puts rows of two tables together that agree in these columns. Without a kind, the left side loses all but one \
         row of each key first.",
        &[
            ("kind", JOIN_KINDS),
            STRATEGY,
            SHUFFLE_KEY,
            ("hint.remote", &["auto", "left", "local", "right"]),
        ],
        &["on"],
    ),
    operator(
        "distinct",
        "distinct column, ...",
        "Gives each combination of values once.",
        &[STRATEGY],
        &[],
    ),
    operator(
        "mv-expand",
        "mv-expand [name =] array [to typeof(type)] [limit n]",
        "Makes one row of each element of an array or property of a bag.",
        &[("kind", &["bag", "array"]), ITEM_INDEX],
        &["to typeof(", "limit"],
    ),
    source(operator(
        "union",
        "union [kind=outer] table, (query), ...",
        "Puts the rows of several tables behind one another.",
        &[
            ("kind", &["outer", "inner"]),
            ("withsource", &[]),
            ("isfuzzy", &["true", "false"]),
        ],
        &[],
    )),
    operator(
        "project-reorder",
        "project-reorder column, prefix* [asc | desc], ...",
        "Puts these columns in front of the others.",
        &[],
        &["asc", "desc", "granny-asc", "granny-desc"],
    ),
    operator("take", "take n", "Gives n rows, no matter which.", &[], &[]),
    operator(
        "limit",
        "limit n",
        "Gives n rows, no matter which; the same as take.",
        &[],
        &[],
    ),
    operator(
        "render",
        "render chart [with (property = value, ...)]",
        "Says how the rows shall be shown.",
        &[],
        &["with"],
    ),
    operator(
        "project-away",
        "project-away column, prefix*, ...",
        "Leaves these columns out.",
        &[],
        &[],
    ),
    operator(
        "project-rename",
        "project-rename new = old, ...",
        "Renames columns.",
        &[],
        &[],
    ),
    operator(
        "mv-apply",
        "mv-apply [name =] array [to typeof(type)] on (operators)",
        "Runs operators over the elements of each row's array.",
        &[ITEM_INDEX],
        &["to typeof(", "limit", "on"],
    ),
    operator(
        "top",
        "top n by column [asc | desc]",
        "Gives the n first rows in this order.",
        &[],
        &["by"],
    ),
    operator(
        "lookup",
        "lookup kind=leftouter (table) on column",
        "Appends the columns of a small table to the rows that agree in these columns.",
        &[("kind", &["leftouter", "inner"])],
        &["on"],
    ),
    operator(
        "parse",
        "parse [kind=simple] text with 'literal' column:type * ...",
        "Takes columns out of a text by a pattern; rows that do not match are kept.",
        &[PARSE_KINDS, ("flags", &[])],
        &["with"],
    ),
    operator(
        "parse-where",
        "parse-where [kind=simple] text with 'literal' column:type * ...",
        "Takes columns out of a text by a pattern; rows that do not match are left out.",
        &[PARSE_KINDS, ("flags", &[])],
        &["with"],
    ),
    operator(
        "parse-kv",
        "parse-kv text as (key:type, ...) with (pair_delimiter=' ', kv_delimiter='=')",
        "Takes columns out of a text of keys and values.",
        &[],
        &["as", "with"],
    ),
    source(operator(
        "evaluate",
        "evaluate plugin(arguments) [: (column:type, ...)]",
        "Runs a plug-in over the rows.",
        &[("hint.distribution", &["single", "per_node", "per_shard"])],
        &[],
    )),
    operator(
        "as",
        "as name",
        "Gives the rows a name for what follows.",
        &[("hint.materialized", &["true"])],
        &[],
    ),
    operator(
        "make-series",
        "make-series aggregate [default=0] on column [from start to end] step size [by key]",
        "Makes arrays of aggregates over equal steps of a column.",
        &[("kind", &["nonempty"])],
        &["default=", "on", "from", "to", "step", "in range(", "by"],
    ),
    source(operator(
        "search",
        "search [in (table, ...)] 'text'",
        "Finds rows in which any column has the text.",
        &[("kind", &["case_insensitive", "case_sensitive"])],
        &["in"],
    )),
    operator(
        "make-graph",
        "make-graph source --> target with Nodes on id",
        "Makes a graph of a table of edges and tables of nodes.",
        &[],
        &["with", "with_node_id=", "partitioned-by"],
    ),
    operator(
        "graph-match",
        "graph-match (a)-[e*1..3]->(b) where condition project a.x, b.y",
        "Finds every place of the graph that looks like the pattern.",
        &[("cycles", &["unique_edges", "none", "all"])],
        &["where", "project"],
    ),
    operator(
        "graph-shortest-paths",
        "graph-shortest-paths (a)-[e*1..9]->(b) where condition project ...",
        "Finds the shortest ways between nodes.",
        &[("output", &["any", "all"])],
        &["where", "project"],
    ),
    operator(
        "graph-to-table",
        "graph-to-table nodes as N, edges as E",
        "Gives the nodes or edges of a graph as tables.",
        &[],
        &["as", "with_node_id=", "with_source_id=", "with_target_id="],
    ),
    operator(
        "graph-mark-components",
        "graph-mark-components [kind=weak] [with_component_id=name]",
        "Numbers the parts of a graph that hang together.",
        &[("kind", &["weak", "strong"]), ("with_component_id", &[])],
        &[],
    ),
    operator(
        "graph-where-nodes",
        "graph-where-nodes condition",
        "Keeps nodes of a graph.",
        &[],
        &[],
    ),
    operator(
        "graph-where-edges",
        "graph-where-edges condition",
        "Keeps edges of a graph.",
        &[],
        &[],
    ),
    operator("count", "count [as name]", "Counts the rows.", &[], &["as"]),
    operator(
        "serialize",
        "serialize name = expression, ...",
        "Makes the order of the rows meaningful.",
        &[],
        &[],
    ),
    source(operator(
        "print",
        "print name = expression, ...",
        "Gives one row of these values.",
        &[],
        &[],
    )),
    source(operator(
        "range",
        "range name from start to end step size",
        "Gives a column of equal steps.",
        &[],
        &["from", "to", "step"],
    )),
    source(operator(
        "find",
        "find [in (table, ...)] where condition [project column, ...]",
        "Finds rows in several tables.",
        &[("withsource", &[])],
        &["in", "where", "project"],
    )),
    operator(
        "scan",
        "scan declare (name:type = value) with (step s: condition => name = value; )",
        "Follows rows in their order through steps.",
        &[("with_match_id", &[])],
        &["order by", "partition by", "declare", "with"],
    ),
    operator(
        "top-nested",
        "top-nested n of column by aggregate, top-nested ...",
        "Gives the first values of a column, and of another inside each of them.",
        &[],
        &["of", "with others=", "by"],
    ),
    operator(
        "partition",
        "partition by column (operators)",
        "Runs operators over the rows of each value by themselves.",
        &[("hint.strategy", &["native", "shuffle", "legacy"])],
        &["by"],
    ),
    operator(
        "project-keep",
        "project-keep column, prefix*, ...",
        "Gives these columns in their old order.",
        &[],
        &[],
    ),
    operator(
        "project-by-names",
        "project-by-names 'column', ...",
        "Gives the columns that texts name.",
        &[],
        &[],
    ),
    operator(
        "reduce",
        "reduce by text [with threshold=0.1]",
        "Groups texts that look alike.",
        &[],
        &["by", "with"],
    ),
    operator("sample", "sample n", "Gives n rows by chance.", &[], &[]),
    operator(
        "sample-distinct",
        "sample-distinct n of column",
        "Gives n values of a column.",
        &[],
        &["of"],
    ),
    operator(
        "top-hitters",
        "top-hitters n of column [by value]",
        "Gives the most frequent values.",
        &[],
        &["of", "by"],
    ),
    operator("getschema", "getschema", "Gives the columns and their types.", &[], &[]),
    operator(
        "invoke",
        "invoke function(arguments)",
        "Calls a function with the rows as its first argument.",
        &[],
        &[],
    ),
    operator(
        "facet",
        "facet by column, ... [with (operators)]",
        "Counts the values of each column.",
        &[],
        &["by", "with"],
    ),
    operator(
        "fork",
        "fork name=(operators) (operators)",
        "Gives several results of the same rows.",
        &[],
        &[],
    ),
    operator("consume", "consume", "Reads the rows and gives none.", &[], &[]),
    operator(
        "assert-schema",
        "assert-schema (column:type, ...)",
        "Fails unless the columns are these.",
        &[],
        &[],
    ),
];

pub fn find(name: &str) -> Option<&'static Operator> {
    let name = match name {
        "filter" => "where",
        "mvexpand" => "mv-expand",
        "mvapply" => "mv-apply",
        name => name,
    };
    OPERATORS.iter().find(|operator| operator.name == name)
}

/// Words and signs between two values, with what they test.
pub static INFIX: &[(&str, &str)] = &[
    ("==", "Equal, with case."),
    ("!=", "Not equal, with case."),
    ("and", "Both hold."),
    ("or", "One of both holds."),
    ("has", "Has the word, without case."),
    ("contains", "Has the text anywhere, without case."),
    ("startswith", "Begins with the text, without case."),
    ("endswith", "Ends with the text, without case."),
    ("in", "Is one of the values in parentheses, with case."),
    ("in~", "Is one of the values in parentheses, without case."),
    ("has_any", "Has one of the words, without case."),
    ("has_all", "Has all of the words, without case."),
    ("=~", "Equal, without case."),
    ("!~", "Not equal, without case."),
    ("between", "Lies between two values: between (low .. high)."),
    ("matches regex", "Has a place that the regular expression describes."),
    ("<", "Less."),
    ("<=", "Less or equal."),
    (">", "Greater."),
    (">=", "Greater or equal."),
    ("!has", "Does not have the word, without case."),
    ("!contains", "Does not have the text, without case."),
    ("!startswith", "Does not begin with the text, without case."),
    ("!endswith", "Does not end with the text, without case."),
    ("!in", "Is none of the values in parentheses, with case."),
    ("!in~", "Is none of the values in parentheses, without case."),
    ("!between", "Does not lie between two values."),
    ("has_cs", "Has the word, with case."),
    ("contains_cs", "Has the text anywhere, with case."),
    ("startswith_cs", "Begins with the text, with case."),
    ("endswith_cs", "Ends with the text, with case."),
    ("hasprefix", "Has a word that begins with the text, without case."),
    ("hassuffix", "Has a word that ends with the text, without case."),
];

pub static CHARTS: &[&str] = &[
    "table",
    "timechart",
    "columnchart",
    "barchart",
    "piechart",
    "linechart",
    "areachart",
    "stackedareachart",
    "scatterchart",
    "card",
    "treemap",
    "anomalychart",
    "graph",
];

/// Properties of a list in parentheses behind `with`, and the words that they take.
pub static RENDER_PROPERTIES: &[(&str, &[&str])] = &[
    ("title", &[]),
    ("xcolumn", &[]),
    ("ycolumns", &[]),
    ("series", &[]),
    ("kind", &["default", "unstacked", "stacked", "stacked100"]),
    ("xtitle", &[]),
    ("ytitle", &[]),
    ("xaxis", &["linear", "log"]),
    ("yaxis", &["linear", "log"]),
    ("legend", &["visible", "hidden"]),
    ("ysplit", &["none", "axes", "panels"]),
    ("accumulate", &["true", "false"]),
    ("ymin", &[]),
    ("ymax", &[]),
    ("xmin", &[]),
    ("xmax", &[]),
];

pub static PARSE_KV_PROPERTIES: &[(&str, &[&str])] = &[
    ("pair_delimiter", &[]),
    ("kv_delimiter", &[]),
    ("quote", &[]),
    ("escape", &[]),
    ("greedy", &["true", "false"]),
    ("regex", &[]),
];
