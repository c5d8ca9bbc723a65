//! Builds what is current, in a process of its own, one build at a time.
//!
//! [`keeper`](crate::keeper) starts a build whenever something has changed, and people may ask for one.

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::App;
use crate::jobs::{Handle, Job, JobKind, JobState};
use crate::problem::{Problem, ProblemText};
use crate::worker::Task;
use crate::workers::{self, Ended};

/// What a build gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildResult {
    pub generation: i64,
    /// False where the current generation was made of just that.
    pub is_new: bool,
}

#[derive(Default)]
pub struct Builder(Mutex<Building>);

#[derive(Default)]
struct Building {
    /// The job that is building now.
    job: Option<String>,
    /// The manifest's version whose build was tried in vain, and why that failed.
    given_up: Option<(i64, ProblemText)>,
}

impl Builder {
    /// The job that builds, begun now if there is none.
    ///
    /// # Errors
    /// A problem when there are too many jobs, or the one that builds is being cancelled.
    pub async fn start(app: &App, by: &str, manifest_version: i64) -> Result<Job, Problem> {
        let handle = {
            let mut building = app.builder.0.lock().await;
            let running = building.job.as_ref().and_then(|id| app.jobs.get(id));
            if let Some(job) = running.filter(|job| !job.state.is_over()) {
                if app.jobs.is_cancelled(&job.id) {
                    let title = "The build that runs is being cancelled.";
                    return Err(Problem::conflict(title, "Try again in a few seconds."));
                }
                return Ok(job);
            }
            let title = "Build a generation of everything that is current".to_owned();
            let handle = app.jobs.begin(JobKind::Build, title, by, JobState::Running).await?;
            building.job = Some(handle.id().to_owned());
            building.given_up = None;
            handle
        };
        let job = handle.job()?;
        tokio::spawn(build(app.clone(), handle, manifest_version));
        Ok(job)
    }

    pub async fn is_building(&self) -> bool {
        self.0.lock().await.job.is_some()
    }

    /// Why this version of the manifest is not to be built by itself.
    pub async fn given_up(&self, manifest_version: i64) -> Option<ProblemText> {
        let building = self.0.lock().await;
        let given_up = building
            .given_up
            .as_ref()
            .filter(|(version, _)| *version == manifest_version);
        given_up.map(|(_, problem)| problem.clone())
    }
}

async fn build(app: App, handle: Handle, manifest_version: i64) {
    let ended = workers::run(&app, &Task::Build, &handle).await;
    let given_up = match &ended {
        Ended::Done(_) | Ended::Interrupted => None,
        Ended::Failed(problem) => Some(problem.clone()),
        Ended::Cancelled => Some(ProblemText {
            title: "The build was cancelled.".to_owned(),
            detail: "Build now, or change something, to have it tried again.".to_owned(),
        }),
    };
    {
        let mut building = app.builder.0.lock().await;
        building.job = None;
        building.given_up = given_up.map(|problem| (manifest_version, problem));
    }
    ended.tell(handle);
    app.look.notify_one();
}
