//! One value of the language while it is computed with.

use std::borrow::Cow;

use postern_kql::{Type, Value};
use rust_decimal::Decimal;

use crate::Json;

/// A value. Texts and trees are borrowed where they can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum<'a> {
    /// The null of any type but `string`.
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Real(f64),
    Decimal(Decimal),
    String(Cow<'a, str>),
    /// Microseconds since 1970 in UTC.
    DateTime(i64),
    /// Ticks of 100 ns.
    TimeSpan(i64),
    Guid(u128),
    Dynamic(Dynamic<'a>),
}

/// A JSON value as its canonical text or as a tree, whichever was at hand. Never the JSON null, which is
/// [`Datum::Null`].
#[derive(Clone, Debug)]
pub enum Dynamic<'a> {
    Text(Cow<'a, str>),
    Tree(Cow<'a, Json>),
}

impl<'a> Dynamic<'a> {
    /// The tree; text that is not JSON is a JSON string.
    pub fn tree(&self) -> Cow<'_, Json> {
        match self {
            Dynamic::Text(text) => Cow::Owned(Json::parse(text).unwrap_or_else(|_| Json::String(text.to_string()))),
            Dynamic::Tree(tree) => Cow::Borrowed(tree.as_ref()),
        }
    }

    pub fn into_tree(self) -> Json {
        match self {
            Dynamic::Text(text) => Json::parse(&text).unwrap_or_else(|_| Json::String(text.into_owned())),
            Dynamic::Tree(tree) => tree.into_owned(),
        }
    }

    /// Canonical JSON text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Dynamic::Text(text) => Cow::Borrowed(text.as_ref()),
            Dynamic::Tree(tree) => Cow::Owned(tree.to_string()),
        }
    }
}

impl PartialEq for Dynamic<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.tree() == other.tree()
    }
}

impl<'a> Datum<'a> {
    pub fn string(text: impl Into<Cow<'a, str>>) -> Self {
        Datum::String(text.into())
    }

    /// The JSON null becomes [`Datum::Null`].
    pub fn dynamic(tree: Json) -> Self {
        match tree {
            Json::Null => Datum::Null,
            tree => Datum::Dynamic(Dynamic::Tree(Cow::Owned(tree))),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Datum::Null)
    }

    /// The type, which a null has lost.
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Datum::Null => return None,
            Datum::Bool(_) => Type::Bool,
            Datum::Int(_) => Type::Int,
            Datum::Long(_) => Type::Long,
            Datum::Real(_) => Type::Real,
            Datum::Decimal(_) => Type::Decimal,
            Datum::String(_) => Type::String,
            Datum::DateTime(_) => Type::DateTime,
            Datum::TimeSpan(_) => Type::TimeSpan,
            Datum::Guid(_) => Type::Guid,
            Datum::Dynamic(_) => Type::Dynamic,
        })
    }

    /// The same value, borrowing what this one owns.
    pub fn borrowed(&self) -> Datum<'_> {
        match self {
            Datum::Null => Datum::Null,
            Datum::Bool(value) => Datum::Bool(*value),
            Datum::Int(value) => Datum::Int(*value),
            Datum::Long(value) => Datum::Long(*value),
            Datum::Real(value) => Datum::Real(*value),
            Datum::Decimal(value) => Datum::Decimal(*value),
            Datum::String(value) => Datum::String(Cow::Borrowed(value)),
            Datum::DateTime(value) => Datum::DateTime(*value),
            Datum::TimeSpan(value) => Datum::TimeSpan(*value),
            Datum::Guid(value) => Datum::Guid(*value),
            Datum::Dynamic(Dynamic::Text(text)) => Datum::Dynamic(Dynamic::Text(Cow::Borrowed(text))),
            Datum::Dynamic(Dynamic::Tree(tree)) => Datum::Dynamic(Dynamic::Tree(Cow::Borrowed(tree))),
        }
    }

    /// Bytes of memory that the value takes, about.
    pub fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Datum::String(text) | Datum::Dynamic(Dynamic::Text(text)) => text.len(),
                Datum::Dynamic(Dynamic::Tree(tree)) => tree.size(),
                _ => 0,
            }
    }

    pub fn into_owned(self) -> Datum<'static> {
        match self {
            Datum::Null => Datum::Null,
            Datum::Bool(value) => Datum::Bool(value),
            Datum::Int(value) => Datum::Int(value),
            Datum::Long(value) => Datum::Long(value),
            Datum::Real(value) => Datum::Real(value),
            Datum::Decimal(value) => Datum::Decimal(value),
            Datum::String(value) => Datum::String(Cow::Owned(value.into_owned())),
            Datum::DateTime(value) => Datum::DateTime(value),
            Datum::TimeSpan(value) => Datum::TimeSpan(value),
            Datum::Guid(value) => Datum::Guid(value),
            Datum::Dynamic(Dynamic::Text(text)) => Datum::Dynamic(Dynamic::Text(Cow::Owned(text.into_owned()))),
            Datum::Dynamic(Dynamic::Tree(tree)) => Datum::Dynamic(Dynamic::Tree(Cow::Owned(tree.into_owned()))),
        }
    }
}

impl<'a> From<&'a Value> for Datum<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null(Type::String) => Datum::string(""),
            Value::Null(_) => Datum::Null,
            Value::Bool(value) => Datum::Bool(*value),
            Value::Int(value) => Datum::Int(*value),
            Value::Long(value) => Datum::Long(*value),
            Value::Real(value) => Datum::Real(*value),
            // The binder took only digits that fit.
            Value::Decimal(text) => text.parse().map_or(Datum::Null, Datum::Decimal),
            Value::String(text) => Datum::string(text.as_str()),
            Value::DateTime(value) => Datum::DateTime(*value),
            Value::TimeSpan(value) => Datum::TimeSpan(*value),
            Value::Guid(value) => Datum::Guid(*value),
            Value::Dynamic(text) => Datum::Dynamic(Dynamic::Text(Cow::Borrowed(text))),
        }
    }
}
