//! Files in: parsed, stored, and committed in one transaction (DESIGN 3.2).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postern_ingest::{Counts, Format, IngestError, Input, Sink, SinkError};
use postern_lake::SnapshotWriter;
use postern_ledger::{Claimed, FileReject, RowCounts, SnapshotImport, SnapshotRecord, SourceImport, UploadId};
use postern_model::batch::{Observed, TimeOrigin};
use postern_model::{Batch, Reject, hash128};
use tokio::runtime::Handle;

use crate::engine::blocking;
use crate::intake::{Content, Entry, each_entry, harmless};
use crate::observed::observed;
use crate::{BuildOutcome, Engine, EngineError, Progress, Result, Wait};

/// Rejected rows kept per file; the number of all is kept beside them.
pub const REJECTS_KEPT_MAX: usize = 1_000;
/// Raised when a parser reads the same bytes in another way: files are then read again.
const PARSER_VERSION: &[u8] = b"4";
const HEARTBEAT: Duration = Duration::from_secs(20);
const HASH_BYTES: usize = 1 << 20;

#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// `--source`: names the source, and the site of hosts that a scanner knows by NetBIOS name only.
    pub source: Option<String>,
    /// Keep a compressed copy of each file, so that a later version can read it again.
    pub keep_raw: bool,
    pub build: bool,
    pub wait: Wait,
    /// Paths are shown and kept as they stand below this folder: for files that lie there for a while only.
    pub shown_below: Option<PathBuf>,
    /// Whom the audit log names; else the process.
    pub author: Option<String>,
}

impl ImportOptions {
    /// A path as people know it.
    fn shown(&self, path: &str) -> String {
        let below = self.shown_below.as_ref();
        let rest = below.and_then(|folder| path.strip_prefix(&*harmless(&folder.to_string_lossy())));
        rest.map_or(path, |rest| rest.trim_start_matches(['/', '\\']))
            .to_owned()
    }
}

#[derive(Debug)]
pub struct ImportReport {
    /// The sources that the paths have become, those of which nothing was taken in left out.
    pub source_ids: Vec<i64>,
    pub files: Vec<FileReport>,
    pub manifest_version: i64,
    /// `None` where nothing was built: not asked for, or nothing recognised.
    pub build: Option<BuildOutcome>,
    /// What of earlier garbage could not be deleted, and why; nothing of this import is concerned.
    pub not_swept: Vec<String>,
}

#[derive(Debug)]
pub struct FileReport {
    pub path: String,
    /// `None` for a file that was not taken in.
    pub format: Option<&'static Format>,
    pub observed: Option<Observed>,
    pub counts: Counts,
    /// Had been imported before, byte for byte.
    pub is_known: bool,
    /// At most [`REJECTS_KEPT_MAX`] of them.
    pub rejects: Vec<Reject>,
    pub rejects_total: u64,
}

impl Engine {
    /// Takes in files, folders and archives, and builds the generation that holds them.
    ///
    /// All or nothing: the snapshots of all paths are committed in one transaction. A file that was
    /// imported before changes nothing. Rejected rows and files are in the report.
    ///
    /// # Errors
    /// [`EngineError::Path`] when a path does not exist; those of lake and ledger, a full disk among them.
    /// Nothing is committed then.
    pub async fn import(
        &self,
        paths: &[PathBuf],
        options: &ImportOptions,
        progress: Arc<dyn Progress>,
    ) -> Result<ImportReport> {
        let not_swept = self.sweep().await?;
        let upload = self
            .begin_upload(options.author.as_deref().unwrap_or(&self.holder))
            .await?;
        let heart = self.heartbeat(upload);
        let read = {
            let (engine, paths, options) = (self.clone(), paths.to_vec(), options.clone());
            let progress = progress.clone();
            let runtime = Handle::current();
            blocking(move || {
                Reading {
                    engine: &engine,
                    upload,
                    options: &options,
                    progress: &*progress,
                    runtime,
                }
                .paths(&paths)
            })
            .await
        };
        heart.abort();
        let (sources, files) = match read {
            Ok(read) => read,
            Err(error) => {
                self.give_up(upload).await;
                return Err(error);
            }
        };
        let (source_ids, manifest_version) = if sources.is_empty() {
            self.ledger.abandon_upload(upload).await?;
            (Vec::new(), self.ledger.manifest_version().await?)
        } else {
            let committed = self.ledger.commit_import(upload, None, &sources).await?;
            (committed.source_ids, committed.manifest_version)
        };
        self.forget(upload);
        let build = match options.build && !sources.is_empty() {
            true => Some(self.build(options.wait, progress).await?),
            false => None,
        };
        Ok(ImportReport {
            source_ids,
            files,
            manifest_version,
            build,
            not_swept,
        })
    }

    fn heartbeat(&self, upload: UploadId) -> tokio::task::JoinHandle<()> {
        let ledger = self.ledger.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                if let Err(error) = ledger.heartbeat(upload).await {
                    // The commit will say the same, and why; until then there is nothing to be done.
                    drop(error);
                    return;
                }
            }
        })
    }
}

/// Reading the paths of one import, on a blocking thread.
struct Reading<'a> {
    engine: &'a Engine,
    upload: UploadId,
    options: &'a ImportOptions,
    progress: &'a dyn Progress,
    runtime: Handle,
}

impl Reading<'_> {
    fn paths(&self, paths: &[PathBuf]) -> Result<(Vec<SourceImport>, Vec<FileReport>)> {
        let scratch = self.engine.root.join("lake").join("tmp");
        let imported_at = self.engine.now();
        let (mut sources, mut files) = (Vec::new(), Vec::new());
        // A path that is mistyped is told before an hour was spent on the one in front of it.
        for path in paths {
            std::fs::metadata(path).map_err(|cause| EngineError::Path {
                path: path.clone(),
                cause,
            })?;
        }
        for path in paths {
            let mut source = SourceImport {
                name: self.options.source.clone(),
                path: self.options.shown(&harmless(
                    &std::path::absolute(path)
                        .unwrap_or_else(|_| path.clone())
                        .to_string_lossy(),
                )),
                imported_at,
                snapshots: Vec::new(),
                unread: Vec::new(),
            };
            each_entry(path, &scratch, &mut |entry| {
                let report = self.entry(entry, imported_at, &mut source)?;
                files.push(report);
                Ok(())
            })?;
            if !source.snapshots.is_empty() {
                sources.push(source);
            }
        }
        self.progress.done();
        Ok((sources, files))
    }

    fn entry(&self, entry: Entry, imported_at: Timestamp, source: &mut SourceImport) -> Result<FileReport> {
        let Entry {
            name,
            content,
            length,
            archive_time,
        } = entry;
        let name = self.options.shown(&name);
        let refuse = |source: &mut SourceImport, reason: String| {
            let reject = Reject {
                position: String::new(),
                reason,
            };
            source.unread.push(FileReject {
                file: name.clone(),
                reject: reject.clone(),
            });
            Ok(FileReport {
                path: name.clone(),
                format: None,
                observed: None,
                counts: Counts::default(),
                is_known: false,
                rejects: vec![reject],
                rejects_total: 1,
            })
        };
        let mut file = match content {
            Content::File(file) => file,
            Content::Unreadable(reason) => return refuse(source, reason),
        };
        self.progress.file(&name, length);
        let failed = |cause: io::Error| EngineError::Import {
            file: name.clone(),
            cause: cause.into(),
        };
        let mut input = Input {
            name: &name,
            bytes: &mut file,
            length,
            site: self.options.source.as_deref(),
        };
        let format = match postern_ingest::sniff(&mut input) {
            Ok(format) => format,
            Err(error) => return refuse(source, sentence(&error)),
        };
        let digest = content_digest(&mut file).map_err(failed)?;
        let outside = observed(None, &name, archive_time, imported_at);
        let id = self.snapshot_id(format, &digest, outside);
        // Claimed first, so that nobody deletes between the look and the commit.
        let prefix = self.engine.lake.snapshot_prefix(&id);
        let claimed = self.runtime.block_on(self.engine.ledger.claim(self.upload, &prefix))?;
        if let Some(record) = self.runtime.block_on(self.engine.ledger.snapshot(&id))? {
            return Ok(known(record, name, format, source));
        }

        let lake = &self.engine.lake;
        let mut sink = LakeSink::new(
            (claimed == Claimed::Vacant)
                .then(|| lake.snapshot_writer(&id))
                .transpose()?,
        );
        let mut bytes = Counted {
            file: &mut file,
            progress: self.progress,
            furthest: 0,
            at: 0,
        };
        let input = Input {
            name: &name,
            bytes: &mut bytes,
            length,
            site: self.options.source.as_deref(),
        };
        let summary = match format.read(input, &mut sink) {
            Ok(summary) => summary,
            Err(IngestError::Sink(SinkError(cause))) => return Err(EngineError::Import { file: name, cause }),
            Err(error) => return refuse(source, sentence(&error)),
        };
        if let Some(writer) = sink.writer.take() {
            writer.finish()?;
        }
        if self.options.keep_raw {
            let mut raw = lake.raw_writer(&id)?;
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            io::copy(&mut file, &mut raw)
                .and_then(|_| raw.flush())
                .map_err(failed)?;
            raw.finish()?;
        }
        let observed = observed(summary.observed_at, &name, archive_time, imported_at);
        let record = SnapshotRecord {
            id,
            prefix,
            format: format.id.to_owned(),
            file: name.clone(),
            content_digest: digest,
            observed,
            size_bytes: length,
            rows: sink.rows,
            cells: summary.cells,
            site: self.options.source.clone(),
            is_raw_kept: self.options.keep_raw,
        };
        source.snapshots.push(SnapshotImport {
            record,
            rejects: sink.rejects.clone(),
        });
        Ok(FileReport {
            path: name,
            format: Some(format),
            observed: Some(observed),
            counts: summary.counts,
            is_known: false,
            rejects_total: sink.rows.rejects,
            rejects: sink.rejects,
        })
    }

    /// Equal content is one snapshot, seen at one time from one site. A time that only says when the import
    /// happened makes no difference, nor does a file's name where the content dates itself.
    fn snapshot_id(&self, format: &'static Format, digest: &str, outside: Observed) -> String {
        let time = match outside.origin {
            TimeOrigin::EntryName | TimeOrigin::ArchiveEntry if !format.dates_itself => outside.at.to_string(),
            _ => String::new(),
        };
        let site = self.options.source.as_deref().unwrap_or_default();
        let parts = [
            b"snapshot",
            PARSER_VERSION,
            digest.as_bytes(),
            time.as_bytes(),
            site.as_bytes(),
        ];
        format!("{:032x}", hash128(parts))
    }
}

fn known(record: SnapshotRecord, name: String, format: &'static Format, source: &mut SourceImport) -> FileReport {
    let report = FileReport {
        path: name.clone(),
        format: Some(format),
        observed: Some(record.observed),
        counts: Counts {
            assets: record.rows.objects,
            relations: record.rows.relations,
            ..Counts::default()
        },
        is_known: true,
        rejects: Vec::new(),
        rejects_total: record.rows.rejects,
    };
    source.snapshots.push(SnapshotImport {
        record: SnapshotRecord { file: name, ..record },
        rejects: Vec::new(),
    });
    report
}

/// The whole sentence: what was done, and each cause behind it.
pub(crate) fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn content_digest(file: &mut File) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; HASH_BYTES];
    file.seek(SeekFrom::Start(0))?;
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        };
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Counts what is read, and reads nothing twice in the count.
struct Counted<'a> {
    file: &'a mut File,
    progress: &'a dyn Progress,
    at: u64,
    furthest: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.at += read as u64;
        if self.at > self.furthest {
            self.progress.advance(self.at - self.furthest);
            self.furthest = self.at;
        }
        Ok(read)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

/// Chunks into the lake; without a writer (the content is stored already) they are only counted.
struct LakeSink {
    writer: Option<SnapshotWriter>,
    rows: RowCounts,
    rejects: Vec<Reject>,
}

impl LakeSink {
    fn new(writer: Option<SnapshotWriter>) -> Self {
        Self {
            writer,
            rows: RowCounts::default(),
            rejects: Vec::new(),
        }
    }
}

impl Sink for LakeSink {
    fn rows(&mut self, rows: Batch) -> Result<(), SinkError> {
        let count = rows.rows() as u64;
        match rows.schema.name {
            "objects" => self.rows.objects += count,
            "relations" => self.rows.relations += count,
            "findings" => self.rows.findings += count,
            "services" => self.rows.services += count,
            _ => {}
        }
        match &mut self.writer {
            Some(writer) => writer.write(&rows).map_err(|cause| SinkError(cause.into())),
            None => Ok(()),
        }
    }

    fn reject(&mut self, reject: Reject) {
        self.rows.rejects += 1;
        if self.rejects.len() < REJECTS_KEPT_MAX {
            self.rejects.push(reject);
        }
    }
}
