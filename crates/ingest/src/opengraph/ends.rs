//! The ends of edges: ids, or what their node is like.

use std::borrow::Cow;
use std::collections::BTreeMap;

use postern_model::reference::{Operand, REFERENCE_PREFIX, Reference};
use serde::Deserialize;
use serde_json::Value as Json;

use super::text_here;
use crate::properties::cannot_read;
use crate::sharphound::cursor::Cursor;
use crate::stated::{check_id, upper};

/// An end may be told by so many properties.
pub const MATCHERS_MAX: usize = 16;

/// Bytes of what an end is told by.
pub const REFERENCE_BYTES_MAX: usize = 4_096;

/// An end of an edge.
#[derive(Debug)]
pub struct EdgeEnd<'a> {
    /// As the file spells it; or a [`Reference`].
    pub id: Cow<'a, str>,
    pub is_reference: bool,
    /// Empty where the file does not say.
    pub kind: Cow<'a, str>,
}

impl EdgeEnd<'_> {
    /// The id as rows have it.
    pub fn key(&self) -> Cow<'_, str> {
        match self.is_reference {
            true => Cow::Borrowed(&*self.id),
            false => upper(&self.id),
        }
    }
}

/// Reads an end. `which` is its name in sentences.
pub fn edge_end<'a>(json: Option<&'a str>, which: &str) -> Result<EdgeEnd<'a>, String> {
    let json = json.ok_or_else(|| format!("an edge without {which}"))?;
    if !json.starts_with('{') {
        return Err(format!("its {which} is no object"));
    }
    let (mut by, mut value, mut kind, mut matchers) = (None, None, None, None);
    let read = Cursor::new(json).each_field(|cursor, key| {
        match key {
            "match_by" => by = text_here(cursor)?,
            "value" => value = text_here(cursor)?,
            "kind" => kind = text_here(cursor)?,
            "property_matchers" => matchers = Some(cursor.skip()?),
            _ => drop(cursor.skip()?),
        }
        Ok(())
    });
    read.map_err(cannot_read)?;
    let kind = kind.map(trimmed).unwrap_or_default();
    let value = value.map(trimmed).filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| format!("its {which} has no value"));
    let is_by = |name: &str| by.as_deref().map_or(name == "id", |by| by.eq_ignore_ascii_case(name));
    let equal = if is_by("id") {
        let id = value?;
        check_id(&id, String::new)?;
        return Ok(EdgeEnd {
            id,
            is_reference: false,
            kind,
        });
    } else if is_by("name") {
        BTreeMap::from([("name".to_owned(), Operand::Text(value?.into_owned()))])
    } else if is_by("property") {
        property_matchers(matchers, which)?
    } else {
        let by = by.unwrap_or_default();
        return Err(format!(
            "its {which} is matched by {by:?}; id, name and property are understood"
        ));
    };
    let reference = Reference {
        kind: (!kind.is_empty()).then(|| kind.clone().into_owned()),
        equal,
    };
    let json = serde_json::to_string(&reference).map_err(|error| format!("its {which} cannot be kept: {error}"))?;
    if json.len() > REFERENCE_BYTES_MAX {
        return Err(format!(
            "its {which} is matched by more than {REFERENCE_BYTES_MAX} bytes"
        ));
    }
    Ok(EdgeEnd {
        id: Cow::Owned(format!("{REFERENCE_PREFIX}{json}")),
        is_reference: true,
        kind,
    })
}

/// The properties that an end has to have.
fn property_matchers(json: Option<&str>, which: &str) -> Result<BTreeMap<String, Operand>, String> {
    #[derive(Deserialize)]
    struct Matcher {
        key: String,
        operator: String,
        value: Json,
    }
    let unread = |reason: String| format!("its {which} cannot be matched: {reason}");
    let matchers: Vec<Matcher> = serde_json::from_str(json.unwrap_or("[]"))
        .map_err(|_| unread("a property matcher has a key, an operator and a value".to_owned()))?;
    if matchers.is_empty() || matchers.len() > MATCHERS_MAX {
        let found = matchers.len();
        return Err(unread(format!(
            "it has {found} property matchers; 1 to {MATCHERS_MAX} are understood"
        )));
    }
    let mut equal = BTreeMap::new();
    for Matcher { key, operator, value } in matchers {
        if !operator.eq_ignore_ascii_case("equals") {
            return Err(unread(format!(
                "its operator is {operator:?}; only equals is understood"
            )));
        }
        let no_value = || unread(format!("the value of {key:?} is no text, number or flag"));
        let operand = operand(&value).ok_or_else(no_value)?;
        let other = equal.insert(key.to_ascii_lowercase(), operand.clone());
        if other.is_some_and(|other| other != operand) {
            return Err(unread(format!("{key:?} cannot have two values")));
        }
    }
    Ok(equal)
}

fn operand(value: &Json) -> Option<Operand> {
    match value {
        Json::Bool(flag) => Some(Operand::Flag(*flag)),
        Json::String(text) => Some(Operand::Text(text.clone())),
        Json::Number(number) => number
            .as_i64()
            .map(Operand::Whole)
            .or(number.as_f64().map(Operand::Real)),
        _ => None,
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
