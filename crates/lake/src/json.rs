//! Small JSON files.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{LakeError, Result};

/// Writes a new file and syncs it to disk.
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

pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => LakeError::Absent {
            path: path.to_path_buf(),
        },
        _ => LakeError::read(path)(cause),
    })?;
    serde_json::from_slice(&bytes).map_err(|cause| LakeError::Json {
        path: path.to_path_buf(),
        cause,
    })
}
