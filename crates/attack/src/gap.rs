//! Which techniques could not be evaluated where, for want of which input (the coverage report).

use postern_catalog::InputNeed;
use postern_model::estate::{Answered, BoundaryCoverage, Node};
use postern_model::{Facet, ObjectClass, RelationKind};

use crate::techniques;
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
            // Nobody misses the tenant of an organisation that has none.
            if boundaries.peek().is_none() && !need.class.is_of_tenant() {
                found.push(Gap {
                    technique: technique.id,
                    boundary: String::new(),
                    input: input(need),
                    answered: 0,
                    total: 0,
                    reason: format!("{} of {}: no source says that it has looked", need.facet, need.class),
                });
            }
            found.extend(boundaries.filter_map(|boundary| gap(world, technique.id, need, boundary)));
        }
    }
    found.extend(techniques::extensions::gaps(world));
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
            let total = known_objects(world, need, &boundary.boundary);
            let reason = format!("{} of {}: not looked at", need.facet, need.class);
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

/// Whether objects of a class are to be expected inside a boundary: directory objects in every domain, whose boundary
/// is a SID, and in every tenant of which anything was read; hosts and segments in sites, certificate services in the
/// one domain of a forest that holds them, and resources in tenants that have some, so only where some source has
/// looked for them.
fn concerns(class: ObjectClass, boundary: &BoundaryCoverage) -> bool {
    match class {
        ObjectClass::Hosts
        | ObjectClass::Segments
        | ObjectClass::CertTemplates
        | ObjectClass::EnterpriseCas
        | ObjectClass::RootCas
        | ObjectClass::AiaCas
        | ObjectClass::NtAuthStores
        | ObjectClass::IssuancePolicies => boundary.facets.keys().any(|(of, _)| *of == class),
        class if class.is_of_directory() => boundary.facets.keys().any(|(of, _)| of.is_of_tenant()),
        class if class.is_of_tenant() => boundary.facets.keys().any(|(of, _)| *of == class),
        _ => boundary.boundary.starts_with("S-1-"),
    }
}

fn known_objects(world: &World<'_>, need: &InputNeed, boundary: &str) -> u64 {
    let can_answer = |node: &&Node| {
        *node.boundary == *boundary
            && ObjectClass::of(node.kind) == Some(need.class)
            && (!need.facet.is_of_domain_controllers() || node.attributes.is_dc == Some(true))
    };
    world.estate.nodes.iter().filter(can_answer).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{DOMAIN, Sketch};

    fn gaps_of(sketch: &Sketch) -> Vec<Gap> {
        gaps(&sketch.build().world())
    }

    #[test]
    fn a_partly_answered_input_is_reported_with_its_counts() {
        let found = gaps_of(Sketch::domain().cover_sessions());
        let reasons: Vec<_> = found
            .iter()
            .filter(|gap| gap.technique == RelationKind::HasSession && gap.answered > 0)
            .map(|gap| (gap.boundary.as_str(), gap.total, gap.reason.as_str()))
            .collect();
        assert_eq!(reasons, [(DOMAIN, 21, "sessions: 2 of 21 computers answered")]);
    }

    #[test]
    fn an_input_that_was_not_looked_at_is_reported_with_what_is_known() {
        let mut sketch = Sketch::domain();
        sketch.computer("PC1").computer("PC2");
        let found = gaps_of(&sketch);
        let gap = found
            .iter()
            .find(|gap| gap.technique == RelationKind::AdminTo)
            .expect("nobody asked for local groups");
        assert_eq!(
            (gap.answered, gap.total, gap.input.as_str()),
            (0, 2, "computers: local groups")
        );
        assert_eq!(gap.reason, "local groups of computers: not looked at");
    }

    #[test]
    fn what_only_domain_controllers_answer_is_wanted_of_them_alone() {
        let mut sketch = Sketch::domain();
        sketch.computer("PC1").computer("DC1");
        sketch.edit("DC1", |it| it.is_dc = Some(true));
        let relay = RelationKind::CoerceAndRelayNtlmToLdap;
        let found = gaps_of(&sketch);
        let wanted: Vec<_> = found
            .iter()
            .filter(|gap| gap.technique == relay && gap.boundary == DOMAIN)
            .map(|gap| (gap.input.as_str(), gap.total))
            .collect();
        let expected = [
            ("computers: LDAP settings", 1),
            ("computers: NTLM settings", 2),
            ("computers: web client", 2),
        ];
        assert_eq!(wanted, expected);
    }

    #[test]
    fn without_any_scan_the_gap_lies_nowhere() {
        let found = gaps_of(&Sketch::domain());
        let gap = found
            .iter()
            .find(|gap| gap.input == "network segments: network")
            .expect("no segments");
        assert_eq!((gap.boundary.as_str(), gap.total), ("", 0));
        assert_eq!(
            gap.reason,
            "network of network segments: no source says that it has looked"
        );
    }
}
