//! DataFusion, set up the way the language needs it.

use std::sync::Arc;

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;

use crate::batch::BATCH_ROWS;
use crate::budget::Budget;
use crate::yielding::YieldAboveJoins;

/// Memory consumers that an error about memory names.
const CONSUMERS_NAMED: usize = 3;

/// States that plan with all threads of the budget, and with one; both draw on one pool of memory.
pub fn states(budget: &Budget) -> datafusion::error::Result<(SessionState, SessionState)> {
    let pool = TrackConsumersPool::new(
        FairSpillPool::new(budget.memory_bytes_max),
        CONSUMERS_NAMED.try_into().expect("not zero"),
    );
    // Nothing is written to disk: a query that needs more memory than its budget fails and says so.
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()?;
    let state = |threads: usize| {
        let mut config = SessionConfig::new()
            .with_target_partitions(threads)
            .with_batch_size(BATCH_ROWS)
            .with_information_schema(false)
            .with_create_default_catalog_and_schema(false);
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        // Strings stay views from the file to the result.
        options.execution.parquet.schema_force_view_types = true;
        SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&runtime))
            .with_default_features()
            .with_physical_optimizer_rule(Arc::new(YieldAboveJoins))
            .build()
    };
    Ok((state(budget.threads.max(1)), state(1)))
}
