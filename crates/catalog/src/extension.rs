//! Kinds of relations that files may state and no technique knows, and along which of them an attacker gets.

use std::collections::BTreeMap;

use postern_model::{OtherKind, RelationKind};
use serde::Deserialize;

use crate::check::File;

/// Whether kinds can be followed, by name in lower case.
pub(crate) type Traversable = BTreeMap<String, bool>;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Source {
    id: Option<String>,
    title: Option<String>,
    source: Option<String>,
    #[serde(default)]
    traversable: Vec<String>,
    #[serde(default)]
    not_traversable: Vec<String>,
}

/// Reads a file of the folder `extensions` into `kinds`.
pub(crate) fn read(file: &mut File<'_>, kinds: &mut Traversable) {
    let Some(source) = file.yaml::<Source>() else {
        return;
    };
    file.id(source.id);
    file.text("title", source.title);
    file.text("source", source.source);
    for (key, names, is_traversable) in [
        ("traversable", source.traversable, true),
        ("not-traversable", source.not_traversable, false),
    ] {
        for name in names {
            if RelationKind::parse(&name).is_some() {
                file.mistake_in(
                    key,
                    format!("{name} is a kind that techniques are made for; they decide"),
                );
            } else if OtherKind::of(&name).is_none() {
                file.mistake_in(
                    key,
                    format!("`{name}` is no name of a kind: letters, digits and underscores"),
                );
            } else if kinds
                .insert(name.to_ascii_lowercase(), is_traversable)
                .is_some_and(|it| it != is_traversable)
            {
                file.mistake_in(key, format!("{name} is said to be traversable, and not to be"));
            }
        }
    }
}
