//! ESC6: an authority takes a subject alternative name from whoever asks, whatever the template says.
//!
//! Since the update of May 2022 (KB5014754) a certificate also holds the SID of who asked. So the template has to leave
//! it out (6a, logon by Kerberos), or a domain controller has to map by name (6b, logon by TLS).

use postern_model::RelationKind;
use postern_model::estate::Node;
use roaring::RoaringBitmap;

use super::Told;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::forest::Forests;
use crate::pki::{Published, Template};
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc6a);
    for published in view.pki.published() {
        if let Some(switch) = published.authority.lets_name_subject(view)
            && let Some(conditions) = for_kerberos(view, published.template)
        {
            add(&mut told, published, &[&[switch], &conditions[..]].concat());
        }
    }

    let forests = Forests::of(view);
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc6b);
    for published in view.pki.published() {
        if let Some(switch) = published.authority.lets_name_subject(view)
            && let Some(conditions) = for_tls(view, published.template)
            && let Some(mapping) = forests.maps_by_upn(published.domain())
        {
            add(&mut told, published, &[&[switch], &conditions[..], &mapping].concat());
        }
    }
}

fn for_kerberos(view: &View<'_>, template: &Template<'_>) -> Option<[Fact; 4]> {
    Some([
        template.authenticates(view)?,
        template.leaves_out_sid(view)?,
        template.needs_no_approval(view)?,
        template.needs_no_signature(view)?,
    ])
}

fn for_tls(view: &View<'_>, template: &Template<'_>) -> Option<[Fact; 3]> {
    Some([
        template.authenticates_by_tls(view)?,
        template.needs_no_approval(view)?,
        template.needs_no_signature(view)?,
    ])
}

/// Each of those who may ask for the template may also have to be named in the certificate, so that a group is looked
/// at by itself. Accounts are looked at together, which gives the same as one by one.
fn add<'a>(told: &mut Told<'_, '_, '_, 'a>, published: Published<'_, 'a>, conditions: &[Fact]) {
    let (template, memberships) = (published.template, &told.view.memberships);
    let enrollers = template.enrollers.direct();
    let groups = enrollers & (memberships.groups() | memberships.everybody());
    let alone = groups.iter().map(|group| RoaringBitmap::from_iter([group]));
    for some in alone.chain([enrollers - &groups]) {
        let rights = [&template.enrollers.only(&some), &published.authority.enrollers];
        let is_fit = |principal: &Node| template.can_name(principal);
        told.add(published, published.domain(), &rights, is_fit, conditions);
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::estate::{HostAttributes, PkiAttributes};

    use super::super::sketch::*;
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    fn open_by_tls(template: &mut PkiAttributes) {
        open(template);
        template.authentication_enabled = None;
        template.effective_ekus = Some(["1.3.6.1.5.5.7.3.2".to_owned()].into());
    }

    fn without_sid(template: &mut PkiAttributes) {
        open(template);
        template.no_security_extension = Some(true);
    }

    fn switched(template: fn(&mut PkiAttributes)) -> Sketch {
        let mut sketch = services(template);
        sketch
            .edit("CA", |ca| pki(ca).does_user_specify_san = Some(true))
            .relate("EVE", RelationKind::Enroll, "TEMPLATE");
        sketch
    }

    fn mapping() -> Sketch {
        let mut sketch = switched(open_by_tls);
        sketch.computer("DC").relate("DC", RelationKind::DcFor, DOMAIN);
        map_by(&mut sketch, 0x1f);
        sketch
    }

    fn map_by(sketch: &mut Sketch, methods: i64) {
        sketch.edit("DC", |dc| {
            dc.host = Some(Box::new(HostAttributes {
                certificate_mapping_methods: Some(methods),
                ..HostAttributes::default()
            }));
        });
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc6a,
            source: "EVE",
            target: DOMAIN,
            estate: || switched(without_sid),
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
                NO_SIGNATURE,
                FOR_LOGON,
                ENABLED,
                ("the authority takes names from whoever asks", |it| {
                    it.edit("CA", |ca| pki(ca).does_user_specify_san = Some(false));
                }),
                ("certificates leave out the SID", |it| {
                    it.edit("TEMPLATE", |it| pki(it).no_security_extension = Some(false));
                }),
                ("may ask for the template", |it| {
                    it.unrelate("EVE", RelationKind::Enroll, "TEMPLATE");
                }),
                ("a user can be named in the certificate", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_domain_dns = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc6b,
            source: "EVE",
            target: DOMAIN,
            estate: mapping,
            near_misses: &[
                PUBLISHED,
                CHAINED,
                IN_STORE,
                IN_USE,
                MAY_ASK_AUTHORITY,
                NO_APPROVAL,
                NO_SIGNATURE,
                ENABLED,
                ("the authority takes names from whoever asks", |it| {
                    it.edit("CA", |ca| pki(ca).does_user_specify_san = Some(false));
                }),
                ("a domain controller maps by name", |it| map_by(it, 0x18)),
                ("it is a domain controller of the forest", |it| {
                    it.unrelate("DC", RelationKind::DcFor, DOMAIN);
                }),
                ("the domain controller is in use", |it| {
                    it.edit("DC", |dc| dc.enabled = Some(false));
                }),
                ("certificates are for logon by TLS", |it| {
                    it.edit("TEMPLATE", |it| {
                        pki(it).effective_ekus = Some(["1.3.6.1.5.5.7.3.1".to_owned()].into());
                    });
                }),
                ("nobody says that they are not for logon by TLS", |it| {
                    it.edit("TEMPLATE", |it| pki(it).schannel_enabled = Some(false));
                }),
            ],
        },
    ];

    #[test]
    fn what_users_cannot_be_named_in_computers_and_groups_may_have() {
        let mut sketch = switched(without_sid);
        sketch
            .edit("TEMPLATE", |it| pki(it).san_requires_dns = Some(true))
            .computer("HOST")
            .relate("HOST", RelationKind::Enroll, "TEMPLATE")
            .relate("HOST", RelationKind::Enroll, "CA")
            .relate("USERS", RelationKind::Enroll, "TEMPLATE");
        for (source, is_found) in [("HOST", true), ("USERS", true), ("EVE", false)] {
            assert_eq!(
                sketch.has_step(source, RelationKind::AdcsEsc6a, DOMAIN),
                is_found,
                "{source}"
            );
        }
    }
}
