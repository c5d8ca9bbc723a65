//! ESC3: with a certificate of an enrolment agent, enrol on behalf of anybody.

use std::collections::BTreeMap;

use postern_model::RelationKind;
use postern_model::estate::{Node, NodeIndex};
use roaring::RoaringBitmap;

use super::Told;
use crate::derived::Steps;
use crate::rights::{Holders, holders_of};
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let pki = &view.pki;
    let mut agents_for: BTreeMap<NodeIndex, Vec<_>> = BTreeMap::new();
    for &relation in view.relations(RelationKind::EnrollOnBehalfOf) {
        agents_for.entry(relation.target).or_default().push(relation);
    }
    let restricted: RoaringBitmap = agents_for.keys().copied().collect();
    let delegated = holders_of(view, &[RelationKind::DelegatedEnrollmentAgent], &restricted);
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc3);

    for published in pki.published() {
        let (target, authority) = (published.template, published.authority);
        let Some(agents) = agents_for.get(&target.index) else {
            continue;
        };
        let (Some(logon), Some(approval)) = (target.authenticates(view), target.needs_no_approval(view)) else {
            continue;
        };
        let restriction = authority.restricts_agents(view);
        let nobody = Holders::default();
        let allowed = delegated.get(&target.index).unwrap_or(&nobody);

        for (on_behalf, agent) in agents.iter().filter_map(|it| Some((it, pki.template(it.source)?))) {
            let (Some(agent_approval), Some(signature)) =
                (agent.needs_no_approval(view), agent.needs_no_signature(view))
            else {
                continue;
            };
            for (issuer, issued) in pki.publishers(agent) {
                let mut rights = vec![
                    &agent.enrollers,
                    &issuer.enrollers,
                    &target.enrollers,
                    &authority.enrollers,
                ];
                let mut conditions = vec![
                    agent_approval.clone(),
                    signature.clone(),
                    view.relation_fact(issued),
                    view.relation_fact(on_behalf),
                    logon.clone(),
                    approval.clone(),
                ];
                if let Some(restriction) = &restriction {
                    rights.push(allowed);
                    conditions.push(restriction.clone());
                }
                let is_fit = |principal: &Node| agent.can_name(principal);
                told.add(published, published.domain(), &rights, is_fit, &conditions);
            }
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::RelationKind;
    use postern_model::estate::PkiAttributes;

    use super::super::sketch::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    /// EVE gets an agent's certificate of TEMPLATE, and with it certificates of LOGON.
    fn estate() -> Sketch {
        fn agent(template: &mut PkiAttributes) {
            open(template);
            template.authentication_enabled = Some(false);
        }
        let mut sketch = services(agent);
        publish(&mut sketch, "LOGON", |template| {
            template.requires_manager_approval = Some(false);
            template.authentication_enabled = Some(true);
        });
        sketch
            .relate("TEMPLATE", RelationKind::EnrollOnBehalfOf, "LOGON")
            .relate("EVE", RelationKind::Enroll, "TEMPLATE")
            .relate("EVE", RelationKind::Enroll, "LOGON");
        sketch
    }

    /// The authority lets only named agents enrol for others.
    fn restricted() -> Sketch {
        let mut sketch = estate();
        sketch
            .edit("CA", |ca| pki(ca).has_enrollment_agent_restrictions = Some(true))
            .relate("EVE", RelationKind::DelegatedEnrollmentAgent, "LOGON");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc3,
            source: "EVE",
            target: DOMAIN,
            estate,
            near_misses: &[
                PUBLISHED,
                CHAINED,
                ROOT_TRUSTED,
                IN_STORE,
                STORE_OF_DOMAIN,
                IN_USE,
                MAY_ASK_AUTHORITY,
                NO_APPROVAL,
                NO_SIGNATURE,
                ENABLED,
                ("agents of the template are taken", |it| {
                    it.unrelate("TEMPLATE", RelationKind::EnrollOnBehalfOf, "LOGON");
                }),
                ("the second template is published", |it| {
                    it.unrelate("LOGON", RelationKind::PublishedTo, "CA");
                }),
                ("may ask for the second template", |it| {
                    it.unrelate("EVE", RelationKind::Enroll, "LOGON");
                }),
                ("may ask for the agent's template", |it| {
                    it.unrelate("EVE", RelationKind::Enroll, "TEMPLATE");
                }),
                ("nobody has to approve the second request", |it| {
                    it.edit("LOGON", |it| pki(it).requires_manager_approval = Some(true));
                }),
                ("certificates of the second template are good for logon", |it| {
                    it.edit("LOGON", |it| pki(it).authentication_enabled = Some(false));
                }),
                ("a user can be named in the agent's certificate", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_dns = Some(true));
                }),
                ("agents are not restricted", |it| {
                    it.edit("CA", |ca| pki(ca).has_enrollment_agent_restrictions = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc3,
            source: "EVE",
            target: DOMAIN,
            estate: restricted,
            near_misses: &[("is one of the agents", |it| {
                it.unrelate("EVE", RelationKind::DelegatedEnrollmentAgent, "LOGON");
            })],
        },
    ];

    #[test]
    fn an_agent_may_come_from_an_authority_that_no_domain_trusts() {
        let mut sketch = estate();
        sketch
            .unrelate("TEMPLATE", RelationKind::PublishedTo, "CA")
            .relate("TEMPLATE", RelationKind::PublishedTo, "OTHER CA")
            .relate("EVE", RelationKind::Enroll, "OTHER CA");
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc3, DOMAIN));
    }

    #[test]
    fn a_template_of_the_first_version_may_serve_for_both() {
        let mut sketch = services(open);
        sketch
            .relate("TEMPLATE", RelationKind::EnrollOnBehalfOf, "TEMPLATE")
            .relate("EVE", RelationKind::Enroll, "TEMPLATE");
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc3, DOMAIN));
    }
}
