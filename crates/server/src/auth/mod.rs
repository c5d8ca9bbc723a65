//! Who sent a request, and what they may do.
//!
//! [`identify`] reads cookie or token, [`Requires`] is what a handler demands, [`permission`] says which role
//! may do what.

pub(crate) mod accounts;
mod address;
pub(crate) mod cookie;
mod limiter;
pub mod machine;
mod passwords;
mod permission;
mod requires;
mod secret;

use std::future::Future;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use postern_ledger::{COMMAND_LINE, LedgerError, SecretHash};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use address::Address;
pub use passwords::{HASHES_AT_ONCE_MAX, HASHES_WAITING_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
pub use permission::{Need, Permission, may};
pub use postern_ledger::Role;
pub use requires::{Guarded, Requires};
pub use secret::{Secret, TOKEN_PREFIX};

use crate::App;
use crate::problem::{Chain, Problem};

/// A person or a program that has shown who it is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The user's name; of a token, the name of the user to whom it belongs, or `command line`.
    pub name: String,
    pub role: Role,
    pub via: Via,
    /// When the session or token ends.
    pub expires_at: Timestamp,
}

impl Identity {
    /// False for tokens of the command line, which belong to nobody.
    pub fn is_person(&self) -> bool {
        self.name != COMMAND_LINE
    }
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

/// Who sent a request with these headers; `None` without a cookie or token, or with one that has ended. Counts as a
/// use of it.
///
/// # Errors
/// Those of the ledger.
pub async fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Identity>, Problem> {
    let Some(found) = find(app, headers).await? else {
        return Ok(None);
    };
    let ledger = app.engine.ledger().clone();
    match found.touch_due {
        Some(Touch::Token(id)) => touch(async move { ledger.touch_token(id).await }),
        Some(Touch::Session(hash)) => touch(async move { ledger.touch_session(hash).await }),
        None => {}
    }
    Ok(Some(found.identity))
}

/// As [`identify`], and no use of the session or token: whoever only listens does not keep it alive.
///
/// # Errors
/// Those of the ledger.
pub(crate) async fn look_up(app: &App, headers: &HeaderMap) -> Result<Option<Identity>, Problem> {
    Ok(find(app, headers).await?.map(|found| found.identity))
}

struct Found {
    identity: Identity,
    touch_due: Option<Touch>,
}

/// Whose use is to be written down.
enum Touch {
    Token(i64),
    Session(SecretHash),
}

async fn find(app: &App, headers: &HeaderMap) -> Result<Option<Found>, Problem> {
    let ledger = app.engine.ledger();
    if let Some(secret) = bearer(headers) {
        let found = ledger.token(secret.hash()).await?;
        return Ok(found.map(|found| Found {
            touch_due: found.is_touch_due.then_some(Touch::Token(found.token.id)),
            identity: Identity {
                name: found.token.owner.unwrap_or_else(|| COMMAND_LINE.to_owned()),
                role: found.role,
                via: Via::Token,
                expires_at: found.token.expires_at,
            },
        }));
    }
    let Some(hash) = cookie::read(headers).map(|secret| secret.hash()) else {
        return Ok(None);
    };
    let session = ledger.session(hash).await?;
    Ok(session.map(|session| Found {
        touch_due: session.is_touch_due.then_some(Touch::Session(hash)),
        identity: Identity {
            name: session.user.name,
            role: session.user.role,
            via: Via::Session,
            expires_at: session.expires_at,
        },
    }))
}

/// The token that a request brings along. One that is wrong is no reason to look at the cookie.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| Secret::new(secret.trim().to_owned()))
}

/// Writes down a use beside the request, which must not wait until others have written.
fn touch(note: impl Future<Output = Result<(), LedgerError>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = note.await {
            tracing::warn!(cause = %Chain(&error), "the use of a session or token could not be written down");
        }
    });
}
