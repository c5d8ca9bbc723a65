//! Files in, from a browser or any other program: streamed to the disk, then imported by a worker.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, header};
use tokio::io::AsyncWriteExt;
use utoipa::ToSchema;

use crate::App;
use crate::auth::{Requires, may};
use crate::jobs::{Handle, Job, JobKind, JobProgress, JobState};
use crate::problem::{Kind, Problem};
use crate::spool::{Spool, free_bytes};
use crate::worker::Task;
use crate::workers;

/// All files of one upload together.
pub const UPLOAD_BYTES_MAX: u64 = 64 << 30;
pub const UPLOAD_FILES_MAX: usize = 10_000;
/// Uploads that are received at the same time.
pub const UPLOADS_AT_ONCE_MAX: usize = 4;
/// What an upload leaves free on the disk: importing, building and the ledger need room too.
pub const DISK_FREE_BYTES_MIN: u64 = 1 << 30;
/// The field `source`.
const SOURCE_BYTES_MAX: usize = 200;
/// The disk is looked at again after so many bytes.
const LOOK_AT_DISK_EVERY_BYTES: u64 = 64 << 20;
/// An upload that sends nothing for so long has failed.
const SILENT_FOR_MAX: Duration = Duration::from_secs(120);
const TELL_EVERY: Duration = Duration::from_millis(200);
/// File names in a job's title.
const NAMES_SHOWN: usize = 3;

/// The form that a browser sends.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "only describes the form; the fields are read one after the other"
)]
pub struct UploadForm {
    /// Name of the source, if it is to have one; also the site of hosts that a scanner knows by NetBIOS name only.
    source: Option<String>,
    /// Files and archives, recognised by content. A file's name may hold folders.
    #[schema(value_type = Vec<String>, content_media_type = "application/octet-stream")]
    file: Vec<String>,
}

/// Upload files, and import them.
///
/// The job is there while the files are being sent. Ending the connection cancels it, and so does DELETE on the job.
#[utoipa::path(post, path = "/uploads", tag = "sources",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 202, body = Job), (status = 413, description = "Too large."),
        (status = 507, description = "The disk is too full.")))]
pub async fn upload(
    may: Requires<may::ImportData>,
    app: App,
    request: Request,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let _place = app.uploads.try_acquire().map_err(|_| {
        let title = format!("{UPLOADS_AT_ONCE_MAX} uploads are being received already.");
        Problem::new(Kind::Busy, title, "Try again when one of them has ended.").retry_after(10)
    })?;
    let announced = announced_bytes(request.headers());
    check_size(&app, announced.unwrap_or(0))?;
    let title = "Import of files that are being sent".to_owned();
    let handle = app
        .jobs
        .begin(JobKind::Import, title, may.name(), JobState::Receiving)
        .await?;
    let received = tokio::select! {
        received = receive(&app, &handle, request, announced) => received,
        () = handle.asked_to_end() => Err(Problem::conflict("The upload was cancelled.", "Send the files again.")),
        () = app.stopped() => Err(Problem::stopping()),
    };
    match received {
        Ok((spool, source)) => {
            let names: Vec<String> = spool.tops().into_iter().collect();
            handle.title(title_of(&names));
            handle.state(JobState::Queued);
            let job = handle.job()?;
            tokio::spawn(import(app.clone(), handle, spool, source, may.name().to_owned()));
            Ok((StatusCode::ACCEPTED, Json(job)))
        }
        Err(problem) => {
            match problem.kind {
                // Somebody has cancelled it, or gone.
                Kind::Conflict => handle.cancelled(),
                // The server is being stopped.
                Kind::Busy => handle.interrupted(),
                _ => handle.failed(problem.text()),
            }
            Err(problem)
        }
    }
}

fn announced_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Refuses what is too large, and what the disk has no room for.
fn check_size(app: &App, more_bytes: u64) -> Result<(), Problem> {
    if more_bytes > UPLOAD_BYTES_MAX {
        return Err(too_large());
    }
    let free = free_bytes(app.engine.root()).map_err(Problem::internal)?;
    if free < more_bytes.saturating_add(DISK_FREE_BYTES_MIN) {
        let title = format!(
            "The disk of the data folder is too full: {} are free, and {} are kept free.",
            bytes_text(free),
            bytes_text(DISK_FREE_BYTES_MIN)
        );
        return Err(Problem::new(
            Kind::DiskFull,
            title,
            "Make room on it, then send the files again.",
        ));
    }
    Ok(())
}

fn too_large() -> Problem {
    let title = format!("An upload has at most {}.", bytes_text(UPLOAD_BYTES_MAX));
    Problem::new(Kind::TooLarge, title, "Send the files in several uploads.")
}

fn bytes_text(bytes: u64) -> String {
    match bytes >> 20 {
        0..1024 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

/// Writes all files of a form into a spool; a few buffers are all that is held in memory.
async fn receive(
    app: &App,
    handle: &Handle,
    request: Request,
    announced: Option<u64>,
) -> Result<(Spool, Option<String>), Problem> {
    let form = Multipart::from_request(request, app).await;
    let mut form = form.map_err(|error| Problem::new(Kind::Malformed, NO_FORM, error.body_text()))?;
    let spool = Spool::new(app.engine.root(), handle.id()).map_err(Problem::internal)?;
    let mut receiving = Receiving {
        app,
        handle,
        spool,
        bytes: 0,
        looked_at: 0,
        announced,
        told: None,
    };
    let mut source = None;
    while let Some(field) = in_time(form.next_field()).await? {
        match field.name() {
            Some("source") => source = Some(source_name(field).await?),
            Some("file") => receiving.file(field).await?,
            other => {
                let title = format!("The form has a field {:?}.", other.unwrap_or_default());
                return Err(Problem::invalid(
                    title,
                    "Its fields are `source` and, as often as needed, `file`.",
                ));
            }
        }
    }
    if receiving.spool.files() == 0 {
        return Err(Problem::invalid(
            "The upload has no files.",
            "Send each in a field `file` of the form.",
        ));
    }
    Ok((receiving.spool, source.filter(|name| !name.is_empty())))
}

/// The next part of what is being sent, which has to come soon: a client that has gone silent holds a place.
async fn in_time<T>(next: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Problem> {
    match tokio::time::timeout(SILENT_FOR_MAX, next).await {
        Ok(next) => next.map_err(interrupted),
        Err(_) => {
            let title = format!("Nothing was sent for {} seconds.", SILENT_FOR_MAX.as_secs());
            Err(Problem::new(Kind::TooSlow, title, "Send the files again."))
        }
    }
}

const NO_FORM: &str = "The body is no form with files.";

/// The connection has ended, or what came over it is no form.
fn interrupted(error: MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        // What broke is the connection and not the form. Nobody reads this; the job counts as cancelled.
        StatusCode::INTERNAL_SERVER_ERROR => Problem::conflict("The connection has ended.", "Send the files again."),
        _ => Problem::new(Kind::Malformed, "The upload ended early.", error.body_text()),
    }
}

async fn source_name(mut field: Field<'_>) -> Result<String, Problem> {
    let mut name = Vec::new();
    while let Some(chunk) = in_time(field.chunk()).await? {
        name.extend_from_slice(&chunk);
        if name.len() > SOURCE_BYTES_MAX {
            let title = format!("The name of a source has at most {SOURCE_BYTES_MAX} bytes.");
            return Err(Problem::invalid(title, "Give it a shorter one."));
        }
    }
    let name = String::from_utf8(name)
        .ok()
        .filter(|name| !name.contains(char::is_control));
    name.map(|name| name.trim().to_owned())
        .ok_or_else(|| Problem::invalid("The name of the source is no text.", "Send it as UTF-8, in one line."))
}

struct Receiving<'a> {
    app: &'a App,
    handle: &'a Handle,
    spool: Spool,
    bytes: u64,
    /// At how many bytes the disk was looked at.
    looked_at: u64,
    announced: Option<u64>,
    told: Option<Instant>,
}

impl Receiving<'_> {
    async fn file(&mut self, mut field: Field<'_>) -> Result<(), Problem> {
        if self.spool.files() == UPLOAD_FILES_MAX {
            let title = format!("An upload has at most {UPLOAD_FILES_MAX} files.");
            return Err(Problem::new(Kind::TooLarge, title, "Put them into a zip archive."));
        }
        let sent = field.file_name().unwrap_or_default().to_owned();
        let (mut file, name) = self.spool.create(&sent).await.map_err(disk)?;
        while let Some(chunk) = in_time(field.chunk()).await? {
            self.bytes += chunk.len() as u64;
            if self.bytes > UPLOAD_BYTES_MAX {
                return Err(too_large());
            }
            if self.bytes - self.looked_at >= LOOK_AT_DISK_EVERY_BYTES {
                self.looked_at = self.bytes;
                check_size(self.app, 0)?;
            }
            file.write_all(&chunk).await.map_err(disk)?;
            self.tell(&name);
        }
        file.flush().await.map_err(disk)
    }

    fn tell(&mut self, name: &str) {
        if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            self.told = Some(Instant::now());
            self.handle.progress(JobProgress {
                phase: JobState::Receiving.as_str().to_owned(),
                current_file: Some(name.to_owned()),
                done_bytes: self.bytes,
                total_bytes: self.announced,
            });
        }
    }
}

fn disk(cause: std::io::Error) -> Problem {
    match cause.kind() {
        std::io::ErrorKind::StorageFull => {
            let detail = "Make room on it, then send the files again.";
            Problem::new(Kind::DiskFull, "The disk of the data folder is full.", detail)
        }
        _ => Problem::internal(cause),
    }
}

/// Waits for its turn, then has a worker import what lies in the spool.
async fn import(app: App, handle: Handle, spool: Spool, source: Option<String>, author: String) {
    let turn = tokio::select! {
        turn = app.jobs.turn(JobKind::Import) => turn,
        () = handle.asked_to_end() => return handle.cancelled(),
        // Dropped with the handle, the job counts as interrupted.
        () = app.stopped() => return,
    };
    handle.state(JobState::Running);
    let task = Task::Import {
        folder: spool.folder().to_owned(),
        source,
        author,
    };
    let ended = workers::run(&app, &task, &handle).await;
    drop(turn);
    drop(spool);
    app.look.notify_one();
    ended.tell(handle);
}

fn title_of(names: &[String]) -> String {
    let shown = names
        .iter()
        .take(NAMES_SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => format!("Import {shown}"),
        more => format!("Import {shown} and {more} more"),
    }
}
