//! `make_list` and `make_set`. Elements are kept as the text that the result will hold.

use super::{Accumulator, ELEMENTS_MAX, dynamic_text, elements_max, items};
use crate::bytes::{MalformedState, Reader, Writer};
use crate::keys::KeySet;
use crate::{Datum, Json, element};

pub(super) struct List {
    /// The elements, with commas between them.
    text: String,
    count: usize,
    keeps_nulls: bool,
    elements_max: usize,
    /// From the first row; a merged state brings its own.
    is_limit_known: bool,
}

impl List {
    pub(super) fn new(elements_max: usize) -> Self {
        Self {
            text: String::new(),
            count: 0,
            keeps_nulls: false,
            elements_max,
            is_limit_known: false,
        }
    }

    pub(super) fn with_nulls() -> Self {
        Self {
            keeps_nulls: true,
            ..Self::new(ELEMENTS_MAX)
        }
    }

    fn separate(&mut self) {
        if self.count > 0 {
            self.text.push(',');
        }
        self.count += 1;
    }
}

impl Accumulator for List {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if !self.is_limit_known {
            self.elements_max = elements_max(arguments.get(1), self.elements_max);
            self.is_limit_known = true;
        }
        let Some(value) = arguments.first() else { return };
        if self.count < self.elements_max && (self.keeps_nulls || !value.is_null()) {
            self.separate();
            element::write(value, &mut self.text);
        }
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.is_limit_known);
        writer.count(self.elements_max as u64);
        writer.count(self.count as u64);
        writer.bytes(self.text.as_bytes());
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        let (is_limit_known, limit, count) = (reader.flag()?, reader.count()? as usize, reader.count()? as usize);
        let text = reader.text()?;
        if is_limit_known {
            self.elements_max = limit.min(ELEMENTS_MAX);
            self.is_limit_known = true;
        }
        if count == 0 {
            return Ok(());
        }
        if self.count + count <= self.elements_max {
            self.separate();
            self.count += count - 1;
            self.text.push_str(text);
            return Ok(());
        }
        for item in items(&format!("[{text}]"))?
            .iter()
            .take(self.elements_max.saturating_sub(self.count))
        {
            self.separate();
            self.text.push_str(&item.to_string());
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        let mut text = std::mem::take(&mut self.text);
        text.insert(0, '[');
        text.push(']');
        dynamic_text(text)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.text.capacity()
    }
}

/// Distinct values in the order in which they came first. The elements of an array are members one by one.
pub(super) struct Set {
    members: KeySet,
    elements_max: usize,
    is_limit_known: bool,
    scratch: String,
}

impl Set {
    pub(super) fn new(elements_max: usize) -> Self {
        Self {
            members: KeySet::default(),
            elements_max,
            is_limit_known: false,
            scratch: String::new(),
        }
    }

    fn insert(&mut self, text: &[u8]) {
        if self.members.len() < self.elements_max {
            self.members.insert(text);
        }
    }
}

impl Accumulator for Set {
    fn update(&mut self, arguments: &[Datum<'_>]) {
        if !self.is_limit_known {
            self.elements_max = elements_max(arguments.get(1), self.elements_max);
            self.is_limit_known = true;
        }
        let Some(value) = arguments.first().filter(|value| !value.is_null()) else {
            return;
        };
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        element::write(value, &mut text);
        match (matches!(value, Datum::Dynamic(_)) && text.starts_with('[')).then(|| Json::parse(&text)) {
            Some(Ok(Json::Array(members))) => {
                for member in members.iter().filter(|member| **member != Json::Null) {
                    self.insert(member.to_string().as_bytes());
                }
            }
            _ => self.insert(text.as_bytes()),
        }
        self.scratch = text;
    }

    fn state(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.flag(self.is_limit_known);
        writer.count(self.elements_max as u64);
        writer.count(self.members.len() as u64);
        self.members.iter().for_each(|member| writer.bytes(member));
        writer.0
    }

    fn merge(&mut self, state: &[u8]) -> Result<(), MalformedState> {
        let mut reader = Reader::new(state);
        let (is_limit_known, limit) = (reader.flag()?, reader.count()? as usize);
        if is_limit_known {
            self.elements_max = limit.min(ELEMENTS_MAX);
            self.is_limit_known = true;
        }
        for _ in 0..reader.count()? {
            self.insert(reader.text()?.as_bytes());
        }
        Ok(())
    }

    fn finish(&mut self) -> Datum<'static> {
        let mut text = String::from("[");
        for (index, member) in self.members.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            // Members came as texts.
            text.push_str(&String::from_utf8_lossy(member));
        }
        text.push(']');
        dynamic_text(text)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.members.size() + self.scratch.capacity()
    }
}
