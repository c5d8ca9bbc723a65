//! `AbuseTGTDelegation`: a domain that trusts one in another forest receives full tickets of its accounts.
//!
//! A collector's file states it. Graphs that only tell the trust say with it whether tickets are delegated. The plants
//! are those of [`super::spoof_sid_history`].

use postern_model::RelationKind;

use super::across_forests;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    // From the one that trusts, where the tickets arrive, to the one whose tickets they are.
    across_forests(view, steps, RelationKind::AbuseTgtDelegation, |trust| {
        (trust.flag("tgtdelegation") == Some(true)).then_some((trust.source, trust.target))
    });
}
