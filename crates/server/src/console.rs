//! The page: files that the binary brings along, and the fallback that lets the page have addresses of its own.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::problem::{Kind, Problem};

/// Files of a page, by path without a leading slash. `index.html` is the page itself.
pub trait Assets: Send + Sync + 'static {
    fn get(&self, path: &str) -> Option<Asset>;
}

/// One file.
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    /// As in the header `content-type`.
    pub media_type: Cow<'static, str>,
    /// The path holds a hash of the content: browsers may keep it for ever.
    pub is_immutable: bool,
    /// Changes with the content: what `etag` holds, without its quotes.
    pub etag: Cow<'static, str>,
    /// The bytes are compressed with gzip.
    pub is_gzip: bool,
}

const INDEX: &str = "index.html";
/// In the page, stands for a number that is good for one answer. Style sheets that scripts make need it.
pub const NONCE_PLACEHOLDER: &str = "__CSP_NONCE__";
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
        let detail = "The page is only read; the API is below /api/v1.";
        return Problem::new(Kind::MethodNotAllowed, "This address is only read.", detail).into_response();
    }
    let Some(assets) = &app.options.console else {
        let detail = "The API is below /api/v1.";
        return Problem::not_found("page in this build", detail).into_response();
    };
    let name = path.trim_start_matches('/');
    if let Some(asset) = assets.get(name).filter(|_| !name.is_empty() && name != INDEX) {
        return file(asset, &request);
    }
    // A missing file is missing; an address of the page is the page's to understand.
    let is_file = name.rsplit('/').next().is_some_and(|last| last.contains('.')) && name.starts_with("assets/");
    match assets.get(INDEX).filter(|_| !is_file) {
        Some(index) => page(&index),
        None => Problem::not_found("such file", "Load the page again; it may be of another version.").into_response(),
    }
}

fn file(asset: Asset, request: &Request) -> Response {
    let etag = format!("\"{}\"", asset.etag);
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|it| it.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|it| it.trim().trim_start_matches("W/") == etag));
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(match asset.bytes {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        }),
    };
    let headers = response.headers_mut();
    let cache = if asset.is_immutable { IMMUTABLE } else { REVALIDATED };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    let texts = [(header::ETAG, etag.as_str()), (header::CONTENT_TYPE, &asset.media_type)];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
    if asset.is_gzip && !is_known {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn page(index: &Asset) -> Response {
    let nonce = match nonce() {
        Ok(nonce) => nonce,
        Err(cause) => return Problem::internal(cause.to_string()).into_response(),
    };
    let page = String::from_utf8_lossy(&index.bytes).replace(NONCE_PLACEHOLDER, &nonce);
    let policy = format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    );
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn nonce() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
