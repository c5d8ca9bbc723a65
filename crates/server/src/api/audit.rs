//! Who did what.

use axum::Json;
use jiff::Timestamp;
use postern_ledger::AuditQuery;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::auth::{Requires, may};
use crate::extract::Query;
use crate::problem::Problem;

/// Entries on a page, unless said otherwise.
const LIMIT: u32 = 50;
const LIMIT_MAX: u32 = 500;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// So many of the newest are passed over.
    #[serde(default)]
    pub offset: u32,
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub limit: Option<u32>,
    /// Only what this user did, in any letter case; `command line`, `housekeeping` and `nobody` are actors too.
    pub actor: Option<String>,
    /// Only this, such as `sign-in`.
    pub verb: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// How many the filters let through.
    pub total: u64,
    pub offset: u32,
    pub limit: u32,
    /// The newest first.
    pub items: Vec<AuditEntry>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// 1, 2, 3, ... without gaps.
    pub seq: i64,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub actor: String,
    pub verb: String,
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// Whether the log is as it was written: each entry is sealed by the next.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditCheck {
    pub is_intact: bool,
    pub entries: u64,
    /// The first entry that was changed or is missing.
    pub first_broken: Option<i64>,
}

/// Who did what, the newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditFilter),
    responses((status = 200, body = AuditPage)))]
pub async fn list(
    _may: Requires<may::ReadAudit>,
    app: App,
    filter: Query<AuditFilter>,
) -> Result<Json<AuditPage>, Problem> {
    let AuditFilter {
        offset,
        limit,
        actor,
        verb,
    } = filter.0;
    let limit = limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    // A filter that is left empty in a form is none.
    let given = |text: Option<String>| text.filter(|it| !it.is_empty());
    let query = AuditQuery {
        actor: given(actor),
        verb: given(verb),
        offset,
        limit,
    };
    let page = app.engine.ledger().audit_page(query).await?;
    let items = page.entries.into_iter().map(|entry| AuditEntry {
        seq: entry.seq,
        at: entry.at,
        actor: entry.actor,
        verb: entry.verb,
        detail: entry.detail,
    });
    Ok(Json(AuditPage {
        total: page.total,
        offset,
        limit,
        items: items.collect(),
    }))
}

/// Check that no entry was changed or taken out.
#[utoipa::path(get, path = "/audit/check", tag = "audit", responses((status = 200, body = AuditCheck)))]
pub async fn check(_may: Requires<may::ReadAudit>, app: App) -> Result<Json<AuditCheck>, Problem> {
    let check = app.engine.ledger().verify_audit().await?;
    Ok(Json(AuditCheck {
        is_intact: check.first_broken.is_none(),
        entries: check.entries,
        first_broken: check.first_broken,
    }))
}
