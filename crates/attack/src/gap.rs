//! Which techniques could not be evaluated where, for want of which input (the coverage report).

use postern_catalog::InputNeed;
use postern_model::estate::{Answered, BoundaryCoverage};
use postern_model::{Facet, NodeKind, ObjectClass, RelationKind};

use crate::world::World;

/// A technique that was not, or not everywhere, evaluated inside a boundary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    pub technique: RelationKind,
    /// Domain SID or site; empty when no source of this sort was ever read.
    pub boundary: String,
    /// What was wanted: `computers: sessions`.
    pub input: String,
    pub answered: u64,
    pub total: u64,
    /// `sessions: 2 of 21 computers answered`.
    pub reason: String,
}

/// Every need of every technique that was not met in full, sorted.
pub(crate) fn gaps(world: &World<'_>) -> Vec<Gap> {
    let mut found = Vec::new();
    for technique in world.catalog.techniques.values() {
        for need in &technique.inputs {
            let mut boundaries = world
                .estate
                .coverage
                .iter()
                .filter(|it| concerns(need.class, it))
                .peekable();
            if boundaries.peek().is_none() {
                found.push(Gap {
                    technique: technique.id,
                    boundary: String::new(),
                    input: input(need),
                    answered: 0,
                    total: 0,
                    reason: format!("{} of {}: no source was imported", need.facet, need.class),
                });
            }
            found.extend(boundaries.filter_map(|boundary| gap(world, technique.id, need, boundary)));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn gap(world: &World<'_>, technique: RelationKind, need: &InputNeed, boundary: &BoundaryCoverage) -> Option<Gap> {
    let (Answered { answered, total }, reason) = match answers(need, boundary) {
        Some(all) if all.answered >= all.total => return None,
        Some(some) => {
            let Answered { answered, total } = some;
            (
                some,
                format!("{}: {answered} of {total} {} answered", need.facet, need.class),
            )
        }
        None => {
            let total = known_objects(world, need.class, &boundary.boundary);
            let reason = format!("{} of {} were not looked at", need.facet, need.class);
            (Answered { answered: 0, total }, reason)
        }
    };
    Some(Gap {
        technique,
        boundary: boundary.boundary.clone(),
        input: input(need),
        answered,
        total,
        reason,
    })
}

fn input(need: &InputNeed) -> String {
    format!("{}: {}", need.class, need.facet)
}

/// How much of a need was met. Of a scanner's plugins any family will do: what it can find it says as findings.
fn answers(need: &InputNeed, boundary: &BoundaryCoverage) -> Option<Answered> {
    if !matches!(need.facet, Facet::Plugins { .. }) {
        return boundary.facets.get(&(need.class, need.facet.clone())).copied();
    }
    boundary
        .facets
        .iter()
        .filter(|((class, facet), _)| *class == need.class && matches!(facet, Facet::Plugins { .. }))
        .map(|(_, answered)| *answered)
        .max_by_key(|it| (it.answered, it.total))
}

/// Whether objects of a class are to be expected inside a boundary: directory objects in domains, whose boundary is a
/// SID, hosts and segments in sites.
fn concerns(class: ObjectClass, boundary: &BoundaryCoverage) -> bool {
    let is_domain = boundary.boundary.starts_with("S-1-");
    match class {
        ObjectClass::Hosts | ObjectClass::Segments => boundary.facets.keys().any(|(of, _)| *of == class),
        _ => is_domain,
    }
}

fn known_objects(world: &World<'_>, class: ObjectClass, boundary: &str) -> u64 {
    let kinds = kinds(class);
    let nodes = world.estate.nodes.iter();
    nodes
        .filter(|node| node.boundary == boundary && kinds.contains(&node.kind))
        .count() as u64
}

fn kinds(class: ObjectClass) -> &'static [NodeKind] {
    match class {
        ObjectClass::Users => &[NodeKind::User],
        ObjectClass::Computers => &[NodeKind::Computer],
        ObjectClass::Groups => &[NodeKind::Group],
        ObjectClass::Domains => &[NodeKind::Domain],
        ObjectClass::Ous => &[NodeKind::Ou],
        ObjectClass::Containers => &[NodeKind::Container],
        ObjectClass::Gpos => &[NodeKind::Gpo],
        ObjectClass::CertTemplates => &[NodeKind::CertTemplate],
        ObjectClass::EnterpriseCas => &[NodeKind::EnterpriseCa],
        ObjectClass::RootCas => &[NodeKind::RootCa],
        ObjectClass::AiaCas => &[NodeKind::AiaCa],
        ObjectClass::NtAuthStores => &[NodeKind::NtAuthStore],
        ObjectClass::IssuancePolicies => &[NodeKind::IssuancePolicy],
        ObjectClass::Certificates => &[
            NodeKind::AiaCa,
            NodeKind::RootCa,
            NodeKind::EnterpriseCa,
            NodeKind::NtAuthStore,
            NodeKind::CertTemplate,
            NodeKind::IssuancePolicy,
        ],
        ObjectClass::Hosts => &[NodeKind::Host],
        ObjectClass::Segments => &[NodeKind::NetworkSegment],
        ObjectClass::Deleted => &[],
    }
}
