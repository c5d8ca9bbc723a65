//! `parse_xml`: an XML text as JSON, by the rules of its documentation.
//!
//! An element is a property: of its text when it has nothing else, else of an object with `@name` for attributes,
//! `#text` for text beside elements, and an array for elements of equal names. Comments, processing instructions and
//! the like are passed over; entities other than XML's own five and characters by number are not known.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::json::Properties;
use crate::strings::text;
use crate::{Context, Datum, Json, Kernel};

/// Texts longer than this give null: the language's own limit.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Elements inside one another; deeper texts give null. JSON is read to the same depth.
const DEPTH_MAX: usize = 120;

pub const FUNCTIONS: &[(&str, Kernel)] = &[("parse_xml", parse_xml)];

fn parse_xml<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let source = text(arguments, 0);
    if source.len() > TEXT_BYTES_MAX {
        return Datum::Null;
    }
    tree(&source).map_or(Datum::Null, Datum::dynamic)
}

/// An element whose end has not come yet.
#[derive(Default)]
struct Open {
    name: String,
    properties: Properties,
    text: String,
}

fn tree(source: &str) -> Option<Json> {
    let mut reader = Reader::from_str(source.trim_start());
    let mut open = vec![Open::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() > DEPTH_MAX {
                    return None;
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                let empty = element(&start)?;
                open.last_mut()?.close(empty);
            }
            Event::End(_) => {
                let closed = open.pop()?;
                open.last_mut()?.close(closed);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text),
            Event::CData(data) => open.last_mut()?.text.push_str(&data),
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference)?.to_owned(),
                };
                open.last_mut()?.text.push_str(&text);
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    let root = open.pop()?;
    let is_one = open.is_empty() && root.properties.len() == 1 && root.text.trim().is_empty();
    is_one.then_some(root.properties.into())
}

fn element(start: &BytesStart<'_>) -> Option<Open> {
    let mut open = Open {
        name: start.name().as_ref().to_owned(),
        ..Open::default()
    };
    // Of equal names the first stays; looking for them here takes time in the square of their number.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.ok()?;
        let value = quick_xml::escape::unescape(&attribute.value).ok()?;
        let name = format!("@{}", attribute.key.as_ref());
        open.properties.add(name, || scalar(&value));
    }
    Some(open)
}

impl Open {
    /// Takes in an element that has ended.
    fn close(&mut self, element: Open) {
        let text = element.text.trim();
        let value = if element.properties.is_empty() {
            if text.is_empty() { Json::Null } else { scalar(text) }
        } else {
            let mut properties = element.properties;
            if !text.is_empty() {
                properties.add("#text".to_owned(), || scalar(text));
            }
            properties.into()
        };
        let is_first = !self.properties.has(&element.name);
        let place = self.properties.place(element.name);
        match place {
            Json::Array(items) => items.push(value),
            first if is_first => *first = value,
            first => *first = Json::Array(vec![std::mem::replace(first, Json::Null), value]),
        }
    }
}

/// A number where the text is one of JSON's, else the text.
fn scalar(text: &str) -> Json {
    match text.as_bytes() {
        [b'-' | b'0'..=b'9', ..] => Json::parse(text).unwrap_or_else(|_| Json::String(text.to_owned())),
        _ => Json::String(text.to_owned()),
    }
}
