//! The cookie of a session.

use axum::http::{HeaderMap, HeaderValue, header};
use postern_ledger::SessionLimits;

use crate::App;
use crate::api::SESSION_COOKIE;
use crate::auth::Secret;
use crate::problem::Problem;

/// The header that gives a browser its session. Scripts cannot read it, other sites cannot send it, and where
/// people reach the server by TLS it is never sent without.
///
/// # Errors
/// Never for a secret of ours, which is plain hexadecimal digits.
pub fn set(app: &App, secret: &Secret) -> Result<HeaderValue, Problem> {
    header_of(secret.expose(), app.accounts.session_limits, is_secure(app))
}

/// The header that takes it back.
///
/// # Errors
/// As [`set`].
pub fn clear(app: &App) -> Result<HeaderValue, Problem> {
    let no_time = SessionLimits {
        idle: std::time::Duration::ZERO,
        absolute: std::time::Duration::ZERO,
    };
    header_of("", no_time, is_secure(app))
}

/// The session's secret that a request brings along.
pub fn read(headers: &HeaderMap) -> Option<Secret> {
    let cookies = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|it| it.to_str().ok());
    let mut pairs = cookies
        .flat_map(|it| it.split(';'))
        .filter_map(|it| it.trim().split_once('='));
    let (_, secret) = pairs.find(|(name, secret)| *name == SESSION_COOKIE && !secret.is_empty())?;
    Some(Secret::new(secret.to_owned()))
}

fn is_secure(app: &App) -> bool {
    app.options
        .public_url
        .as_deref()
        .is_some_and(|url| url.starts_with("https://"))
}

fn header_of(secret: &str, limits: SessionLimits, is_secure: bool) -> Result<HeaderValue, Problem> {
    let seconds = limits.absolute.as_secs();
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{SESSION_COOKIE}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::try_from(text).map_err(Problem::internal)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_our_pages_only_and_by_tls_only_where_there_is_tls() {
        let limits = SessionLimits::default();
        let text = |is_secure| {
            let header = header_of("00ff", limits, is_secure).expect("a header");
            assert!(!format!("{header:?}").contains("00ff"), "not shown by debug");
            header.to_str().expect("text").to_owned()
        };
        let plain = "postern_session=00ff; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict";
        assert_eq!(text(false), plain);
        assert_eq!(text(true), format!("{plain}; Secure"));
    }

    #[test]
    fn it_is_found_among_others() {
        let read = |cookies: &[&str]| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(header::COOKIE, HeaderValue::from_str(cookie).expect("a header"));
            }
            read(&headers).map(|it| it.expose().to_owned())
        };
        assert_eq!(read(&["theme=dark; postern_session=00ff"]).as_deref(), Some("00ff"));
        assert_eq!(
            read(&["theme=dark", "postern_session=00ff;a=b"]).as_deref(),
            Some("00ff")
        );
        assert_eq!(read(&["xpostern_session=00ff; postern_session="]), None);
        assert_eq!(read(&[]), None);
    }
}
