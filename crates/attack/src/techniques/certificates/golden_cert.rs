//! Golden certificate: whoever holds the computer of an authority holds its key, and signs certificates for anybody.

use postern_model::RelationKind;

use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for authority in view.pki.authorities() {
        for trust in &authority.trusts {
            for host in &authority.hosts {
                let mut facts = vec![view.relation_fact(host)];
                facts.extend(trust.facts.iter().cloned());
                steps.add(RelationKind::GoldenCert, host.source, trust.domain, facts);
            }
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::RelationKind;

    use super::super::sketch::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    fn estate() -> Sketch {
        services(|_| {})
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::GoldenCert,
        source: "CAHOST",
        target: DOMAIN,
        estate,
        near_misses: &[
            CHAINED,
            ROOT_TRUSTED,
            IN_STORE,
            STORE_OF_DOMAIN,
            IN_USE,
            ("the authority runs on it", |it| {
                it.unrelate("CAHOST", RelationKind::HostsCaService, "CA");
            }),
        ],
    }];

    #[test]
    fn an_authority_that_publishes_nothing_signs_all_the_same() {
        let mut sketch = estate();
        sketch.unrelate("TEMPLATE", RelationKind::PublishedTo, "CA");
        assert!(sketch.has_step("CAHOST", RelationKind::GoldenCert, DOMAIN));
    }
}
