//! `top-nested`: the best values of one column, within each the best of the next, and so on.
//!
//! One pass builds a tree with a node for each combination of values and an accumulator at each node. `with others`
//! stands for what is left out: its accumulators are those of the left-out nodes, merged.

use std::cmp::Ordering;
use std::collections::HashMap;

use postern_kql::Diagnostic;
use postern_kql::ir::TopNestedLevel;

use super::calls::Call;
use super::{Out, Preparation, RowError, RowOperator, empty};
use crate::aggregates::Accumulator;
use crate::bytes::Writer;
use crate::evaluate::{Program, Values};
use crate::order::{compare, whole};
use crate::{Context, Datum};

pub(super) struct TopNested {
    levels: Vec<Level>,
    root: Node,
    held: usize,
}

struct Level {
    /// How many; all without it.
    count: Option<usize>,
    of: Program,
    others: Option<Datum<'static>>,
    by: Call,
    is_ascending: bool,
}

#[derive(Default)]
struct Node {
    /// In the order in which they came.
    children: Vec<Child>,
    index: HashMap<Vec<u8>, usize>,
}

struct Child {
    value: Datum<'static>,
    by: Box<dyn Accumulator>,
    node: Node,
}

impl TopNested {
    pub(super) fn new(levels: &[TopNestedLevel], with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        let levels = levels.iter().map(|level| {
            let count = level.count.as_ref().map(|count| with.constant(count)).transpose()?;
            Ok(Level {
                count: count
                    .as_ref()
                    .and_then(whole)
                    .map(|count| usize::try_from(count).unwrap_or(0)),
                of: with.program(&level.of)?,
                others: level.others.as_ref().map(|others| with.constant(others)).transpose()?,
                by: Call::new(&level.by, with)?,
                is_ascending: level.is_ascending,
            })
        });
        Ok(Self {
            levels: levels.collect::<Result<_, Diagnostic>>()?,
            root: Node::default(),
            held: 0,
        })
    }
}

/// Chooses at one level and hands on the rows of what was chosen, best first.
fn hand_on(levels: &[Level], node: Node, row: &mut Vec<Datum<'static>>, out: &mut Out<'_>) -> Result<(), RowError> {
    let Some((level, deeper)) = levels.split_first() else {
        return out(row);
    };
    let mut ranked: Vec<(Datum<'static>, Child)> = node
        .children
        .into_iter()
        .map(|mut child| {
            // Asked on a copy, since the accumulators of what is left out are still to be merged.
            let by = child.by.state();
            (
                child.by.finish(),
                Child {
                    by: level.restored(&by),
                    ..child
                },
            )
        })
        .collect();
    ranked.sort_by(|(left, _), (right, _)| match compare(left, right) {
        // What has no value comes last either way.
        Ordering::Equal => Ordering::Equal,
        _ if left.is_null() => Ordering::Greater,
        _ if right.is_null() => Ordering::Less,
        order if level.is_ascending => order,
        order => order.reverse(),
    });
    let left_out = ranked.split_off(level.count.unwrap_or(ranked.len()).min(ranked.len()));
    for (value, child) in ranked {
        row.extend([child.value, value]);
        hand_on(deeper, child.node, row, out)?;
        row.truncate(row.len() - 2);
    }
    match &level.others {
        Some(others) if !left_out.is_empty() => {
            let mut rest = OfOthers::new(levels);
            left_out.into_iter().for_each(|(_, child)| rest.add(child));
            rest.hand_on(levels, others, row, out)
        }
        _ => Ok(()),
    }
}

/// What was left out at one level: an accumulator of it for that level and for each deeper one.
struct OfOthers(Vec<Box<dyn Accumulator>>);

impl OfOthers {
    fn new(levels: &[Level]) -> Self {
        Self(levels.iter().map(|level| level.by.start()).collect())
    }

    fn add(&mut self, child: Child) {
        merge(&mut self.0, child);
    }

    /// One row: below the others there are but others, where those are asked for.
    fn hand_on(
        mut self,
        levels: &[Level],
        others: &Datum<'static>,
        row: &mut Vec<Datum<'static>>,
        out: &mut Out<'_>,
    ) -> Result<(), RowError> {
        let length = row.len();
        for (depth, (level, by)) in levels.iter().zip(&mut self.0).enumerate() {
            let value = match (depth, &level.others) {
                (0, _) => others.clone(),
                (_, Some(others)) => others.clone(),
                (_, None) => empty(level.of.ty()),
            };
            row.extend([value, by.finish()]);
        }
        out(row)?;
        row.truncate(length);
        Ok(())
    }
}

fn merge(into: &mut [Box<dyn Accumulator>], child: Child) {
    let Some((first, deeper)) = into.split_first_mut() else {
        return;
    };
    // The state is one that an accumulator of the same aggregate has just written.
    let merged = first.merge(&child.by.state());
    debug_assert_eq!(merged, Ok(()));
    child.node.children.into_iter().for_each(|child| merge(deeper, child));
}

impl Level {
    fn restored(&self, state: &[u8]) -> Box<dyn Accumulator> {
        let mut accumulator = self.by.start();
        let merged = accumulator.merge(state);
        debug_assert_eq!(merged, Ok(()));
        accumulator
    }
}

impl RowOperator for TopNested {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        let mut node = &mut self.root;
        for level in &self.levels {
            let value = level.of.run(&Values(row), cx);
            let mut key = Writer::default();
            key.key(&value);
            let at = match node.index.get(&key.0) {
                Some(at) => *at,
                None => {
                    self.held += 2 * key.0.len() + value.size() + size_of::<Child>() + size_of::<Vec<u8>>();
                    node.index.insert(key.0, node.children.len());
                    node.children.push(Child {
                        value: value.into_owned(),
                        by: level.by.start(),
                        node: Node::default(),
                    });
                    node.children.len() - 1
                }
            };
            let child = &mut node.children[at];
            let before = child.by.size();
            level.by.update(child.by.as_mut(), row, cx);
            self.held += child.by.size().saturating_sub(before);
            node = &mut child.node;
        }
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        hand_on(&self.levels, std::mem::take(&mut self.root), &mut Vec::new(), out)
    }

    fn size(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Type;
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{aggregate, column, constant, lines, node, run, table};

    fn level(of: usize, count: Option<i64>, others: Option<&'static str>) -> TopNestedLevel {
        TopNestedLevel {
            count: count.map(|count| constant(Datum::Long(count))),
            of: column(of, Type::String),
            others: others.map(|others| constant(Datum::string(others))),
            by: aggregate("sum", Type::Long, vec![column(2, Type::Long)]),
            is_ascending: false,
        }
    }

    fn chosen(levels: Vec<TopNestedLevel>) -> Vec<String> {
        let rows = [
            ("x", "p", 1),
            ("y", "p", 10),
            ("y", "q", 20),
            ("z", "r", 5),
            ("z", "p", 4),
            ("x", "s", 2),
        ]
        .map(|(a, b, value)| vec![Datum::string(a), Datum::string(b), Datum::Long(value)]);
        let columns: Vec<(&str, Type)> = levels
            .iter()
            .flat_map(|_| [("v", Type::String), ("by", Type::Long)])
            .collect();
        let input = table(&[("a", Type::String), ("b", Type::String), ("n", Type::Long)]);
        lines(
            &run(&node(Op::TopNested { input, levels }, &columns), &rows)
                .unwrap()
                .unwrap(),
        )
    }

    #[test]
    fn the_best_of_each_level_come_first() {
        assert_eq!(chosen(vec![level(0, Some(2), None)]), ["y|30", "z|9"]);
        assert_eq!(
            chosen(vec![level(0, Some(2), None), level(1, Some(1), None)]),
            ["y|30|q|20", "z|9|r|5"]
        );
        assert_eq!(chosen(vec![level(0, None, None)]), ["y|30", "z|9", "x|3"]);
        let mut least = level(0, Some(1), None);
        least.is_ascending = true;
        assert_eq!(chosen(vec![least]), ["x|3"]);
    }

    #[test]
    fn others_stand_for_all_that_is_left_out() {
        assert_eq!(chosen(vec![level(0, Some(1), Some("rest"))]), ["y|30", "rest|12"]);
        assert_eq!(
            chosen(vec![level(0, Some(1), Some("rest")), level(1, Some(1), Some("more"))]),
            ["y|30|q|20", "y|30|more|10", "rest|12|more|12"]
        );
        // Where nothing is left out there are no others.
        assert_eq!(chosen(vec![level(0, Some(3), Some("rest"))]).len(), 3);
    }
}
