//! `make_bag`: the properties of many bags in one.

use super::{Accumulator, ELEMENTS_MAX, dynamic_text, elements_max};
use crate::bytes::{MalformedState, Reader, Writer};
use crate::keys::KeySet;
use crate::{Datum, Json};

/// The first value of a property stays. What is not a bag counts nowhere; of no bags at all the result is `[]`, as the
/// language documents it.
pub(super) struct Bag {
    keys: KeySet,
    values: Vec<Json>,
    values_size: usize,
    elements_max: usize,
    is_limit_known: bool,
    has_bag: bool,
}

impl Bag {
    pub(super) fn new(elements_max: usize) -> Self {
        Self {
            keys: KeySet::default(),
            values: Vec::new(),
            values_size: 0,
            elements_max,
            is_limit_known: false,
            has_bag: false,
        }
    }

    fn insert(&mut self, key: &str, value: Json) {
        if self.values.len() < self.elements_max && self.keys.insert(key.as_bytes()).1 {
            self.values_size += value.size();
            self.values.push(value);
        }
    }

    fn tree(&mut self) -> Json {
        let keys = self.keys.iter().map(|key| String::from_utf8_lossy(key).into_owned());
        Json::Object(keys.zip(std::mem::take(&mut self.values)).collect())
    }
}

impl Accumulator for Bag {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if !self.is_limit_known {
            self.elements_max = elements_max(arguments.get(1), self.elements_max);
            self.is_limit_known = true;
        }
        if let Some(Datum::Dynamic(value)) = arguments.first()
            && let Json::Object(entries) = value.tree().into_owned()
        {
            self.has_bag = true;
            for (key, value) in entries {
                self.insert(&key, value);
            }
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.is_limit_known);
        writer.count(self.elements_max as u64);
        writer.flag(self.has_bag);
        writer.count(self.values.len() as u64);
        for (key, value) in self.keys.iter().zip(&self.values) {
            writer.bytes(key);
            writer.bytes(value.to_string().as_bytes());
        }
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        let (is_limit_known, limit) = (reader.flag()?, reader.count()? as usize);
        if is_limit_known {
            self.elements_max = limit.min(ELEMENTS_MAX);
            self.is_limit_known = true;
        }
        self.has_bag |= reader.flag()?;
        for _ in 0..reader.count()? {
            let (key, value) = (reader.text()?, reader.text()?);
            self.insert(key, Json::parse(value).map_err(|_| MalformedState)?);
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        if self.has_bag {
            Datum::dynamic(self.tree())
        } else {
            dynamic_text("[]".to_owned())
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.keys.size() + self.values_size
    }
}
