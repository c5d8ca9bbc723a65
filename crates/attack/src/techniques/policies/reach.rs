//! Who receives the policies of a place: for each domain, unit and container the sets of accounts below it.

use std::collections::BTreeSet;

use postern_catalog::Foothold;
use postern_model::estate::{Estate, Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};

use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::Fact;
use crate::techniques::sets;
use crate::view::View;

/// The two halves of a policy. Each counts for accounts of one kind, and can be switched off alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    Computers,
    Users,
}

impl Half {
    pub const BOTH: [Self; 2] = [Self::Computers, Self::Users];

    fn account(self) -> NodeKind {
        match self {
            Self::Computers => NodeKind::Computer,
            Self::Users => NodeKind::User,
        }
    }
}

/// How far a link carries a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// To the next unit that blocks inheritance.
    Ordinary,
    /// Everywhere below.
    Enforced,
}

/// The accounts below one place that a policy gets to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Below {
    place: NodeIndex,
    strength: Strength,
    half: Half,
}

impl Below {
    fn vertex(self, estate: &Estate) -> Virtual {
        let place = estate.node(self.place);
        let accounts = match self.half {
            Half::Computers => "computers",
            Half::Users => "users",
        };
        let (what, how) = match self.strength {
            Strength::Ordinary => ("policy", "with the policies"),
            Strength::Enforced => ("enforced-policy", "with the enforced policies"),
        };
        sets::vertex(
            &format!("{what}-{accounts}"),
            &place.key,
            format!("the {accounts} {how} of {}", place.name),
        )
    }
}

/// Places that policies are linked to, and what else they may hold.
pub fn is_place(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::Domain | NodeKind::Ou | NodeKind::Container)
}

/// The sets that something leads to.
#[derive(Default)]
pub struct Reach(BTreeSet<Below>);

impl Reach {
    /// Adds a step to the accounts below a place that policies linked there get to.
    pub fn add(
        &mut self,
        view: &View<'_>,
        steps: &mut Steps<'_, '_>,
        (technique, source): (RelationKind, NodeIndex),
        (place, strength, half): (NodeIndex, Strength, Half),
        facts: Vec<Fact>,
    ) {
        let below = Below { place, strength, half };
        self.0.insert(below);
        steps.add_to_set(technique, source, &below.vertex(view.world.estate), facts);
    }

    /// Adds the steps from the sets to their members, and the sets of the places inside.
    pub fn derive(self, view: &View<'_>, steps: &mut Steps<'_, '_>) {
        let mut waiting: Vec<_> = self.0.iter().copied().collect();
        let mut known = self.0;
        while let Some(below) = waiting.pop() {
            let set = below.vertex(view.world.estate);
            for relation in view.relations_from(RelationKind::Contains, below.place) {
                let content = view.node(relation.target);
                let mut facts = vec![view.relation_fact(relation)];
                if content.kind == below.half.account() {
                    steps.add_member(&set, Vertex::Asset(relation.target), held(below.half), facts);
                } else if is_place(content.kind) && lets_in(view, below.strength, relation, content, &mut facts) {
                    let inner = Below {
                        place: relation.target,
                        ..below
                    };
                    let vertex = inner.vertex(view.world.estate);
                    steps.add_member(&set, Vertex::Virtual(&vertex), Manner::default(), facts);
                    if known.insert(inner) {
                        waiting.push(inner);
                    }
                }
            }
        }
    }
}

/// A policy runs on a computer as the system itself.
fn held(half: Half) -> Manner {
    let footholds = match half {
        Half::Computers => Some((Foothold::None, Foothold::Admin)),
        Half::Users => None,
    };
    Manner {
        footholds,
        ..Manner::default()
    }
}

/// Whether policies from around a place get into it; adds the fact that decides it.
fn lets_in(view: &View<'_>, strength: Strength, around: &Relation, place: &Node, facts: &mut Vec<Fact>) -> bool {
    // A unit alone can block. What lies in a domain is never another domain.
    match (strength, place.kind) {
        (_, NodeKind::Domain) => return view.node(around.source).kind != NodeKind::Domain,
        (Strength::Enforced, _) | (_, NodeKind::Container) => return true,
        _ => {}
    }
    let blocks = place.attributes.domain.as_ref().and_then(|it| it.blocks_inheritance);
    let text = "does not block the inheritance of policies";
    match blocks {
        Some(true) => return false,
        Some(false) => facts.push(view.property_fact(place, "blocksinheritance", "false", text)),
        // [MS-GPOL]: where gPOptions is not set, inheritance is not blocked.
        None => facts.push(Fact::product_default(place, "blocksinheritance", "false", text)),
    }
    true
}

/// Every set that steps over an estate may begin or end at.
pub fn all(estate: &Estate) -> Vec<Virtual> {
    let places = (0..).zip(&estate.nodes).filter(|(_, node)| is_place(node.kind));
    let sets = places.flat_map(|(place, _)| {
        [Strength::Ordinary, Strength::Enforced]
            .into_iter()
            .flat_map(move |strength| Half::BOTH.map(|half| Below { place, strength, half }))
    });
    sets.map(|below| below.vertex(estate)).collect()
}
