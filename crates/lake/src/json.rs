//! Small JSON files.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{LakeError, Result};
use crate::store::Store;

/// Writes a new local file and syncs it to disk.
pub fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let write = || {
        let mut bytes = serde_json::to_vec_pretty(value)?;
        bytes.push(b'\n');
        let mut file = File::create_new(path)?;
        file.write_all(&bytes)?;
        file.sync_all()
    };
    write().map_err(LakeError::write(path))
}

pub fn read<T: DeserializeOwned>(store: &Store, key: &str) -> Result<T> {
    serde_json::from_slice(&store.read(key)?).map_err(|cause| LakeError::Json {
        path: store.path(key),
        cause,
    })
}
