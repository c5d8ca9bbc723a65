//! Steps without sets: what leads into a set leads to each of its members.
//!
//! Paths go through sets, since they are few. Other programs, and people who compare, want to see every pair. There
//! may be very many, so [`without_sets`] makes them one after the other and keeps those of one source.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use postern_model::{EdgeId, NodeId, NodeKind, RelationKind};

use crate::derived::{Derived, Step};

/// A way from one asset to another (or to a virtual vertex that is no set), by one technique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    pub source: NodeId,
    pub target: NodeId,
    pub technique: RelationKind,
    pub cost: u32,
    pub is_assumed: bool,
    /// One of its ends is an account that cannot be used: no path takes it.
    pub is_refused: bool,
}

impl Passage {
    fn id(&self) -> EdgeId {
        EdgeId::of(
            self.source,
            self.target,
            self.technique.label(),
            self.technique.as_str(),
        )
    }
}

/// How much less a way is worth: whether it is refused, its cost, whether it is assumed.
type Worth = (bool, u32, bool);

/// Steps, and those that were refused, for [`without_sets`].
#[derive(Clone, Copy)]
struct Both<'d> {
    derived: &'d Derived,
    refused: &'d Derived,
}

impl<'d> Both<'d> {
    fn is_set(self, id: NodeId) -> bool {
        let vertex = self
            .derived
            .virtual_vertex(id)
            .or_else(|| self.refused.virtual_vertex(id));
        vertex.is_some_and(|it| it.kind == NodeKind::ObjectSet)
    }

    /// Every step with what it is worth.
    fn steps(self) -> impl Iterator<Item = (&'d Step, Worth)> {
        let worth = |is_refused: bool| move |step: &'d Step| (step, (is_refused, step.cost, step.is_assumed));
        let usable = self.derived.steps.iter().map(worth(false));
        usable.chain(self.refused.steps.iter().map(worth(true)))
    }

    fn has_step(self, id: EdgeId) -> bool {
        self.derived.step(id).or_else(|| self.refused.step(id)).is_some()
    }
}

/// Calls `each` for every step that touches no set, and for every pair that steps through sets join, sets of sets
/// included. Each pair has one passage for each technique: a step of its own stands before one through sets, and of
/// several ways through sets the cheapest counts. `refused` is what [`crate::refused`] says, or nothing.
///
/// # Errors
/// Those of `each`.
pub fn without_sets<E>(
    derived: &Derived,
    refused: &Derived,
    mut each: impl FnMut(Passage) -> Result<(), E>,
) -> Result<(), E> {
    let all = Both { derived, refused };
    let mut members: HashMap<NodeId, Vec<(&Step, Worth)>> = HashMap::new();
    let mut into_sets: BTreeMap<(NodeId, RelationKind), Vec<(&Step, Worth)>> = BTreeMap::new();
    for (step, worth) in all.steps() {
        if all.is_set(step.source) {
            members.entry(step.source).or_default().push((step, worth));
        } else if all.is_set(step.target) {
            let way = (step.source, step.technique);
            into_sets.entry(way).or_default().push((step, worth));
        } else {
            each(passage((step.source, step.technique), step.target, worth))?;
        }
    }
    for (way, steps) in into_sets {
        let mut waiting: BinaryHeap<Reverse<(Worth, NodeId)>> = steps
            .iter()
            .map(|(step, worth)| Reverse((*worth, step.target)))
            .collect();
        let mut done = HashSet::new();
        while let Some(Reverse((worth, at))) = waiting.pop() {
            if !done.insert(at) {
                continue;
            }
            if all.is_set(at) {
                let onward = members.get(&at).into_iter().flatten();
                waiting.extend(onward.map(|(step, more)| {
                    let joined = (worth.0 || more.0, worth.1 + more.1, worth.2 || more.2);
                    Reverse((joined, step.target))
                }));
                continue;
            }
            let passage = passage(way, at, worth);
            if at != way.0 && !all.has_step(passage.id()) {
                each(passage)?;
            }
        }
    }
    Ok(())
}

fn passage((source, technique): (NodeId, RelationKind), target: NodeId, worth: Worth) -> Passage {
    let (is_refused, cost, is_assumed) = worth;
    Passage {
        source,
        target,
        technique,
        cost,
        is_assumed,
        is_refused,
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use postern_catalog::Foothold;

    use super::*;
    use crate::derived::Virtual;

    fn id(key: &str) -> NodeId {
        NodeId::of(key)
    }

    fn step(source: &str, technique: RelationKind, target: &str, cost: u32) -> Step {
        let (source, target) = (id(source), id(target));
        let edge = EdgeId::of(source, target, technique.label(), technique.as_str());
        let held = (Foothold::None, Foothold::None);
        Step::new(edge, source, target, technique, held, cost)
    }

    fn pairs(mut steps: Vec<Step>, sets: &[&str]) -> Vec<(NodeId, NodeId, u32)> {
        steps.sort_by_key(|step| step.id);
        let mut virtuals: Vec<_> = sets
            .iter()
            .map(|&key| Virtual::new(key.to_owned(), key.to_owned(), NodeKind::ObjectSet))
            .collect();
        virtuals.sort_by_key(|it| it.id);
        let derived = Derived {
            steps,
            virtuals,
            ..Derived::default()
        };
        let mut found = Vec::new();
        let Ok(()) = without_sets(&derived, &Derived::default(), |it| {
            found.push((it.source, it.target, it.cost));
            Ok::<_, Infallible>(())
        });
        found.sort_unstable();
        found
    }

    fn expected(of: &[(&str, &str, u32)]) -> Vec<(NodeId, NodeId, u32)> {
        let mut all: Vec<_> = of.iter().map(|&(from, to, cost)| (id(from), id(to), cost)).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_step_into_a_set_leads_to_its_members_through_sets_of_sets() {
        use RelationKind::{AnyOf, AzAddMembers, AzResetPassword};
        let steps = vec![
            step("ROLE", AzResetPassword, "OUTER", 1),
            step("OUTER", AnyOf, "INNER", 0),
            step("OUTER", AnyOf, "EVE", 0),
            step("INNER", AnyOf, "BOB", 4),
            // A circle, and the source itself.
            step("INNER", AnyOf, "OUTER", 0),
            step("INNER", AnyOf, "ROLE", 0),
            step("EVE", AzAddMembers, "GROUP", 2),
        ];
        assert_eq!(
            pairs(steps, &["INNER", "OUTER"]),
            expected(&[("ROLE", "EVE", 1), ("ROLE", "BOB", 5), ("EVE", "GROUP", 2)])
        );
    }

    #[test]
    fn a_pair_is_told_once_by_its_own_step_or_else_by_the_cheapest_way() {
        use RelationKind::{AnyOf, AzAddSecret};
        let steps = vec![
            step("ROLE", AzAddSecret, "ALL", 1),
            step("ROLE", AzAddSecret, "SOME", 0),
            step("ROLE", AzAddSecret, "OWN", 7),
            step("ALL", AnyOf, "APP", 0),
            step("SOME", AnyOf, "APP", 0),
            step("ALL", AnyOf, "OWN", 0),
        ];
        assert_eq!(
            pairs(steps, &["ALL", "SOME"]),
            expected(&[("ROLE", "APP", 0), ("ROLE", "OWN", 7)])
        );
    }
}
