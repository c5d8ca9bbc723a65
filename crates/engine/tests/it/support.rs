//! A data folder that vanishes, and an engine on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use postern_attack::Removal;
use postern_engine::{AsOf, Clock, Engine, Generation, ImportOptions, ImportReport, Silent, Wait};
use postern_model::RelationKind;
use tempfile::TempDir;

/// Takes out the techniques that begin at anybody and end at whoever's password may be guessed: with them nearly every
/// account of an organisation gets to nearly everything.
pub fn guessing() -> Removal {
    Removal {
        techniques: [RelationKind::Kerberoast, RelationKind::AsRepRoast].into(),
        ..Removal::default()
    }
}

/// An engine with a clock that stands still.
pub struct Place {
    pub folder: TempDir,
    pub engine: Engine,
}

impl Place {
    pub async fn new() -> Self {
        Self::at("2026-01-21T00:00:00Z").await
    }

    pub async fn at(time: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Clock::Fixed(time.parse::<Timestamp>().expect("a time"));
        let engine = Engine::open(&folder.path().join("data"), None, clock)
            .await
            .expect("opens");
        Self { folder, engine }
    }

    /// Writes a file to import.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join("files").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("makes the folder");
        fs::write(&path, content).expect("writes the file");
        path
    }

    pub async fn import(&self, paths: &[PathBuf]) -> ImportReport {
        self.import_with(paths, &options()).await
    }

    pub async fn import_with(&self, paths: &[PathBuf], options: &ImportOptions) -> ImportReport {
        self.engine
            .import(paths, options, Arc::new(Silent))
            .await
            .expect("imports")
    }

    pub async fn current(&self) -> Generation {
        self.engine.load(AsOf::Current).await.expect("a generation")
    }

    /// Logical digests of the tables that must not depend on the order of imports.
    pub async fn digests(&self) -> BTreeMap<String, String> {
        let record = self.engine.record(AsOf::Current).await.expect("a generation");
        let digests: BTreeMap<String, String> = serde_json::from_value(record.digests).expect("digests are texts");
        // What became of a path depends on which generations there were.
        digests
            .into_iter()
            .filter(|(table, _)| table != "path_events")
            .collect()
    }
}

pub fn options() -> ImportOptions {
    ImportOptions {
        source: None,
        keep_raw: false,
        build: true,
        wait: Wait::Yes,
        shown_below: None,
        author: None,
    }
}

/// Files directly below a folder, sorted.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// A zip of files, under their own names.
pub fn zip(path: &Path, files: &[PathBuf]) {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(fs::File::create(path).expect("creates the archive"));
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy();
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .expect("begins an entry");
        archive
            .write_all(&fs::read(file).expect("reads the file"))
            .expect("writes the entry");
    }
    archive.finish().expect("completes the archive");
}
