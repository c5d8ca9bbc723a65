//! What a custom technique is made of, as text: relations that have to be there between assets, and properties that
//! these must have.
//!
//! A pattern names assets as it likes; `source` and `target` are the ends of the step. Each relation after the first
//! names an asset that one before it named, so that a match grows from one relation to the next and never multiplies
//! what has nothing to do with each other.

use postern_model::{NodeKind, RelationKind};
use serde::Deserialize;
use serde_json::Value;

use crate::check::File;

/// A pattern may have this many relations: paths are found by the graph, a pattern is one step.
pub const PATTERN_RELATIONS_MAX: usize = 8;

const SOURCE: &str = "source";
const TARGET: &str = "target";

/// Conditions of a step, all of which have to be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Names of the assets. The first is the step's source, the second its target.
    pub assets: Vec<String>,
    /// At least one.
    pub relations: Vec<PatternRelation>,
    pub kinds: Vec<PatternKind>,
    pub properties: Vec<PatternProperty>,
}

/// A reported relation; ends are positions in [`Pattern::assets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternRelation {
    pub from: usize,
    pub kind: RelationKind,
    pub to: usize,
}

/// What an asset has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternKind {
    pub of: usize,
    pub any_of: Vec<NodeKind>,
}

/// What a property of an asset has to be. A property that nobody told is not it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternProperty {
    pub of: usize,
    /// In lower case, as properties of assets are.
    pub name: String,
    pub is: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A flag, number or text; texts compare without letter case.
    Equal(Value),
    /// A text in which this occurs, or a list with this in it, without letter case. Kept in lower case.
    Containing(String),
}

impl Wanted {
    /// Whether a property's value is what is wanted.
    pub fn is_met_by(&self, value: &Value) -> bool {
        match self {
            Self::Equal(Value::String(wanted)) => value
                .as_str()
                .is_some_and(|text| text.to_lowercase() == wanted.to_lowercase()),
            Self::Equal(wanted) => value == wanted,
            Self::Containing(part) => match value {
                Value::String(text) => text.to_lowercase().contains(part),
                Value::Array(items) => items
                    .iter()
                    .any(|item| item.as_str().is_some_and(|text| text.to_lowercase() == *part)),
                _ => false,
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    relations: Vec<RelationSource>,
    #[serde(default)]
    kinds: Vec<KindSource>,
    #[serde(default)]
    properties: Vec<PropertySource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RelationSource {
    from: String,
    kind: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct KindSource {
    of: String,
    any_of: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PropertySource {
    of: String,
    name: String,
    equals: Option<Value>,
    contains: Option<String>,
}

impl Pattern {
    /// Reads the part `derivation` of a technique's file.
    pub(crate) fn read(file: &mut File<'_>, source: Source) -> Option<Self> {
        let mut mistakes = Vec::new();
        let pattern = Self::checked(source, &mut mistakes);
        let is_right = mistakes.is_empty();
        for mistake in mistakes {
            file.mistake_in("derivation", mistake);
        }
        is_right.then_some(pattern)
    }

    fn checked(source: Source, mistakes: &mut Vec<String>) -> Self {
        let mut pattern = Self {
            assets: vec![SOURCE.to_owned(), TARGET.to_owned()],
            relations: Vec::new(),
            kinds: Vec::new(),
            properties: Vec::new(),
        };
        let count = source.relations.len();
        if !(1..=PATTERN_RELATIONS_MAX).contains(&count) {
            mistakes.push(format!(
                "there are {count} relations; a derivation has between 1 and {PATTERN_RELATIONS_MAX}"
            ));
        }
        let mut named = Vec::new();
        for RelationSource { from, kind, to } in source.relations {
            let ends = [pattern.asset(from), pattern.asset(to)];
            if !named.is_empty() && !ends.iter().any(|end| named.contains(end)) {
                mistakes.push(format!(
                    "the relation {kind} names no asset that one before it names: add what joins them, or reorder"
                ));
            }
            named.extend(ends);
            match RelationKind::of(&kind) {
                Some(kind) => pattern.relations.push(PatternRelation {
                    from: ends[0],
                    kind,
                    to: ends[1],
                }),
                None => mistakes.push(format!(
                    "`{kind}` is no name of a relation: letters, digits and underscores"
                )),
            }
        }
        for end in [SOURCE, TARGET] {
            if !named.iter().any(|&at| pattern.assets[at] == end) {
                mistakes.push(format!("no relation names `{end}`"));
            }
        }
        for KindSource { of, any_of } in source.kinds {
            let Some(of) = pattern.known(&of, mistakes) else {
                continue;
            };
            let mut kinds = Vec::new();
            for name in any_of {
                match NodeKind::of(&name) {
                    Some(kind) => kinds.push(kind),
                    None => mistakes.push(format!("`{name}` is no name of a kind")),
                }
            }
            pattern.kinds.push(PatternKind { of, any_of: kinds });
        }
        for property in source.properties {
            let Some(of) = pattern.known(&property.of, mistakes) else {
                continue;
            };
            let is = match (property.equals, property.contains) {
                (Some(value @ (Value::Bool(_) | Value::Number(_) | Value::String(_))), None) => Wanted::Equal(value),
                (None, Some(part)) => Wanted::Containing(part.to_lowercase()),
                _ => {
                    mistakes.push(format!(
                        "the property {} needs one of `equals` (a flag, number or text) and `contains` (a text)",
                        property.name
                    ));
                    continue;
                }
            };
            let name = property.name.to_ascii_lowercase();
            pattern.properties.push(PatternProperty { of, name, is });
        }
        pattern
    }

    /// The position of an asset, which is new if nobody named it before.
    fn asset(&mut self, name: String) -> usize {
        match self.assets.iter().position(|it| *it == name) {
            Some(at) => at,
            None => {
                self.assets.push(name);
                self.assets.len() - 1
            }
        }
    }

    fn known(&self, name: &str, mistakes: &mut Vec<String>) -> Option<usize> {
        let at = self.assets.iter().position(|it| it == name);
        if at.is_none() {
            mistakes.push(format!("no relation names `{name}`"));
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mistakes(source: Value) -> Vec<String> {
        let mut mistakes = Vec::new();
        Pattern::checked(serde_json::from_value(source).expect("a pattern"), &mut mistakes);
        mistakes
    }

    #[test]
    fn a_pattern_without_mistakes_has_none() {
        let source = json!({
            "relations": [
                {"from": "source", "kind": "Backs_Up", "to": "server"},
                {"from": "server", "kind": "HasSession", "to": "target"},
            ],
            "kinds": [{"of": "server", "any-of": ["Computer"]}],
            "properties": [{"of": "server", "name": "OperatingSystem", "contains": "Windows"}],
        });
        assert_eq!(mistakes(source), Vec::<String>::new());
    }

    #[test]
    fn every_mistake_is_told() {
        let source = json!({
            "relations": [
                {"from": "source", "kind": "no name", "to": "server"},
                {"from": "here", "kind": "HasSession", "to": "there"},
            ],
            "kinds": [{"of": "nowhere", "any-of": ["Computer"]}],
            "properties": [{"of": "server", "name": "x"}],
        });
        assert_eq!(
            mistakes(source),
            [
                "`no name` is no name of a relation: letters, digits and underscores",
                "the relation HasSession names no asset that one before it names: add what joins them, or reorder",
                "no relation names `target`",
                "no relation names `nowhere`",
                "the property x needs one of `equals` (a flag, number or text) and `contains` (a text)",
            ]
        );
        assert_eq!(
            mistakes(json!({"relations": []}))[0],
            "there are 0 relations; a derivation has between 1 and 8"
        );
    }

    #[test]
    fn values_compare_as_people_write_them() {
        let equal = |wanted: Value, value: Value| Wanted::Equal(wanted).is_met_by(&value);
        assert!(equal(json!("yes"), json!("YES")) && equal(json!(true), json!(true)) && equal(json!(3), json!(3)));
        assert!(!equal(json!(true), json!(false)) && !equal(json!("3"), json!(3)));
        let containing = |value: Value| Wanted::Containing("veeam".to_owned()).is_met_by(&value);
        assert!(containing(json!("Veeam 12")) && containing(json!(["x", "VEEAM"])));
        assert!(!containing(json!(["Veeam 12"])) && !containing(json!(true)));
    }
}
