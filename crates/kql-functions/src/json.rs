//! The tree of a `dynamic` value: JSON with integers and reals apart and properties in their own order.

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
                let mut object: Vec<(String, Json)> = Vec::new();
                while let Some((key, value)) = entries.next_entry::<String, Json>()? {
                    match object.iter_mut().find(|(name, _)| *name == key) {
                        Some(entry) => entry.1 = value,
                        None => object.push((key, value)),
                    }
                }
                Ok(Json::Object(object))
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
