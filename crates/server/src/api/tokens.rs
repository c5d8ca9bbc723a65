//! API tokens: one's own, and for administrators everybody's.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use postern_ledger::COMMAND_LINE;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::auth::{Identity, Permission, Requires, Role, Secret, Via, accounts, may};
use crate::extract::{Body, Path};
use crate::problem::Problem;

/// Longest life of a token.
const DAYS_MAX: u64 = postern_ledger::TOKEN_LIFE_MAX.as_secs() / DAY_S;
const DAY_S: u64 = 24 * 60 * 60;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    pub items: Vec<Token>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Token {
    pub id: String,
    /// What it is for.
    pub name: String,
    /// It never allows more than its owner may do.
    pub role: Role,
    /// A user, or `command line` for one that was made on the machine itself.
    pub owner: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 64)]
    pub name: String,
    /// At most one's own.
    pub role: Role,
    #[schema(minimum = 1, maximum = 365)]
    pub expires_in_days: u64,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct TokenMade {
    pub token: Token,
    /// To be sent as `Authorization: Bearer postern_…`. It is shown this once.
    pub secret: String,
}

impl From<postern_ledger::Token> for Token {
    fn from(token: postern_ledger::Token) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name,
            role: token.role,
            owner: token.owner.unwrap_or_else(|| COMMAND_LINE.to_owned()),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// Whose tokens somebody may see and revoke; `None`: everybody's.
fn bound_to(who: &Identity) -> Option<&str> {
    (!Permission::ManageUsers.is_given_to(who.role)).then_some(who.name.as_str())
}

/// One's own tokens, for administrators everybody's; the newest first.
#[utoipa::path(get, path = "/tokens", tag = "tokens", responses((status = 200, body = TokenList)))]
pub async fn list(may: Requires<may::ManageOwnAccess>, app: App) -> Result<Json<TokenList>, Problem> {
    let who = may.identity().ok_or_else(Problem::sign_in_needed)?;
    let tokens = app.engine.ledger().tokens(bound_to(who)).await?;
    Ok(Json(TokenList {
        items: tokens.into_iter().map(Token::from).collect(),
    }))
}

/// Make a token. Only who has signed in with a password can.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = TokenMade)))]
pub async fn create(
    may: Requires<may::ManageOwnAccess>,
    app: App,
    body: Body<NewToken>,
) -> Result<(StatusCode, Json<TokenMade>), Problem> {
    let who = may.identity().ok_or_else(Problem::sign_in_needed)?;
    if who.via == Via::Token {
        return Err(accounts::tokens_may_not("A token cannot make tokens."));
    }
    let NewToken {
        name,
        role,
        expires_in_days,
    } = body.0;
    if !(1..=DAYS_MAX).contains(&expires_in_days) {
        let title = format!("A token cannot live for {expires_in_days} days.");
        return Err(Problem::invalid(title, format!("Choose 1 to {DAYS_MAX} days.")));
    }
    let secret = Secret::for_token()?;
    let token = postern_ledger::NewToken {
        hash: secret.hash(),
        name,
        role,
        owner: Some(who.name.clone()),
        expires_in: Duration::from_secs(expires_in_days * DAY_S),
    };
    let token = app.engine.ledger().create_token(token, may.name()).await?.into();
    let secret = secret.expose().to_owned();
    Ok((StatusCode::CREATED, Json(TokenMade { token, secret })))
}

/// End a token at once.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, description = "No such token.")))]
pub async fn revoke(may: Requires<may::ManageOwnAccess>, app: App, id: Path<i64>) -> Result<StatusCode, Problem> {
    let who = may.identity().ok_or_else(Problem::sign_in_needed)?;
    app.engine
        .ledger()
        .revoke_token(id.0, bound_to(who), may.name())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
