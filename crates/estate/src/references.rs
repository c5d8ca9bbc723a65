//! Ends of relations that are told not by an id, but by what their object is like.
//!
//! `DN=…` names an object by its distinguished name, as SharpHound does for members that it could not look up; a
//! [`Reference`] names it by its name or other properties. Which object that is can be told only here, where all
//! files are at hand. An end that fits no object, or several, is not guessed at: its relations are left out, and a
//! conflict says so.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use postern_model::NodeKind;
use postern_model::estate::Conflict;
use postern_model::reference::{Operand, REFERENCE_PREFIX, Reference};
use serde_json::Value;

use crate::attributes::texts;
use crate::objects::{Interner, Object};
use crate::relations::RawRelation;

const DISTINGUISHED_NAME_PREFIX: &str = "DN=";

/// The rarest of the properties that an end is told by may be that of so many objects; of each of them the others are
/// then looked at.
const CANDIDATES_MAX: usize = 1_000;

/// So many of the objects that an end fits are named.
const NAMED_MAX: usize = 8;

/// So many ends that fit no single object are listed; the others are counted.
const CONFLICTS_MAX: usize = 1_000;

/// What people read as the kind of these conflicts.
const CONFLICT_KIND: &str = "end of a relation";

/// What an end that is no id came to.
enum Found {
    Object(u32),
    /// Nothing, or more than one: these, of so many.
    Unclear {
        objects: Vec<u32>,
        count: usize,
    },
    /// So many have the rarest of its properties that they are not looked at.
    TooMany {
        count: usize,
    },
}

/// Gives each end that is no id the id of its object, and leaves out relations of which one has none.
pub fn resolve(relations: &mut Vec<RawRelation>, objects: &BTreeMap<u32, Object>, keys: &Interner) -> Vec<Conflict> {
    let mut names = Vec::new();
    let mut references = Vec::new();
    for (number, text) in (0..).zip(keys.texts()) {
        if let Some(name) = text.strip_prefix(DISTINGUISHED_NAME_PREFIX) {
            names.push((number, name.to_uppercase()));
        } else if let Some(json) = text.strip_prefix(REFERENCE_PREFIX)
            && let Ok(reference) = serde_json::from_str::<Reference>(json)
        {
            references.push((number, reference));
        }
    }
    if names.is_empty() && references.is_empty() {
        return Vec::new();
    }
    let mut found = HashMap::new();
    if !names.is_empty() {
        let by_name = by_distinguished_name(objects, keys);
        // One that nobody has stays as it is: it may be all that is known of a member.
        found.extend(
            names
                .into_iter()
                .filter_map(|(number, name)| Some((number, Found::Object(*by_name.get(&name)?)))),
        );
    }
    let index = Index::of(&references, objects, keys);
    for (number, reference) in &references {
        found.insert(*number, index.find(reference, objects, keys));
    }
    let conflicts = conflicts(relations, &references, &found, keys);
    relations.retain_mut(|relation| {
        for end in [&mut relation.source, &mut relation.target] {
            match found.get(end) {
                Some(Found::Object(object)) => *end = *object,
                Some(Found::Unclear { .. } | Found::TooMany { .. }) => return false,
                None => {}
            }
        }
        true
    });
    conflicts
}

/// Where several objects have one name (one was made anew, and nobody has looked for the other since), it is
/// that of the one seen last, and of these of the first by id.
fn by_distinguished_name(objects: &BTreeMap<u32, Object>, keys: &Interner) -> HashMap<String, u32> {
    let mut named = HashMap::new();
    let standing = |key: u32| (objects[&key].last_own, Reverse(keys.text(key)));
    for (&key, object) in objects {
        if let Some(name) = object.properties.get("distinguishedname").and_then(|it| it.as_str()) {
            let named = named.entry(name.to_uppercase()).or_insert(key);
            if standing(key) > standing(*named) {
                *named = key;
            }
        }
    }
    named
}

/// The objects that have a wanted value of a property: property → value → objects.
struct Index(HashMap<String, HashMap<Token, Vec<u32>>>);

/// A value that can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Token {
    Flag(bool),
    /// As text, since one number may be written in several ways.
    Number(String),
    Text(String),
}

impl Index {
    fn of(references: &[(u32, Reference)], objects: &BTreeMap<u32, Object>, keys: &Interner) -> Self {
        let mut wanted = HashMap::<String, HashMap<Token, Vec<u32>>>::new();
        for (_, reference) in references {
            for (property, operand) in &reference.equal {
                let values = wanted.entry(property.clone()).or_default();
                values.entry(token_of(property, operand)).or_default();
            }
        }
        for (&key, object) in objects {
            let take = |property: &str, values: &mut HashMap<Token, Vec<u32>>| {
                if let Some(token) = value_of(property, key, object, keys)
                    && let Some(objects) = values.get_mut(&token)
                {
                    objects.push(key);
                }
            };
            // Whichever there are fewer of, so that a file that wants a million properties takes no longer.
            if wanted.len() <= object.properties.len() {
                for (property, values) in &mut wanted {
                    take(property, values);
                }
                continue;
            }
            let own = object.properties.keys().map(String::as_str);
            let own = own.filter(|it| !matches!(*it, "name" | "objectid"));
            for property in own.chain(["name", "objectid"]) {
                if let Some(values) = wanted.get_mut(property) {
                    take(property, values);
                }
            }
        }
        Self(wanted)
    }

    fn find(&self, reference: &Reference, objects: &BTreeMap<u32, Object>, keys: &Interner) -> Found {
        let with = |(property, operand): (&String, &Operand)| {
            let objects = self.0.get(property)?.get(&token_of(property, operand))?;
            Some(objects.as_slice())
        };
        let fewest = reference
            .equal
            .iter()
            .filter_map(with)
            .min_by_key(|objects| objects.len());
        let fewest = fewest.unwrap_or_default();
        if fewest.len() > CANDIDATES_MAX {
            return Found::TooMany { count: fewest.len() };
        }
        let fits = |key: &&u32| {
            let object = &objects[*key];
            let is_equal = reference.equal.iter().all(|(property, operand)| {
                value_of(property, **key, object, keys) == Some(token_of(property, operand))
            });
            is_equal && reference.kind.as_ref().is_none_or(|kind| is_of_kind(object, kind))
        };
        let mut fitting: Vec<u32> = fewest.iter().filter(fits).copied().collect();
        if fitting.len() > 1 {
            // A scanned host has the name of the computer that it may turn out to be.
            let is_host = |key: &u32| objects[key].kind == NodeKind::Host;
            if !fitting.iter().all(is_host) {
                fitting.retain(|key| !is_host(key));
            }
        }
        match fitting[..] {
            [object] => Found::Object(object),
            _ => unclear(fitting, keys),
        }
    }
}

fn unclear(mut objects: Vec<u32>, keys: &Interner) -> Found {
    let count = objects.len();
    objects.sort_unstable_by_key(|&object| keys.text(object));
    objects.truncate(NAMED_MAX);
    Found::Unclear { objects, count }
}

/// Names are the same in any letter case, as BloodHound keeps them; other texts are not.
fn is_name(property: &str) -> bool {
    matches!(
        property,
        "name" | "objectid" | "distinguishedname" | "operatingsystem" | "environmentid" | "domainsid" | "tenantid"
    )
}

fn text_token(property: &str, text: &str) -> Token {
    Token::Text(match is_name(property) {
        true => text.trim().to_uppercase(),
        false => text.to_owned(),
    })
}

fn token_of(property: &str, operand: &Operand) -> Token {
    match operand {
        Operand::Flag(flag) => Token::Flag(*flag),
        Operand::Whole(number) => Token::Number(number.to_string()),
        Operand::Real(number) => Token::Number(number.to_string()),
        Operand::Text(text) => text_token(property, text),
    }
}

/// What an object has of a property that an end can be told by.
fn value_of(property: &str, key: u32, object: &Object, keys: &Interner) -> Option<Token> {
    match property {
        "objectid" => return Some(text_token(property, keys.text(key))),
        "name" if !object.name.is_empty() => return Some(text_token(property, &object.name)),
        _ => {}
    }
    match object.properties.get(property)? {
        Value::Bool(flag) => Some(Token::Flag(*flag)),
        Value::Number(number) => Some(Token::Number(match number.as_f64() {
            // Display of a float that is whole writes no point: 1 and 1.0 are one number.
            Some(real) if number.is_f64() => real.to_string(),
            _ => number.to_string(),
        })),
        Value::String(text) => Some(text_token(property, text)),
        _ => None,
    }
}

/// Whether a kind is one of an object's: its own, one of those that its file states, or that of its directory.
fn is_of_kind(object: &Object, kind: &str) -> bool {
    let is = |it: &str| it.eq_ignore_ascii_case(kind);
    let of_directory = match postern_model::ObjectClass::of(object.kind) {
        Some(class) if class.is_of_tenant() => "AZBase",
        Some(postern_model::ObjectClass::Extensions | postern_model::ObjectClass::Hosts) | None => "",
        Some(_) => "Base",
    };
    is(object.kind.as_str()) || is(of_directory) || texts(object.properties.get("kinds")).iter().any(|it| is(it))
}

/// One conflict for each end that fits no single object, however many relations have it.
fn conflicts(
    relations: &[RawRelation],
    references: &[(u32, Reference)],
    found: &HashMap<u32, Found>,
    keys: &Interner,
) -> Vec<Conflict> {
    // End → how many relations have it, and the first by id of what is at their other ends.
    let mut left_out = HashMap::<u32, (u64, u32)>::new();
    for relation in relations {
        for (end, other) in [(relation.source, relation.target), (relation.target, relation.source)] {
            if let Some(Found::Unclear { .. } | Found::TooMany { .. }) = found.get(&end) {
                let (count, first) = left_out.entry(end).or_insert((0, other));
                *count += 1;
                if keys.text(other) < keys.text(*first) {
                    *first = other;
                }
            }
        }
    }
    let mut conflicts: Vec<Conflict> = references
        .iter()
        .filter_map(|(number, reference)| {
            let &(count, other) = left_out.get(number)?;
            let relations = match count {
                1 => "the relation that has it is left out".to_owned(),
                count => format!("the {count} relations that have it are left out"),
            };
            let other = std::slice::from_ref(&other);
            let (named, fits) = match found.get(number)? {
                Found::Object(_) => return None,
                Found::Unclear { count: 0, .. } => (other, "no object fits".to_owned()),
                Found::Unclear { objects, count } => (&objects[..], format!("{count} objects fit")),
                Found::TooMany { count } => {
                    let rarest =
                        format!("{count} objects have the rarest of its properties, more than {CANDIDATES_MAX}");
                    (other, rarest)
                }
            };
            Some(Conflict {
                kind: CONFLICT_KIND.to_owned(),
                value: reference.to_string(),
                keys: named.iter().map(|&key| keys.text(key).to_owned()).collect(),
                reason: format!("{fits}; {relations}"),
            })
        })
        .collect();
    conflicts.sort();
    if conflicts.len() > CONFLICTS_MAX {
        let more = conflicts.len() - CONFLICTS_MAX;
        conflicts.truncate(CONFLICTS_MAX);
        conflicts.push(Conflict {
            kind: CONFLICT_KIND.to_owned(),
            value: format!("{more} more"),
            keys: Vec::new(),
            reason: "no object fits, or several; the relations that have them are left out".to_owned(),
        });
    }
    conflicts
}
