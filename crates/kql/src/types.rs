//! The ten types of KQL's scalars, and named columns of them.

/// A scalar type. How a value of it is stored between operators is in the comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    Bool,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// IEEE 754, 64 bits.
    Real,
    /// 128-bit decimal fraction; 38 digits, 10 of them behind the point. (A version as a number has 28 before it.)
    Decimal,
    /// Never null; the empty string is the only empty one.
    String,
    /// Microseconds since 1970 in UTC (the language says 100 ns: the last digit is lost).
    DateTime,
    /// Ticks of 100 ns.
    TimeSpan,
    Guid,
    /// A JSON value, kept as canonical JSON text.
    Dynamic,
}

impl Type {
    pub const ALL: [Type; 10] = [
        Type::Bool,
        Type::Int,
        Type::Long,
        Type::Real,
        Type::Decimal,
        Type::String,
        Type::DateTime,
        Type::TimeSpan,
        Type::Guid,
        Type::Dynamic,
    ];

    /// The name that the language and its results use.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Long => "long",
            Type::Real => "real",
            Type::Decimal => "decimal",
            Type::String => "string",
            Type::DateTime => "datetime",
            Type::TimeSpan => "timespan",
            Type::Guid => "guid",
            Type::Dynamic => "dynamic",
        }
    }

    /// The type of a name, synonyms included (`boolean`, `date`, `time`, `double`, `uniqueid`, ...).
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "bool" | "boolean" => Type::Bool,
            "int" | "int32" => Type::Int,
            "long" | "int64" => Type::Long,
            "real" | "double" => Type::Real,
            "decimal" => Type::Decimal,
            "string" => Type::String,
            "datetime" | "date" => Type::DateTime,
            "timespan" | "time" => Type::TimeSpan,
            "guid" | "uuid" | "uniqueid" => Type::Guid,
            "dynamic" => Type::Dynamic,
            _ => return None,
        })
    }

    pub fn is_numeric(self) -> bool {
        matches!(self, Type::Int | Type::Long | Type::Real | Type::Decimal)
    }

    pub fn is_integer(self) -> bool {
        matches!(self, Type::Int | Type::Long)
    }

    /// Whether values of the type may be grouped, joined and sorted on.
    pub fn is_ordered(self) -> bool {
        self != Type::Dynamic
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A column of a table or of a result. Names are compared with their case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    pub name: String,
    pub ty: Type,
}

impl Column {
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Self { name: name.into(), ty }
    }
}
