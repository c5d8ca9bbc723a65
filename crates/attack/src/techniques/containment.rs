//! Who controls a container controls what lies in it: by rights that are inherited, and by policies linked to it.

use postern_model::{NodeKind, RelationKind};

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "containment",
    techniques: &[
        RelationKind::Contains,
        RelationKind::ContainsIdentity,
        RelationKind::PropagatesAcesTo,
        RelationKind::GpLink,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(
        view,
        steps,
        &[
            RelationKind::ContainsIdentity,
            RelationKind::PropagatesAcesTo,
            RelationKind::GpLink,
        ],
    );
    for relation in view.relations(RelationKind::Contains) {
        if is_controlled(view, relation.source, relation.target) {
            steps.add_reported(relation);
        }
    }
}

/// Whether control of `container` reaches `content`. Rights are not inherited by an object whose access control list
/// is protected, such as every member of an administrative group. A policy still reaches it when it is something that
/// policies apply to, and the container one that they can be linked to.
fn is_controlled(view: &View<'_>, container: u32, content: u32) -> bool {
    let content = view.node(content);
    let is_linkable = matches!(view.node(container).kind, NodeKind::Ou | NodeKind::Domain);
    let takes_policies = matches!(
        content.kind,
        NodeKind::User | NodeKind::Computer | NodeKind::Ou | NodeKind::Container
    );
    content.attributes.is_acl_protected != Some(true) || (is_linkable && takes_policies)
}
