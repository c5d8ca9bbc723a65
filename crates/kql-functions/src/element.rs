//! A value as the text of an element of a `dynamic` array or bag.

use std::fmt::Write;

use crate::{Datum, Json, convert};

/// Appends the canonical JSON text of `convert::json(datum)`, mostly without making the tree.
pub(crate) fn write(datum: &Datum<'_>, out: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = match datum {
        Datum::Null => out.write_str("null"),
        Datum::Bool(value) => write!(out, "{value}"),
        Datum::Int(value) => write!(out, "{value}"),
        Datum::Long(value) => write!(out, "{value}"),
        Datum::Real(value) => write!(out, "{}", Json::Real(*value)),
        Datum::Dynamic(value) => out.write_str(&value.text()),
        Datum::String(text) if is_plain(text) => write!(out, "\"{text}\""),
        other => write!(out, "{}", convert::json(other)),
    };
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_tree() {
        for datum in [
            Datum::Null,
            Datum::Bool(true),
            Datum::Int(-1),
            Datum::Long(1 << 60),
            Datum::Real(5.0),
            Datum::Real(f64::NAN),
            Datum::DateTime(1),
            Datum::TimeSpan(-600_000_000),
            Datum::Guid(0xab),
            Datum::string("a\"b\n"),
            Datum::string("plain ß"),
            convert::parse_dynamic(&Datum::string("{\"a\":[1.0,null]}")),
        ] {
            let mut text = String::new();
            write(&datum, &mut text);
            assert_eq!(text, convert::json(&datum).to_string());
        }
    }
}
