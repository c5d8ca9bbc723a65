//! Where files lie between being sent and being read.
//!
//! **Invariant:** a name that was sent never leads out of the spool, and a spool is gone when it is dropped.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use postern_engine::make_private;
use tokio::fs::File;

/// Below the data folder.
const FOLDER: &str = "uploads";
/// A part of a name; longer ones are cut at the front, so that the ending stays.
const PART_BYTES_MAX: usize = 200;
/// Folders in a name; deeper ones lose the outer ones.
const PARTS_MAX: usize = 16;

/// A folder for the files of one upload.
pub struct Spool {
    folder: PathBuf,
    names: BTreeSet<PathBuf>,
}

impl Spool {
    /// # Errors
    /// Those of the file system.
    pub fn new(data: &Path, job: &str) -> io::Result<Self> {
        let parent = data.join(FOLDER);
        make_private(&parent)?;
        let folder = parent.join(job);
        make_private(&folder)?;
        Ok(Self {
            folder,
            names: BTreeSet::new(),
        })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of what lies at the top: each becomes a source.
    pub fn tops(&self) -> BTreeSet<String> {
        let tops = self.names.iter().filter_map(|name| name.components().next());
        tops.map(|top| top.as_os_str().to_string_lossy().into_owned()).collect()
    }

    pub fn files(&self) -> usize {
        self.names.len()
    }

    /// Makes a file for a name as it was sent. Gives back the name under which it lies.
    ///
    /// # Errors
    /// Those of the file system.
    pub async fn create(&mut self, sent: &str) -> io::Result<(File, String)> {
        let name = self.free_name(clean_name(sent));
        let path = self.folder.join(&name);
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await?;
        }
        let file = File::options().write(true).create_new(true).open(&path).await?;
        let shown = name.display().to_string();
        self.names.insert(name);
        Ok((file, shown))
    }

    /// Puts a number into a name that is taken, as a file or as a folder.
    fn free_name(&self, name: PathBuf) -> PathBuf {
        let is_taken = |name: &Path| {
            self.names
                .iter()
                .any(|taken| taken.starts_with(name) || name.starts_with(taken))
        };
        if !is_taken(&name) {
            return name;
        }
        let text = |part: Option<&std::ffi::OsStr>| part.map(|it| it.to_string_lossy().into_owned());
        let stem = text(name.file_stem()).unwrap_or_default();
        let ending = text(name.extension()).map_or_else(String::new, |it| format!(".{it}"));
        let numbered = (2..).map(|number| name.with_file_name(format!("{stem} ({number}){ending}")));
        // A folder that stands where a file of this name lies makes every name below it taken.
        let parent_is_file = name
            .parent()
            .is_some_and(|it| self.names.iter().any(|taken| it.starts_with(taken)));
        if parent_is_file {
            let flat = name
                .components()
                .map(|it| it.as_os_str().to_string_lossy())
                .collect::<Vec<_>>()
                .join("_");
            return self.free_name(PathBuf::from(flat));
        }
        numbered.into_iter().find(|name| !is_taken(name)).unwrap_or(name)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let folder = std::mem::take(&mut self.folder);
        let remove = move || {
            if let Err(cause) = fs::remove_dir_all(&folder) {
                tracing::warn!(%cause, folder = %folder.display(), "an upload's files cannot be removed");
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// Removes what an earlier run of the server has left.
///
/// # Errors
/// Those of the file system.
pub fn remove_leftovers(data: &Path) -> io::Result<()> {
    match fs::remove_dir_all(data.join(FOLDER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Bytes that are free for us on the disk of the data folder.
///
/// # Errors
/// Those of the file system.
pub fn free_bytes(data: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(data)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The parts of a name that can be parts of a path below the spool.
fn clean_name(sent: &str) -> PathBuf {
    let clean = |part: &str| -> String {
        let letters = part
            .chars()
            .map(|it| if it.is_control() || it == ':' { '_' } else { it });
        let clean: String = letters.collect();
        let mut from = clean.len().saturating_sub(PART_BYTES_MAX);
        while !clean.is_char_boundary(from) {
            from += 1;
        }
        clean[from..].trim().to_owned()
    };
    let parts = sent.split(['/', '\\']).map(clean);
    let parts: Vec<String> = parts.filter(|part| !matches!(part.as_str(), "" | "." | "..")).collect();
    match parts.is_empty() {
        true => PathBuf::from("file"),
        false => parts[parts.len().saturating_sub(PARTS_MAX)..].iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sent_name_never_leads_out_of_the_spool() {
        for (sent, clean) in [
            ("loot.zip", "loot.zip"),
            ("scans/berlin/a.nessus", "scans/berlin/a.nessus"),
            ("../../etc/passwd", "etc/passwd"),
            ("/etc/passwd", "etc/passwd"),
            (r"C:\loot\users.json", "C_/loot/users.json"),
            ("a/./b/../c", "a/b/c"),
            ("", "file"),
            ("..", "file"),
            ("a\0b\nc", "a_b_c"),
        ] {
            assert_eq!(clean_name(sent), PathBuf::from(clean), "{sent}");
        }
        let long = format!("{}.zip", "ä".repeat(500));
        let name = clean_name(&long).display().to_string();
        assert!(name.len() <= PART_BYTES_MAX && name.ends_with("ä.zip"));
    }

    #[tokio::test]
    async fn equal_names_lie_beside_each_other() {
        let data = tempfile::tempdir().expect("a folder");
        let mut spool = Spool::new(data.path(), "7").expect("makes");
        let mut names = Vec::new();
        for sent in ["a.zip", "a.zip", "a.zip/b", "c/d", "c"] {
            names.push(spool.create(sent).await.expect("makes a file").1);
        }
        assert_eq!(names, ["a.zip", "a (2).zip", "a.zip_b", "c/d", "c (2)"]);
        assert_eq!(spool.files(), 5);
        let folder = spool.folder().to_owned();
        tokio::task::spawn_blocking(move || drop(spool)).await.expect("drops");
        let gone = || !folder.exists();
        for _ in 0..500 {
            if gone() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(gone());
    }
}
