//! `build`, and what every command that changes something says about the generation that follows.

use std::sync::Arc;

use anyhow::Result;
use postern_engine::{AsOf, BuildOutcome, Engine, EngineError, Generation, Wait};
use postern_report::words::{count, counted};
use postern_report::{Reports, Summary};
use schemars::JsonSchema;
use serde::Serialize;

use super::progress::{PhaseTime, Timed, progress};
use super::{Outcome, Session};
use crate::args;
use crate::output::{Line, Page, Report, show};

/// The generation after a change, and what is different in it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BuildReport {
    pub state: BuildState,
    /// Number of the current generation; null before the first.
    pub generation: Option<i64>,
    /// The process that is building, where this one did not wait for it.
    pub builder: Option<String>,
    /// Null where nothing was built.
    pub changes: Option<PathChanges>,
    /// Null where nothing was built.
    pub summary: Option<Summary>,
    /// Of a build that was asked for its timings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phases: Option<Vec<PhaseTime>>,
    /// There is no generation before to compare with.
    #[serde(skip)]
    is_first: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BuildState {
    Built,
    /// Nothing has changed since the current generation.
    UpToDate,
    /// Another process is building; the next build after that takes this change in.
    Pending,
    /// It was not asked for, or there was nothing to build from.
    NotBuilt,
}

/// Attack paths in comparison with the generation before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PathChanges {
    pub paths_new: u64,
    pub paths_gone: u64,
    /// In both, with another cost.
    pub paths_changed: u64,
}

pub async fn run(session: &Session, args: args::Build) -> Result<Outcome> {
    let engine = session.open().await?;
    let before = current(&engine).await?;
    let timed = Arc::new(Timed::new(progress()));
    let outcome = engine.build(wait(args.no_wait), timed.clone()).await?;
    let phases = args.timings.then(|| timed.phases());
    let report = BuildReport {
        phases,
        ..BuildReport::new(&engine, before, Some(outcome)).await?
    };
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

/// Builds after a change, as far as it is wanted.
pub async fn after_change(engine: &Engine, building: &args::Building) -> Result<BuildReport> {
    if building.no_build {
        return BuildReport::new(engine, None, None).await;
    }
    let before = current(engine).await?;
    let outcome = engine.build(wait(building.no_wait), progress()).await?;
    BuildReport::new(engine, before, Some(outcome)).await
}

/// The current generation's number, if there is one yet.
pub async fn current(engine: &Engine) -> Result<Option<i64>> {
    match engine.record(AsOf::Current).await {
        Ok(record) => Ok(Some(record.number)),
        Err(EngineError::NoGeneration) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub fn wait(no_wait: bool) -> Wait {
    if no_wait { Wait::No } else { Wait::Yes }
}

impl BuildReport {
    /// * `before`: the generation that was current before the change.
    pub async fn new(engine: &Engine, before: Option<i64>, outcome: Option<BuildOutcome>) -> Result<Self> {
        let (state, generation, builder) = match outcome {
            Some(BuildOutcome::Built(number)) => (BuildState::Built, Some(number), None),
            Some(BuildOutcome::UpToDate(number)) => (BuildState::UpToDate, Some(number), None),
            Some(BuildOutcome::Pending { holder }) => (BuildState::Pending, current(engine).await?, Some(holder)),
            None => (BuildState::NotBuilt, current(engine).await?, None),
        };
        let mut report = Self {
            state,
            generation,
            builder,
            changes: None,
            summary: None,
            phases: None,
            is_first: before.is_none(),
        };
        if let (BuildState::Built, Some(number)) = (state, generation) {
            let reports = Reports::load(engine, AsOf::Number(number)).await?;
            let newer = &reports.generation;
            let older = match before.filter(|before| *before != number) {
                Some(before) => Some(engine.load(AsOf::Number(before)).await?),
                None => None,
            };
            report.changes = Some(PathChanges::new(older.as_ref(), newer));
            report.summary = Some(reports.summary());
        }
        Ok(report)
    }
}

impl PathChanges {
    fn new(older: Option<&Generation>, newer: &Generation) -> Self {
        match older {
            None => Self {
                paths_new: newer.analysis.paths.len() as u64,
                paths_gone: 0,
                paths_changed: 0,
            },
            Some(older) => {
                let comparison = postern_engine::compare(older, newer);
                Self {
                    paths_new: comparison.paths.added.len() as u64,
                    paths_gone: comparison.paths.removed.len() as u64,
                    paths_changed: comparison.costs.len() as u64,
                }
            }
        }
    }
}

impl Report for BuildReport {
    const SCHEMA: &'static str = "build";

    fn text(&self, page: &mut Page) {
        let number = self
            .generation
            .map_or_else(|| "none".to_owned(), |number| number.to_string());
        let holder = self.builder.as_deref().unwrap_or("another process");
        match self.state {
            BuildState::Built => {
                let mut line = Line::new().bold(format!("Generation {number}"));
                line = line.plain(match &self.changes {
                    Some(changes) if !self.is_first => format!(": {}.", changes.sentence()),
                    _ => ".".to_owned(),
                });
                page.line(0, line);
            }
            BuildState::UpToDate => page.line(0, format!("Nothing changes: generation {number} is up to date.")),
            BuildState::Pending => page.line(
                0,
                format!("Not built yet: {holder} is building. `postern build` takes this in afterwards."),
            ),
            BuildState::NotBuilt => {
                page.line(
                    0,
                    "Nothing was built; `postern build` does it, and so does the next import.",
                );
            }
        }
        if let Some(summary) = &self.summary {
            page.line(0, format!("{}.", summary.headline()));
        }
        for PhaseTime { phase, seconds } in self.phases.iter().flatten() {
            page.line(2, format!("{seconds:7.2} s  {phase}"));
        }
    }
}

impl PathChanges {
    fn sentence(&self) -> String {
        if self.paths_new + self.paths_gone + self.paths_changed == 0 {
            return "the attack paths are as before".to_owned();
        }
        let mut parts = vec![counted(self.paths_new, "new attack path", "new attack paths")];
        parts.push(format!("{} gone", count(self.paths_gone)));
        if self.paths_changed > 0 {
            parts.push(format!("{} of another cost", count(self.paths_changed)));
        }
        parts.join(", ")
    }
}
