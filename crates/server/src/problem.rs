//! What a client is told when something did not work: RFC 9457 problem documents.
//!
//! `title` says what happened, `detail` what to do. The cause behind a failure of ours goes to the log and never
//! to the client. Start at [`Problem`]; [`Kind::status`] is the only place that knows statuses.

use std::error::Error;
use std::fmt;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postern_engine::EngineError;
use postern_ledger::LedgerError;
use postern_report::ReportError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{Permission, Role};

pub const CONTENT_TYPE: &str = "application/problem+json";

/// Shown in place of what went wrong inside.
const SEE_THE_LOG: &str = "Try again. If it stays, the server's log says why.";

/// What kind of thing went wrong. The name in kebab case is the last part of the document's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Malformed,
    SignInNeeded,
    WrongPassword,
    NotAllowed,
    ForeignSite,
    NotFound,
    /// Nothing was imported yet.
    NoGeneration,
    MethodNotAllowed,
    Conflict,
    TooLarge,
    MediaType,
    WrongHost,
    Invalid,
    TooManyRequests,
    Internal,
    Busy,
    TooSlow,
    DiskFull,
}

impl Kind {
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::SignInNeeded | Self::WrongPassword => StatusCode::UNAUTHORIZED,
            Self::NotAllowed | Self::ForeignSite => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoGeneration => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
            Self::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::SignInNeeded => "sign-in-needed",
            Self::WrongPassword => "wrong-password",
            Self::NotAllowed => "not-allowed",
            Self::ForeignSite => "foreign-site",
            Self::NotFound => "not-found",
            Self::NoGeneration => "no-generation",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::TooLarge => "too-large",
            Self::MediaType => "media-type",
            Self::WrongHost => "wrong-host",
            Self::Invalid => "invalid",
            Self::TooManyRequests => "too-many-requests",
            Self::Internal => "internal",
            Self::Busy => "busy",
            Self::TooSlow => "too-slow",
            Self::DiskFull => "disk-full",
        }
    }
}

/// When to ask again while a generation is being loaded, in seconds.
const LOADED_AFTER_S: u64 = 2;

/// Why a request was not answered as asked.
#[derive(Debug)]
pub struct Problem {
    pub kind: Kind,
    pub title: String,
    pub detail: String,
    /// Seconds to wait before the next attempt.
    pub retry_after_s: Option<u64>,
    /// For the log.
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// The document itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// `/problems/` and what kind it is.
    pub r#type: String,
    /// What happened.
    pub title: String,
    pub status: u16,
    /// What to do.
    pub detail: String,
}

/// Two sentences about work that failed after its request was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemText {
    /// What happened.
    pub title: String,
    /// What to do.
    pub detail: String,
}

impl Problem {
    pub fn new(kind: Kind, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            title: title.into(),
            detail: detail.into(),
            retry_after_s: None,
            cause: None,
        }
    }

    /// Something of ours failed; `cause` is for the log.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(Kind::Internal, "The server could not do this.", SEE_THE_LOG)
        }
    }

    pub fn not_found(what: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, format!("There is no {what}."), detail)
    }

    pub fn conflict(title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, title, detail)
    }

    pub fn invalid(title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, title, detail)
    }

    pub fn no_generation() -> Self {
        let detail = "Import something first; the answer is there as soon as it is built.";
        Self::new(Kind::NoGeneration, "There is no generation yet.", detail)
    }

    /// The server has just started, and reads what was built before.
    pub fn loading(generation: i64) -> Self {
        let title = format!("Generation {generation} is being loaded.");
        let detail = "That takes a few seconds after a start; try again then.";
        Self::new(Kind::Busy, title, detail).retry_after(LOADED_AFTER_S)
    }

    pub fn sign_in_needed() -> Self {
        let detail = "Sign in, or send a token as `Authorization: Bearer postern_…`.";
        Self::new(Kind::SignInNeeded, "You are not signed in.", detail)
    }

    pub fn not_allowed(role: Role, permission: Permission) -> Self {
        let title = format!("Your role, {}, does not allow this.", role.as_str());
        let detail = format!(
            "It needs the permission {}, which the role {} has. Ask an administrator.",
            permission.as_str(),
            permission.least_role().as_str()
        );
        Self::new(Kind::NotAllowed, title, detail)
    }

    pub fn stopping() -> Self {
        let detail = "Try again when it runs again.";
        Self::new(Kind::Busy, "The server is being stopped.", detail)
    }

    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Writes the cause to the log, if it is one of ours.
    pub fn log(&self, what: &str) {
        if let Some(cause) = &self.cause {
            tracing::error!(cause = %Chain(&**cause), "{what}");
        }
    }

    pub fn text(&self) -> ProblemText {
        ProblemText {
            title: self.title.clone(),
            detail: self.detail.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        self.log("a request failed");
        let document = Document {
            r#type: format!("/problems/{}", self.kind.slug()),
            title: self.title,
            status: status.as_u16(),
            detail: self.detail,
        };
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.kind == Kind::SignInNeeded {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An error with all that caused it, in one line.
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::NoSuchSource { id } => Self::not_found(
                format_args!("source {id}"),
                "It was removed, perhaps; the list of sources shows those there are.",
            ),
            LedgerError::NoSuchGeneration { number } => Self::not_found(
                format_args!("generation {number}"),
                "The list of generations shows those that are kept.",
            ),
            LedgerError::NoSuchUser { name } => {
                Self::not_found(format_args!("user {name}"), "The list of users shows those there are.")
            }
            LedgerError::NoSuchToken { id } => Self::not_found(
                format_args!("token {id}"),
                "It was revoked, perhaps, or is somebody else's.",
            ),
            LedgerError::UserExists { .. } => Self::conflict(
                sentence(&error),
                "Choose another name; letter case does not tell users apart.",
            ),
            LedgerError::LastAdministrator { .. } => {
                Self::conflict(sentence(&error), "Make another user an administrator first.")
            }
            LedgerError::UserDisabled { .. } => Self::conflict(sentence(&error), "An administrator can enable it."),
            LedgerError::TooManyTokens { .. } => {
                Self::conflict(sentence(&error), "Revoke those that are not needed any more.")
            }
            LedgerError::UserNameRefused { .. } => Self::invalid(
                sentence(&error),
                "Choose another name, such as ann or ann@corp.example.",
            ),
            LedgerError::NoSuchHunting { .. } => Self::new(
                Kind::NotFound,
                sentence(&error),
                "It was deleted, perhaps, or is somebody else's.",
            ),
            LedgerError::HuntingRefused { .. } => Self::invalid(sentence(&error), "Change it and try again."),
            LedgerError::TooManyHunting { .. } => {
                Self::conflict(sentence(&error), "Delete those that are not needed any more.")
            }
            LedgerError::TokenRefused { .. } => Self::invalid(sentence(&error), "Change it and try again."),
            LedgerError::Full { .. } => Self {
                cause: Some(error.into()),
                ..Self::new(
                    Kind::DiskFull,
                    "The disk of the data folder is full.",
                    "Make room on it, then try again.",
                )
            },
            LedgerError::Busy { .. } => {
                let problem = Self::new(
                    Kind::Busy,
                    "The data folder is busy.",
                    "Another process is writing to it; try again in a minute.",
                );
                Self {
                    cause: Some(error.into()),
                    ..problem.retry_after(30)
                }
            }
            other => Self::internal(other),
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Ledger(error) => error.into(),
            EngineError::NoGeneration | EngineError::NoGenerationAsOf { .. } => Self::no_generation(),
            EngineError::NoSuchSetting { .. } => {
                Self::new(Kind::NotFound, sentence(&error), "The list of settings shows them all.")
            }
            EngineError::NoSuchRule { .. } => {
                Self::new(Kind::NotFound, sentence(&error), "The list of rules shows them all.")
            }
            EngineError::LockedRule { .. } => Self::invalid(sentence(&error), "Switch off a rule that is not locked."),
            EngineError::Setting { .. } => {
                Self::invalid(sentence(&error), "The list of settings says what each can be.")
            }
            other => Self::internal(other),
        }
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        let title = sentence(&error);
        match error {
            ReportError::BadQuery { .. } => Self::invalid(title, "Correct the address."),
            ReportError::NoSuch { .. } | ReportError::NothingNamed { .. } | ReportError::NoSuchEdge { .. } => {
                Self::new(
                    Kind::NotFound,
                    title,
                    "It may be in another generation, or have been renamed.",
                )
            }
            ReportError::PathGone { .. } => Self::new(
                Kind::NotFound,
                title,
                "It was an attack path of an earlier generation; the page of changes tells more.",
            ),
            ReportError::Ambiguous { .. }
            | ReportError::NotOneAsset { .. }
            | ReportError::ControlPlane { .. }
            | ReportError::NotAnId { .. }
            | ReportError::ShortId { .. } => Self::invalid(title, "Name one thing by its id."),
            ReportError::Engine(error) => error.into(),
            ReportError::Ledger(error) => error.into(),
            ReportError::Attack(error) => Self::internal(error),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let kind = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::MediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Kind::Invalid,
            _ => Kind::Malformed,
        };
        Self::new(
            kind,
            "The body of the request cannot be read.",
            told(&rejection.body_text()),
        )
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        let title = "The query of the address cannot be read.";
        Self::new(Kind::Malformed, title, told(&rejection.body_text()))
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(
            Kind::NotFound,
            "There is nothing at this address.",
            told(&rejection.body_text()),
        )
    }
}

/// An error and its causes with a capital letter and a full stop.
pub fn sentence(error: &dyn Error) -> String {
    told(&Chain(error).to_string())
}

/// A text with a capital letter and a full stop.
pub fn told(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence() {
        let error = EngineError::NoSuchSetting {
            key: "x".to_owned(),
            known: "y, z".to_owned(),
        };
        assert_eq!(sentence(&error), "There is no setting x; there are y, z.");
    }

    #[test]
    fn what_went_wrong_inside_is_not_told_to_the_client() {
        let problem = Problem::internal("secret path");
        assert!(!format!("{} {}", problem.title, problem.detail).contains("secret"));
    }
}
