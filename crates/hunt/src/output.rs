//! Results as JSON and as text: the one place where a value of the language becomes characters for people and programs.
//!
//! | type | JSON |
//! |---|---|
//! | `bool` | `true`, `false` |
//! | `int`, `long`, `real` | a number; whole numbers beyond ±2^53 a string, so do `NaN`, `Infinity`, `-Infinity` |
//! | `decimal` | a string: a reader's number would lose digits |
//! | `datetime` | `"2026-11-22T08:00:00.0000000Z"` |
//! | `timespan` | `"1.02:03:04.5000000"`; days and fraction only where there are any |
//! | `string`, `guid` | a string; the empty string is `""` |
//! | `dynamic` | its JSON value |
//! | null of any type | `null` |
//!
//! Start at [`Rows`], which writes the rows of one batch; [`Collector`] gathers whole results.

use std::borrow::Cow;
use std::io::Write;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::error::DataFusionError;
use postern_kql::{Column, Type};

use crate::error::HuntError;
use crate::run::{Sink, TableHead};
use crate::world::arrow_type;

/// Rows as a [`Sink`] gets them.
pub use datafusion::arrow::array::RecordBatch;

/// The largest whole number that every reader of JSON keeps as it is.
const EXACT_MAX: i64 = 1 << 53;
const TICKS_PER_SECOND: u64 = 10_000_000;
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
const MICROSECONDS_PER_DAY: i64 = SECONDS_PER_DAY as i64 * 1_000_000;

/// The rows of one batch.
pub struct Rows {
    columns: Vec<Cells>,
    rows: usize,
}

/// The cells of a column, by the type of the language.
enum Cells {
    Bool(BooleanArray),
    Int(Int32Array),
    Long(Int64Array),
    Real(Float64Array),
    Decimal(Decimal128Array),
    String(StringViewArray),
    Guid(StringViewArray),
    Dynamic(StringViewArray),
    DateTime(TimestampMicrosecondArray),
    TimeSpan(Int64Array),
}

impl Rows {
    /// * `columns`: those of the result, in the order of the batch.
    ///
    /// # Errors
    /// [`HuntError::Engine`] when the batch has other columns.
    pub fn new(columns: &[Column], batch: &RecordBatch) -> Result<Self, HuntError> {
        if columns.len() != batch.num_columns() {
            let message = format!("a result of {} columns has {}", columns.len(), batch.num_columns());
            return Err(DataFusionError::Internal(message).into());
        }
        let cells = columns.iter().zip(batch.columns());
        Ok(Self {
            columns: cells
                .map(|(column, array)| Cells::new(column.ty, array))
                .collect::<Result<_, _>>()?,
            rows: batch.num_rows(),
        })
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Writes a row as a JSON array.
    pub fn write_array(&self, row: usize, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            column.write_json(row, out);
        }
        out.push(b']');
    }

    /// Writes a row as a JSON object. Of two columns of one name readers see the later one.
    pub fn write_object(&self, columns: &[Column], row: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (column, cells)) in columns.iter().zip(&self.columns).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_string(&column.name, out);
            out.push(b':');
            cells.write_json(row, out);
        }
        out.push(b'}');
    }

    /// A cell for people and for CSV: as `tostring` would give it; a null is empty.
    pub fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
        self.columns[column].text(row)
    }
}

impl Cells {
    fn new(ty: Type, array: &ArrayRef) -> Result<Self, HuntError> {
        let array = match array.data_type() == &arrow_type(ty) {
            true => array.clone(),
            false => cast(array, &arrow_type(ty)).map_err(DataFusionError::from)?,
        };
        Ok(match ty {
            Type::Bool => Self::Bool(array.as_boolean().clone()),
            Type::Int => Self::Int(array.as_primitive::<Int32Type>().clone()),
            Type::Long => Self::Long(array.as_primitive::<Int64Type>().clone()),
            Type::Real => Self::Real(array.as_primitive::<Float64Type>().clone()),
            Type::Decimal => Self::Decimal(array.as_primitive::<Decimal128Type>().clone()),
            Type::String => Self::String(array.as_string_view().clone()),
            Type::Guid => Self::Guid(array.as_string_view().clone()),
            Type::Dynamic => Self::Dynamic(array.as_string_view().clone()),
            Type::DateTime => Self::DateTime(array.as_primitive::<TimestampMicrosecondType>().clone()),
            Type::TimeSpan => Self::TimeSpan(array.as_primitive::<Int64Type>().clone()),
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Bool(array) => array.is_null(row),
            Self::Int(array) => array.is_null(row),
            Self::Long(array) | Self::TimeSpan(array) => array.is_null(row),
            Self::Real(array) => array.is_null(row),
            Self::Decimal(array) => array.is_null(row),
            // The language has no null string.
            Self::String(_) => false,
            Self::Guid(array) | Self::Dynamic(array) => array.is_null(row),
            Self::DateTime(array) => array.is_null(row),
        }
    }

    fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        match self {
            Self::Bool(_) | Self::Int(_) => out.extend_from_slice(self.text(row).as_bytes()),
            Self::Long(array) if array.value(row).unsigned_abs() <= EXACT_MAX.unsigned_abs() => {
                out.extend_from_slice(self.text(row).as_bytes());
            }
            Self::Real(array) if array.value(row).is_finite() => {
                out.extend_from_slice(self.text(row).as_bytes());
            }
            Self::String(array) => write_string(string(array, row), out),
            Self::Dynamic(array) => write_dynamic(array.value(row), out),
            Self::Long(_)
            | Self::Real(_)
            | Self::Decimal(_)
            | Self::Guid(_)
            | Self::DateTime(_)
            | Self::TimeSpan(_) => write_string(&self.text(row), out),
        }
    }

    fn text(&self, row: usize) -> Cow<'_, str> {
        if self.is_null(row) {
            return Cow::Borrowed("");
        }
        match self {
            Self::Bool(array) => Cow::Borrowed(if array.value(row) { "true" } else { "false" }),
            Self::Int(array) => array.value(row).to_string().into(),
            Self::Long(array) => array.value(row).to_string().into(),
            Self::Real(array) => real_text(array.value(row)).into(),
            Self::Decimal(array) => decimal_text(&array.value_as_string(row)).to_owned().into(),
            Self::String(array) => string(array, row).into(),
            Self::Guid(array) => array.value(row).into(),
            Self::Dynamic(array) => dynamic_text(array.value(row)),
            Self::DateTime(array) => datetime_text(array.value(row)).into(),
            Self::TimeSpan(array) => timespan_text(array.value(row)).into(),
        }
    }
}

fn string(array: &StringViewArray, row: usize) -> &str {
    if array.is_null(row) { "" } else { array.value(row) }
}

/// A dynamic value for people: a string without its quotes, anything else as JSON.
fn dynamic_text(json: &str) -> Cow<'_, str> {
    let text = json.starts_with('"').then(|| serde_json::from_str::<String>(json).ok());
    text.flatten().map_or(Cow::Borrowed(json), Cow::Owned)
}

/// `3.0`, `1e300`, `NaN`, `-Infinity`: the shortest that reads back equal.
fn real_text(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        value => format!("{value:?}"),
    }
}

/// Without the zeros that only the storage has.
fn decimal_text(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

/// `2026-11-22T08:00:00.1234560Z`. Times are kept to the microsecond, so the last digit is always 0.
pub fn datetime_text(microseconds: i64) -> String {
    let days = microseconds.div_euclid(MICROSECONDS_PER_DAY);
    let of_day = microseconds.rem_euclid(MICROSECONDS_PER_DAY);
    let (year, month, day) = civil(days);
    let seconds = of_day / 1_000_000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}0Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        of_day % 1_000_000
    )
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the leap day is the last of its year; eras have 400 years.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// `02:00:00`, `1.02:03:04.5000000`, `-00:00:00.0000001`.
pub fn timespan_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let (seconds, fraction) = (ticks / TICKS_PER_SECOND, ticks % TICKS_PER_SECOND);
    let days = match seconds / SECONDS_PER_DAY {
        0 => String::new(),
        days => format!("{days}."),
    };
    let time = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    );
    match fraction {
        0 => format!("{sign}{days}{time}"),
        fraction => format!("{sign}{days}{time}.{fraction:07}"),
    }
}

/// Dynamic values are canonical JSON already; what is none, by a fault, is written as a string rather than spoil the
/// whole answer.
fn write_dynamic(text: &str, out: &mut Vec<u8>) {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => out.extend_from_slice(text.as_bytes()),
        Err(_) => write_string(text, out),
    }
}

/// Writes a JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    let end = out.len();
    // Writing a string into memory does not fail; if it did, half a string would be worse than none.
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.truncate(end);
        out.extend_from_slice(b"\"\"");
    }
}

/// Writes `[{"name":...,"type":...},...]`.
pub fn write_columns(columns: &[Column], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"name\":");
        write_string(&column.name, out);
        out.extend_from_slice(b",\"type\":");
        write_string(column.ty.name(), out);
        out.push(b'}');
    }
    out.push(b']');
}

/// A table of a result, its rows already as JSON.
#[derive(Clone, Debug)]
pub struct Collected {
    pub head: TableHead,
    pub row_count: u64,
    /// Arrays with commas between them.
    rows: Vec<u8>,
}

impl Collected {
    /// Writes `"columns":[...],"rows":[...]`: the inside of an object.
    pub fn write_members(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"columns\":");
        write_columns(&self.head.columns, out);
        out.extend_from_slice(b",\"rows\":[");
        out.extend_from_slice(&self.rows);
        out.push(b']');
    }
}

/// Gathers the results of a query, within the budget that it runs under.
#[derive(Debug, Default)]
pub struct Collector {
    pub tables: Vec<Collected>,
}

impl Sink for Collector {
    fn table(&mut self, table: &TableHead) -> Result<(), HuntError> {
        self.tables.push(Collected {
            head: table.clone(),
            row_count: 0,
            rows: Vec::new(),
        });
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<(), HuntError> {
        let Some(table) = self.tables.last_mut() else {
            return Err(DataFusionError::Internal("rows came before their table".to_owned()).into());
        };
        let rows = Rows::new(&table.head.columns, batch)?;
        for row in 0..rows.len() {
            if table.row_count > 0 {
                table.rows.push(b',');
            }
            rows.write_array(row, &mut table.rows);
            table.row_count += 1;
        }
        Ok(())
    }
}

/// Writes one field of CSV (RFC 4180), quoted where it has to be.
///
/// # Errors
/// Those of `out`.
pub fn write_csv_field(text: &str, out: &mut impl Write) -> std::io::Result<()> {
    match text.contains(['"', ',', '\n', '\r']) {
        true => write!(out, "\"{}\"", text.replace('"', "\"\"")),
        false => out.write_all(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::StringArray;
    use datafusion::arrow::datatypes::{Field, Schema};

    use super::*;

    fn json(ty: Type, array: ArrayRef) -> Vec<String> {
        let field = Field::new("x", array.data_type().clone(), true);
        let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap();
        let rows = Rows::new(&[Column::new("x", ty)], &batch).unwrap();
        let one = |row| {
            let mut out = Vec::new();
            rows.write_array(row, &mut out);
            String::from_utf8(out).unwrap()
        };
        (0..rows.len()).map(one).collect()
    }

    #[test]
    fn numbers_that_a_reader_would_change_are_strings() {
        let longs = vec![Some(EXACT_MAX), Some(EXACT_MAX + 1), Some(i64::MIN), None];
        assert_eq!(
            json(Type::Long, Arc::new(Int64Array::from(longs))),
            [
                "[9007199254740992]",
                "[\"9007199254740993\"]",
                "[\"-9223372036854775808\"]",
                "[null]"
            ]
        );
        let reals = vec![1.0, -0.5, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(
            json(Type::Real, Arc::new(Float64Array::from(reals))),
            [
                "[1.0]",
                "[-0.5]",
                "[1e300]",
                "[\"NaN\"]",
                "[\"Infinity\"]",
                "[\"-Infinity\"]"
            ]
        );
    }

    #[test]
    fn texts_of_any_arrow_type_are_strings_and_an_absent_one_is_empty() {
        let texts = StringArray::from(vec![Some("a\"b\n"), Some(""), None]);
        assert_eq!(
            json(Type::String, Arc::new(texts)),
            [r#"["a\"b\n"]"#, r#"[""]"#, r#"[""]"#]
        );
    }

    #[test]
    fn dynamic_values_are_written_as_they_are_unless_they_would_spoil_the_answer() {
        let values = StringViewArray::from(vec![Some(r#"{"a":[1,2.0]}"#), None, Some("{\"a\":")]);
        assert_eq!(
            json(Type::Dynamic, Arc::new(values)),
            [r#"[{"a":[1,2.0]}]"#, "[null]", r#"["{\"a\":"]"#]
        );
    }

    #[test]
    fn a_dynamic_string_has_no_quotes_for_people() {
        for (json, text) in [(r#""a\"b""#, "a\"b"), ("[\"a\"]", "[\"a\"]"), ("1", "1"), ("\"", "\"")] {
            assert_eq!(dynamic_text(json), text);
        }
    }

    #[test]
    fn times_have_seven_digits_from_the_year_1_to_the_year_9999() {
        assert_eq!(datetime_text(0), "1970-01-01T00:00:00.0000000Z");
        assert_eq!(datetime_text(1_763_800_323_123_456), "2025-11-22T08:32:03.1234560Z");
        assert_eq!(datetime_text(-62_135_596_800_000_000), "0001-01-01T00:00:00.0000000Z");
        assert_eq!(datetime_text(253_402_300_799_999_999), "9999-12-31T23:59:59.9999990Z");
        assert_eq!(datetime_text(951_782_400_000_000), "2000-02-29T00:00:00.0000000Z");
        // No panic beyond them either.
        datetime_text(i64::MIN);
        datetime_text(i64::MAX);
    }

    #[test]
    fn spans_show_days_and_fractions_only_where_there_are_any() {
        assert_eq!(timespan_text(0), "00:00:00");
        assert_eq!(timespan_text(72_000_000_000), "02:00:00");
        assert_eq!(timespan_text(937_845_000_000), "1.02:03:04.5000000");
        assert_eq!(timespan_text(-1), "-00:00:00.0000001");
        assert_eq!(timespan_text(i64::MIN), "-10675199.02:48:05.4775808");
    }

    #[test]
    fn decimals_lose_the_zeros_of_their_storage() {
        let decimals = Decimal128Array::from(vec![15_000_000_000, 20_000_000_000])
            .with_precision_and_scale(38, 10)
            .unwrap();
        assert_eq!(json(Type::Decimal, Arc::new(decimals)), ["[\"1.5\"]", "[\"2\"]"]);
    }

    #[test]
    fn csv_quotes_what_would_be_read_as_two_fields() {
        let mut out = Vec::new();
        for text in ["a", "a,b", "say \"a\"", ""] {
            write_csv_field(text, &mut out).unwrap();
            out.push(b';');
        }
        assert_eq!(String::from_utf8(out).unwrap(), "a;\"a,b\";\"say \"\"a\"\"\";;");
    }

    #[test]
    fn a_collector_keeps_tables_apart() {
        let mut collector = Collector::default();
        let head = |name: &str| TableHead {
            name: None,
            columns: vec![Column::new(name, Type::Long)],
            render: None,
        };
        let batch = |value: i64| {
            let field = Field::new("x", arrow_type(Type::Long), true);
            let array: ArrayRef = Arc::new(Int64Array::from(vec![value]));
            RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap()
        };
        assert!(collector.rows(&batch(0)).is_err());
        collector.table(&head("a")).unwrap();
        collector.rows(&batch(1)).unwrap();
        collector.rows(&batch(2)).unwrap();
        collector.table(&head("b")).unwrap();
        let texts = collector.tables.iter().map(|table| {
            let mut out = Vec::new();
            table.write_members(&mut out);
            String::from_utf8(out).unwrap()
        });
        let texts: Vec<_> = texts.collect();
        assert_eq!(
            texts,
            [
                r#""columns":[{"name":"a","type":"long"}],"rows":[[1],[2]]"#,
                r#""columns":[{"name":"b","type":"long"}],"rows":[]"#
            ]
        );
    }
}
