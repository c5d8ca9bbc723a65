//! Properties of nodes and relations as files state them: gone over one by one, each kept or left out with a sentence.
//!
//! Which values a format takes, and how it spells them, is its own; [`write`] has what is alike.

use std::borrow::Cow;

use crate::sharphound::cursor::{Cursor, Fault};
use crate::sharphound::output::push_json_text;

/// A node or a relation may have so many properties.
pub const PROPERTIES_MAX: usize = 1_000;

/// Bytes of the name of a property.
pub const PROPERTY_NAME_BYTES_MAX: usize = 256;

/// Bytes of the value of a property, as JSON. Texts of help, which some tools repeat on each edge, have a few thousand.
pub const PROPERTY_BYTES_MAX: usize = 64 * 1024;

/// Faults of one element that are told one by one.
pub const FAULTS_MAX: usize = 20;

/// Properties as they are kept, and what was wrong with them.
#[derive(Default)]
pub struct Written {
    /// A JSON object; empty where there are none.
    pub json: String,
    pub faults: Vec<String>,
}

/// Goes over the properties in `json`, an object or null.
///
/// * `spelled`: the name that a property is kept under.
/// * `value`: writes the value of a property of that name, and says whether it says anything; otherwise why it is left
///   out.
///
/// # Errors
/// Why none of them can be read.
pub fn write(
    json: &str,
    spelled: impl Fn(&str) -> Cow<'_, str>,
    mut value: impl FnMut(&mut String, &str, &str) -> Result<bool, String>,
) -> Result<Written, String> {
    let mut written = Written::default();
    if matches!(json, "null" | "{}") {
        return Ok(written);
    }
    if !json.starts_with('{') {
        return Err("its properties are no object".to_owned());
    }
    let (mut kept, mut above, mut unlisted) = (0, 0, 0);
    let mut out = String::with_capacity(json.len());
    out.push('{');
    let read = Cursor::new(json).each_field(|cursor, key| {
        let found = cursor.skip()?;
        if kept == PROPERTIES_MAX {
            above += 1;
            return Ok(());
        }
        let key = spelled(key);
        let before = out.len();
        if kept > 0 {
            out.push(',');
        }
        push_json_text(&mut out, &key);
        out.push(':');
        match check_lengths(&key, found).and_then(|()| value(&mut out, &key, found)) {
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
    });
    read.map_err(cannot_read)?;
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

fn check_lengths(key: &str, value: &str) -> Result<(), String> {
    if key.is_empty() || key.len() > PROPERTY_NAME_BYTES_MAX {
        let shown: String = key.chars().take(32).collect();
        return Err(format!(
            "a property has 1 to {PROPERTY_NAME_BYTES_MAX} bytes in its name; \"{shown}\" is left out"
        ));
    }
    if value.len() > PROPERTY_BYTES_MAX {
        return Err(format!(
            "the property {key} is longer than {PROPERTY_BYTES_MAX} bytes and left out"
        ));
    }
    Ok(())
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
        push_json_text(&mut out, kind);
    }
    out.push_str("]}");
    out
}

/// A part of an element that is not what it should be, in the words of a reject.
pub fn cannot_read(fault: Fault) -> String {
    format!("it cannot be read: {fault}")
}
