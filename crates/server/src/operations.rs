//! Handlers and their description, registered together.
//!
//! [`operations!`](crate::operations!) takes handlers with `#[utoipa::path]` whose first argument is
//! [`Requires`](crate::auth::Requires), and [`Api::with`] takes nothing else. So an operation that does not say
//! who may call it does not compile:
//!
//! ```compile_fail
//! use postern_server::auth::{Requires, may};
//!
//! #[utoipa::path(get, path = "/about", responses((status = 200, body = String)))]
//! async fn about() -> &'static str {
//!     "anyone reads this"
//! }
//!
//! postern_server::operations!(about);
//! ```
//!
//! while this one does:
//!
//! ```
//! use postern_server::auth::{Requires, may};
//!
//! #[utoipa::path(get, path = "/about", responses((status = 200, body = String)))]
//! async fn about(_may: Requires<may::ReadData>) -> &'static str {
//!     "whoever may read, reads this"
//! }
//!
//! postern_server::operations!(about);
//! ```
//!
//! The permission stands in the description too, as `x-permission` and as a security requirement.

use std::convert::Infallible;

use serde_json::json;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::App;
use crate::auth::{Guarded, Permission};
use crate::problem;

/// The extension of the description that names an operation's permission.
pub const X_PERMISSION: &str = "x-permission";
/// The security schemes of the description.
pub const SESSION: &str = "session";
pub const TOKEN: &str = "token";

/// Operations of which each says who may call it.
pub struct Operations(Vec<UtoipaMethodRouter<App, Infallible>>);

/// Gathers handlers: `operations!(list, create, remove)`.
#[macro_export]
macro_rules! operations {
    ($($handler:path),+ $(,)?) => {
        $crate::Operations::gathered(vec![
            $($crate::Operations::guarded(&$handler, ::utoipa_axum::routes!($handler)),)+
        ])
    };
}

/// An operation whose permission is written into its description.
pub struct GuardedOperation(UtoipaMethodRouter<App, Infallible>);

impl Operations {
    /// What [`operations!`](crate::operations!) calls for each handler.
    pub fn guarded<H, Arguments>(_: &H, route: UtoipaMethodRouter<App, Infallible>) -> GuardedOperation
    where
        H: Guarded<Arguments>,
    {
        let (schemas, mut paths, router) = route;
        describe(&mut paths, H::PERMISSION);
        GuardedOperation((schemas, paths, router))
    }

    pub fn gathered(operations: Vec<GuardedOperation>) -> Self {
        Self(operations.into_iter().map(|operation| operation.0).collect())
    }
}

/// The router of the API.
pub struct Api(OpenApiRouter<App>);

impl Api {
    pub fn new(description: utoipa::openapi::OpenApi) -> Self {
        Self(OpenApiRouter::with_openapi(description))
    }

    pub fn with(self, operations: Operations) -> Self {
        Self(operations.0.into_iter().fold(self.0, OpenApiRouter::routes))
    }

    pub fn split(self) -> (axum::Router<App>, utoipa::openapi::OpenApi) {
        self.0.split_for_parts()
    }
}

fn describe(paths: &mut Paths, permission: Option<Permission>) {
    for item in paths.paths.values_mut() {
        for operation in [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ]
        .into_iter()
        .flatten()
        {
            secure(operation, permission);
        }
    }
}

fn secure(operation: &mut Operation, permission: Option<Permission>) {
    let name = permission.map_or("anyone", Permission::as_str);
    let extension = Extensions::builder().add(X_PERMISSION, json!(name)).build();
    operation
        .extensions
        .get_or_insert_with(Extensions::default)
        .merge(extension);
    let mut answers = vec![("default", "A problem: what happened and what to do.")];
    if let Some(permission) = permission {
        operation.security = Some(
            [SESSION, TOKEN]
                .map(|it| SecurityRequirement::new::<_, [&str; 0], &str>(it, []))
                .into(),
        );
        let role = permission.least_role().as_str();
        let text = format!("Least role: {role}.");
        operation.description = Some(match operation.description.take() {
            Some(description) => format!("{description}\n\n{text}"),
            None => text,
        });
        answers.push(("401", "Not signed in."));
        answers.push(("403", "The role does not allow it."));
    }
    for (status, text) in answers {
        let content = ContentBuilder::new()
            .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
            .build();
        let response = ResponseBuilder::new()
            .description(text)
            .content(problem::CONTENT_TYPE, content)
            .build();
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert(RefOr::T(response));
    }
}
