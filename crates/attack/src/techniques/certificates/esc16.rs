//! ESC16: an authority leaves the SID of who asked out of every certificate that it issues.
//!
//! Where whoever asks may also name the subject, all who may enrol can name an administrator; this is the rule of
//! BloodHound Community Edition's analysis. A domain controller that enforces strong binding does not help then, since
//! the SID can be named as well (a subject alternative name `tag:microsoft.com,2022-09-14:sid:...`, [MS-PKCA]
//! 3.1.5.2.1.6). Otherwise every template is one of ESC9: who controls an account that may enrol can rename it.

use postern_model::RelationKind;
use postern_model::estate::Node;

use super::Told;
use super::renaming::{Name, Renaming, Way, all, by_domain};
use crate::derived::{Manner, Steps};
use crate::fact::Fact;
use crate::forest::Forests;
use crate::pki::{Authority, Published};
use crate::view::View;

/// szOID_NTDS_CA_SECURITY_EXT: the extension that holds the SID.
const SECURITY_EXTENSION: &str = "1.3.6.1.4.1.311.25.2";

/// What the catalog calls it where whoever asks may name the subject too.
const NAMED_BY_REQUESTER: &str = "named-by-requester";

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, forests: &Forests<'_, '_>, renaming: &Renaming<'_, '_>) {
    let technique = RelationKind::AdcsEsc16;
    let known = view.world.catalog.technique(technique);
    let manner = Manner {
        grade: known.map(|it| it.grade_when(NAMED_BY_REQUESTER)),
        ..Manner::default()
    };
    let mut told = Told::new(view, steps, technique).with_manner(manner);
    for published in view.pki.published() {
        let template = published.template;
        if let Some(conditions) = named_by_requester(view, published) {
            let rights = [&template.enrollers, &published.authority.enrollers];
            let is_fit = |principal: &Node| template.can_name(principal);
            told.add(published, published.domain(), &rights, is_fit, &conditions);
        }
    }
    let names = [Name::Public, Name::Dns];
    let ways = view.pki.published().flat_map(|published| {
        names.into_iter().filter_map(move |name| {
            let conditions = renamed(view, forests, published, name)?;
            Some(Way {
                published,
                name,
                conditions,
            })
        })
    });
    renaming.add(steps, technique, &by_domain(ways));
}

/// The authority puts the SID into no certificate; somebody looked at that.
pub fn leaves_out_sids(view: &View<'_>, authority: &Authority<'_>) -> Option<Fact> {
    let pki = authority.node.attributes.pki.as_deref()?;
    let mut disabled = pki.disabled_extensions.iter().flatten();
    let is_so = pki.is_disabled_extensions_collected == Some(true) && disabled.any(|it| it == SECURITY_EXTENSION);
    is_so.then(|| {
        let text = "leaves the SID of who asked out of every certificate";
        view.property_fact(authority.node, "disabledextensions", SECURITY_EXTENSION, text)
    })
}

fn named_by_requester(view: &View<'_>, published: Published<'_, '_>) -> Option<Vec<Fact>> {
    let Published {
        template, authority, ..
    } = published;
    let pki = authority.node.attributes.pki.as_deref()?;
    if pki.is_user_specifies_san_collected != Some(true) {
        return None;
    }
    all([
        template.needs_no_approval(view),
        template.needs_no_signature(view),
        template.authenticates(view),
        authority.lets_name_subject(view),
        leaves_out_sids(view, authority),
    ])
}

fn renamed(view: &View<'_>, forests: &Forests<'_, '_>, published: Published<'_, '_>, name: Name) -> Option<Vec<Fact>> {
    let Published {
        template, authority, ..
    } = published;
    let mut conditions = all([
        leaves_out_sids(view, authority),
        template.needs_no_approval(view),
        template.needs_no_signature(view),
        template.authenticates(view),
        match name {
            Name::Public => template.holds_user_principal_name(view),
            Name::Dns => template.holds_dns_name(view),
        },
    ])?;
    conditions.extend(template.takes_names_from_directory(view)?);
    conditions.extend(forests.binds_weakly(published.domain())?);
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

    fn disable(sketch: &mut Sketch) {
        sketch.edit("CA", |ca| {
            let ca = pki(ca);
            ca.disabled_extensions = Some([SECURITY_EXTENSION.to_owned()].into());
            ca.is_disabled_extensions_collected = Some(true);
        });
    }

    fn requester() -> Sketch {
        let mut sketch = services(open);
        disable(&mut sketch);
        sketch
            .edit("CA", |ca| {
                let ca = pki(ca);
                ca.does_user_specify_san = Some(true);
                ca.is_user_specifies_san_collected = Some(true);
            })
            .relate("EVE", RelationKind::Enroll, "TEMPLATE");
        sketch
    }

    fn user() -> Sketch {
        fn by_upn(template: &mut PkiAttributes) {
            open(template);
            template.enrollee_supplies_subject = Some(false);
            template.no_security_extension = Some(false);
            template.san_requires_upn = Some(true);
        }
        let mut sketch = victim(NodeKind::User, by_upn, binding(1));
        disable(&mut sketch);
        sketch
    }

    const DISABLED: NearMiss = ("the extension is disabled", |it| {
        it.edit("CA", |ca| {
            pki(ca).disabled_extensions = Some(["1.3.6.1.4.1.311.21.7".to_owned()].into());
        });
    });
    const LOOKED_AT: NearMiss = ("somebody looked at the disabled extensions", |it| {
        it.edit("CA", |ca| pki(ca).is_disabled_extensions_collected = Some(false));
    });

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc16,
            source: "EVE",
            target: DOMAIN,
            estate: requester,
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
                FOR_LOGON,
                DISABLED,
                LOOKED_AT,
                ("whoever asks names the subject", |it| {
                    it.edit("CA", |ca| pki(ca).does_user_specify_san = Some(false));
                }),
                ("somebody looked at who names the subject", |it| {
                    it.edit("CA", |ca| pki(ca).is_user_specifies_san_collected = None);
                }),
                ("may ask for the template", |it| {
                    it.unrelate("EVE", RelationKind::Enroll, "TEMPLATE");
                }),
                ("a user has all names that the certificate holds", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_dns = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc16,
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
                FOR_LOGON,
                DISABLED,
                LOOKED_AT,
                VICTIM_CAN_BE_NAMED,
                BINDING_WEAK,
                BINDING_KNOWN,
                ("certificates hold a name that can be changed", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_upn = Some(false));
                }),
            ],
        },
    ];

    #[test]
    fn enforced_binding_helps_nobody_where_requesters_name_the_sid_too() {
        let mut sketch = requester();
        sketch
            .computer("DC")
            .edit("DC", |dc| dc.host = Some(Box::new(binding(2))))
            .relate("DC", RelationKind::DcFor, DOMAIN);
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc16, DOMAIN));
    }
}
