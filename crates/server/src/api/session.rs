//! One's own session and password.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::auth::{Address, Identity, Permission, Requires, Role, Secret, Via, accounts, cookie, may};
use crate::extract::Body;
use crate::problem::Problem;

/// Who is signed in, and what they may do.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    pub user: SessionUser,
    pub permissions: Vec<Permission>,
    pub via: Via,
    /// When it ends unless it is used again.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// False: passwords do not run out.
    pub must_change_password: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionUser {
    pub name: String,
    pub role: Role,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// In any letter case.
    pub name: String,
    #[schema(value_type = String, format = Password)]
    pub password: Secret,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    pub current: Secret,
    /// 12 to 256 characters, and not the user's name.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
    pub new: Secret,
}

impl Session {
    fn of(name: String, role: Role, via: Via, expires_at: Timestamp) -> Self {
        Self {
            user: SessionUser { name, role },
            permissions: Permission::of(role),
            via,
            expires_at,
            must_change_password: false,
        }
    }
}

/// Sign in.
///
/// Wrong passwords are counted for the name and for the address they come from: five for a name at once, then one in
/// 30 seconds; twenty from an address, then one in 3 seconds.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn, responses(
    (status = 200, body = Session, headers(("set-cookie" = String, description = "`postern_session`"))),
    (status = 401, description = "The name or the password is wrong.", body = crate::problem::Document,
        content_type = "application/problem+json"),
    (status = 429, description = "There were too many wrong passwords.", body = crate::problem::Document,
        content_type = "application/problem+json", headers(("retry-after" = u64, description = "Seconds."))),
))]
pub async fn sign_in(
    _may: Requires<may::Anyone>,
    app: App,
    address: Address,
    body: Body<SignIn>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<Session>), Problem> {
    let SignIn { name, password } = body.0;
    let (secret, session) = accounts::sign_in(&app, &name, password, address.0).await?;
    let answer = Session::of(session.user.name, session.user.role, Via::Session, session.expires_at);
    Ok(([(header::SET_COOKIE, cookie::set(&app, &secret)?)], Json(answer)))
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = Session)))]
pub async fn session(may: Requires<may::ManageOwnAccess>) -> Result<Json<Session>, Problem> {
    let Identity {
        name,
        role,
        via,
        expires_at,
    } = may.identity().ok_or_else(Problem::sign_in_needed)?.clone();
    Ok(Json(Session::of(name, role, via, expires_at)))
}

/// Sign out.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)))]
pub async fn sign_out(
    _may: Requires<may::ManageOwnAccess>,
    app: App,
    headers: HeaderMap,
) -> Result<([(HeaderName, HeaderValue); 1], StatusCode), Problem> {
    if let Some(secret) = cookie::read(&headers) {
        app.engine.ledger().close_session(secret.hash()).await?;
    }
    Ok(([(header::SET_COOKIE, cookie::clear(&app)?)], StatusCode::NO_CONTENT))
}

/// Change one's own password.
///
/// All sessions of the user end; the answer brings the cookie of a new one.
#[utoipa::path(put, path = "/session/password", tag = "session", request_body = PasswordChange, responses(
    (status = 204, headers(("set-cookie" = String, description = "`postern_session`")))))]
pub async fn change_password(
    may: Requires<may::ManageOwnAccess>,
    app: App,
    address: Address,
    body: Body<PasswordChange>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    let who = may.identity().ok_or_else(Problem::sign_in_needed)?;
    let PasswordChange { current, new } = body.0;
    let secret = accounts::change_password(&app, who, current, new, address.0).await?;
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cookie::set(&app, &secret)?)],
    ))
}
