//! What every request and answer has to hold to, whatever the handler: hosts, sites, headers, limits.
//!
//! * A browser on the same machine can be made to send requests to loopback under another name (DNS rebinding):
//!   while the server listens there, it answers to its own names only.
//! * A page of another site can send requests with the cookie of ours: what changes something is refused unless
//!   our own page has sent it.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::problem::{Kind, Problem};

/// A body that is no upload.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Requests that are answered at the same time; more are told to come again.
pub const REQUESTS_AT_ONCE_MAX: usize = 256;
/// An answer that takes longer is given up. Uploads take as long as they take.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const COME_AGAIN_AFTER_S: u64 = 2;
/// Bodies that are being received at the same time, uploads aside.
pub const BODIES_AT_ONCE_MAX: usize = 64;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The names under which the server is asked.
#[derive(Clone, Debug)]
pub struct Names {
    /// `None`: any.
    hosts: Option<Vec<String>>,
}

impl Names {
    /// * `address`: where the server listens; * `public_url`: under which name people reach it.
    pub fn new(address: IpAddr, public_url: Option<&str>) -> Self {
        let hosts = address.is_loopback().then(|| {
            let own = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
            let public = public_url.map(|url| host_of(authority(url)).to_ascii_lowercase());
            own.into_iter().chain([bracketed(address)]).chain(public).collect()
        });
        Self { hosts }
    }

    fn answers_to(&self, authority: &str) -> bool {
        let host = host_of(authority).to_ascii_lowercase();
        self.hosts.as_ref().is_none_or(|hosts| hosts.contains(&host))
    }
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// `host:port` of a URL or origin.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// An authority without its port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Refuses what was sent to another name, or by another site.
pub async fn check_origin(app: App, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = request.uri().authority().map(ToString::to_string);
    let host = host
        .or_else(|| text(headers, &header::HOST).map(str::to_owned))
        .unwrap_or_default();
    if !app.names.answers_to(&host) {
        let detail = "Use the address that the server has printed, or start it with --public-url.";
        return Problem::new(
            Kind::WrongHost,
            format!("The server does not answer to {host:?}."),
            detail,
        )
        .into_response();
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe && is_foreign(headers, &host, app.options.public_url.as_deref()) {
        let detail = "Use the page of the server itself, or a token.";
        return Problem::new(Kind::ForeignSite, "The request comes from another site.", detail).into_response();
    }
    next.run(request).await
}

/// Whether a browser says that a page of another site has sent this.
fn is_foreign(headers: &HeaderMap, host: &str, public_url: Option<&str>) -> bool {
    const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    if let Some(site) = text(headers, &SEC_FETCH_SITE)
        && !matches!(site, "same-origin" | "none")
    {
        return true;
    }
    match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        // Programs send none; every browser does.
        None => false,
        Some(Err(_)) => true,
        Some(Ok(origin)) => {
            let origin = authority(origin);
            !origin.eq_ignore_ascii_case(host)
                && !public_url.is_some_and(|url| origin.eq_ignore_ascii_case(authority(url)))
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Headers of every answer. A page sets its own Content-Security-Policy.
pub async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Gives up on answers that take too long, and sends people away when too many wait. Uploads are outside: their
/// own limits hold for them.
///
/// A body is read before there is a place for its request: who sends slowly, signed in or not, must not keep others
/// from reading.
pub async fn limit(app: App, request: Request, next: Next) -> Response {
    let request = match received(&app, request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let Ok(_place) = app.places.try_acquire() else {
        let detail = "Try again in a moment.";
        let problem = Problem::new(Kind::Busy, "Too many requests are being answered.", detail);
        return problem.retry_after(COME_AGAIN_AFTER_S).into_response();
    };
    match tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let title = format!("The answer took longer than {} seconds.", ANSWER_WITHIN.as_secs());
            Problem::new(Kind::TooSlow, title, "Ask for less, or try again later.").into_response()
        }
    }
}

/// The request with all of its body.
async fn received(app: &App, request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let Ok(_place) = app.bodies.try_acquire() else {
        let problem = Problem::new(
            Kind::Busy,
            "Too many requests are being sent.",
            "Try again in a moment.",
        );
        return Err(problem.retry_after(COME_AGAIN_AFTER_S));
    };
    let (head, body) = request.into_parts();
    let mut whole = Request::new(body);
    // Among them the limit of its size.
    *whole.extensions_mut() = head.extensions.clone();
    match tokio::time::timeout(BODY_WITHIN, Bytes::from_request(whole, &())).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(head, Body::from(bytes))),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let title = format!("The body of a request has at most {} MiB.", BODY_BYTES_MAX >> 20);
            Err(Problem::new(Kind::TooLarge, title, "Ask in smaller parts."))
        }
        Ok(Err(_)) => {
            let title = "The body of the request ended early.";
            Err(Problem::new(Kind::Malformed, title, "Send it again."))
        }
        Err(_) => {
            let title = format!(
                "The body of the request took longer than {} seconds.",
                BODY_WITHIN.as_secs()
            );
            Err(Problem::new(Kind::TooSlow, title, "Send it again."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_loopback_only_own_names_are_answered_to() {
        let names = Names::new(IpAddr::from([127, 0, 0, 1]), Some("https://postern.corp.example/"));
        for host in [
            "localhost:8686",
            "127.0.0.1:1",
            "[::1]:8686",
            "LOCALHOST",
            "postern.corp.example",
        ] {
            assert!(names.answers_to(host), "{host}");
        }
        for host in ["attacker.example:8686", "", "localhost.attacker.example"] {
            assert!(!names.answers_to(host), "{host}");
        }
        assert!(Names::new(IpAddr::from([0, 0, 0, 0]), None).answers_to("anything.example"));
    }

    #[test]
    fn a_browser_tells_of_other_sites() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            pairs.collect()
        };
        let is_foreign = |pairs| is_foreign(&headers(pairs), "localhost:8686", Some("https://postern.example"));
        assert!(!is_foreign(&[]));
        assert!(!is_foreign(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://localhost:8686")
        ]));
        assert!(!is_foreign(&[("origin", "https://postern.example")]));
        assert!(is_foreign(&[("sec-fetch-site", "cross-site")]));
        assert!(is_foreign(&[("sec-fetch-site", "same-site")]));
        assert!(is_foreign(&[("origin", "http://localhost:9999")]));
        assert!(is_foreign(&[("origin", "null")]));
    }
}
