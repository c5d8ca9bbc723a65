//! Values out of arrays.

use std::borrow::Cow;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray, StringViewArray};
use datafusion::arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::error::{DataFusionError, Result};
use datafusion::scalar::ScalarValue;
use postern_kql::{Type, Value};
use postern_kql_functions::{Datum, Dynamic};
use rust_decimal::Decimal;

/// Digits behind the point of a stored decimal.
pub const DECIMAL_SCALE: i8 = 10;

/// One column of a batch, ready to be read row by row.
pub enum ColumnReader<'a> {
    Bool(&'a BooleanArray),
    Int(&'a PrimitiveArray<Int32Type>),
    Long(&'a PrimitiveArray<Int64Type>),
    Real(&'a PrimitiveArray<Float64Type>),
    Decimal(&'a PrimitiveArray<Decimal128Type>),
    String(&'a StringViewArray),
    DateTime(&'a PrimitiveArray<TimestampMicrosecondType>),
    TimeSpan(&'a PrimitiveArray<Int64Type>),
    Guid(&'a StringViewArray),
    Dynamic(&'a StringViewArray),
}

impl<'a> ColumnReader<'a> {
    /// # Errors
    /// The array is not of the storage type of `ty`: a fault of the engine.
    pub fn new(array: &'a ArrayRef, ty: Type) -> Result<Self> {
        let reader = match ty {
            Type::Bool => array.as_boolean_opt().map(ColumnReader::Bool),
            Type::Int => array.as_primitive_opt().map(ColumnReader::Int),
            Type::Long => array.as_primitive_opt().map(ColumnReader::Long),
            Type::Real => array.as_primitive_opt().map(ColumnReader::Real),
            Type::Decimal => array.as_primitive_opt().map(ColumnReader::Decimal),
            Type::String => array.as_string_view_opt().map(ColumnReader::String),
            Type::DateTime => array.as_primitive_opt().map(ColumnReader::DateTime),
            Type::TimeSpan => array.as_primitive_opt().map(ColumnReader::TimeSpan),
            Type::Guid => array.as_string_view_opt().map(ColumnReader::Guid),
            Type::Dynamic => array.as_string_view_opt().map(ColumnReader::Dynamic),
        };
        reader.ok_or_else(|| DataFusionError::Internal(format!("a {ty} came as {}", array.data_type())))
    }

    fn array(&self) -> &dyn Array {
        match self {
            ColumnReader::Bool(array) => *array,
            ColumnReader::Int(array) => *array,
            ColumnReader::Long(array) | ColumnReader::TimeSpan(array) => *array,
            ColumnReader::Real(array) => *array,
            ColumnReader::Decimal(array) => *array,
            ColumnReader::DateTime(array) => *array,
            ColumnReader::String(array) | ColumnReader::Guid(array) | ColumnReader::Dynamic(array) => *array,
        }
    }

    pub fn get(&self, row: usize) -> Datum<'a> {
        if self.array().is_null(row) {
            return match self {
                ColumnReader::String(_) => Datum::string(""),
                _ => Datum::Null,
            };
        }
        match self {
            ColumnReader::Bool(array) => Datum::Bool(array.value(row)),
            ColumnReader::Int(array) => Datum::Int(array.value(row)),
            ColumnReader::Long(array) => Datum::Long(array.value(row)),
            ColumnReader::Real(array) => Datum::Real(array.value(row)),
            ColumnReader::Decimal(array) => decimal(array.value(row)),
            ColumnReader::String(array) => Datum::string(array.value(row)),
            ColumnReader::DateTime(array) => Datum::DateTime(array.value(row)),
            ColumnReader::TimeSpan(array) => Datum::TimeSpan(array.value(row)),
            ColumnReader::Guid(array) => guid(array.value(row)),
            ColumnReader::Dynamic(array) => Datum::Dynamic(Dynamic::Text(Cow::Borrowed(array.value(row)))),
        }
    }
}

fn decimal(value: i128) -> Datum<'static> {
    // The working decimal has 28 digits: what is stored with more loses those behind the point first.
    let mut value = value;
    let mut scale = u32::from(DECIMAL_SCALE.unsigned_abs());
    loop {
        if let Ok(decimal) = Decimal::try_from_i128_with_scale(value, scale) {
            return Datum::Decimal(decimal.normalize());
        }
        if scale == 0 {
            return Datum::Null;
        }
        value /= 10;
        scale -= 1;
    }
}

fn guid(text: &str) -> Datum<'static> {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    u128::from_str_radix(&digits, 16).map_or(Datum::Null, Datum::Guid)
}

/// The constant of a scalar of DataFusion that has the storage type of `ty`.
pub fn value_of(scalar: &ScalarValue, ty: Type) -> Result<Value> {
    let array = scalar.to_array()?;
    Ok(to_value(ColumnReader::new(&array, ty)?.get(0), ty))
}

/// A computed value as a constant of type `ty`.
pub fn to_value(datum: Datum<'_>, ty: Type) -> Value {
    match datum {
        Datum::Null => Value::Null(ty),
        Datum::Bool(value) => Value::Bool(value),
        Datum::Int(value) => Value::Int(value),
        Datum::Long(value) => Value::Long(value),
        Datum::Real(value) => Value::Real(value),
        Datum::Decimal(value) => Value::Decimal(value.to_string()),
        Datum::String(value) => Value::String(value.into_owned()),
        Datum::DateTime(value) => Value::DateTime(value),
        Datum::TimeSpan(value) => Value::TimeSpan(value),
        Datum::Guid(value) => Value::Guid(value),
        Datum::Dynamic(value) => Value::Dynamic(value.text().into_owned()),
    }
}
