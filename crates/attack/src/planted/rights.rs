//! Rights over objects of the directory, and ownership.

use postern_model::{NodeKind, RelationKind};

use super::Plant;
use crate::testing::{DOMAIN, Sketch};

/// `EVE` holds a right over `THING`.
fn holder(right: RelationKind, thing: NodeKind) -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.user("EVE").node("THING", thing, |_| {});
    sketch.relate("EVE", right, "THING");
    sketch
}

/// A right over a kind of object, and what every right needs: that it is granted, to somebody who can log on. Then what
/// this one needs.
macro_rules! right {
    ($right:ident over $thing:ident $(, $what:literal: |$it:ident| $edit:expr)*) => {
        Plant {
            technique: RelationKind::$right,
            source: "EVE",
            target: "THING",
            estate: || holder(RelationKind::$right, NodeKind::$thing),
            near_misses: &[
                ("the right is granted", |it| {
                    it.unrelate("EVE", RelationKind::$right, "THING");
                }),
                ("who holds it is enabled", |it| {
                    it.edit("EVE", |eve| eve.enabled = Some(false));
                }),
                $(($what, |$it| {
                    $edit;
                }),)*
            ],
        }
    };
}

/// Makes the thing one of another kind.
fn becomes(sketch: &mut Sketch, kind: NodeKind) {
    sketch.node("THING", kind, |_| {});
}

fn disable(sketch: &mut Sketch) {
    sketch.edit("THING", |it| it.enabled = Some(false));
}

/// A computer that `EVE` owns, or may make herself the owner of, in a forest that says nothing of owners.
fn owner(raw: RelationKind) -> Sketch {
    let mut sketch = holder(raw, NodeKind::Computer);
    sketch.edit(DOMAIN, |it| it.ds_heuristics = Some("0000000001".into()));
    sketch
}

/// The forest withholds the implicit rights of owners: the 29th character of dSHeuristics.
fn withhold(sketch: &mut Sketch) {
    sketch.edit(DOMAIN, |it| {
        it.ds_heuristics = Some("00000000010000000002000000001".into())
    });
}

/// A right of owners that a raw relation stands for.
macro_rules! owned {
    ($technique:ident by $raw:ident) => {
        Plant {
            technique: RelationKind::$technique,
            source: "EVE",
            target: "THING",
            estate: || owner(RelationKind::$raw),
            near_misses: &[
                ("the right is granted", |it| {
                    it.unrelate("EVE", RelationKind::$raw, "THING");
                }),
                ("who holds it is enabled", |it| {
                    it.edit("EVE", |eve| eve.enabled = Some(false));
                }),
                ("the forest does not withhold the rights of owners", withhold),
            ],
        }
    };
}

pub const PLANTS: &[Plant] = &[
    right!(GenericAll over User, "the object is an account in use": |it| disable(it)),
    right!(GenericWrite over Group, "the object has a property that matters": |it| becomes(it, NodeKind::Container)),
    right!(WriteDacl over User, "the object is an account in use": |it| disable(it)),
    right!(AllExtendedRights over User, "extended rights over it matter": |it| becomes(it, NodeKind::Ou)),
    right!(AllExtendedRights over Computer,
        "its password is managed by LAPS": |it| it.edit("THING", |thing| thing.has_laps = Some(false))),
    right!(ForceChangePassword over User,
        "the account is in use": |it| disable(it),
        "the object has a password to set": |it| becomes(it, NodeKind::Group)),
    right!(AddMember over Group, "the object has members": |it| becomes(it, NodeKind::User)),
    right!(AddSelf over Group, "the object has members": |it| becomes(it, NodeKind::User)),
    right!(WriteSpn over User,
        "the account is in use": |it| disable(it),
        "a person chose its password": |it| it.edit("THING", |thing| thing.is_gmsa = Some(true)),
        "the object is a user": |it| becomes(it, NodeKind::Computer)),
    right!(WriteAccountRestrictions over Computer,
        "the account is in use": |it| disable(it),
        "the object is an account": |it| becomes(it, NodeKind::Group)),
    right!(WriteGpLink over Ou, "policies can be linked to it": |it| becomes(it, NodeKind::Container)),
    right!(WriteAltSecurityIdentities over User,
        "the account is in use": |it| disable(it),
        "the object is an account": |it| becomes(it, NodeKind::Group)),
    right!(WritePublicInformation over User,
        "the account is in use": |it| disable(it),
        "the object is an account": |it| becomes(it, NodeKind::Group)),
    right!(ManageCa over EnterpriseCa,
        "the object is an authority": |it| becomes(it, NodeKind::RootCa),
        "the authority's own list grants it": |it| it.edit("THING", |ca| ca.has_ca_list = Some(true))),
    right!(ManageCertificates over EnterpriseCa,
        "the object is an authority": |it| becomes(it, NodeKind::RootCa),
        "the authority's own list grants it": |it| it.edit("THING", |ca| ca.has_ca_list = Some(true))),
    right!(OwnsLimitedRights over User, "the object is an account in use": |it| disable(it)),
    right!(WriteOwnerLimitedRights over User, "the object is an account in use": |it| disable(it)),
    owned!(Owns by OwnsRaw),
    owned!(WriteOwner by WriteOwnerRaw),
];
