//! The answers to the queries of entry-point rules: KQL over the world and its steps, and the three virtual entry
//! points that a technique makes.

use postern_catalog::{Evaluate, EvaluateError, Query, RuleTables, StepRows};
use postern_model::estate::{Node, NodeIndex};
use postern_model::{NodeId, NodeKind, Phase, RelationKind};
use roaring::RoaringBitmap;

use crate::derived::Derived;
use crate::techniques::{broad_groups, is_phished_by_device_code, workstations};
use crate::world::World;

/// Groups that every user of a domain belongs to; one virtual entry point for each domain.
pub const BROAD_GROUPS: &str = "broad-groups";
/// Computers that users sit at; one virtual entry point for each domain.
pub const WORKSTATIONS: &str = "workstations";
/// Users who can be talked into signing a stranger in; one virtual entry point for each tenant.
pub const DEVICE_CODE: &str = "device-code-users";

const NAMES: [&str; 3] = [BROAD_GROUPS, DEVICE_CODE, WORKSTATIONS];

/// Evaluates the queries of entry-point rules over one world and its steps.
pub struct EntryQueries<'a> {
    world: &'a World<'a>,
    /// Of all queries: what they read of assets is made once.
    tables: RuleTables<'a>,
}

impl<'a> EntryQueries<'a> {
    /// The names of the queries, for binding a catalog before there is a world.
    pub const NAMES: &'static [&'static str] = &NAMES;

    pub fn new(world: &'a World<'a>, derived: &'a Derived) -> Self {
        let tables = RuleTables::new(world.estate, world.now)
            .with_criticality(&world.classification.criticality)
            .with_steps(derived);
        Self { world, tables }
    }

    /// The last phase whose tables the query reads; `None` when there is no such query.
    pub fn phase_read(name: &str) -> Option<Phase> {
        match name {
            BROAD_GROUPS | DEVICE_CODE => Some(Phase::Resolve),
            WORKSTATIONS => Some(Phase::Classify),
            _ => None,
        }
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
}

/// The steps as rules see them.
impl StepRows for Derived {
    fn each(&self, see: &mut dyn FnMut(NodeId, NodeId, RelationKind)) {
        for step in self.steps.iter() {
            see(step.source, step.target, step.technique);
        }
    }
}

impl Evaluate for EntryQueries<'_> {
    fn nodes(&self, query: &Query, phase: Phase) -> Result<RoaringBitmap, EvaluateError> {
        let name = match query {
            Query::Kql(text) => return self.tables.select(text, phase),
            Query::Builtin(query) => query.builtin.as_str(),
        };
        match Self::phase_read(name) {
            None => return Err(EvaluateError::Unknown { query: name.to_owned() }),
            Some(made_by) if made_by >= phase => return Err(EvaluateError::phase(name, made_by, phase)),
            Some(_) => {}
        }
        Ok(match name {
            BROAD_GROUPS => self.in_domains(broad_groups),
            WORKSTATIONS => self.in_domains(workstations),
            // The match above refused every other name.
            _ => self.select(is_phished_by_device_code),
        })
    }

    fn queries(&self) -> &[&str] {
        &NAMES
    }

    fn reads(&self, query: &str) -> Option<Phase> {
        Self::phase_read(query)
    }
}
