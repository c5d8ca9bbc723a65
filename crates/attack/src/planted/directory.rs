//! Memberships, containers, passwords that can be read, domain controllers and trusts.

use postern_model::{NodeKind, RelationKind};

use super::Plant;
use crate::testing::{DOMAIN, Sketch};

const OTHER: &str = "S-1-5-21-2-2-2";

/// `EVE`, a member of `OPS`.
fn member() -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.user("EVE").relate("EVE", RelationKind::MemberOf, "OPS");
    sketch.group("OPS");
    sketch
}

/// The unit `SALES` with the user `BOB`, by one kind of relation.
fn unit(relation: RelationKind) -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.node("SALES", NodeKind::Ou, |_| {}).user("BOB");
    sketch.relate("SALES", relation, "BOB");
    sketch
}

/// `EVE` may read the password of `THING`.
fn reader(right: RelationKind, thing: NodeKind) -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.user("EVE").node("THING", thing, |_| {});
    sketch.relate("EVE", right, "THING");
    sketch
}

fn controller() -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.computer("DC").relate("DC", RelationKind::DcFor, DOMAIN);
    sketch
}

/// `EVE` may replicate changes and what is filtered out of them; LAPS manages the password of `PC`.
fn laps_replicator() -> Sketch {
    let mut sketch = Sketch::domain();
    sketch
        .user("EVE")
        .computer("PC")
        .edit("PC", |pc| pc.has_laps = Some(true));
    for right in [RelationKind::GetChanges, RelationKind::GetChangesInFilteredSet] {
        sketch.relate("EVE", right, DOMAIN);
    }
    sketch
}

fn trust() -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.node(OTHER, NodeKind::Domain, |_| {});
    sketch.relate(DOMAIN, RelationKind::SameForestTrust, OTHER);
    sketch
}

fn disable(sketch: &mut Sketch, key: &str) {
    sketch.edit(key, |it| it.enabled = Some(false));
}

pub const PLANTS: &[Plant] = &[
    Plant {
        technique: RelationKind::MemberOf,
        source: "EVE",
        target: "OPS",
        estate: member,
        near_misses: &[
            ("belongs to the group", |it| {
                it.unrelate("EVE", RelationKind::MemberOf, "OPS");
            }),
            ("is enabled", |it| disable(it, "EVE")),
        ],
    },
    Plant {
        technique: RelationKind::Contains,
        source: "SALES",
        target: "BOB",
        estate: || unit(RelationKind::Contains),
        near_misses: &[
            ("lies in the unit", |it| {
                it.unrelate("SALES", RelationKind::Contains, "BOB");
            }),
            ("inherits permissions", |it| {
                it.edit("BOB", |bob| bob.is_acl_protected = Some(true));
            }),
            ("is enabled", |it| disable(it, "BOB")),
        ],
    },
    Plant {
        technique: RelationKind::ContainsIdentity,
        source: "SALES",
        target: "BOB",
        estate: || unit(RelationKind::ContainsIdentity),
        near_misses: &[
            ("lies in the unit", |it| {
                it.unrelate("SALES", RelationKind::ContainsIdentity, "BOB");
            }),
            ("is enabled", |it| disable(it, "BOB")),
        ],
    },
    Plant {
        technique: RelationKind::PropagatesAcesTo,
        source: "SALES",
        target: "BOB",
        estate: || unit(RelationKind::PropagatesAcesTo),
        near_misses: &[
            ("inherits permissions of the unit", |it| {
                it.unrelate("SALES", RelationKind::PropagatesAcesTo, "BOB");
            }),
            ("is enabled", |it| disable(it, "BOB")),
        ],
    },
    Plant {
        technique: RelationKind::ReadLapsPassword,
        source: "EVE",
        target: "THING",
        estate: || reader(RelationKind::ReadLapsPassword, NodeKind::Computer),
        near_misses: &[
            ("may read the password", |it| {
                it.unrelate("EVE", RelationKind::ReadLapsPassword, "THING");
            }),
            ("LAPS manages the password", |it| {
                it.edit("THING", |thing| thing.has_laps = Some(false));
            }),
            ("what it is of is a computer", |it| {
                it.node("THING", NodeKind::User, |_| {});
            }),
            ("the reader is enabled", |it| disable(it, "EVE")),
            ("the computer's account is enabled", |it| disable(it, "THING")),
        ],
    },
    Plant {
        technique: RelationKind::ReadGmsaPassword,
        source: "EVE",
        target: "THING",
        estate: || reader(RelationKind::ReadGmsaPassword, NodeKind::User),
        near_misses: &[
            ("may read the password", |it| {
                it.unrelate("EVE", RelationKind::ReadGmsaPassword, "THING");
            }),
            ("the reader is enabled", |it| disable(it, "EVE")),
            ("the managed account is enabled", |it| disable(it, "THING")),
        ],
    },
    Plant {
        technique: RelationKind::DumpSmsaPassword,
        source: "PC",
        target: "SERVICE",
        estate: || {
            let mut sketch = Sketch::domain();
            sketch.computer("PC").user("SERVICE");
            sketch.relate("PC", RelationKind::DumpSmsaPassword, "SERVICE");
            sketch
        },
        near_misses: &[
            ("the account is installed on the computer", |it| {
                it.unrelate("PC", RelationKind::DumpSmsaPassword, "SERVICE");
            }),
            ("the computer's account is enabled", |it| disable(it, "PC")),
            ("the managed account is enabled", |it| disable(it, "SERVICE")),
        ],
    },
    Plant {
        technique: RelationKind::DcFor,
        source: "DC",
        target: DOMAIN,
        estate: controller,
        near_misses: &[
            ("is a domain controller", |it| {
                it.unrelate("DC", RelationKind::DcFor, DOMAIN);
            }),
            ("keeps the keys of the domain", |it| {
                it.edit("DC", |dc| dc.is_read_only_dc = Some(true));
            }),
            ("its account is enabled", |it| disable(it, "DC")),
        ],
    },
    Plant {
        technique: RelationKind::SyncLapsPassword,
        source: "EVE",
        target: "PC",
        estate: laps_replicator,
        near_misses: &[
            ("may replicate changes", |it| {
                it.unrelate("EVE", RelationKind::GetChanges, DOMAIN);
            }),
            ("may replicate what is filtered out", |it| {
                it.unrelate("EVE", RelationKind::GetChangesInFilteredSet, DOMAIN);
            }),
            ("LAPS manages the password", |it| {
                it.edit("PC", |pc| pc.has_laps = Some(false));
            }),
            ("a source says that LAPS does", |it| {
                it.edit("PC", |pc| pc.has_laps = None);
            }),
            ("the computer is in the domain", |it| {
                it.node("PC", NodeKind::Computer, |pc| pc.boundary = OTHER.into());
            }),
            ("is enabled", |it| disable(it, "EVE")),
        ],
    },
    Plant {
        technique: RelationKind::SameForestTrust,
        source: DOMAIN,
        target: OTHER,
        estate: trust,
        near_misses: &[("the domains are in one forest", |it| {
            it.unrelate(DOMAIN, RelationKind::SameForestTrust, OTHER);
            it.relate(DOMAIN, RelationKind::CrossForestTrust, OTHER);
        })],
    },
];
