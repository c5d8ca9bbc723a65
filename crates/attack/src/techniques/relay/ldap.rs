//! To a domain controller that takes unsigned LDAP: it lets the attacker write the coerced computer's own object.

use postern_model::RelationKind;

use super::{Coercion, takers, to_domain_controllers};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

#[cfg(test)]
pub(crate) use tests::PLANTS;

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, coercion: &Coercion<'_, '_>) {
    let takers = takers(view, |controller| {
        let host = controller.attributes.host.as_deref()?;
        if host.requires_ldap_signing != Some(false) || host.has_ldap == Some(false) {
            return None;
        }
        let (name, text) = ("ldapavailable", "answers LDAP");
        let answers = match host.has_ldap {
            Some(_) => view.property_fact(controller, name, "true", text),
            // Whoever found out about signing has asked over LDAP, and every domain controller offers it.
            None => Fact::product_default(controller, name, "true", text),
        };
        let unsigned = view.property_fact(controller, "ldapsigning", "false", "takes LDAP that is not signed");
        Some(vec![answers, unsigned])
    });
    let technique = RelationKind::CoerceAndRelayNtlmToLdap;
    to_domain_controllers(view, steps, coercion, technique, &takers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::techniques::relay::testing::*;
    use crate::testing::{Sketch, step};

    const LDAP: RelationKind = RelationKind::CoerceAndRelayNtlmToLdap;

    fn web_client() -> Sketch {
        let mut sketch = estate();
        sketch.computer("PC");
        sketch.edit("PC", |it| host(it).runs_web_client = Some(true));
        controller(&mut sketch, "DC", |dc| {
            dc.has_ldap = Some(true);
            dc.requires_ldap_signing = Some(false);
        });
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: LDAP,
        source: EVERYBODY,
        target: "PC",
        estate: web_client,
        near_misses: &[
            RUNS_WEB_CLIENT,
            WEB_CLIENT_KNOWN,
            SENDS_NTLM,
            NOT_PROTECTED,
            ENABLED,
            OF_DOMAIN,
            CONTROLLER_ENABLED,
            TAKES_CHANGES,
            IS_CONTROLLER,
            ("the domain controller does not ask for signing", |it| {
                it.edit("DC", |dc| host(dc).requires_ldap_signing = Some(true));
            }),
            ("somebody looked whether it does", |it| {
                it.edit("DC", |dc| host(dc).requires_ldap_signing = None);
            }),
            ("it answers LDAP", |it| {
                it.edit("DC", |dc| host(dc).has_ldap = Some(false));
            }),
        ],
    }];

    #[test]
    fn a_domain_controller_is_relayed_to_another_one_only() {
        let mut sketch = web_client();
        sketch.edit("DC", |it| host(it).runs_web_client = Some(true));
        assert!(!sketch.has_step(EVERYBODY, LDAP, "DC"));
        controller(&mut sketch, "DC2", |dc| {
            dc.has_ldap = Some(true);
            dc.requires_ldap_signing = Some(false);
        });
        assert!(sketch.has_step(EVERYBODY, LDAP, "DC"));
        let derived = sketch.derived();
        let to_pc = step(&derived, EVERYBODY, LDAP, "PC").expect("a step");
        assert_eq!(to_pc.derivations().len(), 2, "one for each domain controller");
    }

    #[test]
    fn that_a_domain_controller_answers_ldap_is_assumed_where_only_signing_was_told() {
        let mut sketch = web_client();
        sketch.edit("PC", |it| host(it).restricts_outbound_ntlm = Some(false));
        let is_assumed = |sketch: &Sketch| step(&sketch.derived(), EVERYBODY, LDAP, "PC").map(|it| it.is_assumed);
        assert_eq!(is_assumed(&sketch), Some(false));
        sketch.edit("DC", |it| host(it).has_ldap = None);
        assert_eq!(is_assumed(&sketch), Some(true));
    }
}
