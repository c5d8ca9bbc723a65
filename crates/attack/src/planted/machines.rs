//! What may be done on computers, what is found there, and how they are reached.

use postern_model::{NodeKind, RelationKind};

use super::Plant;
use crate::testing::Sketch;

/// `EVE` is in the local group of `PC` with this end.
fn local(end: &str) -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.user("EVE").computer("PC").local("PC", end, &["EVE"]);
    sketch
}

/// `EVE` may use remote desktop on `PC`, where rights of users were looked at.
fn remote_desktop() -> Sketch {
    let mut sketch = local("-555");
    sketch.edit("PC", |pc| pc.has_user_rights = Some(true));
    sketch.relate("EVE", RelationKind::RemoteInteractiveLogonRight, "PC");
    sketch
}

/// As [`remote_desktop`], where Citrix is installed.
fn citrix() -> Sketch {
    let mut sketch = remote_desktop();
    sketch.node("PC-1001", NodeKind::LocalGroup, |it| {
        it.name = "Direct Access Users@PC".to_owned()
    });
    sketch.relate("PC-1001", RelationKind::LocalToComputer, "PC").relate(
        "EVE",
        RelationKind::MemberOfLocalGroup,
        "PC-1001",
    );
    sketch
}

fn one(source: &str, relation: RelationKind, target: &str) -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.user("EVE").computer("PC").relate(source, relation, target);
    sketch
}

/// `FILES` lies in a segment that the office reaches, and has a weakness there.
fn weakness() -> Sketch {
    let mut sketch = Sketch::domain();
    sketch
        .computer("FILES")
        .segment("OFFICE", &["10.1.0.0/16"])
        .segment("SERVERS", &["10.2.0.0/16"])
        .relate("FILES", RelationKind::LocatedIn, "SERVERS")
        .relate_with(
            "OFFICE",
            RelationKind::RoutesTrafficTo,
            "SERVERS",
            r#"{"ports":["tcp/445"]}"#,
        )
        .weakness("FILES", "tcp/445", true);
    sketch
}

fn disable(sketch: &mut Sketch, key: &str) {
    sketch.edit(key, |it| it.enabled = Some(false));
}

/// What a local group gives its members.
macro_rules! local_group {
    ($technique:ident by $end:literal) => {
        Plant {
            technique: RelationKind::$technique,
            source: "EVE",
            target: "PC",
            estate: || local($end),
            near_misses: &[
                ("belongs to the group", |it| {
                    it.unrelate("EVE", RelationKind::MemberOfLocalGroup, concat!("PC", $end));
                }),
                ("the group is the computer's", |it| {
                    it.unrelate(concat!("PC", $end), RelationKind::LocalToComputer, "PC");
                }),
                ("is enabled", |it| disable(it, "EVE")),
                ("the computer's account is enabled", |it| disable(it, "PC")),
            ],
        }
    };
}

pub const PLANTS: &[Plant] = &[
    local_group!(AdminTo by "-544"),
    local_group!(ExecuteDcom by "-562"),
    local_group!(CanPsRemote by "-580"),
    local_group!(CanRdp by "-555"),
    Plant {
        technique: RelationKind::CanRdp,
        source: "EVE",
        target: "PC",
        estate: remote_desktop,
        near_misses: &[
            ("has the right to log on", |it| {
                it.unrelate("EVE", RelationKind::RemoteInteractiveLogonRight, "PC");
            }),
            ("belongs to the group", |it| {
                it.unrelate("EVE", RelationKind::MemberOfLocalGroup, "PC-555");
            }),
        ],
    },
    Plant {
        technique: RelationKind::CanRdp,
        source: "EVE",
        target: "PC",
        estate: citrix,
        near_misses: &[
            ("belongs to the group of Citrix", |it| {
                it.unrelate("EVE", RelationKind::MemberOfLocalGroup, "PC-1001");
            }),
            ("belongs to the group of remote desktop", |it| {
                it.unrelate("EVE", RelationKind::MemberOfLocalGroup, "PC-555");
            }),
            ("has the right to log on", |it| {
                it.unrelate("EVE", RelationKind::RemoteInteractiveLogonRight, "PC");
            }),
        ],
    },
    Plant {
        technique: RelationKind::SqlAdmin,
        source: "EVE",
        target: "PC",
        estate: || one("EVE", RelationKind::SqlAdmin, "PC"),
        near_misses: &[
            ("administers the database", |it| {
                it.unrelate("EVE", RelationKind::SqlAdmin, "PC");
            }),
            ("is enabled", |it| disable(it, "EVE")),
        ],
    },
    Plant {
        technique: RelationKind::HasSession,
        source: "PC",
        target: "EVE",
        estate: || one("PC", RelationKind::HasSession, "EVE"),
        near_misses: &[
            ("is logged on", |it| {
                it.unrelate("PC", RelationKind::HasSession, "EVE");
            }),
            ("is enabled", |it| disable(it, "EVE")),
            ("the computer's account is enabled", |it| disable(it, "PC")),
        ],
    },
    Plant {
        technique: RelationKind::HasSidHistory,
        source: "EVE",
        target: "OLD",
        estate: || one("EVE", RelationKind::HasSidHistory, "OLD"),
        near_misses: &[
            ("carries the other's SID", |it| {
                it.unrelate("EVE", RelationKind::HasSidHistory, "OLD");
            }),
            ("is enabled", |it| disable(it, "EVE")),
        ],
    },
    Plant {
        technique: RelationKind::LocatedIn,
        source: "FILES",
        target: "SERVERS",
        estate: weakness,
        near_misses: &[("lies in the segment", |it| {
            it.unrelate("FILES", RelationKind::LocatedIn, "SERVERS");
        })],
    },
    Plant {
        technique: RelationKind::RoutesTrafficTo,
        source: "OFFICE",
        target: "SERVERS",
        estate: weakness,
        near_misses: &[("a route leads there", |it| {
            it.unrelate("OFFICE", RelationKind::RoutesTrafficTo, "SERVERS");
        })],
    },
    Plant {
        technique: RelationKind::ExploitRemoteCode,
        source: "OFFICE",
        target: "FILES",
        estate: weakness,
        near_misses: &[
            ("lies in the segment", |it| {
                it.unrelate("FILES", RelationKind::LocatedIn, "SERVERS");
            }),
            ("traffic is let through", |it| {
                it.unrelate("OFFICE", RelationKind::RoutesTrafficTo, "SERVERS");
            }),
            ("it is let through to that port", |it| {
                it.unrelate("OFFICE", RelationKind::RoutesTrafficTo, "SERVERS");
                it.relate_with(
                    "OFFICE",
                    RelationKind::RoutesTrafficTo,
                    "SERVERS",
                    r#"{"ports":["tcp/443"]}"#,
                );
            }),
            ("the device's account is enabled", |it| disable(it, "FILES")),
        ],
    },
];
