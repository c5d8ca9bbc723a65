//! The properties of nodes and edges: which are taken, and how they are kept.

use std::borrow::Cow;

use crate::properties::{Written, cannot_read, write};
use crate::sharphound::cursor::Cursor;
use crate::sharphound::output::push_json_text;
use crate::stated::{stated_name, upper};

/// What of a node's properties decides where it belongs, and what it is called.
#[derive(Default)]
pub struct Said {
    pub name: String,
    pub domain: String,
    pub tenant: String,
    pub environment: String,
}

/// A node, as its properties see it.
pub struct Owner<'a> {
    /// In upper case.
    pub id: &'a str,
    pub kind: &'a str,
    pub said: &'a mut Said,
}

/// Properties as they are kept: flat, without nulls, which say nothing. Names of objects of a directory are written
/// in upper case, as its collectors do.
///
/// * `owner`: the node; `None` for an edge.
pub fn write_properties(json: &str, mut owner: Option<Owner<'_>>) -> Result<Written, String> {
    write(
        json,
        |key| Cow::Borrowed(key),
        |out, key, value| write_property(out, key, value, owner.as_mut()),
    )
}

/// Writes the value of a property; false where it says nothing.
fn write_property(out: &mut String, key: &str, value: &str, owner: Option<&mut Owner<'_>>) -> Result<bool, String> {
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    // BloodHound itself exports it with every node. Another than the id would be a second node to those who name it so.
    if let Some(owner) = &owner
        && is("objectid")
    {
        let says_id = value == "null" || Cursor::new(value).string().is_ok_and(|it| upper(&it) == owner.id);
        return match says_id {
            true => Ok(false),
            false => Err("the property objectid is another than the id and left out; the id counts".to_owned()),
        };
    }
    // For BloodHound itself: how it is to update the node.
    if is("reconcile") {
        return Ok(false);
    }
    match value.as_bytes().first() {
        Some(b'n') => return Ok(false),
        Some(b'{') => {
            return Err(format!(
                "the property {key} is an object and left out; properties are flat"
            ));
        }
        Some(b'[') => write_list(out, key, value)?,
        Some(b'"') => {
            let text = Cursor::new(value).string().map_err(cannot_read)?;
            let kind = owner.as_ref().map_or("", |owner| owner.kind);
            if let Some(owner) = owner {
                let said = &mut *owner.said;
                let place = match key {
                    _ if is("name") => Some(&mut said.name),
                    _ if is("domainsid") => Some(&mut said.domain),
                    _ if is("tenantid") => Some(&mut said.tenant),
                    _ if is("environmentid") => Some(&mut said.environment),
                    _ => None,
                };
                if let Some(place) = place {
                    text.trim().clone_into(place);
                }
            }
            match is("name") || is("distinguishedname") {
                true => push_json_text(out, &stated_name(kind, &text)),
                false => out.push_str(value),
            }
        }
        _ => out.push_str(value),
    }
    Ok(true)
}

/// Writes an array of texts, of numbers or of flags.
fn write_list(out: &mut String, key: &str, value: &str) -> Result<(), String> {
    let type_of = |item: &str| match item.as_bytes().first() {
        Some(b'"') => Some('"'),
        Some(b't' | b'f') => Some('f'),
        Some(b'-' | b'0'..=b'9') => Some('0'),
        _ => None,
    };
    let mut first = None;
    let mut is_alike = true;
    out.push('[');
    Cursor::new(value)
        .each_element(|cursor| {
            let item = cursor.skip()?;
            let found = type_of(item);
            if first.is_some() {
                out.push(',');
            }
            is_alike &= found.is_some() && *first.get_or_insert(found) == found;
            out.push_str(item);
            Ok(())
        })
        .map_err(cannot_read)?;
    out.push(']');
    match is_alike {
        true => Ok(()),
        false => Err(format!("the property {key} is an array of unlike values and left out")),
    }
}
