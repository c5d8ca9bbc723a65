//! Who sent a request, and what they may do.
//!
//! [`identify`] reads cookie or token, [`Requires`] is what a handler demands, [`permission`] says which role
//! may do what.

mod permission;
mod requires;

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use permission::{Need, Permission, Role, may};
pub use requires::{Guarded, Requires};

use crate::App;
use crate::problem::Problem;

/// A person or a program that has shown who it is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The user's name; of a token, the name of the user to whom it belongs.
    pub name: String,
    pub role: Role,
    pub via: Via,
    /// When the session or token ends.
    pub expires_at: Timestamp,
}

/// How a request shows who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The cookie of a browser.
    Session,
    /// `Authorization: Bearer postern_…`.
    Token,
}

/// Who sent a request with these headers; `None` without a cookie or token, or with one that has ended.
///
/// # Errors
/// Those of the ledger.
pub async fn identify(_app: &App, _headers: &HeaderMap) -> Result<Option<Identity>, Problem> {
    Ok(None)
}
