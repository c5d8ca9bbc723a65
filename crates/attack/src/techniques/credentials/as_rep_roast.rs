//! A logon reply for an account that needs no pre-authentication: anybody may ask for one, and guess.
//!
//! No account is needed for it, so such an account is also an entry point of its own.

use postern_model::{NodeKind, RelationKind};

use super::anybody;
use super::guessing::{Guess, has_guessable_password};
use crate::derived::{Steps, Vertex};
use crate::view::View;

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let technique = RelationKind::AsRepRoast;
    let anybody = anybody(view);
    for (account, node) in view.assets(NodeKind::User) {
        if node.attributes.dont_require_preauth != Some(true) || !has_guessable_password(node) {
            continue;
        }
        let Some(&group) = anybody.get(&*node.boundary) else {
            continue;
        };
        let guess = Guess::of(view, node);
        let manner = guess.manner(view, technique);
        let mut facts = vec![view.property_fact(
            node,
            "dontreqpreauth",
            "true",
            "gets a logon reply without having shown that it knows its password",
        )];
        facts.extend(guess.facts);
        steps.add_between(technique, Vertex::Asset(group), Vertex::Asset(account), manner, facts);
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::Grade;

    use super::*;
    use crate::planted::Plant;
    use crate::testing::{Sketch, step};

    const ANYBODY: &str = "CORP.EXAMPLE-S-1-5-11";

    fn old_account() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .group(ANYBODY)
            .user("OLD")
            .edit("OLD", |it| it.dont_require_preauth = Some(true));
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AsRepRoast,
        source: ANYBODY,
        target: "OLD",
        estate: old_account,
        near_misses: &[
            ("needs no pre-authentication", |it| {
                it.edit("OLD", |old| old.dont_require_preauth = Some(false));
            }),
            ("is known to need no pre-authentication", |it| {
                it.edit("OLD", |old| old.dont_require_preauth = None);
            }),
            ("is enabled", |it| {
                it.edit("OLD", |old| old.enabled = Some(false));
            }),
            ("has a password of its own choice", |it| {
                it.edit("OLD", |old| old.is_gmsa = Some(true));
            }),
            ("is a user", |it| {
                it.computer("OLD");
            }),
            ("is of the domain", |it| {
                it.node("OLD", NodeKind::User, |old| old.boundary = "S-1-5-21-2-2-2".into());
            }),
        ],
    }];

    #[test]
    fn an_old_password_with_weak_keys_is_all_but_lost() {
        let mut sketch = old_account();
        sketch.edit("OLD", |old| {
            let account = old.account.get_or_insert_default();
            account.password_set_at = "2015-01-01T00:00:00Z".parse().ok();
            account.encryption_types = Some(Box::new(["RC4-HMAC-MD5".to_owned()]));
        });
        let derived = sketch.derived();
        let step = step(&derived, ANYBODY, RelationKind::AsRepRoast, "OLD").expect("a step");
        assert_eq!(
            (step.cost, step.derivations()[0].facts.len()),
            (Grade::VeryLikely.cost(), 3)
        );
    }
}
