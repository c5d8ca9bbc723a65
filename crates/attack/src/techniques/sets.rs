//! Sets of objects that one thing reaches all of, each a virtual vertex with a step (`AnyOf`) to each member.
//!
//! Ten roles over 100,000 users are a million pairs, and 100,010 steps by way of the set of these users. Whoever makes
//! a set leads to it with [`Steps::add_to_set`], and from it, to assets or to other sets, with [`Steps::add_member`].
//! No other step begins at one. [`crate::expand`] says what it all comes to, without sets.

use postern_model::estate::{Estate, NodeIndex};
use postern_model::{NodeKind, RelationKind};

use super::certificates::esc14;
use super::credentials::{golden_gmsa, rodc};
use super::{entra, policies};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::Fact;

/// For each file that makes sets, all that it can make of an estate.
const ALL: &[fn(&Estate) -> Vec<Virtual>] = &[
    esc14::all_sets,
    entra::acts_as_user::all_sets,
    entra::administrative_units::all_sets,
    entra::seamless_sso::all_sets,
    entra::sets::all,
    golden_gmsa::all_sets,
    policies::sets,
    rodc::all_sets,
];

/// The vertex of a set: `set:<what>:<id of whose it is>`.
pub fn vertex(what: &str, whose: &str, name: String) -> Virtual {
    Virtual::new(format!("set:{what}:{whose}"), name, NodeKind::ObjectSet)
}

/// Every set that steps over an estate may begin or end at.
pub fn all(estate: &Estate) -> impl Iterator<Item = Virtual> {
    ALL.iter().flat_map(move |of_one| of_one(estate))
}

impl Steps<'_, '_> {
    /// Adds a step from an asset to everything in a set.
    pub fn add_to_set(&mut self, technique: RelationKind, source: NodeIndex, set: &Virtual, facts: Vec<Fact>) {
        let (source, target) = (Vertex::Asset(source), Vertex::Virtual(set));
        self.add_between(technique, source, target, Manner::default(), facts);
    }

    /// Adds the step from a set to one of its members, which may be another set.
    pub fn add_member(&mut self, set: &Virtual, member: Vertex<'_>, manner: Manner, facts: Vec<Fact>) {
        self.add_between(RelationKind::AnyOf, Vertex::Virtual(set), member, manner, facts);
    }
}
