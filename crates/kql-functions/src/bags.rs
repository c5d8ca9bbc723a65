//! Functions of bags: JSON objects. Properties deep inside are named by a path: `$.a.b` or `$['a']['b']`.

use std::collections::HashMap;

use crate::conditions::is_empty;
use crate::elements::{array, bag};
use crate::json::Properties;
use crate::limits::{DEPTH_MAX, may_be_deep, may_join, may_weigh};
use crate::strings::text;
use crate::{Context, Datum, Json, Kernel, convert};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("bag_has_key", bag_has_key),
    ("bag_keys", bag_keys),
    ("bag_merge", bag_merge),
    ("bag_pack", bag_pack),
    ("bag_remove_keys", bag_remove_keys),
    ("bag_set_key", bag_set_key),
    ("bag_zip", bag_zip),
    ("pack_all", pack_all),
    ("extract_json", extract_json),
    ("treepath", treepath),
];

/// A step of a path into JSON.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

/// The steps of `$.a['b c'][0]`; `None` for what is no such path. Wildcards and `..` are none.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 || &name[..end] == "*" {
                return None;
            }
            steps.push(Step::Key(name[..end].to_owned()));
            rest = &name[end..];
        } else {
            let inner = rest.strip_prefix('[')?;
            let quote = inner.chars().next().filter(|first| matches!(first, '\'' | '"'));
            if let Some(quote) = quote {
                let (name, behind) = inner[1..].split_once(quote)?;
                steps.push(Step::Key(name.to_owned()));
                rest = behind.strip_prefix(']')?;
            } else {
                let (index, behind) = inner.split_once(']')?;
                steps.push(Step::Index(index.trim().parse().ok()?));
                rest = behind;
            }
        }
    }
    Some(steps)
}

/// The steps to what a text names: a path where it is one, else the property of that name.
fn steps_to(name: &str) -> Vec<Step> {
    steps(name)
        .filter(|steps| !steps.is_empty())
        .unwrap_or_else(|| vec![Step::Key(name.to_owned())])
}

fn find<'j>(tree: &'j Json, steps: &[Step]) -> Option<&'j Json> {
    steps.iter().try_fold(tree, |tree, step| match (step, tree) {
        (Step::Key(key), tree) => tree.get(key),
        (Step::Index(index), Json::Array(items)) => items.get(*index),
        _ => None,
    })
}

/// The value at a JSON path; the type of the result is the interpreter's.
fn extract_json<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let (path, source) = (text(arguments, 0), text(arguments, 1));
    let found = steps(&path).and_then(|steps| {
        let tree = Json::parse(&source).ok()?;
        Some(convert::json_text(find(&tree, &steps)?).into_owned())
    });
    Datum::string(found.unwrap_or_default())
}

/// Names and values by turns. Of equal names the first stays.
fn bag_pack<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    let mut entries = Properties::default();
    for pair in arguments.chunks_exact(2) {
        entries.add(convert::text(&pair[0]).into_owned(), || convert::json(&pair[1]));
    }
    Datum::dynamic(entries.into())
}

/// As `bag_pack`, without what is null or an empty text.
fn pack_all<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    let mut entries = Properties::default();
    for pair in arguments.chunks_exact(2).filter(|pair| !is_empty(&pair[1])) {
        entries.add(convert::text(&pair[0]).into_owned(), || convert::json(&pair[1]));
    }
    Datum::dynamic(entries.into())
}

fn bag_keys<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    bag(arguments, 0).map_or(Datum::Null, |entries| {
        let names = entries.iter().map(|(name, _)| Json::String(name.clone()));
        Datum::dynamic(Json::Array(names.collect()))
    })
}

/// All properties; nulls among the bags are passed over.
fn bag_merge<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    let mut merged = Properties::default();
    let mut is_any = false;
    for (index, argument) in arguments.iter().enumerate() {
        match bag(arguments, index) {
            Some(entries) => {
                is_any = true;
                for (name, value) in entries.iter() {
                    merged.add(name.clone(), || value.clone());
                }
            }
            None if argument.is_null() => {}
            None => return Datum::Null,
        }
    }
    if is_any {
        Datum::dynamic(merged.into())
    } else {
        Datum::Null
    }
}

fn bag_has_key<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let Some(entries) = bag(arguments, 0) else {
        return Datum::Null;
    };
    let name = text(arguments, 1);
    if entries.iter().any(|(key, _)| *key == name) {
        return Datum::Bool(true);
    }
    let found = match steps_to(&name).split_first() {
        Some((Step::Key(first), rest)) => entries
            .iter()
            .find(|(key, _)| key == first)
            .and_then(|(_, value)| find(value, rest)),
        _ => None,
    };
    Datum::Bool(found.is_some())
}

fn bag_remove_keys<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let Some(entries) = bag(arguments, 0) else {
        return Datum::Null;
    };
    let mut tree = Json::Object(entries.into_owned());
    let Some(names) = array(arguments, 1) else {
        return Datum::dynamic(tree);
    };
    let mut removal = Removal::default();
    for name in names.iter() {
        if let Json::String(name) = name {
            removal.add(&steps_to(name));
        }
    }
    removal.prune(&mut tree);
    Datum::dynamic(tree)
}

/// What is taken out of a bag and of the bags in it.
#[derive(Default)]
struct Removal {
    is_whole: bool,
    below: HashMap<String, Removal>,
}

impl Removal {
    /// Places in arrays cannot be taken out, and no value is deeper than the limit: such paths name nothing.
    fn add(&mut self, steps: &[Step]) {
        if steps.len() > DEPTH_MAX || steps.iter().any(|step| matches!(step, Step::Index(_))) {
            return;
        }
        let mut removal = self;
        for step in steps {
            if let Step::Key(key) = step {
                removal = removal.below.entry(key.clone()).or_default();
            }
        }
        removal.is_whole = true;
    }

    fn prune(&self, tree: &mut Json) {
        let Json::Object(entries) = tree else {
            return;
        };
        entries.retain_mut(|(name, value)| match self.below.get(name) {
            None => true,
            Some(removal) => {
                removal.prune(value);
                !removal.is_whole
            }
        });
    }
}

/// Sets a property, making the bags on the way to it.
fn bag_set_key<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    let (Some(entries), Some(value)) = (bag(arguments, 0), arguments.get(2)) else {
        return Datum::Null;
    };
    let steps = steps_to(&text(arguments, 1));
    if !may_be_deep(cx, steps.len()) {
        return Datum::Null;
    }
    let mut tree = Json::Object(entries.into_owned());
    let mut at = &mut tree;
    for step in steps {
        let Step::Key(key) = step else {
            // Places in arrays cannot be set.
            return Datum::Null;
        };
        if !matches!(at, Json::Object(_)) {
            *at = Json::Object(Vec::new());
        }
        let Json::Object(entries) = at else {
            return Datum::Null;
        };
        let place = entries.iter().position(|(name, _)| *name == key).unwrap_or_else(|| {
            entries.push((key, Json::Null));
            entries.len() - 1
        });
        at = &mut entries[place].1;
    }
    *at = convert::json(value);
    Datum::dynamic(tree)
}

/// Names from one array, values from another; what is no text is no name, a value that
/// lacks is null.
fn bag_zip<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    if !may_join(cx, arguments) {
        return Datum::Null;
    }
    let Some(names) = array(arguments, 0) else {
        return Datum::Null;
    };
    let values = array(arguments, 1).unwrap_or_default();
    let mut entries = Properties::default();
    for (index, name) in names.iter().enumerate() {
        if let Json::String(name) = name {
            entries.add(name.clone(), || values.get(index).cloned().unwrap_or(Json::Null));
        }
    }
    Datum::dynamic(entries.into())
}

/// The paths to all that is in a value; the elements of an array share the path of the first.
fn treepath<'a>(cx: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let Some(Datum::Dynamic(value)) = arguments.first() else {
        return Datum::Null;
    };
    let mut shape = Shape::default();
    shape.take_in(&value.tree());
    let mut paths = Vec::new();
    if !shape.write(cx, "", &mut 0, &mut paths) {
        return Datum::Null;
    }
    Datum::dynamic(Json::Array(paths))
}

/// What is inside values: by name, and without a name all elements of arrays together.
#[derive(Default)]
struct Shape {
    parts: Vec<(Option<String>, Shape)>,
    places: HashMap<Option<String>, usize>,
}

impl Shape {
    fn take_in(&mut self, tree: &Json) {
        match tree {
            Json::Object(entries) => {
                for (name, value) in entries {
                    self.part(Some(name)).take_in(value);
                }
            }
            Json::Array(items) => {
                for item in items {
                    self.part(None).take_in(item);
                }
            }
            _ => {}
        }
    }

    fn part(&mut self, name: Option<&String>) -> &mut Shape {
        let name = name.cloned();
        let place = *self.places.entry(name.clone()).or_insert_with(|| {
            self.parts.push((name, Shape::default()));
            self.parts.len() - 1
        });
        &mut self.parts[place].1
    }

    /// Adds the paths of all parts; whether there was room for them.
    fn write(&self, cx: &Context, at: &str, bytes: &mut usize, paths: &mut Vec<Json>) -> bool {
        self.parts.iter().all(|(name, part)| {
            let path = match name {
                Some(name) => format!("{at}['{name}']"),
                None => format!("{at}[0]"),
            };
            *bytes += path.len() + size_of::<Json>();
            paths.push(Json::String(path.clone()));
            may_weigh(cx, *bytes) && part.write(cx, &path, bytes, paths)
        })
    }
}
