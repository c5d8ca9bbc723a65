//! Constants of a bound query.

use crate::Type;

/// A constant. Every type has a null but `string`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null(Type),
    Bool(bool),
    Int(i32),
    Long(i64),
    Real(f64),
    /// Decimal digits with an optional sign and point.
    Decimal(String),
    String(String),
    /// Microseconds since 1970-01-01 in UTC.
    DateTime(i64),
    /// Ticks of 100 ns.
    TimeSpan(i64),
    Guid(u128),
    /// Canonical JSON text: no white space, keys in their own order; a null is `Null(Type::Dynamic)`.
    Dynamic(String),
}

impl Value {
    pub fn ty(&self) -> Type {
        match self {
            Value::Null(ty) => *ty,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Long(_) => Type::Long,
            Value::Real(_) => Type::Real,
            Value::Decimal(_) => Type::Decimal,
            Value::String(_) => Type::String,
            Value::DateTime(_) => Type::DateTime,
            Value::TimeSpan(_) => Type::TimeSpan,
            Value::Guid(_) => Type::Guid,
            Value::Dynamic(_) => Type::Dynamic,
        }
    }
}
