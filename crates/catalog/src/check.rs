//! Reads one file and notes what is wrong with it, with the place.

use serde::de::DeserializeOwned;
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter};

use crate::error::Mistake;

/// A file under examination. Readers take what they can and note every mistake; a catalog with a mistake is
/// refused as a whole, so the stand-ins that they use for missing parts never leave this crate.
pub(crate) struct File<'a> {
    /// Path inside the catalog, with `/`.
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> File<'a> {
    pub(crate) fn new(path: &'a str, text: &'a str, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { path, text, mistakes }
    }

    /// Another file, whose mistakes are noted with those of this one.
    pub(crate) fn beside<'b>(&'b mut self, path: &'b str, text: &'b str) -> File<'b> {
        File::new(path, text, self.mistakes)
    }

    /// The file's name without folder and ending: the id of the thing it describes.
    pub(crate) fn stem(&self) -> &'a str {
        let name = self.path.rsplit('/').next().unwrap_or(self.path);
        name.strip_suffix(".yaml").unwrap_or(name)
    }

    /// Notes a mistake that concerns the whole file.
    pub(crate) fn mistake(&mut self, reason: impl Into<String>) {
        self.note(String::new(), reason.into());
    }

    /// Notes a mistake in the value of a top-level key.
    pub(crate) fn mistake_in(&mut self, key: &str, reason: impl Into<String>) {
        let position = self.line_of(key).map(|line| format!("line {line}")).unwrap_or_default();
        self.note(position, reason.into());
    }

    /// Notes a mistake in a line, counted from one.
    pub(crate) fn mistake_at(&mut self, line: usize, reason: impl Into<String>) {
        self.note(format!("line {line}"), reason.into());
    }

    fn note(&mut self, position: String, reason: String) {
        self.mistakes.push(Mistake {
            file: self.path.to_owned(),
            position,
            reason,
        });
    }

    /// Reads the file as YAML; `None`, and a mistake, when it does not have the shape of `T`.
    pub(crate) fn yaml<T: DeserializeOwned>(&mut self) -> Option<T> {
        if !self.path.ends_with(".yaml") {
            self.mistake("files of this folder are YAML and end in .yaml");
            return None;
        }
        let options = serde_saphyr::options! { with_snippet: false };
        match serde_saphyr::from_str_with_options(self.text, options) {
            Ok(value) => Some(value),
            Err(error) => {
                let position = error
                    .location()
                    .map(|at| format!("line {}, column {}", at.line(), at.column()))
                    .unwrap_or_default();
                self.note(position, reason(&error));
                None
            }
        }
    }

    /// Reads the file as tab-separated rows under a line that names the columns. With each row comes its line,
    /// counted from one.
    pub(crate) fn rows<const N: usize>(&mut self, columns: [&str; N]) -> Vec<(usize, [&'a str; N])> {
        let mut lines = self.text.lines().enumerate();
        if lines.next().is_none_or(|(_, line)| !line.split('\t').eq(columns)) {
            self.mistake_at(
                1,
                format!("the first line must name the columns {}", columns.join(", ")),
            );
            return Vec::new();
        }
        let mut rows = Vec::new();
        for (index, line) in lines {
            match <[&str; N]>::try_from(line.split('\t').collect::<Vec<_>>()) {
                Ok(fields) => rows.push((index + 1, fields)),
                Err(fields) => self.mistake_at(index + 1, format!("{} fields instead of {N}", fields.len())),
            }
        }
        rows
    }

    /// The value of a part that every file of this kind must have.
    pub(crate) fn required<T: Default>(&mut self, key: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.mistake(format!("`{key}` is missing"));
            T::default()
        })
    }

    /// The text of a part that every file of this kind must have, without the space around it.
    pub(crate) fn text(&mut self, key: &str, value: Option<String>) -> String {
        let text = self.required(key, value.clone()).trim().to_owned();
        if value.is_some() && text.is_empty() {
            self.mistake_in(key, format!("`{key}` is empty"));
        }
        text
    }

    /// The id, which is the file's name.
    pub(crate) fn id(&mut self, value: Option<String>) -> String {
        let id = self.text("id", value);
        let stem = self.stem();
        if !id.is_empty() && id != stem {
            self.mistake_in(
                "id",
                format!("`id` is {id}, and the file is named {stem}: the two must be the same"),
            );
        }
        id
    }

    /// Line, counted from one, of a top-level key. Keys stand at the margin, and block texts are indented.
    fn line_of(&self, key: &str) -> Option<usize> {
        self.text
            .lines()
            .position(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
            .map(|index| index + 1)
    }
}

/// The YAML reader's complaint in the words of this catalog.
fn reason(error: &Error) -> String {
    match error {
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing"),
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("`{field}` is no part of this; its parts are {}", expected.join(", "))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("`{variant}` is not known here; known are {}", expected.join(", "))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is written twice"),
        other => DefaultMessageFormatter.format_message(other).into_owned(),
    }
}
