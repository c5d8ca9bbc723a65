//! The server as a whole: where it listens, what runs beside it, and how it ends.

use std::fs::{File, TryLockError};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use postern_engine::Engine;
use postern_ledger::SessionLimits;
use serde::Deserialize;
use tokio::net::TcpListener;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

use crate::api::hunting::run::LINES;
use crate::console::Assets;
use crate::hunting::Limits;
use crate::problem::{Kind, Problem};
use crate::security::{BODY_BYTES_MAX, Names};
use crate::workers::WorkerCommand;
use crate::{App, api, console, keeper, metrics, security, spool};

/// Where the server listens unless told otherwise: on this machine only.
pub const LISTEN: &str = "127.0.0.1:8686";
/// Requests and workers have this long to end.
const END_WITHIN: Duration = Duration::from_secs(8);
/// In the data folder.
const LOCK_FILE: &str = "server.lock";
/// Smaller answers are not worth the work.
const COMPRESS_FROM_BYTES: u64 = 1024;

/// How to serve.
pub struct Options {
    /// Host and port; port 0 takes a free one.
    pub listen: String,
    /// The address under which people reach the server, where a proxy stands in front of it.
    pub public_url: Option<String>,
    /// How long people stay signed in.
    pub session_limits: SessionLimits,
    /// What queries of each role may use.
    pub hunting: Limits,
    pub worker: WorkerCommand,
    /// The page.
    pub console: Option<Arc<dyn Assets>>,
}

/// The configuration file: TOML, with the names of the command line. What is said there counts more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data: Option<PathBuf>,
    pub catalog: Option<PathBuf>,
    pub listen: Option<String>,
    pub public_url: Option<String>,
    /// What queries of each role may use.
    #[serde(default)]
    pub hunting: Limits,
}

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("cannot listen on {listen}: another program does; --listen 127.0.0.1:0 takes a free port")]
    Taken { listen: String },
    #[error("cannot listen on {listen}; an address is a host and a port, such as {LISTEN}")]
    Listen {
        listen: String,
        #[source]
        cause: io::Error,
    },
    #[error("--public-url is {url:?}, and has to begin with http:// or https://")]
    PublicUrl { url: String },
    #[error("cannot read the configuration {}", path.display())]
    ReadConfig {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot understand the configuration {}", path.display())]
    Config {
        path: PathBuf,
        #[source]
        cause: toml::de::Error,
    },
    #[error("another server serves {}; --data or POSTERN_DATA names another folder", data.display())]
    Served { data: PathBuf },
    #[error("cannot lock {}", path.display())]
    Lock {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot remove what an earlier run has left in {}", data.display())]
    Leftovers {
        data: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the server ended unexpectedly")]
    Serve {
        #[source]
        cause: io::Error,
    },
    #[error(transparent)]
    Engine(#[from] postern_engine::EngineError),
}

impl Config {
    /// # Errors
    /// [`ServerError::ReadConfig`] and [`ServerError::Config`].
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let text = std::fs::read_to_string(path).map_err(|cause| ServerError::ReadConfig {
            path: path.to_owned(),
            cause,
        })?;
        toml::from_str(&text).map_err(|cause| ServerError::Config {
            path: path.to_owned(),
            cause,
        })
    }
}

/// A server that listens, and answers once it is [run](Server::run).
pub struct Server {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
    /// Held while this server runs; the system lets go of it when the process ends, however it does.
    lock: File,
}

impl Server {
    /// Takes the address. Nothing is answered yet.
    ///
    /// # Errors
    /// [`ServerError::Taken`], [`ServerError::Listen`], [`ServerError::PublicUrl`], [`ServerError::Served`],
    /// [`ServerError::Lock`], [`ServerError::Leftovers`].
    pub async fn bind(engine: Engine, options: Options) -> Result<Self, ServerError> {
        if let Some(url) = options.public_url.as_ref().filter(|url| !is_web_url(url)) {
            return Err(ServerError::PublicUrl { url: url.clone() });
        }
        let listen = options.listen.clone();
        let listener = TcpListener::bind(&listen).await.map_err(|cause| match cause.kind() {
            io::ErrorKind::AddrInUse => ServerError::Taken { listen: listen.clone() },
            _ => ServerError::Listen { listen, cause },
        })?;
        let address = listener.local_addr().map_err(|cause| ServerError::Serve { cause })?;
        let lock = lock(engine.root())?;
        spool::remove_leftovers(engine.root()).map_err(|cause| ServerError::Leftovers {
            data: engine.root().to_owned(),
            cause,
        })?;
        let names = Names::new(address.ip(), options.public_url.as_deref());
        let app = App::new(engine, options, names);
        app.jobs.remember().await.map_err(postern_engine::EngineError::from)?;
        Ok(Self {
            app,
            listener,
            address,
            lock,
        })
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A sentence when others than this machine can reach the server.
    pub fn warning(&self) -> Option<String> {
        (!self.address.ip().is_loopback()).then(|| {
            format!(
                "{} can be reached from other machines, and the connection is not encrypted: put a proxy with TLS \
                 in front of it",
                self.address
            )
        })
    }

    /// Answers until `end` does, then ends within ten seconds: what is being answered is answered, workers are
    /// ended, live events stop.
    ///
    /// # Errors
    /// [`ServerError::Serve`].
    pub async fn run(self, end: impl Future<Output = ()> + Send + 'static) -> Result<(), ServerError> {
        let Self {
            app,
            listener,
            lock: _lock,
            ..
        } = self;
        let keeper = tokio::spawn(keeper::run(app.clone()));
        let stopping = app.clone();
        tokio::spawn(async move {
            end.await;
            tracing::info!("ending");
            stopping.stop.send_replace(true);
        });
        let ending = app.clone();
        let service = router(&app).into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(async move { ending.stopped().await });
        let too_late = async {
            app.stopped().await;
            tokio::time::sleep(END_WITHIN).await;
        };
        tokio::select! {
            served = async { serving.await } => served.map_err(|cause| ServerError::Serve { cause })?,
            () = too_late => tracing::warn!("some requests had not ended in time"),
        }
        let all = async {
            // Workers give up what they hold.
            while !app.jobs.open().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            app.jobs.written().await;
            drop(keeper.await);
        };
        if tokio::time::timeout(END_WITHIN, all).await.is_err() {
            tracing::warn!("some work had not ended in time");
        }
        tracing::info!("ended");
        Ok(())
    }
}

/// Keeps a second server off a data folder: it would take the first one's uploads and jobs for leftovers. Other
/// commands are free to work beside a server.
fn lock(data: &Path) -> Result<File, ServerError> {
    let path = data.join(LOCK_FILE);
    let failed = |cause| ServerError::Lock {
        path: path.clone(),
        cause,
    };
    let file = File::create(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ServerError::Served { data: data.to_owned() }),
        Err(TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

fn is_web_url(url: &str) -> bool {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
}

/// Everything that is answered, with what holds for all of it around.
pub fn router(app: &App) -> Router {
    let (short, long, _) = api::router();
    let short = short.layer(from_fn_with_state(app.clone(), security::limit));
    let short = short.layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    let long = long.layer(DefaultBodyLimit::disable());
    let own = api::server_router().layer(from_fn_with_state(app.clone(), security::limit));
    let compression = CompressionLayer::new()
        .gzip(true)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESS_FROM_BYTES).and(is_json));
    Router::new()
        .nest(api::PREFIX, short.merge(long))
        .merge(own)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(console::serve)
        .layer(compression)
        .layer(CatchPanicLayer::custom(|_| {
            Problem::internal("a handler panicked").into_response()
        }))
        .layer(from_fn_with_state(app.clone(), security::check_origin))
        .layer(from_fn(security::add_headers))
        .layer(from_fn_with_state(app.clone(), metrics::count))
        .with_state(app.clone())
}

fn is_json(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let media_type = headers
        .get(axum::http::header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok());
    // Lines of a query are sent as they are made; compression would gather them.
    media_type.is_some_and(|it| it.contains("json") && it != LINES)
}

async fn method_not_allowed() -> Problem {
    let detail = "GET /api/v1/openapi.json lists what can be done at each address.";
    Problem::new(Kind::MethodNotAllowed, "This cannot be done at this address.", detail)
}
