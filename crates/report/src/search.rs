//! Everything that has a name, found by a part of it.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::attack_paths::part;
use crate::words::{counted, grade, kind_word};
use crate::{PathQuery, Reports, Result};

/// Of each kind of thing at most so many are looked at closely.
const LIMIT_MAX: usize = 50;

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

impl Reports {
    /// Assets, entry points, targets, paths and techniques by a part of their names or ids, the closest first; at most
    /// `limit` of each, and at most 50.
    ///
    /// # Errors
    /// None but those of a damaged generation.
    pub fn search(&self, text: &str, limit: usize) -> Result<SearchPage> {
        let Some(part) = part(text) else {
            return Ok(SearchPage { items: Vec::new() });
        };
        let limit = limit.min(LIMIT_MAX);
        let mut items = self.virtuals_with(&part, limit);
        items.extend(self.assets_with(&part, limit));
        items.truncate(limit);
        items.extend(self.techniques_with(&part, limit));
        items.extend(self.paths_with(&part, limit)?);
        Ok(SearchPage { items })
    }

    fn assets_with(&self, part: &str, limit: usize) -> Vec<SearchHit> {
        let index = self.asset_index();
        // What begins so is closer than what only holds it: where there is enough of that, nothing else is looked at.
        let mut found = index.texts().beginning_with(part);
        if found.len() < limit {
            found = index.texts().with(part);
        }
        let key = |&at: &u32| {
            let closeness = index.texts().closeness(at, part);
            (closeness, std::cmp::Reverse(index.paths(at)), index.rank(at))
        };
        if limit < found.len() {
            found.select_nth_unstable_by_key(limit, key);
            found.truncate(limit);
        }
        found.sort_unstable_by_key(key);
        let hit = |at: u32| {
            let node = self.generation.estate.node(at);
            let place = self.boundary_name(&node.boundary);
            let kind = kind_word(node.kind.as_str());
            SearchHit {
                kind: "asset".to_owned(),
                id: node.key.to_string(),
                name: node.name.to_string(),
                detail: match place.is_empty() {
                    true => kind.to_owned(),
                    false => format!("{kind} of {place}"),
                },
            }
        };
        found.into_iter().map(hit).collect()
    }

    /// Entry points that stand for many, and control planes.
    fn virtuals_with(&self, part: &str, limit: usize) -> Vec<SearchHit> {
        let generation = &self.generation;
        let planes = generation
            .targets
            .iter()
            .filter(|it| generation.estate.by_id(it.id).is_none());
        let planes = planes.map(|it| (&*it.key, &*it.name, it.id));
        let entries = generation
            .entries
            .iter()
            .filter(|it| generation.estate.by_id(it.id).is_none());
        let all = planes.chain(entries.map(|it| (&*it.key, &*it.name, it.id)));
        let holds = |text: &str| text.to_lowercase().contains(part);
        let hit = |(key, name, id): (&str, &str, postern_model::NodeId)| SearchHit {
            kind: "asset".to_owned(),
            id: key.to_owned(),
            name: name.to_owned(),
            detail: kind_word(self.kind_of(id).as_str()).to_owned(),
        };
        all.filter(|(key, name, _)| holds(key) || holds(name))
            .take(limit)
            .map(hit)
            .collect()
    }

    fn techniques_with(&self, part: &str, limit: usize) -> Vec<SearchHit> {
        let techniques = self.catalog.techniques.values();
        techniques
            .filter(|it| {
                [it.id.as_str(), &it.title]
                    .iter()
                    .any(|text| text.to_lowercase().contains(part))
            })
            .take(limit)
            .map(|it| SearchHit {
                kind: "technique".to_owned(),
                id: it.id.as_str().to_owned(),
                name: it.id.as_str().to_owned(),
                detail: it.title.clone(),
            })
            .collect()
    }

    fn paths_with(&self, part: &str, limit: usize) -> Result<Vec<SearchHit>> {
        let by_id = self.find_path(part).ok();
        let query = PathQuery {
            q: Some(part.to_owned()),
            ..PathQuery::default()
        };
        let paths = self.paths_that(&query)?.into_iter().take(limit);
        let paths = paths.map(|at| &self.generation.analysis.paths[at as usize]);
        let hit = |path: &postern_attack::Path| SearchHit {
            kind: "path".to_owned(),
            id: path.id.to_string(),
            name: format!(
                "{} → {}",
                self.generation.name_of(path.entry),
                self.generation.name_of(path.target)
            ),
            detail: format!(
                "{} risk, {}, {}",
                path.risk.as_str(),
                grade(path.cost).as_str(),
                counted(path.hops.into(), "step", "steps")
            ),
        };
        Ok(by_id.into_iter().chain(paths).map(hit).collect())
    }
}
