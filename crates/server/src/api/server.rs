//! The server itself: what it is, whether it works, its numbers, its description.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{Permission, Requires, may};
use crate::{App, metrics};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct About {
    pub version: String,
    /// What a generation is made by, besides the catalog.
    pub engine_version: String,
    pub catalog_digest: String,
    /// Number of techniques that the catalog knows.
    pub techniques: u64,
    /// For administrators.
    pub data_folder: Option<String>,
    /// For administrators.
    pub listen: Option<String>,
}

/// What this server is.
#[utoipa::path(get, path = "/about", tag = "server", responses((status = 200, body = About)))]
pub async fn about(may: Requires<may::ReadData>, app: App) -> Json<About> {
    let is_administrator = may
        .identity()
        .is_some_and(|it| Permission::ManageSettings.is_given_to(it.role));
    let catalog = app.engine.catalog();
    Json(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine_version: postern_engine::ENGINE_VERSION.to_owned(),
        catalog_digest: format!("{:032x}", catalog.digest()),
        techniques: catalog.techniques.len() as u64,
        data_folder: is_administrator.then(|| app.engine.root().display().to_string()),
        listen: is_administrator.then(|| app.options.listen.clone()),
    })
}

/// This description: OpenAPI 3.1.
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses((status = 200, body = Object)))]
pub async fn description(_may: Requires<may::ReadData>) -> Json<utoipa::openapi::OpenApi> {
    Json(super::description())
}

/// Whether the server can read its data.
#[utoipa::path(get, path = "/healthz", tag = "server", responses((status = 200, body = String)))]
pub async fn health(_may: Requires<may::Anyone>, app: App) -> Response {
    match app.engine.ledger().manifest_version().await {
        Ok(_) => "ok\n".into_response(),
        Err(cause) => {
            tracing::error!(%cause, "the ledger cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the data folder cannot be read\n").into_response()
        }
    }
}

/// Numbers about the server, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "server", responses((status = 200, body = String)))]
pub async fn metrics(_may: Requires<may::ReadAudit>, app: App) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        metrics::text(&app),
    )
}
