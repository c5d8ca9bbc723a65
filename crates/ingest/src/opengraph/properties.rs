//! The properties of nodes and edges: checked, and written as they are kept.

use std::borrow::Cow;

use super::cannot_read;
use crate::sharphound::cursor::Cursor;
use crate::sharphound::output::push_json_text;
use crate::stated::stated_name;

/// A node or an edge may have so many properties.
pub const PROPERTIES_MAX: usize = 1_000;

/// Bytes of the name of a property.
pub const PROPERTY_NAME_BYTES_MAX: usize = 256;

/// Bytes of the value of a property, as JSON. Texts of help, which some tools repeat on each edge, have a few thousand.
pub const PROPERTY_BYTES_MAX: usize = 64 * 1024;

/// Properties as they are kept, and what was wrong with them.
#[derive(Default)]
pub struct Written {
    /// A JSON object; empty where there are none.
    pub json: String,
    pub faults: Vec<String>,
}

/// What of a node's properties decides where it belongs, and what it is called.
#[derive(Default)]
pub struct Said {
    /// The node's id, which is given.
    pub id: String,
    pub name: String,
    pub domain: String,
    pub tenant: String,
    pub environment: String,
}

/// Faults of one element that are told one by one.
pub(super) const FAULTS_MAX: usize = 20;

/// Properties as they are kept: flat, without nulls, which say nothing. Names of objects of a directory are written
/// in upper case, as its collectors do.
///
/// * `kind`: of a node; empty for an edge.
pub fn write_properties(json: &str, kind: &str, mut said: Option<&mut Said>) -> Result<Written, String> {
    let mut cursor = Cursor::new(json);
    if json == "null" {
        return Ok(Written::default());
    }
    if !json.starts_with('{') {
        return Err("its properties are no object".to_owned());
    }
    let mut written = Written::default();
    let (mut kept, mut above, mut unlisted) = (0, 0, 0);
    let mut out = String::from("{");
    cursor
        .each_field(|cursor, key| {
            let value = cursor.skip()?;
            if kept == PROPERTIES_MAX {
                above += 1;
                return Ok(());
            }
            let before = out.len();
            if kept > 0 {
                out.push(',');
            }
            push_text(&mut out, key);
            out.push(':');
            match write_property(&mut out, key, value, kind, said.as_deref_mut()) {
                Ok(true) => kept += 1,
                Ok(false) => out.truncate(before),
                Err(fault) => {
                    out.truncate(before);
                    match written.faults.len() < FAULTS_MAX {
                        true => written.faults.push(fault),
                        false => unlisted += 1,
                    }
                }
            }
            Ok(())
        })
        .map_err(cannot_read)?;
    if above > 0 {
        let fault = format!("more than {PROPERTIES_MAX} properties; {above} are left out");
        written.faults.push(fault);
    }
    if unlisted > 0 {
        written.faults.push(format!("{unlisted} more properties are left out"));
    }
    if kept > 0 {
        out.push('}');
        written.json = out;
    }
    Ok(written)
}

/// Writes the value of a property; false where it says nothing.
fn write_property(
    out: &mut String,
    key: &str,
    value: &str,
    kind: &str,
    said: Option<&mut Said>,
) -> Result<bool, String> {
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    if key.is_empty() || key.len() > PROPERTY_NAME_BYTES_MAX {
        let shown: String = key.chars().take(32).collect();
        return Err(format!(
            "a property has 1 to {PROPERTY_NAME_BYTES_MAX} bytes in its name; \"{shown}\" is left out"
        ));
    }
    if value.len() > PROPERTY_BYTES_MAX {
        return Err(format!("the property {key} is longer than {PROPERTY_BYTES_MAX} bytes and left out"));
    }
    let says_id = |said: &Said| Cursor::new(value).string().is_ok_and(|it| it.trim().eq_ignore_ascii_case(&said.id));
    if is("objectid") && said.as_deref().is_some_and(says_id) {
        return Ok(false);
    }
    if is("objectid") {
        return Err("the property objectid stands for the id and is left out".to_owned());
    }
    match value.as_bytes().first() {
        Some(b'n') => return Ok(false),
        Some(b'{') => return Err(format!("the property {key} is an object and left out; properties are flat")),
        Some(b'[') => write_list(out, key, value)?,
        Some(b'"') => {
            let text = Cursor::new(value).string().map_err(cannot_read)?;
            if let Some(said) = said {
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
                true => push_text(out, &stated_name(kind, &text)),
                false => out.push_str(value),
            }
        }
        _ => out.push_str(value),
    }
    // For BloodHound itself: how it is to update the node.
    Ok(!is("reconcile"))
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

/// Properties with the list of all kinds of a node.
pub fn with_kinds(properties: &str, kinds: &[Cow<'_, str>]) -> String {
    let mut out = match properties.strip_suffix('}') {
        Some(inside) => format!("{inside},"),
        None => "{".to_owned(),
    };
    out.push_str("\"kinds\":[");
    for (index, kind) in kinds.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_text(&mut out, kind);
    }
    out.push_str("]}");
    out
}

/// Writes text as a JSON string.
pub fn push_text(out: &mut String, text: &str) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    match text.bytes().all(is_plain) {
        true => out.extend(["\"", text, "\""]),
        false => push_json_text(out, text),
    }
}
