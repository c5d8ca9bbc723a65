//! Examples of hunting queries: questions in plain words with the queries that answer them.
//!
//! They change no answer of a generation, so its inputs do not name them.

use serde::Deserialize;

use crate::check::File;

/// Where they lie in the catalog.
pub(crate) const FOLDER: &str = "hunting/";

/// A question, and the query that answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The file's name; its number gives the order.
    pub id: String,
    /// The question.
    pub title: String,
    /// Under which heading it stands.
    pub group: String,
    pub description: String,
    pub query: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    id: Option<String>,
    title: Option<String>,
    group: Option<String>,
    description: Option<String>,
    query: Option<String>,
}

impl Example {
    /// Reads a file of the folder `hunting`. Whether the query is one is for the query language to say.
    pub(crate) fn read(file: &mut File<'_>) -> Option<Self> {
        let source: Source = file.yaml()?;
        Some(Self {
            id: file.id(source.id),
            title: file.text("title", source.title),
            group: file.text("group", source.group),
            description: file.text("description", source.description),
            query: file.text("query", source.query),
        })
    }
}
