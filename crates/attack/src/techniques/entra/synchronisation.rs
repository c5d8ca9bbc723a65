//! An account of Active Directory and its user of Entra: who has one has the other.

use postern_model::RelationKind;
use postern_model::estate::{Node, Relation};

use super::of;
use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::SyncedToEntraUser) {
        match asked_for(view, view.node(relation.target)) {
            Some((circumstance, fact)) => harder(view, steps, relation, circumstance, fact),
            None => steps.add_reported(relation),
        }
    }
    for relation in view.relations(RelationKind::SyncedToAdUser) {
        // The synchronisation account has no right over accounts that the directory protects as administrators.
        if view.node(relation.target).attributes.admin_count != Some(true) {
            steps.add_reported(relation);
        }
    }
}

/// What a user is asked for at sign-in beside the password, and what that is called in the catalog. A second factor
/// that was never registered is no obstacle: whoever signs in first registers their own.
fn asked_for(view: &View<'_>, user: &Node) -> Option<(&'static str, Fact)> {
    let entra = of(user);
    if entra.requires_managed_device == Some(true) {
        let text = "is let in from managed devices only (conditional access)";
        return Some((
            "managed-device",
            view.property_fact(user, "manageddevicepolicies", "", text),
        ));
    }
    let has_factor = entra.is_mfa_registered != Some(false);
    (entra.requires_mfa == Some(true) && has_factor).then(|| {
        let text = "has to prove a second factor (conditional access)";
        ("second-factor", view.property_fact(user, "mfapolicies", "", text))
    })
}

fn harder(view: &View<'_>, steps: &mut Steps<'_, '_>, relation: &Relation, circumstance: &str, fact: Fact) {
    let technique = view.world.catalog.technique(relation.kind);
    let manner = Manner {
        grade: technique.map(|it| it.grade_when(circumstance)),
        ..Manner::default()
    };
    let facts = vec![view.relation_fact(relation), fact];
    let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
    steps.add_between(relation.kind, source, target, manner, facts);
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::RelationKind;
    use postern_model::estate::EntraAttributes;

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::{CATALOG, Sketch, step};

    fn twins() -> Sketch {
        let mut sketch = tenant();
        sketch.user("ADA");
        sketch.relate("ADA", RelationKind::SyncedToEntraUser, "BOB");
        sketch.relate("BOB", RelationKind::SyncedToAdUser, "ADA");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::SyncedToEntraUser,
            source: "ADA",
            target: "BOB",
            estate: twins,
            near_misses: &[
                ("the account is enabled", |it| {
                    it.edit("ADA", |it| it.enabled = Some(false));
                }),
                ("the user is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::SyncedToAdUser,
            source: "BOB",
            target: "ADA",
            estate: twins,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("ADA", |it| it.enabled = Some(false));
                }),
                ("is not protected as an administrator", |it| {
                    it.edit("ADA", |it| it.admin_count = Some(true));
                }),
            ],
        },
    ];

    #[test]
    fn what_a_sign_in_asks_for_makes_the_password_worth_less() {
        let technique = CATALOG.technique(RelationKind::SyncedToEntraUser).expect("a technique");
        let cost = |edit: fn(&mut EntraAttributes)| {
            let mut sketch = twins();
            sketch.edit_entra("BOB", edit);
            let derived = sketch.derived();
            step(&derived, "ADA", RelationKind::SyncedToEntraUser, "BOB").map(|it| it.cost)
        };
        let plain = Some(technique.grade.cost());
        let second_factor = Some(technique.grade_when("second-factor").cost());
        assert!(second_factor > plain);
        assert_eq!(cost(|_| {}), plain, "nobody read policies");
        assert_eq!(cost(|it| it.requires_mfa = Some(false)), plain);
        assert_eq!(cost(|it| it.requires_mfa = Some(true)), second_factor);
        let unregistered = |it: &mut EntraAttributes| {
            it.requires_mfa = Some(true);
            it.is_mfa_registered = Some(false);
        };
        assert_eq!(cost(unregistered), plain, "the first to sign in registers");
        let managed = Some(technique.grade_when("managed-device").cost());
        assert_eq!(cost(|it| it.requires_managed_device = Some(true)), managed);
        assert!(managed > second_factor);
    }
}
