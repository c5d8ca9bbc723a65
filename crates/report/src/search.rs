//! Everything that has a name, found by a part of it.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that was found.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SearchHit {
    /// `asset`, `path` or `technique`; the console adds its pages.
    pub kind: String,
    pub id: String,
    pub name: String,
    /// What it is, in a few words.
    pub detail: String,
}

/// What was found, the closest first.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct SearchPage {
    pub items: Vec<SearchHit>,
}
