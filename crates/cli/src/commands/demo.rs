//! `demo`: a sample company whose files go through the real import, week by week.
//!
//! Start at [`run`]. The folder keeps a note of what it is for: when the demonstration is told, and whether all of it
//! is there. A start that finds it unfinished goes on where the last one was stopped.
//!
//! **Invariant:** a data folder without that note belongs to somebody else, and is not touched.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use postern_engine::{AsOf, Clock, Engine, ImportOptions, Wait, make_private};
use postern_model::Criticality;
use postern_report::words::{count, counted};
use postern_sample::demo::{self, Level, SITE, WEEKS, Week};
use postern_server::{HuntingLimits, LISTEN};
use serde::{Deserialize, Serialize};

use super::progress::progress;
use super::serve::serve;
use super::{Outcome, Session};
use crate::args;
use crate::output::Page;

/// The default data folder, beside that of real data.
pub const FOLDER: &str = "postern-demo";
/// The note in the data folder.
const NOTE_FILE: &str = "demo.json";
/// Held while a process prepares the demonstration.
const LOCK_FILE: &str = "demo.lock";
/// The files of each week, for people to look at.
const FILES_FOLDER: &str = "demo-files";
/// Who has imported and decided everything here.
const AUTHOR: &str = "demo";

/// What the data folder was made for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// The time of the last week's import.
    now: Timestamp,
    is_complete: bool,
}

pub async fn run(session: Session, args: args::Demo) -> Result<Outcome> {
    let folder = session.folder_or(FOLDER)?;
    let note = prepare(&session, &folder).await?;
    say(format!(
        "The demonstration of {} is in {}. Its files lie in {FILES_FOLDER} there; docs/demo.md tells what is in them.",
        note.now.strftime("%Y-%m-%d"),
        folder.display()
    ))?;
    if !args.no_serve {
        let session = Session {
            data: Some(folder),
            ..session
        };
        serve(
            &session,
            args.listen.unwrap_or_else(|| LISTEN.to_owned()),
            None,
            HuntingLimits::default(),
        )
        .await?;
    }
    Ok(Outcome::Done)
}

fn say(line: String) -> Result<()> {
    let mut page = Page::new();
    page.line(0, line);
    Ok(page.print()?)
}

/// Makes the demonstration's data in `folder`, unless it is there.
async fn prepare(session: &Session, folder: &Path) -> Result<Note> {
    let found = Note::read(folder)?;
    if let Some(note) = found.filter(|note| note.is_complete) {
        return Ok(note);
    }
    if found.is_none() && Engine::is_at(folder) {
        bail!(
            "{} holds data that is no demonstration, and stays as it is; --data or POSTERN_DATA names another folder",
            folder.display()
        );
    }
    make_private(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let _lock = lock(folder)?;
    // What was begun goes on in its own time; where nothing was imported yet, that time can as well be now.
    let note = match Note::read(folder)? {
        // Another process has finished it since.
        Some(note) if note.is_complete => return Ok(note),
        Some(note) if Engine::is_at(folder) => note,
        _ => Note {
            now: session.clock.now(),
            is_complete: false,
        },
    };
    note.write(folder)?;
    let weeks = demo::weeks(note.now)?;
    say(format!("Preparing the demonstration in {}:", folder.display()))?;
    for week in weeks {
        let engine = Engine::open(folder, session.catalog.as_deref(), Clock::Fixed(week.imported_at)).await?;
        if !is_built(&engine, week).await? {
            import(&engine, week, &folder.join(FILES_FOLDER)).await?;
        }
        say(week_line(&engine, week).await?)?;
    }
    let note = Note {
        is_complete: true,
        ..note
    };
    note.write(folder)?;
    Ok(note)
}

impl Note {
    fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(NOTE_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(cause).with_context(|| format!("cannot read {}", path.display())),
        };
        let note = serde_json::from_str(&text).with_context(|| {
            format!(
                "{} cannot be understood; delete its folder to begin anew",
                path.display()
            )
        })?;
        Ok(Some(note))
    }

    /// Put in place whole, so that whoever is stopped leaves the note before or the note after.
    fn write(&self, folder: &Path) -> Result<()> {
        let (path, written) = (folder.join(NOTE_FILE), folder.join(format!("{NOTE_FILE}.new")));
        let text = serde_json::to_string(self).expect("a note is plain data");
        fs::write(&written, text)
            .and_then(|()| fs::rename(&written, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Keeps a second process from telling other weeks in between. The system lets go of it when this process ends.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK_FILE);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "another `postern demo` is preparing {}; wait for it, or name another folder with --data",
            folder.display()
        ),
        Err(TryLockError::Error(cause)) => Err(cause).with_context(|| format!("cannot lock {}", path.display())),
    }
}

async fn is_built(engine: &Engine, week: Week) -> Result<bool> {
    let generations = engine.ledger().generations().await?;
    Ok(generations.iter().any(|it| it.evaluated_at == week.imported_at))
}

/// Writes a week's files, takes them in and builds that week's generation. What an earlier try has taken in already is
/// recognised.
async fn import(engine: &Engine, week: Week, files: &Path) -> Result<()> {
    if week.number == 1 {
        decide(engine).await?;
    }
    let collection = week.write(&files.join(format!("week-{}", week.number)))?;
    let directory: Vec<PathBuf> = [collection.directory.files, collection.cloud.files].concat();
    for (paths, source, build) in [
        (directory, None, false),
        (collection.site.files, Some(SITE.to_owned()), true),
    ] {
        let options = ImportOptions {
            source,
            keep_raw: true,
            build,
            wait: Wait::Yes,
            shown_below: None,
            author: Some(AUTHOR.to_owned()),
        };
        let report = engine.import(&paths, &options, progress()).await?;
        let reject = report
            .files
            .iter()
            .find_map(|file| Some((&file.path, file.rejects.first()?)));
        if let Some((file, reject)) = reject {
            bail!(
                "a file of the demonstration was refused, which is a mistake in Postern: {file}: {}",
                reject.reason
            );
        }
    }
    // Where everything of the week was taken in before, the import had nothing to build.
    engine.build(Wait::Yes, progress()).await?;
    Ok(())
}

/// Sets what must not be lost, before there is anything: a decision that comes later would hide what was fixed.
async fn decide(engine: &Engine) -> Result<()> {
    let decided = engine.ledger().decisions().await?;
    for asset in demo::critical_assets() {
        let level = match asset.level {
            Level::High => Criticality::High,
            Level::VeryHigh => Criticality::VeryHigh,
        };
        let is_decided = decided
            .iter()
            .any(|it| it.subject.value.eq_ignore_ascii_case(&asset.id));
        if !is_decided {
            engine.set_criticality(&asset.id, Some(Some(level)), AUTHOR).await?;
        }
    }
    Ok(())
}

async fn week_line(engine: &Engine, week: Week) -> Result<String> {
    let record = engine.record(AsOf::Time(week.imported_at)).await?;
    let rows = |table: &str| record.counts[table].as_u64().unwrap_or_default();
    Ok(format!(
        "  week {} of {WEEKS}, {}: {} assets, {}",
        week.number,
        week.imported_at.strftime("%Y-%m-%d"),
        count(rows("nodes")),
        counted(rows("paths"), "attack path", "attack paths"),
    ))
}
