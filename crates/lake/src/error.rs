//! What can go wrong in the lake.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

pub type Result<T, E = LakeError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// A full disk among others; the cause's `kind()` tells. Nothing was published.
    #[error("cannot write {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot delete {}", path.display())]
    Delete {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// Damaged, cut short, or of another format.
    #[error("{} is not a whole Parquet file", path.display())]
    Parquet {
        path: PathBuf,
        #[source]
        cause: ParquetError,
    },
    #[error("{} is not whole JSON", path.display())]
    Json {
        path: PathBuf,
        #[source]
        cause: serde_json::Error,
    },
    #[error("{} is not in the lake", path.display())]
    Absent { path: PathBuf },
    #[error("{} has no column {column}", path.display())]
    ColumnAbsent { path: PathBuf, column: &'static str },
    #[error("column {column} of {} is {found}, and {expected} is expected", path.display())]
    ColumnType {
        path: PathBuf,
        column: &'static str,
        expected: String,
        found: String,
    },
    #[error("{name:?} cannot name a snapshot or a file: only a-z, 0-9, '-' and '_' may stand in it, 1 to 128 of them")]
    Name { name: String },
}

impl LakeError {
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Write {
            path: path.to_path_buf(),
            cause,
        }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Read {
            path: path.to_path_buf(),
            cause,
        }
    }

    pub(crate) fn delete(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Delete {
            path: path.to_path_buf(),
            cause,
        }
    }

    /// An object that could not be fetched.
    pub(crate) fn fetch(path: &Path) -> impl FnOnce(object_store::Error) -> Self {
        move |error| match error {
            object_store::Error::NotFound { .. } => Self::Absent {
                path: path.to_path_buf(),
            },
            error => Self::read(path)(io_error(error)),
        }
    }

    /// A failure of the Parquet writer: mostly that of the file below it, which is told as such.
    pub(crate) fn encode(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        move |error| {
            let cause = match error {
                ParquetError::External(inner) => inner.downcast().map_or_else(io::Error::other, |cause| *cause),
                other => io::Error::other(other),
            };
            Self::Write {
                path: path.to_path_buf(),
                cause,
            }
        }
    }
}

/// What an object store answered, as the system's own error where that was below it.
pub(crate) fn io_error(error: object_store::Error) -> io::Error {
    let outermost: &(dyn Error + 'static) = &error;
    let code = successors(Some(outermost), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .find_map(io::Error::raw_os_error);
    code.map_or_else(|| io::Error::other(error), io::Error::from_raw_os_error)
}
