//! What all handlers and tasks share.
//!
//! [`App`] is cheap to clone. [`Current`] is the generation that a handler answers from: it stays the same for
//! the whole answer, also when a newer one is put in place meanwhile.

use std::ops::Deref;
use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use postern_engine::Engine;
use postern_report::{ReportError, Reports, State};
use tokio::sync::{Notify, Semaphore, watch};

use crate::Options;
use crate::api::UPLOADS_AT_ONCE_MAX;
use crate::auth::accounts::Accounts;
use crate::builder::Builder;
use crate::hunting::Hunting;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::problem::{Kind, Problem};
use crate::security::{BODIES_AT_ONCE_MAX, Names, REQUESTS_AT_ONCE_MAX};

/// Questions that are computed at the same time; others wait. Each holds a core.
pub const QUESTIONS_AT_ONCE_MAX: usize = 8;

#[derive(Clone)]
pub struct App(Arc<Shared>);

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

pub struct Shared {
    pub engine: Engine,
    pub options: Options,
    pub names: Names,
    pub accounts: Accounts,
    pub jobs: Jobs,
    pub builder: Builder,
    pub metrics: Metrics,
    pub hunting: Arc<Hunting>,
    /// The generation that is answered from.
    pub served: watch::Sender<Option<Arc<Reports>>>,
    pub state: watch::Sender<State>,
    /// Wakes the keeper: something may have changed.
    pub look: Notify,
    /// True once the server is to end.
    pub stop: watch::Sender<bool>,
    /// For uploads that are being received.
    pub uploads: Semaphore,
    /// For requests that are being answered.
    pub places: Semaphore,
    /// For bodies that are being received, uploads aside.
    pub bodies: Semaphore,
    questions: Semaphore,
}

impl App {
    pub fn new(engine: Engine, options: Options, names: Names) -> Self {
        let accounts = Accounts::new(options.session_limits);
        let hunting = Arc::new(Hunting::new(options.hunting.clone()));
        Self(Arc::new(Shared {
            jobs: Jobs::new(engine.ledger().clone()),
            engine,
            options,
            names,
            accounts,
            hunting,
            builder: Builder::default(),
            metrics: Metrics::default(),
            served: watch::Sender::new(None),
            state: watch::Sender::new(State {
                generation: None,
                is_up_to_date: true,
                is_building: false,
                manifest_version: 0,
                build_problem: None,
            }),
            look: Notify::new(),
            stop: watch::Sender::new(false),
            uploads: Semaphore::new(UPLOADS_AT_ONCE_MAX),
            places: Semaphore::new(REQUESTS_AT_ONCE_MAX),
            bodies: Semaphore::new(BODIES_AT_ONCE_MAX),
            questions: Semaphore::new(QUESTIONS_AT_ONCE_MAX),
        }))
    }

    /// The number of the generation that is answered from.
    pub fn number(&self) -> Option<i64> {
        let served = self.served.borrow();
        served.as_ref().map(|reports| reports.generation.record.number)
    }

    /// Why there is no generation to answer from: nothing was built yet, or it is not in memory yet.
    async fn nothing_served(&self) -> Problem {
        match self.engine.ledger().current_generation().await {
            Ok(None) => Problem::no_generation(),
            Ok(Some(record)) => match &self.state.borrow().build_problem {
                Some(problem) => Problem::new(Kind::Busy, &problem.title, &problem.detail),
                None => Problem::loading(record.number),
            },
            Err(error) => error.into(),
        }
    }

    /// Ends when the server is to end.
    pub async fn stopped(&self) {
        // The sender lives in ourselves, so waiting cannot fail.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Runs what computes for long on a thread of its own.
    ///
    /// # Errors
    /// Those of the work; [`Problem::internal`] when it panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _turn = self.questions.acquire().await.map_err(Problem::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Problem::internal)?
    }
}

/// The newest generation that is loaded, for as long as the answer takes.
pub struct Current {
    pub reports: Arc<Reports>,
    app: App,
}

impl FromRequestParts<App> for Current {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, app: &App) -> Result<Self, Problem> {
        let reports = app.served.borrow().clone();
        let Some(reports) = reports else {
            return Err(app.nothing_served().await);
        };
        Ok(Self {
            reports,
            app: app.clone(),
        })
    }
}

impl Current {
    /// Answers a question about the generation.
    ///
    /// # Errors
    /// Those of the question.
    pub async fn answer<T: Send + 'static>(
        self,
        question: impl FnOnce(&Reports) -> Result<T, ReportError> + Send + 'static,
    ) -> Result<Json<T>, Problem> {
        let reports = self.reports;
        self.app.compute(move || Ok(question(&reports)?)).await.map(Json)
    }
}
