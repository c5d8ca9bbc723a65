//! The one task that looks at the ledger: it puts new generations in place, whoever has built them, and starts a
//! build when something has changed, whoever has changed it.
//!
//! **Invariant:** the generation that is answered from is pinned, so that nobody deletes it, and one past
//! generation at most is still in memory when the next one is loaded.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use postern_engine::AsOf;
use postern_ledger::{LedgerError, Pin};
use postern_report::{BuildProblem, Reports, State};

use crate::app::App;
use crate::builder::Builder;
use crate::problem::{Chain, Problem, ProblemText};

/// Other processes change the ledger without telling: look this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Changes that follow each other this closely are built together.
const COALESCE: Duration = Duration::from_millis(300);
/// A server that shows no life for this long no longer keeps its generation from being deleted.
const PIN_TTL: Duration = Duration::from_secs(120);
const RENEW_PIN_EVERY: Duration = Duration::from_secs(30);
/// A generation that could not be loaded is tried again after this.
const LOAD_AGAIN_AFTER: Duration = Duration::from_secs(15);
/// Who has started a build that nobody asked for.
const AUTHOR: &str = "postern";

pub struct Keeper {
    app: App,
    pin: Option<Pin>,
    pin_renewed: Instant,
    past: Weak<Reports>,
    /// Manifest version and newest generation when it was last computed whether one holds the other.
    compared: Option<(i64, Option<i64>)>,
    is_built: bool,
    /// Since when something is not built.
    stale_since: Option<Instant>,
    load_problem: Option<(Instant, ProblemText)>,
}

/// Looks until the server is to end.
pub async fn run(app: App) {
    let mut keeper = Keeper {
        app: app.clone(),
        pin: None,
        pin_renewed: Instant::now(),
        past: Weak::new(),
        compared: None,
        is_built: true,
        stale_since: None,
        load_problem: None,
    };
    let mut told = String::new();
    loop {
        match keeper.look().await {
            Ok(()) => told.clear(),
            Err(error) => {
                let text = Chain(&error).to_string();
                // The same each time: once is enough.
                if text != told {
                    tracing::error!(cause = text, "the ledger cannot be followed");
                    told = text;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = app.look.notified() => {}
            () = app.stopped() => break,
        }
    }
    if let Some(pin) = keeper.pin.take() {
        // The pin runs out by itself, too.
        drop(app.engine.ledger().unpin(pin).await);
    }
}

impl Keeper {
    async fn look(&mut self) -> postern_engine::Result<()> {
        let app = self.app.clone();
        let ledger = app.engine.ledger();
        let version = ledger.manifest_version().await?;
        let newest = ledger.current_generation().await?.map(|record| record.number);
        if let Some(number) = newest {
            if app.number().is_none() {
                // Loading takes seconds, in which nobody is to think that there is nothing.
                self.tell(version, newest).await;
            }
            self.load(number).await;
        }
        self.renew_pin().await?;
        if self.compared != Some((version, newest)) {
            self.is_built = match newest {
                Some(_) => app.engine.up_to_date().await?.is_some(),
                // With nothing imported there is nothing to build.
                None => ledger.manifest().await?.snapshots.is_empty(),
            };
            self.compared = Some((version, newest));
            self.stale_since = None;
        }
        if !self.is_built {
            self.build(version).await;
        }
        self.tell(version, newest).await;
        Ok(())
    }

    /// Loads a generation and puts it in the place of the one before.
    async fn load(&mut self, number: i64) {
        let is_served = self.app.number() == Some(number);
        let failed_lately = self
            .load_problem
            .as_ref()
            .is_some_and(|(at, _)| at.elapsed() < LOAD_AGAIN_AFTER);
        // Somebody still reads the generation before the one in place; three would be in memory.
        let is_full = self.past.strong_count() > 0;
        if is_served || failed_lately || is_full {
            return;
        }
        let begun = Instant::now();
        match self.loaded(number).await {
            Ok((served, pin)) => {
                let served = Arc::new(served);
                if let Some(past) = self.app.served.send_replace(Some(served)) {
                    self.past = Arc::downgrade(&past);
                }
                let past_pin = self.pin.replace(pin);
                self.pin_renewed = Instant::now();
                if let Some(pin) = past_pin {
                    // It runs out by itself, too.
                    drop(self.app.engine.ledger().unpin(pin).await);
                }
                self.load_problem = None;
                let elapsed_ms = begun.elapsed().as_millis();
                tracing::info!(generation = number, elapsed_ms, "generation in place");
            }
            Err(problem) => {
                problem.log("a generation cannot be loaded");
                let problem = ProblemText {
                    title: format!("Generation {number} cannot be loaded."),
                    detail: problem.detail,
                };
                self.load_problem = Some((Instant::now(), problem));
            }
        }
    }

    async fn loaded(&self, number: i64) -> Result<(Reports, Pin), Problem> {
        let engine = &self.app.engine;
        let holder = format!("server, process {}", std::process::id());
        let pin = engine.ledger().pin_generation(number, &holder, PIN_TTL).await?;
        let reports = Reports::load_whole(engine, AsOf::Number(number)).await?;
        let reports = tokio::task::spawn_blocking(move || reports.prepare().map(|()| reports)).await;
        Ok((reports.map_err(Problem::internal)??, pin))
    }

    async fn renew_pin(&mut self) -> postern_engine::Result<()> {
        if let Some(pin) = &self.pin
            && self.pin_renewed.elapsed() >= RENEW_PIN_EVERY
        {
            self.pin_renewed = Instant::now();
            self.pin = match self.app.engine.ledger().renew_pin(pin, PIN_TTL).await {
                Ok(pin) => Some(pin),
                // The machine slept for longer than the pin lives, and another process has tidied up. What is
                // answered from is in memory whole, so nothing is lost, and the rest goes on.
                Err(LedgerError::PinLost { generation }) => {
                    tracing::warn!(generation, "the pin of the generation in place has run out");
                    None
                }
                Err(error) => return Err(error.into()),
            };
        }
        Ok(())
    }

    async fn build(&mut self, version: i64) {
        let builder = &self.app.builder;
        if builder.is_building().await || builder.given_up(version).await.is_some() {
            return;
        }
        if self.stale_since.get_or_insert_with(Instant::now).elapsed() < COALESCE {
            let app = self.app.clone();
            tokio::spawn(async move {
                tokio::time::sleep(COALESCE).await;
                app.look.notify_one();
            });
            return;
        }
        // What has changed by the time of its end is looked at again.
        self.compared = None;
        if let Err(problem) = Builder::start(&self.app, AUTHOR, version).await {
            tracing::warn!(problem.title, "a build cannot be started");
        }
    }

    async fn tell(&self, version: i64, newest: Option<i64>) {
        let generation = self.app.number();
        let problem = match &self.load_problem {
            Some((_, problem)) => Some(problem.clone()),
            None if self.is_built => None,
            None => self.app.builder.given_up(version).await,
        };
        let state = State {
            generation,
            is_up_to_date: self.is_built && generation == newest,
            is_building: self.app.builder.is_building().await,
            manifest_version: version,
            build_problem: problem.map(|problem| BuildProblem {
                title: problem.title,
                detail: problem.detail,
            }),
        };
        self.app.state.send_if_modified(|told| {
            let is_new = *told != state;
            *told = state;
            is_new
        });
    }
}
