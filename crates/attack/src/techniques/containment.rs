//! Who controls a container controls what lies in it, by access rights that are inherited.
//!
//! Policies reach what lies in a container too, but not from everybody who holds it and not always: see
//! [`super::policies`].

use postern_catalog::Foothold;
use postern_model::RelationKind;

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "containment",
    techniques: &[
        RelationKind::Contains,
        RelationKind::ContainsIdentity,
        RelationKind::PropagatesAcesTo,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(
        view,
        steps,
        &[RelationKind::ContainsIdentity, RelationKind::PropagatesAcesTo],
    );
    for relation in view.relations(RelationKind::Contains) {
        // Whoever may write the permissions of a container writes those of what inherits them. An object whose access
        // control list is protected, such as every member of an administrative group, inherits none.
        if view.node(relation.target).attributes.is_acl_protected != Some(true) {
            steps.add_reported_held(relation, Foothold::Admin, Foothold::Admin);
        }
    }
}
