//! The built-in queries of entry-point rules.

use postern_catalog::{Evaluate, EvaluateError, Query};
use postern_model::estate::{Node, NodeIndex};
use postern_model::{NodeKind, Phase, RelationKind};
use roaring::RoaringBitmap;

use crate::derived::Derived;
use crate::techniques::{broad_groups, has_guessable_password, is_phished_by_device_code, workstations};
use crate::world::World;

/// Groups that every user of a domain belongs to; one virtual entry point for each domain.
pub const BROAD_GROUPS: &str = "broad-groups";
/// Computers that users sit at; one virtual entry point for each domain.
pub const WORKSTATIONS: &str = "workstations";
/// Users who can be talked into signing a stranger in; one virtual entry point for each tenant.
pub const DEVICE_CODE: &str = "device-code-users";
const AS_REP_ROASTABLE: &str = "asrep-roastable-users";
const INTERNET_EXPOSED: &str = "internet-exposed-exploitable";
const KERBEROASTABLE: &str = "kerberoastable-users";

const NAMES: [&str; 6] = [
    AS_REP_ROASTABLE,
    BROAD_GROUPS,
    DEVICE_CODE,
    INTERNET_EXPOSED,
    KERBEROASTABLE,
    WORKSTATIONS,
];

/// Evaluates the queries of entry-point rules over one world and its steps.
#[derive(Clone, Copy)]
pub struct EntryQueries<'a> {
    world: &'a World<'a>,
    derived: &'a Derived,
}

impl<'a> EntryQueries<'a> {
    /// The names of the queries, for binding a catalog before there is a world.
    pub const NAMES: &'static [&'static str] = &NAMES;

    pub fn new(world: &'a World<'a>, derived: &'a Derived) -> Self {
        Self { world, derived }
    }

    /// The last phase whose tables the query reads; `None` when there is no such query.
    pub fn phase_read(name: &str) -> Option<Phase> {
        match name {
            AS_REP_ROASTABLE | BROAD_GROUPS | DEVICE_CODE | KERBEROASTABLE => Some(Phase::Resolve),
            WORKSTATIONS => Some(Phase::Classify),
            INTERNET_EXPOSED => Some(Phase::Derive),
            _ => None,
        }
    }

    fn users(&self, is_wanted: impl Fn(&Node) -> bool) -> RoaringBitmap {
        self.select(|node| has_guessable_password(node) && !node.is_unusable_account(self.world.now) && is_wanted(node))
    }

    fn select(&self, is_wanted: impl Fn(&Node) -> bool) -> RoaringBitmap {
        (0..)
            .zip(&self.world.estate.nodes)
            .filter(|(_, node)| is_wanted(node))
            .map(|(index, _): (NodeIndex, _)| index)
            .collect()
    }

    fn in_domains(&self, of: impl Fn(&World<'_>, &Node) -> Vec<NodeIndex>) -> RoaringBitmap {
        let domains = self
            .world
            .estate
            .nodes
            .iter()
            .filter(|node| node.kind == NodeKind::Domain);
        domains.flat_map(|domain| of(self.world, domain)).collect()
    }

    /// Devices with a weakness that can be exploited from the Internet.
    fn internet_exposed(&self) -> RoaringBitmap {
        let estate = self.world.estate;
        let exploits = self
            .derived
            .steps
            .iter()
            .filter(|step| step.technique == RelationKind::ExploitRemoteCode);
        exploits
            .filter(|step| {
                estate
                    .by_id(step.source)
                    .is_some_and(|it| estate.node(it).kind == NodeKind::Internet)
            })
            .filter_map(|step| estate.by_id(step.target))
            .collect()
    }
}

impl Evaluate for EntryQueries<'_> {
    fn nodes(&self, query: &Query, phase: Phase) -> Result<RoaringBitmap, EvaluateError> {
        let name = query.builtin.as_str();
        match Self::phase_read(name) {
            None => return Err(EvaluateError::Unknown { query: name.to_owned() }),
            Some(made_by) if made_by >= phase => return Err(EvaluateError::phase(name, made_by, phase)),
            Some(_) => {}
        }
        Ok(match name {
            BROAD_GROUPS => self.in_domains(broad_groups),
            WORKSTATIONS => self.in_domains(workstations),
            DEVICE_CODE => self.select(is_phished_by_device_code),
            AS_REP_ROASTABLE => self.users(|node| node.attributes.dont_require_preauth == Some(true)),
            KERBEROASTABLE => self.users(|node| node.attributes.has_spn == Some(true)),
            // The match above refused every other name.
            _ => self.internet_exposed(),
        })
    }

    fn queries(&self) -> &[&str] {
        &NAMES
    }

    fn reads(&self, query: &Query) -> Option<Phase> {
        Self::phase_read(&query.builtin)
    }
}
