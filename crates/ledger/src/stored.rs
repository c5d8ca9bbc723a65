//! How our types lie in columns: times as microseconds, words of an enum as text, structures as JSON.
//!
//! Reading goes through [`FromSql`], so that a value that cannot be read surfaces in one place, as
//! [`crate::LedgerError::Corrupt`].

use jiff::Timestamp;
use postern_model::batch::TimeOrigin;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A time, in microseconds since 1970; what is finer is cut off.
pub struct At(pub Timestamp);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_microsecond().into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_microsecond(value.as_i64()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// A structure, as JSON text.
pub struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// An enum whose values are single words.
pub trait Words: Copy + 'static {
    const ALL: &'static [Self];
    fn word(self) -> &'static str;
}

/// A value of such an enum, as text.
pub struct Word<T>(pub T);

impl<T: Words> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.word().into())
    }
}

impl<T: Words> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        T::ALL
            .iter()
            .find(|it| it.word() == text)
            .map(|&it| Self(it))
            .ok_or_else(|| FromSqlError::Other(format!("unknown word {text:?}").into()))
    }
}

impl Words for TimeOrigin {
    const ALL: &'static [Self] = &[Self::Record, Self::EntryName, Self::ArchiveEntry, Self::Import];

    fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::EntryName => "entry-name",
            Self::ArchiveEntry => "archive-entry",
            Self::Import => "import",
        }
    }
}
