//! A service ticket for an account that a person chose the password of: anybody may ask for one, and guess.

use postern_model::{NodeKind, RelationKind};

use super::anybody;
use super::guessing::{Guess, has_guessable_password};
use crate::derived::{Steps, Vertex};
use crate::fact::Fact;
use crate::view::View;

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let technique = RelationKind::Kerberoast;
    let anybody = anybody(view);
    for (account, node) in view.assets(NodeKind::User) {
        if node.attributes.has_spn != Some(true) || !has_guessable_password(node) {
            continue;
        }
        let Some(&group) = anybody.get(&*node.boundary) else {
            continue;
        };
        let guess = Guess::of(view, node);
        let manner = guess.manner(view, technique);
        let mut facts = vec![
            Fact::BuiltIn {
                text: "anybody who is logged on to a domain may ask for a ticket to any of its services".into(),
            },
            view.property_fact(node, "hasspn", "true", "has the name of a service"),
        ];
        facts.extend(guess.facts);
        steps.add_between(technique, Vertex::Asset(group), Vertex::Asset(account), manner, facts);
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use postern_catalog::Foothold;
    use postern_model::Grade;

    use super::*;
    use crate::planted::Plant;
    use crate::testing::{Sketch, admins, any_user, path, plane, step, users};

    const ANYBODY: &str = "CORP.EXAMPLE-S-1-5-11";

    fn service_account() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .group(ANYBODY)
            .user("SVC")
            .edit("SVC", |it| it.has_spn = Some(true));
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::Kerberoast,
        source: ANYBODY,
        target: "SVC",
        estate: service_account,
        near_misses: &[
            ("has the name of a service", |it| {
                it.edit("SVC", |svc| svc.has_spn = Some(false));
            }),
            ("is known to have the name of a service", |it| {
                it.edit("SVC", |svc| svc.has_spn = None);
            }),
            ("is enabled", |it| {
                it.edit("SVC", |svc| svc.enabled = Some(false));
            }),
            ("has not expired", |it| {
                it.edit("SVC", |svc| svc.expires_at = Some(Timestamp::UNIX_EPOCH));
            }),
            ("is no group managed account", |it| {
                it.edit("SVC", |svc| svc.is_gmsa = Some(true));
            }),
            ("is no managed account", |it| {
                it.edit("SVC", |svc| svc.is_smsa = Some(true));
            }),
            ("is no delegated managed account", |it| {
                it.edit("SVC", |svc| svc.account.get_or_insert_default().is_dmsa = Some(true));
            }),
            ("is no trust", |it| {
                it.edit("SVC", |svc| svc.sam_account_name = Some("OTHER$".into()));
            }),
            ("is not krbtgt", |it| {
                it.edit("SVC", |svc| svc.sam_account_name = Some("krbtgt".into()));
            }),
            ("is a user", |it| {
                it.computer("SVC");
            }),
            ("is of the domain", |it| {
                it.node("SVC", NodeKind::User, |svc| svc.boundary = "S-1-5-21-2-2-2".into());
            }),
        ],
    }];

    /// The cost of the step, with a password of this day and these encryption types.
    fn cost(day: &str, types: &[&str]) -> u32 {
        let mut sketch = service_account();
        sketch.edit("SVC", |svc| {
            let account = svc.account.get_or_insert_default();
            account.password_set_at = format!("{day}T00:00:00Z").parse().ok();
            account.encryption_types = Some(types.iter().map(|&it| it.to_owned()).collect());
        });
        let derived = sketch.derived();
        step(&derived, ANYBODY, RelationKind::Kerberoast, "SVC")
            .expect("a step")
            .cost
    }

    #[test]
    fn the_older_the_password_and_the_weaker_its_encryption_the_cheaper() {
        let (rc4, aes) = (["RC4-HMAC-MD5"].as_slice(), ["AES256-CTS-HMAC-SHA1-96"].as_slice());
        assert_eq!(cost("2007-01-01", aes), Grade::VeryLikely.cost());
        assert_eq!(cost("2019-01-01", rc4), Grade::VeryLikely.cost());
        assert_eq!(cost("2019-01-01", &[]), Grade::Likely.cost());
        assert_eq!(cost("2025-12-01", rc4), Grade::Likely.cost());
        assert_eq!(cost("2025-12-01", &[]), Grade::Possible.cost());
        assert_eq!(cost("2019-01-01", aes), Grade::Possible.cost());
        assert_eq!(cost("2025-12-01", aes), Grade::Hard.cost());
    }

    #[test]
    fn any_user_of_the_domain_gets_to_a_service_account_and_on() {
        let mut sketch = service_account();
        sketch
            .relate(&users(), RelationKind::MemberOf, ANYBODY)
            .relate("SVC", RelationKind::MemberOf, &admins());
        let analysis = sketch.analysis();
        let assumed = path(&analysis, &any_user(), &plane()).expect("a path");
        assert_eq!(assumed.cost, Grade::Likely.cost());
        // Who has the account already begins there, and is not counted with the others.
        let inferred = path(&analysis, "SVC", &plane()).expect("a path");
        assert_eq!(inferred.cost, 0);
    }

    #[test]
    fn where_authenticated_users_is_not_known_domain_users_stands_for_them() {
        let mut sketch = Sketch::domain();
        sketch.user("SVC").edit("SVC", |it| it.has_spn = Some(true));
        let derived = sketch.derived();
        let step = step(&derived, &users(), RelationKind::Kerberoast, "SVC").expect("a step");
        assert_eq!((step.needs, step.gives), (Foothold::Admin, Foothold::None));
    }
}
