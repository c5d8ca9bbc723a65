//! The HTTP API of Postern.
//!
//! Start at [`Server`]. `api/` has a file for each kind of resource, and its `mod.rs` lists every operation;
//! [`auth`] says who may call what, and [`operations!`] takes no handler that does not say so. [`keeper`] is the
//! one task that follows the ledger; [`workers`] starts this binary again for imports and builds, and [`worker`] is
//! what it does then.
//!
//! **Invariant:** nothing is computed here that another caller could want, and no handler reads the lake: answers
//! come from the one generation in memory or from the ledger. What went wrong inside goes to the log, never to a
//! client.

mod api;
mod app;
pub mod auth;
mod builder;
mod console;
pub mod extract;
mod hunting;
mod jobs;
mod keeper;
mod log;
mod metrics;
mod operations;
mod problem;
mod security;
mod server;
mod spool;
pub mod worker;
mod workers;

pub use api::{
    DISK_FREE_BYTES_MIN, PREFIX, SESSION_COOKIE, UPLOAD_BYTES_MAX, UPLOAD_FILES_MAX, UPLOADS_AT_ONCE_MAX, description,
};
pub use app::{App, Current};
pub use console::{Asset, Assets};
pub use hunting::{Limits as HuntingLimits, RoleLimits as HuntingRoleLimits};
pub use jobs::{Job, JobKind, JobProgress, JobState};
pub use log::log_to_standard_error;
pub use operations::{Api, GuardedOperation, Operations, X_PERMISSION};
pub use problem::{Kind, Problem};
pub use server::{Config, LISTEN, Options, Server, ServerError};
pub use workers::WorkerCommand;
