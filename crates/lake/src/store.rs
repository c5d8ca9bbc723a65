//! Where finished files go, and how they get there whole.
//!
//! Everything is written below `tmp/` first, synced to disk, then renamed to its place on the same file
//! system. A store that is not a local folder will upload instead: [`Store::put_file`] and
//! [`Store::put_folder`] are the only ways in.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::error::{LakeError, Result};

pub const TMP: &str = "tmp";

#[derive(Debug)]
pub struct Store {
    root: PathBuf,
}

/// What became of a folder that was to be put in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Done,
    /// A whole one was there before and stays.
    Kept,
}

/// A folder below `tmp/`, deleted with all it holds unless it was put in place.
#[derive(Debug)]
pub struct TmpFolder {
    path: PathBuf,
    /// Once the folder has moved away, another process may use its name.
    is_ours: bool,
}

impl TmpFolder {
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn move_to(&mut self, place: &Path) -> io::Result<()> {
        fs::rename(&self.path, place)?;
        self.is_ours = false;
        Ok(())
    }
}

impl Drop for TmpFolder {
    fn drop(&mut self) {
        if self.is_ours {
            // What cannot be deleted now is found by the next sweep.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

impl Store {
    /// Opens a store, making its folders where they are missing.
    pub fn open(root: &Path, folders: &[&str]) -> Result<Self> {
        let root = std::path::absolute(root).map_err(LakeError::read(root))?;
        for folder in folders.iter().chain(&[TMP]) {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(LakeError::write(&path))?;
        }
        sync_folder(&root)?;
        Ok(Self { root })
    }

    pub fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// A new folder below `tmp/`, which no other process uses.
    pub fn tmp_folder(&self, purpose: &str) -> Result<TmpFolder> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = self
                .root
                .join(TMP)
                .join(format!("{purpose}-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(TmpFolder { path, is_ours: true }),
                // Left by an earlier process with our number.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(LakeError::Write { path, cause }),
            }
        }
    }

    /// Moves a synced local file to its key, over one that may be there.
    pub fn put_file(&self, local: &Path, key: &str) -> Result<()> {
        let path = self.path(key);
        let parent = path.parent().expect("a key lies below the root");
        fs::create_dir_all(parent).map_err(LakeError::write(parent))?;
        fs::rename(local, &path).map_err(LakeError::write(&path))?;
        sync_folder(parent)?;
        sync_folder(parent.parent().unwrap_or(&self.root))
    }

    /// Puts a folder of synced files in place, unless a whole one is there: one that has its `marker`.
    /// Files that stand there without it (a raw copy that came first, a move that was interrupted) are
    /// completed, the marker last, so that no reader takes a part for the whole.
    pub fn put_folder(&self, mut local: TmpFolder, key: &str, marker: &str) -> Result<Put> {
        let place = self.path(key);
        sync_folder(local.path())?;
        match local.move_to(&place) {
            Ok(()) => {
                sync_folder(place.parent().unwrap_or(&self.root))?;
                return Ok(Put::Done);
            }
            Err(cause) if is_occupied(&cause) => {}
            Err(cause) => return Err(LakeError::Write { path: place, cause }),
        }
        if place.join(marker).exists() {
            return Ok(Put::Kept);
        }
        let mut names = entries(local.path())?;
        names.sort_by_key(|path| path.file_name() == Some(OsStr::new(marker)));
        for path in names {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            self.put_file(&path, &format!("{key}/{name}"))?;
        }
        Ok(Put::Done)
    }

    /// Puts a folder of synced files in place of whatever is there.
    pub fn replace_folder(&self, mut local: TmpFolder, key: &str) -> Result<()> {
        let place = self.path(key);
        sync_folder(local.path())?;
        self.delete(key)?;
        local.move_to(&place).map_err(LakeError::write(&place))?;
        sync_folder(place.parent().unwrap_or(&self.root))
    }

    /// Deletes a folder; it vanishes at once. Deleting what is not there is no error.
    pub fn delete(&self, key: &str) -> Result<()> {
        let place = self.path(key);
        let doomed = self.tmp_folder("doomed")?;
        match fs::rename(&place, doomed.path().join("folder")) {
            Ok(()) => sync_folder(place.parent().unwrap_or(&self.root)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(LakeError::delete(&place)(cause)),
        }
    }

    /// Names of what lies directly below a folder, sorted.
    pub fn list(&self, key: &str) -> Result<Vec<String>> {
        let mut names: Vec<_> = entries(&self.path(key))?
            .iter()
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Deletes what was left in `tmp/` and in which nothing was written for at least `idle`. Returns how
    /// many folders and files went.
    pub fn sweep_tmp(&self, idle: Duration) -> Result<usize> {
        let now = SystemTime::now();
        let mut swept = 0;
        for path in entries(&self.path(TMP))? {
            // What its writer has just put in place is no longer here.
            let Some(written) = last_written(&path) else { continue };
            if now.duration_since(written).unwrap_or_default() < idle {
                continue;
            }
            match if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            } {
                Ok(()) => swept += 1,
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(LakeError::delete(&path)(cause)),
            }
        }
        Ok(swept)
    }

    /// Calls `add(path, bytes)` for each file below a folder.
    pub fn each_file(&self, key: &str, add: &mut dyn FnMut(&Path, u64)) -> Result<()> {
        let mut folders = vec![self.path(key)];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder)? {
                match path.symlink_metadata() {
                    Ok(metadata) if metadata.is_dir() => folders.push(path),
                    Ok(metadata) => add(&path, metadata.len()),
                    Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                    Err(cause) => return Err(LakeError::Read { path, cause }),
                }
            }
        }
        Ok(())
    }
}

/// What lies directly below a folder; nothing when it has just gone.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(LakeError::read(folder)(cause)),
    };
    read.map(|entry| entry.map(|entry| entry.path()).map_err(LakeError::read(folder)))
        .collect()
}

/// The newest change of a file, or of a folder and the files in it.
fn last_written(path: &Path) -> Option<SystemTime> {
    let modified = |path: &Path| path.symlink_metadata().ok()?.modified().ok();
    let inside = if path.is_dir() { entries(path).ok()? } else { Vec::new() };
    inside
        .iter()
        .filter_map(|path| modified(path))
        .chain(modified(path))
        .max()
}

fn is_occupied(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
        // Windows answers "access denied" when the name is taken by a folder.
        || (cfg!(windows) && cause.kind() == io::ErrorKind::PermissionDenied)
}

/// Makes renames inside a folder outlive a crash. Windows has no such call and needs none.
fn sync_folder(path: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(LakeError::write(path))
}
