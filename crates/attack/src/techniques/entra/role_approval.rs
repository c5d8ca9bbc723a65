//! Approvers of a role get hold of it through somebody who may ask for it.

use std::collections::BTreeMap;

use postern_model::RelationKind;
use postern_model::estate::{NodeIndex, Relation};

use super::of;
use crate::derived::Steps;
use crate::view::View;

/// Approvers of a role that somebody else may ask for. Where none are named, the administrators of the tenant approve:
/// they control it anyway.
pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let mut eligible = BTreeMap::<NodeIndex, Vec<&Relation>>::new();
    for relation in view.relations(RelationKind::AzRoleEligible) {
        if relation.is_tenant_wide() {
            eligible.entry(relation.target).or_default().push(relation);
        }
    }
    for relation in view.relations(RelationKind::AzRoleApprover) {
        let role = view.node(relation.target);
        let asks = eligible.get(&relation.target).into_iter().flatten();
        // One of them is reason enough: a large group may ask for a role.
        let asks = asks.copied().find(|it| it.source != relation.source);
        if let Some(asks) = asks.filter(|_| of(role).requires_approval != Some(false)) {
            steps.add_reported_with(relation, vec![view.relation_fact(asks)]);
        }
    }
}
