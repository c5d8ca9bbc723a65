//! From one domain to another.
//!
//! A relation of trust leads from the domain that trusts to the one that is trusted.

mod abuse_tgt_delegation;
pub mod has_trust_keys;
pub mod spoof_sid_history;

use postern_model::RelationKind;
use postern_model::estate::{NodeIndex, Relation};

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "trusts",
    techniques: &[
        RelationKind::SameForestTrust,
        RelationKind::SpoofSidHistory,
        RelationKind::AbuseTgtDelegation,
        RelationKind::HasTrustKeys,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::SameForestTrust]);
    spoof_sid_history::derive(view, steps);
    abuse_tgt_delegation::derive(view, steps);
    has_trust_keys::derive(view, steps);
}

/// Adds the steps of a technique that files state, and where they do not, those that a trust across forests tells by
/// its properties: the ends of the step, if it does.
fn across_forests(
    view: &View<'_>,
    steps: &mut Steps<'_, '_>,
    technique: RelationKind,
    told: fn(&Relation) -> Option<(NodeIndex, NodeIndex)>,
) {
    as_reported(view, steps, &[technique]);
    for trust in view.relations(RelationKind::CrossForestTrust) {
        if let Some((source, target)) = told(trust)
            && view.relation(technique, source, target).is_none()
        {
            steps.add(technique, source, target, vec![view.relation_fact(trust)]);
        }
    }
}
