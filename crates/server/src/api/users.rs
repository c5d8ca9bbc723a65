//! Who may sign in.

use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use postern_ledger::UserChange;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::auth::{Requires, Role, Secret, machine, may};
use crate::extract::{Body, Path};
use crate::problem::Problem;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct UserPage {
    pub items: Vec<User>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub name: String,
    pub role: Role,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    pub is_disabled: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Letters from A to Z, digits and `. _ - @`; letter case does not tell users apart.
    #[schema(min_length = 1, max_length = 64)]
    pub name: String,
    pub role: Role,
    /// 12 to 256 characters, and not the name. Without one it is generated.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, min_length = 12, max_length = 256)]
    pub password: Option<Secret>,
}

/// What is to change; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    #[serde(default)]
    pub role: Option<Role>,
    /// Disabling ends the user's sessions, and the user's tokens are worth nothing meanwhile.
    #[serde(default)]
    pub is_disabled: Option<bool>,
    /// Ends the user's sessions.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, min_length = 12, max_length = 256)]
    pub password: Option<Secret>,
    /// Generate a password and tell it in the answer.
    #[serde(default)]
    pub generate_password: bool,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct UserAdded {
    pub user: User,
    /// Where it was generated. It is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// A user as it is now.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct UserChanged {
    #[serde(flatten)]
    pub user: User,
    /// Where it was generated. It is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

fn shown(generated: Option<Secret>) -> Option<String> {
    generated.map(|it| it.expose().to_owned())
}

impl From<postern_ledger::User> for User {
    fn from(user: postern_ledger::User) -> Self {
        Self {
            name: user.name,
            role: user.role,
            created_at: user.created_at,
            last_seen_at: user.last_seen_at,
            is_disabled: user.is_disabled,
        }
    }
}

/// All users, by name.
#[utoipa::path(get, path = "/users", tag = "users", responses((status = 200, body = UserPage)))]
pub async fn list(_may: Requires<may::ManageUsers>, app: App) -> Result<Json<UserPage>, Problem> {
    let users = app.engine.ledger().users().await?;
    Ok(Json(UserPage {
        items: users.into_iter().map(User::from).collect(),
    }))
}

/// Add a user.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser,
    responses((status = 201, body = UserAdded), (status = 409, description = "The name is taken.")))]
pub async fn create(
    may: Requires<may::ManageUsers>,
    app: App,
    body: Body<NewUser>,
) -> Result<(StatusCode, Json<UserAdded>), Problem> {
    let NewUser { name, role, password } = body.0;
    let (password, generated) = machine::chosen_or_generated(&name, password)?;
    let hash = app.accounts.passwords.hash(password).await?;
    let user = app.engine.ledger().create_user(&name, role, hash, may.name()).await?;
    let (user, password) = (user.into(), shown(generated));
    Ok((StatusCode::CREATED, Json(UserAdded { user, password })))
}

/// Change a user's role or password, disable or enable.
#[utoipa::path(patch, path = "/users/{name}", tag = "users", params(("name" = String, Path)),
    request_body = UserPatch, responses((status = 200, body = UserChanged),
    (status = 404, description = "No such user."), (status = 409, description = "The last enabled administrator.")))]
pub async fn change(
    may: Requires<may::ManageUsers>,
    app: App,
    name: Path<String>,
    body: Body<UserPatch>,
) -> Result<Json<UserChanged>, Problem> {
    let patch = body.0;
    let (password, generated) = match (patch.password, patch.generate_password) {
        (None, false) => (None, None),
        (Some(_), true) => {
            let detail = "Leave one of the two out: password or generate_password.";
            return Err(Problem::invalid(
                "A password is both given and to be generated.",
                detail,
            ));
        }
        (password, _) => {
            let (password, generated) = machine::chosen_or_generated(&name.0, password)?;
            (Some(password), generated)
        }
    };
    let change = UserChange {
        role: patch.role,
        is_disabled: patch.is_disabled,
        password_hash: match password {
            Some(password) => Some(app.accounts.passwords.hash(password).await?),
            None => None,
        },
    };
    let user = app.engine.ledger().change_user(&name.0, change, may.name()).await?;
    let (user, password) = (user.into(), shown(generated));
    Ok(Json(UserChanged { user, password }))
}

/// Forget a user, with all sessions and tokens.
#[utoipa::path(delete, path = "/users/{name}", tag = "users", params(("name" = String, Path)),
    responses((status = 204), (status = 404, description = "No such user."),
    (status = 409, description = "The last enabled administrator.")))]
pub async fn remove(may: Requires<may::ManageUsers>, app: App, name: Path<String>) -> Result<StatusCode, Problem> {
    app.engine.ledger().delete_user(&name.0, may.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}
