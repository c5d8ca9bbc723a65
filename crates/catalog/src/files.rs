//! The files in force: the embedded ones, and over them an administrator's.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use include_dir::{Dir, include_dir};
use postern_model::hash128;

use crate::error::CatalogError;
use crate::example;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../catalog");

/// An overlay may hold this many files.
pub const OVERLAY_FILES_MAX: u64 = 10_000;

/// A file of an overlay may have this many bytes; the largest embedded one has fewer than 100,000.
pub const OVERLAY_FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Folders of an overlay may lie this deep: deeper than the catalog's own shape, and an end to link cycles.
pub const OVERLAY_DEPTH_MAX: u64 = 8;

const SETTINGS: &str = "settings.yaml";

/// Texts by path inside the catalog, with `/`.
pub(crate) struct Files {
    texts: BTreeMap<String, String>,
    /// The overlay's settings: entries that replace embedded ones, not the whole file.
    settings: Option<String>,
}

impl Files {
    pub(crate) fn embedded() -> Self {
        let mut files = Self {
            texts: BTreeMap::new(),
            settings: None,
        };
        files.embed(&EMBEDDED);
        files
    }

    fn embed(&mut self, folder: &Dir<'_>) {
        for file in folder.files() {
            // A text that is not UTF-8 would fail the test that loads the embedded catalog.
            let text = file.contents_utf8().unwrap_or_default();
            self.texts.insert(slashed(file.path()), text.to_owned());
        }
        for inner in folder.dirs() {
            self.embed(inner);
        }
    }

    /// Lays the files of `folder` over those here. Names that begin with a dot are left out.
    pub(crate) fn overlay(&mut self, folder: &Path) -> Result<(), CatalogError> {
        let mut count = 0;
        let mut open = vec![(folder.to_path_buf(), 0)];
        while let Some((path, depth)) = open.pop() {
            let read = |cause: io::Error| CatalogError::Read {
                path: path.clone(),
                cause,
            };
            let too_large = |limit, unit| CatalogError::TooLarge {
                path: path.clone(),
                limit,
                unit,
            };
            if path.is_dir() || depth == 0 {
                if depth > OVERLAY_DEPTH_MAX {
                    return Err(too_large(OVERLAY_DEPTH_MAX, "levels of folders"));
                }
                for entry in fs::read_dir(&path).map_err(read)? {
                    let entry = entry.map_err(read)?;
                    if !entry.file_name().to_string_lossy().starts_with('.') {
                        open.push((entry.path(), depth + 1));
                    }
                }
                continue;
            }
            count += 1;
            if count > OVERLAY_FILES_MAX {
                return Err(too_large(OVERLAY_FILES_MAX, "files"));
            }
            if fs::metadata(&path).map_err(read)?.len() > OVERLAY_FILE_BYTES_MAX {
                return Err(too_large(OVERLAY_FILE_BYTES_MAX, "bytes"));
            }
            let text = fs::read_to_string(&path).map_err(read)?;
            let name = slashed(path.strip_prefix(folder).unwrap_or(&path));
            if name == SETTINGS {
                self.settings = Some(text);
            } else {
                self.texts.insert(name, text);
            }
        }
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(crate) fn get(&self, path: &str) -> Option<(&str, &str)> {
        self.texts
            .get_key_value(path)
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(crate) fn overlaid_settings(&self) -> Option<&str> {
        self.settings.as_deref()
    }

    pub(crate) fn digest(&self) -> u128 {
        let inputs = self.iter().filter(|(path, _)| !path.starts_with(example::FOLDER));
        let parts = inputs.flat_map(|(path, text)| [path.as_bytes(), text.as_bytes()]);
        hash128(parts.chain(self.settings.as_deref().map(str::as_bytes)))
    }
}

/// The text of a file as it comes with the binary.
pub(crate) fn embedded_text(path: &str) -> Option<&'static str> {
    EMBEDDED.get_file(path)?.contents_utf8()
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
