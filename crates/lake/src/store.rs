//! Where finished files go, how they get there whole, and how they are read again.
//!
//! Files are prepared in `tmp/`, synced to disk, then put under their keys. What belongs together, a snapshot
//! or a generation, has one prefix, and in it a [`MARKER`] that is put last and deleted first: no object store
//! puts or deletes several objects at once.
//!
//! Everything goes through [`ObjectStore`]. A folder of this machine is an object store too, and treated apart
//! only where that trait promises less of it than we need: [`Store::put`] makes files outlive a crash, and
//! [`Store::delete`] leaves no empty folder.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use futures::{StreamExt, TryStreamExt, future};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::runtime::{Builder, Runtime};

use crate::error::{LakeError, Result, io_error};
use crate::tmp::{Tmp, TmpFolder, entries};

/// Says what a snapshot or a generation holds. Without it there is none.
pub const MARKER: &str = "tables.json";
const TMP: &str = "tmp";
/// A file is uploaded in parts of this size, one after the other. S3, the strictest, takes parts of at least
/// 5 MiB and at most 10,000 of them: files up to 156 GiB, and an error of the store above that.
const PART_BYTES: usize = 16 << 20;

/// Where the work of object stores runs: the timers and sockets of those across a network, and the system
/// calls of the local one, which hands them to the blocking threads of whatever runtime it is called in. In
/// the runtime of our callers, themselves on blocking threads, these calls could wait for ever for a thread
/// once every one is taken by a caller that waits for them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("lake")
        .enable_all()
        .build()
        .expect("the system starts one more thread")
});

fn wait<T>(work: impl Future<Output = T>) -> T {
    let _inside = RUNTIME.enter();
    futures::executor::block_on(work)
}

#[derive(Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// Where the objects are files, when it is a folder of this machine that we sync.
    root: Option<PathBuf>,
    pub tmp: Tmp,
}

/// An object opened for reading.
pub struct Object {
    pub file: File,
    /// How messages name it.
    pub path: PathBuf,
}

impl Store {
    /// Opens a local folder, making it and the ones in it where they are missing.
    pub fn open(root: &Path, folders: &[&str]) -> Result<Self> {
        let root = std::path::absolute(root).map_err(LakeError::read(root))?;
        let tmp = Tmp::open(root.join(TMP))?;
        for folder in folders {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(LakeError::write(&path))?;
        }
        sync_folder(&root).map_err(LakeError::write(&root))?;
        let objects =
            LocalFileSystem::new_with_prefix(&root).map_err(|cause| LakeError::read(&root)(io_error(cause)))?;
        Ok(Self {
            objects: Arc::new(objects),
            root: Some(root),
            tmp,
        })
    }

    pub fn on(objects: Arc<dyn ObjectStore>, tmp: &Path) -> Result<Self> {
        Ok(Self {
            objects,
            root: None,
            tmp: Tmp::open(tmp.to_path_buf())?,
        })
    }

    /// How messages name an object.
    pub fn path(&self, key: &str) -> PathBuf {
        self.root.as_deref().unwrap_or(Path::new("")).join(key)
    }

    /// Puts the synced files of a folder below a prefix, over what may be there, the marker last.
    pub fn put_whole(&self, folder: &TmpFolder, prefix: &str) -> Result<()> {
        let is_marker = |path: &PathBuf| path.file_name() == Some(OsStr::new(MARKER));
        let (marker, others): (Vec<_>, Vec<_>) = entries(folder.path())?.into_iter().partition(is_marker);
        self.put(&others, prefix)?;
        self.put(&marker, prefix)
    }

    /// Moves synced local files below a prefix, over what may be there. Each appears whole or not at all, and
    /// once this returns they outlive a crash.
    ///
    /// `LocalFileSystem` syncs nothing and would copy, so that in a folder of this machine, where `tmp/` lies on
    /// the same file system, files are renamed and the folders synced. Any other store gets an upload.
    pub fn put(&self, files: &[PathBuf], prefix: &str) -> Result<()> {
        if self.root.is_none() {
            return files.iter().try_for_each(|file| self.upload(file, prefix));
        }
        let folder = self.path(prefix);
        fs::create_dir_all(&folder).map_err(LakeError::write(&folder))?;
        for file in files {
            let place = folder.join(name(file));
            fs::rename(file, &place).map_err(LakeError::write(&place))?;
        }
        sync_folder(&folder)
            .and_then(|()| sync_folder(parent(&folder)))
            .map_err(LakeError::write(&folder))
    }

    fn upload(&self, path: &Path, prefix: &str) -> Result<()> {
        let key = format!("{prefix}/{}", name(path).to_string_lossy());
        let failed = |cause| LakeError::write(&self.path(&key))(io_error(cause));
        let mut file = File::open(path).map_err(LakeError::read(path))?;
        let mut next_part = || read_part(&mut file).map_err(LakeError::read(path));
        let location = Key::from(key.as_str());
        wait(async {
            let first = next_part()?;
            if first.len() < PART_BYTES {
                let put = self.objects.put(&location, PutPayload::from(first)).await;
                return put.map(drop).map_err(failed);
            }
            let mut upload = self.objects.put_multipart(&location).await.map_err(failed)?;
            let all = async {
                let mut part = first;
                while !part.is_empty() {
                    upload.put_part(PutPayload::from(part)).await.map_err(failed)?;
                    part = next_part()?;
                }
                upload.complete().await.map(drop).map_err(failed)
            };
            let outcome = all.await;
            if outcome.is_err() {
                // So that the store keeps no parts. Should that fail too, the first failure says more.
                let _ = upload.abort().await;
            }
            outcome
        })
    }

    /// Opens an object. One that is no file of this machine is copied to `tmp/` first: everything is read from
    /// start to end, so that one long request takes the place of one for each page.
    pub fn open_object(&self, key: &str) -> Result<Object> {
        let path = self.path(key);
        let file = wait(async {
            let fetched = self
                .objects
                .get(&Key::from(key))
                .await
                .map_err(LakeError::fetch(&path))?;
            let mut bytes = match fetched.payload {
                GetResultPayload::File(file, _) => return Ok(file),
                GetResultPayload::Stream(bytes) => bytes,
            };
            let mut copy = self.tmp.nameless()?;
            while let Some(part) = bytes.try_next().await.map_err(LakeError::fetch(&path))? {
                copy.write_all(&part).map_err(LakeError::write(self.tmp.path()))?;
            }
            copy.rewind().map_err(LakeError::read(self.tmp.path()))?;
            Ok(copy)
        })?;
        Ok(Object { file, path })
    }

    /// Reads a small object as a whole.
    pub fn read(&self, key: &str) -> Result<Vec<u8>> {
        let read = async { self.objects.get(&Key::from(key)).await?.bytes().await };
        let bytes = wait(read).map_err(LakeError::fetch(&self.path(key)))?;
        Ok(bytes.into())
    }

    /// Deletes everything below a prefix, the marker first, so that no reader takes a part for the whole.
    /// Deleting what is not there is no error.
    pub fn delete(&self, prefix: &str) -> Result<()> {
        let place = self.path(prefix);
        let failed = |cause| LakeError::delete(&place)(io_error(cause));
        let marker = Key::from(format!("{prefix}/{MARKER}"));
        wait(self.delete_all(vec![marker])).map_err(failed)?;
        if self.root.is_some() {
            match sync_folder(&place) {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
                outcome => outcome.map_err(LakeError::delete(&place))?,
            }
        }
        wait(async {
            let objects: Vec<_> = self.objects.list(Some(&Key::from(prefix))).try_collect().await?;
            self.delete_all(objects.into_iter().map(|object| object.location).collect())
                .await
        })
        .map_err(failed)?;
        if self.root.is_none() {
            return Ok(());
        }
        // No other store knows empty folders.
        match fs::remove_dir(&place) {
            Ok(()) => sync_folder(parent(&place)).map_err(LakeError::delete(&place)),
            // Somebody else has deleted it, or puts something there.
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => Ok(()),
            Err(cause) => Err(LakeError::delete(&place)(cause)),
        }
    }

    async fn delete_all(&self, keys: Vec<Key>) -> object_store::Result<()> {
        let mut outcomes = self.objects.delete_stream(futures::stream::iter(keys).map(Ok).boxed());
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Names of the prefixes directly below one, sorted.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let found = wait(self.objects.list_with_delimiter(Some(&Key::from(prefix))))
            .map_err(LakeError::fetch(&self.path(prefix)))?;
        let names = found.common_prefixes.iter().filter_map(|key| key.filename());
        let mut names: Vec<_> = names.map(str::to_owned).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Calls `add(name, bytes)` for each object below a prefix.
    pub fn each_object(&self, prefix: &str, mut add: impl FnMut(Option<&str>, u64)) -> Result<()> {
        let objects = self.objects.list(Some(&Key::from(prefix)));
        wait(objects.try_for_each(|object| {
            add(object.location.filename(), object.size);
            future::ok(())
        }))
        .map_err(LakeError::fetch(&self.path(prefix)))
    }
}

fn name(file: &Path) -> &OsStr {
    file.file_name().expect("a file below a folder has a name")
}

/// The next part of a file; shorter at its end only.
fn read_part(file: &mut File) -> io::Result<Vec<u8>> {
    let mut part = Vec::new();
    file.take(PART_BYTES as u64).read_to_end(&mut part)?;
    Ok(part)
}

fn parent(folder: &Path) -> &Path {
    folder.parent().expect("a prefix lies below the root")
}

/// Makes renames inside a folder outlive a crash. Windows has no such call and needs none.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[test]
    fn a_file_comes_back_as_it_was_put_in_however_many_parts() {
        let tmp = tempfile::tempdir().unwrap();
        let store = Store::on(Arc::new(InMemory::new()), tmp.path()).unwrap();
        for length in [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES] {
            let written: Vec<_> = (0..length as u32).map(|at| (at / 1_000) as u8).collect();
            let folder = store.tmp.folder("test").unwrap();
            let path = folder.path().join("bytes");
            fs::write(&path, &written).unwrap();
            store.put(&[path], "prefix").unwrap();
            assert!(store.read("prefix/bytes").unwrap() == written, "{length} bytes");
            let mut copied = Vec::new();
            let mut object = store.open_object("prefix/bytes").unwrap();
            object.file.read_to_end(&mut copied).unwrap();
            assert!(copied == written, "{length} bytes");
        }
    }

    #[test]
    fn a_failure_of_the_system_below_a_store_keeps_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let objects = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        let store = Store::on(Arc::new(objects), &folder.path().join("tmp")).unwrap();
        // A folder stands where the file should go.
        fs::create_dir_all(folder.path().join("prefix/bytes")).unwrap();
        let tmp = store.tmp.folder("test").unwrap();
        let path = tmp.path().join("bytes");
        fs::write(&path, "bytes").unwrap();
        let error = store.put(&[path], "prefix").unwrap_err();
        assert_eq!(error.to_string(), "cannot write prefix/bytes");
        let LakeError::Write { cause, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(cause.kind(), io::ErrorKind::IsADirectory);
    }
}
