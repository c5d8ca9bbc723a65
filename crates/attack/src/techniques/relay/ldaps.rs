//! To a domain controller that does not bind LDAPS to its channel: it lets the attacker write the coerced computer's
//! own object.

use postern_model::RelationKind;

use super::{Coercion, takers, to_domain_controllers};
use crate::derived::Steps;
use crate::view::View;

#[cfg(test)]
pub(crate) use tests::PLANTS;

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, coercion: &Coercion<'_, '_>) {
    let takers = takers(view, |controller| {
        let host = controller.attributes.host.as_deref()?;
        let is_taking = host.requires_ldap_channel_binding == Some(false) && host.has_ldaps == Some(true);
        is_taking.then(|| {
            vec![
                view.property_fact(controller, "ldapsavailable", "true", "answers LDAPS"),
                view.property_fact(controller, "ldapsepa", "false", "does not bind LDAPS to its channel"),
            ]
        })
    });
    let technique = RelationKind::CoerceAndRelayNtlmToLdaps;
    to_domain_controllers(view, steps, coercion, technique, &takers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::techniques::relay::testing::*;
    use crate::testing::Sketch;

    fn web_client() -> Sketch {
        let mut sketch = estate();
        sketch.computer("PC");
        sketch.edit("PC", |it| host(it).runs_web_client = Some(true));
        controller(&mut sketch, "DC", |dc| {
            dc.has_ldaps = Some(true);
            dc.requires_ldap_channel_binding = Some(false);
        });
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::CoerceAndRelayNtlmToLdaps,
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
            ("the domain controller does not ask for channel binding", |it| {
                it.edit("DC", |dc| host(dc).requires_ldap_channel_binding = Some(true));
            }),
            ("somebody looked whether it does", |it| {
                it.edit("DC", |dc| host(dc).requires_ldap_channel_binding = None);
            }),
            ("it answers LDAPS", |it| {
                it.edit("DC", |dc| host(dc).has_ldaps = Some(false));
            }),
            ("somebody saw it answer", |it| {
                it.edit("DC", |dc| host(dc).has_ldaps = None);
            }),
        ],
    }];
}
