//! What leads to an asset and away from it.

use std::collections::BTreeMap;

use postern_attack::{Step, sentence};
use postern_model::estate::{NodeIndex, Relation};
use postern_model::{EdgeId, NodeId, RelationKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::{Window, page, words};
use crate::words::grade;
use crate::{PlaceReport, ReportError, Reports, Result};

/// A step, or a relation as a file reports it.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct EdgeRow {
    pub id: String,
    /// `in` or `out`, as seen from the asset that was asked for.
    pub direction: String,
    /// What is at the other end.
    pub other: PlaceReport,
    /// The technique of a step; the kind of a relation.
    pub technique: String,
    /// The public vocabulary of the exposure graph.
    pub label: String,
    /// Something an attacker can do; else only what a file reports.
    pub is_step: bool,
    /// Null for what is no step.
    pub cost: Option<u32>,
    /// The cost in words; null for what is no step.
    pub grade: Option<String>,
    /// Rests on a setting or an assumption and on nothing that was seen.
    pub is_assumed: bool,
    /// When it was last seen; null where nobody has to see it. RFC 3339.
    pub observed_at: Option<String>,
    /// The files that say so.
    pub files: Vec<String>,
    /// What it means, in a sentence without a full stop.
    pub text: String,
}

page! {
    /// Steps or relations of an asset, by technique and then by the other end.
    EdgePage of EdgeRow,
    /// How many of each technique, whatever technique was asked for.
    by_technique: BTreeMap<String, u64>
}

/// Which steps or relations of an asset.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EdgeQuery {
    /// `in` or `out`; both if not said.
    pub direction: Option<String>,
    /// `step` or `reported`; `step` if not said.
    pub kind: Option<String>,
    /// Name of a technique or of a kind of relation.
    pub technique: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

/// Which end of an edge the asset is that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    In,
    Out,
}

impl Direction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// An edge that was found, before anything is said of it.
struct Found<'a> {
    technique: RelationKind,
    direction: Direction,
    /// Place of the other end among all names; virtual vertices come last.
    name_rank: u32,
    edge: Edge<'a>,
}

impl Found<'_> {
    fn id(&self) -> EdgeId {
        match self.edge {
            Edge::Step(step) => step.id,
            Edge::Relation(relation) => relation.id,
        }
    }
}

enum Edge<'a> {
    Step(&'a Step),
    Relation(&'a Relation),
}

impl Reports {
    /// Steps or relations of an asset, or of a virtual entry point.
    ///
    /// # Errors
    /// [`ReportError::NoSuch`], [`ReportError::BadQuery`].
    pub fn edges(&self, place: &str, query: &EdgeQuery) -> Result<EdgePage> {
        let window = Window::new(query.offset, query.limit)?;
        let directions = match words("direction", query.direction.as_deref(), &["in", "out"])?.as_slice() {
            ["in"] => &[Direction::In][..],
            ["out"] => &[Direction::Out],
            _ => &[Direction::In, Direction::Out],
        };
        let kinds = words("kind", query.kind.as_deref(), &["step", "reported"])?;
        let technique = query.technique.as_deref().filter(|it| !it.is_empty());
        let technique = technique.map(|it| {
            RelationKind::parse(it).ok_or_else(|| ReportError::NoSuch {
                what: "technique",
                id: it.to_owned(),
            })
        });
        let technique = technique.transpose()?;
        let id = self.find_place(place)?;

        let mut found = Vec::new();
        for &direction in directions {
            if kinds.is_empty() || kinds.contains(&"step") {
                self.steps_at(id, direction, &mut found)?;
            }
            if let (true, Some(index)) = (kinds.contains(&"reported"), self.generation.estate.by_id(id)) {
                self.relations_at(index, direction, &mut found);
            }
        }
        let mut numbers = BTreeMap::<RelationKind, u64>::new();
        for it in &found {
            *numbers.entry(it.technique).or_default() += 1;
        }
        let by_technique = numbers
            .into_iter()
            .map(|(kind, number)| (kind.as_str().to_owned(), number))
            .collect();
        found.retain(|it| technique.is_none_or(|technique| it.technique == technique));
        // Of the many edges of a hub only those up to the end of the page are put into order.
        let key = |it: &Found<'_>| (it.technique, it.name_rank, it.direction, it.id());
        let end = usize::try_from(window.offset.saturating_add(window.limit)).unwrap_or(usize::MAX);
        if end < found.len() {
            found.select_nth_unstable_by_key(end, key).0.sort_unstable_by_key(key);
        } else {
            found.sort_unstable_by_key(key);
        }
        Ok(EdgePage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            by_technique,
            items: window.of(&found).iter().map(|it| self.edge_row(it)).collect(),
        })
    }

    fn steps_at<'a>(&'a self, id: NodeId, direction: Direction, found: &mut Vec<Found<'a>>) -> Result<()> {
        let (map, derived, index) = (self.steps()?, &self.generation.derived, self.asset_index());
        let Some(vertex) = map.vertex(&self.generation.world(&self.catalog), derived, id) else {
            return Ok(());
        };
        let numbers = match direction {
            Direction::In => map.into(vertex),
            Direction::Out => map.out_of(vertex),
        };
        found.extend(numbers.iter().map(|&number| {
            let step = &derived.steps[number as usize];
            let other = if direction == Direction::In {
                step.source
            } else {
                step.target
            };
            Found {
                technique: step.technique,
                direction,
                name_rank: index.rank_of(other),
                edge: Edge::Step(step),
            }
        }));
        Ok(())
    }

    fn relations_at<'a>(&'a self, index: NodeIndex, direction: Direction, found: &mut Vec<Found<'a>>) {
        let all = &self.generation.estate.relations;
        let mut add = |relation: &'a Relation, other: NodeIndex| {
            found.push(Found {
                technique: relation.kind,
                direction,
                name_rank: self.asset_index().rank(other),
                edge: Edge::Relation(relation),
            });
        };
        match direction {
            Direction::In => {
                for &row in self.relations_by_target().of(index) {
                    add(&all[row as usize], all[row as usize].source);
                }
            }
            // They are sorted by source.
            Direction::Out => {
                let begin = all.partition_point(|it| it.source < index);
                for relation in all[begin..].iter().take_while(|it| it.source == index) {
                    add(relation, relation.target);
                }
            }
        }
    }

    fn edge_row(&self, found: &Found<'_>) -> EdgeRow {
        let id_of = |index: NodeIndex| self.generation.estate.node(index).id;
        let (source, target) = match found.edge {
            Edge::Step(step) => (step.source, step.target),
            Edge::Relation(relation) => (id_of(relation.source), id_of(relation.target)),
        };
        let other = if found.direction == Direction::In {
            source
        } else {
            target
        };
        let name = |id: NodeId| self.generation.name_of(id);
        let text = sentence(found.technique, &name(source), &name(target));
        let (direction, other) = (found.direction.as_str().to_owned(), self.place(other));
        let technique = found.technique.as_str().to_owned();
        match found.edge {
            Edge::Step(step) => {
                // The reason that makes the step this cheap.
                let facts = step
                    .derivations()
                    .first()
                    .map(|it| self.derivation(it).facts)
                    .unwrap_or_default();
                let mut files: Vec<String> = facts.iter().flat_map(|it| it.files.iter().cloned()).collect();
                files.sort_unstable();
                files.dedup();
                EdgeRow {
                    id: step.id.to_string(),
                    direction,
                    other,
                    technique,
                    label: step.label().to_string(),
                    is_step: true,
                    cost: Some(step.cost),
                    grade: Some(grade(step.cost).as_str().to_owned()),
                    is_assumed: step.is_assumed || step.technique == RelationKind::AssumedFoothold,
                    observed_at: facts.iter().filter_map(|it| it.observed).min().map(|at| at.to_string()),
                    files,
                    text,
                }
            }
            Edge::Relation(relation) => EdgeRow {
                id: relation.id.to_string(),
                direction,
                other,
                technique,
                label: found.technique.label().to_owned(),
                is_step: false,
                cost: None,
                grade: None,
                is_assumed: false,
                observed_at: Some(relation.seen.last.to_string()),
                files: self.files(&relation.seen),
                text,
            },
        }
    }
}
