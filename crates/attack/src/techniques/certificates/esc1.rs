//! ESC1: a template lets whoever asks name the subject, and its certificates are good for logon.

use postern_model::RelationKind;

use super::Told;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::pki::Template;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc1);
    for published in view.pki.published() {
        if let Some(conditions) = conditions(view, published.template) {
            let rights = [&published.template.enrollers, &published.authority.enrollers];
            told.add(published, published.domain(), &rights, |_| true, &conditions);
        }
    }
}

fn conditions(view: &View<'_>, template: &Template<'_>) -> Option<[Fact; 4]> {
    Some([
        template.lets_name_subject(view)?,
        template.authenticates(view)?,
        template.needs_no_approval(view)?,
        template.needs_no_signature(view)?,
    ])
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::RelationKind;
    use postern_model::estate::PkiAttributes;

    use super::super::WAYS_MAX;
    use super::super::sketch::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch, step};

    fn vulnerable(template: &mut PkiAttributes) {
        open(template);
        template.enrollee_supplies_subject = Some(true);
    }

    fn estate() -> Sketch {
        let mut sketch = services(vulnerable);
        sketch.relate("EVE", RelationKind::Enroll, "TEMPLATE");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AdcsEsc1,
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
            NOT_OVERRULED,
            NO_APPROVAL,
            APPROVAL_KNOWN,
            NO_SIGNATURE,
            FOR_LOGON,
            ENABLED,
            ("a computer runs the authority", |it| {
                it.unrelate("CAHOST", RelationKind::HostsCaService, "CA");
            }),
            ("may ask for the template", |it| {
                it.unrelate("EVE", RelationKind::Enroll, "TEMPLATE");
            }),
            ("belongs to those who may ask the authority", |it| {
                it.unrelate("EVE", RelationKind::MemberOf, "USERS");
            }),
            ("whoever asks names the subject", |it| {
                it.edit("TEMPLATE", |it| pki(it).enrollee_supplies_subject = Some(false));
            }),
        ],
    }];

    #[test]
    fn a_template_of_the_first_version_can_ask_for_no_signature() {
        let mut sketch = estate();
        sketch.edit("TEMPLATE", |it| {
            pki(it).schema_version = Some(1);
            pki(it).authorized_signatures = Some(1);
        });
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc1, DOMAIN));
    }

    #[test]
    fn an_authority_counts_where_its_computer_is_not_told() {
        let mut sketch = estate();
        sketch
            .unrelate("CAHOST", RelationKind::HostsCaService, "CA")
            .edit("CA", |ca| pki(ca).is_host_known = None);
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc1, DOMAIN));
    }

    #[test]
    fn a_right_in_the_authoritys_own_list_counts() {
        let mut sketch = estate();
        sketch.edit("CA", |ca| ca.has_ca_list = Some(true)).relate_with(
            "EVE",
            RelationKind::Enroll,
            "CA",
            r#"{"isacl":true,"islistofca":true}"#,
        );
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc1, DOMAIN));
    }

    #[test]
    fn a_group_that_may_do_both_stands_for_its_members() {
        let mut sketch = services(vulnerable);
        sketch.relate("USERS", RelationKind::AllExtendedRights, "TEMPLATE");
        assert!(sketch.has_step("USERS", RelationKind::AdcsEsc1, DOMAIN));
        assert!(!sketch.has_step("EVE", RelationKind::AdcsEsc1, DOMAIN));
    }

    #[test]
    fn of_many_templates_some_are_told_and_each_is_enough() {
        let mut sketch = estate();
        for number in 0..2 * WAYS_MAX {
            let key = format!("TEMPLATE{number}");
            publish(&mut sketch, &key, vulnerable);
            sketch.relate("EVE", RelationKind::Enroll, &key);
        }
        let derived = sketch.derived();
        let found = step(&derived, "EVE", RelationKind::AdcsEsc1, DOMAIN).expect("the step");
        assert_eq!(found.derivations().len(), WAYS_MAX);

        for number in 0..2 * WAYS_MAX {
            sketch.unrelate(&format!("TEMPLATE{number}"), RelationKind::PublishedTo, "CA");
        }
        assert!(
            sketch.has_step("EVE", RelationKind::AdcsEsc1, DOMAIN),
            "TEMPLATE is left"
        );
    }

    #[test]
    fn the_step_names_template_authority_root_store_and_rights() {
        let built = estate().build();
        let derived = crate::derive(&built.world(), &crate::Removal::default());
        let found = step(&derived, "EVE", RelationKind::AdcsEsc1, DOMAIN).expect("the step");
        let texts: Vec<_> = found.derivations()[0]
            .facts
            .iter()
            .map(|fact| fact.text(&built.estate))
            .collect();
        assert_eq!(
            texts,
            [
                "EVE has the right to enrol with TEMPLATE",
                "EVE is a member of USERS",
                "USERS has the right to enrol with CA",
                "TEMPLATE lets whoever asks name the subject",
                "TEMPLATE issues certificates that are good for logon",
                "TEMPLATE asks for no approval by a manager",
                "TEMPLATE asks for no signature of an agent",
                "TEMPLATE is published to CA",
                "CA has a certificate issued by ROOT",
                "ROOT is a root certificate authority for CORP.EXAMPLE",
                "CA is trusted for logon by the store STORE",
                "STORE is the store of certificates for logon to CORP.EXAMPLE",
                "CAHOST hosts the certificate authority CA",
            ]
        );
    }
}
