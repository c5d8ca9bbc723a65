//! All built-in functions, aggregates and plug-ins: names, parameters, result types, and which of them Postern runs.
//!
//! The facts are in `signatures.tsv`, drawn from the official language service by `tools/kql-oracle/signatures.mjs`.
//! What runs has a sentence in `sentences.tsv`; a function without one is refused by name and place. Other names of the
//! same function are in `synonyms`.
//!
//! Start at [`function`] and [`Function`].

mod signature;
mod synonyms;

use std::collections::HashMap;
use std::sync::OnceLock;

pub use signature::{ArgumentKind, ParameterKind, Repeat, Signature, SignatureParameter, SignatureResult};

const SIGNATURES: &str = include_str!("signatures.tsv");
const SENTENCES: &str = include_str!("sentences.tsv");

/// Further signatures, which the documentation has and the service lacks: an example on the page of `summarize` counts
/// a column, and the seconds of `make_timespan` have a fraction.
const DOCUMENTED: &[(FunctionKind, &str, &str)] = &[
    (FunctionKind::Aggregate, "count", "expr:Scalar -> long"),
    (
        FunctionKind::Scalar,
        "make_timespan",
        "days:Integer, hours:Integer, minutes:Integer, seconds:Number -> timespan",
    ),
    (
        FunctionKind::Scalar,
        "make_timespan",
        "hours:Integer, minutes:Integer, seconds:Number -> timespan",
    ),
];

/// Where a function may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// In any expression.
    Scalar,
    /// In `summarize` and its kin.
    Aggregate,
    /// After `evaluate`.
    PlugIn,
}

/// How the column is named that holds an unnamed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// As any other expression: `Column1`.
    None,
    /// As its first argument.
    FirstArgument,
    /// As its first argument, if that is the only one.
    OnlyArgument,
    /// `prefix_` and the name of the first argument.
    PrefixAndFirstArgument(&'static str),
    PrefixOnly(&'static str),
    /// As the column that the first argument, a text, names.
    NamedColumn,
}

/// A built-in function as it is called, synonyms being functions of their own.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: &'static str,
    /// The name by which it is computed; differs from `name` for a synonym.
    pub canonical: &'static str,
    pub kind: FunctionKind,
    pub naming: Naming,
    pub signatures: Vec<Signature>,
    /// What it does, for completion and hover; `None`: Postern does not run it.
    pub sentence: Option<&'static str>,
}

impl Function {
    /// Whether Postern runs it.
    pub fn is_supported(&self) -> bool {
        self.sentence.is_some()
    }

    /// Depends on the order of rows: `row_number`, `prev`, ...
    pub fn is_window(&self) -> bool {
        self.kind == FunctionKind::Scalar && WINDOWS.contains(&self.canonical)
    }
}

/// Scalar functions that look at other rows.
const WINDOWS: &[&str] = &[
    "next",
    "prev",
    "row_cumsum",
    "row_number",
    "row_rank_dense",
    "row_rank_min",
    "row_window_session",
];

/// The function of a kind by its name. Names of functions have their case, as the language has it.
pub fn function(kind: FunctionKind, name: &str) -> Option<&'static Function> {
    static INDEX: OnceLock<HashMap<(FunctionKind, &'static str), &'static Function>> = OnceLock::new();
    INDEX
        .get_or_init(|| {
            functions()
                .iter()
                .map(|function| ((function.kind, function.name), function))
                .collect()
        })
        .get(&(kind, name))
        .copied()
}

/// All functions, in the order of the official service.
pub fn functions() -> &'static [Function] {
    static FUNCTIONS: OnceLock<Vec<Function>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        let sentences: HashMap<&str, &str> = SENTENCES.lines().filter_map(|line| line.split_once('\t')).collect();
        SIGNATURES.lines().filter_map(|line| read(line, &sentences)).collect()
    })
}

/// One line of the table.
fn read(line: &'static str, sentences: &HashMap<&'static str, &'static str>) -> Option<Function> {
    let mut fields = line.split('\t');
    let kind = match fields.next()? {
        "scalar" => FunctionKind::Scalar,
        "aggregate" => FunctionKind::Aggregate,
        "plugin" => FunctionKind::PlugIn,
        _ => return None,
    };
    let name = fields.next()?;
    let (rule, prefix) = match fields.next()?.split_once(' ') {
        Some((rule, prefix)) => (rule, prefix),
        None => ("", ""),
    };
    let rule = if rule.is_empty() {
        line.split('\t').nth(2)?
    } else {
        rule
    };
    let naming = match rule {
        "FirstArgument" => Naming::FirstArgument,
        "OnlyArgument" => Naming::OnlyArgument,
        "NameAndFirstArgument" => Naming::PrefixAndFirstArgument(name),
        "PrefixAndFirstArgument" => Naming::PrefixAndFirstArgument(prefix),
        "PrefixOnly" => Naming::PrefixOnly(prefix),
        "FirstArgumentValueIfColumn" => Naming::NamedColumn,
        _ => Naming::None,
    };
    let canonical = synonyms::canonical(kind, name);
    let key = match kind {
        FunctionKind::Scalar => canonical.to_owned(),
        FunctionKind::Aggregate => format!("aggregate {canonical}"),
        FunctionKind::PlugIn => format!("evaluate {canonical}"),
    };
    let documented = DOCUMENTED
        .iter()
        .filter(|(of, function, _)| *of == kind && *function == name)
        .map(|(_, _, signature)| *signature);
    Some(Function {
        name,
        canonical,
        kind,
        naming,
        signatures: fields
            .next()?
            .split(" ; ")
            .chain(documented)
            .filter_map(signature::read)
            .collect(),
        sentence: sentences.get(key.as_str()).copied(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(functions().len(), SIGNATURES.lines().count());
        for function in functions() {
            assert!(!function.signatures.is_empty(), "{} has no signature", function.name);
        }
    }

    #[test]
    fn every_sentence_belongs_to_a_function() {
        let names: HashSet<String> = functions()
            .iter()
            .map(|function| match function.kind {
                FunctionKind::Scalar => function.canonical.to_owned(),
                FunctionKind::Aggregate => format!("aggregate {}", function.canonical),
                FunctionKind::PlugIn => format!("evaluate {}", function.canonical),
            })
            .collect();
        let mut seen = HashSet::new();
        for line in SENTENCES.lines() {
            let (name, sentence) = line.split_once('\t').unwrap_or((line, ""));
            assert!(names.contains(name), "no function {name}");
            assert!(seen.insert(name), "{name} stands twice");
            assert!(sentence.ends_with('.'), "no sentence for {name}");
        }
    }

    #[test]
    fn a_synonym_is_computed_as_its_canonical_function() {
        let function = function(FunctionKind::Scalar, "todynamic").unwrap();
        assert_eq!(function.canonical, "parse_json");
        assert!(function.is_supported());
    }
}
