//! ESC10: a domain controller maps certificates to accounts, at logon by TLS, by the user principal name in them.
//!
//! 10a is about the user principal name, which every account can be given; 10b about the DNS name of computers. The
//! certificate may hold the SID of who asked: Schannel looks at the name. The rule is that of BloodHound Community
//! Edition's analysis, with the rights over the victim of ESC9.

use postern_model::RelationKind;

use super::renaming::{Name, Renaming, all};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::forest::Forests;
use crate::pki::Published;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, forests: &Forests<'_, '_>, renaming: &Renaming<'_, '_>) {
    let techniques = [
        (RelationKind::AdcsEsc10a, Name::Public),
        (RelationKind::AdcsEsc10b, Name::Dns),
    ];
    renaming.add_by_name(steps, techniques, |published, name| {
        conditions(view, forests, published, name)
    });
}

fn conditions(
    view: &View<'_>,
    forests: &Forests<'_, '_>,
    published: Published<'_, '_>,
    name: Name,
) -> Option<Vec<Fact>> {
    let template = published.template;
    let mut conditions = all([
        template.needs_no_approval(view),
        template.needs_no_signature(view),
        template.authenticates_by_tls(view),
        match name {
            Name::Public => template.holds_user_principal_name(view),
            Name::Dns => template.holds_dns_name(view),
        },
    ])?;
    conditions.extend(template.takes_names_from_directory(view)?);
    conditions.extend(forests.maps_by_upn(published.domain())?);
    Some(conditions)
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::NodeKind;
    use postern_model::estate::PkiAttributes;

    use super::super::renaming::sketch::*;
    use super::super::sketch::*;
    use super::*;
    use crate::planted::{NearMiss, Plant};
    use crate::testing::{DOMAIN, Sketch};

    fn for_tls(template: &mut PkiAttributes) {
        open(template);
        template.authentication_enabled = None;
        template.schannel_enabled = Some(true);
        template.enrollee_supplies_subject = Some(false);
    }

    fn by_upn(template: &mut PkiAttributes) {
        for_tls(template);
        template.san_requires_upn = Some(true);
    }

    fn by_spn(template: &mut PkiAttributes) {
        for_tls(template);
        template.schannel_enabled = None;
        template.effective_ekus = Some(["1.3.6.1.5.5.7.3.2".to_owned()].into());
        template.san_requires_spn = Some(true);
    }

    fn by_dns(template: &mut PkiAttributes) {
        for_tls(template);
        template.san_requires_dns = Some(true);
    }

    fn user() -> Sketch {
        victim(NodeKind::User, by_upn, mapping(0x1f))
    }

    fn purposes() -> Sketch {
        victim(NodeKind::User, by_spn, mapping(4))
    }

    fn computer() -> Sketch {
        victim(NodeKind::Computer, by_dns, mapping(4))
    }

    const MAPPED: NearMiss = ("a domain controller maps by user principal name", |it| {
        host(it, |dc| dc.certificate_mapping_methods = Some(0x1b));
    });
    const MAPPED_BY_DEFAULT: NearMiss = ("a domain controller was told to map by user principal name", |it| {
        host(it, |dc| dc.certificate_mapping_methods = Some(-1));
    });
    const FOR_TLS: NearMiss = ("certificates are good for logon by TLS", |it| {
        it.edit("TEMPLATE", |it| pki(it).schannel_enabled = Some(false));
    });

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc10a,
            source: "EVE",
            target: DOMAIN,
            estate: user,
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
                ENABLED,
                CONTROLLED,
                CONTROL_IS_ENOUGH,
                VICTIM_ENABLED,
                VICTIM_MAY_ENROL,
                VICTIM_MAY_ASK_AUTHORITY,
                FROM_DIRECTORY,
                CONTROLLER_ENABLED,
                CONTROLLER_OF_FOREST,
                VICTIM_CAN_BE_NAMED,
                MAPPED,
                MAPPED_BY_DEFAULT,
                FOR_TLS,
                ("certificates hold the user principal name", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_upn = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc10a,
            source: "EVE",
            target: DOMAIN,
            estate: purposes,
            near_misses: &[
                ("its purposes are good for logon by TLS", |it| {
                    it.edit("TEMPLATE", |it| {
                        pki(it).effective_ekus = Some(["1.3.6.1.5.5.7.3.1".to_owned()].into());
                    });
                }),
                ("certificates hold the user principal name", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_spn = None);
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc10b,
            source: "EVE",
            target: DOMAIN,
            estate: computer,
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
                ENABLED,
                CONTROLLED,
                CONTROL_IS_ENOUGH,
                VICTIM_ENABLED,
                VICTIM_MAY_ENROL,
                VICTIM_MAY_ASK_AUTHORITY,
                FROM_DIRECTORY,
                CONTROLLER_ENABLED,
                CONTROLLER_OF_FOREST,
                MAPPED,
                MAPPED_BY_DEFAULT,
                FOR_TLS,
                ("certificates hold the DNS name", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_dns = Some(false));
                }),
                ("the victim is a computer", |it| {
                    it.node("VICTIM", NodeKind::User, |_| {});
                }),
            ],
        },
    ];
}
