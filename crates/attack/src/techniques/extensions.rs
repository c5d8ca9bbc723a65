//! Relations of kinds that Postern does not know, where somebody says that an attacker gets along them.
//!
//! Who says so, in this order: the relation itself (its property `traversable`), an extension that was imported, the
//! catalog. All of them are one technique of the catalog, [`RelationKind::Extension`]; steps keep the name of their own
//! kind.

use std::collections::BTreeMap;

use postern_model::estate::{KindRole, Relation};
use postern_model::{OtherKind, RelationKind};

use super::Family;
use crate::derived::Steps;
use crate::gap::Gap;
use crate::view::View;
use crate::world::World;

pub const FAMILY: Family = Family {
    name: "extensions",
    techniques: &[RelationKind::Extension],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for (kind, relations) in view.other_relations() {
        let is_traversable = of_kind(&view.world, kind);
        for relation in relations {
            if of_relation(relation).or(is_traversable) == Some(true) {
                steps.add_reported(relation);
            }
        }
    }
}

/// What a relation says of itself. Its properties are canonical JSON, so that a quote inside a text is escaped.
fn of_relation(relation: &Relation) -> Option<bool> {
    [("\"traversable\":true", true), ("\"traversable\":false", false)]
        .into_iter()
        .find(|(text, _)| relation.properties.contains(text))
        .map(|(_, says)| says)
}

/// What an extension, or else the catalog, says of a kind.
fn of_kind(world: &World<'_>, kind: OtherKind) -> Option<bool> {
    let described = world.estate.kind(KindRole::Relation, kind.as_str());
    described
        .and_then(|it| it.is_traversable)
        .or_else(|| world.catalog.is_traversable(kind))
}

/// Kinds of which nobody says whether an attacker gets along them.
pub(crate) fn gaps<'w>(world: &'w World<'_>) -> impl Iterator<Item = Gap> + use<'w> {
    let mut unsaid = BTreeMap::<OtherKind, u64>::new();
    for relation in &world.estate.relations {
        if let RelationKind::Other(kind) = relation.kind
            && of_relation(relation).is_none()
        {
            *unsaid.entry(kind).or_default() += 1;
        }
    }
    unsaid.retain(|kind, _| of_kind(world, *kind).is_none());
    unsaid.into_iter().map(|(kind, total)| Gap {
        technique: RelationKind::Other(kind),
        boundary: String::new(),
        input: "extension schema".to_owned(),
        answered: 0,
        total,
        reason: format!(
            "{total} relations of the kind {kind:?} are no steps: neither they nor an extension schema say that an \
             attacker gets along them"
        ),
    })
}

#[cfg(test)]
mod tests {
    use postern_model::estate::ExtensionKind;

    use super::*;
    use crate::testing::Sketch;
    use crate::{Removal, derive as derive_all};

    fn kind(name: &str, is_traversable: Option<bool>) -> ExtensionKind {
        ExtensionKind {
            role: KindRole::Relation,
            extension: "Pumps".to_owned(),
            name: name.to_owned(),
            display_name: String::new(),
            is_traversable,
            description: String::new(),
        }
    }

    /// Techniques of the steps, and gaps, of one relation of a kind between two users.
    fn found(name: &str, properties: &str, described: Option<bool>) -> (Vec<String>, usize) {
        let mut sketch = Sketch::domain();
        sketch.user("ADA").user("BOB");
        let relation = RelationKind::of(name).expect("a name");
        sketch.relate_with("ADA", relation, "BOB", properties);
        let mut built = sketch.build();
        built.estate.kinds = described
            .map(|says| kind(&name.to_uppercase(), Some(says)))
            .into_iter()
            .collect();
        let derived = derive_all(&built.world(), &Removal::default());
        let steps = derived
            .steps
            .iter()
            .filter(|step| matches!(step.technique, RelationKind::Other(_)));
        let gaps = derived
            .gaps
            .iter()
            .filter(|gap| matches!(gap.technique, RelationKind::Other(_)));
        (steps.map(|step| step.technique.to_string()).collect(), gaps.count())
    }

    #[test]
    fn a_relation_is_a_step_where_it_or_its_extension_or_the_catalog_says_so() {
        let step = |name: &str| (vec![name.to_owned()], 0);
        assert_eq!(
            found("Pump_Owns", "", Some(true)),
            step("Pump_Owns"),
            "in any letter case"
        );
        assert_eq!(found("Pump_Owns", "", Some(false)), (vec![], 0));
        assert_eq!(
            found("Pump_Owns", r#"{"traversable":true}"#, Some(false)),
            step("Pump_Owns")
        );
        assert_eq!(found("Pump_Owns", r#"{"traversable":false}"#, Some(true)), (vec![], 0));
        assert_eq!(found("AZAddOwner", "", None), step("AZAddOwner"));
        assert_eq!(found("TrustedForNTAuth", "", None), (vec![], 0));
        assert_eq!(found("Pump_Owns", "", None), (vec![], 1), "nobody says");
        assert_eq!(
            found("Pump_Owns", r#"{"note":"\"traversable\":true"}"#, None),
            (vec![], 1)
        );
    }

    #[test]
    fn a_technique_of_extensions_can_be_switched_off_by_its_kind_and_as_a_whole() {
        let steps_without = |technique: &str| {
            let mut sketch = Sketch::domain();
            let kind = RelationKind::of("AZAddOwner").expect("a name");
            sketch.user("ADA").user("BOB").relate("ADA", kind, "BOB");
            let removal = Removal {
                techniques: [RelationKind::of(technique).expect("a name")].into(),
                ..Removal::default()
            };
            let steps = derive_all(&sketch.build().world(), &removal).steps;
            steps.iter().filter(|step| step.technique == kind).count()
        };
        assert_eq!(["GenericAll", "AZAddOwner", "Extension"].map(steps_without), [1, 0, 0]);
    }
}
