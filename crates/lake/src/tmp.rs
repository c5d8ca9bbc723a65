//! The local folder in which files are prepared before they are put in the store, and to which those are
//! copied that a store across a network holds.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::error::{LakeError, Result};

#[derive(Debug)]
pub struct Tmp {
    path: PathBuf,
}

/// A folder of one writer, deleted with all that is still in it.
#[derive(Debug)]
pub struct TmpFolder {
    path: PathBuf,
}

impl TmpFolder {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TmpFolder {
    fn drop(&mut self) {
        // What cannot be deleted now is found by the next sweep.
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Tmp {
    /// Opens the folder, making it where it is missing.
    pub fn open(path: PathBuf) -> Result<Self> {
        fs::create_dir_all(&path).map_err(LakeError::write(&path))?;
        Ok(Self { path })
    }

    /// A new folder, which no other process uses.
    pub fn folder(&self, purpose: &str) -> Result<TmpFolder> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = self.path.join(format!("{purpose}-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(TmpFolder { path }),
                // Left by an earlier process with our number.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(LakeError::Write { path, cause }),
            }
        }
    }

    /// A new file without a name: its bytes go when it is closed, by a crash too.
    pub fn nameless(&self) -> Result<File> {
        tempfile::tempfile_in(&self.path).map_err(LakeError::write(&self.path))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Deletes what was left behind and in which nothing was written for at least `idle`. Returns how many
    /// folders and files went.
    pub fn sweep(&self, idle: Duration) -> Result<usize> {
        let now = SystemTime::now();
        let mut swept = 0;
        for path in entries(&self.path)? {
            // What its writer has just finished with is no longer here.
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

    /// Bytes of all files, with those left behind.
    pub fn bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        let mut folders = vec![self.path.clone()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder)? {
                match path.symlink_metadata() {
                    Ok(metadata) if metadata.is_dir() => folders.push(path),
                    Ok(metadata) => bytes += metadata.len(),
                    Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                    Err(cause) => return Err(LakeError::Read { path, cause }),
                }
            }
        }
        Ok(bytes)
    }
}

/// What lies directly below a folder; nothing when it has just gone.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
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
