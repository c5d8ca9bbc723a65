//! Suggestions for a situation, and how names are told.

use super::operators::{self, CHARTS, INFIX, OPERATORS, PARSE_KV_PROPERTIES, RENDER_PROPERTIES};
use super::situation::Situation;
use super::{Completion, CompletionKind};
use crate::Type;
use crate::binder::{AtCaret, NameKind};
use crate::functions::{Function, FunctionKind, ParameterKind, Repeat, SignatureParameter, SignatureResult, functions};
use crate::lexer::{WordClass, class};
use crate::schema::{Schema, StoredFunction, TableFunction};

/// Suggestions that are given at most; the writer types on.
const ITEMS_MAX: usize = 1_000;

/// Statements, and queries that begin with a word.
const STATEMENTS: [(&str, &str); 3] = [
    ("let", "Gives a name to a value, a table or a function."),
    ("set", "Sets an option of the query."),
    ("declare query_parameters", "Declares parameters that the caller gives."),
];

/// Words that begin a table or value by a grammar of their own.
const SOURCES: [(&str, &str, &str); 4] = [
    (
        "datatable",
        "datatable (column:type, ...) [value, ...]",
        "A table that is written out.",
    ),
    (
        "externaldata",
        "externaldata (column:type, ...) [source]",
        "A table of a source that the administrator named.",
    ),
    (
        "materialize",
        "materialize(query)",
        "Computes a query once, for all its uses.",
    ),
    ("toscalar", "toscalar(query)", "The first value of a query."),
];

const VALUES: [(&str, &str); 2] = [
    ("dynamic", "dynamic({\"json\": [1, 2]})"),
    ("datetime", "datetime(2026-01-31)"),
];

pub(super) struct Items<'a> {
    schema: &'a dyn Schema,
    scope: AtCaret,
    items: Vec<Completion>,
}

impl<'a> Items<'a> {
    pub(super) fn new(schema: &'a dyn Schema, scope: AtCaret) -> Self {
        Self {
            schema,
            scope,
            items: Vec::new(),
        }
    }

    /// Adds what fits the situation.
    pub(super) fn of(mut self, situation: &Situation<'_>) -> Self {
        match *situation {
            Situation::Nothing => {}
            Situation::Operator => self.operators(),
            Situation::Source {
                has_statements,
                parameters_of,
            } => {
                self.parameters(parameters_of);
                self.names(|kind| !matches!(kind, NameKind::Scalar(_)));
                self.tables();
                self.sources(has_statements);
            }
            Situation::Value {
                has_aggregates,
                has_tables,
                has_functions,
                parameters_of,
            } => {
                self.owners();
                self.columns();
                self.names(|kind| has_tables || matches!(kind, NameKind::Scalar(_) | NameKind::Function));
                if has_tables {
                    self.tables();
                }
                self.parameters(parameters_of);
                if has_aggregates {
                    self.functions(FunctionKind::Aggregate);
                }
                if has_functions {
                    self.functions(FunctionKind::Scalar);
                    self.values();
                }
            }
            Situation::AfterValue { operator, clause } => self.behind_value(operator, clause),
            Situation::ParameterValue { operator, name } => self.parameter_values(operator, name),
            Situation::Property { operator } => self.properties(operator),
            Situation::Type => {
                for ty in Type::ALL {
                    self.word(ty.name(), CompletionKind::Type, "");
                }
            }
            Situation::Chart => {
                for chart in CHARTS {
                    self.word(chart, CompletionKind::Value, "");
                }
            }
            Situation::PlugIn => self.functions(FunctionKind::PlugIn),
            Situation::Word(words) => {
                for word in words {
                    self.word(word, CompletionKind::Keyword, "");
                }
            }
            Situation::Member { base } => {
                let owner = self.scope.owners.iter().find(|(name, _)| name == base);
                self.scope.columns = owner.map(|(_, columns)| columns.clone()).unwrap_or_default();
                self.columns();
            }
        }
        self
    }

    /// Those that fit what is typed, the best first. Among equals the order in which they were added stays.
    pub(super) fn fitting(self, typed: &str) -> Vec<Completion> {
        let lower = typed.to_lowercase();
        let rank = |item: &Completion| {
            let label = item.label.to_lowercase();
            if item.label.starts_with(typed) {
                Some(0)
            } else if label.starts_with(&lower) {
                Some(1)
            } else {
                label.contains(&lower).then_some(2)
            }
        };
        let mut ranked: Vec<(u8, Completion)> = self
            .items
            .into_iter()
            .filter_map(|item| Some((rank(&item)?, item)))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut seen = std::collections::HashSet::new();
        let items = ranked.into_iter().map(|(_, item)| item);
        items
            .filter(|item| seen.insert((item.label.clone(), item.kind)))
            .take(ITEMS_MAX)
            .collect()
    }

    fn push(&mut self, label: &str, kind: CompletionKind, insert: String, detail: Option<String>, sentence: &str) {
        self.items.push(Completion {
            label: label.to_owned(),
            kind,
            insert,
            detail,
            documentation: Some(sentence.to_owned()).filter(|sentence| !sentence.is_empty()),
        });
    }

    fn word(&mut self, word: &str, kind: CompletionKind, sentence: &str) {
        let insert = if word.ends_with(['(', '=']) {
            word.to_owned()
        } else {
            format!("{word} ")
        };
        let insert = if kind == CompletionKind::Keyword {
            insert
        } else {
            word.to_owned()
        };
        self.push(word, kind, insert, None, sentence);
    }

    fn operators(&mut self) {
        for operator in OPERATORS {
            let insert = match operator.name {
                name @ ("count" | "getschema" | "consume") => name.to_owned(),
                name => format!("{name} "),
            };
            let detail = Some(operator.syntax.to_owned());
            self.push(
                operator.name,
                CompletionKind::Operator,
                insert,
                detail,
                operator.sentence,
            );
        }
    }

    fn columns(&mut self) {
        for column in std::mem::take(&mut self.scope.columns) {
            let sentence = sentence_of_column(self.schema, &column.name, |_| true).unwrap_or_default();
            let detail = Some(column.ty.name().to_owned());
            self.push(
                &column.name,
                CompletionKind::Column,
                written(&column.name),
                detail,
                &sentence,
            );
        }
    }

    /// Nodes, edges, sides and steps, with the dot behind which their columns stand.
    fn owners(&mut self) {
        for (name, columns) in self.scope.owners.clone() {
            let detail = Some(format!("{} columns", columns.len()));
            self.push(
                &name,
                CompletionKind::Variable,
                format!("{}.", written_owner(&name)),
                detail,
                "",
            );
        }
    }

    fn names(&mut self, is_wanted: impl Fn(NameKind) -> bool) {
        for (name, kind) in std::mem::take(&mut self.scope.names) {
            if !is_wanted(kind) {
                continue;
            }
            let (shown, detail, insert) = match kind {
                NameKind::Scalar(ty) => (CompletionKind::Variable, ty.name(), written(&name)),
                NameKind::Table => (CompletionKind::Table, "table of the query", written(&name)),
                NameKind::Graph => (CompletionKind::Table, "graph of the query", written(&name)),
                NameKind::Function => (
                    CompletionKind::Function,
                    "function of the query",
                    format!("{}(", written(&name)),
                ),
            };
            self.push(&name, shown, insert, Some(detail.to_owned()), "");
        }
    }

    fn tables(&mut self) {
        for table in self.schema.tables() {
            let columns = format!("{} columns", table.columns.len());
            self.push(
                &table.name,
                CompletionKind::Table,
                written(&table.name),
                Some(columns),
                &table.description,
            );
        }
        for function in self.schema.table_functions() {
            let title = table_function_title(&function);
            let insert = format!("{}(", function.name);
            self.push(
                &function.name,
                CompletionKind::Function,
                insert,
                Some(title),
                &function.description,
            );
        }
        for function in self.schema.stored_functions() {
            let insert = format!("{}(", written(&function.name));
            let title = stored_title(&function);
            self.push(
                &function.name,
                CompletionKind::Function,
                insert,
                Some(title),
                &function.description,
            );
        }
    }

    fn sources(&mut self, has_statements: bool) {
        for operator in OPERATORS
            .iter()
            .filter(|operator| operator.is_source && operator.name != "evaluate")
        {
            let insert = format!("{} ", operator.name);
            let detail = Some(operator.syntax.to_owned());
            self.push(
                operator.name,
                CompletionKind::Operator,
                insert,
                detail,
                operator.sentence,
            );
        }
        for (word, syntax, sentence) in SOURCES {
            self.push(
                word,
                CompletionKind::Keyword,
                format!("{word}("),
                Some(syntax.to_owned()),
                sentence,
            );
        }
        if has_statements {
            for (word, sentence) in STATEMENTS {
                self.word(word, CompletionKind::Keyword, sentence);
            }
        }
    }

    fn values(&mut self) {
        for (word, example) in VALUES {
            let insert = format!("{word}(");
            self.push(
                word,
                CompletionKind::Function,
                insert,
                Some(example.to_owned()),
                "A constant.",
            );
        }
        for word in ["true", "false"] {
            self.word(word, CompletionKind::Value, "");
        }
    }

    fn functions(&mut self, kind: FunctionKind) {
        let shown = match kind {
            FunctionKind::Scalar => CompletionKind::Function,
            FunctionKind::Aggregate => CompletionKind::Aggregate,
            FunctionKind::PlugIn => CompletionKind::PlugIn,
        };
        for function in functions().iter().filter(|function| function.kind == kind) {
            // Other names of a function are read, not proposed.
            let Some(sentence) = function.sentence.filter(|_| function.name == function.canonical) else {
                continue;
            };
            let takes_arguments = function
                .signatures
                .iter()
                .any(|signature| !signature.parameters.is_empty());
            let insert = format!("{}({}", function.name, if takes_arguments { "" } else { ")" });
            self.push(function.name, shown, insert, Some(signature(function)), sentence);
        }
    }

    fn parameters(&mut self, operator: Option<&str>) {
        let Some(operator) = operator.and_then(operators::find) else {
            return;
        };
        for (name, values) in operator.parameters {
            let detail = Some(values.join(" | ")).filter(|values| !values.is_empty());
            self.push(name, CompletionKind::Parameter, format!("{name}="), detail, "");
        }
    }

    fn parameter_values(&mut self, operator: &str, name: &str) {
        let properties = match operator {
            "render" => RENDER_PROPERTIES,
            "parse-kv" => PARSE_KV_PROPERTIES,
            _ => operators::find(operator).map_or(&[][..], |operator| operator.parameters),
        };
        let values = properties
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(&[][..], |(_, values)| values);
        for value in values {
            self.word(value, CompletionKind::Value, "");
        }
        if matches!(name, "xcolumn" | "ycolumns" | "series" | "hint.shufflekey") {
            self.columns();
        }
    }

    fn properties(&mut self, operator: &str) {
        let properties = match operator {
            "render" => RENDER_PROPERTIES,
            "parse-kv" => PARSE_KV_PROPERTIES,
            _ => return self.parameters(Some(operator)),
        };
        for (name, values) in properties {
            let detail = Some(values.join(" | ")).filter(|values| !values.is_empty());
            self.push(name, CompletionKind::Parameter, format!("{name}="), detail, "");
        }
    }

    /// Behind a complete value: operators between values, and the next parts of the operator.
    fn behind_value(&mut self, operator: &str, clause: &str) {
        let known = operators::find(operator);
        let clauses = known.map_or(&[][..], |operator| operator.clauses);
        let done = clauses
            .iter()
            .position(|known| known.trim_end_matches(['=', '(']) == clause);
        for word in &clauses[done.map_or(0, |done| done + 1)..] {
            self.word(word, CompletionKind::Keyword, "");
        }
        if matches!(
            (operator, clause),
            ("sort" | "order" | "top", "by") | ("top-nested", "by")
        ) {
            for (word, sentence) in [
                ("asc", "The least first."),
                ("desc", "The greatest first."),
                ("nulls first", "Nulls in front."),
                ("nulls last", "Nulls at the end."),
            ] {
                self.word(word, CompletionKind::Keyword, sentence);
            }
        }
        let is_word_only = matches!(
            operator,
            "" | "as"
                | "count"
                | "render"
                | "union"
                | "project-away"
                | "project-keep"
                | "project-reorder"
                | "make-graph"
        ) || matches!(
            (operator, clause),
            ("join" | "lookup", "") | ("parse" | "parse-where", "with")
        );
        if !is_word_only {
            for (word, sentence) in INFIX {
                self.push(word, CompletionKind::Keyword, format!("{word} "), None, sentence);
            }
        }
    }
}

/// A name as it is written in a query: in brackets where it is no word, or a keyword.
fn written(name: &str) -> String {
    let is_word = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word && matches!(class(name), WordClass::Identifier | WordClass::Name | WordClass::Path) {
        name.to_owned()
    } else {
        let escaped = name.replace('\\', "\\\\").replace('\'', "\\'");
        format!("['{escaped}']")
    }
}

/// `$left` stays as it is; other owners are names like any other.
fn written_owner(name: &str) -> String {
    if name.starts_with('$') {
        name.to_owned()
    } else {
        written(name)
    }
}

/// The sentence about a column, of a table that the text names.
pub(super) fn column_sentence(schema: &dyn Schema, text: &str, column: &str) -> Option<String> {
    sentence_of_column(schema, column, |table| text.contains(table))
}

fn sentence_of_column(schema: &dyn Schema, column: &str, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    let tables = schema.tables();
    let mut sentences = tables
        .iter()
        .filter(|table| is_wanted(&table.name))
        .filter_map(|table| {
            let (_, sentence) = table.column_descriptions.iter().find(|(name, _)| name == column)?;
            Some(sentence.clone())
        });
    sentences.next()
}

pub(super) fn variable_title(name: &str, kind: NameKind) -> String {
    match kind {
        NameKind::Scalar(ty) => format!("let {name}: {ty}"),
        NameKind::Table => format!("let {name}: a table"),
        NameKind::Graph => format!("let {name}: a graph"),
        NameKind::Function => format!("let {name}: a function"),
    }
}

/// `attack_paths(from: string, [limit: long])`.
pub(super) fn table_function_title(function: &TableFunction) -> String {
    let parameters = function.parameters.iter().map(|parameter| {
        let declared = format!("{}: {}", parameter.name, parameter.ty);
        if parameter.is_optional {
            format!("[{declared}]")
        } else {
            declared
        }
    });
    format!("{}({})", function.name, parameters.collect::<Vec<_>>().join(", "))
}

/// The name and parameters of a stored function, without its body.
pub(super) fn stored_title(function: &StoredFunction) -> String {
    let parameters = function.declaration.split('{').next().unwrap_or_default().trim();
    format!(
        "{}{}",
        function.name,
        if parameters.is_empty() { "()" } else { parameters }
    )
}

/// `substring(source: string, startingIndex: int, [length: int]): string`, of the longest form.
pub(super) fn signature(function: &Function) -> String {
    let longest = function
        .signatures
        .iter()
        .max_by_key(|signature| signature.parameters.len());
    let Some(signature) = longest else {
        return format!("{}()", function.name);
    };
    let parameters: Vec<String> = signature.parameters.iter().map(parameter).collect();
    let result = match &signature.result {
        SignatureResult::Type(ty) => format!(": {ty}"),
        SignatureResult::Array => ": dynamic".to_owned(),
        _ => String::new(),
    };
    format!("{}({}){result}", function.name, parameters.join(", "))
}

fn parameter(parameter: &SignatureParameter) -> String {
    let ty = match &parameter.kind {
        ParameterKind::Types(types) => types.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" | "),
        ParameterKind::Tabular => "table".to_owned(),
        ParameterKind::Integer | ParameterKind::Number | ParameterKind::NumberOrBool => "number".to_owned(),
        ParameterKind::DynamicArray | ParameterKind::DynamicBag => "dynamic".to_owned(),
        ParameterKind::StringOrDynamic | ParameterKind::StringOrArray => "string | dynamic".to_owned(),
        ParameterKind::TypeLiteral => "typeof(...)".to_owned(),
        _ => String::new(),
    };
    let declared = if ty.is_empty() {
        parameter.name.to_owned()
    } else {
        format!("{}: {ty}", parameter.name)
    };
    match parameter.repeat {
        Repeat::Once => declared,
        Repeat::Optional | Repeat::Times(0, 1) => format!("[{declared}]"),
        Repeat::Times(..) => format!("{declared}, ..."),
    }
}
