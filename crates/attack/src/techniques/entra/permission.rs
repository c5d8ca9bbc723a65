//! Permissions of Microsoft Graph that an application holds by itself.

use postern_model::estate::Relation;
use postern_model::{NodeKind, RelationKind};

use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

/// Who holds a permission. It acts by itself only when an application holds it.
pub fn granted<'v>(view: &'v View<'_>, permission: RelationKind) -> impl Iterator<Item = &'v Relation> {
    let relations = view.relations(permission).iter().copied();
    relations.filter(|it| view.node(it.source).kind == NodeKind::AzServicePrincipal)
}

/// Steps of who holds a permission to all that it is over.
pub fn over_sets(
    view: &View<'_>,
    steps: &mut Steps<'_, '_>,
    sets: &mut Sets,
    technique: RelationKind,
    permissions: &[(RelationKind, Set)],
) {
    for &(permission, set) in permissions {
        for relation in granted(view, permission) {
            let fact = view.relation_fact(relation);
            sets.reach(view, steps, technique, relation.source, set, fact);
        }
    }
}
