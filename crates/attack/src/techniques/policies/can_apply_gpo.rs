//! `CanApplyGPO`: whoever may link policies to a place controls the accounts below it.
//!
//! They can link a policy of their own, and enforce the link, so that no unit below blocks it.

use postern_model::{NodeKind, RelationKind};

use super::reach::{Half, Reach, Strength};
use crate::derived::Steps;
use crate::view::View;

/// Rights over a place that let one change the list of its policies, at once or after one more change.
const RIGHTS: [RelationKind; 8] = [
    RelationKind::WriteGpLink,
    RelationKind::GenericWrite,
    RelationKind::GenericAll,
    RelationKind::WriteDacl,
    RelationKind::OwnsRaw,
    RelationKind::WriteOwnerRaw,
    // Another program may have found these out already.
    RelationKind::Owns,
    RelationKind::WriteOwner,
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, reach: &mut Reach) {
    for right in RIGHTS {
        for relation in view.relations(right) {
            // Policies are linked to domains and units, never to plain containers.
            if !matches!(view.node(relation.target).kind, NodeKind::Domain | NodeKind::Ou) {
                continue;
            }
            for half in Half::BOTH {
                let way = (RelationKind::CanApplyGpo, relation.source);
                let place = (relation.target, Strength::Enforced, half);
                reach.add(view, steps, way, place, vec![view.relation_fact(relation)]);
            }
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn linker() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .node("OUTER", NodeKind::Ou, |_| {})
            .node("INNER", NodeKind::Ou, |it| {
                // Nothing stops a link that is enforced.
                it.attributes.domain.get_or_insert_default().blocks_inheritance = Some(true);
            })
            .computer("PC")
            .user("EVE")
            .relate("EVE", RelationKind::WriteGpLink, "OUTER")
            .relate("OUTER", RelationKind::Contains, "INNER")
            .relate("INNER", RelationKind::Contains, "PC");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::CanApplyGpo,
        source: "EVE",
        target: "PC",
        estate: linker,
        near_misses: &[
            ("may link policies", |it| {
                it.unrelate("EVE", RelationKind::WriteGpLink, "OUTER").relate(
                    "EVE",
                    RelationKind::AllExtendedRights,
                    "OUTER",
                );
            }),
            ("the right is over a unit", |it| {
                it.node("OUTER", NodeKind::Container, |_| {});
            }),
            ("the computer lies below the unit", |it| {
                it.unrelate("OUTER", RelationKind::Contains, "INNER");
            }),
            ("the computer is enabled", |it| {
                it.edit("PC", |pc| pc.enabled = Some(false));
            }),
            ("whoever has the right can log on", |it| {
                it.edit("EVE", |eve| eve.enabled = Some(false));
            }),
        ],
    }];

    #[test]
    fn no_right_to_link_policies_controls_a_group() {
        let mut sketch = linker();
        sketch.group("GROUP").relate("INNER", RelationKind::Contains, "GROUP");
        let derived = sketch.derived();
        let into_group = derived
            .steps
            .iter()
            .filter(|step| step.target == postern_model::NodeId::of("GROUP"))
            .filter(|step| step.technique == RelationKind::AnyOf);
        assert_eq!(into_group.count(), 0);
    }
}
