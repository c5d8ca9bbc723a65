//! Group policy: who can make computers and users run what they please, by a policy that applies to them.
//!
//! A policy reaches the accounts below the place that it is linked to, and stops at units that block inheritance,
//! unless the link is enforced. Whoever may link policies to a place may enforce the link, so nothing stops them.
//! Source: [MS-GPOL] and Microsoft, "Group Policy processing". Who receives what below one place is a set of its own
//! ([`reach`]), chained to those of the units inside: a policy of a domain is one step, not one for each account.
//!
//! Not looked at, since no collector tells: which groups a policy is filtered to, WMI filters, loopback processing, and
//! policies that are linked to sites. Links that are switched off are left out by collectors; another file may say so
//! (property `enabled` of the link).

mod can_apply_gpo;
mod gpo_applies_to;
mod reach;

use postern_model::RelationKind;

use self::reach::Reach;
use super::Family;
use crate::derived::Steps;
use crate::view::View;

#[cfg(test)]
pub(crate) use can_apply_gpo::PLANTS as CAN_APPLY_GPO;
#[cfg(test)]
pub(crate) use gpo_applies_to::PLANTS as GPO_APPLIES_TO;
pub use reach::all as sets;

pub const FAMILY: Family = Family {
    name: "policies",
    techniques: &[RelationKind::GpoAppliesTo, RelationKind::CanApplyGpo],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let mut reach = Reach::default();
    gpo_applies_to::derive(view, steps, &mut reach);
    can_apply_gpo::derive(view, steps, &mut reach);
    reach.derive(view, steps);
}
