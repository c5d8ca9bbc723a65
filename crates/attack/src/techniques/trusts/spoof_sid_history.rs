//! `SpoofSIDHistory`: a trusted domain in another forest can forge ids of the domain that trusts it.
//!
//! A collector's file states it. Graphs that only tell the trust say with it whether ids are filtered.

use postern_model::RelationKind;

use super::across_forests;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    // From the one that is trusted to the one that trusts it.
    across_forests(view, steps, RelationKind::SpoofSidHistory, |trust| {
        (trust.flag("spoofsidhistoryblocked") == Some(false)).then_some((trust.target, trust.source))
    });
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    const OTHER: &str = "S-1-5-21-2-2-2";

    fn trust(kind: RelationKind, properties: &str) -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .node(OTHER, NodeKind::Domain, |it| it.boundary = OTHER.into())
            .relate_with(DOMAIN, kind, OTHER, properties);
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::SpoofSidHistory,
            source: OTHER,
            target: DOMAIN,
            estate: || trust(RelationKind::CrossForestTrust, r#"{"spoofsidhistoryblocked":false}"#),
            near_misses: &[
                ("ids are not filtered", |it| {
                    *it = trust(RelationKind::CrossForestTrust, r#"{"spoofsidhistoryblocked":true}"#);
                }),
                ("somebody looked whether ids are filtered", |it| {
                    *it = trust(RelationKind::CrossForestTrust, r#"{"trusttype":"Forest"}"#);
                }),
                ("the trust is to another forest", |it| {
                    *it = trust(RelationKind::SameForestTrust, r#"{"spoofsidhistoryblocked":false}"#);
                }),
            ],
        },
        Plant {
            technique: RelationKind::AbuseTgtDelegation,
            source: DOMAIN,
            target: OTHER,
            estate: || trust(RelationKind::CrossForestTrust, r#"{"tgtdelegation":true}"#),
            near_misses: &[
                ("tickets are delegated", |it| {
                    *it = trust(RelationKind::CrossForestTrust, r#"{"tgtdelegation":false}"#);
                }),
                ("somebody looked whether tickets are delegated", |it| {
                    *it = trust(RelationKind::CrossForestTrust, "");
                }),
                ("the trust is to another forest", |it| {
                    *it = trust(RelationKind::SameForestTrust, r#"{"tgtdelegation":true}"#);
                }),
            ],
        },
    ];
}
