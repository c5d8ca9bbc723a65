//! What happens, as it happens: server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use postern_report::State;
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior};

use crate::App;
use crate::auth::{self, Permission, Requires, may};
use crate::jobs::Job;

const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a stream looks whether whoever listens still may: it ends when not.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A stream ends after this, and the page opens a new one: that counts as a use of the session, listening does not.
const STREAM_FOR: Duration = Duration::from_secs(900);

/// Live events.
///
/// `event: job` with a `Job`, `event: state` with a `State`, `event: generation` with `{number}`. A stream begins
/// with the state and all jobs that have not ended; so does it again for a listener that lags behind. It ends with
/// the session or token.
#[utoipa::path(get, path = "/events", tag = "state",
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn events(
    _may: Requires<may::ReadData>,
    app: App,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = futures::stream::unfold(Listener::new(app, headers), |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

struct Listener {
    app: App,
    /// Of the request: who listens.
    headers: HeaderMap,
    look: tokio::time::Interval,
    jobs: broadcast::Receiver<Job>,
    state: tokio::sync::watch::Receiver<State>,
    generation: Option<i64>,
    waiting: VecDeque<Event>,
    until: Instant,
}

impl Listener {
    fn new(app: App, headers: HeaderMap) -> Self {
        let mut look = tokio::time::interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listener = Self {
            headers,
            look,
            jobs: app.jobs.events(),
            state: app.state.subscribe(),
            generation: None,
            waiting: VecDeque::new(),
            until: Instant::now() + STREAM_FOR,
            app,
        };
        listener.tell_everything();
        listener
    }

    fn tell_everything(&mut self) {
        self.tell_state();
        self.waiting
            .extend(self.app.jobs.open().iter().map(|job| event("job", job)));
    }

    fn tell_state(&mut self) {
        let state = self.state.borrow_and_update().clone();
        if state.generation != self.generation {
            self.generation = state.generation;
            self.waiting.extend(
                state
                    .generation
                    .map(|number| event("generation", &json!({ "number": number }))),
            );
        }
        self.waiting.push_back(event("state", &state));
    }

    /// `None` when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            tokio::select! {
                // In this order, so that many events do not keep it from looking.
                biased;
                () = self.app.stopped() => return None,
                () = tokio::time::sleep_until(self.until) => return None,
                _ = self.look.tick() => if !self.still_may().await {
                    return None;
                },
                job = self.jobs.recv() => match job {
                    Ok(job) => return Some(event("job", &job)),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.tell_everything(),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                changed = self.state.changed() => match changed {
                    Ok(()) => self.tell_state(),
                    Err(_) => return None,
                },
            }
        }
    }

    /// Whether the session or token is still there. One that cannot be looked up counts as gone: the page opens
    /// another stream, and is told why that cannot be.
    async fn still_may(&self) -> bool {
        let found = auth::look_up(&self.app, &self.headers).await;
        found.is_ok_and(|it| it.is_some_and(|who| Permission::ReadData.is_given_to(who.role)))
    }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    let event = Event::default().event(name);
    event
        .json_data(data)
        .unwrap_or_else(|_| Event::default().comment("an event that cannot be written"))
}
