//! `buildschema`: the least schema that admits all values.

use std::collections::HashMap;

use super::Accumulator;
use crate::bytes::{MalformedState, Reader, Writer};
use crate::{Datum, Json};

/// The name under which the elements of an array stand.
const ELEMENTS: &str = "`indexer`";

const BOOL: u8 = 0;
const LONG: u8 = 1;
const DOUBLE: u8 = 2;
const STRING: u8 = 3;
/// A bag, an array or both: one set of names.
const CONTAINER: u8 = 4;

const NAMES: [&str; 4] = ["bool", "long", "double", "string"];

/// The kinds that a place takes, in the order in which they came.
#[derive(Default)]
struct Place {
    kinds: Vec<u8>,
    fields: Vec<(String, Place)>,
    index: HashMap<String, usize>,
}

impl Place {
    fn kind(&mut self, kind: u8) {
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    fn field(&mut self, name: &str, held: &mut usize) -> &mut Place {
        let at = match self.index.get(name) {
            Some(at) => *at,
            None => {
                *held += 2 * name.len() + size_of::<(String, Place)>() + size_of::<(String, usize)>();
                self.fields.push((name.to_owned(), Place::default()));
                self.index.insert(name.to_owned(), self.fields.len() - 1);
                self.fields.len() - 1
            }
        };
        &mut self.fields[at].1
    }

    fn admit(&mut self, tree: &Json, held: &mut usize) {
        match tree {
            Json::Null => {}
            Json::Bool(_) => self.kind(BOOL),
            Json::Long(_) => self.kind(LONG),
            Json::Real(_) => self.kind(DOUBLE),
            Json::String(_) => self.kind(STRING),
            Json::Array(items) => {
                self.kind(CONTAINER);
                let elements = self.field(ELEMENTS, held);
                items.iter().for_each(|item| elements.admit(item, held));
            }
            Json::Object(entries) => {
                self.kind(CONTAINER);
                entries
                    .iter()
                    .for_each(|(name, value)| self.field(name, held).admit(value, held));
            }
        }
    }

    fn tree(&self) -> Json {
        let of_kind = |kind: &u8| match NAMES.get(usize::from(*kind)) {
            Some(name) => Json::String((*name).to_owned()),
            None => Json::Object(
                self.fields
                    .iter()
                    .map(|(name, place)| (name.clone(), place.tree()))
                    .collect(),
            ),
        };
        match self.kinds.as_slice() {
            [kind] => of_kind(kind),
            kinds => Json::Array(kinds.iter().map(of_kind).collect()),
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.kinds);
        writer.count(self.fields.len() as u64);
        for (name, place) in &self.fields {
            writer.bytes(name.as_bytes());
            place.write(writer);
        }
    }

    fn merge(&mut self, reader: &mut Reader<'_>, held: &mut usize) -> Result<(), MalformedState> {
        reader.bytes()?.iter().for_each(|kind| self.kind(*kind));
        for _ in 0..reader.count()? {
            let name = reader.text()?;
            self.field(name, held).merge(reader, held)?;
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct Structure {
    root: Place,
    held: usize,
}

impl Accumulator for Structure {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if let Some(Datum::Dynamic(value)) = arguments.first() {
            self.root.admit(&value.tree(), &mut self.held);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.root.write(&mut writer);
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        self.root.merge(&mut Reader::new(state), &mut self.held)
    }

    fn finish(&mut self) -> Datum<'static> {
        if self.root.kinds.is_empty() {
            Datum::Null
        } else {
            Datum::dynamic(self.root.tree())
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.held
    }
}
