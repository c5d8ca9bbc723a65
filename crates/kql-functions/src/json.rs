//! The tree of a `dynamic` value: JSON with integers and reals apart and properties in their own order.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value. Its `Display` is the canonical text: no white space, `1` and `1.0` told apart, reals in their shortest
/// form that reads back equal.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    String(String),
    Array(Vec<Json>),
    /// In the order of first appearance; of two equal keys the later value stays.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// # Errors
    /// The text is not one JSON value. (Nesting is bounded by the parser at 128.)
    pub fn parse(text: &str) -> Result<Json, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Bytes of memory that the tree takes, about.
    pub fn size(&self) -> usize {
        size_of::<Json>()
            + match self {
                Json::String(text) => text.len(),
                Json::Array(items) => items.iter().map(Json::size).sum(),
                Json::Object(entries) => entries
                    .iter()
                    .map(|(key, value)| size_of::<String>() + key.len() + value.size())
                    .sum(),
                _ => 0,
            }
    }

    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Properties of an object while it is made, each name once.
#[derive(Debug, Default)]
pub struct Properties {
    entries: Vec<(String, Json)>,
    /// Where the names stand, once there are too many to look through.
    places: HashMap<String, usize>,
}

impl Properties {
    /// From this many properties on their names are kept in a map.
    const MANY: usize = 24;

    /// The value of a property, for reading and writing; null where it is new.
    pub fn place(&mut self, name: String) -> &mut Json {
        let place = self.find(&name).unwrap_or_else(|| self.push(name));
        &mut self.entries[place].1
    }

    /// Adds the property, unless there is one of that name.
    pub fn add(&mut self, name: String, value: impl FnOnce() -> Json) {
        if self.find(&name).is_none() {
            let place = self.push(name);
            self.entries[place].1 = value();
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    fn find(&self, name: &str) -> Option<usize> {
        if self.entries.len() < Self::MANY {
            self.entries.iter().position(|(other, _)| other == name)
        } else {
            self.places.get(name).copied()
        }
    }

    fn push(&mut self, name: String) -> usize {
        let place = self.entries.len();
        self.entries.push((name, Json::Null));
        if place + 1 == Self::MANY {
            let names = self.entries.iter().enumerate();
            self.places = names.map(|(place, (name, _))| (name.clone(), place)).collect();
        } else if place >= Self::MANY {
            self.places.insert(self.entries[place].0.clone(), place);
        }
        place
    }
}

impl From<Properties> for Json {
    fn from(properties: Properties) -> Self {
        Json::Object(properties.entries)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tree;

        impl<'de> Visitor<'de> for Tree {
            type Value = Json;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Long(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(i64::try_from(value).map_or(Json::Real(value as f64), Json::Long))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Real(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::String(value.to_owned()))
            }

            fn visit_string<E>(self, value: String) -> Result<Json, E> {
                Ok(Json::String(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut array = Vec::new();
                while let Some(item) = items.next_element()? {
                    array.push(item);
                }
                Ok(Json::Array(array))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
                let mut object = Properties::default();
                while let Some((key, value)) = entries.next_entry::<String, Json>()? {
                    *object.place(key) = value;
                }
                Ok(object.into())
            }
        }

        deserializer.deserialize_any(Tree)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => formatter.write_str("null"),
            Json::Bool(value) => write!(formatter, "{value}"),
            Json::Long(value) => write!(formatter, "{value}"),
            // `Debug` writes the point that tells a real from an integer.
            Json::Real(value) if value.is_finite() => write!(formatter, "{value:?}"),
            Json::Real(value) if value.is_nan() => formatter.write_str("\"NaN\""),
            Json::Real(value) => formatter.write_str(if *value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }),
            Json::String(text) => write_string(formatter, text),
            Json::Array(items) => {
                formatter.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(",")?;
                    }
                    write!(formatter, "{item}")?;
                }
                formatter.write_str("]")
            }
            Json::Object(entries) => {
                formatter.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(",")?;
                    }
                    write_string(formatter, key)?;
                    write!(formatter, ":{value}")?;
                }
                formatter.write_str("}")
            }
        }
    }
}

fn write_string(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    // A string always serializes.
    formatter.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}
