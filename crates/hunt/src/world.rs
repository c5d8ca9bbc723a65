//! What a query can see: the schema, the rows behind it, the exposure graph, the clock.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use postern_kql::Value;
use postern_kql::schema::Schema;

use crate::error::HuntError;
use crate::graph::ResidentGraph;

/// A schema with rows behind it. What a caller is not permitted to see is not in it: permissions are applied where a
/// table is named, before any predicate of the query.
///
/// Providers yield the columns of [`postern_kql::schema::Table`], in its order, as the types of
/// [`arrow_type`](crate::world::arrow_type); behind them may stand others, see [`World::shreds`].
#[async_trait]
pub trait World: Schema + Send + Sync {
    async fn table_rows(&self, name: &str) -> Result<Arc<dyn TableProvider>, HuntError>;

    /// The rows of a table function. The arguments are as many as it has parameters; one left out is `None`.
    async fn function_rows(&self, name: &str, arguments: &[Option<Value>])
    -> Result<Arc<dyn TableProvider>, HuntError>;

    /// Parts of dynamic columns that the table's provider holds as columns of their own, of type `dynamic`, behind its
    /// visible ones and in this order: the dynamic column, and the path into it.
    fn shreds(&self, table: &str) -> Vec<(String, Vec<String>)> {
        let _ = table;
        Vec::new()
    }

    /// The exposure graph of the tables `ExposureGraphNodes` and `ExposureGraphEdges`, built once for many queries.
    /// `None` where there is none at hand, or where the caller may see only a part of those tables.
    async fn exposure_graph(&self) -> Option<Arc<ResidentGraph>> {
        None
    }

    /// String columns that the provider also holds as codes, as columns of type `int` behind those of
    /// [`World::shreds`] and in this order.
    fn codes(&self, table: &str) -> Vec<(String, Arc<Codes>)> {
        let _ = table;
        Vec::new()
    }

    /// `now()`: microseconds since 1970. Bound to the generation's clock.
    fn now(&self) -> i64;
}

/// How a type of the language is stored in Arrow.
pub fn arrow_type(ty: postern_kql::Type) -> datafusion::arrow::datatypes::DataType {
    use datafusion::arrow::datatypes::{DataType, TimeUnit};
    use postern_kql::Type;

    match ty {
        Type::Bool => DataType::Boolean,
        Type::Int => DataType::Int32,
        Type::Long | Type::TimeSpan => DataType::Int64,
        Type::Real => DataType::Float64,
        Type::Decimal => DataType::Decimal128(38, 10),
        Type::String | Type::Guid | Type::Dynamic => DataType::Utf8View,
        Type::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// The distinct strings of a column; a row's code is the place of its string.
#[derive(Debug, PartialEq, Eq)]
pub struct Codes {
    values: Vec<String>,
    code_of: HashMap<String, i32>,
}

impl Codes {
    /// The strings must be distinct, and fewer than 2^31.
    pub fn new(values: Vec<String>) -> Self {
        let code_of = values.iter().cloned().zip(0..).collect();
        Self { values, code_of }
    }

    pub fn values(&self) -> &[String] {
        &self.values
    }

    pub fn code_of(&self, value: &str) -> Option<i32> {
        self.code_of.get(value).copied()
    }
}
