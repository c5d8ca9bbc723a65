//! The operations, one file for each kind of resource.
//!
//! A handler says who may call it ([`Requires`](crate::auth::Requires)), takes in what was sent, asks, and answers:
//! about ten lines. What it answers with is computed in the crates below. [`router`] lists them all; an operation
//! that is not listed there does not exist.

use axum::Router;
use utoipa::Modify;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::App;
use crate::builder::BuildResult;
use crate::operations::{Api, SESSION, TOKEN};
use crate::problem::Document;
use crate::worker::ImportResult;
use postern_report::WhatIfReport;

mod assets;
mod attack_paths;
mod audit;
mod decisions;
mod events;
pub mod hunting;
mod jobs;
mod overview;
mod server;
mod session;
mod settings;
mod sources;
mod state;
mod techniques;
mod tokens;
mod uploads;
mod users;
mod what_if;

pub use uploads::{DISK_FREE_BYTES_MIN, UPLOAD_BYTES_MAX, UPLOAD_FILES_MAX, UPLOADS_AT_ONCE_MAX};

/// Where all operations but those of the server itself are.
pub const PREFIX: &str = "/api/v1";
/// The cookie of a session.
pub const SESSION_COOKIE: &str = "postern_session";

/// All operations, those under [`PREFIX`] first.
pub fn router() -> (Router<App>, Router<App>, utoipa::openapi::OpenApi) {
    let (long, long_description) = Api::new(Description::openapi())
        .with(crate::operations!(uploads::upload))
        .split();
    let (short, mut description) = Api::new(Description::openapi())
        .with(crate::operations!(
            session::sign_in,
            session::session,
            session::sign_out,
            session::change_password,
        ))
        .with(crate::operations!(
            users::list,
            users::create,
            users::change,
            users::remove
        ))
        .with(crate::operations!(tokens::list, tokens::create, tokens::revoke))
        .with(crate::operations!(audit::list, audit::check))
        .with(crate::operations!(settings::list, settings::change))
        .with(crate::operations!(server::about, server::description))
        .with(crate::operations!(state::state, state::generations, state::build))
        .with(crate::operations!(jobs::list, jobs::get, jobs::cancel))
        .with(crate::operations!(events::events))
        .with(crate::operations!(
            overview::overview,
            overview::changes,
            overview::coverage,
            overview::search
        ))
        .with(crate::operations!(
            attack_paths::scenarios,
            attack_paths::paths,
            attack_paths::path,
            attack_paths::step,
            attack_paths::exposed,
            attack_paths::entry_points,
            attack_paths::targets,
            attack_paths::choke_points,
        ))
        .with(crate::operations!(
            assets::list,
            assets::get,
            assets::edges,
            assets::findings
        ))
        .with(crate::operations!(assets::paths, assets::blast_radius, assets::widest))
        .with(crate::operations!(techniques::list, techniques::get))
        .with(crate::operations!(
            sources::list,
            sources::get,
            sources::rejects,
            sources::remove
        ))
        .with(crate::operations!(decisions::set_criticality, decisions::set_apart))
        .with(crate::operations!(what_if::ask))
        .with(crate::operations!(hunting::run::run, hunting::run::cancel))
        .with(crate::operations!(
            hunting::editor::schema,
            hunting::editor::complete,
            hunting::editor::hover,
            hunting::editor::diagnose,
        ))
        .with(crate::operations!(
            hunting::library::examples,
            hunting::library::history,
            hunting::library::clear_history,
            hunting::library::queries,
            hunting::library::save,
            hunting::library::change,
            hunting::library::remove,
            hunting::library::functions,
            hunting::library::store_function,
            hunting::library::remove_function,
            hunting::library::watchlists,
            hunting::library::store_watchlist,
            hunting::library::remove_watchlist,
        ))
        .split();
    description.merge(long_description);
    (short, long, description)
}

/// The operations of the server itself, which are not below [`PREFIX`].
pub fn server_router() -> Router<App> {
    let api = Api::new(Description::openapi());
    let operations = crate::operations!(server::health, server::metrics);
    api.with(operations).split().0
}

/// The description of the API: OpenAPI 3.1.
pub fn description() -> utoipa::openapi::OpenApi {
    router().2
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Postern",
        description = "Exposed ways in, what they lead to, and which one to wall up first.",
    ),
    servers((url = "/api/v1")),
    components(schemas(Document, ImportResult, BuildResult, WhatIfReport)),
    modifiers(&Security),
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE)));
        components.add_security_scheme(SESSION, cookie);
        let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        components.add_security_scheme(TOKEN, bearer);
    }
}
