//! Numbers about the server itself, in the text form that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use crate::App;

/// Upper ends of the buckets of a request's duration, in seconds.
const BUCKETS_S: [f64; 8] = [0.005, 0.02, 0.05, 0.1, 0.3, 1.0, 5.0, 30.0];
/// What is not part of the API.
const OTHER_ROUTE: &str = "console";
/// Methods that are counted by name. Anybody can make up others, and each would be remembered.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];
const OTHER_METHOD: &str = "other";

#[derive(Default)]
pub struct Metrics(Mutex<BTreeMap<(String, String), Route>>);

#[derive(Default)]
struct Route {
    by_status: BTreeMap<u16, u64>,
    buckets: [u64; BUCKETS_S.len()],
    sum_s: f64,
}

impl Metrics {
    fn count(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let method = METHODS
            .iter()
            .find(|it| *it == method)
            .map_or(OTHER_METHOD, Method::as_str);
        let route = routes.entry((route.to_owned(), method.to_owned())).or_default();
        *route.by_status.entry(status).or_default() += 1;
        let took_s = took.as_secs_f64();
        route.sum_s += took_s;
        for (count, end) in route.buckets.iter_mut().zip(BUCKETS_S) {
            *count += u64::from(took_s <= end);
        }
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(out, "# HELP postern_requests_total Requests by route and status.")?;
        writeln!(out, "# TYPE postern_requests_total counter")?;
        for ((path, method), route) in &*routes {
            for (status, count) in &route.by_status {
                let labels = format!("method=\"{method}\",route=\"{path}\",status=\"{status}\"");
                writeln!(out, "postern_requests_total{{{labels}}} {count}")?;
            }
        }
        writeln!(
            out,
            "# HELP postern_request_seconds Time until the first byte of the answer."
        )?;
        writeln!(out, "# TYPE postern_request_seconds histogram")?;
        for ((path, method), route) in &*routes {
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            let count: u64 = route.by_status.values().sum();
            for (bucket, end) in route.buckets.iter().zip(BUCKETS_S) {
                writeln!(out, "postern_request_seconds_bucket{{{labels},le=\"{end}\"}} {bucket}")?;
            }
            writeln!(out, "postern_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}")?;
            writeln!(out, "postern_request_seconds_sum{{{labels}}} {}", route.sum_s)?;
            writeln!(out, "postern_request_seconds_count{{{labels}}} {count}")?;
        }
        Ok(())
    }
}

/// All numbers, as text.
pub fn text(app: &App) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = app.metrics.write(&mut out).and_then(|()| write_state(app, &mut out));
    out
}

fn write_state(app: &App, out: &mut String) -> std::fmt::Result {
    let state = app.state.borrow().clone();
    writeln!(out, "# HELP postern_jobs Jobs that are remembered.")?;
    writeln!(out, "# TYPE postern_jobs gauge")?;
    for ((kind, state), count) in app.jobs.counts() {
        writeln!(out, "postern_jobs{{kind=\"{kind}\",state=\"{state}\"}} {count}")?;
    }
    let mut gauge =
        |name: &str, help: &str, value: u64| writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    let number = state.generation.and_then(|number| u64::try_from(number).ok());
    gauge(
        "postern_generation",
        "The generation that is answered from; 0 for none.",
        number.unwrap_or(0),
    )?;
    gauge(
        "postern_up_to_date",
        "1 when that generation holds everything.",
        state.is_up_to_date.into(),
    )?;
    gauge("postern_building", "1 while a build runs.", state.is_building.into())?;
    if let Some(bytes) = resident_bytes() {
        gauge(
            "process_resident_memory_bytes",
            "Memory of the server, without its workers.",
            bytes,
        )?;
    }
    Ok(())
}

/// Where the system says it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Counts each request, and says in the log what became of it.
pub async fn count(app: App, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| OTHER_ROUTE.to_owned());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let begun = std::time::Instant::now();
    let response = next.run(request).await;
    let (took, status) = (begun.elapsed(), response.status().as_u16());
    app.metrics.count(&method, &route, status, took);
    tracing::info!(%method, path, status, elapsed_ms = took.as_secs_f64() * 1000.0, "request");
    response
}
