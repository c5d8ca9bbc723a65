//! One way to hold rows: columns of a declared schema.
//!
//! Parsers fill tables, the lake stores them, phases read them back; nobody else speaks of Arrow.
//! Start at [`Table::push`]; the logical digest of a table is [`Table::digest`].

use crate::id::hash128;
use crate::schema::{ColumnType, Schema};

/// Many strings in one buffer. `ends[i]` is where string `i` ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub bytes: String,
    pub ends: Vec<u64>,
}

impl Text {
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u64);
    }

    pub fn get(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.bytes[start..self.ends[row] as usize]
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// One column. A null text is the empty string; a null number has its own presence list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Text(Text),
    /// Whole numbers and times (microseconds since 1970); `None` is null.
    Long(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Id(Vec<u128>),
}

/// One cell of a row, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Text(&'a str),
    Long(i64),
    Bool(bool),
    Id(u128),
}

/// Rows of one schema, column by column.
#[derive(Clone, Debug)]
pub struct Table {
    pub schema: &'static Schema,
    pub columns: Vec<Column>,
    rows: usize,
}

impl Table {
    pub fn new(schema: &'static Schema) -> Self {
        let columns = schema
            .columns
            .iter()
            .map(|column| match column.kind {
                ColumnType::Text | ColumnType::Json => Column::Text(Text::default()),
                ColumnType::Long | ColumnType::Time => Column::Long(Vec::new()),
                ColumnType::Bool => Column::Bool(Vec::new()),
                ColumnType::Id => Column::Id(Vec::new()),
            })
            .collect();
        Self {
            schema,
            columns,
            rows: 0,
        }
    }

    /// Puts columns together that were read from a store.
    ///
    /// # Panics
    /// When the columns are not those of the schema, or differ in length.
    pub fn from_columns(schema: &'static Schema, columns: Vec<Column>) -> Self {
        assert_eq!(columns.len(), schema.columns.len(), "columns of table {}", schema.name);
        let rows = columns.first().map_or(0, Column::len);
        assert!(
            columns.iter().all(|column| column.len() == rows),
            "lengths in table {}",
            schema.name
        );
        Self { schema, columns, rows }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Appends a row: one value for each column, in the order of the schema.
    ///
    /// # Panics
    /// When a value does not fit its column: a mistake in the code that writes, not in its input.
    pub fn push(&mut self, row: &[Value<'_>]) {
        assert_eq!(row.len(), self.columns.len(), "values for table {}", self.schema.name);
        for (index, (column, value)) in self.columns.iter_mut().zip(row).enumerate() {
            match (column, value) {
                (Column::Text(column), Value::Text(text)) => column.push(text),
                (Column::Text(column), Value::Null) => column.push(""),
                (Column::Long(column), Value::Long(number)) => column.push(Some(*number)),
                (Column::Long(column), Value::Null) => column.push(None),
                (Column::Bool(column), Value::Bool(flag)) => column.push(Some(*flag)),
                (Column::Bool(column), Value::Null) => column.push(None),
                (Column::Id(column), Value::Id(id)) => column.push(*id),
                (_, value) => panic!(
                    "{}.{} cannot hold {value:?}",
                    self.schema.name, self.schema.columns[index].name
                ),
            }
        }
        self.rows += 1;
    }

    /// The value at a row and column. Empty text comes back as [`Value::Null`]: the two are one here.
    pub fn value(&self, row: usize, column: usize) -> Value<'_> {
        match &self.columns[column] {
            Column::Text(text) => match text.get(row) {
                "" => Value::Null,
                text => Value::Text(text),
            },
            Column::Long(numbers) => numbers[row].map_or(Value::Null, Value::Long),
            Column::Bool(flags) => flags[row].map_or(Value::Null, Value::Bool),
            Column::Id(ids) => Value::Id(ids[row]),
        }
    }

    /// A text column's value; empty where null.
    pub fn text(&self, row: usize, column: usize) -> &str {
        match &self.columns[column] {
            Column::Text(text) => text.get(row),
            other => panic!(
                "{}.{} is {other:?}, no text",
                self.schema.name, self.schema.columns[column].name
            ),
        }
    }

    pub fn long(&self, row: usize, column: usize) -> Option<i64> {
        match self.value(row, column) {
            Value::Long(number) => Some(number),
            _ => None,
        }
    }

    pub fn bool(&self, row: usize, column: usize) -> Option<bool> {
        match self.value(row, column) {
            Value::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    pub fn id(&self, row: usize, column: usize) -> u128 {
        match self.value(row, column) {
            Value::Id(id) => id,
            other => panic!(
                "{}.{} is {other:?}, no id",
                self.schema.name, self.schema.columns[column].name
            ),
        }
    }

    /// The logical digest (DESIGN 3.3): wrapping sum of a 128-bit hash of each row over the columns that
    /// belong to the digest, so that it depends on the set of rows and not on their order or encoding.
    pub fn digest(&self) -> u128 {
        let mut buffer = Vec::new();
        let mut sum = 0u128;
        for row in 0..self.rows {
            buffer.clear();
            for (index, column) in self.schema.columns.iter().enumerate() {
                if !column.in_digest {
                    continue;
                }
                match self.value(row, index) {
                    Value::Null => buffer.push(0),
                    Value::Text(text) => {
                        buffer.push(1);
                        buffer.extend_from_slice(&(text.len() as u64).to_le_bytes());
                        buffer.extend_from_slice(text.as_bytes());
                    }
                    Value::Long(number) => {
                        buffer.push(2);
                        buffer.extend_from_slice(&number.to_le_bytes());
                    }
                    Value::Bool(flag) => buffer.extend_from_slice(&[3, u8::from(flag)]),
                    Value::Id(id) => {
                        buffer.push(4);
                        buffer.extend_from_slice(&id.to_le_bytes());
                    }
                }
            }
            sum = sum.wrapping_add(hash128([self.schema.name.as_bytes(), &buffer]));
        }
        sum
    }
}

impl Column {
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Long(numbers) => numbers.len(),
            Self::Bool(flags) => flags.len(),
            Self::Id(ids) => ids.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::RELATIONS;

    fn row<'a>(source: &'a str, target: &'a str) -> Vec<Value<'a>> {
        RELATIONS
            .columns
            .iter()
            .map(|column| match column.name {
                "source" => Value::Text(source),
                "target" => Value::Text(target),
                _ => Value::Null,
            })
            .collect()
    }

    #[test]
    fn a_digest_does_not_depend_on_the_order_of_rows() {
        let (mut one, mut two) = (Table::new(&RELATIONS), Table::new(&RELATIONS));
        one.push(&row("a", "b"));
        one.push(&row("c", "d"));
        two.push(&row("c", "d"));
        two.push(&row("a", "b"));
        assert_eq!(one.digest(), two.digest());
        two.push(&row("a", "b"));
        assert_ne!(one.digest(), two.digest());
    }

    #[test]
    fn text_reads_back_by_row() {
        let mut text = Text::default();
        for word in ["alpha", "", "beta"] {
            text.push(word);
        }
        assert_eq!((text.get(0), text.get(1), text.get(2)), ("alpha", "", "beta"));
    }
}
