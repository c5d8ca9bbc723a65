//! A world without tables, for queries that bring their own rows.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use postern_hunt::output::{Collected, Collector};
use postern_hunt::run::run;
use postern_hunt::{Budget, HuntError, World};
use postern_kql::Value;
use postern_kql::schema::{Found, Schema, StoredFunction, Table, TableFunction};
use tokio_util::sync::CancellationToken;

/// 2026-11-22.
pub const NOW: i64 = 1_795_305_600_000_000;

pub struct Nothing;

impl Schema for Nothing {
    fn table(&self, _: &str) -> Found<Arc<Table>> {
        Found::No
    }

    fn table_function(&self, _: &str) -> Option<Arc<TableFunction>> {
        None
    }

    fn stored_function(&self, _: &str) -> Option<Arc<StoredFunction>> {
        None
    }

    fn tables(&self) -> Vec<Arc<Table>> {
        Vec::new()
    }

    fn table_functions(&self) -> Vec<Arc<TableFunction>> {
        Vec::new()
    }

    fn stored_functions(&self) -> Vec<Arc<StoredFunction>> {
        Vec::new()
    }
}

#[async_trait]
impl World for Nothing {
    async fn table_rows(&self, name: &str) -> Result<Arc<dyn TableProvider>, HuntError> {
        Err(HuntError::Run(format!("there is no table {name}")))
    }

    async fn function_rows(&self, name: &str, _: &[Option<Value>]) -> Result<Arc<dyn TableProvider>, HuntError> {
        Err(HuntError::Run(format!("there is no function {name}")))
    }

    fn now(&self) -> i64 {
        NOW
    }
}

/// The results of a query.
pub async fn results(query: &str) -> Result<Vec<Collected>, HuntError> {
    let mut collector = Collector::default();
    let budget = Budget::default();
    run(
        query,
        Arc::new(Nothing),
        &budget,
        &CancellationToken::new(),
        &mut collector,
    )
    .await?;
    Ok(collector.tables)
}
