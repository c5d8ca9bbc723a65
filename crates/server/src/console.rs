//! The page: files that the binary brings along.
//!
//! This crate knows only [`Assets`], so that nobody needs the tools of the page to build or test the server.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::problem::{Kind, Problem};

/// Files of a page.
pub trait Assets: Send + Sync + 'static {
    /// What to answer at an address: a file, or the page for one that is the page's own to understand. `None` for a
    /// file that is not there.
    ///
    /// * `path`: of the address; * `accept_encoding`: the header, empty when there was none.
    fn get(&self, path: &str, accept_encoding: &str) -> Option<Asset>;

    /// What the page may load and do: the header `Content-Security-Policy`.
    fn policy(&self) -> &'static str;
}

/// One file, as it is to be sent.
pub struct Asset {
    pub bytes: &'static [u8],
    pub media_type: &'static str,
    /// For `Content-Encoding`; `None`: the bytes are the file itself.
    pub encoding: Option<&'static str>,
    /// For `ETag`, with its quotes.
    pub etag: String,
    /// This path will never hold anything else: browsers may keep it for ever.
    pub is_immutable: bool,
}

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Asked again each time, and answered with 304 while it is the same.
const REVALIDATED: &str = "no-cache";

/// Everything that is no operation of the API.
pub async fn serve(app: App, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        let detail = "docs/api.md and GET /api/v1/openapi.json list what there is.";
        return Problem::new(Kind::NotFound, "There is nothing at this address.", detail).into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let detail = "The API is below /api/v1.";
        return Problem::new(Kind::MethodNotAllowed, "This address is only read.", detail).into_response();
    }
    let Some(console) = &app.options.console else {
        return Problem::not_found("page in this build", "The API is below /api/v1.").into_response();
    };
    match console.get(path, text(request.headers(), &header::ACCEPT_ENCODING)) {
        Some(asset) => file(asset, console.policy(), request.headers()),
        None => {
            let detail = "Load the page again; it may be of another version.";
            Problem::not_found("such file", detail).into_response()
        }
    }
}

fn file(asset: Asset, policy: &'static str, headers: &HeaderMap) -> Response {
    let known = text(headers, &header::IF_NONE_MATCH);
    let is_known = known
        .split(',')
        .any(|it| it.trim().trim_start_matches("W/") == asset.etag);
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(Body::from(asset.bytes)),
    };
    let headers = response.headers_mut();
    let cache = if asset.is_immutable { IMMUTABLE } else { REVALIDATED };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, etag);
    }
    if let Some(encoding) = asset.encoding.filter(|_| !is_known) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}
