//! ESC9: a template issues certificates without the SID of who asked, and a domain controller takes the name in them.
//!
//! 9a is about the user principal name, which every account can be given; 9b about the DNS name of computers. The rule
//! is that of BloodHound Community Edition's analysis; besides its rights over the victim counts that to write the
//! public information, of which the user principal name is part.

use postern_model::RelationKind;

use super::renaming::{Name, Renaming, all};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::forest::Forests;
use crate::pki::Published;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, forests: &Forests<'_, '_>, renaming: &Renaming<'_, '_>) {
    let techniques = [
        (RelationKind::AdcsEsc9a, Name::Public),
        (RelationKind::AdcsEsc9b, Name::Dns),
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
        template.authenticates(view),
        template.leaves_out_sid(view),
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
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, FQDN, Sketch, step, users};

    fn by_upn(template: &mut PkiAttributes) {
        without_sid(template);
        template.san_requires_upn = Some(true);
    }

    fn user() -> Sketch {
        victim(NodeKind::User, by_upn, binding(1))
    }

    fn computer() -> Sketch {
        fn by_dns(template: &mut PkiAttributes) {
            without_sid(template);
            template.san_requires_dns = Some(true);
        }
        victim(NodeKind::Computer, by_dns, binding(0))
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc9a,
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
                VICTIM_CAN_BE_NAMED,
                NO_SID,
                NO_SID_KNOWN,
                BINDING_WEAK,
                BINDING_KNOWN,
                ("certificates hold the user principal name", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_upn = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc9b,
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
                FOR_LOGON,
                NO_SID,
                NO_SID_KNOWN,
                BINDING_WEAK,
                BINDING_KNOWN,
                ("certificates hold the DNS name", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_dns = Some(false));
                }),
                ("the victim is a computer", |it| {
                    it.node("VICTIM", NodeKind::User, |_| {});
                }),
            ],
        },
    ];

    #[test]
    fn each_right_over_the_names_of_an_account_will_do() {
        let rights = [
            (RelationKind::GenericWrite, true),
            (RelationKind::WriteDacl, true),
            (RelationKind::WriteOwner, true),
            (RelationKind::Owns, true),
            (RelationKind::OwnsRaw, true),
            (RelationKind::WriteOwnerRaw, true),
            (RelationKind::WritePublicInformation, true),
            (RelationKind::AllExtendedRights, false),
            (RelationKind::AddKeyCredentialLink, false),
        ];
        for (right, is_enough) in rights {
            let mut sketch = user();
            sketch
                .unrelate("EVE", RelationKind::GenericAll, "VICTIM")
                .relate("EVE", right, "VICTIM");
            assert_eq!(
                sketch.has_step("EVE", RelationKind::AdcsEsc9a, DOMAIN),
                is_enough,
                "{right}"
            );
        }
    }

    #[test]
    fn the_public_information_does_not_hold_a_dns_name() {
        let mut sketch = computer();
        sketch.unrelate("EVE", RelationKind::GenericAll, "VICTIM").relate(
            "EVE",
            RelationKind::WritePublicInformation,
            "VICTIM",
        );
        assert!(!sketch.has_step("EVE", RelationKind::AdcsEsc9b, DOMAIN));
    }

    #[test]
    fn owners_of_computers_count_unless_the_forest_withholds_their_rights() {
        let mut sketch = computer();
        sketch
            .unrelate("EVE", RelationKind::GenericAll, "VICTIM")
            .relate("EVE", RelationKind::OwnsRaw, "VICTIM");
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc9b, DOMAIN));
        sketch.edit(DOMAIN, |domain| {
            domain.ds_heuristics = Some(format!("{}1", "0".repeat(28)).into());
        });
        assert!(!sketch.has_step("EVE", RelationKind::AdcsEsc9b, DOMAIN));
    }

    #[test]
    fn a_domain_controller_that_was_never_told_binds_as_before_2025() {
        let sketch = victim(NodeKind::User, by_upn, binding(-1));
        let derived = sketch.derived();
        let found = step(&derived, "EVE", RelationKind::AdcsEsc9a, DOMAIN).expect("a step by default");
        assert!(found.is_assumed);
    }

    #[test]
    fn a_right_that_everybody_holds_narrows_nothing() {
        let everybody = format!("{FQDN}-S-1-5-11");
        let mut sketch = user();
        sketch
            .unrelate("VICTIM", RelationKind::MemberOf, "USERS")
            .group(&everybody)
            .relate(&everybody, RelationKind::Enroll, "CA");
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc9a, DOMAIN));
        // Both at once: whoever is known to be one of them.
        sketch.unrelate("VICTIM", RelationKind::Enroll, "TEMPLATE").relate(
            &everybody,
            RelationKind::Enroll,
            "TEMPLATE",
        );
        assert!(!sketch.has_step("EVE", RelationKind::AdcsEsc9a, DOMAIN));
        sketch.relate("VICTIM", RelationKind::MemberOf, &users());
        assert!(sketch.has_step("EVE", RelationKind::AdcsEsc9a, DOMAIN));
    }

    #[test]
    fn groups_are_no_victims_and_their_members_are() {
        let mut sketch = user();
        sketch
            .unrelate("EVE", RelationKind::GenericAll, "VICTIM")
            .group("ENROLLERS")
            .relate("ENROLLERS", RelationKind::Enroll, "TEMPLATE")
            .relate("ENROLLERS", RelationKind::MemberOf, "USERS")
            .relate("EVE", RelationKind::GenericAll, "ENROLLERS");
        assert!(!sketch.has_step("EVE", RelationKind::AdcsEsc9a, DOMAIN));
        sketch
            .user("BOB")
            .relate("BOB", RelationKind::MemberOf, "ENROLLERS")
            .relate("BOB", RelationKind::GenericAll, "BOB");
        assert!(sketch.has_step("BOB", RelationKind::AdcsEsc9a, DOMAIN));
    }
}
