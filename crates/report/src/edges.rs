//! What leads to an asset and away from it.

use std::collections::BTreeMap;

use postern_attack::sentence;
use postern_model::estate::NodeIndex;
use postern_model::{NodeId, RelationKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::{Window, page, words};
use crate::words::{by_name, grade};
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
    /// Rests on a setting, a product's default or an assumption, and on nothing that was seen.
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

/// An edge that was found, before anything is said of it; in the order in which edges are shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    technique: RelationKind,
    /// Place of the other end among all names; virtual vertices come last.
    name_rank: u32,
    direction: Direction,
    edge: Edge,
}

/// Where it lies among all of its sort.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Step(u32),
    Relation(u32),
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
            RelationKind::find(it).ok_or_else(|| ReportError::NoSuch {
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
        let by_technique = by_name(RelationKind::tally(found.iter().map(|it| it.technique)));
        if let Some(technique) = technique {
            found.retain(|it| it.technique == technique);
        }
        // A hub has hundreds of thousands, of which a page shows a few.
        window.arrange(&mut found, |&it| it);
        Ok(EdgePage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            by_technique,
            items: window.of(&found).iter().map(|&it| self.edge_row(it)).collect(),
        })
    }

    fn steps_at(&self, id: NodeId, direction: Direction, found: &mut Vec<Found>) -> Result<()> {
        let (map, derived, index) = (self.steps()?, &self.generation.derived, self.asset_index());
        let Some(vertex) = map.vertex(&self.generation.world(&self.catalog), derived, id) else {
            return Ok(());
        };
        let one = |(&number, other): (&u32, u32)| Found {
            technique: map.technique(number),
            name_rank: index.rank_of(other),
            direction,
            edge: Edge::Step(number),
        };
        match direction {
            Direction::In => found.extend(map.into(vertex).iter().zip(map.before(vertex)).map(one)),
            Direction::Out => found.extend(map.out_of(vertex).iter().zip(map.next_of(vertex)).map(one)),
        }
        Ok(())
    }

    fn relations_at(&self, index: NodeIndex, direction: Direction, found: &mut Vec<Found>) {
        let all = &self.generation.estate.relations;
        let mut add = |row: usize, other: NodeIndex| {
            found.push(Found {
                technique: all[row].kind,
                name_rank: self.asset_index().rank(other),
                direction,
                edge: Edge::Relation(row as u32),
            });
        };
        match direction {
            Direction::In => {
                for &row in self.relations_by_target().of(index) {
                    add(row as usize, all[row as usize].source);
                }
            }
            // They are sorted by source.
            Direction::Out => {
                let begin = all.partition_point(|it| it.source < index);
                let end = begin + all[begin..].partition_point(|it| it.source == index);
                for (row, relation) in (begin..end).zip(&all[begin..end]) {
                    add(row, relation.target);
                }
            }
        }
    }

    fn edge_row(&self, found: Found) -> EdgeRow {
        let id_of = |index: NodeIndex| self.generation.estate.node(index).id;
        let (steps, relations) = (&self.generation.derived.steps, &self.generation.estate.relations);
        let (source, target) = match found.edge {
            Edge::Step(number) => {
                let step = &steps[number as usize];
                (step.source, step.target)
            }
            Edge::Relation(row) => {
                let relation = &relations[row as usize];
                (id_of(relation.source), id_of(relation.target))
            }
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
            Edge::Step(number) => {
                let step = &steps[number as usize];
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
            Edge::Relation(row) => {
                let relation = &relations[row as usize];
                EdgeRow {
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
                }
            }
        }
    }
}
