//! Who controls a container controls what lies in it: by rights that are inherited, and by policies linked to it.

use postern_catalog::Foothold;
use postern_model::estate::NodeIndex;
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
        if let Some((needs, gives)) = reach(view, relation.source, relation.target) {
            steps.add_reported_held(relation, needs, gives);
        }
    }
}

/// How control of a container reaches what lies in it: how it must be held, and how the content is held then.
///
/// * Policies reach accounts and computers, through containers at any depth, from whoever may link or edit one. They
///   reach protected objects too. They never reach a group: nothing runs as a group.
/// * Permissions reach everything else, from whoever may write those of the container. An object whose access control
///   list is protected, such as every member of an administrative group, inherits none. A container inherits them by
///   a step of its own, [`RelationKind::PropagatesAcesTo`].
fn reach(view: &View<'_>, container: NodeIndex, content: NodeIndex) -> Option<(Foothold, Foothold)> {
    let content = view.node(content);
    let inherits = content.attributes.is_acl_protected != Some(true);
    let is_linkable = matches!(view.node(container).kind, NodeKind::Ou | NodeKind::Domain);
    match content.kind {
        NodeKind::Ou | NodeKind::Container if inherits || is_linkable => Some((Foothold::User, Foothold::User)),
        NodeKind::User | NodeKind::Computer if inherits || is_linkable => Some((Foothold::User, Foothold::Admin)),
        _ if inherits => Some((Foothold::Admin, Foothold::Admin)),
        _ => None,
    }
}
