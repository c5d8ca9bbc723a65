//! Values into arrays.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Decimal128Builder, Float64Builder, Int32Builder, Int64Builder, RecordBatch,
    RecordBatchOptions, StringViewBuilder, TimestampMicrosecondBuilder,
};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;
use postern_kql::{Column, Type, Value};
use postern_kql_functions::{Datum, convert};
use rust_decimal::Decimal;

use super::arrow_schema;
use super::read::DECIMAL_SCALE;

/// Builds one column, value by value. A value of another type than the column's is null (an empty string for strings):
/// the binder does not let that happen.
pub enum ColumnBuilder {
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Real(Float64Builder),
    Decimal(Decimal128Builder),
    String(StringViewBuilder),
    DateTime(TimestampMicrosecondBuilder),
    TimeSpan(Int64Builder),
    Guid(StringViewBuilder),
    Dynamic(StringViewBuilder),
}

impl ColumnBuilder {
    pub fn new(ty: Type, capacity: usize) -> Self {
        match ty {
            Type::Bool => ColumnBuilder::Bool(BooleanBuilder::with_capacity(capacity)),
            Type::Int => ColumnBuilder::Int(Int32Builder::with_capacity(capacity)),
            Type::Long => ColumnBuilder::Long(Int64Builder::with_capacity(capacity)),
            Type::Real => ColumnBuilder::Real(Float64Builder::with_capacity(capacity)),
            Type::Decimal => ColumnBuilder::Decimal(
                Decimal128Builder::with_capacity(capacity).with_data_type(crate::world::arrow_type(Type::Decimal)),
            ),
            Type::String => ColumnBuilder::String(StringViewBuilder::with_capacity(capacity)),
            Type::DateTime => ColumnBuilder::DateTime(
                TimestampMicrosecondBuilder::with_capacity(capacity)
                    .with_data_type(crate::world::arrow_type(Type::DateTime)),
            ),
            Type::TimeSpan => ColumnBuilder::TimeSpan(Int64Builder::with_capacity(capacity)),
            Type::Guid => ColumnBuilder::Guid(StringViewBuilder::with_capacity(capacity)),
            Type::Dynamic => ColumnBuilder::Dynamic(StringViewBuilder::with_capacity(capacity)),
        }
    }

    pub fn push(&mut self, datum: &Datum<'_>) {
        match (self, datum) {
            (ColumnBuilder::Bool(builder), Datum::Bool(value)) => builder.append_value(*value),
            (ColumnBuilder::Bool(builder), _) => builder.append_null(),
            (ColumnBuilder::Int(builder), Datum::Int(value)) => builder.append_value(*value),
            (ColumnBuilder::Int(builder), _) => builder.append_null(),
            (ColumnBuilder::Long(builder), Datum::Long(value)) => builder.append_value(*value),
            (ColumnBuilder::Long(builder), Datum::Int(value)) => builder.append_value(i64::from(*value)),
            (ColumnBuilder::Long(builder), _) => builder.append_null(),
            (ColumnBuilder::Real(builder), Datum::Real(value)) => builder.append_value(*value),
            (ColumnBuilder::Real(builder), _) => builder.append_null(),
            (ColumnBuilder::Decimal(builder), Datum::Decimal(value)) => builder.append_option(stored_decimal(*value)),
            (ColumnBuilder::Decimal(builder), _) => builder.append_null(),
            (ColumnBuilder::String(builder), Datum::String(value)) => builder.append_value(value),
            (ColumnBuilder::String(builder), _) => builder.append_value(""),
            (ColumnBuilder::DateTime(builder), Datum::DateTime(value)) => builder.append_value(*value),
            (ColumnBuilder::DateTime(builder), _) => builder.append_null(),
            (ColumnBuilder::TimeSpan(builder), Datum::TimeSpan(value)) => builder.append_value(*value),
            (ColumnBuilder::TimeSpan(builder), _) => builder.append_null(),
            (ColumnBuilder::Guid(builder), Datum::Guid(value)) => builder.append_value(guid_text(*value)),
            (ColumnBuilder::Guid(builder), _) => builder.append_null(),
            (ColumnBuilder::Dynamic(builder), Datum::Dynamic(value)) => builder.append_value(value.text()),
            (ColumnBuilder::Dynamic(builder), Datum::Null) => builder.append_null(),
            // A kernel of a dynamic result may give a plain value.
            (ColumnBuilder::Dynamic(builder), datum) => builder.append_value(convert::json(datum).to_string()),
        }
    }

    pub fn finish(&mut self) -> ArrayRef {
        match self {
            ColumnBuilder::Bool(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Int(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Long(builder) | ColumnBuilder::TimeSpan(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Real(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Decimal(builder) => Arc::new(builder.finish()),
            ColumnBuilder::DateTime(builder) => Arc::new(builder.finish()),
            ColumnBuilder::String(builder) | ColumnBuilder::Guid(builder) | ColumnBuilder::Dynamic(builder) => {
                Arc::new(builder.finish())
            }
        }
    }
}

fn stored_decimal(value: Decimal) -> Option<i128> {
    let scale = u32::from(DECIMAL_SCALE.unsigned_abs());
    let value = value.round_dp(scale);
    value.mantissa().checked_mul(10_i128.pow(scale - value.scale()))
}

fn guid_text(value: u128) -> String {
    let digits = format!("{value:032x}");
    [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-")
}

/// Builds batches row by row.
pub struct RowBuilder {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
}

impl RowBuilder {
    pub fn new(columns: &[Column]) -> Self {
        Self {
            schema: arrow_schema(columns),
            columns: columns.iter().map(|column| ColumnBuilder::new(column.ty, 0)).collect(),
            rows: 0,
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn push(&mut self, row: &[Datum<'_>]) {
        for (builder, datum) in self.columns.iter_mut().zip(row) {
            builder.push(datum);
        }
        self.rows += 1;
    }

    pub fn finish(&mut self) -> Result<RecordBatch> {
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns,
            &options,
        )?)
    }
}

/// The constant as a scalar of DataFusion.
pub fn scalar_value(value: &Value) -> Result<ScalarValue> {
    datum_scalar(&Datum::from(value), value.ty())
}

/// A computed value as a scalar of DataFusion.
pub fn datum_scalar(datum: &Datum<'_>, ty: Type) -> Result<ScalarValue> {
    let mut builder = ColumnBuilder::new(ty, 1);
    builder.push(datum);
    ScalarValue::try_from_array(&builder.finish(), 0)
}
