//! A server on a free port, with the sample organisation in its data folder or with nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_engine::{AsOf, Clock, Engine, ImportOptions, Silent, Wait};
use postern_ledger::SessionLimits;
use postern_sample::organisation;
use postern_server::auth::{Role, Secret, machine};
use postern_server::{Asset, Assets, HuntingLimits, Options, SESSION_COOKIE, Server, ServerError, WorkerCommand};
use postern_testkit::http::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

const PATIENCE: Duration = Duration::from_secs(60);

/// Ends at once and says nothing: most tests need no worker, and must not wait for one.
const NO_WORKER: &str = "exit 0";

/// A server that runs until it is dropped.
pub struct Running {
    pub client: Client,
    pub engine: Engine,
    runtime: Runtime,
    end: Option<oneshot::Sender<()>>,
    pub folder: TempDir,
}

/// A page of two files.
struct Page;

impl Assets for Page {
    fn get(&self, path: &str, _: &str) -> Option<Asset> {
        let is_file = path.starts_with("/static/");
        let (bytes, media_type): (&[u8], _) = match is_file {
            true => (b"run()", "text/javascript"),
            false => (b"<!doctype html>", "text/html"),
        };
        (path != "/static/gone.js").then(|| Asset {
            bytes,
            media_type,
            encoding: None,
            etag: format!("\"{}\"", bytes.len()),
            is_immutable: is_file,
        })
    }

    fn policy(&self) -> &'static str {
        "default-src 'self'"
    }
}

impl Running {
    pub fn empty() -> Self {
        Self::start(NO_WORKER, |_, _| {})
    }

    /// With nothing in it, and a worker that is this shell script.
    pub fn with_worker(script: &str) -> Self {
        Self::start(script, |_, _| {})
    }

    /// With a generation of the sample organisation, which is not in memory yet.
    pub fn just_started() -> Self {
        Self::start(NO_WORKER, |runtime, engine| {
            let files = tempfile::tempdir().expect("a folder");
            import(runtime, engine, files.path());
        })
    }

    /// With a generation of the sample organisation.
    pub fn with_organisation() -> Self {
        let running = Self::just_started();
        running.await_generation(1);
        running
    }

    /// Builds a generation, in place of the worker, and waits until it is what the server answers from.
    pub fn build(&self) {
        let built = self.runtime.block_on(async {
            self.engine.build(Wait::Yes, Arc::new(Silent)).await.expect("builds");
            self.engine.record(AsOf::Current).await.expect("a generation")
        });
        self.await_generation(built.number);
    }

    fn await_generation(&self, number: i64) {
        let begun = Instant::now();
        let client = self.as_role(Role::Reader);
        while client.get("/api/v1/state").is(200)["generation"] != number {
            assert!(begun.elapsed() < PATIENCE, "the generation is not put in place");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn start(worker: &str, prepare: impl FnOnce(&Runtime, &Engine)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("threads");
        let clock = Clock::Fixed("2026-11-03T00:00:00Z".parse().expect("a time"));
        let engine = runtime
            .block_on(Engine::open(folder.path(), None, clock))
            .expect("opens");
        prepare(&runtime, &engine);
        let server = runtime
            .block_on(Server::bind(engine.clone(), options(worker)))
            .expect("listens");
        let (end, ended) = oneshot::channel::<()>();
        let client = Client::new(&server.url());
        runtime.spawn(server.run(async move { drop(ended.await) }));
        Self {
            client,
            engine,
            runtime,
            end: Some(end),
            folder,
        }
    }

    /// Imports the sample organisation while the server runs, as another process would.
    pub fn import_organisation(&self) {
        let files = tempfile::tempdir().expect("a folder");
        import(&self.runtime, &self.engine, files.path());
    }

    /// Starts a second server on the same data folder.
    pub fn serve_again(&self) -> Result<Server, ServerError> {
        let options = options(NO_WORKER);
        self.runtime.block_on(Server::bind(self.engine.clone(), options))
    }

    /// A job, once it has ended.
    pub fn ended(&self, client: &Client, job: &Value) -> Value {
        let path = format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id"));
        let begun = Instant::now();
        loop {
            let job = client.get(&path).is(200);
            if !job["ended_at"].is_null() {
                return job;
            }
            assert!(begun.elapsed() < PATIENCE, "{job}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A client that has just signed in with this role.
    pub fn as_role(&self, role: Role) -> Client {
        let (ledger, name) = (self.engine.ledger(), role.as_str());
        let secret = Secret::for_session().expect("random bytes");
        self.runtime.block_on(async {
            if ledger.user(name).await.expect("reads").is_none() {
                machine::add_user(ledger, name, role, None).await.expect("makes");
            }
            let limits = SessionLimits::default();
            ledger
                .open_session(secret.hash(), name, limits, "127.0.0.1")
                .await
                .expect("opens");
        });
        self.client
            .with("cookie", &format!("{SESSION_COOKIE}={}", secret.expose()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.end.take());
    }
}

fn options(worker: &str) -> Options {
    Options {
        listen: "127.0.0.1:0".to_owned(),
        public_url: None,
        session_limits: SessionLimits::default(),
        hunting: HuntingLimits::default(),
        worker: WorkerCommand {
            program: "sh".into(),
            arguments: vec!["-c".into(), worker.into()],
        },
        console: Some(Arc::new(Page)),
    }
}

fn import(runtime: &Runtime, engine: &Engine, folder: &Path) {
    organisation::write(folder, 1).expect("writes");
    let options = ImportOptions {
        source: None,
        keep_raw: false,
        build: true,
        wait: Wait::Yes,
        shown_below: Some(folder.to_owned()),
        author: None,
    };
    let paths = [folder.to_owned()];
    let imported = engine.import(&paths, &options, Arc::new(Silent));
    runtime.block_on(imported).expect("imports");
}
